"""The part of the face that is redrawn: from the nose's base to below the chin, from ear to ear."""

from __future__ import annotations

from functools import cached_property

import cv2
import numpy as np

from ...pipeline_core.face.geometry import OVAL
from ...pipeline_core.types import FloatArray, UInt8Array
from ..photo_head.clip_fit import HeadClip
from ..photo_head.deform import RIM_CM, frontal
from ..photo_head.fit import Pose
from ..photo_head.head_model import HeadModel, IntArray
from ..photo_head.layers import Box
from ..photo_head.normals import vertex_normals
from ..photo_head.ramp import smoothstep

_MIDDLE_CM, _CHEEK_CM = 1.6, 3.2
"""Half width of the nose, and where the cheek begins, on the mean head."""
_TOP_CM = ((-1.15, -1.75), (1.5, -1.0))
"""Heights on the mean head between which the change sets in: under the nose, on the cheeks."""
_BOTTOM_CM = (-11.8, -9.0)
"""The same on the neck: an open jaw pulls the skin down to here."""
_NECK_SIDE_CM, _NECK_TOP_CM = (4.0, 5.2), -7.5
"""The sides of the neck, below the jaw, stay where they are."""
_DRAWN_TOP_CM = 2.5
"""Skin up to here is drawn, so that the nose stays in front of the lip."""
NECK_CM = 4.5
"""The area reaches this far below the chin: an open jaw covers the neck, a shut one bares it."""
MARGIN_CM, MARGIN_UP_CM = 1.3, 0.4
"""The head reaches beyond the landmarks' outline at the sides; the eyes above are not to be touched."""
_LOWER_OVAL = OVAL[OVAL.index(323) : OVAL.index(132) + 2]
_UPPER_LINE = (117, 118, 50, 280, 347, 346)
"""Cheeks below the eyes."""
_CHIN = (172, 136, 150, 149, 176, 148, 152, 377, 400, 378, 379, 365, 397)


class LowerFace:
    """Which vertices move, how much, and which pixels that can touch."""

    def __init__(self, model: HeadModel, neutral_cm: FloatArray, rim: float = 1.0) -> None:
        x, y = np.abs(model.vertices[:, 0]), model.vertices[:, 1]
        begin, full = (np.interp(x, (_MIDDLE_CM, _CHEEK_CM), (_TOP_CM[0][k], _TOP_CM[1][k])) for k in range(2))
        weight = smoothstep((begin - y) / (begin - full)) * smoothstep((y - _BOTTOM_CM[0]) / (_BOTTOM_CM[1] - _BOTTOM_CM[0]))
        beside = smoothstep((x - _NECK_SIDE_CM[0]) / (_NECK_SIDE_CM[1] - _NECK_SIDE_CM[0]))
        weight *= 1.0 - beside * smoothstep(_NECK_TOP_CM - y)
        self._still = weight * smoothstep(model.rim_distance_cm / max(0.2, RIM_CM * rim))
        self._lips = np.zeros(len(y), bool)
        self._lips[model.lips.vertices] = True
        self._normals = _even_over_lips(model, vertex_normals(neutral_cm, model.triangles))
        self.moving: IntArray = np.flatnonzero(self._still > 0).astype(np.int32)
        """Vertices that may move."""
        drawn = y < _DRAWN_TOP_CM
        self.triangles: IntArray = np.ascontiguousarray(model.triangles[drawn[model.triangles].all(axis=1)])
        """What is drawn, some of it only because it may lie in front."""

    @cached_property
    def drawn(self) -> IntArray:
        """Vertices of `triangles`."""
        return np.unique(self.triangles).astype(np.int32)

    def weight(self, pose: Pose) -> FloatArray:
        """Return how much each vertex moves, 0..1 [shape=(N, 1)]; less where it is seen from the side."""
        normals = self._normals @ pose.rotation.T
        return np.asarray(self._still * frontal(normals, pose.yaw_deg, self._lips))[:, None]


def _even_over_lips(model: HeadModel, normals: FloatArray) -> FloatArray:
    """Give the lips the normals of the skin around them: what turns in at the corners is not seen from the side."""
    lips, even = model.lips, normals.copy()
    outer = lips.depth == lips.depth.max()
    around = np.zeros((len(lips.margin), 3), np.float32)
    around[lips.place[outer]] = normals[lips.vertices[outer]]
    even[lips.vertices] = around[lips.place]
    return even


def outline_px(clip: HeadClip, frame: int) -> FloatArray:
    """Return the corners of a convex area round everything that can change in a frame [shape=(K, 2)]."""
    points, pose = clip.landmarks_px[frame, :, :2], clip.pose(frame)
    down = np.array([-pose.rotation[0, 1], pose.rotation[1, 1]], np.float32) * np.float32(NECK_CM * pose.scale)
    corners = np.concatenate([points[list(_LOWER_OVAL)], points[list(_UPPER_LINE)], points[list(_CHIN)] + down])
    side, above = MARGIN_CM * pose.scale, MARGIN_UP_CM * pose.scale
    around = np.float32([[-side, -above], [-side, side], [side, -above], [side, side]])
    return np.asarray(cv2.convexHull((corners[:, None] + around).reshape(-1, 2)).reshape(-1, 2), np.float32)


def area_box(clip: HeadClip, frame: int, shape: tuple[int, int]) -> Box:
    """Return the box of that area in a picture with so many rows and columns; it may be empty."""
    outline = outline_px(clip, frame)
    low = np.clip(np.floor(outline.min(axis=0)).astype(int), 0, (shape[1], shape[0]))
    high = np.clip(np.ceil(outline.max(axis=0)).astype(int) + 1, 0, (shape[1], shape[0]))
    return Box(int(low[0]), int(low[1]), int(high[0]), int(high[1]))


def fill_area(mask: UInt8Array, outline: FloatArray, left: int = 0, top: int = 0) -> None:
    """Set the pixels inside an outline to 255; (left, top) is the picture pixel of mask[0, 0]."""
    cv2.fillConvexPoly(mask, np.int32(np.round(outline - np.float32([left, top]))), 255)
