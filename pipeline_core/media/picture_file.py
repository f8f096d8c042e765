"""Files that hold one picture, decoded without ever holding more than a bounded amount of it.

The size is read from the header first: what is too large is refused before a pixel is decoded, and
what is larger than any frame is reduced while it is decoded or right after.
"""

from __future__ import annotations

import io
import logging
import math
import os
import struct
import zlib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageCms, TiffImagePlugin

from ..errors import InputError, UnreadableMedia
from ..lazy import cv2
from ..types import UInt8Array
from .files import existing_file
from .heif import looks_like_heif, read_heif

_LOG = logging.getLogger("talking_avatar")

MAX_PIXELS = 128_000_000
"""Medium-format cameras make 102 megapixels, phones 108; as RGB in Pillow 128 are 512 MB."""
KEPT_PIXELS = 36_000_000
"""An 8K frame (8192 x 4320) is the largest that can be drawn: larger pictures are reduced to less."""
MAX_FILE_BYTES = 1 << 30
"""128 megapixels of 16-bit RGBA, uncompressed."""
_FORMATS = ("PNG", "JPEG", "MPO", "WEBP", "AVIF", "GIF", "BMP", "DIB", "TIFF", "JPEG2000", "PPM", "TGA", "PCX",
            "PSD", "DDS", "QOI", "SGI")  # fmt: skip
"""All that hold one picture of the size in their header and are decoded by Pillow itself: for EPS it
would start Ghostscript on a stranger's program, and an icon may hide a picture of any size."""
_ANIMATED = ("GIF", "WEBP", "PNG", "AVIF")
_HINT = "Use a picture that opens in an ordinary viewer; save it as PNG or JPEG if it is of another kind."
_BROKEN = (OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError, AttributeError,
           AssertionError, ArithmeticError, RuntimeError, struct.error, zlib.error)
"""What Pillow's decoders raise on damaged files."""
_ORIENTATION, _WIDTH, _HEIGHT, _PROFILE = 274, 256, 257, 34675
"""TIFF tags; the first is EXIF's, too."""

Pixels = npt.NDArray[Any]


@dataclass(frozen=True)
class Decoded:
    """The pixels of a file."""

    pixels: Pixels
    """Grey, RGB or RGBA of 8 or 16 bits, upright, in sRGB [shape=(H, W) or (H, W, 3 or 4)]."""
    warnings: tuple[str, ...] = ()


@dataclass
class _Source:
    """What is known of a file while it is decoded."""

    name: str
    orientation: int = 1
    profile: bytes | None = None
    warnings: list[str] = field(default_factory=list)

    def factor(self, width_px: int, height_px: int) -> int:
        """Return by how much to shrink; refuse what is too large."""
        if width_px * height_px > MAX_PIXELS:
            raise too_large(self.name, f"{width_px} x {height_px}")
        factor = math.ceil(math.sqrt(width_px * height_px / KEPT_PIXELS))
        if factor > 1:
            self.warnings.append(f"the picture {self.name!r} is {width_px} x {height_px} px: it is used at 1/{factor} of that")
        return max(1, factor)


def too_large(name: str, size: str) -> InputError:
    """Return the error for a picture beyond `MAX_PIXELS`."""
    return InputError(f"picture {name!r} is larger than {MAX_PIXELS // 1_000_000} megapixels ({size})",
                      hint="Scale it down first: 1000 px across the face are plenty.")


