"""The mouth at twice the resolution, laid over a frame that is drawn already."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np

from ...pipeline_core.types import FloatArray, UInt8Array
from .contact import Opening
from .deform import PosedFace
from .head_model import HeadModel, IntArray
from .instant import FrameMotion
from .interior import MouthInterior, Placed
from .layers import FINE, Box, FineLayers, Grain, blend_fine, box_around
from .raster import rasterize
from .textures import TEXTURE_SCALE

MOUTH_REACH_CM = 4.6
"""Skin drawn in the fine mouth box: up to this far from the mouth's middle."""


class Scratch(threading.local):
    """Buffers of one thread, grown as needed."""

    def __init__(self) -> None:
        self._arrays: dict[str, np.ndarray[Any, Any]] = {}

    def get(self, name: str, shape: tuple[int, ...], dtype: Any = np.float32) -> np.ndarray[Any, Any]:
        """Return a buffer with anything in it; the last one of that name is given up."""
        array = self._arrays.get(name)
        size = int(np.prod(shape))
        if array is None or array.size < size or array.dtype != dtype:
            array = np.empty(int(size * 1.2), dtype)
            self._arrays[name] = array
        return array[:size].reshape(shape)


class MouthLayer:
    """Draws lips and what is behind them; safe to call from several threads."""

    def __init__(self, model: HeadModel, mouth: Opening, scratch: Scratch) -> None:
        self._mouth, self._scratch = mouth, scratch
        self._triangles = _triangles_near(model, model.lips.margin, MOUTH_REACH_CM)

    def paint(
        self, frame: UInt8Array, skin: UInt8Array, posed: PosedFace, motion: FrameMotion, interior: MouthInterior,
        placed: Placed, grain: Grain, scale_px: float, share: float = 1.0, number: int = 0,
        skin_over: Callable[[FloatArray, FloatArray, Box], None] | None = None,
    ) -> None:  # fmt: skip
        """Draw the mouth.

        Parameters
        ----------
        frame : UInt8Array
            Changed in place.
        skin : UInt8Array
            Doubled texture that `posed.uv` refers to.
        posed : PosedFace
            Where everything is.
        motion : FrameMotion
            What the tongue does.
        interior : MouthInterior
            What is behind the lips.
        placed : Placed
            Knows where the interior is in the picture.
        grain : Grain
            Noise of painted surfaces.
        scale_px : float
            Pixels per centimetre.
        share : float
            How much of the inside is shown in place of what the frame has there, 0..1.
        number : int
            Of the frame, for its noise.
        skin_over : callable, optional
            Changes the skin's colours, given their depth, in a box at twice the resolution, before the inside is drawn.
        """
        upper, lower = posed.points[self._mouth.upper.vertices, :2], posed.points[self._mouth.lower.vertices, :2]
        box = box_around(np.concatenate([upper, lower]), 0.5 * scale_px + 3, frame.shape)
        if box is None:
            return
        layers = fine_layers(self._scratch, box, posed, self._triangles, posed.inner)
        outline = np.concatenate([upper, lower[::-1]])
        uv = np.ascontiguousarray(layers.values[..., :2])
        rgb = cv2.remap(skin, uv, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE).astype(np.float32)
        if skin_over is not None:
            skin_over(rgb, layers.depth, box)
        rgb, opening = interior.paint(box, outline, layers, rgb, posed, motion, placed)
        weight = _soft_region(opening, box.fine(outline), 0.14 * scale_px * FINE)
        weight *= (layers.ids >= 0) | (opening > 0)
        shown = cv2.resize(opening.astype(np.float32), box.shape[::-1], interpolation=cv2.INTER_AREA)
        if share < 1.0:
            weight *= np.float32(share)
        blend_fine(frame, box, rgb, weight, grain.at(box, number) * shown)


def fine_layers(scratch: Scratch, box: Box, posed: PosedFace, triangles: IntArray, extra: FloatArray) -> FineLayers:
    """Rasterise skin at twice the resolution, with one more attribute per vertex."""
    shape = (box.shape[0] * FINE, box.shape[1] * FINE)
    depth = scratch.get("fine_depth", shape)
    depth.fill(-np.inf)
    ids = scratch.get("fine_ids", shape, np.int32)
    ids.fill(-1)
    values = scratch.get("fine_values", (*shape, 3))
    values.fill(0.0)
    attributes = np.zeros((len(posed.points), 3), np.float32)
    attributes[:, :2] = posed.uv * np.float32(TEXTURE_SCALE)
    attributes[: len(extra), 2] = extra
    rasterize(box.fine(posed.points[:, :2]), np.ascontiguousarray(posed.points[:, 2]), triangles, attributes,
              depth, values, ids, 0, True)  # fmt: skip
    return FineLayers(depth, ids, values)


def _soft_region(opening: UInt8Array, outline: FloatArray, reach: float) -> FloatArray:
    """1 on the mouth opening and the line between the lips, fading out over `reach` pixels."""
    region = opening.copy()
    points = [np.int32(np.round(outline * 16))]
    cv2.polylines(region, points, True, 1, max(1, round(reach)), cv2.LINE_8, 4)
    soft = cv2.GaussianBlur(region.astype(np.float32), (0, 0), max(1.0, reach / 3))
    return np.asarray(np.maximum(opening, np.clip(soft * 1.6, 0.0, 1.0)), np.float32)


def _triangles_near(model: HeadModel, margin: IntArray, reach_cm: float) -> IntArray:
    centre = model.vertices[margin].mean(axis=0)
    near = np.linalg.norm(model.vertices - centre, axis=1) < reach_cm
    return np.ascontiguousarray(model.triangles[near[model.triangles].all(axis=1)])
