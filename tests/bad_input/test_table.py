"""The table of bad input names tests that exist, and leaves no kind of input out."""

import re
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
PAGE = FOLDER.parent.parent / "docs" / "bad_input.md"
NAME = re.compile(r"(\w+)::(test_\w+)")


def rows(text):
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [line for line in lines if not re.match(r"\|(---| given )", line)]


def unknown(text):
    """Return rows without a test, and tests that do not exist."""
    known = {(path.stem.removeprefix("test_"), name) for path in FOLDER.glob("test_*.py")
             for name in re.findall(r"^def (test_\w+)", path.read_text(encoding="utf-8"), re.MULTILINE)}
    return [row for row in rows(text) if not NAME.findall(row) or set(NAME.findall(row)) - known]


def test_every_row_names_a_test_that_exists():
    text = PAGE.read_text(encoding="utf-8")
    assert len(rows(text)) > 90 and unknown(text) == []


def test_a_row_without_a_test_would_be_found():
    assert len(unknown("| a | b | no test |\n| a | b | sound::test_nothing |\n| a | b | text::test_any_transcript_becomes_words_or_none |")) == 2


def test_every_file_of_tests_is_in_the_table():
    text = PAGE.read_text(encoding="utf-8")
    for path in FOLDER.glob("test_*.py"):
        assert f"{path.stem.removeprefix('test_')}::" in text or path == Path(__file__)
