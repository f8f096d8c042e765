"""The visible eyeball: a small disc behind each lid margin that carries the photo's own eye, and turns it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...pipeline_core.types import FloatArray
from .eyeball import KEPT_SHARE, Eye
from .head_model import IntArray

RINGS = 10
SPILL = 1.18
"""The disc reaches beyond the lid margin by this factor, so that widened eyes show no hole."""
EYEBALL_RADIUS_CM = 1.2
"""Anatomical mean; one degree of gaze moves the iris by 0.21 mm."""
EYEBALL_PER_IRIS = 2.05
"""Radius of the eyeball over that of the iris (1.2 and 0.585 cm): drawn eyes with larger irises turn as far."""
ROOM_SHARE = 0.85
"""How much of the way to a corner of the eye its iris may go."""
UPRIGHT_MOST = 0.8
"""How far the iris goes up or down at most, in its radii: the lids go with it."""


@dataclass(frozen=True, eq=False)
class EyePlug:
    """Disc of concentric rings inside one lid margin: the eye, and round it the rim that stays with the lids."""

    points: FloatArray
    """[shape=(V, 3)] x, y, depth in photo pixels."""
    triangles: IntArray
    texture: FloatArray
    """Photo pixel of each point at rest [shape=(V, 2)]."""
    window: FloatArray
    """How far gaze moves the texture of an eye that only warps: 1 in the middle, 0 at the lids [shape=(V, 1)]."""
    turning: int
    """Points up to this one are the eye, which turns."""
    eye: Eye
    along: FloatArray
    """Unit vector from corner to corner in the picture, to the right [shape=(2,)]."""
    corners: tuple[float, float]
    """Where these are on the line along it, from the middle of the iris, in pixels."""
    sheet_px: float | None
    """How far below the photo the eyes lie in the texture, in photo pixels; None where they only warp."""

    def uv(self, gaze_deg: FloatArray) -> FloatArray:
        """Return the photo pixel of each point for a gaze (right, up) in degrees [shape=(V, 2)]."""
        if not np.any(gaze_deg):
            return self.texture
        shift = np.radians(gaze_deg) * np.float32([1.0, -1.0]) * np.float32(EYEBALL_PER_IRIS * self.eye.radius)
        if self.sheet_px is None:
            return np.asarray(self.texture - self.window * shift, np.float32)
        out = self.texture.copy()
        out[: self.turning] = self._turned(shift) + np.float32([0.0, self.sheet_px])
        return out

    def _turned(self, shift: FloatArray) -> FloatArray:
        """The iris goes as a whole; the white between it and the corners is stretched or pressed together."""
        radius, (left, right) = self.eye.radius, self.corners
        axes = np.stack([self.along, np.float32([-self.along[1], self.along[0]])], axis=1)
        across, upright = shift @ axes
        across = np.clip(across, min(0.0, ROOM_SHARE * (left + radius)), max(0.0, ROOM_SHARE * (right - radius)))
        upright = np.clip(upright, -UPRIGHT_MOST * radius, UPRIGHT_MOST * radius)
        place = (self.texture[: self.turning] - self.eye.centre) @ axes
        drawn = (min(left, across - radius), across - radius, across + radius, max(right, across + radius))
        source = np.interp(place[:, 0], drawn, (drawn[0], -radius, radius, drawn[3]))
        share = np.interp(place[:, 0], drawn, (0.0, 1.0, 1.0, 0.0))
        moved = np.stack([source, place[:, 1] - share * upright], axis=1) @ axes.T
        return np.asarray(self.eye.centre + moved, np.float32)


def build_plug(margin: IntArray, source_px: FloatArray, eye: Eye, sheet_px: float | None) -> EyePlug:
    """Fill the closed lid margin (vertex numbers in order) of a face lying on the photo.

    Parameters
    ----------
    margin : IntArray
        Vertices of the margin, in order round the eye.
    source_px : FloatArray
        Where the vertices lie in the photo [shape=(N, 3)].
    eye : Eye
        The iris.
    sheet_px : float or None
        How far below the photo the whole eyes lie in the texture, in photo pixels; None where the lids of a
        drawing are not where its eyes end: these only warp.
    """
    loop = source_px[margin]
    if _runs_clockwise(loop):  # it would show its back, which is not drawn
        loop = loop[::-1]
    centre = loop.mean(axis=0)
    # The rim begins where the eye ends, with points of its own: only these stay.
    share = np.r_[np.linspace(0.0, KEPT_SHARE, RINGS), KEPT_SHARE, (1.0 + KEPT_SHARE) / 2, 1.0, SPILL]
    points = centre + share[:, None, None] * (loop - centre)
    texture = points[..., :2].copy()
    texture[-1] = loop[:, :2]
    count = len(margin)
    triangles = []
    for r in (*range(RINGS - 1), *range(RINGS, len(share) - 1)):
        a = r * count + np.arange(count)
        b = r * count + (np.arange(count) + 1) % count
        triangles += [np.stack([a, a + count, b + count], 1), np.stack([a, b + count, b], 1)]
    window = np.repeat(np.clip(1.0 - share**2, 0.0, 1.0) ** 0.75, count).astype(np.float32)[:, None]
    along = _along(loop[:, :2])
    places = (loop[:, :2] - eye.centre) @ along
    return EyePlug(
        points.reshape(-1, 3).astype(np.float32), np.concatenate(triangles).astype(np.int32),
        texture.reshape(-1, 2).astype(np.float32), window, RINGS * count, eye, along, (float(places.min()), float(places.max())), sheet_px)


def _runs_clockwise(loop: FloatArray) -> bool:
    """Tell the direction of an outline in the picture, as the viewer sees it."""
    after = np.roll(loop, -1, axis=0)
    return bool((loop[:, 0] * after[:, 1] - loop[:, 1] * after[:, 0]).sum() > 0)


def _along(loop: FloatArray) -> FloatArray:
    """Return the direction in which a lid margin is longest, to the right."""
    _, _, axes = np.linalg.svd(loop - loop.mean(axis=0), full_matrices=False)
    return np.asarray(axes[0] * (1.0 if axes[0, 0] >= 0 else -1.0), np.float32)
