"""Does the drawn face sit in the photo: sharpness, seams, untouched surroundings."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..lazy import cv2
from ..types import UInt8Array
from .landmarks import Points

CHANGE_LEVELS = 3.0
"""Smaller differences from the source are rounding and encoder noise."""
CLOSE_PX = 15
"""Gaps up to this between changed pixels belong to the changed region."""
RING_PX = 5
"""Width of the ring around the changed region in which an edge is looked for."""
CHANGE_MIN_PX = 200


def face_region(points: Points, shape: tuple[int, ...]) -> npt.NDArray[np.bool_]:
    """Return True inside the convex hull of the landmarks, less its edge [shape=(H, W)]."""
    hull = cv2.convexHull(np.round(points[:, :2]).astype(np.int32))
    mask = np.zeros(shape[:2], np.uint8)
    cv2.fillConvexPoly(mask, hull, 1)
    side = 2 * max(1, round(0.01 * float(np.ptp(points[:, 0])))) + 1
    return np.asarray(cv2.erode(mask, np.ones((side, side), np.uint8)) > 0)


def sharpness(image: UInt8Array, region: npt.NDArray[np.bool_]) -> float:
    """Return the variance of the Laplacian of the brightness inside a region (Pech-Pacheco et al. 2000)."""
    grey = cv2.cvtColor(np.ascontiguousarray(image), cv2.COLOR_RGB2GRAY)
    return float(cv2.Laplacian(grey, cv2.CV_32F)[region].var())


def seam(frame: UInt8Array, source: UInt8Array) -> float:
    """Return how visible the border of an edit is: 0 not at all, a hard paste gives above 2.

    Gradient of the difference to the source in a ring around the changed region, over the gradient that
    the source has there itself (plus one level, so that flat backgrounds do not divide by zero).
    """
    difference, second = _difference(frame, source)
    ring = changed_border(frame, source)
    if not ring.any():
        return 0.0
    own = np.asarray(cv2.GaussianBlur(second, (3, 3), 0), np.float32)
    return float(gradient(difference)[ring].mean() / (gradient(own)[ring].mean() + 1.0))


def changed_border(frame: UInt8Array, source: UInt8Array) -> npt.NDArray[np.bool_]:
    """Return True in a narrow ring around what an edit has changed; nowhere if that is next to nothing [shape=(H, W)]."""
    kernel = np.ones((CLOSE_PX, CLOSE_PX), np.uint8)
    levels = np.abs(_difference(frame, source)[0])
    changed = cv2.morphologyEx((levels > CHANGE_LEVELS).astype(np.uint8), cv2.MORPH_CLOSE, kernel)
    if int(changed.sum()) < CHANGE_MIN_PX:
        return np.zeros(changed.shape, bool)
    disc = np.ones((RING_PX, RING_PX), np.uint8)
    return np.asarray(cv2.dilate(changed, disc) > cv2.erode(changed, disc))


def _difference(frame: UInt8Array, source: UInt8Array) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    first, second = (grey(p) for p in (frame, source))
    return np.asarray(cv2.GaussianBlur(first - second, (3, 3), 0), np.float32), second


def hard_paste(source: UInt8Array, mask: npt.NDArray[np.bool_], levels: float = 25.0) -> UInt8Array:
    """Return the source with a region brightened or darkened without any transition: the control of `seam`."""
    pasted = source.astype(np.float32)
    # Towards mid-grey, so that little clips and the step has its full height.
    pasted[mask] += levels if float(pasted[mask].mean()) < 128.0 else -levels
    return np.asarray(np.clip(pasted, 0, 255), np.uint8)


def changed_outside(frame: UInt8Array, source: UInt8Array, mask: UInt8Array) -> int:
    """Count the pixels outside a mask (0 is outside) that are not exact copies of the source."""
    differs = np.any(frame != source, axis=2)
    return int(np.count_nonzero(differs & (mask == 0)))


def grey(image: UInt8Array) -> npt.NDArray[np.float32]:
    """Return the brightness in levels [shape=(H, W)]."""
    return np.asarray(cv2.cvtColor(np.ascontiguousarray(image), cv2.COLOR_RGB2GRAY), np.float32)


def gradient(grey: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return how steep the brightness is, in levels over two pixels [shape=(H, W)]."""
    # Sobel's weights add up to 4 a side over two pixels: a quarter gives levels over that distance.
    across, down = (cv2.Sobel(grey, cv2.CV_32F, dx, 1 - dx, scale=0.25) for dx in (1, 0))
    return np.asarray(np.hypot(across, down), np.float32)
