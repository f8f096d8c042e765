"""A person's mouth colours: taken from the photo where it shows teeth, estimated from skin otherwise."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from ...pipeline_core.face.geometry import LIPS_INNER
from ...pipeline_core.types import FloatArray, UInt8Array
from .mouth_pose import LOWER_TEETH, UPPER_TEETH

LUMINANCE = np.array([0.2126, 0.7152, 0.0722], np.float32)
"""Rec. 709 weights of linear red, green and blue."""
CAST_SHARE, CAST_LIMITS = 0.7, (0.95, 3.0)
"""How much of the skin's redness beyond the typical one is warm light, and its bounds: pale or
rosy skin is never taken for blue light."""
DEFAULT_LIGHT = (0.22, 0.55, 0.80)
# Reflectances in linear light: enamel of shade A1-A2, attached gum, tongue, lining of the cheeks.
_ENAMEL = np.array([0.80, 0.72, 0.565])
_GUM = np.array([0.62, 0.225, 0.20])
_TONGUE = np.array([0.54, 0.205, 0.19])
_LINING = np.array([0.50, 0.15, 0.125])
_LOWER_SHARE = 0.95
"""Lower teeth are a little darker than upper ones; their place in the shadow does the rest."""
_SEEN_SHARE = 0.96
"""Brightness at which `shade_mouth` shows the brighter half of a smile's teeth, relative to white
light times enamel: measured on an open smile of the mean head (median of all: 0.85)."""
_SKIN_RED_TO_BLUE = 2.4
"""Ratio in linear light of skin of medium shade under white light."""
_SHADE_SPREAD = 0.018
_CANINES = (4, 9, 18, 23)
INNER_LIPS = (LIPS_INNER[0], *LIPS_INNER[:0:-1])
"""The inner lip line from the right corner over the upper lip, MediaPipe numbering."""


@dataclass(frozen=True, eq=False)
class MouthLook:
    """Colours and light for `shade_mouth`, all in linear light."""

    light: FloatArray
    """Unit vector towards the key light in the head frame [shape=(3,)]."""
    sky_rgb: FloatArray
    """Colour of the light from everywhere [shape=(3,)]."""
    key_rgb: FloatArray
    """Colour of the key light [shape=(3,)]."""
    albedo: FloatArray
    """Reflectance of each part [shape=(6, 3)]."""
    tooth_tint: FloatArray
    """Each tooth's colour relative to its arch [shape=(28, 3)]."""


def mouth_look(
    skin_rgb: FloatArray,
    tooth_rgb: FloatArray | None = None,
    light: tuple[float, float, float] = DEFAULT_LIGHT,
    key_share: float = 0.5,
) -> MouthLook:
    """Choose the colours of a mouth.

    Parameters
    ----------
    skin_rgb : ndarray
        Linear colour of well-lit skin (cheeks) in the photo [shape=(3,)].
    tooth_rgb : ndarray or None
        Linear colour of visible teeth (`sample_tooth_colour`), if there are any.
    light : tuple of float
        Direction towards the key light in the head frame.
    key_share : float
        Share of the key light in all light, 0 (overcast) to 1 (lamp in the dark).
    """
    white = _scene_white(np.asarray(skin_rgb, np.float64))
    enamel = _ENAMEL
    if tooth_rgb is not None:
        seen = np.asarray(tooth_rgb, np.float64)
        # Teeth tell the brightness of the scene better than skin, whose own shade is unknown.
        white = white * np.clip(seen @ LUMINANCE / (_SEEN_SHARE * (white * _ENAMEL) @ LUMINANCE), 0.5, 1.9)
        hue = seen / (seen @ LUMINANCE) * ((white * _ENAMEL) @ LUMINANCE)
        enamel = np.clip(hue / white, 0.2, 0.95)
    albedo = np.empty((6, 3))
    albedo[UPPER_TEETH], albedo[LOWER_TEETH] = enamel, enamel * _LOWER_SHARE
    albedo[2:4], albedo[4], albedo[5] = _GUM, _TONGUE, _LINING
    direction = np.asarray(light, np.float64)
    direction = direction / max(float(np.linalg.norm(direction)), 1e-6)
    return MouthLook(
        light=direction.astype(np.float32),
        sky_rgb=(white * 1.35 * (1 - key_share)).astype(np.float32),
        key_rgb=(white * 1.35 * key_share).astype(np.float32),
        albedo=albedo.astype(np.float32),
        tooth_tint=_tooth_tints(),
    )


