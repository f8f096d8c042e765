"""Which part of a picture belongs to which of several faces."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..types import FloatArray, UInt8Array
from .geometry import CHIN, FOREHEAD, LEFT_TEMPLE, RIGHT_TEMPLE

OWN_FROM = 0.4
"""A place is a face's own in full where the next face is further away by this share of both distances together: of two
alike faces side by side, each has six tenths of the way to the middle between them."""


def share_of(xy: FloatArray, own: FloatArray, others: Sequence[FloatArray]) -> FloatArray:
    """Return how far places belong to one face: 1 near it, smoothly down to 0 midway to the next face and beyond.

    Parameters
    ----------
    xy : FloatArray
        Places in pixels [shape=(N, 2)].
    own, others : FloatArray
        Landmarks of the face and of all others [shape=(478, 3) each]. Larger faces reach further.

    Returns
    -------
    FloatArray
        [shape=(N,)].
    """
    if not others:
        return np.ones(len(xy), np.float32)
    nearest = np.min([_distance(xy, other) for other in others], axis=0)
    distance = _distance(xy, own)
    apart = (nearest - distance) / np.maximum(nearest + distance, 1e-6)
    x = np.clip(apart / OWN_FROM, 0.0, 1.0)
    return np.asarray(x * x * (3.0 - 2.0 * x), np.float32)


def owners(width: int, height: int, faces: Sequence[FloatArray]) -> UInt8Array:
    """Return which face is nearest to each pixel, by its place in `faces` [shape=(H, W)]."""
    y, x = np.mgrid[:height, :width]
    xy = np.stack([x.ravel(), y.ravel()], axis=1).astype(np.float32)
    nearest, owner = _distance(xy, faces[0]), np.zeros(len(xy), np.uint8)
    for number, face in enumerate(faces[1:], 1):
        distance = _distance(xy, face)
        owner[distance < nearest] = number
        nearest = np.minimum(nearest, distance)
    return owner.reshape(height, width)


def _distance(xy: FloatArray, face: FloatArray) -> FloatArray:
    """Return distances from a face's middle, in its own widths."""
    middle = (face[FOREHEAD, :2] + face[CHIN, :2]) / 2
    width = float(np.linalg.norm(face[LEFT_TEMPLE] - face[RIGHT_TEMPLE]))
    return np.asarray(np.linalg.norm(xy - middle, axis=1) / max(width, 1e-6), np.float32)
