"""Pictures derived from the photo once per person: what the mesh is painted with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from ...pipeline_core.compiled import compiled
from ...pipeline_core.types import FloatArray, UInt8Array
from .contact import lid_follow, lid_region
from .head_model import HeadModel, RingRegion

TEXTURE_SCALE = 2
"""Texture pixels per picture pixel; bilinear sampling of a doubled Lanczos picture keeps the
sharpness of bicubic sampling at a third of its cost."""
EMPHASIS = 0.08
"""Sharpness of a slightly moving face over the photo: 0.78 without, about 0.97 with this, 1.09 with
0.12 (mean Laplacian variance over five faces)."""
LID_DETAIL_PX = 250.0
"""Width of the eye at which the skin of a shut lid, which has no detail, is painted at most."""
LIT_REACH = 0.3
"""How far round the lid the lit skin is looked for, in widths of the eye."""
EYE_RIM = 0.08
"""Width round the eye, in widths of the eye, that is not taken for skin: rims are pink and wet."""
LIT_SHARE = 0.9
"""How much the edge of a shut lid has of its tone: without any the lid of a deep socket is a dark patch."""
LIT_FADE = 0.22
"""Distance from the eye, in its widths, at which the lid has its own tone: at its fold it must not stand out
(both judged by eye on seven faces)."""
WIDE_BLUR_PX = 48.0
GRAIN_SAMPLE_PX = 2_000_000
"""Pixels from which the noise is judged; of larger photos that many, in strips."""
_FOLD_BANDS = (
    (129, 203, 206, 216, 212, 202, 57, 186, 92, 165, 98),
    (358, 423, 426, 436, 432, 422, 287, 410, 322, 391, 327),
)
"""Nasolabial fold and mouth corner of either side, as landmark polygons."""


def doubled(image: UInt8Array) -> UInt8Array:
    """Enlarge twice such that texture pixel (2x, 2y) is exactly picture pixel (x, y).

    The pixels between are Lanczos interpolations over eight neighbours, slightly emphasised
    (half-pixel phase only, which makes a separable filter of it).
    """
    height, width = image.shape[:2]
    taps = np.arange(-3.5, 4.0)
    kernel = np.sinc(taps) * np.sinc(taps / 4.0)
    # Sampling between texture pixels is linear and softens; those between get the emphasis that
    # makes up for it, the photo's own pixels stay as they are.
    kernel = np.convolve(kernel / kernel.sum(), [-EMPHASIS, 1.0 + 2.0 * EMPHASIS, -EMPHASIS])
    none = np.ones(1)
    # What lies between columns, rows, and both.
    between = [cv2.sepFilter2D(image, -1, along_x, along_y, anchor=anchor, borderType=cv2.BORDER_REPLICATE)
               for along_x, along_y, anchor in ((kernel, none, (4, 0)), (none, kernel, (0, 4)), (kernel, kernel, (4, 4)))]
    result = np.empty((2 * height, 2 * width, *image.shape[2:]), np.uint8)
    _interlace(*(part.reshape(height, width, -1) for part in (image, *between)), result.reshape(2 * height, 2 * width, -1))
    return result


@compiled()
def _interlace(own: Any, right: Any, below: Any, across: Any, out: Any) -> None:
    height, width, channels = own.shape
    for y in range(height):
        for x in range(width):
            for k in range(channels):
                out[2 * y, 2 * x, k] = own[y, x, k]
                out[2 * y, 2 * x + 1, k] = right[y, x, k]
                out[2 * y + 1, 2 * x, k] = below[y, x, k]
                out[2 * y + 1, 2 * x + 1, k] = across[y, x, k]


def soften_folds(image: UInt8Array, landmarks_px: FloatArray, amount: float) -> UInt8Array:
    """Fade the smile lines that a removed smile would leave painted on the cheeks.

    Structures between 0.7 mm and 7.5 mm are attenuated: their dark part by `amount`, bright part
    by a quarter of it, colour by 70 %; pores (finer) and the cheek's shading (coarser) stay.
    """
    if amount <= 0.02:
        return image
    cm = float(np.ptp(landmarks_px[:468, 0])) / 14.0
    points = landmarks_px[[i for band in _FOLD_BANDS for i in band], :2]
    low = np.maximum(np.floor(points.min(0) - 2.5 * cm).astype(int), 0)
    high = np.maximum(np.ceil(points.max(0) + 2.5 * cm).astype(int), 0)
    result = image.copy()
    part = result[low[1] : high[1], low[0] : high[0]]
    if part.size:
        part[:] = _softened(part, landmarks_px[:, :2] - low, amount, cm)
    return result


def _softened(image: UInt8Array, points: FloatArray, amount: float, cm: float) -> UInt8Array:
    mask = np.zeros(image.shape[:2], np.float32)
    for band in _FOLD_BANDS:
        cv2.fillConvexPoly(mask, cv2.convexHull(points[list(band)].astype(np.int32)), 1.0)
    lips = cv2.convexHull(points[[61, 37, 0, 267, 291, 405, 17, 181]].astype(np.int32))
    cv2.fillConvexPoly(mask, lips, 0.0)
    mask = cv2.GaussianBlur(mask, (0, 0), 0.45 * cm)[..., None] * amount
    lab = cv2.cvtColor(image.astype(np.float32) / 255.0, cv2.COLOR_RGB2Lab)
    # In place, because the cheeks of a large photo are many pixels.
    band_part = cv2.GaussianBlur(lab, (0, 0), max(0.6, 0.07 * cm))
    band_part -= _wide_blur(lab, 0.75 * cm)
    take = np.full(lab.shape, 0.7, np.float32)
    take[..., 0] = np.where(band_part[..., 0] < 0, np.float32(1.0), np.float32(0.25))
    take *= mask
    take *= band_part
    del band_part
    lab -= take
    smooth = cv2.cvtColor(lab, cv2.COLOR_Lab2RGB)
    smooth *= 255.0
    return np.asarray(np.clip(np.round(smooth, out=smooth), 0, 255, out=smooth), np.uint8)


def _wide_blur(image: FloatArray, sigma: float) -> FloatArray:
    """Blur with a Gaussian; one wider than `WIDE_BLUR_PX` in a smaller copy, which holds all of it."""
    detail = min(1.0, WIDE_BLUR_PX / sigma)
    if detail == 1.0:
        return np.asarray(cv2.GaussianBlur(image, (0, 0), sigma), np.float32)
    small = cv2.resize(image, None, fx=detail, fy=detail, interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), sigma * detail)
    return np.asarray(cv2.resize(small, image.shape[1::-1], interpolation=cv2.INTER_LINEAR), np.float32)


@dataclass(frozen=True, eq=False)
class LidTexture:
    """Closed-lid skin over one eye."""

    pixels: UInt8Array
    """Doubled, like the photo's texture."""
    offset: tuple[int, int]
    """Texture pixel of the whole photo at which it begins: x, y."""


