"""Paint one frame: the whole picture once, lips and lids again at twice the resolution."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from ...pipeline_core.types import FloatArray, UInt8Array
from .deform import FaceDeformer, FrameMotion, PosedFace
from .field import HeadField, fill_map
from .head_model import HeadModel, IntArray
from .interior import MouthInterior
from .raster import rasterize
from .textures import TEXTURE_SCALE

FINE = 2
"""Supersampling of mouth and eye boxes in each direction."""
MOUTH_REACH_CM = 4.6
"""Skin drawn in the fine mouth box: up to this far from the mouth's middle."""


@dataclass(frozen=True, eq=False)
class Canvas:
    """The photo and what is painted from it, in the order of use."""

    photo: UInt8Array
    skin: UInt8Array
    """Doubled photo with softened folds."""
    lids: UInt8Array
    """Doubled photo with closed lids."""
    alpha: UInt8Array | None = None
    """Doubled opacity, where the photo has one."""


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
class Region:
    """The part of the picture that a motion can change."""

    mask: UInt8Array
    """255 inside, cropped to the box."""
    box: Box

    @staticmethod
    def of(mask: UInt8Array) -> Region:
        """Find the bounding box of a mask of the whole picture."""
        left, top, width, height = cv2.boundingRect(mask)
        box = Box(left, top, left + width, top + height)
        return Region(np.ascontiguousarray(mask[top : box.bottom, left : box.right]), box)


class _Scratch(threading.local):
    """Buffers of one thread, grown as needed."""

    def __init__(self) -> None:
        self._arrays: dict[str, np.ndarray[Any, Any]] = {}

    def get(self, name: str, shape: tuple[int, ...], dtype: Any = np.float32) -> np.ndarray[Any, Any]:
        array = self._arrays.get(name)
        size = int(np.prod(shape))
        if array is None or array.size < size or array.dtype != dtype:
            array = np.empty(int(size * 1.2), dtype)
            self._arrays[name] = array
        return array[:size].reshape(shape)


