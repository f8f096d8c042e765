"""Draw the new mouth into one picture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import cv2
import numpy as np

from ...pipeline_core.interfaces import BaseFrame
from ...pipeline_core.types import FloatArray, UInt8Array
from ..photo_head.deform import PosedFace
from ..photo_head.draw import CONTOUR_JUMP
from ..photo_head.field import soften_jumps
from ..photo_head.instant import FrameMotion
from ..photo_head.layers import FINE, Box, Grain, box_around
from ..photo_head.mouth_layer import MouthLayer, Scratch
from ..photo_head.raster import rasterize
from ..photo_head.textures import TEXTURE_SCALE, doubled
from .detail import keep_detail
from .lip_bank import LipBank, LipLoan, lip_strength
from .look import ClipLook
from .occluders import OccluderFinder
from .region import area_box, fill_area, outline_px
from .shape import MouthShape, SourceFace

LIP_RING = 6
"""Ring round the lips' inner edge beyond which there is only skin."""
TEXTURE_RIM_PX = 8
"""The texture exceeds what is sampled by this much: enlarging looks at four pixels on each side."""


@dataclass(frozen=True, eq=False)
class Stage:
    """One picture of the clip, ready for any mouth."""

    number: int
    """Frame of the clip."""
    picture: UInt8Array
    source: SourceFace
    light: float
    """Brightness relative to the clip's."""
    box: Box
    """Bounding box of the area that may change."""
    area: UInt8Array
    """255 where it may [shape=(H, W) of the box]."""
    skin: UInt8Array
    """Doubled texture."""
    origin: FloatArray
    """Picture pixel at which the texture begins [shape=(2,)]."""
    loans: list[LipLoan]
    """Shut lips of other frames, where its own are wide open."""
    front: FloatArray | None
    """How surely something is in front of the face, 0..1 [shape=(H, W) of the box]; None where nothing is."""
    shown: float
    """1, or less where much of the lips is hidden."""


