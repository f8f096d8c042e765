"""Between mouth shapes with times and weights per frame, both ways.

Frame i covers i / fps to (i + 1) / fps, and a weight is the share of the frame that a shape lasts, times its
strength. So no time is lost: where a frame is shared, the shares say where in it one shape gave way to the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from ...types import FloatArray, frame_count
from .checks import LONGEST_S, bad

MOST = 1e6
"""No weight or parameter is larger."""
Grid = npt.NDArray[np.float64]
Piece = tuple[int, float, float, float]
"""Number of a shape, start and end in seconds, strength."""
DECIMALS = 5
"""Of the weights in files: at 24 frames/s and a strength of 0.1 still within 5 microseconds."""


def weights_of(pieces: Sequence[Piece], shapes: int, duration_s: float, fps: Fraction) -> FloatArray:
    """Return how much of each shape each frame holds.

    Parameters
    ----------
    pieces : sequence of Piece
        What lasts when.
    shapes : int
        How many shapes there are.
    duration_s : float
        Length of the whole.
    fps : Fraction
        Frames per second.

    Returns
    -------
    FloatArray
        0..1 [shape=(frames, shapes)].
    """
    frames, rate = frame_count(duration_s, fps), float(fps)
    out = np.zeros((frames, shapes))
    for shape, start_s, end_s, strength in pieces:
        first, last = max(0, int(start_s * rate)), min(frames, int(np.ceil(end_s * rate - 1e-9)))
        edges = np.clip(np.arange(first, last + 1), start_s * rate, end_s * rate)
        out[first:last, shape] += strength * np.diff(edges)
    return np.asarray(np.clip(out, 0.0, 1.0), np.float32)


def edges_of(times_s: Grid) -> Grid:
    """Return where frames begin and end [shape=(frames + 1,)] from the instants at which they begin."""
    steps = np.diff(times_s)
    if not (times_s.min() >= 0 and times_s.max() <= LONGEST_S and (steps > 0).all()):
        raise bad("its times do not rise from 0 on")
    return np.append(times_s, times_s[-1] + (float(np.median(steps)) if len(steps) else 0.0))


def frames_of(frames: Any, fps: Any) -> tuple[Grid, Grid]:
    """Return the values of frames from JSON [shape=(frames, columns)] and the borders of the frames in seconds."""
    if isinstance(fps, bool) or not isinstance(fps, int | float) or not 1 <= fps <= 1000:
        raise bad(f"fps={str(fps)[:30]} is outside 1 to 1000")
    if not isinstance(frames, list) or not frames or not all(isinstance(row, list) for row in frames):
        raise bad("'frames' is no list of lists")
    if len({len(row) for row in frames}) > 1 or not all(_is_number(v) for row in frames for v in row):
        raise bad("the frames do not hold the same count of numbers")
    return np.array(frames, np.float64), np.arange(len(frames) + 1) / fps


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= MOST


def pieces_of(weights: npt.NDArray[np.floating], edges_s: Grid) -> list[Piece]:
    """Return which shape rules when: the inverse of `weights_of`, and sensible for smooth curves of others.

    Parameters
    ----------
    weights : array
        [shape=(frames, shapes)], none negative.
    edges_s : array
        Rising borders of the frames in seconds [shape=(frames + 1,)].

    Returns
    -------
    list of Piece
        In order and without gaps; the strength is the largest weight.
    """
    top = np.asarray(weights).argmax(axis=1)
    changes = np.flatnonzero(np.diff(top)) + 1
    marks = np.concatenate([edges_s[:1], _borders(np.asarray(weights), edges_s, top, changes), edges_s[-1:]])
    marks = np.maximum.accumulate(marks)
    firsts = np.concatenate([[0], changes])
    strengths = np.maximum.reduceat(np.asarray(weights).max(axis=1), firsts)
    return [(int(top[first]), float(start_s), float(end_s), float(strength)) for first, start_s, end_s, strength
            in zip(firsts, marks, marks[1:], strengths, strict=False)]


def _borders(weights: npt.NDArray[np.floating], edges_s: Grid, top: npt.NDArray[np.intp],
             at: npt.NDArray[np.intp]) -> Grid:  # fmt: skip
    """Return when the shapes of frames `at` - 1 give way to those of frames `at`, in seconds."""
    before, after = top[at - 1], top[at]
    earlier, later = np.maximum(at - 2, 0), np.minimum(at + 1, len(top) - 1)
    first_s, second_s = edges_s[at] - edges_s[at - 1], edges_s[at + 1] - edges_s[at]

    def lasting(shape: npt.NDArray[np.intp], neighbour: npt.NDArray[np.intp]) -> Grid:
        """How long a shape lasts within the two frames; its strength is that in its own or the next whole frame."""
        own = weights[at - 1, shape], weights[at, shape]
        full = np.maximum(np.maximum(*own), np.where(top[neighbour] == shape, weights[neighbour, shape], 0.0))
        return np.asarray(own[0] / np.maximum(full, 1e-9) * first_s + own[1] / np.maximum(full, 1e-9) * second_s)

    # A shape that fills a frame of its own tells how strong it is; one that does not leaves that to its neighbour.
    by_first = (top[earlier] == before) & (at > 1) | (top[later] != after)
    return np.where(by_first, edges_s[at - 1] + lasting(before, earlier), edges_s[at + 1] - lasting(after, later))
