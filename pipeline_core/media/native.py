"""The samples of a clip as they are stored, for results that change a part of them and keep the rest.

The way to RGB and back rounds twice and blurs colour. What is drawn is therefore added to the
source's own samples as a difference, which is nothing where nothing was drawn.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..types import UInt8Array
from .frame import Tags, frame_pixels
from .source import SourceClip
from .video import read_native

_SKIP_FRAMES = 250
"""Farther ahead than the usual distance of key frames, a seek is faster than decoding."""


@dataclass(frozen=True, eq=False)
class Base:
    """A frame of a clip."""

    planes: list[npt.NDArray[np.uint8 | np.uint16]]
    """Y, U and V; its owner may change them."""
    rgb: UInt8Array
    """The same as `read_frames` gives it [shape=(H, W, 3)]."""


class Bases:
    """Reads a clip for results of one pixel format.

    Parameters
    ----------
    clip : SourceClip
        The clip.
    pixel_format : str
        A planar one; colours stay as they are stored.
    """

    def __init__(self, clip: SourceClip, pixel_format: str) -> None:
        self._clip, self._form = clip, pixel_format
        self._frames: Iterator[Any] = iter(())
        self._at = -1
        self._frame: tuple[float, Any, tuple[int, int], Tags] | None = None

    def read(self, number: int, *, upright: bool) -> Base | None:
        """Return the frame that a face track has at a number, turned upright or as it is stored.

        None where it cannot be decoded, or cannot be turned: chroma would need another shape.
        """
        wanted = int(self._clip.shown[min(number, len(self._clip.shown) - 1)])
        if not self._at <= wanted <= self._at + _SKIP_FRAMES or self._frame is None:
            self._frames, self._at, self._frame = read_native(self._clip.video.path, wanted), wanted - 1, None
        while self._at < wanted or self._frame is None:
            self._frame = next(self._frames, None)
            self._at += 1
            if self._frame is None:
                return None
        _, frame, shape, tags = self._frame
        planes = _planes(frame.reformat(format=self._form))
        turns = self._clip.quarter_turns if upright else 0
        if shape != (frame.height, frame.width) or (turns % 2 and not _turnable(planes)):
            return None
        pixels = frame_pixels(frame, tags)
        return Base([np.rot90(plane, turns).copy() for plane in planes], np.ascontiguousarray(np.rot90(pixels, turns)))


def _planes(frame: Any) -> list[npt.NDArray[np.uint8 | np.uint16]]:
    depth = np.uint8 if frame.format.components[0].bits == 8 else np.uint16
    return [np.frombuffer(plane, depth).reshape(-1, plane.line_size // depth().itemsize)[:plane.height, :plane.width]
            for plane in frame.planes[:3]]


def _turnable(planes: list[npt.NDArray[np.uint8 | np.uint16]]) -> bool:
    (height, width), (small_height, small_width) = planes[0].shape, planes[1].shape
    return bool(height * small_width == width * small_height)