def _scene_white(skin: np.ndarray) -> np.ndarray:
    """Guess what a white card would look like from skin of unknown shade.

    Dark skin in good light and light skin in the dark look alike; the square root is the
    compromise between taking all of the difference as light (1) and none (0).
    """
    luminance = float(np.clip(skin @ LUMINANCE, 0.01, 1.0))
    redness = skin[0] / max(float(skin[2]), 1e-3) / _SKIN_RED_TO_BLUE
    warmth = np.clip(redness**CAST_SHARE, *CAST_LIMITS)
    tint = np.array([warmth**0.5, 1.0, warmth**-0.5])
    return float(np.clip(1.42 * luminance**0.5, 0.12, 0.98)) * tint / float(tint @ LUMINANCE)


def _tooth_tints() -> FloatArray:
    tints = 1 + np.random.default_rng(11).normal(0, _SHADE_SPREAD, (28, 1)) * np.array([0.8, 1.0, 1.5])
    tints[list(_CANINES)] *= (0.965, 0.93, 0.86)
    return tints.astype(np.float32)


def to_linear(rgb: UInt8Array) -> FloatArray:
    """Return sRGB bytes in linear light."""
    x = rgb.astype(np.float32) / 255
    return np.where(x <= 0.04045, x / 12.92, ((x + 0.055) / 1.055) ** 2.4).astype(np.float32)


def sample_tooth_colour(photo: UInt8Array, landmarks_px: FloatArray) -> FloatArray | None:
    """Return the colour of the teeth that a photo shows, or None where it shows none.

    Parameters
    ----------
    photo : ndarray
        RGB [shape=(H, W, 3)].
    landmarks_px : ndarray
        MediaPipe landmarks in pixels of the photo [shape=(>= 468, 2 or 3)].

    Returns
    -------
    ndarray or None
        Linear colour of the brighter half of the tooth pixels [shape=(3,)].
    """
    line = np.asarray(landmarks_px, np.float64)[list(INNER_LIPS), :2]
    if not np.isfinite(line).all():
        return None
    left, top = np.floor(line.min(axis=0)).astype(int)
    right, bottom = np.ceil(line.max(axis=0)).astype(int) + 1
    left, top = max(left, 0), max(top, 0)
    crop = photo[top:bottom, left:right]
    if crop.size == 0:
        return None
    mask = np.zeros(crop.shape[:2], np.uint8)
    cv2.fillPoly(mask, [np.round(line - (left, top)).astype(np.int32)], 1)
    # The lips' own edge is left out: half-covered pixels are neither lip nor tooth.
    rim = max(int(round(0.01 * (right - left))), 1)
    mask = cv2.erode(mask, np.ones((2 * rim + 1, 2 * rim + 1), np.uint8))
    pixels = to_linear(crop[mask > 0])
    lip = np.median(to_linear(_lip_pixels(photo, landmarks_px)), axis=0)
    return _tooth_cluster(pixels, lip, area_px=float(mask.size))


def _lip_pixels(photo: UInt8Array, landmarks_px: FloatArray) -> UInt8Array:
    """Return samples of the red of both lips [shape=(S, 3)]."""
    points = np.asarray(landmarks_px, np.float64)[:, :2]
    pairs = ((0, 13), (37, 82), (267, 312), (17, 14), (84, 87), (314, 317))
    middles = np.array([(points[a] + points[b]) / 2 for a, b in pairs])
    at = np.clip(np.nan_to_num(middles).round().astype(int), 0, (photo.shape[1] - 1, photo.shape[0] - 1))
    return np.asarray(photo[at[:, 1], at[:, 0]])


def _tooth_cluster(pixels: FloatArray, lip: FloatArray, area_px: float) -> FloatArray | None:
    """Return the mean of pixels that are bright and much less red than the lips."""
    if len(pixels) < max(12.0, 0.02 * area_px):
        return None
    light = pixels @ LUMINANCE
    redness = pixels[:, 0] / np.maximum(pixels[:, 1], 1e-3)
    lip_redness = float(lip[0] / max(float(lip[1]), 1e-3))
    limit = min(1.0 + 0.55 * (lip_redness - 1.0), 1.75)
    brightest = float(np.percentile(light, 92))
    tooth = (light > 0.45 * brightest) & (redness < limit) & (redness > 0.75)
    if tooth.mean() < 0.2 or brightest < 0.8 * float(lip @ LUMINANCE):
        return None
    found = pixels[tooth]
    order = np.argsort(found @ LUMINANCE)
    # The darker half lies in shadow, the last few are reflections.
    upper = found[order[len(order) // 2 : max(int(len(order) * 0.95), len(order) // 2 + 1)]]
    return np.asarray(upper.mean(axis=0), np.float32)
