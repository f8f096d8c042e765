"""The tint of a photo without colours: black and white, sepia, duotone. The inside of the mouth takes it too."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from ...pipeline_core.types import FloatArray, UInt8Array

FACE_LANDMARKS = 468
"""Without the irises."""
_FACE_PX = 32
"""Faces are looked at in this size: what noise and compression add to the colours is mostly gone by then."""
_TONED, _COLOURED = 0.018, 0.036
"""Spread of the colours of equally bright places, relative to the face's brightness. Sepia has less than
0.01, as a JPEG of middling quality 0.01 to 0.025; ordinary photos have 0.048 and more."""
_DARK_LEVEL = 60.0
"""Darker faces are measured as if they were this bright: rounding alone spreads their colours."""
_LUMA = (0.299, 0.587, 0.114)
_BINS = 32
"""Brightnesses that are told apart."""


@dataclass(frozen=True, eq=False)
class PhotoTone:
    """What colour a photo gives to each brightness, and how strictly it keeps to that."""

    share: float
    """1 for a photo in which brightness alone decides the colour, 0 for an ordinary one."""
    level: FloatArray
    """Brightnesses found on the face, increasing [shape=(N,), 0..255]."""
    tint: FloatArray
    """Red less green and blue less green at these [shape=(N, 2), levels]."""

    @classmethod
    def of(cls, photo: UInt8Array, landmarks_px: FloatArray) -> PhotoTone:
        """Look at the face in a photo.

        Parameters
        ----------
        photo : ndarray
            RGB [shape=(H, W, 3)].
        landmarks_px : ndarray
            MediaPipe landmarks in pixels of the photo [shape=(>= 468, 2 or 3)].
        """
        pixels = _face_pixels(photo, landmarks_px)
        if not len(pixels):
            return cls(0.0, np.zeros(1, np.float32), np.zeros((1, 2), np.float32))
        luma = _luma(pixels)
        # Differences from green are exactly 0 where there is no colour.
        tints = pixels[:, (0, 2)] - pixels[:, 1:2]
        bins = np.minimum((luma * (_BINS / 256)).astype(int), _BINS - 1)
        used = np.unique(bins)
        level = np.array([luma[bins == k].mean() for k in used], np.float32)
        tint = np.array([np.median(tints[bins == k], axis=0) for k in used], np.float32)
        off = tints - tint[np.searchsorted(used, bins)]
        spread = float(np.sqrt((off**2).sum(axis=1).mean())) / max(float(luma.mean()), _DARK_LEVEL)
        share = float(np.clip((_COLOURED - spread) / (_COLOURED - _TONED), 0.0, 1.0))
        return cls(share, level, tint)

    def applied(self, rgb: FloatArray) -> FloatArray:
        """Return colours as the photo would show them; those of an ordinary photo stay as they are.

        Parameters
        ----------
        rgb : ndarray
            Levels 0..255 [shape=(N, 3)].
        """
        if self.share == 0.0:
            return rgb
        luma = _luma(rgb)
        red, blue = (np.interp(luma, self.level, self.tint[:, k]).astype(np.float32) for k in range(2))
        green = luma - np.float32(_LUMA[0]) * red - np.float32(_LUMA[2]) * blue
        toned = np.clip(np.stack([green + red, green, green + blue], axis=1), 0.0, 255.0)
        if self.share == 1.0:
            return np.asarray(toned, np.float32)
        return np.asarray(rgb + np.float32(self.share) * (toned - rgb), np.float32)


def _luma(rgb: FloatArray) -> FloatArray:
    return np.asarray(rgb @ np.array(_LUMA, np.float32), np.float32)


def _face_pixels(photo: UInt8Array, landmarks_px: FloatArray) -> FloatArray:
    """Return the face's pixels, of a small copy [shape=(N, 3), levels]."""
    points = np.ascontiguousarray(np.asarray(landmarks_px)[:FACE_LANDMARKS, :2], np.float32)
    if not np.isfinite(points).all():
        return np.zeros((0, 3), np.float32)
    hull = cv2.convexHull(points).reshape(-1, 2)
    left, top = np.maximum(np.floor(hull.min(axis=0)), 0).astype(int)
    right, bottom = np.maximum(np.ceil(hull.max(axis=0)), 0).astype(int) + 1
    crop = photo[top:bottom, left:right]
    if crop.size == 0:
        return np.zeros((0, 3), np.float32)
    mask = np.zeros(crop.shape[:2], np.uint8)
    cv2.fillConvexPoly(mask, np.int32(np.round(hull - np.float32([left, top]))), 1)
    scale = min(1.0, _FACE_PX / max(mask.shape))
    size = (max(1, round(mask.shape[1] * scale)), max(1, round(mask.shape[0] * scale)))
    small = cv2.resize(crop, size, interpolation=cv2.INTER_AREA)
    inside = cv2.resize(mask, size, interpolation=cv2.INTER_NEAREST) > 0
    return np.asarray(small[inside], np.float32)
