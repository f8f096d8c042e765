"""From drawn frames to the pictures that an encoder takes."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import av
import numpy as np

from ...errors import ContractError
from ...lazy import cv2
from ...types import UInt8Array
from ..frame import Tags
from ..image import over
from ..native import Base
from ..yuv import Coding, add_change, rgb_to_i420, rgb_to_planes, split_planes

BT709, LIMITED, FULL = 1, 1, 2
"""Codes of ITU-T H.273 for matrix, transfer and primaries; of libavutil for 16..235 and 0..255."""
HD = Tags(BT709, BT709, BT709, False)
"""What players take for granted."""
_PACKED = {"rgba": (0, 1, 2, 3), "bgra": (2, 1, 0, 3), "rgb24": (0, 1, 2), "bgr0": (2, 1, 0, 2)}
"""Order of the channels R, G, B, A in one pixel."""
_BLOCKS_PX = (1 << 16, 64, 8)
"""Clear pixels take the mean colour of blocks of this size, the smallest that holds something seen."""


class Intake:
    """Checks frames and brings them to one size and one number of channels.

    Parameters
    ----------
    size : tuple of int
        Width and height of the frames in pixels.
    alpha : bool
        Whether the result keeps transparency: RGBA then, otherwise RGB.
    background_rgb : tuple of int
        Colour behind transparent pixels where it does not.
    max_side_px : int
        Larger frames are scaled down; 0 keeps any size.
    min_side_px : int
        Frames are scaled down no further than to this on their shorter side: some encoders write
        beyond their own memory below it.
    lossy : bool
        Whether the codec mixes neighbouring pixels.
    """

    def __init__(self, size: tuple[int, int], *, alpha: bool, background_rgb: tuple[int, int, int],
                 max_side_px: int = 0, min_side_px: int = 1, lossy: bool = False) -> None:
        self._given, self._alpha, self._background, self._lossy = size, alpha, background_rgb, lossy
        scale = min(1.0, max(max_side_px / max(size), min_side_px / min(size))) if max_side_px else 1.0
        self.size = (round(size[0] * scale), round(size[1] * scale))
        self.lost_alpha = False

    def take(self, frame: UInt8Array, index: int) -> UInt8Array:
        """Return a frame [shape=(H, W, 3 or 4)] as the result needs it."""
        width, height = self._given
        if frame.dtype != np.uint8 or frame.ndim != 3 or frame.shape[:2] != (height, width) or frame.shape[2] not in (3, 4):
            raise ContractError(f"frame {index} is {frame.shape} {frame.dtype}, not {height} x {width} x 3")
        if frame.shape[2] == 4 and not self._alpha:
            self.lost_alpha = self.lost_alpha or bool(frame[..., 3].min() < 255)
            frame = over(frame[..., :3], frame[..., 3], self._background)
        if self.size != self._given:
            frame = _shrunk(frame, self.size)
        if self._alpha and frame.shape[2] == 3:
            frame = np.dstack([frame, np.full(frame.shape[:2], 255, np.uint8)])
        elif self._alpha and self._lossy:
            frame = fill_clear(frame)
        return np.ascontiguousarray(frame)


def _shrunk(frame: UInt8Array, size: tuple[int, int]) -> UInt8Array:
    """Scale down; colours are weighted with their opacity, so that hidden ones do not leak in."""
    if frame.shape[2] == 3:
        return np.asarray(cv2.resize(frame, size, interpolation=cv2.INTER_AREA), np.uint8)
    share = frame[..., 3:].astype(np.float32)
    mixed: Any = cv2.resize(np.dstack([frame[..., :3] * share, share]), size, interpolation=cv2.INTER_AREA)
    mixed[..., :3] /= np.maximum(mixed[..., 3:], 1e-3)
    return np.asarray(np.clip(np.round(mixed), 0, 255), np.uint8)


def fill_clear(frame: UInt8Array) -> UInt8Array:
    """Give clear pixels the colour of what is near them.

    Lossy codecs mix the colours of neighbouring pixels, seen or not: black under clear pixels would
    darken the edges of what is in front.

    Parameters
    ----------
    frame : UInt8Array
        RGBA, colours not multiplied by their opacity [shape=(H, W, 4)].
    """
    clear = frame[..., 3] == 0
    if not clear.any() or clear.all():
        return frame
    height, width = clear.shape
    share = frame[..., 3:].astype(np.float32)
    weighted = np.dstack([frame[..., :3] * share, share])
    near: Any = np.zeros((1, 1, 4), np.float32)
    for block in _BLOCKS_PX:
        size = max(1, width // block), max(1, height // block)
        coarse = cv2.resize(near, size, interpolation=cv2.INTER_LINEAR) * 1e-3
        near = cv2.resize(weighted, size, interpolation=cv2.INTER_AREA) + coarse
    smooth = cv2.resize(near, (width, height), interpolation=cv2.INTER_LINEAR)
    filled: UInt8Array = frame.copy()
    filled[clear, :3] = np.clip(smooth[clear, :3] / np.maximum(smooth[clear, 3:], 1e-9), 0, 255)
    return filled


class Pictures:
    """Makes the pictures of one pixel format.

    Parameters
    ----------
    pixel_format : str
        FFmpeg's name.
    size : tuple of int
        Width and height of the frames in pixels; an odd edge is repeated once where chroma needs it.
    time_base : Fraction
        Unit of the time stamps.
    reuse : bool
        Whether one picture serves all frames: for encoders that have copied it when they return.
    tags : Tags
        How colours are written, in formats that are not RGB.
    """

    def __init__(self, pixel_format: str, size: tuple[int, int], time_base: Fraction, *, reuse: bool, tags: Tags = HD) -> None:
        self._format: Any = av.VideoFormat(pixel_format, 64, 64)
        self._name, self._given, self._time_base, self._tags = pixel_format, size, time_base, tags
        self._coding = Coding(tags.matrix, tags.full_range)
        cut_x, cut_y = (64 // self._format.chroma_width(64), 64 // self._format.chroma_height(64)) \
            if pixel_format.startswith("yuv") else (1, 1)
        self.size = (-(-size[0] // cut_x) * cut_x, -(-size[1] // cut_y) * cut_y)
        self._cut = (cut_x, cut_y)
        self._reuse = reuse
        self._picture: Any = None
        self._buffer = np.empty(self.size[0] * self.size[1] * 3 // 2, np.uint8)

    def make(self, frame: UInt8Array, pts: int, base: Base | None = None) -> Any:
        """Return the picture of a frame [shape=(H, W, 3 or 4)] with its time stamp.

        With a base, samples are the source's own but for what differs from it.
        """
        pad = self.size[0] - self._given[0], self.size[1] - self._given[1]
        if any(pad):
            frame = np.ascontiguousarray(np.pad(frame, ((0, pad[1]), (0, pad[0]), (0, 0)), mode="edge"))
        picture = self._blank()
        if self._name in _PACKED:
            order = _PACKED[self._name]
            _lines(picture.planes[0])[:, :frame.shape[1] * len(order)] = \
                frame[..., list(order)].reshape(frame.shape[0], -1)
        else:
            self._fill_planes(picture, frame, base)
        picture.pts = pts
        return picture

    def _blank(self) -> Any:
        # Most encoders keep a reference to the picture, so each frame has its own. Making one costs
        # as much as filling it, which is why those that copy get the same one again.
        if self._picture is None or not self._reuse:
            self._picture = av.VideoFrame(*self.size, self._name)
            self._picture.time_base = self._time_base
            if self._name in _PACKED:
                self._picture.color_range = FULL
            else:
                self._picture.colorspace = self._tags.matrix
                self._picture.color_range = FULL if self._tags.full_range else LIMITED
        return self._picture

    def _fill_planes(self, picture: Any, frame: UInt8Array, base: Base | None) -> None:
        bits = self._format.components[0].bits
        rgb = np.ascontiguousarray(frame[..., :3])
        if base is not None:
            planes: Any = base.planes
            add_change(planes, base.rgb, rgb, bits, self._coding)
        elif bits == 8 and self._cut == (2, 2):
            # The lines of the picture are padded, which is why they are not written directly.
            planes = split_planes(self._buffer, self.size[1], self.size[0])
            rgb_to_i420(rgb, planes, self._coding)
        else:
            depth = np.uint8 if bits == 8 else np.uint16
            small = (self.size[1] // self._cut[1], self.size[0] // self._cut[0])
            planes = [np.empty(shape, depth) for shape in (rgb.shape[:2], small, small)]
            rgb_to_planes(rgb, planes, bits, self._coding)
        if len(picture.planes) == 4:
            planes = [*planes, _scaled(frame[..., 3], bits)]
        for plane, values in zip(picture.planes, planes, strict=True):
            _lines(plane, values.dtype)[:values.shape[0], :values.shape[1]] = values


def _scaled(alpha: UInt8Array, bits: int) -> Any:
    """Return opacity in the whole range of `bits`: alpha has no footroom."""
    if bits == 8:
        return alpha
    return ((alpha.astype(np.uint32) * ((1 << bits) - 1) + 127) // 255).astype(np.uint16)


def _lines(plane: Any, dtype: Any = np.uint8) -> Any:
    return np.frombuffer(plane, dtype).reshape(-1, plane.line_size // np.dtype(dtype).itemsize)
