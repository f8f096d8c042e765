"""Still pictures in and out: every kind of file that people have, as upright 8-bit RGB."""

from __future__ import annotations

import io
import logging
import os
import struct
import warnings
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError
from PIL.PngImagePlugin import PngInfo

from ..errors import InputError, SettingError, UnreadableMedia
from ..lazy import cv2
from ..types import FloatArray, Portrait, UInt8Array
from .files import existing_file, replacing

_LOG = logging.getLogger("talking_avatar")

MAX_PIXELS = 100_000_000
"""100 MP are 300 MB as RGB; the largest phone cameras make 200 MP only on request."""
MIN_SIDE_PX = 16
_FORMATS = ("PNG", "JPEG", "MPO", "WEBP", "AVIF", "GIF", "BMP", "DIB", "TIFF", "JPEG2000", "PPM", "TGA", "PCX", "ICO",
            "ICNS", "PSD", "DDS", "QOI", "SGI", "HEIF")  # fmt: skip
"""All that hold pixels and are decoded by Pillow itself: for EPS it would start Ghostscript on a
stranger's program."""
_HINT = "Use a picture that opens in an ordinary viewer; save it as PNG or JPEG if it is of another kind."
_BROKEN = (OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError, struct.error, zlib.error)
"""What Pillow's decoders raise on damaged files."""
FACE_HEIGHT_RATIO = 0.45
"""Where the middle of the face comes to lie in a crop, from the top: a little above the centre."""


def load_portrait(path: str | os.PathLike[str]) -> Portrait:
    """Read a picture of any mode and depth; of an animation, the first frame.

    EXIF rotation and a colour profile that is not sRGB are applied, 16 bits are scaled to 8.

    Raises
    ------
    UnreadableMedia
        If the file is missing, broken or of an unknown format.
    InputError
        If the picture is larger than 100 megapixels or smaller than 16 px.
    """
    name = Path(path).name
    existing_file(path, "picture")
    try:
        array = _decode(Path(path).read_bytes(), name)
    except Image.DecompressionBombError as error:
        raise _too_large(name, str(error)) from error
    except _BROKEN as error:
        raise UnreadableMedia(f"cannot decode the picture {name!r}: {error}", hint=_HINT) from error
    return portrait_from_array(array, source=name)


def _too_large(name: str, size: str) -> InputError:
    return InputError(f"picture {name!r} is larger than {MAX_PIXELS // 1_000_000} megapixels ({size})",
                      hint="Scale it down first: 1000 px across the face are plenty.")


def _decode(data: bytes, name: str) -> npt.NDArray[Any]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # our own limit is below
            image: Image.Image = Image.open(io.BytesIO(data), formats=_known_formats())
    except UnidentifiedImageError:
        return _decode_deep(data)
    if image.width * image.height > MAX_PIXELS:
        raise _too_large(name, f"{image.width} x {image.height}")
    return _to_array(ImageOps.exif_transpose(image))


@cache
def _known_formats() -> tuple[str, ...]:
    """Return those of our formats that this Pillow has."""
    Image.init()
    return tuple(name for name in _FORMATS if name in Image.OPEN)


def _decode_deep(data: bytes) -> npt.NDArray[Any]:
    """Decode what Pillow lacks, for example 16 bits per channel in TIFF."""
    try:
        array = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error as error:
        raise ValueError("unknown or damaged format") from error
    if array is None:
        raise ValueError("unknown format")
    if array.shape[0] * array.shape[1] > MAX_PIXELS:
        raise Image.DecompressionBombError(f"{array.shape[1]} x {array.shape[0]}")
    if array.ndim == 3:
        array = array[..., [2, 1, 0, 3][:array.shape[2]]]
    return np.asarray(array)


