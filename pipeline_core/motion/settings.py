"""How the user wants the face to move."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

from ..errors import SettingError
from .emotion import check_emotion

FPS_MIN, FPS_MAX = 1, 120
STRENGTH_MAX = 2.0
_NTSC = (24, 30, 48, 60, 120)
"""Rates whose 1000/1001 versions people write as 23.976, 29.97, ..."""


def exact_fps(value: Fraction | float | int | str) -> Fraction:
    """Return a frame rate as an exact fraction; 23.976, 29.97 and 59.94 mean the 1000/1001 rates.

    Raises
    ------
    SettingError
        If it is not a number from 1 to 120.
    """
    try:
        exact = Fraction(value)
    except (ValueError, ZeroDivisionError, OverflowError, TypeError):
        exact = Fraction(0)
    if not FPS_MIN <= exact <= FPS_MAX:
        raise SettingError(f"fps={value!s} is outside {FPS_MIN}..{FPS_MAX}", hint="Use for example 25, 29.97 or 30000/1001.")
    for rate in _NTSC:
        ntsc = Fraction(rate * 1000, 1001)
        if exact.denominator not in (1, 1001) and abs(exact - ntsc) < Fraction(6, 1000):
            return ntsc
    return exact.limit_denominator(1001)


@dataclass(frozen=True)
class MotionSettings:
    """Settings of `generate_motion`; strengths are factors, 0 is none, 1 the default, 2 the most."""

    fps: Fraction = Fraction(25)
    """Frames per second."""
    mouth: float = 1.0
    """Size of mouth movements; lips close for p, b and m at any size."""
    head: float = 1.0
    """Size of nods, turns and sway that go with speech: about 1.6 degrees of turn rms at 1."""
    brows: float = 1.0
    """Height of brow raises."""
    blinks: float = 1.0
    """How often the eyes blink: about 16 times a minute at 1."""
    idle: float = 1.0
    """Breathing, slow sway and small twitches."""
    gaze: float = 1.0
    """How far the eyes wander from the viewer."""
    emotion: str = "neutral"
    """One of `emotion.EMOTIONS`."""
    emotion_strength: float = 1.0
    """Size of the expression, of keyframes too."""
    still: bool = False
    """No head movement and no breathing: only speech, blinks, gaze and the expression."""
    seed: int = 0
    """Chooses among equally natural performances."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "fps", exact_fps(self.fps))
        for name in ("mouth", "head", "brows", "blinks", "idle", "gaze", "emotion_strength"):
            value = getattr(self, name)
            if not (math.isfinite(value) and 0.0 <= value <= STRENGTH_MAX):
                raise SettingError(f"{name} is {value}", hint=f"Use a value from 0 to {STRENGTH_MAX:g}.")
        check_emotion(self.emotion)
        if self.seed < 0:
            raise SettingError(f"seed is {self.seed}", hint="Use 0 or a positive whole number.")
