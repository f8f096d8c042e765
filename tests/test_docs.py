"""What the pages say exists: links, pictures, commands, previews of workflows."""

import argparse
import io
import re
from pathlib import Path

import pytest
from PIL import Image
from talking_avatar.cli.main import build_parser
from talking_avatar.pipeline_core.motion import EMOTIONS

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "models/assets/PROVENANCE.md")]
LINK = re.compile(r"\]\(([^)#\s]+)[^)]*\)")
FILE = re.compile(r"`((?:tools|models|web|docs|cli|tests|pipeline_core|nodes|workflows)/[\w./-]+)`")
PICTURE_BYTES = 250_000
WORKFLOWS = sorted((ROOT / "workflows").glob("*.json"))


def dead_links(page, text):
    """Return links and file names in a page that lead nowhere in the checkout."""
    targets = [page.parent / link for link in LINK.findall(text) if "://" not in link]
    targets += [ROOT / name for name in FILE.findall(text)]
    return [str(target) for target in targets if not target.exists()]


def commands():
    """Return command -> its options."""
    parser = build_parser()
    found = next(a for a in parser._actions if isinstance(a, argparse._SubParsersAction))
    return {name: {option for action in sub._actions for option in action.option_strings}
            for name, sub in found.choices.items()}


def unknown_commands(text):
    """Return uses of run.py that the launcher does not understand."""
    found = []
    names = "|".join([*commands(), "sing"])
    for line in re.findall(rf"(?:python run\.py|`)\s*((?:{names})\b[^`|\n]*)", text):
        name, *words = line.split()
        options = {re.sub(r"[^\w-].*", "", w.lstrip("([")) for w in words if w.lstrip("([").startswith("--")}
        if name not in commands() or options - commands()[name]:
            found.append(line)
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_links_lead_somewhere(page):
    assert dead_links(page, page.read_text(encoding="utf-8")) == []


def test_a_dead_link_would_be_found():
    assert len(dead_links(ROOT / "README.md", "[a](nowhere.md) `tools/nothing.py` [b](https://example.com)")) == 2


def test_the_commands_in_the_readme_exist():
    assert unknown_commands((ROOT / "README.md").read_text(encoding="utf-8")) == []
    assert unknown_commands("`render --colour red` and python run.py sing x") == ["render --colour red", "sing x"]


def test_every_command_is_in_the_readme():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [name for name in commands() if f"| `{name} " not in text and f"| `{name}`" not in text] == []


def test_the_readme_names_every_emotion():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [name for name in EMOTIONS if f"`{name}`" not in text] == []


@pytest.mark.parametrize("path", [ROOT / "docs/contact_sheet.jpg", *(p.with_suffix(".jpg") for p in WORKFLOWS)],
                         ids=lambda p: p.name)
def test_pictures_are_there_and_small(path):
    data = path.read_bytes()
    assert len(data) <= PICTURE_BYTES
    with Image.open(io.BytesIO(data)) as picture:
        assert picture.width >= 800 and picture.height >= 400


def test_there_are_workflows_to_show():
    assert len(WORKFLOWS) >= 2
