"""RGB to planar YUV, BT.709, limited range: the form that players expect.

Three quarters of the time that libswscale takes for this are saved, and its bias of one grey
level (it truncates where we round) with it. Chroma is the mean of 2 x 2 pixels; OpenCV's own
I420 conversion takes one pixel of four, which flickers on hair.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

import numpy as np
import numpy.typing as npt

from ..errors import MissingDependency
from ..lazy import UNUSABLE, cv2
from ..types import UInt8Array

KR, KB = 0.2126, 0.0722
"""ITU-R BT.709-6, item 3.2: weights of red and blue in luma."""

Planes = tuple[UInt8Array, UInt8Array, UInt8Array]


def coefficients() -> npt.NDArray[np.float64]:
    """Return rows Y, U, V of the matrix (r, g, b, 1) in 0..255 -> limited range codes [shape=(3, 4)].

    Luma spans 16..235 and chroma 16..240 around 128 (BT.709-6, item 4.6).
    """
    luma = np.array([KR, 1 - KR - KB, KB])
    blue = (np.array([0, 0, 1]) - luma) / (2 * (1 - KB))
    red = (np.array([1, 0, 0]) - luma) / (2 * (1 - KR))
    scaled = np.stack([luma * 219, blue * 224, red * 224]) / 255
    return np.hstack([scaled, [[16], [128], [128]]])


def split_planes(buffer: UInt8Array, height_px: int, width_px: int) -> Planes:
    """Return writable views of the Y, U and V planes of a flat I420 buffer (even sizes)."""
    area = height_px * width_px
    half = (height_px // 2, width_px // 2)
    return (buffer[:area].reshape(height_px, width_px),
            buffer[area:area * 5 // 4].reshape(half),
            buffer[area * 5 // 4:area * 3 // 2].reshape(half))


def rgb_to_i420_plain(rgb: UInt8Array, planes: Planes) -> None:
    """Convert with OpenCV; also the oracle for the compiled path."""
    matrix = coefficients().astype(np.float32)
    height, width = rgb.shape[:2]
    small = cv2.resize(rgb, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
    for row, source, plane in zip(matrix, (rgb, small, small), planes, strict=True):
        np.copyto(plane, cv2.transform(source, row[None]))


def rgb_to_planes(rgb: UInt8Array, planes: Sequence[npt.NDArray[np.uint8 | np.uint16]], bits: int) -> None:
    """Convert a picture into planes of any depth and chroma size.

    Parameters
    ----------
    rgb : UInt8Array
        Picture [shape=(H, W, 3)].
    planes : sequence of array
        Y [shape=(H, W)], U and V [their shape says how chroma is scaled down]; overwritten.
    bits : int
        Depth of the codes, 8 to 16.
    """
    matrix = (coefficients() * (1 << (bits - 8))).astype(np.float32)
    deep = rgb.astype(np.uint16)
    size = planes[1].shape[::-1]
    small = deep if planes[1].shape == deep.shape[:2] else cv2.resize(deep, size, interpolation=cv2.INTER_AREA)
    for row, source, plane in zip(matrix, (deep, small, small), planes, strict=True):
        np.copyto(plane, cv2.transform(source, row[None]), casting="same_kind")


def _fixed_point(shift: int) -> npt.NDArray[np.int32]:
    """Return the matrix as integers; the last column includes half a unit, so that it rounds."""
    table = np.round(coefficients() * (1 << shift))
    table[1:, 3] *= 4  # chroma rows see the sum of four pixels
    table[:, 3] += np.array([1, 4, 4]) * (1 << (shift - 1))
    return table.astype(np.int32)


@cache
def _compiled() -> Callable[[UInt8Array, Planes], None] | None:
    """Return the compiled conversion, or None where numba is missing or cannot keep its results."""
    try:
        from .yuv_kernel import SHIFT, convert
    except (MissingDependency, RuntimeError, *UNUSABLE):
        return None
    table = _fixed_point(SHIFT)
    return lambda rgb, planes: convert(rgb, *planes, table)


def rgb_to_i420(rgb: UInt8Array, planes: Planes) -> None:
    """Convert a picture of even size into three planes.

    Parameters
    ----------
    rgb : UInt8Array
        Picture [shape=(H, W, 3)], C-contiguous.
    planes : tuple of UInt8Array
        Y [shape=(H, W)], U and V [shape=(H / 2, W / 2)]; overwritten.
    """
    kernel = _compiled()
    if kernel is None:
        rgb_to_i420_plain(rgb, planes)
    else:
        kernel(rgb, planes)