def _to_array(image: Image.Image) -> npt.NDArray[Any]:
    """Return grey, RGB or RGBA of 8 or 16 bits."""
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        return _deep_grey(np.asarray(image), image.mode)
    profile = image.info.get("icc_profile")
    if image.mode in ("RGBa", "La"):
        image = image.convert(image.mode[:-1] + "A")
    if profile and image.mode in ("RGB", "RGBA", "CMYK"):
        image = _to_srgb(image, profile)
    transparent = "A" in image.getbands() or "transparency" in image.info
    return np.asarray(image.convert("RGBA" if transparent else "RGB"))


def _deep_grey(grey: npt.NDArray[Any], mode: str) -> npt.NDArray[Any]:
    if mode.startswith("I;16"):
        return grey.astype(np.uint16)
    # "I" is how Pillow holds 16-bit PNG as well as 8-bit values in 32 bits; "F" has no fixed white.
    values = np.nan_to_num(grey.astype(np.float64))
    top = values.max(initial=0)
    white = 1.0 if mode == "F" and top <= 1.0 else 255.0 if top <= 255 else 65535.0
    return np.asarray(np.clip(np.round(values / white * 65535), 0, 65535).astype(np.uint16))


def _to_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if "srgb" in ImageCms.getProfileDescription(source).lower():
            return image
        mode = "RGBA" if image.mode == "RGBA" else "RGB"
        converted = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode=mode)
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError) as error:
        _LOG.warning("the colour profile of the picture is not usable (%s) and is left out", error)
        return image
    return image if converted is None else converted


def portrait_from_array(array: npt.ArrayLike, source: str = "image") -> Portrait:
    """Return a portrait from pixels.

    Parameters
    ----------
    array : array-like
        Grey, RGB or RGBA [shape=(H, W) or (H, W, 1, 3 or 4)], optionally as a batch of one:
        8-bit, 16-bit, or floating in 0..1 (NaN counts as 0).
    source : str
        Where it came from, for messages.

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
        raise _too_large(source, f"{width} x {height}")
    pixels = _eight_bits(pixels)
    colour = pixels[..., :3] if pixels.shape[2] >= 3 else np.repeat(pixels[..., :1], 3, axis=2)
    alpha = pixels[..., -1] if pixels.shape[2] in (2, 4) else None
    if alpha is not None and alpha.min() == 255:
        alpha = None
    return Portrait(image=_own(colour, array), alpha=None if alpha is None else _own(alpha, array), source=source)


def _own(pixels: UInt8Array, array: npt.ArrayLike) -> UInt8Array:
    """Return contiguous pixels that nobody else can change."""
    shared = isinstance(array, np.ndarray) and array.flags.writeable and np.may_share_memory(pixels, array)
    return pixels.copy() if shared else np.ascontiguousarray(pixels)


def _eight_bits(pixels: npt.NDArray[Any]) -> UInt8Array:
    if pixels.dtype == np.uint8:
        return pixels
    if pixels.dtype == np.bool_:
        return np.where(pixels, 255, 0).astype(np.uint8)
    if pixels.dtype == np.uint16:
        return np.asarray((pixels.astype(np.uint32) + 128) // 257, dtype=np.uint8)
    if np.issubdtype(pixels.dtype, np.floating):
        return np.asarray(np.clip(np.round(np.nan_to_num(pixels.astype(np.float32)) * 255), 0, 255), dtype=np.uint8)
    return np.asarray(np.clip(pixels, 0, 255), dtype=np.uint8)


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
    return (Portrait(image=image, alpha=alpha, source=portrait.source),
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


def save_png(path: str | os.PathLike[str], array: UInt8Array, metadata: Mapping[str, str] | None = None) -> None:
    """Write grey, RGB or RGBA pixels; the file appears only when it is complete.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    info = PngInfo()
    for key, value in (metadata or {}).items():
        info.add_text(key, value)
    with replacing(path) as part:
        Image.fromarray(np.ascontiguousarray(array)).save(part, format="PNG", pnginfo=info, compress_level=4)
