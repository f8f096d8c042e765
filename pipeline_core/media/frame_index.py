"""Which frames a video holds and where decoding may begin: read packet by packet, without decoding."""

from __future__ import annotations

import os
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from ..cache import shared

MAX_FRAMES = 2_000_000
"""Four hours at 120 frames/s, and some."""


@dataclass(frozen=True, eq=False)
class FrameIndex:
    """Time stamps of a picture stream in the order of showing."""

    pts: npt.NDArray[np.int64]
    """In units of `time_base` [shape=(N,)]."""
    keys: npt.NDArray[np.int64]
    """Those of frames that can be decoded without an earlier one [shape=(K,)]."""
    time_base: Fraction

    def keys_before(self, number: int) -> list[int]:
        """Return time stamps at which to begin decoding for frame `number`, the best first.

        A seek may land late in files that order their index by decoding time, hence the second one.
        Empty where decoding has to begin at the beginning.
        """
        if not 0 < number < len(self.pts):
            return []
        at = int(np.searchsorted(self.keys, self.pts[number], side="right")) - 1
        return [int(key) for key in self.keys[max(1, at - 1):at + 1][::-1]]

    def number_at(self, time_s: float) -> int:
        """Return which frame is shown at a time after the first one; the first and the last hold."""
        ticks = time_s / float(self.time_base) + float(self.pts[0])
        return int(np.clip(np.searchsorted(self.pts, ticks, side="right") - 1, 0, len(self.pts) - 1))


def frame_index(path: str, container: Any, stream: Any) -> FrameIndex | None:
    """Return the index of a stream, made once per file; None where its time stamps are of no use.

    The container is read to its end, so another one has to be opened for decoding.
    """
    stat = os.stat(path)
    key = ("frame_index", os.path.realpath(path), stat.st_size, stat.st_mtime_ns)
    found: FrameIndex | str = shared().get(key, lambda: _read(container, stream) or "unusable")
    return None if isinstance(found, str) else found


def _read(container: Any, stream: Any) -> FrameIndex | None:
    stamps: list[int] = []
    keys: list[int] = []
    for packet in container.demux(stream):
        if not packet.size or getattr(packet, "is_discard", False):
            continue
        if packet.pts is None or len(stamps) >= MAX_FRAMES:
            return None
        stamps.append(packet.pts)
        if packet.is_keyframe:
            keys.append(packet.pts)
    pts = np.unique(np.array(stamps, np.int64))
    # A stream that does not begin with a key frame, or repeats a stamp, is numbered by decoding only.
    if not keys or len(pts) != len(stamps) or pts[0] != min(keys):
        return None
    return FrameIndex(pts, np.unique(np.array(keys, np.int64)), Fraction(stream.time_base))
