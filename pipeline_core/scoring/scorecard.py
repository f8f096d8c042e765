"""The scorecard of a finished video: rows with their reference, their control and a verdict."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

Verdict = Literal["ok", "warn", "bad", "not measurable"]
RANK: tuple[Verdict, ...] = ("not measurable", "ok", "warn", "bad")
"""From harmless to severe; the whole card is as bad as its worst row."""


@dataclass(frozen=True)
class Gate:
    """The ranges in which a value is good, and in which it can still be used."""

    ok: tuple[float, float] = (-math.inf, math.inf)
    warn: tuple[float, float] = (-math.inf, math.inf)

    def verdict(self, value: float) -> Verdict:
        """Return where a value lies."""
        if math.isnan(value):
            return "not measurable"
        if self.ok[0] <= value <= self.ok[1]:
            return "ok"
        return "warn" if self.warn[0] <= value <= self.warn[1] else "bad"


def at_least(ok: float, warn: float) -> Gate:
    """Return the gate of a figure that should be high."""
    return Gate((ok, math.inf), (warn, math.inf))


def at_most(ok: float, warn: float) -> Gate:
    """Return the gate of a figure that should be low."""
    return Gate((-math.inf, ok), (-math.inf, warn))


def within(ok: tuple[float, float], warn: tuple[float, float]) -> Gate:
    """Return the gate of a figure that should be near a middle."""
    return Gate(ok, warn)


@dataclass(frozen=True)
class Row:
    """One line of the card."""

    id: str
    name: str
    value: float | None
    """None where nothing could be measured."""
    unit: str
    reference: str
    """What real clips, or our own target, reach."""
    control: str = ""
    """What chance or a spoiled picture reaches by the same measure."""
    verdict: Verdict = "not measurable"
    why: str = ""
    """Why it is not measurable, or what is wrong."""
    judge: str = ""
    """Who measured it; empty for figures of the file itself."""
    independent: bool = True
    """Whether the judge had no part in making the video."""

    @property
    def shown(self) -> str:
        """The value with its unit, as people read it."""
        if self.value is None or math.isnan(self.value):
            return "-"
        unit = f" {self.unit}" if self.unit in ("ms", "s", "degrees") else ""
        return f"{self.value:+.0f}{unit}" if self.unit == "ms" else f"{self.value:.2f}{unit}"

    def but(self, why: str) -> Row:
        """Return the row without a verdict, and why; the value stays for information."""
        return replace(self, verdict="not measurable", why=why)


@dataclass(frozen=True)
class Scorecard:
    """What a finished video measures."""

    video: str
    source: str
    speech_source: str
    """Where the times of the words come from: "aligned", "imported", or "none"."""
    frames: int
    fps: float
    duration_s: float
    width_px: int
    height_px: int
    rows: tuple[Row, ...]
    remarks: tuple[str, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """The worst verdict of all rows; good only where half of them could be measured."""
        worst = max((row.verdict for row in self.rows), key=RANK.index, default=RANK[0])
        return RANK[0] if worst == "ok" and 2 * self.measured < len(self.rows) else worst

    @property
    def measured(self) -> int:
        """Number of rows with a verdict."""
        return sum(row.verdict != RANK[0] for row in self.rows)

    @property
    def title(self) -> str:
        """What was judged, in a line."""
        return f"{self.video}: {self.width_px} x {self.height_px}, {self.frames} frames, {self.duration_s:.1f} s"

    @property
    def summary(self) -> str:
        """The verdict in a line."""
        return f"in all: {self.verdict}, {self.measured} of {len(self.rows)} figures measured"

    def row(self, id: str) -> Row:
        """Return the row of that id."""
        return next(row for row in self.rows if row.id == id)

    def to_dict(self) -> dict[str, Any]:
        """Return the card as JSON values: None where a number does not exist."""
        found = asdict(self)
        found["rows"] = [{**asdict(row), "value": _number(row.value)} for row in self.rows]
        return {**found, "remarks": list(self.remarks), "verdict": self.verdict}


def table(card: Scorecard) -> str:
    """Return the card as a Markdown table."""
    lines = ["", card.title, "", "| figure | value | reference | control | judge | verdict |", "|---|---|---|---|---|---|"]
    lines += [f"| {row.name} | {row.shown} | {row.reference} | {row.control} | {row.judge} | "
              f"{f'{row.verdict}: {row.why}' if row.why else row.verdict} |" for row in card.rows]
    return "\n".join([*lines, "", *(f"note: {remark}" for remark in card.remarks), card.summary])


def _number(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else round(float(value), 4)
