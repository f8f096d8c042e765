"""The eyes without their lids: what the photo shows of them, painted on to where lids cover them, so that they can turn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from ...pipeline_core.types import FloatArray, UInt8Array
from .ramp import smoothstep
from .textures import TEXTURE_SCALE, doubled

IRIS_POINTS = ((473, 474, 475, 476, 477), (468, 469, 470, 471, 472))
"""Middle and outline of the left and the right iris among the landmarks."""
KEPT_SHARE = 0.82
"""Share of the lid opening, from its middle outwards, that is the eye's own; beyond lie lashes and their shade."""
REACH = 0.9
"""How far beyond the opening the eye is painted, in radii of the iris."""
GAP_PX = 16
"""Rows between the photo and the eyes in the texture: what is sampled below a photo's edge is that edge."""
JOIN_REACH = 0.3
"""Within this distance of the eye's own pixels what is painted takes over their tone, in radii of the iris."""
IRIS_RIM = 1.08
"""The iris' dark rim ends here, in radii."""
WHITE_BLURS = ((0.35, 1.0), (0.9, 0.05), (2.5, 0.001))
"""How wide the white of the eye is spread, in radii of the iris, and with which weight: what is near counts most."""


@dataclass(frozen=True, eq=False)
class Eye:
    """One eye in the photo."""

    centre: FloatArray
    """Of the iris [shape=(2,), px]."""
    radius: float
    """Of the iris, in pixels."""


@dataclass(frozen=True, eq=False)
class EyeSheet:
    """Rows of the photo in which both eyes are whole."""

    rows: UInt8Array
    """[shape=(h, W, 3)]"""
    top: int
    """Row of the photo at which they begin."""
    eyes: tuple[Eye, Eye]
    """Left, right."""

    def offset_px(self, height_px: int) -> float:
        """Return how far below their place in a photo of this height the eyes lie in its texture, in photo pixels."""
        return float(height_px + GAP_PX - self.top)

    def below(self, texture: UInt8Array) -> UInt8Array:
        """Return a doubled photo with the eyes under it."""
        gap = np.repeat(texture[-1:], TEXTURE_SCALE * GAP_PX, axis=0)
        return np.concatenate([texture, gap, doubled(self.rows)])

    def opacity_below(self, alpha: UInt8Array) -> UInt8Array:
        """Return a doubled opacity that fits `below`: the eyes have that of their place in the photo."""
        gap = np.repeat(alpha[-1:], TEXTURE_SCALE * GAP_PX, axis=0)
        first = TEXTURE_SCALE * self.top
        return np.concatenate([alpha, gap, alpha[first : first + TEXTURE_SCALE * len(self.rows)]])


def paint_eyes(image: UInt8Array, margins: Sequence[FloatArray], landmarks_px: FloatArray) -> EyeSheet:
    """Paint what the lids cover.

    Parameters
    ----------
    image : UInt8Array
        The photo.
    margins : sequence of FloatArray
        Where the lids of the left and the right eye begin, in order round the eye [shape=(n, 2), px].
    landmarks_px : FloatArray
        [shape=(478, 3)]
    """
    eyes = (_eye(landmarks_px, IRIS_POINTS[0]), _eye(landmarks_px, IRIS_POINTS[1]))
    boxes = [_box(margin, REACH * eye.radius, image.shape) for margin, eye in zip(margins, eyes, strict=True)]
    top, bottom = min(box[1] for box in boxes), max(box[3] for box in boxes)
    rows = image[top:bottom].copy()
    for (left, first, right, last), margin, eye in zip(boxes, margins, eyes, strict=True):
        rows[first - top : last - top, left:right] = _whole(
            image[first:last, left:right], margin - np.float32([left, first]), eye.centre - np.float32([left, first]), eye.radius)
    return EyeSheet(rows, top, eyes)


def kept(margin: FloatArray, share: float = KEPT_SHARE) -> FloatArray:
    """Return the outline of the part of the opening that is the eye's own."""
    centre = margin.mean(axis=0)
    return np.asarray(centre + share * (margin - centre), np.float32)


def _eye(landmarks_px: FloatArray, points: tuple[int, ...]) -> Eye:
    middle, outline = landmarks_px[points[0], :2], landmarks_px[list(points[1:]), :2]
    # The larger diameter: of an eye that is seen from the side the other one is foreshortened.
    sides = np.linalg.norm(outline[:2] - outline[2:], axis=1)
    return Eye(np.asarray(middle, np.float32), max(1.0, float(sides.max()) / 2.0))


