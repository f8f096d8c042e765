"""Tables of numbers as text: CSV with commas, semicolons or tabs, as spreadsheets and capture programs write it."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

MAX_ROWS = 1_000_000
"""Four hours at 60 per second are 864 000."""
MAX_COLUMNS = 1000


@dataclass(frozen=True)
class Table:
    """A header and its rows; every row is as long as the header."""

    names: tuple[str, ...]
    """Column names in lower case, without blanks around them."""
    rows: tuple[tuple[str, ...], ...]

    def column(self, name: str) -> list[str]:
        """Return the cells under a name."""
        index = self.names.index(name)
        return [row[index] for row in self.rows]

    def numbers(self, names: Sequence[str]) -> npt.NDArray[np.float64]:
        """Return the numbers of some columns [shape=(rows, names)].

        Raises
        ------
        ValueError
            If a cell holds no finite number.
        """
        at = [self.names.index(name) for name in names]
        found = np.array([[row[index] for index in at] for row in self.rows], dtype=np.float64)
        if not np.isfinite(found).all():
            raise ValueError("a cell is not finite")
        return found.reshape(len(self.rows), len(at))


def read_table(text: str) -> Table | None:
    """Read a table; None where the first line is no header of two or more columns.

    Rows that are shorter than the header are filled up with the cells of the row before: capture
    programs leave the values out while they see no face.

    Raises
    ------
    ValueError
        If there are too many rows or columns, or quotes are broken.
    """
    lines = [line for line in text.splitlines() if line.strip()]
    mark = max(",;\t", key=lines[0].count) if lines else ","
    if not lines or mark not in lines[0]:
        return None
    if len(lines) - 1 > MAX_ROWS or lines[0].count(mark) >= MAX_COLUMNS:
        raise ValueError(f"it has more than {MAX_ROWS} rows or {MAX_COLUMNS} columns")
    try:
        names, *rows = csv.reader(lines, delimiter=mark)
    except csv.Error as error:
        raise ValueError(str(error)) from error
    return Table(tuple(name.strip().lower() for name in names), _filled(rows, len(names)))


def _filled(rows: list[list[str]], width: int) -> tuple[tuple[str, ...], ...]:
    out: list[tuple[str, ...]] = []
    for row in rows:
        before = out[-1] if out else ("0",) * width
        out.append((*row[:width], *before[len(row) :]))
    return tuple(out)
