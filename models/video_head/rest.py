"""What a face looks like at rest while its clip goes on: the shape that new speech starts from.

The clip's own speech must be gone from it, also what of it no expression unit explains, while a smile and the
ways in which the fit errs on a turned head must stay. Frames with lips shut tell it.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from ...pipeline_core.types import FloatArray
from ..photo_head.batch_fit import unit_basis
from ..photo_head.clip_fit import HeadClip
from ..photo_head.deform import IS_MOUTH, NEUTRAL_WHEN_OPEN, keep_share
from ..photo_head.fit import turn_and_nod

SHUT_CM = 0.15
"""Frames whose lips are this far apart count a third of those whose lips meet."""
LEAST_WEIGHT = 1e-3
"""Of a wide open mouth: where a clip has no other frames they decide."""
SLOW_S = 0.7
"""Smiles come and go in about a second, speech within a fifth of it (standard deviation of the window)."""
PRIOR_FRAMES = 0.5
"""The whole clip counts as much as so many shut frames nearby."""
TURN_RIDGE = 0.02
"""Share of the frames' weight that pulls towards a shape which does not depend on the head's turn."""
SAMPLES = 600
"""Frames, evenly over the clip, that tell the shape."""
_INNER_PAIRS = ((13, 14), (82, 87), (312, 317))
"""Landmarks of the upper and the lower lip's edge, opposite each other."""


class RestFace:
    """Shape and expression of a clip's face with its mouth at rest, frame by frame."""

    def __init__(self, clip: HeadClip, fps: Fraction) -> None:
        self._clip, self._fps = clip, float(fps)
        self.opening_cm = lip_opening_cm(clip)
        self._weight = np.exp(-((self.opening_cm / SHUT_CM) ** 2)) + LEAST_WEIGHT
        self._weight[~clip.seen] = 0.0
        frames = np.flatnonzero(clip.seen)
        self._frames = frames[np.unique(np.linspace(0, len(frames) - 1, min(SAMPLES, len(frames))).round().astype(int))]
        weight = self._weight[self._frames]
        self._overall = (weight[:, None] * clip.expression[self._frames]).sum(axis=0) / weight.sum()
        still_open = float((weight * self.opening_cm[self._frames]).sum() / weight.sum())
        self.open_ratio = min(1.0, still_open / NEUTRAL_WHEN_OPEN)
        keep = keep_share(self.open_ratio, float(abs(clip.pose(int(self._frames[weight.argmax()])).yaw_deg)))
        self._keep = np.where(IS_MOUTH, keep, 1.0)
        self._turn_mean, self._shape = self._fit_shape(weight)

    def _fit_shape(self, weight: np.ndarray) -> tuple[np.ndarray, FloatArray]:
        """Explain what the fit leaves over at the landmarks by the head's turn [shape=(4, N, 3), cm]."""
        clip, frames = self._clip, self._frames
        basis = unit_basis(clip.model, clip.model.units)
        placed = clip.model.landmarks(clip.neutral_cm) + np.tensordot(clip.expression[frames], basis, 1)
        turned = placed @ clip.rotation[frames].swapaxes(1, 2)
        seen = (clip.landmarks_px[frames, :468, :2] - clip.offset_px[frames, None]) * [1.0, -1.0]
        left = np.zeros((len(frames), 468, 3))
        left[..., :2] = seen / clip.scale[frames, None, None] - turned[..., :2]
        left = (left @ clip.rotation[frames]).reshape(len(frames), -1)
        turns = _turns(clip.rotation[frames])
        mean = (weight[:, None] * turns).sum(axis=0) / weight.sum()
        matrix = np.column_stack([np.ones(len(frames)), turns - mean])
        gram = (matrix * weight[:, None]).T @ matrix
        gram[range(1, 4), range(1, 4)] += TURN_RIDGE * weight.sum()
        found = np.linalg.solve(gram, (matrix * weight[:, None]).T @ left).reshape(4, 468, 3)
        return mean, np.stack([clip.spread @ part.astype(np.float32) for part in found])

    def neutral_cm(self, frame: int) -> FloatArray:
        """Return the head without expression, as it would lie on the frame [shape=(N, 3)]."""
        turn = _turns(self._clip.rotation[frame : frame + 1])[0] - self._turn_mean
        factors = np.r_[1.0, turn].astype(np.float32)
        return np.asarray(self._clip.neutral_cm + np.tensordot(factors, self._shape, 1), np.float32)

    def expression(self, frame: int) -> FloatArray:
        """Return what the face does beside speaking [shape=(52,)]."""
        reach = int(np.ceil(2.5 * SLOW_S * self._fps))
        near = slice(max(0, frame - reach), frame + reach + 1)
        apart_s = (np.arange(near.start, min(near.stop, len(self._weight))) - frame) / self._fps
        weight = self._weight[near] * np.exp(-0.5 * (apart_s / SLOW_S) ** 2)
        total = weight @ self._clip.expression[near] + PRIOR_FRAMES * self._overall
        return np.asarray(self._keep * total / (weight.sum() + PRIOR_FRAMES), np.float32)


def lip_opening_cm(clip: HeadClip) -> FloatArray:
    """Return how far the lips are apart in every frame [shape=(T,)]; 0 where no face is seen."""
    above, below = (clip.landmarks_px[:, [pair[k] for pair in _INNER_PAIRS], :2] for k in range(2))
    apart = np.linalg.norm(above - below, axis=2).mean(axis=1) / clip.scale
    return np.asarray(np.where(clip.seen, apart, 0.0), np.float32)


def _turns(rotation: FloatArray) -> np.ndarray:
    """Return yaw, pitch and roll in radians, near enough for small turns [shape=(T, 3)]."""
    return np.column_stack([turn_and_nod(rotation), np.arctan2(rotation[:, 1, 0], rotation[:, 1, 1])])
