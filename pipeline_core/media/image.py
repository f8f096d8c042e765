"""Still pictures: every kind of file that people have, as upright 8-bit RGB."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ..errors import InputError, SettingError
from ..lazy import cv2
from ..types import FloatArray, Portrait, UInt8Array
from .picture_file import MAX_PIXELS, decode_picture, eight_bits, too_large

MIN_SIDE_PX = 16
FACE_HEIGHT_RATIO = 0.45
"""Where the middle of the face comes to lie in a crop, from the top: a little above the centre."""


def load_portrait(path: str | os.PathLike[str]) -> Portrait:
    """Read a picture of any mode and depth; of an animation, the first frame.

    EXIF rotation and a colour profile that is not sRGB are applied, 16 bits are scaled to 8, and
    what is larger than 36 megapixels is reduced while it is read. `Portrait.warnings` says so.

    Raises
    ------
    UnreadableMedia
        If the file is missing, broken or of an unknown format.
    InputError
        If the picture is larger than 128 megapixels or smaller than 16 px.
    MissingDependency
        If it is a HEIC picture that this PyAV cannot decode.
    """
    found = decode_picture(path)
    return portrait_from_array(found.pixels, source=Path(path).name, warnings=found.warnings)


def portrait_from_array(array: npt.ArrayLike, source: str = "image", warnings: tuple[str, ...] = ()) -> Portrait:
    """Return a portrait from pixels.

    Parameters
    ----------
    array : array-like
        Grey, RGB or RGBA [shape=(H, W) or (H, W, 1, 3 or 4)], optionally as a batch of one:
        8-bit, 16-bit, or floating in 0..1 (NaN counts as 0).
    source : str
        Where it came from, for messages.
    warnings : tuple of str
        What the user should know about it.

    Raises
    ------
    InputError
        If the shape or the size is none of a picture.
    """
    pixels = np.asarray(array)
    if pixels.ndim == 4 and pixels.shape[0] == 1:
        pixels = pixels[0]
    if pixels.ndim == 2:
        pixels = pixels[..., None]
    if pixels.ndim != 3 or pixels.shape[2] not in (1, 2, 3, 4):
        raise InputError(f"{source!r} has the shape {pixels.shape}", hint="Give one grey, RGB or RGBA picture.")
    height, width = pixels.shape[:2]
    if min(height, width) < MIN_SIDE_PX:
        raise InputError(f"{source!r} is {width} x {height} px", hint="Use a picture of at least 256 px.")
    if height * width > MAX_PIXELS:
        raise too_large(source, f"{width} x {height}")
    pixels = eight_bits(pixels)
    colour = pixels[..., :3] if pixels.shape[2] >= 3 else np.repeat(pixels[..., :1], 3, axis=2)
    alpha = pixels[..., -1] if pixels.shape[2] in (2, 4) else None
    if alpha is not None and alpha.min() == 255:
        alpha = None
    return Portrait(image=_own(colour, array), alpha=None if alpha is None else _own(alpha, array), source=source,
                    warnings=warnings)


def _own(pixels: UInt8Array, array: npt.ArrayLike) -> UInt8Array:
    """Return contiguous pixels that nobody else can change."""
    shared = isinstance(array, np.ndarray) and array.flags.writeable and np.may_share_memory(pixels, array)
    return pixels.copy() if shared else np.ascontiguousarray(pixels)


@dataclass(frozen=True)
class Crop:
    """Where a rectangle of one picture went: ``new = (old - (left, top)) * scale``."""

    left_px: int
    top_px: int
    scale_x: float
    scale_y: float

    def apply(self, points_px: FloatArray) -> FloatArray:
        """Move points [shape=(..., 2 or 3)]; depth scales along."""
        moved = np.array(points_px, dtype=np.float32)
        moved[..., 0] = (moved[..., 0] - self.left_px) * self.scale_x
        moved[..., 1] = (moved[..., 1] - self.top_px) * self.scale_y
        if moved.shape[-1] == 3:
            moved[..., 2] *= (self.scale_x + self.scale_y) / 2
        return moved


def crop_resize(portrait: Portrait, width_px: int, height_px: int,
                centre_px: tuple[float, float] | None = None) -> tuple[Portrait, Crop]:
    """Scale and crop a portrait so that it covers ``width_px x height_px``, never stretched.

    Parameters
    ----------
    portrait : Portrait
        The picture.
    width_px, height_px : int
        Size of the result.
    centre_px : tuple of float, optional
        The middle of the face, which is kept in view; the middle of the picture by default.

    Returns
    -------
    tuple of (Portrait, Crop)
        The new picture, and how points move with it. Both scales agree to within one source pixel.
    """
    if width_px < 1 or height_px < 1:
        raise SettingError(f"size={width_px}x{height_px} is not a size", hint="Use for example 1280x720.")
    source_w, source_h = portrait.width_px, portrait.height_px
    if (width_px, height_px) == (source_w, source_h):
        return portrait, Crop(0, 0, 1.0, 1.0)
    scale = max(width_px / source_w, height_px / source_h)
    box_w = min(source_w, max(1, round(width_px / scale)))
    box_h = min(source_h, max(1, round(height_px / scale)))
    middle_x, middle_y = centre_px or (source_w / 2, source_h / 2)
    above = FACE_HEIGHT_RATIO if centre_px else 0.5
    left = int(np.clip(round(middle_x - box_w / 2), 0, source_w - box_w))
    top = int(np.clip(round(middle_y - above * box_h), 0, source_h - box_h))
    shrink = width_px < box_w
    kind = cv2.INTER_AREA if shrink else cv2.INTER_CUBIC

    def scaled(pixels: UInt8Array) -> UInt8Array:
        part = np.ascontiguousarray(pixels[top:top + box_h, left:left + box_w])
        return np.asarray(cv2.resize(part, (width_px, height_px), interpolation=kind), dtype=np.uint8)

    image = scaled(portrait.image)
    alpha = None if portrait.alpha is None else scaled(portrait.alpha)
    return (Portrait(image=image, alpha=alpha, source=portrait.source, warnings=portrait.warnings),
            Crop(left, top, width_px / box_w, height_px / box_h))


def over(colour: UInt8Array, alpha: UInt8Array, behind: npt.ArrayLike) -> UInt8Array:
    """Lay a picture over another one, or over one colour.

    Parameters
    ----------
    colour : UInt8Array
        RGB, not multiplied by its opacity [shape=(H, W, 3)].
    alpha : UInt8Array
        Its opacity [shape=(H, W)].
    behind : array-like
        RGB [shape=(H, W, 3) or (3,)], 0..255.
    """
    share = alpha[..., None].astype(np.uint16)
    mixed = colour * share + np.asarray(behind, np.uint16) * (255 - share)
    return np.asarray((mixed + 127) // 255, dtype=np.uint8)