class MouthPainter:
    """Draws the mouths of one clip; safe to call from several threads."""

    def __init__(self, shape: MouthShape, look: ClipLook, bank: LipBank, occluders: OccluderFinder | None = None) -> None:
        self.shape, self.look, self.bank, self.clip = shape, look, bank, shape.clip
        self.occluders = occluders
        lips = self.clip.model.lips
        self._lip_edge = lips.vertices[lips.depth == LIP_RING]
        self._scratch = Scratch()
        self._mouth = MouthLayer(self.clip.model, shape.mouth, self._scratch)
        self._grain = Grain(look.grain)
        self._last: Stage | None = None

    def paint(self, base: BaseFrame, motion: FrameMotion) -> UInt8Array:
        """Return the picture with the new mouth; the picture itself where nothing is to be drawn."""
        stage = None if base.strength <= 0.0 else self._stage(base)
        strength = 0.0 if stage is None else base.strength * stage.shown
        if stage is None or strength <= 0.0:
            return base.picture
        posed, gaps = self.shape.pose(stage.source, motion, strength)
        posed = replace(posed, uv=posed.uv - stage.origin)

        lent = strength * lip_strength(stage.source.opening_cm, float(gaps[0].max())) if stage.loans else 0.0
        if lent > 0.0:
            stage = replace(stage, skin=self.bank.lit(stage.skin, stage.source.texture - stage.origin, stage.loans, lent))

        def borrow(rgb: FloatArray, depth: FloatArray, box: Box, scale: int = FINE) -> None:
            if lent > 0.0:
                self.bank.lay(rgb, depth, box, scale, posed.points, gaps, stage.loans, lent)

        frame = np.ascontiguousarray(base.picture[..., :3]).copy()
        depth = self._draw_skin(frame, stage, posed)
        if lent > 0.0:
            self._lend(frame, depth, stage, posed, borrow)
        interior = self.look.in_frame(self.clip, base.source, stage.light, posed.lip_gap_cm)
        self._mouth.paint(frame, stage.skin, posed, motion, interior, stage.source, self._grain,
                          stage.source.head.pose.scale, strength, base.number, borrow)  # fmt: skip
        return _put_back(frame, base.picture, stage)

    def _stage(self, base: BaseFrame) -> Stage | None:
        """Prepare a picture; a photo that is shown again and again is prepared once."""
        last = self._last
        if last is not None and last.number == base.source and last.picture is base.picture:
            return last
        if not self.clip.seen[base.source]:
            return None
        height, width = base.picture.shape[:2]
        area = self.area(base.source, (height, width))
        if area is None:
            return None
        picture = np.ascontiguousarray(base.picture[..., :3])
        source = self.shape.source(base.source)
        uv = source.texture[self.shape.face.drawn]
        low = np.clip(np.floor(uv.min(axis=0)).astype(int) - TEXTURE_RIM_PX, 0, (area[0].left, area[0].top))
        high = np.maximum(np.ceil(uv.max(axis=0)).astype(int) + TEXTURE_RIM_PX, (area[0].right, area[0].bottom))
        crop = np.ascontiguousarray(picture[low[1] : high[1], low[0] : high[0]])
        skin, origin = doubled(crop), low.astype(np.float32)
        front = None if self.occluders is None else self.occluders.mask(picture, base.source)
        hidden = self.occluders is not None and front is not None and front.any()
        shown = self.occluders.shown(front, base.source, (height, width)) if hidden else 1.0
        stage = Stage(base.source, base.picture, source, self.look.light(self.clip, base.source, picture), *area,
                      skin, origin, self.bank.loans(base.source, source, skin, source.texture - origin),
                      front if hidden else None, shown)  # fmt: skip
        self._last = stage
        return stage

    def area(self, frame: int, shape: tuple[int, int]) -> tuple[Box, UInt8Array] | None:
        """Return the box of the area that may change, and 255 inside the area; None where nothing can."""
        box = area_box(self.clip, frame, shape)
        if min(box.shape) < 3:
            return None
        mask = np.zeros(box.shape, np.uint8)
        fill_area(mask, outline_px(self.clip, frame), box.left, box.top)
        return box, mask

    def _draw_skin(self, frame: UInt8Array, stage: Stage, posed: PosedFace) -> FloatArray:
        """Move the skin, at single resolution; return the depth of what is drawn."""
        box, rows_columns = stage.box, stage.box.shape
        coordinates = self._scratch.get("map", (*rows_columns, 2))
        x = np.arange(box.left, box.right, dtype=np.float32) - stage.origin[0]
        y = np.arange(box.top, box.bottom, dtype=np.float32) - stage.origin[1]
        coordinates[..., 0], coordinates[..., 1] = TEXTURE_SCALE * x, TEXTURE_SCALE * y[:, None]
        depth = self._scratch.get("depth", rows_columns)
        depth.fill(-np.inf)
        ids = self._scratch.get("ids", rows_columns, np.int32)
        xy = np.ascontiguousarray(posed.points[:, :2] - np.float32([box.left, box.top]))
        rasterize(xy, np.ascontiguousarray(posed.points[:, 2]), self.shape.face.triangles,
                  posed.uv * np.float32(TEXTURE_SCALE), depth, coordinates, ids, 0, True)  # fmt: skip
        drawn = cv2.remap(stage.skin, coordinates, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        target = frame[box.top : box.bottom, box.left : box.right]
        keep_detail(drawn, np.ascontiguousarray(target), coordinates, (box.left, box.top) - stage.origin,
                    self._beside_lips(stage, posed))  # fmt: skip
        np.copyto(target, drawn)
        soften_jumps(drawn, coordinates, CONTOUR_JUMP, target)
        return np.asarray(depth)

    def _beside_lips(self, stage: Stage, posed: PosedFace) -> UInt8Array:
        """Return 0 where lips are or were in the frame, else 1 [shape=(H, W) of the box]."""
        beside = np.ones(stage.box.shape, np.uint8)
        for points in (stage.source.head.source_px, posed.points):
            edge = points[self._lip_edge, :2] - np.float32([stage.box.left, stage.box.top])
            cv2.fillConvexPoly(beside, cv2.convexHull(np.int32(np.round(edge))), 0)
        return beside

    def _lend(
        self, frame: UInt8Array, depth: FloatArray, stage: Stage, posed: PosedFace,
        borrow: Callable[[FloatArray, FloatArray, Box, int], None],
    ) -> None:  # fmt: skip
        """Replace stretched lips, at single resolution."""
        area, laid = stage.box, self.bank.vertices_of(stage.loans)
        around = box_around(posed.points[laid, :2], 1.0, frame.shape)
        if around is None:
            return
        box = Box(max(around.left, area.left), max(around.top, area.top),
                  min(around.right, area.right), min(around.bottom, area.bottom))  # fmt: skip
        part = frame[box.top : box.bottom, box.left : box.right]
        rgb = part.astype(np.float32)
        borrow(rgb, depth[box.top - area.top : box.bottom - area.top, box.left - area.left : box.right - area.left],
               box, 1)  # fmt: skip
        np.copyto(part, np.clip(rgb + 0.5, 0, 255).astype(np.uint8))


def _put_back(frame: UInt8Array, picture: UInt8Array, stage: Stage) -> UInt8Array:
    """Restore the picture outside the area and where something is in front, and its opacity."""
    box = stage.box
    part = (slice(box.top, box.bottom), slice(box.left, box.right))
    own = np.ascontiguousarray(picture[part][..., :3])
    cv2.copyTo(own, cv2.bitwise_not(stage.area), frame[part])
    if stage.front is not None:
        drawn, share = frame[part].astype(np.float32), stage.front[..., None]
        np.copyto(frame[part], (drawn + (own - drawn) * share + 0.5).astype(np.uint8))
    return frame if picture.shape[2] == 3 else np.dstack([frame, picture[..., 3:]])
