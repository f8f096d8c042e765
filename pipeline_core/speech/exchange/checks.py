"""What every reader of cues asks of a text before it believes it."""

from __future__ import annotations

from typing import Any

from ...errors import InputError
from ...media.text_file import whole_characters
from ...types import Phone
from ..captions import MAX_CUES

MAX_CHARACTERS = 20_000_000
LONGEST_S = 24 * 3600.0
_HINT = ("Give Rhubarb JSON or TSV, a TextGrid, the cues JSON of this pack, OVR visemes or VTube parameters as JSON or "
         "CSV, or words with times as SRT, VTT or JSON.")


def bad(what: str, hint: str = _HINT) -> InputError:
    """Return the error that says what is wrong with a cue text."""
    return InputError(f"the imported cues cannot be used: {what}", hint=hint)


def time_of(value: Any) -> float:
    """Return a time in seconds, 0 to 24 hours."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise bad(f"{str(value)[:30]!r} is no time")
    if not 0 <= value <= LONGEST_S:  # refuses NaN, too
        raise bad(f"the time {str(value)[:30]} s is outside 0 to 24 hours")
    return float(value)


def number_of(text: str) -> float:
    """Return a time that is written as text."""
    try:
        return time_of(float(text))
    except ValueError as error:
        raise bad(f"{text[:30]!r} is no time") from error


def entries(data: dict[str, Any], key: str) -> list[dict[str, Any]]:
    """Return the list of objects that `key` holds; an empty one where there is none."""
    found = data.get(key, [])
    if not isinstance(found, list) or not all(isinstance(entry, dict) for entry in found):
        raise bad(f"{key!r} is no list of objects")
    if len(found) > MAX_CUES:
        raise bad(f"{key!r} has {len(found)} entries, more than {MAX_CUES}")
    return found


def span_of(entry: dict[str, Any]) -> tuple[float, float]:
    """Return the start and end of an entry in seconds."""
    return time_of(entry.get("start")), time_of(entry.get("end"))


def symbol_of(entry: dict[str, Any], key: str, limit: int = 64) -> str:
    """Return the text that an entry holds under `key`, with `limit` characters at most."""
    value = entry.get(key)
    if not isinstance(value, str) or len(value) > limit:
        raise bad(f"an entry has no usable {key!r}")
    return whole_characters(value)


def named(name: str, table: dict[str, str], what: str) -> str:
    """Look a name up; `what` names the table in the message."""
    if name not in table:
        raise bad(f"unknown {what} {name[:20]!r}")
    return table[name]


def some(phones: list[Phone]) -> tuple[Phone, ...]:
    """Return the phones; refuse none at all, too many, and those that end before they start."""
    if not phones:
        raise bad("it is empty")
    if len(phones) > MAX_CUES:
        raise bad(f"it holds {len(phones)} sounds, more than {MAX_CUES}")
    if any(p.end_s < p.start_s for p in phones):
        raise bad("a cue ends before it starts")
    return tuple(phones)