def lid_texture(image: UInt8Array, model: HeadModel, side: str, source_px: FloatArray) -> LidTexture:
    """Paint closed-lid skin over an eye: smooth, from the bright skin around, without lashes.

    Stretching the few pixels of an open eye's lid smears the lashes over it.
    """
    region, follow = lid_region(model, side), lid_follow(model, side)
    xy = source_px[region.vertices, :2]
    lid = xy[(region.depth == 3.0) | (follow[region.vertices] > 0.05)]
    width = float(np.ptp(xy[region.depth == 0.0][:, 0])) + 1e-3
    size = [image.shape[1], image.shape[0]]
    left, top = np.clip(np.floor(lid.min(0) - width * 0.5).astype(int), 0, np.subtract(size, 4))
    right, bottom = np.clip(np.ceil(lid.max(0) + width * 0.5).astype(int), [left + 4, top + 4], size)
    crop = image[top:bottom, left:right]
    detail = min(1.0, LID_DETAIL_PX / width)
    eye, lid = ((points - np.array([left, top])) * detail for points in (_ordered(region, xy, 1.0), lid))
    fill, share = _lid_layers(_resized(crop, detail).astype(np.float32), eye, lid, width * detail)
    if detail < 1.0:
        fill, share = (cv2.resize(layer, crop.shape[1::-1], interpolation=cv2.INTER_LINEAR) for layer in (fill, share))
    painted = np.clip(np.round(crop + share[..., None] * (fill - crop)), 0, 255).astype(np.uint8)
    return LidTexture(doubled(painted), (TEXTURE_SCALE * int(left), TEXTURE_SCALE * int(top)))


