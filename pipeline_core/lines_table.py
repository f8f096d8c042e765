"""A table of names and lines: one clip for each row."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass

from .errors import InputError
from .media.table import read_table
from .motion.emotion import EMOTIONS

MAX_ROWS = 500
"""All rows run in one go, and ComfyUI keeps what each has left."""
MAX_LINE_CHARACTERS = 5000
NAME_CHARACTERS = 80
NAMES = ("name", "file", "id", "title")
LINES = ("text", "line", "lines", "speech", "sentence")
MOODS = ("emotion", "mood")
"""What the columns may be called, in lower case."""
_UNSAFE = re.compile(r"[^\w .()-]+")


@dataclass(frozen=True)
class Row:
    """One clip."""

    name: str
    """Fit for a file name, and different from all others."""
    text: str
    keyframes: str
    """The mood as `keyframes` of the motion, or ""."""


def read_lines(text: str) -> tuple[Row, ...]:
    """Read a table with a header: a column of lines, and optional ones of names and moods.

    Parameters
    ----------
    text : str
        CSV with commas, semicolons or tabs. Columns are known by their names (`NAMES`, `LINES`, `MOODS`) in any order;
        others are left alone. Empty lines are skipped.

    Raises
    ------
    InputError
        If there is no such column, no line or too many, or a mood is unknown: says in which row.
    """
    names, rows = _cells(text)
    line_at, name_at, mood_at = (_column(names, known) for known in (LINES, NAMES, MOODS))
    if line_at is None:
        raise InputError(f"the table has no column of lines; its columns are: {', '.join(names) or 'none'}",
                         hint=f"Call the column with what is said {LINES[0]!r}, in the first row.")
    found: list[Row] = []
    for number, cells in enumerate(rows, 2):
        line = _cell(cells, line_at)
        if not line:
            continue
        _expect_room(number, line, len(found))
        name = _safe(_cell(cells, name_at)) or f"line {len(found) + 1:03d}"
        found.append(Row(_different(name, found), line, _keyframes(_cell(cells, mood_at), number)))
    if not found:
        raise InputError("the table has no row with a line", hint="Write at least one row under the header.")
    return tuple(found)


def _cells(text: str) -> tuple[list[str], list[list[str]]]:
    """Return the header in lower case, and the rows; a table of one column needs no commas."""
    try:
        table = read_table(text.lstrip("\ufeff"))
        if table is not None:
            return list(table.names), list(csv.reader(table.lines, delimiter=table.mark))
        lines = [line.strip().strip('"') for line in text.lstrip("\ufeff").splitlines() if line.strip()]
    except (ValueError, csv.Error) as error:
        raise InputError(f"the table cannot be read: {error}", hint="Save it as CSV with a header.") from error
    return [name.lower() for name in lines[:1]], [[line] for line in lines[1:]]


def _column(names: list[str], known: tuple[str, ...]) -> int | None:
    return next((names.index(name) for name in known if name in names), None)


def _cell(cells: list[str], at: int | None) -> str:
    return cells[at].strip() if at is not None and at < len(cells) else ""


def _expect_room(number: int, line: str, count: int) -> None:
    if len(line) > MAX_LINE_CHARACTERS:
        raise InputError(f"row {number} of the table has {len(line)} characters, more than {MAX_LINE_CHARACTERS}",
                         hint="Give longer texts to Text to Speech itself.")
    if count >= MAX_ROWS:
        raise InputError(f"the table has more than {MAX_ROWS} lines", hint="Share it out to several tables.")


def _safe(name: str) -> str:
    """Return a name without what a file name may not have, and without dots that lead elsewhere."""
    return _UNSAFE.sub("_", name).strip(" .")[:NAME_CHARACTERS].strip(" .")


def _different(name: str, found: list[Row]) -> str:
    taken = {row.name.lower() for row in found}
    number, free = 1, name
    while free.lower() in taken:
        number += 1
        free = f"{name} {number}"
    return free


def _keyframes(mood: str, number: int) -> str:
    if not mood:
        return ""
    if mood.lower() not in EMOTIONS:
        raise InputError(f"row {number} of the table has the unknown mood {mood[:40]!r}",
                         hint=f"Use one of: {', '.join(EMOTIONS)}, or leave it empty.")
    return f"0 {mood.lower()}"