def _box(margin: FloatArray, reach: float, shape: tuple[int, ...]) -> tuple[int, int, int, int]:
    """Return left, top, right, bottom of the part that is painted, at least 2 x 2 pixels of the picture."""
    size = np.array([shape[1], shape[0]])
    low = np.clip(np.floor(margin.min(axis=0) - reach).astype(int), 0, size - 2)
    high = np.clip(np.ceil(margin.max(axis=0) + reach).astype(int) + 1, low + 2, size)
    return int(low[0]), int(low[1]), int(high[0]), int(high[1])


def _whole(crop: UInt8Array, margin: FloatArray, centre: FloatArray, radius: float) -> UInt8Array:
    """Return the crop with the eye continued beyond the lids."""
    own = np.zeros(crop.shape[:2], np.uint8)
    cv2.fillPoly(own, [np.int32(np.round(kept(margin) * 16))], 1, cv2.LINE_8, 4)
    y, x = np.mgrid[: crop.shape[0], : crop.shape[1]].astype(np.float32)
    away = np.hypot(x - centre[0], y - centre[1]) / np.float32(radius)
    colours = crop.astype(np.float32)
    white = _white(colours, own, away, radius)
    iris = _iris(colours, own, away, centre, white)
    edge = smoothstep((np.float32(IRIS_RIM) - away) / np.float32(IRIS_RIM - 0.92))[..., None]
    painted = _joined(white + edge * (iris - white), colours, own, radius)
    # The neighbours of the eye's own pixels stay too: sampling between pixels must not reach what is painted.
    known = cv2.dilate(own, np.ones((3, 3), np.uint8))[..., None]
    return np.asarray(np.where(known, crop, np.clip(np.round(painted), 0, 255)), np.uint8)


def _joined(painted: FloatArray, colours: FloatArray, own: UInt8Array, radius: float) -> FloatArray:
    """Let what is painted begin with the tones of the eye's own edge."""
    reach = max(1.0, JOIN_REACH * radius)
    edge = (own - cv2.erode(own, np.ones((3, 3), np.uint8))).astype(np.float32)
    missing = cv2.GaussianBlur((colours - painted) * edge[..., None], (0, 0), 0.5 * reach)
    missing /= cv2.GaussianBlur(edge, (0, 0), 0.5 * reach)[..., None] + np.float32(1e-6)
    away = cv2.distanceTransform(1 - own, cv2.DIST_L2, 5)
    return np.asarray(painted + missing * np.exp(-away / reach)[..., None], np.float32)


def _white(colours: FloatArray, own: UInt8Array, away: FloatArray, radius: float) -> FloatArray:
    """Spread the white of the eye over everything."""
    trust = ((own > 0) & (away > IRIS_RIM)).astype(np.float32)
    if not trust.any():  # nothing but iris is seen: its brightest pixels stand for the white
        bright = np.percentile(colours[own > 0], 95, axis=0) if own.any() else colours.mean(axis=(0, 1))
        return np.asarray(np.broadcast_to(bright, colours.shape), np.float32)
    fill, total = np.zeros_like(colours), np.full(trust.shape, 1e-12, np.float32)
    for sigma, gain in WHITE_BLURS:
        fill += gain * cv2.GaussianBlur(colours * trust[..., None], (0, 0), sigma * radius)
        total += gain * cv2.GaussianBlur(trust, (0, 0), sigma * radius)
    return np.asarray(fill / total[..., None], np.float32)


def _iris(colours: FloatArray, own: UInt8Array, away: FloatArray, centre: FloatArray, white: FloatArray) -> FloatArray:
    """Continue the iris: what its other half has at the mirrored place, else the mean at that distance."""
    seen = (own > 0) & (away <= IRIS_RIM)
    if not seen.any():
        return white
    ring = np.minimum((away * 12.0).astype(np.int32), 12)
    count = np.bincount(ring[seen], minlength=13)
    means = np.stack([np.bincount(ring[seen], colours[seen][:, k], minlength=13) for k in range(3)], axis=1)
    known = np.flatnonzero(count)
    means = np.stack([np.interp(np.arange(13), known, means[known, k] / count[known]) for k in range(3)], axis=1)
    y, x = np.mgrid[: own.shape[0], : own.shape[1]].astype(np.float32)
    there = 2.0 * np.float32(centre[1]) - y
    mirrored = cv2.remap(colours, x, there, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    share = cv2.remap(seen.astype(np.float32), x, there, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)[..., None]
    around = means[ring].astype(np.float32)
    return np.asarray(around + share * (mirrored - around), np.float32)