def _resized(image: UInt8Array, scale: float) -> UInt8Array:
    if scale == 1.0:
        return image
    return np.asarray(cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)


def _lid_layers(
    crop: FloatArray, eye: FloatArray, lid: FloatArray, width: float
) -> tuple[FloatArray, FloatArray]:
    """Return smooth skin [shape=(H, W, 3)] and its share, 0..1 [shape=(H, W)].

    `eye` and `lid` are outlines in pixels of the crop, `width` is that of the eye.
    """
    hole = np.zeros(crop.shape[:2], np.uint8)
    cv2.fillPoly(hole, [np.int32(np.round(eye))], 1)
    hole = cv2.dilate(hole, _disc(0.05 * width))
    area = np.zeros(crop.shape[:2], np.float32)
    cv2.fillConvexPoly(area, cv2.convexHull(np.int32(np.round(lid))), 1.0)
    fill = _skin_fill(crop, hole, area, width)
    return fill, np.maximum(cv2.GaussianBlur(area, (0, 0), 0.05 * width), _lash_share(crop, area, width))


def _lash_share(crop: FloatArray, area: FloatArray, width: float) -> FloatArray:
    """Find lashes beyond the lid: thin and darker than the skin around them [shape=(H, W)], 0..1."""
    grey = crop.mean(axis=2)
    size = 2 * max(1, round(0.05 * width)) + 1
    without_thin = cv2.morphologyEx(grey, cv2.MORPH_CLOSE, np.ones((size, size), np.uint8))
    thin = np.clip((without_thin - grey) / (0.12 * without_thin + 1.0) - 0.3, 0.0, 1.0)
    zone = cv2.dilate(area, _disc(0.22 * width))
    zone = cv2.GaussianBlur(zone, (0, 0), 0.05 * width)
    thin = cv2.GaussianBlur(cv2.dilate(thin, _disc(0.02 * width)), (0, 0), max(0.6, 0.015 * width))
    return np.asarray(np.clip(1.5 * thin, 0.0, 1.0) * zone, np.float32)


def _skin_fill(crop: FloatArray, hole: UInt8Array, area: FloatArray, width: float) -> FloatArray:
    """Spread skin over everything: that of the lid, drawn towards the lit skin around the socket.

    An open eye's lid lies folded in the shade of its socket and is often made up; shut, it comes
    forward into the light.
    """
    near = _spread(crop, hole, area, width, ((0.14, 1.0), (0.28, 0.08), (0.5, 0.004)))
    around = cv2.dilate(hole, _disc(EYE_RIM * width))
    wide = _spread(crop, around, cv2.dilate(area, _disc(LIT_REACH * width)), width, ((0.3, 1.0), (0.6, 0.05)))
    away = cv2.distanceTransform(1 - hole, cv2.DIST_L2, 5)
    lit = LIT_SHARE * np.clip(1.0 - away / (LIT_FADE * width), 0.0, 1.0)
    return np.asarray(near + lit[..., None] * (wide - near), np.float32)


