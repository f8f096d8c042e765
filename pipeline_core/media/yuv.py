"""RGB to planar YUV: BT.709 with limited range, the form that players expect, or as a source has it.

Three quarters of the time that libswscale takes for this are saved, and its bias of one grey
level (it truncates where we round) with it. Chroma is the mean of 2 x 2 pixels; OpenCV's own
I420 conversion takes one pixel of four, which flickers on hair.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from ..errors import MissingDependency
from ..lazy import UNUSABLE, cv2
from ..types import UInt8Array

BT709, BT601, BT2020 = 1, 5, 9
"""Codes of matrices (ITU-T H.273, table 4)."""
WEIGHTS = {BT709: (0.2126, 0.0722), 4: (0.30, 0.11), BT601: (0.299, 0.114), 6: (0.299, 0.114), 7: (0.212, 0.087),
           BT2020: (0.2627, 0.0593)}
"""Matrix -> weights of red and blue in luma (H.273, table 4)."""

Planes = tuple[UInt8Array, UInt8Array, UInt8Array]


@dataclass(frozen=True)
class Coding:
    """How RGB is written as luma and chroma."""

    matrix: int = BT709
    """One of `WEIGHTS`."""
    full_range: bool = False
    """Whether codes span 0..255, as photos do; otherwise 16..235 and 16..240."""


TELEVISION = Coding()
_BELOW_TOP = 0.01
"""Pure blue and red are 255.5 in full range, which would round to 256 and wrap."""


def coefficients(coding: Coding = TELEVISION) -> npt.NDArray[np.float64]:
    """Return rows Y, U, V of the matrix (r, g, b, 1) in 0..255 -> codes [shape=(3, 4)].

    Luma spans 16..235 and chroma 16..240 around 128 (BT.709-6, item 4.6), or both the full range.
    """
    red_weight, blue_weight = WEIGHTS[coding.matrix]
    luma = np.array([red_weight, 1 - red_weight - blue_weight, blue_weight])
    blue = (np.array([0, 0, 1]) - luma) / (2 * (1 - blue_weight))
    red = (np.array([1, 0, 0]) - luma) / (2 * (1 - red_weight))
    spans = (255, 255, 255) if coding.full_range else (219, 224, 224)
    scaled = np.stack([row * span for row, span in zip((luma, blue, red), spans, strict=True)]) / 255
    return np.hstack([scaled, [[0 if coding.full_range else 16], [128], [128]]])


def split_planes(buffer: UInt8Array, height_px: int, width_px: int) -> Planes:
    """Return writable views of the Y, U and V planes of a flat I420 buffer (even sizes)."""
    area = height_px * width_px
    half = (height_px // 2, width_px // 2)
    return (buffer[:area].reshape(height_px, width_px),
            buffer[area:area * 5 // 4].reshape(half),
            buffer[area * 5 // 4:area * 3 // 2].reshape(half))


def rgb_to_i420_plain(rgb: UInt8Array, planes: Planes, coding: Coding = TELEVISION) -> None:
    """Convert with OpenCV; also the oracle for the compiled path."""
    matrix = coefficients(coding).astype(np.float32)
    height, width = rgb.shape[:2]
    small = cv2.resize(rgb, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
    for row, source, plane in zip(matrix, (rgb, small, small), planes, strict=True):
        np.copyto(plane, cv2.transform(source, row[None]))


def rgb_to_planes(rgb: UInt8Array, planes: Sequence[npt.NDArray[np.uint8 | np.uint16]], bits: int,
                  coding: Coding = TELEVISION) -> None:
    """Convert a picture into planes of any depth and chroma size.

    Parameters
    ----------
    rgb : UInt8Array
        Picture [shape=(H, W, 3)].
    planes : sequence of array
        Y [shape=(H, W)], U and V [their shape says how chroma is scaled down]; overwritten.
    bits : int
        Depth of the codes, 8 to 16.
    coding : Coding
        How colours are written.
    """
    matrix = _deep(coding, bits)
    deep = rgb.astype(np.uint16)
    size = planes[1].shape[::-1]
    small = deep if planes[1].shape == deep.shape[:2] else cv2.resize(deep, size, interpolation=cv2.INTER_AREA)
    for row, source, plane in zip(matrix, (deep, small, small), planes, strict=True):
        np.copyto(plane, cv2.transform(source, row[None]), casting="same_kind")


def _deep(coding: Coding, bits: int) -> npt.NDArray[np.float32]:
    matrix = coefficients(coding) * (1 << (bits - 8))
    if coding.full_range:  # 0 to the largest code, not a multiple of the 8-bit one
        matrix[:, :3] *= ((1 << bits) - 1) / (255 << (bits - 8))
    return np.asarray(matrix, np.float32)


def add_change(planes: Sequence[npt.NDArray[np.uint8 | np.uint16]], before: UInt8Array, after: UInt8Array, bits: int,
               coding: Coding) -> None:
    """Change a picture as stored by what changed in its RGB form: all other samples stay as they are.

    Parameters
    ----------
    planes : sequence of array
        Y [shape=(H, W)], U and V of any size that divides it; changed in place.
    before, after : UInt8Array
        The picture as RGB without and with the change [shape=(H, W, 3)].
    bits : int
        Depth of the codes.
    coding : Coding
        How colours are stored.
    """
    cut_y, cut_x = (-(-full // half) for full, half in zip(planes[0].shape, planes[1].shape, strict=True))
    changed = cv2.absdiff(after, before)
    # Colours side by side: the largest of three takes longer than all the rest.
    left, top, width, height = cv2.boundingRect(changed.reshape(len(changed), -1))
    if width == 0:
        return
    left, right = left // 3 // cut_x * cut_x, -(-(left + width) // (3 * cut_x)) * cut_x
    top, bottom = top // cut_y * cut_y, -(-(top + height) // cut_y) * cut_y
    delta = after[top:bottom, left:right].astype(np.float32) - before[top:bottom, left:right]
    small = cv2.resize(delta, ((right - left) // cut_x, (bottom - top) // cut_y), interpolation=cv2.INTER_AREA)
    for number, (plane, row) in enumerate(zip(planes[:3], _deep(coding, bits), strict=True)):
        step_y, step_x = (cut_y, cut_x) if number else (1, 1)
        box = plane[top // step_y:bottom // step_y, left // step_x:right // step_x]
        added = box + cv2.transform(small if number else delta, row[None, :3])
        np.copyto(box, np.clip(np.round(added), 0, (1 << bits) - 1), casting="unsafe")


@cache
def _fixed_point(shift: int, coding: Coding) -> npt.NDArray[np.int32]:
    """Return the matrix as integers; the last column includes half a unit, so that it rounds."""
    exact = coefficients(coding)
    if coding.full_range:
        exact[1:, 3] -= _BELOW_TOP
    table = np.round(exact * (1 << shift))
    table[1:, 3] *= 4  # chroma rows see the sum of four pixels
    table[:, 3] += np.array([1, 4, 4]) * (1 << (shift - 1))
    return table.astype(np.int32)


@cache
def _compiled() -> Callable[[UInt8Array, Planes, Coding], None] | None:
    """Return the compiled conversion, or None where numba is missing or cannot keep its results."""
    try:
        from .yuv_kernel import SHIFT, convert
    except (MissingDependency, RuntimeError, *UNUSABLE):
        return None
    return lambda rgb, planes, coding: convert(rgb, *planes, _fixed_point(SHIFT, coding))


def rgb_to_i420(rgb: UInt8Array, planes: Planes, coding: Coding = TELEVISION) -> None:
    """Convert a picture of even size into three planes.

    Parameters
    ----------
    rgb : UInt8Array
        Picture [shape=(H, W, 3)], C-contiguous.
    planes : tuple of UInt8Array
        Y [shape=(H, W)], U and V [shape=(H / 2, W / 2)]; overwritten.
    coding : Coding
        How colours are written.
    """
    kernel = _compiled()
    if kernel is None:
        rgb_to_i420_plain(rgb, planes, coding)
    else:
        kernel(rgb, planes, coding)
