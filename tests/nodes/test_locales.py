"""Every language says everything: names, tooltips and help of all nodes, in texts that the page can show."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LANGUAGES = ("zh", "ja", "es", "de", "fr")
SIGNS = re.compile(r"[{}@|]")
"""What the page's translation library reads as a command."""
OWN_SCRIPT = {"zh": re.compile(r"[\u4e00-\u9fff]"), "ja": re.compile(r"[\u3040-\u30ff]")}


def table(language):
    return json.loads((ROOT / "locales" / language / "nodeDefs.json").read_text(encoding="utf-8"))


def of(schema):
    """The texts of a node, as a locale file holds them."""
    return {"display_name": schema.display_name, "description": schema.description,
            "inputs": {s.id: {"name": s.display_name or s.id, "tooltip": s.tooltip} for s in schema.inputs},
            "outputs": {str(i): {"name": s.display_name, "tooltip": s.tooltip} for i, s in enumerate(schema.outputs)}}


def leaves(texts, where=""):
    for key, value in texts.items():
        if isinstance(value, dict):
            yield from leaves(value, f"{where}/{key}")
        else:
            yield f"{where}/{key}", value


def test_english_is_what_the_nodes_say(classes):
    wanted = {node_id: of(cls.define_schema()) for node_id, cls in classes.items()}
    assert table("en") == wanted, "run tools/list_texts.py, and bring the other languages up to date"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_says_everything(language):
    english, other = dict(leaves(table("en"))), dict(leaves(table(language)))
    assert other.keys() == english.keys()
    assert [where for where, text in other.items() if not text.strip() or SIGNS.search(text)] == []
    long = {where: text for where, text in other.items() if where.endswith(("tooltip", "description"))}
    assert [where for where, text in long.items() if text == english[where]] == []
    if language in OWN_SCRIPT:
        assert [where for where, text in long.items() if not OWN_SCRIPT[language].search(text)] == []
    category = json.loads((ROOT / "locales" / language / "main.json").read_text(encoding="utf-8"))
    assert category["nodeCategories"]["Talking Avatar"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_node_has_help_in_the_language(classes, language):
    for node_id, cls in classes.items():
        page = (ROOT / "web" / "docs" / node_id / f"{language}.md").read_text(encoding="utf-8")
        english = (ROOT / "web" / "docs" / f"{node_id}.md").read_text(encoding="utf-8")
        assert page.startswith("# ") and page != english
        schema = cls.define_schema()
        for name in [*(s.id for s in schema.inputs), *(s.display_name for s in schema.outputs)]:
            assert f"`{name}`" in page, f"{node_id}/{language}.md does not mention {name}"
        assert page.count("\n## ") == english.count("\n## "), f"{node_id}/{language}.md has other sections"


def test_a_missing_text_and_a_sign_are_noticed():
    texts = {"TA_X": {"display_name": "X", "inputs": {"a": {"name": "a", "tooltip": "{b}"}}}}
    assert dict(leaves(texts)) == {"/TA_X/display_name": "X", "/TA_X/inputs/a/name": "a", "/TA_X/inputs/a/tooltip": "{b}"}
    assert SIGNS.search("{b}") and not SIGNS.search("0 .. 2, 50 %")
