"""Texture for the neck that a rising chin bares: borrowed from just below the chin's contour.

`photo_head.occlusion` does this once for a photo, with all the mesh and at leisure; here every frame needs it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...pipeline_core.compiled import compiled
from ...pipeline_core.types import FloatArray
from ..photo_head.fit import Pose
from ..photo_head.head_model import HeadModel
from ..photo_head.occlusion import CONTOUR_CM, HIDDEN_CM, NECK_TOP_CM, RIM_CM
from ..photo_head.ramp import smoothstep
from ..photo_head.raster import rasterize
from .region import LowerFace

DETAIL_PX_PER_CM = 12.0
"""Resolution at which hidden skin is looked for: a millimetre decides nothing in the shade under a chin."""
REACH_CM = 4.0
STEP_CM = 0.1
BESIDE_CM = (3.2, 5.0)
"""To the sides of the mean head's middle, where below the jaw there is hair and background instead of the neck."""


class Neck:
    """The neck of one head."""

    def __init__(self, model: HeadModel, face: LowerFace) -> None:
        below = model.vertices[face.drawn, 1] < NECK_TOP_CM
        self._neck = face.drawn[below & (model.rim_distance_cm[face.drawn] > 0)]
        beside = np.abs(model.vertices[self._neck, 0])
        self._inside = smoothstep(model.rim_distance_cm[self._neck] / RIM_CM)
        self._inside *= smoothstep((BESIDE_CM[1] - beside) / (BESIDE_CM[1] - BESIDE_CM[0]))
        low = model.vertices[:, 1] < NECK_TOP_CM + 3.0
        self._triangles = np.ascontiguousarray(face.triangles[low[face.triangles].all(axis=1)])
        self._used = np.unique(self._triangles)

    def texture(self, source_px: FloatArray, pose: Pose) -> FloatArray:
        """Return the frame's pixel that textures each vertex [shape=(N, 2)].

        Parameters
        ----------
        source_px : FloatArray
            Vertices on the frame: x, y, depth [shape=(N, 3), px].
        pose : Pose
            Gives the scale and what is down.
        """
        uv = source_px[:, :2].copy()
        detail = np.float32(DETAIL_PX_PER_CM / pose.scale)
        small = source_px * detail
        used = small[self._used, :2]
        origin = np.floor(used.min(axis=0)) - 1.0
        columns, rows = np.ceil(used.max(axis=0) - origin).astype(int) + 2
        nearest = np.full((rows, columns), -np.inf, np.float32)
        rasterize(np.ascontiguousarray(small[:, :2] - origin, np.float32), np.ascontiguousarray(small[:, 2]),
                  self._triangles, np.zeros((len(small), 0), np.float32), nearest,
                  np.zeros((rows, columns, 0), np.float32), np.zeros((rows, columns), np.int32), 0, True)  # fmt: skip
        down = np.array([-pose.rotation[0, 1], pose.rotation[1, 1]], np.float32)
        down /= np.linalg.norm(down) + 1e-6
        steps = np.arange(-CONTOUR_CM, REACH_CM, STEP_CM, dtype=np.float32)
        way = _way_out(nearest, np.ascontiguousarray(small[self._neck] - np.float32([*origin, 0.0])),
                       steps * np.float32(DETAIL_PX_PER_CM) * down[:, None], steps)  # fmt: skip
        uv[self._neck] += (way * self._inside * np.float32(pose.scale))[:, None] * down
        return uv


@compiled()
def _way_out(nearest: Any, places: Any, moves: Any, steps: Any) -> Any:
    """Return how far each place is from what it could borrow, in cm [shape=(V,)]; 0 where it is seen itself.

    What hides it begins at the place or just above, within the shade of the contour; what lies in front of it
    farther down is another part of the neck.
    """
    way = np.zeros(len(places), np.float32)
    for v in range(len(places)):
        hidden = False
        for k in range(len(steps)):
            column = min(max(np.int64(np.rint(places[v, 0] + moves[0, k])), 0), nearest.shape[1] - 1)
            row = min(max(np.int64(np.rint(places[v, 1] + moves[1, k])), 0), nearest.shape[0] - 1)
            behind = nearest[row, column] - places[v, 2] > HIDDEN_CM * DETAIL_PX_PER_CM
            if not hidden and steps[k] > 0.0:
                break
            if hidden and not behind:
                way[v] = steps[k] + CONTOUR_CM
                break
            hidden = hidden or behind
        else:
            way[v] = steps[-1] + CONTOUR_CM
    return way
