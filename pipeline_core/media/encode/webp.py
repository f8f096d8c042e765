"""Writes animated WebP: it loops, holds no sound and keeps transparency.

Each picture is compressed by itself and written at once. FFmpeg's writer for animations holds
the pixels of all pictures until the end (seen with libwebp 1.6).
"""

from __future__ import annotations

import io
import json
import re
import struct
import time
from collections.abc import Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from ...types import UInt8Array
from .container import Clip, lost_parts
from .formats import Format

_TAG_MODEL, _TAG_MAKE = 0x0110, 0x010F
"""EXIF tags in which ComfyUI keeps "prompt:..." and, from the second one downwards, all else."""
_ANIMATED, _EXIF, _ALPHA = 0x02, 0x08, 0x10
"""Bits of the VP8X chunk (WebP container specification)."""
_REPLACE = 0x02
"""Bit of the ANMF chunk: the picture replaces what is there, clear pixels too."""
_PICTURE_CHUNKS = (b"ALPH", b"VP8 ", b"VP8L")
_MS = 1000


class WebpWriter:
    """The open file. Of a picture only the rectangle that changed is written."""

    def __init__(self, path: Path, form: Format, clip: Clip) -> None:
        self.busy_s = 0.0
        self._form, self._clip, self._done = form, clip, 0
        self._intake = clip.intake(form)
        self._last: UInt8Array | None = None
        self._waiting: tuple[int, bytes, bytes] | None = None
        """Number, place and data of a picture whose duration is not known yet."""
        self._file: Any = path.open("wb")
        size = b"".join((side - 1).to_bytes(3, "little") for side in self._intake.size)
        flags = _ANIMATED | _ALPHA | (_EXIF if clip.metadata else 0)
        self._file.write(b"RIFF\0\0\0\0WEBP" + _chunk(b"VP8X", bytes([flags, 0, 0, 0]) + size)
                         + _chunk(b"ANIM", bytes(6)))  # clear background, endless loop

    @property
    def warnings(self) -> list[str]:
        """What the format could not keep."""
        return lost_parts(self._form, self._intake, self._clip.sound)

    def write(self, frame: UInt8Array) -> None:
        """Write one picture; the one before it gets its duration."""
        began = time.perf_counter()
        pixels = self._intake.take(frame, self._done)
        left, top, right, bottom = _changed(self._last, pixels)
        if right > left:
            self._flush()
            place = b"".join(n.to_bytes(3, "little") for n in (left // 2, top // 2, right - left - 1, bottom - top - 1))
            self._waiting = (self._done, place, self._compressed(pixels[top:bottom, left:right]))
        self._last = pixels
        self._done += 1
        self.busy_s += time.perf_counter() - began

    def _compressed(self, pixels: UInt8Array) -> bytes:
        options, buffer = self._form.video_options, io.BytesIO()
        Image.fromarray(np.ascontiguousarray(pixels)).save(
            buffer, format="WEBP", quality=int(options.get("quality", 80)), lossless=options.get("lossless") == "1",
            method=int(options.get("compression_level", 4)))
        return b"".join(_chunk(name, body) for name, body in _chunks(buffer.getvalue()) if name in _PICTURE_CHUNKS)

    def _flush(self) -> None:
        if self._waiting is None:
            return
        start, place, data = self._waiting
        # Times are rounded, not durations: no drift.
        stamps = self._clip.stamps
        lasts = _rounded(stamps.at(self._done) * _MS) - _rounded(stamps.at(start) * _MS)
        timing = lasts.to_bytes(3, "little") + bytes([_REPLACE])
        self._file.write(_chunk(b"ANMF", place + timing + data))
        self._waiting = None

    def close(self, *, complete: bool) -> None:
        """Finish the file, or only let go of it."""
        if self._file.closed:
            return
        with self._file as file:
            if complete:
                self._flush()
                if self._clip.metadata:
                    file.write(_chunk(b"EXIF", exif_of(self._clip.metadata)))
                size = file.tell() - 8
                file.seek(4)
                file.write(struct.pack("<I", size))


def _changed(before: UInt8Array | None, now: UInt8Array) -> tuple[int, int, int, int]:
    """Return left, top, right and bottom of what changed; corners lie on even pixels."""
    if before is None:
        return 0, 0, now.shape[1], now.shape[0]
    differs = (before.view(np.uint32) != now.view(np.uint32))[..., 0]
    rows, columns = np.flatnonzero(differs.any(axis=1)), np.flatnonzero(differs.any(axis=0))
    if not len(rows):
        return 0, 0, 0, 0
    return int(columns[0]) & ~1, int(rows[0]) & ~1, int(columns[-1]) + 1, int(rows[-1]) + 1


def _rounded(value: Fraction) -> int:
    return int(value + Fraction(1, 2))


def _chunk(name: bytes, body: bytes) -> bytes:
    return name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield name and body of the chunks of a WebP file."""
    at = 12
    while at + 8 <= len(data):
        size = struct.unpack_from("<I", data, at + 4)[0]
        yield data[at:at + 4], data[at + 8:at + 8 + size]
        at += 8 + size + size % 2


def exif_of(tags: Mapping[str, str]) -> bytes:
    """Return EXIF data that holds tags as ComfyUI's own WebP files do."""
    exif: Any = Image.Exif()
    if "prompt" in tags:
        exif[_TAG_MODEL] = "prompt:" + _ascii(tags["prompt"])
    for place, key in enumerate(key for key in tags if key != "prompt"):
        exif[_TAG_MAKE - place] = f"{key}:{_ascii(tags[key])}"
    return bytes(exif.tobytes())


def _ascii(text: str) -> str:
    """Escape what is not ASCII as JSON does: EXIF holds nothing else."""
    return re.sub(r"[^\x00-\x7f]+", lambda found: json.dumps(found[0])[1:-1], text)
