"""When the frames of a video are shown: its own time stamps, or the grid of a constant rate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from ..errors import InputError

MAX_FRAMES = 500_000
"""Over five hours at 25 fps. A single broken time stamp may claim any length: a track would fill
the memory."""


@dataclass(frozen=True, eq=False)
class Stamps:
    """When each frame begins, and when the last one ends; the first begins at 0."""

    ticks: npt.NDArray[np.int64]
    """In units of `time_base`, growing [shape=(N + 1,)]."""
    time_base: Fraction

    @property
    def frames(self) -> int:
        """Number of frames."""
        return len(self.ticks) - 1

    @property
    def duration_s(self) -> Fraction:
        """When the last frame ends."""
        return self.at(self.frames)

    def at(self, index: int) -> Fraction:
        """Return when a frame begins, in seconds; that of `frames` is the end."""
        return int(self.ticks[index]) * self.time_base

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Stamps) and self.time_base == other.time_base and np.array_equal(self.ticks, other.ticks)


def steady_stamps(frames: int, fps: Fraction) -> Stamps:
    """Return the stamps of a constant rate, exact."""
    return Stamps(np.arange(frames + 1, dtype=np.int64), 1 / fps)


def on_grid(times_s: Sequence[float] | npt.NDArray[np.float64], fps: Fraction) -> list[int]:
    """Return which decoded frame is shown at each multiple of the frame time.

    With a constant rate that is every frame once; a variable rate may repeat and drop frames. Each is
    then shown at most half a frame early or late.

    Raises
    ------
    InputError
        If the times span more than `MAX_FRAMES`.
    """
    at = np.asarray(times_s, np.float64)
    count = max(1, round((at[-1] - at[0]) * float(fps)) + 1)
    if count > MAX_FRAMES:
        raise InputError(f"the video claims to run over {count} frames at {float(fps):g} fps",
                         hint="Cut it to the part that is needed, or save it again with a constant frame rate.")
    # Half a frame of tolerance: container times are rounded to a millisecond or worse.
    grid = np.arange(count) / float(fps) + 0.5 / float(fps)
    return [int(i) for i in np.clip(np.searchsorted(at, grid, side="right") - 1, 0, len(at) - 1)]
