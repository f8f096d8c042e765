"""Stretches of time as people write them: "2.5-4.0, 7-8.2"."""

from __future__ import annotations

import re

from ..errors import SettingError

_TIME = r"(?:(?:(\d+):)?(\d{1,2}):)?(\d+(?:\.\d*)?|\.\d+)"
_RANGE = re.compile(rf"\s*{_TIME}\s*s?\s*(?:-|–|to)\s*{_TIME}\s*s?\s*", re.IGNORECASE)
_HINT = "Write seconds, or minutes:seconds, for example: 2.5-4.0, 1:07-1:08.2"


def parse_ranges(text: str) -> tuple[tuple[float, float], ...]:
    """Return (start, end) in seconds, in order; those that touch become one. No text gives none.

    Raises
    ------
    SettingError
        If a part cannot be read, or ends before it begins.
    """
    joined: list[tuple[float, float]] = []
    for start, end in sorted(_range(part) for part in re.split(r"[,;\n]", text) if part.strip()):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return tuple(joined)


def _range(part: str) -> tuple[float, float]:
    match = _RANGE.fullmatch(part)
    if match is None:
        raise SettingError(f"ranges: {part.strip()!r} is no stretch of time", hint=_HINT)
    start, end = _seconds(*match.groups()[:3]), _seconds(*match.groups()[3:])
    if end <= start:
        raise SettingError(f"ranges: {part.strip()!r} ends before it begins", hint=_HINT)
    return start, end


def _seconds(hours: str | None, minutes: str | None, seconds: str) -> float:
    return 3600.0 * int(hours or 0) + 60.0 * int(minutes or 0) + float(seconds)