class FramePainter:
    """Draws frames of one fitted head; safe to call from several threads."""

    def __init__(
        self, model: HeadModel, deformer: FaceDeformer, field: HeadField, canvas: Canvas, interior: MouthInterior
    ) -> None:
        self.model, self.deformer, self.field, self.canvas, self.interior = model, deformer, field, canvas, interior
        self._scratch = _Scratch()
        self._mouth_triangles = _triangles_near(model, model.lips.margin, MOUTH_REACH_CM)
        base = len(model.vertices)
        self._eye_triangles = {}
        for side, plug in zip(("left", "right"), deformer.plugs, strict=True):
            near = _triangles_of(model, model.lids[side].vertices)
            self._eye_triangles[side] = np.ascontiguousarray(np.concatenate([near, plug.triangles + base]), np.int32)
            base += len(plug.points)
        self._lid_weight = _lid_weights(model, base)

    def paint(self, motion: FrameMotion, region: Region) -> UInt8Array:
        """Return the frame [shape=(H, W, 3), or 4 where the photo has opacity]."""
        frame = self.canvas.photo.copy()
        posed = self.deformer.pose(motion)
        alpha = self._paint_all(frame, posed, motion, region)
        self._paint_mouth(frame, posed, motion)
        for side, blink in zip(("left", "right"), posed.blink, strict=True):
            if blink > 0.02:
                self._paint_eye(frame, posed, side, blink)
        return frame if alpha is None else np.dstack([frame, alpha])

    def _paint_all(
        self, frame: UInt8Array, posed: PosedFace, motion: FrameMotion, region: Region
    ) -> UInt8Array | None:
        """Draw everything at single resolution; returns the opacity where there is one."""
        box, shape = region.box, region.box.shape
        left, top = box.left, box.top
        coordinates = self._scratch.get("map", (*shape, 2))
        grid = self.field.source_grid(motion)
        if grid is None:
            grid = np.zeros((2, 2, 2), np.float32)
        fill_map(grid, self.field.cell, left, top, float(TEXTURE_SCALE), coordinates)
        depth = self._scratch.get("depth", shape)
        depth.fill(-np.inf)
        ids = self._scratch.get("ids", shape, np.int32)
        xy = np.ascontiguousarray(posed.points[:, :2] - np.float32([left, top]))
        uv = posed.uv * np.float32(TEXTURE_SCALE)
        rasterize(xy, np.ascontiguousarray(posed.points[:, 2]), self.deformer.triangles, uv, depth,
                  coordinates, ids, 0, True)  # fmt: skip
        drawn = cv2.remap(self.canvas.skin, coordinates, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        cv2.copyTo(drawn, region.mask, frame[top : box.bottom, left : box.right])
        if self.canvas.alpha is None:
            return None
        alpha = np.ascontiguousarray(self.canvas.alpha[::TEXTURE_SCALE, ::TEXTURE_SCALE])
        moved = cv2.remap(self.canvas.alpha, coordinates, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        cv2.copyTo(moved, region.mask, alpha[top : box.bottom, left : box.right])
        return alpha

    def _paint_mouth(self, frame: UInt8Array, posed: PosedFace, motion: FrameMotion) -> None:
        mouth = self.deformer.mouth
        upper, lower = posed.points[mouth.upper.vertices, :2], posed.points[mouth.lower.vertices, :2]
        box = _box_around(np.concatenate([upper, lower]), 0.5 * self.deformer.head.pose.scale + 3, frame.shape)
        if box is None:
            return
        layers = self._fine_layers(box, posed, self._mouth_triangles, posed.inner)
        outline = np.concatenate([upper, lower[::-1]])
        rgb, opening = self.interior.paint(box, outline, layers, self.canvas.skin, posed, motion, self.deformer)
        weight = _soft_region(opening, box.fine(outline), 0.14 * self.deformer.head.pose.scale * FINE)
        _blend_fine(frame, box, rgb, weight)

    def _fine_layers(self, box: Box, posed: PosedFace, triangles: IntArray, extra: FloatArray) -> FineLayers:
        shape = (box.shape[0] * FINE, box.shape[1] * FINE)
        depth = self._scratch.get("fine_depth", shape)
        depth.fill(-np.inf)
        ids = self._scratch.get("fine_ids", shape, np.int32)
        ids.fill(-1)
        values = self._scratch.get("fine_values", (*shape, 3))
        attributes = np.zeros((len(posed.points), 3), np.float32)
        attributes[:, :2] = posed.uv * np.float32(TEXTURE_SCALE)
        attributes[: len(extra), 2] = extra
        rasterize(box.fine(posed.points[:, :2]), np.ascontiguousarray(posed.points[:, 2]), triangles, attributes,
                  depth, values, ids, 0, True)  # fmt: skip
        return FineLayers(depth, ids, values)

    def _paint_eye(self, frame: UInt8Array, posed: PosedFace, side: str, blink: float) -> None:
        region = self.model.lids[side]
        around = posed.points[region.vertices[region.depth == 4.0], :2]
        box = _box_around(around, 2.0, frame.shape)
        if box is None:
            return
        layers = self._fine_layers(box, posed, self._eye_triangles[side], self._lid_weight)
        uv = np.ascontiguousarray(layers.values[..., :2])
        open_rgb = cv2.remap(self.canvas.skin, uv, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        shut_rgb = cv2.remap(self.canvas.lids, uv, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        lid = layers.values[..., 2]
        amount = np.where(layers.ids >= 0, np.clip(lid, 0.0, 1.0), 0.0) * min(1.0, 2.5 * blink)
        rgb = open_rgb + (shut_rgb.astype(np.float32) - open_rgb) * amount[..., None]
        # The crease of a shut lid and the light on its bulge, by the place on the lid.
        bulge = 0.05 * np.exp(-(((lid - 0.72) / 0.2) ** 2)) * amount
        rgb *= 1.0 + (bulge * blink)[..., None]
        order = np.argsort(region.place[region.depth == 3.0])
        outline = posed.points[region.vertices[region.depth == 3.0][order], :2]
        inside = np.zeros(layers.ids.shape, np.uint8)
        cv2.fillPoly(inside, [np.int32(np.round(box.fine(outline)))], 1)
        inside &= (layers.ids >= 0).astype(np.uint8)
        weight = cv2.GaussianBlur(inside.astype(np.float32), (0, 0), max(1.0, 0.06 * np.ptp(outline[:, 0]) * FINE))
        weight = np.clip(2.0 * weight - 0.6, 0.0, 1.0) * (layers.ids >= 0)
        _blend_fine(frame, box, rgb, weight.astype(np.float32))


@dataclass(frozen=True, eq=False)
class FineLayers:
    """Rasterised skin of a supersampled box."""

    depth: FloatArray
    ids: IntArray
    """Triangle number, -1 where no skin is."""
    values: FloatArray
    """Texture x, texture y, and one more attribute [shape=(H, W, 3)]."""


def _blend_fine(frame: UInt8Array, box: Box, rgb: FloatArray, weight: FloatArray) -> None:
    """Reduce a supersampled layer and lay it over the frame."""
    rows, columns = box.shape
    colour = cv2.resize(np.asarray(rgb, np.float32), (columns, rows), interpolation=cv2.INTER_AREA)
    share = cv2.resize(weight, (columns, rows), interpolation=cv2.INTER_AREA)[..., None]
    target = frame[box.top : box.bottom, box.left : box.right]
    mixed = target + (colour - target) * share
    np.copyto(target, np.clip(mixed + 0.5, 0, 255).astype(np.uint8))


def _soft_region(opening: UInt8Array, outline: FloatArray, reach: float) -> FloatArray:
    """1 on the mouth opening and the line between the lips, fading out over `reach` pixels."""
    region = opening.copy()
    points = [np.int32(np.round(outline * 16))]
    cv2.polylines(region, points, True, 1, max(1, round(reach)), cv2.LINE_8, 4)
    soft = cv2.GaussianBlur(region.astype(np.float32), (0, 0), max(1.0, reach / 3))
    return np.asarray(np.maximum(opening, np.clip(soft * 1.6, 0.0, 1.0)), np.float32)


def _box_around(points: FloatArray, margin: float, shape: tuple[int, ...]) -> Box | None:
    low, high = np.floor(points.min(0) - margin).astype(int), np.ceil(points.max(0) + margin).astype(int) + 1
    left, top = max(0, int(low[0])), max(0, int(low[1]))
    right, bottom = min(shape[1], int(high[0])), min(shape[0], int(high[1]))
    return Box(left, top, right, bottom) if right - left > 2 and bottom - top > 2 else None


def _triangles_near(model: HeadModel, margin: IntArray, reach_cm: float) -> IntArray:
    centre = model.vertices[margin].mean(axis=0)
    near = np.linalg.norm(model.vertices - centre, axis=1) < reach_cm
    return np.ascontiguousarray(model.triangles[near[model.triangles].all(axis=1)])


def _triangles_of(model: HeadModel, vertices: IntArray) -> IntArray:
    member = np.zeros(len(model.vertices), bool)
    member[vertices] = True
    return np.ascontiguousarray(model.triangles[member[model.triangles].all(axis=1)])


def _lid_weights(model: HeadModel, count: int) -> FloatArray:
    """Where upper-lid skin is painted anew: off at the lashes and beyond the crease."""
    weights = np.zeros(count, np.float32)
    for region in model.lids.values():
        upper = (region.place > 0) & (region.place < 28)
        side = np.clip(np.sin(np.pi * region.place / 28.0) * 3.0, 0.0, 1.0)
        value = np.interp(region.depth, (0.0, 0.5, 1.0, 2.5, 4.0), (0.25, 0.9, 1.0, 1.0, 0.0))
        weights[region.vertices[upper]] = (value * side)[upper]
    return weights

