"""Does the face live: head movement, blinks, no frozen moments, no trembling."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..lazy import cv2
from ..types import UInt8Array
from .landmarks import Points, eye_opening, interocular_px, layout_of
from .lips import Flags, Series

SHUT_EYE_SHARE = 0.65
"""A blink takes the eye opening below this share of its median in the clip."""
BLINK_S = (0.05, 0.5)
"""Shorter dips are noise of the detector, longer ones are closed eyes; people take 0.1 to 0.4 s."""
FROZEN_S = 1.0
FROZEN_LEVELS = 0.12
"""Mean change in grey levels within a frozen second: an encoder repeats a still picture nearly exactly,
breathing alone changes a face by several times this."""
_THUMB_PX = 160


@dataclass(frozen=True)
class Blinks:
    """Blinks found in a clip."""

    per_minute: float
    durations_s: tuple[float, ...]
    depth: float
    """Median of the smallest eye opening in a blink over the opening between blinks; 1 without blinks."""


def find_blinks(times_s: Series, landmarks: Sequence[Points | None]) -> Blinks:
    """Count the dips of the eye opening."""
    return blinks_in(times_s, np.array([np.nan if p is None else eye_opening(p) for p in landmarks]))


def blinks_in(times_s: Series, opening: Series) -> Blinks:
    """Count the dips of a curve of the eye opening; NaN where no face is seen [shape=(T,)].

    The duration is the time below the threshold, which a frame interval limits, plus one interval.
    """
    times = np.asarray(times_s, dtype=np.float64)
    seen = np.isfinite(opening)
    frame_s = float(np.median(np.diff(times)))
    usual = float(np.median(opening[seen]))
    low = np.where(seen, opening, usual) < SHUT_EYE_SHARE * usual
    spans = [(a, b) for a, b in _runs(low) if BLINK_S[0] <= (b - a) * frame_s <= BLINK_S[1]]
    depth = [float(np.nanmin(opening[a:b])) / usual for a, b in spans]
    minutes = (times[-1] - times[0] + frame_s) / 60.0
    return Blinks(len(spans) / minutes, tuple((b - a) * frame_s for a, b in spans),
                  float(np.median(depth)) if depth else 1.0)


def head_turns_deg(landmarks: Sequence[Points | None]) -> Series:
    """Return yaw, pitch and roll of the head in each frame, relative to the mean [shape=(T, 3)].

    Yaw grows to the viewer's right, pitch with the chin up.
    """
    found = [p for p in landmarks if p is not None]
    series = np.array([turn_deg(points, found[0]) for points in found])
    return np.asarray(series - series.mean(axis=0))


def turn_deg(points: Points, first: Points) -> tuple[float, float, float]:
    """Return yaw, pitch and roll against another frame.

    The rigid points, in three dimensions (478-point landmarks), are laid onto those of the other
    frame by the best rotation (Kabsch 1976).
    """
    here, base = (np.asarray(p[list(layout_of(p).rigid), :3], dtype=np.float64) for p in (points, first))
    u, _, vt = np.linalg.svd((base - base.mean(axis=0)).T @ (here - here.mean(axis=0)))
    flip = np.diag([1.0, 1.0, np.sign(np.linalg.det(vt.T @ u.T))])
    turn = vt.T @ flip @ u.T
    # x right, y down, z away: R = Rz(roll) Rx(pitch) Ry(yaw).
    angles = (np.arctan2(turn[2, 0], turn[2, 2]), np.arcsin(np.clip(-turn[2, 1], -1, 1)),
              np.arctan2(-turn[0, 1], turn[1, 1]))
    yaw, pitch, roll = (float(np.degrees(angle)) for angle in angles)
    return yaw, pitch, roll


def trembling(landmarks: Sequence[Points | None], where: Flags) -> float:
    """Return the median jitter of the frames in `where`, in thousandths of the inter-ocular distance.

    Detector noise is part of it: real clips with closed mouths measure 4.4 to 5.9.
    """
    meter = Trembling()
    values = np.array([meter.add(points) for points in landmarks])
    # A value is known one frame later than its frame.
    values = np.append(values[1:], np.nan)[np.asarray(where)]
    values = values[np.isfinite(values)]
    return float(np.median(values)) if len(values) else float("nan")


class Trembling:
    """Jitter, frame by frame: the rms over the points of the second difference over three frames.

    Landmarks are laid onto the first frame by a similarity of their rigid points.
    """

    def __init__(self) -> None:
        self._first: Points | None = None
        self._last: list[npt.NDArray[np.complex128] | None] = [None, None]

    def add(self, points: Points | None) -> float:
        """Take the next frame and return the jitter of the one before it, in 1/1000 of the eye distance; or NaN."""
        if points is not None and self._first is None:
            self._first = points
        here = None if points is None or self._first is None else _onto(points, self._first)
        before, middle = self._last
        self._last = [middle, here]
        if before is None or middle is None or here is None or self._first is None:
            return float("nan")
        second = np.abs(here - 2.0 * middle + before) ** 2
        return 1000.0 * float(np.sqrt(np.mean(second))) / interocular_px(self._first)


def frozen_seconds(frames: Iterable[tuple[float, UInt8Array]]) -> int:
    """Count the whole seconds in which the picture does not change.

    Parameters
    ----------
    frames : iterable of (time_s, RGB)
        Decoded video, or the face cut out of it.
    """
    counter = Frozen()
    for time_s, frame in frames:
        counter.add(time_s, frame)
    return counter.seconds


class Frozen:
    """Counts whole seconds without a change, frame by frame."""

    def __init__(self) -> None:
        self.seconds = 0
        self._base: npt.NDArray[np.float32] | None = None
        self._base_s = self._change = 0.0

    def add(self, time_s: float, frame: UInt8Array) -> None:
        """Take the next picture; all have to be of one size."""
        thumb = _thumb(frame)
        if self._base is None or time_s - self._base_s >= FROZEN_S - 1e-6:
            self.seconds += int(self._base is not None and self._change < FROZEN_LEVELS)
            self._base, self._base_s, self._change = thumb, time_s, 0.0
            return
        self._change = max(self._change, float(np.abs(thumb - self._base).mean()))


def _thumb(frame: UInt8Array) -> npt.NDArray[np.float32]:
    scale = min(1.0, _THUMB_PX / max(frame.shape[:2]))
    grey = cv2.cvtColor(np.ascontiguousarray(frame), cv2.COLOR_RGB2GRAY)
    return np.asarray(cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.float32)


def _onto(points: Points, first: Points) -> npt.NDArray[np.complex128]:
    """Lay points onto another frame's by turning, scaling and moving; as complex numbers [shape=(N,)]."""
    rigid = list(layout_of(points).rigid)
    here, there = (p[:, 0].astype(np.float64) + 1j * p[:, 1] for p in (points, first))
    mean, target = here[rigid].mean(), there[rigid].mean()
    arm = here[rigid] - mean
    factor = np.vdot(arm, there[rigid] - target) / np.vdot(arm, arm).real
    return np.asarray((here - mean) * factor + target)


def _runs(flags: Flags) -> list[tuple[int, int]]:
    """Return begin and end (exclusive) of each run of True."""
    edges = np.diff(np.concatenate([[0], flags.astype(int), [0]]))
    return list(zip(np.flatnonzero(edges == 1).tolist(), np.flatnonzero(edges == -1).tolist(), strict=True))
