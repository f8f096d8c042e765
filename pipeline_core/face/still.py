"""One frame of a video as if it were a photo."""

from __future__ import annotations

import numpy as np

from ..types import FaceTrack, FloatArray, Portrait
from . import geometry
from .overlay import background

LOOKED_AT = 200
"""Frames that are compared; neighbours hardly differ."""
_TURNED_DEG = 30.0
"""A head turned by this much is as bad as a mouth that is wide open, or a find that is not sure at all."""


def as_photo(face: FaceTrack) -> FaceTrack | None:
    """Return the talking face in the frame of a video that suits best as a photo; None where it is never seen.

    A photo is returned as it is.
    """
    if face.portrait is not None:
        return face
    points = face.landmarks_px[:, face.selected]
    seen = np.flatnonzero(np.isfinite(points).all(axis=(1, 2)))
    if not len(seen) or face.video is None:
        return None
    some = seen[np.linspace(0, len(seen) - 1, min(len(seen), LOOKED_AT)).round().astype(int)]
    best = max(some.tolist(), key=lambda i: _fitness(points[i], float(face.score_ratio[i, face.selected])))
    return FaceTrack(width_px=face.width_px, height_px=face.height_px, landmarks_px=points[best][None, None],
                     score_ratio=face.score_ratio[best, face.selected].reshape(1, 1), face_ids=(0,),
                     portrait=Portrait(background(face, best), source="video"), found_by=face.found_by)


def _fitness(points: FloatArray, score_ratio: float) -> float:
    """Return how well a frame suits: sure, from the front, mouth closed and eyes open."""
    angles = geometry.head_angles(points)
    turned = float(np.hypot(angles.yaw_deg, angles.pitch_deg)) / _TURNED_DEG
    return score_ratio + min(geometry.eye_openings(points)) - turned - geometry.mouth_opening(points)
