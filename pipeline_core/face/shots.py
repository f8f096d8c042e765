"""Cuts to other shots, found while the frames of a video go by."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np

from ..lazy import cv2
from ..types import FloatArray, UInt8Array

WINDOW = 5
"""A cut is judged against this many frames before it and after it: a flash is over by then."""
NEW_SCENE, NEW_COLOURS, STANDS_OUT = 0.3, 0.2, 1.5
"""Change of the picture and of its colours from which two shots share nothing, and how far that stands out
among its neighbours. Cuts between seven clips: 0.5 and 0.27 at least, 9 times; heads that move fast, a hand-held
camera, a pan: up to 0.6 and 0.07, 1.5 times."""
NEW_VIEW, ALONE = 0.08, 6.0
"""The same for a jump within one scene, as to a closer view: it is smaller, and alone. Movement takes several
frames: 3.5 times its neighbours at most, where every third frame only is new."""
STAYS = 0.5
"""Share of the change that has to be there between all frames before the cut and all after it."""
_STILL = 0.004
"""Change between frames in which nothing moves, by noise alone."""
_SIDE_PX = 32
_NOISE_LEVELS = 4.0
_READ_PX = 120
"""Pixels that are looked at across the shorter side: the rest is left out."""


@dataclass(frozen=True, eq=False)
class _Look:
    """What is kept of a frame."""

    grey: FloatArray
    """Luma without its mean [shape=(32 * 32,)]."""
    colours: FloatArray
    """Shares of 64 colours [shape=(64,)]."""

    @staticmethod
    def of(image: UInt8Array) -> _Look:
        step = max(1, min(image.shape[:2]) // _READ_PX)
        part = np.ascontiguousarray(image[::step, ::step, :3])
        small = np.asarray(cv2.resize(part, (_SIDE_PX, _SIDE_PX), interpolation=cv2.INTER_AREA), np.uint8).reshape(-1, 3)
        grey = small.astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32)
        colours = np.bincount((small >> 6).astype(np.intp) @ np.array([16, 4, 1]), minlength=64) / len(small)
        return _Look(grey - grey.mean(), colours.astype(np.float32))

    def change(self, other: _Look) -> float:
        """Return 0 for the same picture, about 1 for one that has nothing in common."""
        floor = 2 * len(self.grey) * _NOISE_LEVELS**2
        apart = self.grey - other.grey
        return float(apart @ apart / (self.grey @ self.grey + other.grey @ other.grey + floor))

    def recolouring(self, other: _Look) -> float:
        """Return the share of the picture whose colours are gone, 0..1."""
        return float(np.abs(self.colours - other.colours).sum() / 2)


class ShotFinder:
    """Takes the frames of a video one by one and says where other shots begin.

    Hard cuts are found, a blend of two shots over several frames is not. Memory does not grow with the video.
    """

    def __init__(self) -> None:
        self._looks: deque[_Look] = deque(maxlen=2 * WINDOW + 1)
        self._changes: deque[float] = deque(maxlen=2 * WINDOW + 1)
        self._count = 0
        self._found: list[int] = []

    def take(self, image: UInt8Array) -> None:
        """Look at the next frame [shape=(H, W, 3 or 4)]."""
        look = _Look.of(image)
        self._changes.append(look.change(self._looks[-1]) if self._looks else 0.0)
        self._looks.append(look)
        self._count += 1
        if self._count > WINDOW + 1 and self._is_cut(len(self._looks) - 1 - WINDOW):
            self._found.append(self._count - 1 - WINDOW)

    def cuts(self) -> list[int]:
        """Return the frames that begin another shot, all frames having been taken; ascending, never 0."""
        size = len(self._looks)
        late = [self._count - size + i for i in range(max(1, size - WINDOW), size) if self._is_cut(i)]
        return self._found + late

    def _is_cut(self, at: int) -> bool:
        """Return whether a shot begins at a position in what is kept."""
        before = [self._looks[i] for i in range(max(0, at - WINDOW), at)]
        after = [self._looks[i] for i in range(at, min(len(self._looks), at + WINDOW))]
        change = self._changes[at]
        others = [self._changes[i] for i in range(max(0, at - WINDOW), min(len(self._looks), at + WINDOW + 1)) if i != at]
        sole = change / max(_STILL, *others) if others else 0.0
        scene = change > NEW_SCENE and sole > STANDS_OUT and before[-1].recolouring(after[0]) > NEW_COLOURS
        view = change > NEW_VIEW and sole > ALONE and min(len(before), len(after)) == WINDOW
        return (scene or view) and all(a.change(b) > STAYS * change for a in before for b in after)
