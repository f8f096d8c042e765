"""Where to look for a face, and the crops that the face networks eat.

All sampling maps corner to corner: output pixel i shows the source at ``i / size`` of the region,
without half-pixel centres. The networks were trained and are run by Google that way; centred
sampling moves the landmarks by a pixel on average.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...pipeline_core.lazy import cv2
from ...pipeline_core.types import FloatArray, UInt8Array

ROI_SCALE = 1.5
"""Side of the landmark crop relative to the detector's box (MediaPipe's face landmarker)."""
SUPPRESS_IOU = 0.3
"""Boxes that overlap more than this show one face (MediaPipe's face detector)."""
SURE_SCORE = 0.5
"""MediaPipe's threshold for the detector and for the landmark network's face presence."""
FLOOR_SCORE = 0.2
"""Candidates below are not looked at; between floor and sure they count if the caller asks."""


@dataclass(frozen=True)
class Region:
    """A rotated square in a picture, in pixels."""

    x: float
    y: float
    side: float
    angle: float = 0.0
    """Clockwise, radians."""

    def to_picture(self, points: FloatArray, size: int) -> FloatArray:
        """Map points of a crop of `size` pixels to the picture [shape=(..., 2 or 3)]; z only grows."""
        scale = self.side / size
        cos, sin = np.cos(self.angle) * scale, np.sin(self.angle) * scale
        u, v = points[..., 0] - size / 2, points[..., 1] - size / 2
        columns = [self.x + cos * u - sin * v, self.y + sin * u + cos * v]
        if points.shape[-1] == 3:
            columns.append(points[..., 2] * scale)
        return np.stack(columns, -1).astype(np.float32)


def crop(image: UInt8Array, region: Region, size: int, border: int) -> UInt8Array:
    """Sample a region of an RGB picture bilinearly [shape=(size, size, 3)]; `border` is cv2's mode."""
    scale = region.side / size
    cos, sin = np.cos(region.angle) * scale, np.sin(region.angle) * scale
    half = size / 2
    matrix = np.array([[cos, -sin, region.x - (cos - sin) * half], [sin, cos, region.y - (sin + cos) * half]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(image, matrix, (size, size), flags=flags, borderMode=border), dtype=np.uint8)


def whole(image: UInt8Array, scale: float = 1.0) -> Region:
    """Return the square around the middle of a picture; `scale` above 1 leaves a margin."""
    height, width = image.shape[:2]
    return Region(width / 2, height / 2, max(width, height) * scale)


def tiles(image: UInt8Array, parts: int, overlap: float) -> list[Region]:
    """Return squares of 1/`parts` of the longer side that cover the picture and overlap by that share."""
    height, width = image.shape[:2]
    side = max(width, height) / parts
    step = side * (1 - overlap)

    def centres(length: int) -> FloatArray:
        count = max(1, int(np.ceil((length - side) / step)) + 1)
        first = min(side, length) / 2
        return np.linspace(first, length - first, count, dtype=np.float32)

    return [Region(float(x), float(y), side) for y in centres(height) for x in centres(width)]


def _overlap(boxes: FloatArray, box: FloatArray) -> FloatArray:
    """Return intersection over union of boxes (x, y, width, height: centre and size)."""
    low = np.maximum(boxes[:, :2] - boxes[:, 2:4] / 2, box[:2] - box[2:4] / 2)
    high = np.minimum(boxes[:, :2] + boxes[:, 2:4] / 2, box[:2] + box[2:4] / 2)
    shared = np.prod(np.maximum(high - low, 0.0), axis=1)
    union = boxes[:, 2] * boxes[:, 3] + box[2] * box[3] - shared
    return np.asarray(shared / np.maximum(union, 1e-9), dtype=np.float32)


def weighted_suppression(boxes: FloatArray, scores: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Merge boxes of one face into their mean, weighted by score (MediaPipe's "weighted" mode).

    Parameters
    ----------
    boxes : FloatArray
        Centre, size and key points [shape=(N, 16)].
    scores : FloatArray
        Scores [shape=(N,)].
    """
    merged: list[FloatArray] = []
    kept: list[float] = []
    order = np.argsort(-scores, kind="stable")
    boxes, scores = boxes[order], scores[order]
    while len(boxes):
        same = _overlap(boxes, boxes[0]) > SUPPRESS_IOU
        same[0] = True
        merged.append(np.average(boxes[same], axis=0, weights=scores[same]))
        kept.append(float(scores[0]))
        boxes, scores = boxes[~same], scores[~same]
    return np.asarray(merged, np.float32).reshape(-1, 16), np.asarray(kept, np.float32)


def candidates(boxes: FloatArray, scores: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return sure faces merged among themselves, then doubtful ones elsewhere, both sure first.

    Doubtful boxes must not pull at sure ones: the crops would differ from MediaPipe's.
    """
    sure = scores >= SURE_SCORE
    found, found_scores = weighted_suppression(boxes[sure], scores[sure])
    doubtful = ~sure & (scores >= FLOOR_SCORE)
    rest, rest_scores = boxes[doubtful], scores[doubtful]
    for box in found:
        apart = _overlap(rest, box) <= SUPPRESS_IOU
        rest, rest_scores = rest[apart], rest_scores[apart]
    rest, rest_scores = weighted_suppression(rest, rest_scores)
    return np.concatenate([found, rest]), np.concatenate([found_scores, rest_scores])


def face_region(box: FloatArray) -> Region:
    """Return the upright square around a face, from its box and its two eyes [shape=(16,), pixels]."""
    right_eye, left_eye = box[4:6], box[6:8]
    angle = float(np.arctan2(left_eye[1] - right_eye[1], left_eye[0] - right_eye[0]))
    return Region(float(box[0]), float(box[1]), float(max(box[2], box[3])) * ROI_SCALE, angle)
