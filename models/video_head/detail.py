"""Detail that stays: where skin hardly moves, the frame's grain and pores keep their place.

Moving them by a fraction of a pixel only blurs them and lets them crawl. Shading moves, detail stays; farther
on both move, because detail that stays behind would slide over the skin.
"""

from __future__ import annotations

import cv2
import numpy as np

from ...pipeline_core.compiled import compiled
from ...pipeline_core.types import FloatArray, UInt8Array
from ..photo_head.textures import TEXTURE_SCALE

DETAIL_PX = 2.0
"""Standard deviation of the blur that takes detail away."""
STAYS_PX = (1.0, 3.0)
"""Movements between which detail goes over from staying to moving along."""
FAINT_LEVELS = 12.0
"""Detail beyond this is an edge, a wrinkle, a beard, and moves."""
_FAINT = np.asarray([x * np.exp(-((x / FAINT_LEVELS) ** 2)) for x in range(-255, 256)], np.float32)


def keep_detail(
    drawn: UInt8Array, own: UInt8Array, coordinates: FloatArray, origin: FloatArray, skin: UInt8Array
) -> None:
    """Give moved skin the detail that the frame has at the same place, where it moved little.

    Parameters
    ----------
    drawn : UInt8Array
        Moved skin, changed in place [shape=(H, W, 3)].
    own : UInt8Array
        The frame there [shape=(H, W, 3)].
    coordinates : FloatArray
        Texture pixel of each pixel [shape=(H, W, 2)].
    origin : FloatArray
        Texture pixel at which a pixel in the corner that did not move would be [shape=(2,)].
    skin : UInt8Array
        0 where lips are or were: of theirs nothing may stay behind [shape=(H, W)].
    """
    own_soft, soft = (cv2.GaussianBlur(picture, (0, 0), DETAIL_PX) for picture in (own, drawn))
    _exchange(drawn, own, own_soft, soft, skin, coordinates, np.float32(origin[0]), np.float32(origin[1]),
              np.float32(STAYS_PX[0]), np.float32(STAYS_PX[1]), np.float32(1.0 / TEXTURE_SCALE), _FAINT)  # fmt: skip


@compiled()
def _exchange(
    drawn: UInt8Array, own: UInt8Array, own_soft: UInt8Array, soft: UInt8Array, skin: UInt8Array, coordinates: FloatArray,
    left: float, top: float, near: float, far: float, scale: float, faint: FloatArray,
) -> None:  # fmt: skip
    """Mix so that the strength of the grain stays: of unrelated grains the squares add up to one."""
    height, width = drawn.shape[:2]
    one = np.float32(1.0)
    for y in range(height):
        for x in range(width):
            across = coordinates[y, x, 0] * scale - left - np.float32(x)
            down = coordinates[y, x, 1] * scale - top - np.float32(y)
            moved = across * across + down * down
            if moved >= far * far or skin[y, x] == 0:
                continue
            stays, goes = one, one
            if moved > near * near:
                share = (far - np.sqrt(moved)) / (far - near)
                stays, goes = np.sqrt(share), one - np.sqrt(one - share)
            for k in range(3):
                value = np.float32(drawn[y, x, k]) + np.float32(0.5)
                value += stays * faint[np.int32(own[y, x, k]) - np.int32(own_soft[y, x, k]) + 255]
                value -= goes * faint[np.int32(drawn[y, x, k]) - np.int32(soft[y, x, k]) + 255]
                drawn[y, x, k] = np.uint8(min(max(value, np.float32(0.0)), np.float32(255.0)))
