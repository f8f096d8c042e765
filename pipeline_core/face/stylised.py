"""Tell drawn characters whose eyes are larger than a human's.

The landmark network knows human eyes; on cartoons it puts the lower lid across the iris, so that
a blink would stop half-way.
"""

from __future__ import annotations

import numpy as np

from ..lazy import cv2
from ..types import FloatArray, UInt8Array

NOT_SKIN = 22.0
"""Difference of Lab colours from the cheek below at which a pixel still belongs to the eye."""
LARGE_EYE = 0.25
"""Both eyes must go on for this share of their width below the landmarks. Measured: 0.40 and 0.50
on a 3D cartoon, 0.12 at most on 14 photographs and paintings."""
_LOWER_LIDS = {
    "right": (33, (7, 163, 144, 145, 153, 154, 155), 133),
    "left": (263, (249, 390, 373, 374, 380, 381, 382), 362),
}
"""Outer corner, lower lid, inner corner (MediaPipe numbering)."""
_RAY = np.linspace(0.0, 1.4, 57)
"""Places below the lid that are looked at, in eye widths."""


def has_oversized_eyes(image: UInt8Array, points: FloatArray) -> bool:
    """Tell whether both eyes go on below the lower lids that the landmarks show.

    Parameters
    ----------
    image : UInt8Array
        RGB [shape=(H, W, 3)].
    points : FloatArray
        MediaPipe landmarks in pixels [shape=(478, 3)].
    """
    width = float(np.ptp(points[:468, 0]))
    # All that is looked at lies on the face; a large photo around it would only take memory.
    eyes = points[[k for outer, lower, inner in _LOWER_LIDS.values() for k in (outer, *lower, inner)], :2]
    limits = np.array([image.shape[1], image.shape[0]])
    low = np.clip(np.floor(eyes.min(axis=0) - width / 2).astype(int), 0, limits)
    high = np.clip(np.ceil(eyes.max(axis=0) + width / 2).astype(int), 0, limits)
    if (low >= high).any():
        return False
    image, points = image[low[1] : high[1], low[0] : high[0]], points[:, :2] - low.astype(np.float32)
    soft = cv2.GaussianBlur(image, (0, 0), max(0.5, width / 250.0))
    lab = np.asarray(cv2.cvtColor(soft.astype(np.float32) / np.float32(255), cv2.COLOR_RGB2Lab), np.float32)
    return min(_eye_below_lid(lab, points[:, :2], side) for side in _LOWER_LIDS) >= LARGE_EYE


def _eye_below_lid(lab: FloatArray, points: FloatArray, side: str) -> float:
    """How far the eye's colours go on below the lower lid, in eye widths."""
    outer, lower, inner = _LOWER_LIDS[side]
    along = points[inner] - points[outer]
    width = float(np.linalg.norm(along)) + 1e-6
    down = np.array([-along[1], along[0]], np.float32) / width
    if down @ (points[152] - points[10]) < 0:
        down = -down
    found = []
    for k in lower:
        ray = np.asarray(points[k] + _RAY[:, None] * width * down, np.float32)
        colours = cv2.remap(lab, ray[None, :, 0], ray[None, :, 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)[0]
        cheek = np.median(colours[_RAY > 0.9], axis=0)
        eye = np.linalg.norm(colours - cheek, axis=1)[(_RAY > 0.03) & (_RAY < 0.8)] > NOT_SKIN
        found.append(float(eye.argmin() if not eye.all() else len(eye)) * float(_RAY[1]))
    return float(np.median(found))
