"""The visible eyeball: a small disc behind each lid margin that carries the photo's own eye."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...pipeline_core.types import FloatArray
from .head_model import IntArray

RINGS = 8
SPILL = 1.18
"""The disc reaches beyond the lid margin by this factor, so that widened eyes show no hole."""
EYEBALL_RADIUS_CM = 1.2
"""Anatomical mean; one degree of gaze moves the iris by 0.21 mm."""


@dataclass(frozen=True, eq=False)
class EyePlug:
    """Disc of concentric rings inside one lid margin."""

    points: FloatArray
    """[shape=(V, 3)] x, y, depth in photo pixels."""
    triangles: IntArray
    texture: FloatArray
    """Photo pixel of each point at rest [shape=(V, 2)]."""
    window: FloatArray
    """How far gaze moves the texture there: 1 in the middle, 0 at the lids [shape=(V, 1)]."""

    def uv(self, gaze_deg: FloatArray, scale_px: float) -> FloatArray:
        """Return the photo pixel of each point for a gaze (right, up) in degrees."""
        shift = np.radians(gaze_deg) * np.float32(EYEBALL_RADIUS_CM * scale_px) * np.float32([1.0, -1.0])
        return np.asarray(self.texture - self.window * shift, np.float32)


def build_plug(margin: IntArray, source_px: FloatArray) -> EyePlug:
    """Fill the closed lid margin (vertex numbers in order) of a face lying on the photo."""
    loop = source_px[margin]
    centre = loop.mean(axis=0)
    share = np.r_[np.linspace(0.0, 1.0, RINGS), SPILL]
    points = centre + share[:, None, None] * (loop - centre)
    texture = points[..., :2].copy()
    texture[-1] = loop[:, :2]
    window = np.clip(1.0 - share**2, 0.0, 1.0) ** 0.75
    count = len(margin)
    triangles = []
    for r in range(len(share) - 1):
        a = r * count + np.arange(count)
        b = r * count + (np.arange(count) + 1) % count
        triangles += [np.stack([a, a + count, b + count], 1), np.stack([a, b + count, b], 1)]
    return EyePlug(
        points.reshape(-1, 3).astype(np.float32),
        np.concatenate(triangles).astype(np.int32),
        texture.reshape(-1, 2).astype(np.float32),
        np.repeat(window, count).astype(np.float32)[:, None],
    )
