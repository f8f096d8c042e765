"""A stretch of a plan by itself: which frames, how much memory they take as floats, and their sound."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from ..errors import InputError, SettingError
from ..types import Sound
from .plan import RenderPlan

logger = logging.getLogger("talking_avatar")

USABLE_SHARE = 0.7
"""How much of the free memory a batch may take: the next node needs some as well."""
SILENCE_RATE_HZ = 44_100
_GB = 1e9
_FLOAT_BYTES = 4


@dataclass(frozen=True)
class Excerpt:
    """Frames `start` to `stop` - 1 of a plan."""

    plan: RenderPlan
    start: int
    stop: int

    @property
    def count(self) -> int:
        """Number of frames."""
        return self.stop - self.start

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """Shape of all frames together: number, height, width, channels."""
        width, height = self.plan.size_px
        return self.count, height, width, 4 if self.plan.transparent else 3

    @property
    def float_bytes(self) -> int:
        """Memory of all frames in 32-bit floats."""
        return int(np.prod(self.shape, dtype=np.int64)) * _FLOAT_BYTES

    @property
    def text(self) -> str:
        """What they take, in a few words."""
        width, height = self.plan.size_px
        size = f"{self.float_bytes / _GB:.1f} GB" if self.float_bytes >= _GB else f"{self.float_bytes / 1e6:.0f} MB"
        return f"{self.count} frames of {width} x {height} px take {size} as IMAGE"


def excerpt(plan: RenderPlan, start: int, count: int) -> Excerpt:
    """Return the stretch of `count` frames from `start` on; 0 means all that follow.

    Raises
    ------
    SettingError
        If it begins after the last frame.
    """
    if not 0 <= start < plan.frames:
        raise SettingError(f"start={start}, but the render has the frames 0 to {plan.frames - 1}",
                           hint=f"Choose a start below {plan.frames}.")
    if count < 0:
        raise SettingError(f"count={count} is negative", hint="Use 0 for all frames.")
    stop = plan.frames if count == 0 else min(plan.frames, start + count)
    if count and stop - start < count:
        logger.warning("count=%d, but only %d frames follow frame %d; these are returned", count, stop - start, start)
    return Excerpt(plan, start, stop)


def expect_room(part: Excerpt, free_bytes: int) -> None:
    """Refuse a batch that would not fit into memory, before anything is drawn.

    Raises
    ------
    InputError
        With what it would take, what there is, and how many frames would fit.
    """
    limit = free_bytes * USABLE_SHARE
    if part.float_bytes <= limit:
        return
    fits = int(limit // (part.float_bytes // part.count))
    raise InputError(
        f"{part.text}; {free_bytes / _GB:.1f} GB are free and {limit / _GB:.1f} GB of them may be used",
        hint=(f"Ask for at most {fits} frames with count, and for the others with start; or make the picture smaller "
              "in Mouth Renderer." if fits else "Make the picture smaller in Mouth Renderer.")
        + " Video Mux needs no IMAGE and no memory.")


def sound_of(part: Excerpt) -> Sound:
    """Return the sound of exactly these frames; silence where the plan has none or it is over."""
    sound = part.plan.sound or Sound(samples=np.zeros((1, 1), np.float32), rate_hz=SILENCE_RATE_HZ)
    first, last = (_sample_at(index, part.plan.fps, sound.rate_hz) for index in (part.start, part.stop))
    samples = np.zeros((sound.samples.shape[0], last - first), np.float32)
    held = sound.samples[:, first:last]
    samples[:, :held.shape[1]] = held
    return Sound(samples=samples, rate_hz=sound.rate_hz)


def _sample_at(frame: int, fps: Fraction, rate_hz: int) -> int:
    return round(frame / fps * rate_hz)
