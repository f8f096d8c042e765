"""HEIC pictures (iPhones make them), and AVIF where Pillow cannot: decoded by the FFmpeg in PyAV.

FFmpeg itself hands out the tiles of such a picture one by one; here they are put together, turned,
cropped and given their transparency.
"""

from __future__ import annotations

import importlib
import io
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import av
import numpy as np
import numpy.typing as npt

from ..errors import MissingDependency
from .frame import Tags, frame_pixels
from .heif_boxes import Catalogue, Item, Reader, looks_like_heif, read_catalogue

__all__ = ["Heif", "looks_like_heif", "read_heif"]

_CODECS = {b"hvc1": ("hevc", b"hvcC"), b"av01": ("libdav1d", b"av1C")}
_ALPHA = (b"urn:mpeg:hevc:2015:auxid:1", b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha")
_AV1_CONFIG_BYTES = 4
MAX_TILES = 4096
MAX_CODED_PIXELS = 160_000_000
"""Of all tiles together: the largest picture, and what they reach beyond its edges."""
Pixels = npt.NDArray[Any]


@dataclass(frozen=True)
class Heif:
    """A decoded picture."""

    pixels: Pixels
    """RGB or RGBA, upright [shape=(H, W, 3 or 4)]."""
    profile: bytes | None
    """Its ICC profile."""
    factor: int
    """By how much it is still to be reduced."""


class _Undecodable(ValueError):
    """FFmpeg lacks something that another decoder may have."""


def read_heif(data: bytes, name: str, factor_for: Callable[[int, int], int]) -> Heif:
    """Decode the main picture of a file.

    Parameters
    ----------
    data : bytes
        The whole file.
    name : str
        Its name, for messages.
    factor_for : callable
        Gets width and height before anything is decoded; refuses sizes, or says how much to reduce.

    Raises
    ------
    ValueError
        If the file is broken.
    MissingDependency
        If neither FFmpeg nor the optional package pillow-heif can decode it.
    """
    found = read_catalogue(data)
    item = found.items[found.primary]
    width, height = item.size_px()
    factor = factor_for(width, height)
    try:
        pixels = _decoded(found, item, (width, height))
    except (_Undecodable, av.error.PatchWelcomeError) as error:
        return Heif(_by_pillow_heif(data, name, str(error)), _profile(item), factor)
    except av.FFmpegError as error:
        raise ValueError(f"its coded picture is damaged ({error})") from error
    alpha = _alpha_of(found)
    if alpha is not None and alpha.size_px() == (width, height):
        opacity = _decoded(found, alpha, (width, height))[..., :1]
        pixels = np.concatenate([pixels, opacity.astype(pixels.dtype)], axis=2)
    return Heif(_transformed(pixels, item), _profile(item), factor)


def _by_pillow_heif(data: bytes, name: str, why: str) -> Pixels:
    try:
        package = importlib.import_module("pillow_heif")
    except ImportError:
        raise MissingDependency(f"cannot decode the HEIC picture {name!r}: {why}",
                                hint="Save it as JPEG, or install a decoder: pip install pillow-heif") from None
    image = package.open_heif(io.BytesIO(data)).to_pillow()
    return np.asarray(image.convert("RGBA" if "A" in image.getbands() else "RGB"))


def _decoded(found: Catalogue, item: Item, size_px: tuple[int, int]) -> Pixels:
    """Return the pixels of a coded item or of a grid, not turned yet."""
    if item.kind == b"grid":
        return _grid(found, item, size_px)
    if item.kind == b"iden" and item.parts.get(b"dimg"):
        origin = found.item(item.parts[b"dimg"][0])
        if origin.kind != b"iden":
            return _transformed(_decoded(found, origin, origin.size_px()), origin)
    return _exact(_tiles(found, [item], size_px)[0], size_px)


def _grid(found: Catalogue, item: Item, size_px: tuple[int, int]) -> Pixels:
    """Put tiles together, row by row (ISO/IEC 23008-12, 6.6.2.3)."""
    reader = Reader(memoryview(found.payload(item)))
    _, flags, rows, columns = reader.number(1), reader.number(1), reader.number(1) + 1, reader.number(1) + 1
    bytes_each = 4 if flags & 1 else 2
    if (reader.number(bytes_each), reader.number(bytes_each)) != size_px:
        raise ValueError("the file names two sizes for its picture")
    numbers = item.parts.get(b"dimg", [])
    if len(numbers) != rows * columns or len(numbers) > MAX_TILES:
        raise ValueError(f"the picture has {len(numbers)} of {rows * columns} tiles")
    parts = [found.item(number) for number in numbers]
    tile_w, tile_h = parts[0].size_px()
    if columns * tile_w < size_px[0] or rows * tile_h < size_px[1] or (columns - 1) * tile_w >= size_px[0] or (
            rows - 1) * tile_h >= size_px[1]:
        raise ValueError("the tiles do not fill the picture")
    whole: Pixels | None = None
    for index, tile in enumerate(_tiles(found, parts, (tile_w, tile_h))):
        tile = _exact(tile, (tile_w, tile_h))
        if whole is None:
            whole = np.zeros((size_px[1], size_px[0], 3), tile.dtype)
        top, left = index // columns * tile_h, index % columns * tile_w
        place = whole[top:top + tile_h, left:left + tile_w]
        place[:] = tile[:place.shape[0], :place.shape[1]]
    assert whole is not None
    return whole


def _exact(pixels: Pixels, size_px: tuple[int, int]) -> Pixels:
    """Drop what codecs add to reach their block size."""
    if pixels.shape[0] < size_px[1] or pixels.shape[1] < size_px[0]:
        raise ValueError("a picture of the file is smaller than it claims")
    return pixels[:size_px[1], :size_px[0]]


def _tiles(found: Catalogue, items: list[Item], size_px: tuple[int, int]) -> list[Pixels]:
    """Decode coded items of one size; one decoder serves all that share their parameters."""
    # The size of the whole has been checked; parts may claim any other, and share their bytes.
    if len(items) * size_px[0] * size_px[1] > MAX_CODED_PIXELS:
        raise ValueError("the parts of the picture are larger than the whole may be")
    tags = _tags(items[0]) or _tags(found.items[found.primary])
    left = len(found.data)
    out: dict[int, Pixels] = {}
    decoder: Any = None
    settings = b""
    for index, item in enumerate(items):
        if item.kind not in _CODECS:
            raise _Undecodable(f"the kind {item.kind.decode('latin-1')!r} is not supported")
        codec, wanted = _CODECS[item.kind]
        record = (item.all(wanted) or [b""])[0]
        if decoder is None or record != settings:
            _collect(decoder, None, tags, out)
            decoder, settings = _decoder(codec, record, size_px), record
        payload = found.payload(item)
        left -= len(payload)
        if left < 0:
            raise ValueError("the parts of the picture are larger than the file")
        packet = av.Packet(payload if codec == "hevc" else record[_AV1_CONFIG_BYTES:] + payload)
        packet.pts = packet.dts = index
        _collect(decoder, packet, tags, out)
    _collect(decoder, None, tags, out)
    if sorted(out) != list(range(len(items))):
        raise ValueError(f"{len(items) - len(out)} of {len(items)} parts of the picture are damaged")
    return [out[index] for index in range(len(items))]


def _decoder(codec: str, record: bytes, size_px: tuple[int, int]) -> Any:
    try:
        decoder = av.CodecContext.create(codec, "r")
    except ValueError:
        raise _Undecodable(f"this PyAV has no decoder {codec}") from None
    # What the coded picture says of its size proves nothing until it is decoded; 64 px are for padding.
    decoder.options = {"max_pixels": str((size_px[0] + 64) * (size_px[1] + 64))}
    if codec == "hevc":
        decoder.extradata = record
    return decoder


def _collect(decoder: Any, packet: Any, tags: Tags | None, out: dict[int, Pixels]) -> None:
    if decoder is not None:
        for frame in decoder.decode(packet):
            if frame.pts is not None:
                out[int(frame.pts)] = frame_pixels(frame, tags)


def _alpha_of(found: Catalogue) -> Item | None:
    for item in found.items.values():
        names = [content[4:].split(b"\0")[0] for content in item.all(b"auxC")]
        if found.primary in item.parts.get(b"auxl", []) and any(name in _ALPHA for name in names):
            return item
    return None


def _tags(item: Item) -> Tags | None:
    for content in item.all(b"colr"):
        if content[:4] == b"nclx" and len(content) >= 11:
            primaries, transfer, matrix, full = struct.unpack(">HHHB", content[4:11])
            return Tags(primaries, transfer, matrix, bool(full >> 7))
    return None


def _profile(item: Item) -> bytes | None:
    return next((content[4:] for content in item.all(b"colr") if content[:4] in (b"prof", b"rICC")), None)


def _transformed(pixels: Pixels, item: Item) -> Pixels:
    """Crop, turn and mirror in the order of the file (23008-12, 6.5.9 to 6.5.12)."""
    for kind, content in item.properties:
        if kind == b"clap":
            pixels = _cropped(pixels, content)
        elif kind == b"irot" and content:
            pixels = np.rot90(pixels, content[0] & 3)
        elif kind == b"imir" and content:
            pixels = pixels[:, ::-1] if content[0] & 1 else pixels[::-1]
    return np.ascontiguousarray(pixels)


def _cropped(pixels: Pixels, clap: bytes) -> Pixels:
    numbers = struct.unpack(">4I4i", clap[:32]) if len(clap) >= 32 else ()
    if not numbers or 0 in numbers[1::2]:
        return pixels
    width, height, right, down = (numbers[n] / numbers[n + 1] for n in (0, 2, 4, 6))
    left = round(right + (pixels.shape[1] - width) / 2)
    top = round(down + (pixels.shape[0] - height) / 2)
    if left < 0 or top < 0 or left + width > pixels.shape[1] or top + height > pixels.shape[0]:
        return pixels
    return pixels[top:top + round(height), left:left + round(width)]
