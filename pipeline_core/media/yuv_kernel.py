"""The compiled inner loops of `yuv`; importing this file needs numba."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types

from ..compiled import compiled

SHIFT = 16
"""Fraction bits of the coefficients; 255 * 255 * 2**16 is the largest sum that 32 bits hold."""

_PICTURE = types.Array(types.uint8, 3, "C", readonly=True)
_LINE = types.Array(types.uint8, 1, "C", readonly=True)
_PLANE = types.Array(types.uint8, 2, "C")
_OUT_LINE = types.Array(types.uint8, 1, "C")
_TABLE = types.Array(types.int32, 2, "C", readonly=True)
_ROW = types.Array(types.int32, 1, "C", readonly=True)


# Flat arrays and 32-bit arithmetic: with 2-D indexing and 64-bit integers the loops do not
# vectorise, which costs a factor of eight.
@compiled(types.void(_LINE, _OUT_LINE, _ROW))
def _luma(rgb: Any, plane: Any, row: Any) -> None:
    red, green, blue, offset = np.uint32(row[0]), np.uint32(row[1]), np.uint32(row[2]), np.uint32(row[3])
    for n in range(plane.size):
        plane[n] = np.uint8((np.uint32(rgb[3 * n]) * red + np.uint32(rgb[3 * n + 1]) * green
                             + np.uint32(rgb[3 * n + 2]) * blue + offset) >> np.uint32(SHIFT))


@compiled(types.void(_LINE, _LINE, _OUT_LINE, _OUT_LINE, _TABLE))
def _chroma(top: Any, bottom: Any, u: Any, v: Any, table: Any) -> None:
    ur, ug, ub, u0 = table[1, 0], table[1, 1], table[1, 2], table[1, 3]
    vr, vg, vb, v0 = table[2, 0], table[2, 1], table[2, 2], table[2, 3]
    for n in range(u.size):
        at = 6 * n
        r = np.int32(top[at]) + np.int32(top[at + 3]) + np.int32(bottom[at]) + np.int32(bottom[at + 3])
        g = np.int32(top[at + 1]) + np.int32(top[at + 4]) + np.int32(bottom[at + 1]) + np.int32(bottom[at + 4])
        b = np.int32(top[at + 2]) + np.int32(top[at + 5]) + np.int32(bottom[at + 2]) + np.int32(bottom[at + 5])
        u[n] = np.uint8((r * ur + g * ug + b * ub + u0) >> np.int32(SHIFT + 2))
        v[n] = np.uint8((r * vr + g * vg + b * vb + v0) >> np.int32(SHIFT + 2))


@compiled(types.void(_PICTURE, _PLANE, _PLANE, _PLANE, _TABLE))
def convert(rgb: Any, y: Any, u: Any, v: Any, table: Any) -> None:
    """Fill three planes; `table` has offsets that hold the rounding (4-pixel sums for U and V)."""
    width = 3 * rgb.shape[1]
    _luma(rgb.reshape(rgb.size), y.reshape(y.size), table[0])
    flat = rgb.reshape(rgb.size)
    for row in range(u.shape[0]):
        at = 2 * row * width
        _chroma(flat[at:at + width], flat[at + width:at + 2 * width], u[row], v[row], table)
