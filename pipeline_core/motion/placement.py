"""A motion on another time axis: at another frame rate, or as a part of something longer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

import numpy as np

from ..types import FloatArray, MotionLayer, MotionTrack
from .curves import frame_times, minimum_jerk

REST_S = 0.2
"""How long a mouth that is open at the end of a sound takes to close: a slow syllable's fall."""


def retimed(motion: MotionTrack, fps: Fraction) -> MotionTrack:
    """Return the motion at another frame rate, the same at every instant."""
    if motion.fps == fps:
        return motion
    own, times = frame_times(motion.duration_s, motion.fps), frame_times(motion.duration_s, fps)

    def sampled(values: FloatArray) -> FloatArray:
        columns = [np.interp(times, own, values[:, c]) for c in range(values.shape[1])]
        return np.asarray(np.stack(columns, axis=1), np.float32)

    return replace(motion, fps=fps, layers=tuple(_changed(layer, len(times), sampled) for layer in motion.layers))


def placed(motion: MotionTrack, first: int, frames: int) -> MotionTrack:
    """Return a motion of `frames` frames that rests until frame `first` and comes to rest after its end."""
    if first == 0 and frames <= motion.frames:
        return motion
    count = min(motion.frames, frames - first)
    rest = frames - first - count
    fall = 1.0 - minimum_jerk(np.arange(1, rest + 1) / (REST_S * float(motion.fps)))

    def within(values: FloatArray) -> FloatArray:
        after = values[count - 1] * fall[:, None]
        return np.asarray(np.pad(np.concatenate([values[:count], after]), ((first, 0), (0, 0))), np.float32)

    layers = tuple(_changed(layer, frames, within) for layer in motion.layers)
    return replace(motion, duration_s=float(frames / motion.fps), layers=layers)


def _changed(layer: MotionLayer, frames: int, change: Callable[[FloatArray], FloatArray]) -> MotionLayer:
    """Apply a change to every channel; what is at rest stays a single line of zeros."""
    rest = MotionLayer.zeros(layer.name, frames)
    return MotionLayer(layer.name, *(change(getattr(layer, name)) if getattr(layer, name).any() else getattr(rest, name)
                                     for name in ("blendshapes", "articulation", "head_deg", "head_shift", "gaze_deg")))
