"""A written word and the ways to say it.

A pronunciation is written as IPA symbols with spaces between them; "t?" may be left out, and
"ə|i" is one of several: "æ|ə n d?" holds all the ways to say "and".
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True)
class WordReading:
    """A word of a transcript."""

    text: str
    """As it is to be shown."""
    readings: tuple[str, ...]
    """Its pronunciations; none where nobody knows how to read it: any sound may then stand for it."""


@dataclass(frozen=True)
class Slot:
    """One place in a pronunciation."""

    choices: tuple[str, ...]
    """IPA symbols, one of which is said."""
    optional: bool


@lru_cache(maxsize=16384)
def slots_of(reading: str) -> tuple[Slot, ...]:
    """Return the places of a pronunciation: "n d?" -> n, and a d that may be left out."""
    return tuple(Slot(tuple(part.rstrip("?").split("|")), part.endswith("?")) for part in reading.split())
