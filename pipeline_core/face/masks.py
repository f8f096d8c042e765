"""Soft-edged masks of the face and the mouth, from landmarks alone."""

from __future__ import annotations

import numpy as np

from ..lazy import cv2
from ..types import FaceTrack, FloatArray, UInt8Array
from .geometry import LIPS_OUTER, OVAL, face_width_px

FACE_EDGE, MOUTH_EDGE = 0.02, 0.012
"""Standard deviation of the edge's blur, as a share of the face width."""
MOUTH_MARGIN = 0.03
"""How far the mouth mask reaches beyond the lips, as a share of the face width."""
_SUBPIXEL_BITS = 4


def face_mask(face: FaceTrack) -> UInt8Array:
    """Return 255 inside the oval of the face that talks, 0 outside [shape=(H, W)].

    Of a video, the first frame that shows the face. Without one the mask is empty.
    """
    return _mask(face, OVAL, 0.0, FACE_EDGE)


def mouth_mask(face: FaceTrack) -> UInt8Array:
    """Return 255 on the lips, what lies between them and a narrow margin, 0 elsewhere [shape=(H, W)]."""
    return _mask(face, LIPS_OUTER, MOUTH_MARGIN, MOUTH_EDGE)


def first_seen(face: FaceTrack) -> tuple[int, FloatArray] | None:
    """Return the first frame that shows the selected face, and its landmarks [shape=(478, 3)]."""
    if not face.landmarks_px.shape[1]:
        return None
    track = face.landmarks_px[:, face.selected]
    seen = np.flatnonzero(np.isfinite(track).all(axis=(1, 2)))
    return (int(seen[0]), np.asarray(track[seen[0]])) if len(seen) else None


def _mask(face: FaceTrack, outline: tuple[int, ...], margin: float, edge: float) -> UInt8Array:
    mask = np.zeros((face.height_px, face.width_px), np.uint8)
    seen = first_seen(face)
    if seen is None:
        return mask
    points = seen[1]
    width = face_width_px(points)
    reach, sigma = margin * width, max(edge * width, 0.5)
    polygon = points[list(outline), :2]
    # Only the surroundings of the outline are drawn and blurred: pictures may have 100 megapixels.
    border = int(reach + 4 * sigma) + 2
    low = np.floor(polygon.min(axis=0)).astype(int) - border
    high = np.ceil(polygon.max(axis=0)).astype(int) + border + 1
    patch = np.zeros((high[1] - low[1], high[0] - low[0]), np.uint8)
    fixed = np.round((polygon - low) * (1 << _SUBPIXEL_BITS)).astype(np.int32)
    cv2.fillPoly(patch, [fixed], 255, cv2.LINE_AA, _SUBPIXEL_BITS)
    if reach >= 1:
        side = 2 * round(reach) + 1
        patch = np.asarray(cv2.dilate(patch, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))))
    patch = np.asarray(cv2.GaussianBlur(patch, (0, 0), sigma))
    top_left = np.clip(low, 0, (face.width_px, face.height_px))
    bottom_right = np.clip(high, 0, (face.width_px, face.height_px))
    (x0, y0), (x1, y1) = top_left, bottom_right
    mask[y0:y1, x0:x1] = patch[y0 - low[1] : y1 - low[1], x0 - low[0] : x1 - low[0]]
    return mask
