"""Graphs in the form in which the canvas saves them, from short descriptions."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

Link = tuple[int, str, int, str]
"""From node, its output, to node, its input."""


@dataclass(frozen=True)
class Node:
    """One node of the canvas."""

    id: int
    type: str
    at: tuple[int, int]
    size: tuple[int, int]
    inputs: tuple[tuple[str, str], ...] = ()
    """Sockets that are not widgets: name, type."""
    outputs: tuple[tuple[str, str], ...] = ()
    widgets: tuple[Any, ...] = ()
    optional: int = 0
    """How many of the inputs, from the end, are optional."""
    linked_widgets: tuple[tuple[str, str], ...] = ()
    """Widgets that get their value through a link: name, type."""

    def with_widgets(self, changes: dict[int, Any]) -> Node:
        """Return the node with some of its widgets changed, by their place."""
        return replace(self, widgets=tuple(changes.get(i, value) for i, value in enumerate(self.widgets)))


@dataclass(frozen=True)
class Workflow:
    """A graph with its frames and its note."""

    nodes: tuple[Node, ...]
    links: tuple[Link, ...]
    groups: tuple[tuple[str, tuple[int, int, int, int], str], ...]
    note: str
    note_box: tuple[int, int, int, int] = (1260, 1190, 920, 340)



def build(workflow: Workflow) -> dict[str, Any]:
    """Return a workflow as the canvas saves it."""
    rows: list[list[Any]] = []
    for number, (source, output, target, socket) in enumerate(workflow.links, 1):
        from_node, to_node = (next(n for n in workflow.nodes if n.id == id) for id in (source, target))
        slot = [name for name, _ in from_node.outputs].index(output)
        place = [name for name, _ in (*to_node.inputs, *to_node.linked_widgets)].index(socket)
        rows.append([number, source, slot, target, place, from_node.outputs[slot][1]])
    drawn = [_drawn(node, rows, order) for order, node in enumerate(sorted(workflow.nodes, key=lambda n: n.id))]
    left, top, width, height = workflow.note_box
    last = max(node.id for node in workflow.nodes) + 1
    drawn.append({
        "id": last, "type": "MarkdownNote", "pos": [left, top], "size": [width, height], "flags": {}, "order": len(drawn),
        "mode": 0, "inputs": [], "outputs": [], "title": "How to use", "properties": {},
        "widgets_values": [workflow.note], "color": "#432", "bgcolor": "#653",
    })
    groups = [{"id": i, "title": title, "bounding": list(box), "color": colour, "font_size": 24, "flags": {}}
              for i, (title, box, colour) in enumerate(workflow.groups, 1)]
    return {"last_node_id": last, "last_link_id": len(rows), "nodes": drawn, "links": rows, "groups": groups,
            "config": {}, "extra": {"ds": {"scale": 0.6, "offset": [60, 80]}}, "version": 0.4}


def _drawn(node: Node, rows: list[list[Any]], order: int) -> dict[str, Any]:
    first_optional = len(node.inputs) - node.optional
    inputs: list[dict[str, Any]] = []
    for place, (name, kind) in enumerate((*node.inputs, *node.linked_widgets)):
        link = next((row[0] for row in rows if row[3:5] == [node.id, place]), None)
        socket: dict[str, Any] = {"name": name, "type": kind, "link": link}
        if place >= len(node.inputs):
            socket["widget"] = {"name": name}
        if place >= first_optional:
            socket["shape"] = 7
        inputs.append(socket)
    outputs = [{"name": name, "type": kind, "slot_index": slot,
                "links": [row[0] for row in rows if row[1:3] == [node.id, slot]]}
               for slot, (name, kind) in enumerate(node.outputs)]
    return {"id": node.id, "type": node.type, "pos": list(node.at), "size": list(node.size), "flags": {},
            "order": order, "mode": 0, "inputs": inputs, "outputs": outputs,
            "properties": {"Node name for S&R": node.type}, "widgets_values": list(node.widgets)}