def decode_picture(path: str | os.PathLike[str]) -> Decoded:
    """Decode a picture of any mode and depth; of an animation, the first frame.

    Raises
    ------
    UnreadableMedia
        If the file is missing, broken or of an unknown format.
    InputError
        If the picture is larger than `MAX_PIXELS`, or the file than `MAX_FILE_BYTES`.
    MissingDependency
        If it is a HEIC picture that this FFmpeg cannot decode.
    """
    source = _Source(Path(path).name)
    file = existing_file(path, "picture")
    try:
        if os.path.getsize(file) > MAX_FILE_BYTES:
            raise too_large(source.name, f"a file of {os.path.getsize(file) >> 20} MB")
        with open(file, "rb") as handle:
            pixels = _decode(handle, source)
    except (MemoryError, Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise too_large(source.name, str(error) or "more than this machine has memory for") from error
    except PermissionError as error:
        raise UnreadableMedia(f"picture {source.name!r} cannot be read: {error.strerror or error}",
                              hint="Allow your user to read it, or choose another.") from error
    except _BROKEN as error:
        raise UnreadableMedia(f"cannot decode the picture {source.name!r}: {error or type(error).__name__}",
                              hint=_HINT) from error
    return Decoded(pixels, tuple(source.warnings))


def _decode(handle: BinaryIO, source: _Source) -> Pixels:
    head = handle.read(64)
    if not head:
        raise ValueError("the file is empty")
    image = _opened(handle, head)
    if image is not None:
        pixels = _from_pillow(image, source)
    elif looks_like_heif(head):
        pixels = _from_heif(handle, source)
    elif head[:4] in (b"II*\0", b"MM\0*"):
        pixels = _from_deep_tiff(handle, source)
    else:
        raise ValueError("unknown format")
    return upright(_in_srgb(pixels, source.profile), source.orientation)


def _opened(handle: BinaryIO, head: bytes) -> Image.Image | None:
    """Return the picture, not decoded yet, or None where Pillow cannot read it.

    The formats are tried here and not by ``Image.open``, whose own limit lies below ours: switching
    it off would change it for the whole process.
    """
    last: Exception | None = None
    for name in _known_formats():
        factory, accept = Image.OPEN[name]
        if accept is not None and accept(head[:16]) is not True:
            continue
        try:
            handle.seek(0)
            image = factory(handle, "")
        except _BROKEN as error:
            if accept is not None:  # without a signature its complaint says only that it is another format
                last = error
            continue
        return image  # type: ignore[return-value]
    if last is not None and head[:4] not in (b"II*\0", b"MM\0*") and not looks_like_heif(head):
        raise ValueError(str(last) or "unknown or damaged format") from last
    return None


@cache
def _known_formats() -> tuple[str, ...]:
    """Return those of our formats that this Pillow has; those without a signature come last."""
    Image.init()
    known = [name for name in _FORMATS if name in Image.OPEN]
    return tuple(sorted(known, key=lambda name: Image.OPEN[name][1] is None))


def _from_pillow(image: Image.Image, source: _Source) -> Pixels:
    factor = source.factor(image.width, image.height)
    if image.format in _ANIMATED and _is_animated(image):
        source.warnings.append(f"{source.name!r} is an animation: its first frame is used")
    if factor > 1:  # JPEG is decoded at 1/2, 1/4 or 1/8 at once; other formats ignore this
        full_px = image.width
        image.draft(None, (math.ceil(image.width / factor), math.ceil(image.height / factor)))
        factor = max(1, math.ceil(factor * image.width / full_px))
    image.load()
    source.orientation = _orientation_of(image)
    source.profile = image.info.get("icc_profile")
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        return _deep_grey(_shrunk(np.asarray(image), factor), image.mode)
    if image.mode in ("RGBa", "La"):
        image = image.convert(image.mode[:-1] + "A")
    if image.mode not in ("RGB", "RGBA", "CMYK", "LAB") or "transparency" in image.info:
        transparent = "A" in image.getbands() or "transparency" in image.info
        image = image.convert("RGBA" if transparent else "RGB")
    if factor > 1:
        image = image.reduce(factor)
    if image.mode == "CMYK" and source.profile:
        return np.asarray(_to_srgb(image, source.profile).convert("RGB"))
    return np.asarray(image if image.mode in ("RGB", "RGBA") else image.convert("RGB"))


def _is_animated(image: Image.Image) -> bool:
    try:
        return bool(getattr(image, "is_animated", False))
    except _BROKEN:  # a damaged second frame is none
        return False


def _orientation_of(image: Image.Image) -> int:
    """Return the EXIF orientation that is left to apply after loading, 1 where it is unusable."""
    try:
        return int(image.getexif().get(_ORIENTATION, 1))
    except _BROKEN:
        return 1


def _from_heif(handle: BinaryIO, source: _Source) -> Pixels:
    handle.seek(0)
    found = read_heif(handle.read(), source.name, source.factor)
    source.profile = found.profile
    return _shrunk(found.pixels, found.factor)


def _from_deep_tiff(handle: BinaryIO, source: _Source) -> Pixels:
    """Decode what Pillow lacks: 16 bits or floats per channel in colour."""
    handle.seek(0)
    tags = TiffImagePlugin.ImageFileDirectory_v2(handle.read(8))
    _expect_each_once(handle, tags.next, "<" if tags.prefix == b"II" else ">")
    handle.seek(tags.next)
    tags.load(handle)
    factor = source.factor(int(tags[_WIDTH]), int(tags[_HEIGHT]))
    source.orientation = int(tags.get(_ORIENTATION, 1))
    source.profile = tags.get(_PROFILE)
    handle.seek(0)
    try:
        array = cv2.imdecode(np.frombuffer(handle.read(), np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error as error:
        raise ValueError("unknown or damaged kind of TIFF") from error
    if array is None:
        raise ValueError("unknown kind of TIFF")
    array = _shrunk(np.asarray(array), factor)
    if array.ndim == 3 and array.shape[2] >= 3:
        array = array[..., [2, 1, 0, 3][:array.shape[2]]]
    return _deep_grey(array, "F") if array.dtype.kind == "f" else array


def _expect_each_once(handle: BinaryIO, at: int, order: str) -> None:
    """Refuse a TIFF with a tag twice: Pillow, which tells the size, takes the last, and OpenCV decodes by the first."""
    handle.seek(at)
    count = struct.unpack(order + "H", handle.read(2))[0]
    found = [tag for tag, *_ in struct.iter_unpack(order + "HHII", handle.read(12 * count))]
    if len(set(found)) < len(found):
        raise ValueError("it says something twice")


def _shrunk(pixels: Pixels, factor: int) -> Pixels:
    if factor <= 1:
        return pixels
    if pixels.dtype not in (np.uint8, np.uint16, np.float32):
        pixels = pixels.astype(np.float32)
    size = (math.ceil(pixels.shape[1] / factor), math.ceil(pixels.shape[0] / factor))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA))


def _deep_grey(grey: Pixels, mode: str) -> Pixels:
    """Return values of unknown range as 16 bits."""
    if mode.startswith("I;16"):
        return grey.astype(np.uint16)
    # "I" is how Pillow holds 16-bit PNG as well as 8-bit values in 32 bits; "F" has no fixed white.
    values = np.nan_to_num(grey.astype(np.float32), posinf=0.0, neginf=0.0)
    top = values.max(initial=0)
    white = 1.0 if mode == "F" and top <= 1.0 else 255.0 if top <= 255 else 65535.0
    return np.asarray(np.clip(np.round(values * (65535.0 / white)), 0, 65535).astype(np.uint16))


def upright(pixels: Pixels, orientation: int) -> Pixels:
    """Turn and mirror by an EXIF orientation, 1..8 (Exif 2.32, 4.6.4)."""
    if orientation in (5, 6, 7, 8):
        pixels = np.swapaxes(pixels, 0, 1)
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    return np.ascontiguousarray(pixels)


def _in_srgb(pixels: Pixels, profile: bytes | None) -> Pixels:
    """Apply a colour profile to RGB or RGBA; 16 bits are rounded to 8 for it."""
    if not isinstance(profile, bytes) or pixels.ndim != 3 or pixels.shape[2] < 3:
        return pixels
    if pixels.dtype == np.uint16:
        pixels = ((pixels.astype(np.uint32) + 128) // 257).astype(np.uint8)
    return np.asarray(_to_srgb(Image.fromarray(pixels), profile))


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


def eight_bits(pixels: Pixels) -> UInt8Array:
    """Return pixels of any type in 8 bits: 16-bit, floating in 0..1 (NaN counts as 0), or already 8."""
    if pixels.dtype == np.uint8:
        return pixels
    if pixels.dtype == np.bool_:
        return np.where(pixels, 255, 0).astype(np.uint8)
    if pixels.dtype == np.uint16:
        return np.asarray((pixels.astype(np.uint32) + 128) // 257, dtype=np.uint8)
    if np.issubdtype(pixels.dtype, np.floating):
        return np.asarray(np.clip(np.round(np.nan_to_num(pixels.astype(np.float32)) * 255), 0, 255), dtype=np.uint8)
    return np.asarray(np.clip(pixels, 0, 255), dtype=np.uint8)
