"""Tables of numbers as text: CSV with commas, semicolons or tabs, as spreadsheets and capture programs write it."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

MAX_ROWS = 1_000_000
"""Four hours at 60 per second are 864 000."""
MAX_COLUMNS = 1000


@dataclass(frozen=True)
class Table:
    """A header and its rows, which are taken apart when they are asked for: a long take has millions of cells.

    Rows that are shorter than the header are filled up with the cells of the row before: capture
    programs leave the values out while they see no face.
    """

    names: tuple[str, ...]
    """Column names in lower case, without blanks around them."""
    lines: tuple[str, ...]
    """The rows as they are written."""
    mark: str
    """What stands between cells."""

    def rows(self) -> Iterator[Sequence[str]]:
        """Yield the cells of each row, as many as there are names."""
        before: Sequence[str] = ("0",) * len(self.names)
        try:
            for row in csv.reader(self.lines, delimiter=self.mark):
                before = (*row[: len(self.names)], *before[len(row) :])
                yield before
        except csv.Error as error:
            raise ValueError(str(error)) from error

    def column(self, name: str) -> list[str]:
        """Return the cells under a name."""
        index = self.names.index(name)
        return [row[index] for row in self.rows()]

    def numbers(self, names: Sequence[str]) -> npt.NDArray[np.float64]:
        """Return the numbers of some columns [shape=(rows, names)].

        Raises
        ------
        ValueError
            If a cell holds no finite number.
        """
        at = [self.names.index(name) for name in names]
        cells = (float(row[index]) for row in self.rows() for index in at)
        found = np.fromiter(cells, np.float64).reshape(-1, len(at))
        if not np.isfinite(found).all():
            raise ValueError("a cell is not finite")
        return found


def read_table(text: str) -> Table | None:
    """Read a table; None where the first line is no header of two or more columns.

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
        names = next(csv.reader(lines[:1], delimiter=mark))
    except csv.Error as error:
        raise ValueError(str(error)) from error
    return Table(tuple(name.strip().lower() for name in names), tuple(lines[1:]), mark)
