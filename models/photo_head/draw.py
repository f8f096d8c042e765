"""Paint one frame: the whole picture once, lips and lids again at twice the resolution."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np

from ...pipeline_core.host import Host
from ...pipeline_core.render.stream import ordered_map
from ...pipeline_core.types import FloatArray, UInt8Array
from .deform import FaceDeformer, PosedFace
from .eyeball import GAP_PX
from .eyelids import EyelidPainter
from .field import HeadField, fill_map, soften_jumps
from .head_model import HeadModel
from .instant import FrameMotion
from .interior import MouthInterior
from .layers import FINE, Box, Grain, box_around
from .mouth_layer import MouthLayer, Scratch, fine_layers
from .raster import rasterize
from .textures import TEXTURE_SCALE, LidTexture, grain_level, lash_colour

CONTOUR_JUMP = 7.0
"""Texture pixels between neighbours from which a contour is assumed; a stretched cheek has 3."""
DRAWING_BYTES = 1_500_000_000
"""What all frames that are drawn at a time may take: a 3840 x 2160 frame with a face as high takes 0.6 GB."""
PIXEL_BYTES, FINE_PIXEL_BYTES = 40, 150
"""Buffers per pixel of the drawn box, and per pixel of the fine mouth box."""
MOUTH_AREA_CM2 = 42.0
"""Fine box of a wide open mouth."""


@dataclass(frozen=True, eq=False)
class Canvas:
    """The photo and what is painted from it, in the order of use."""

    photo: UInt8Array
    skin: UInt8Array
    """Doubled photo with softened folds, and under it the eyes as they are without lids."""
    lids: tuple[LidTexture, LidTexture]
    """Closed lids of the left and the right eye."""
    alpha: UInt8Array | None = None
    """Opacity of `skin`, where the photo has one."""
    sheet_px: float = 0.0
    """How far below their place in the photo these eyes lie, in photo pixels."""

    @property
    def sheet_rows(self) -> tuple[float, float]:
        """Row of the texture below which the eyes begin, and how far they are below their place in the photo."""
        return TEXTURE_SCALE * (len(self.photo) + GAP_PX / 2.0), TEXTURE_SCALE * self.sheet_px

    @property
    def photo_alpha(self) -> UInt8Array | None:
        """Opacity of the photo [shape=(H, W)]."""
        if self.alpha is None:
            return None
        return np.ascontiguousarray(self.alpha[: TEXTURE_SCALE * len(self.photo) : TEXTURE_SCALE, ::TEXTURE_SCALE])


@dataclass(frozen=True, eq=False)
class Region:
    """The part of the picture that a motion can change."""

    mask: UInt8Array
    """255 inside, cropped to the box."""
    outside: UInt8Array
    """The opposite of `mask`."""
    box: Box

    @staticmethod
    def of(mask: UInt8Array) -> Region:
        """Find the bounding box of a mask of the whole picture."""
        left, top, width, height = cv2.boundingRect(mask)
        box = Box(left, top, left + width, top + height)
        inside = np.ascontiguousarray(mask[top : box.bottom, left : box.right])
        return Region(inside, cv2.bitwise_not(inside), box)


class Painter(Protocol):
    """Draws frames of one fitted head: with numba (`FramePainter`) or torch (`torch_painter`)."""

    def frames(self, motions: Iterable[FrameMotion], region: Region, host: Host) -> Iterator[UInt8Array]:
        """Yield one frame [shape=(H, W, 3), or 4 where the photo has opacity] per instant, in order.

        A frame's pixels do not depend on the others.
        """


class FramePainter:
    """Draws frames of one fitted head; safe to call from several threads."""

    def __init__(
        self, model: HeadModel, deformer: FaceDeformer, field: HeadField, canvas: Canvas, interior: MouthInterior,
        grain: float = 1.0,
    ) -> None:  # fmt: skip
        self.model, self.deformer, self.field, self.canvas, self.interior = model, deformer, field, canvas, interior
        self._scratch = Scratch()
        self._mouth = MouthLayer(model, deformer.mouth, self._scratch)
        self._grain = Grain(grain * grain_level(canvas.photo))
        lash = lash_colour(canvas.photo, model, deformer.head.source_px)
        self._eyes, first = [], len(model.vertices)
        for side, plug, lid in zip(("left", "right"), deformer.plugs, canvas.lids, strict=True):
            self._eyes.append(EyelidPainter(model, side, plug, first, lid, lash, self._grain))
            first += len(plug.points)

    def frames(self, motions: Iterable[FrameMotion], region: Region, host: Host) -> Iterator[UInt8Array]:
        """Yield one frame [shape=(H, W, 3), or 4 where the photo has opacity] per instant, in order."""
        return ordered_map(lambda motion: self.paint(motion, region), motions, self.threads(region, host))

    def threads(self, region: Region, host: Host) -> int:
        """Return how many frames may be drawn at a time: fewer of very large ones, for the memory."""
        rows, columns = region.box.shape
        mouth_px = MOUTH_AREA_CM2 * (FINE * self.deformer.head.pose.scale) ** 2
        needed = rows * columns * PIXEL_BYTES + mouth_px * FINE_PIXEL_BYTES
        return max(1, min(host.threads, int(DRAWING_BYTES / needed)))

    def paint(self, motion: FrameMotion, region: Region) -> UInt8Array:
        """Return the frame [shape=(H, W, 3), or 4 where the photo has opacity]."""
        frame = self.canvas.photo.copy()
        posed = self.deformer.pose(motion)
        alpha = self._paint_all(frame, posed, motion, region)
        self.paint_details(frame, posed, motion, region)
        return frame if alpha is None else np.dstack([frame, alpha])

    def paint_details(self, frame: UInt8Array, posed: PosedFace, motion: FrameMotion, region: Region) -> None:
        """Draw mouth and lids over the frame, and put the photo back outside the region."""
        self._mouth.paint(frame, self.canvas.skin, posed, motion, self.interior, self.deformer, self._grain,
                          self.deformer.head.pose.scale)  # fmt: skip
        for eye, blink in zip(self._eyes, posed.blink, strict=True):
            if blink > 0.02:
                self._paint_eye(frame, posed, eye, blink)
        box = region.box
        part = (slice(box.top, box.bottom), slice(box.left, box.right))
        cv2.copyTo(self.canvas.photo[part], region.outside, frame[part])

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
        self._smooth_contours(frame, box, drawn, coordinates, posed)
        alpha = self.canvas.photo_alpha
        if self.canvas.alpha is None or alpha is None:
            return None
        moved = cv2.remap(self.canvas.alpha, coordinates, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        cv2.copyTo(moved, region.mask, alpha[top : box.bottom, left : box.right])
        return alpha

    def _smooth_contours(
        self, frame: UInt8Array, box: Box, drawn: UInt8Array, coordinates: FloatArray, posed: PosedFace
    ) -> None:
        face = contour_box(posed, box, frame.shape)
        if face is not None:
            part = (slice(face.top - box.top, face.bottom - box.top), slice(face.left - box.left, face.right - box.left))
            soften_jumps(drawn[part], in_photo(coordinates[part], self.canvas), CONTOUR_JUMP,
                         frame[face.top : face.bottom, face.left : face.right])  # fmt: skip

    def _paint_eye(self, frame: UInt8Array, posed: PosedFace, eye: EyelidPainter, blink: float) -> None:
        box = eye.box(posed.points, frame.shape)
        if box is not None:
            layers = fine_layers(self._scratch, box, posed, eye.triangles, eye.attribute)
            eye.paint(frame, box, layers, posed.points, self.canvas.skin, blink,
                      self.deformer.head.pose.scale)  # fmt: skip


def in_photo(coordinates: FloatArray, canvas: Canvas) -> FloatArray:
    """Return texture coordinates with those of turned eyes where the eyes are, in place [shape=(H, W, 2)]."""
    first, offset = canvas.sheet_rows
    rows = coordinates[..., 1]
    np.subtract(rows, np.float32(offset), out=rows, where=rows > np.float32(first))
    return coordinates


def contour_box(posed: PosedFace, box: Box, shape: tuple[int, ...]) -> Box | None:
    """Return the part of `box` in which the face may have contours; None where there is none."""
    face = box_around(posed.points[:, :2], 1.0, shape)
    if face is None:
        return None
    left, top = max(face.left, box.left), max(face.top, box.top)
    right, bottom = min(face.right, box.right), min(face.bottom, box.bottom)
    return Box(left, top, right, bottom) if right - left > 2 and bottom - top > 2 else None
