"""The mouth's inside, drawn behind the lips at twice the resolution."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from ...pipeline_core.types import FloatArray, UInt8Array

if TYPE_CHECKING:
    from .layers import Box, FineLayers


class MouthInterior:
    """Placeholder."""

    def __init__(self, *args: Any) -> None:
        pass

    def paint(self, box: Box, outline: FloatArray, layers: FineLayers, skin: UInt8Array, posed: Any, motion: Any, deformer: Any) -> tuple[FloatArray, UInt8Array]:
        """Return RGB and the opening."""
        uv = np.ascontiguousarray(layers.values[..., :2])
        rgb = cv2.remap(skin, uv, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE).astype(np.float32)
        inner = layers.values[..., 2]
        rgb *= np.exp(-0.35 * np.maximum(inner, 0))[..., None]
        opening = np.zeros(layers.ids.shape, np.uint8)
        cv2.fillPoly(opening, [np.int32(np.round(box.fine(outline)))], 1)
        hole = layers.ids < 0
        rgb[hole] = (40, 18, 16)
        opening |= (hole).astype(np.uint8)
        return rgb, opening
