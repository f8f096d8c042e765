"""The node table of the README is what the nodes are."""

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent


def named(socket, name):
    return f"`{name}` {socket.io_type.replace(',', ' or ')}" + ("?" if getattr(socket, "optional", False) else "")


def row_of(schema):
    """Return a node's line of the table."""
    sockets = ", ".join(named(s, s.id) for s in schema.inputs if not s.is_widget)
    widgets = ", ".join(f"`{s.id}`" for s in schema.inputs if s.is_widget)
    outputs = ", ".join(named(s, s.display_name) for s in schema.outputs)
    return f"| **{schema.display_name}** `{schema.node_id}` | {sockets or '-'} | {widgets or '-'} | {outputs} |"


@pytest.fixture(scope="module")
def lines():
    return (ROOT / "README.md").read_text(encoding="utf-8").splitlines()


def test_the_table_names_every_socket_and_widget(classes, lines):
    for cls in classes.values():
        assert row_of(cls.define_schema()) in lines


def test_the_table_holds_no_other_node(classes, lines):
    assert len([line for line in lines if line.startswith("| **") and "`TA_" in line]) == len(classes)


def test_another_table_would_be_noticed(classes, lines):
    schema = next(iter(classes.values())).define_schema()
    schema.inputs.pop()
    assert row_of(schema) not in lines