def _spread(
    crop: FloatArray, hole: UInt8Array, area: FloatArray, width: float, steps: tuple[tuple[float, float], ...]
) -> FloatArray:
    """Spread the bright skin of `area` outside `hole` over everything, in `steps` of reach and weight."""
    grey = crop.mean(axis=2)
    around = grey[(area > 0) & (hole == 0)]
    skin = np.percentile(around, 60) if around.size else grey.mean()
    trust = (hole == 0) * np.exp(-((np.maximum(0.0, skin - grey) / (0.10 * skin + 1.0)) ** 2)) + 1e-4
    trust = trust.astype(np.float32)[..., None]
    fill, total = np.zeros_like(crop), np.zeros_like(trust)
    for sigma, gain in steps:
        fill += cv2.GaussianBlur(crop * trust, (0, 0), sigma * width) * gain
        total += cv2.GaussianBlur(trust, (0, 0), sigma * width)[..., None] * gain
    return np.asarray(fill / total, np.float32)


def _ordered(region: RingRegion, xy: FloatArray, depth: float) -> FloatArray:
    on = region.depth == depth
    return np.asarray(xy[on][np.argsort(region.place[on])], np.float32)


def _disc(radius: float) -> UInt8Array:
    size = 2 * max(1, round(radius)) + 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size)), np.uint8)


def grain_level(image: UInt8Array) -> float:
    """Return the standard deviation of the photo's finest noise, in grey levels, at most 4.

    The median of absolute deviations ignores edges; film scans with more would look like rain.
    """
    strips = max(1, round(image.shape[0] * image.shape[1] / GRAIN_SAMPLE_PX))
    height = -(-image.shape[0] // strips**2)
    noise = [_noise(image[top : top + height]) for top in range(0, image.shape[0], height * strips)]
    return min(4.0, 1.4826 * float(np.median(np.concatenate(noise))))


def _noise(image: UInt8Array) -> FloatArray:
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32)
    return np.asarray(np.abs(grey - cv2.GaussianBlur(grey, (0, 0), 1.0)), np.float32)


def lens_blur_px(image: UInt8Array, landmarks_px: FloatArray) -> float:
    """Return the standard deviation of the blur on the photo's sharpest edges round the eyes.

    The steepest slope of a Gaussian-blurred step of height h is h / (sigma sqrt(2 pi)).
    """
    points = landmarks_px[:468, :2]
    eyes = points[[33, 133, 263, 362, 159, 145, 386, 374]]
    margin = 0.06 * float(np.ptp(points[:, 0]))
    low = np.maximum(np.floor(eyes.min(0) - margin).astype(int), 0)
    high = np.maximum(np.ceil(eyes.max(0) + margin).astype(int), 0)
    crop = image[low[1] : high[1], low[0] : high[0]]
    if min(crop.shape[:2]) < 4:
        return 0.5
    grey = cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY).astype(np.float32)
    across = cv2.Scharr(grey, cv2.CV_32F, 1, 0) / 32.0
    down = cv2.Scharr(grey, cv2.CV_32F, 0, 1) / 32.0
    steepest = float(np.percentile(np.hypot(across, down), 99.5))
    height = float(np.percentile(grey, 98) - np.percentile(grey, 2))
    return float(np.clip(height / (max(steepest, 1e-3) * 2.507), 0.4, 4.0))


def lash_colour(image: UInt8Array, model: HeadModel, source_px: FloatArray) -> FloatArray:
    """Return the darkest tone along the upper lid margins, RGB 0..255 [shape=(3,)]."""
    tones = []
    for region in model.lids.values():
        upper = (region.place > 3) & (region.place < 25) & (region.depth <= 0.5)
        at = np.round(source_px[region.vertices[upper], :2]).astype(int)
        x, y = np.clip(at[:, 0], 0, image.shape[1] - 1), np.clip(at[:, 1], 0, image.shape[0] - 1)
        tones.append(image[y, x])
    found = np.concatenate(tones).astype(np.float32)
    dark = found[np.argsort(found.sum(axis=1))][: max(1, len(found) // 6)]
    return np.asarray(dark.mean(axis=0), np.float32)
