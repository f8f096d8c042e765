"""Supersampled boxes: where they are, what is drawn in them, how they join the frame."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from ...pipeline_core.types import FloatArray, UInt8Array
from .head_model import IntArray

FINE = 2
"""Supersampling of mouth and eye boxes in each direction."""
_TILE = 256


@dataclass(frozen=True)
class Box:
    """A rectangle of the picture, right and bottom excluded."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.bottom - self.top, self.right - self.left

    def fine(self, xy: FloatArray) -> FloatArray:
        """Map picture pixels to pixels of the supersampled box."""
        shift = np.float32([self.left, self.top])
        return np.ascontiguousarray(FINE * (xy - shift) + (FINE - 1) / 2, np.float32)


@dataclass(frozen=True, eq=False)
class FineLayers:
    """Rasterised skin of a supersampled box."""

    depth: FloatArray
    ids: IntArray
    """Triangle number, -1 where no skin is."""
    values: FloatArray
    """Texture x, texture y, and one more attribute [shape=(H, W, 3)]."""


def blend_fine(
    frame: UInt8Array, box: Box, rgb: FloatArray, weight: FloatArray, grain: FloatArray | None = None
) -> None:
    """Reduce a supersampled layer and lay it over the frame.

    Parameters
    ----------
    frame : UInt8Array
        Changed in place.
    box : Box
        Where.
    rgb : FloatArray
        Colour 0..255 [shape=(2 H, 2 W, 3)].
    weight : FloatArray
        Share of the layer, 0..1 [shape=(2 H, 2 W)].
    grain : FloatArray, optional
        Noise to add where the layer shows painted, not photographed, surface [shape=(H, W)].
    """
    rows, columns = box.shape
    # Premultiplied, so that colours of pixels without weight do not bleed in.
    weighted = np.asarray(rgb, np.float32) * weight[..., None]
    share = cv2.resize(weight, (columns, rows), interpolation=cv2.INTER_AREA)[..., None]
    colour = cv2.resize(weighted, (columns, rows), interpolation=cv2.INTER_AREA) / np.maximum(share, 1e-6)
    target = frame[box.top : box.bottom, box.left : box.right]
    if grain is not None:
        colour += grain[..., None]
    mixed = target + (colour - target) * share
    np.copyto(target, np.clip(mixed + 0.5, 0, 255).astype(np.uint8))


def box_around(points: FloatArray, margin: float, shape: tuple[int, ...]) -> Box | None:
    """Return the box round points, clipped to the picture; None where nothing is left."""
    low, high = np.floor(points.min(0) - margin).astype(int), np.ceil(points.max(0) + margin).astype(int) + 1
    left, top = max(0, int(low[0])), max(0, int(low[1]))
    right, bottom = min(shape[1], int(high[0])), min(shape[0], int(high[1]))
    return Box(left, top, right, bottom) if right - left > 2 and bottom - top > 2 else None


class Grain:
    """Noise of the photo's strength for painted surfaces; the same at the same picture pixel."""

    def __init__(self, level: float) -> None:
        rng = np.random.default_rng(7)
        noise = cv2.GaussianBlur(rng.standard_normal((_TILE, _TILE)).astype(np.float32), (0, 0), 0.6)
        self._tile = np.asarray(noise / noise.std() * level, np.float32)

    def at(self, box: Box, frame: int = 0) -> FloatArray:
        """Return the noise of a box in a frame; neighbouring frames have their own [shape=(H, W)]."""
        rows = (np.arange(box.top, box.bottom) + frame * 89) % _TILE
        columns = (np.arange(box.left, box.right) + frame * 151) % _TILE
        return np.asarray(self._tile[np.ix_(rows, columns)], np.float32)
