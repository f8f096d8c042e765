"""Frame rates as exact fractions."""

from __future__ import annotations

import math
from fractions import Fraction

from ..errors import SettingError

MIN_FPS, MAX_FPS = 1, 240
NTSC_TOLERANCE = 0.0005
"""23.976, 23.98, 29.97 and 59.94 are the usual ways to write 24000/1001, 30000/1001, 60000/1001;
23.98 misses by 0.0002 of itself, while 24 misses by 0.001."""


def parse_fps(value: str | float | Fraction) -> Fraction:
    """Return the frame rate meant by a widget or an option, for example 25, "29.97", "30000/1001".

    Raises
    ------
    SettingError
        If it is no number or outside 1..240.
    """
    hint = f"Give a rate between {MIN_FPS} and {MAX_FPS}, for example 25 or 30000/1001."
    try:
        rate = Fraction(str(value)) if not isinstance(value, Fraction) else value
    except (ValueError, ZeroDivisionError) as error:
        raise SettingError(f"fps={value!r} is not a frame rate", hint=hint) from error
    if not MIN_FPS <= rate <= MAX_FPS:
        raise SettingError(f"fps={value} is outside {MIN_FPS}..{MAX_FPS}", hint=hint)
    if rate.denominator > 1:
        ntsc = Fraction(math.ceil(rate) * 1000, 1001)
        if abs(rate - ntsc) <= NTSC_TOLERANCE * ntsc:
            return ntsc
    return rate.limit_denominator(1001)
