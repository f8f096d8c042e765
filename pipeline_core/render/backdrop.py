"""What is to be seen behind a person who has been cut out."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import numpy as np

from ..cache import shared
from ..lazy import cv2
from ..types import FloatArray, Portrait, UInt8Array
from .matte import EDGE_SHARE
from .pictures import Pictures, covering, frames_of
from .settings import BlendSettings

BLUR_SHARE = 0.022
"""Radius of the blur of strength 1 as a share of the longer side."""
_WORK_RADIUS_PX = 9.0
"""Blurs are computed on a picture so small that their radius is this."""
_GAMMA = 2.2
"""Light adds up, grey values do not: without this, bright spots turn grey instead of into discs."""


def backdrops(photo: Portrait | None, settings: BlendSettings, pictures: Pictures | None, size_px: tuple[int, int],
              fps: Fraction, start: int, stop: int) -> Iterator[UInt8Array]:
    """Yield what is behind the person in frames `start` to `stop` - 1 [shape=(H, W, 3)].

    Parameters
    ----------
    photo : Portrait
        The cut-out photo as it is drawn, for a background out of focus; None for a video.
    settings : BlendSettings
        `background` "color" or "blur", or anything together with `pictures`.
    pictures : Pictures, optional
        A picture, video or batch to show; with "blur", out of focus.
    size_px : tuple of int
        Width and height of the frames.
    fps : Fraction
        Frame rate of the plan.
    start, stop : int
        Which frames.
    """
    width, height = size_px
    if pictures is not None:
        last: UInt8Array | None = None
        for picture in frames_of(pictures, fps, start, stop, loop=settings.background_end == "loop"):
            if picture is not last:  # a still, and a frame that is held, is fitted once
                last, shown = picture, _fitted(picture, settings, width, height)
            yield shown
        return
    still = _still(photo, settings, width, height)
    for _ in range(start, stop):
        yield still


def _fitted(picture: UInt8Array, settings: BlendSettings, width: int, height: int) -> UInt8Array:
    fitted = covering(picture, width, height)
    return _defocused(fitted, settings.background_blur) if settings.background == "blur" else fitted


def _still(photo: Portrait | None, settings: BlendSettings, width: int, height: int) -> UInt8Array:
    if settings.background == "color":
        return np.full((height, width, 3), settings.background_rgb, np.uint8)
    assert photo is not None
    key = ("backdrop", photo.sha256, width, height, settings.background_blur)
    return shared().get(key, lambda: covering(_defocused(without_person(photo), settings.background_blur), width, height))


def without_person(photo: Portrait) -> UInt8Array:
    """Return the photo with the person's place filled from around it [shape=(H, W, 3)]."""
    assert photo.alpha is not None
    reach = max(3, round(2 * EDGE_SHARE * max(photo.alpha.shape))) + 2
    person = cv2.dilate((photo.alpha > 0).astype(np.uint8), np.ones((3, 3), np.uint8), iterations=reach)
    known = 1.0 - person.astype(np.float32)
    filled = _filled(np.asarray(photo.image * known[..., None], np.float32), known)
    return np.asarray(np.where(known[..., None] > 0, photo.image, np.round(filled)), np.uint8)


def _filled(weighted: FloatArray, known: FloatArray) -> FloatArray:
    """Continue the known colours smoothly, from coarse to fine (pull-push pyramid)."""
    if min(known.shape) <= 2 or known.min() > 0:
        return np.asarray(weighted / np.maximum(known, 1e-6)[..., None], np.float32)
    coarse = _filled(*(np.asarray(cv2.pyrDown(plane), np.float32) for plane in (weighted, known)))
    beyond = cv2.pyrUp(coarse, dstsize=known.shape[::-1])
    own = weighted / np.maximum(known, 1e-6)[..., None]
    return np.asarray(beyond + (own - beyond) * np.clip(known, 0.0, 1.0)[..., None], np.float32)


def _defocused(picture: UInt8Array, strength: float) -> UInt8Array:
    """Blur like a lens: every point becomes a disc."""
    radius = BLUR_SHARE * max(picture.shape[:2]) * strength
    if radius < 0.5:
        return picture
    scale = min(1.0, _WORK_RADIUS_PX / radius)
    height, width = picture.shape[:2]
    small = cv2.resize(picture, (max(2, round(width * scale)), max(2, round(height * scale))), interpolation=cv2.INTER_AREA)
    light = np.power(small.astype(np.float32) / 255.0, _GAMMA)
    light = cv2.filter2D(light, -1, _disc(radius * scale), borderType=cv2.BORDER_REPLICATE)
    # Twice: the sharp rim of one disc looks artificial on a background that was flat to begin with.
    light = cv2.GaussianBlur(light, (0, 0), max(0.3, radius * scale / 4))
    grey = 255.0 * np.power(np.clip(cv2.resize(light, (width, height), interpolation=cv2.INTER_CUBIC), 0.0, 1.0), 1 / _GAMMA)
    return np.asarray(np.round(grey), np.uint8)


def _disc(radius: float) -> FloatArray:
    reach = int(np.ceil(radius))
    y, x = np.mgrid[-reach:reach + 1, -reach:reach + 1]
    disc = np.clip(radius + 0.5 - np.hypot(x, y), 0.0, 1.0).astype(np.float32)
    return np.asarray(disc / disc.sum(), np.float32)
