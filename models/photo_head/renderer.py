"""The renderer's face towards the core: prepare once, draw any range of frames."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from ...pipeline_core.cache import shared
from ...pipeline_core.errors import InputError, SettingError
from ...pipeline_core.face.stylised import has_oversized_eyes
from ...pipeline_core.host import Host
from ...pipeline_core.types import FaceTrack, MotionLayer, MotionTrack, Portrait, UInt8Array
from .deform import FaceDeformer
from .draw import Canvas, FramePainter, Painter, Region
from .eyeball import EyeSheet, paint_eyes
from .field import HeadField
from .fit import FittedHead, fit_head
from .head_model import HeadModel, load_head_model
from .instant import FrameMotion
from .interior import MouthInterior
from .raster import rasterize
from .textures import LidTexture, doubled, lid_texture, soften_folds

log = logging.getLogger("talking_avatar")

FOLD_SHARE = 0.7
"""How much of the smile lines fades when a whole smile is removed."""
DRAWING = ("auto", "numba", "torch")
"""Who draws: torch where the host has a CUDA device, else numba; or always one of them."""
MESH_MARGIN_CM = 0.35
"""The drawn area exceeds the mesh's outline at rest by this much."""


@dataclass(frozen=True, eq=False)
class FaceParts:
    """What is found out about the face in a photo, before anything of the output's size is made."""

    model: HeadModel
    head: FittedHead
    field: HeadField
    deformer: FaceDeformer
    skin: UInt8Array
    """The photo with softened folds [shape=(H, W, 3)]."""
    lids: tuple[LidTexture, LidTexture]
    """Closed lids of the left and the right eye."""
    interior: MouthInterior
    sheet: EyeSheet
    """The eyes as they are without lids."""


def lay_out(face: FaceTrack, portrait: Portrait, options: Mapping[str, Any]) -> FaceParts:
    """Fit the head to the face that talks, with `options` as in `PhotoHeadRenderer.prepare`."""
    landmarks = face.selected_landmarks_px
    model = shared().get(("head_model",), load_head_model)
    head = fit_head(model, landmarks)
    hold = options.get("background_motion") == "hold"
    others = [face.landmarks_px[0, i] for i in range(len(face.face_ids)) if i != face.selected]
    field = HeadField(head, portrait.width_px, portrait.height_px, hold_surroundings=hold,
                      faces=(landmarks, *others))  # fmt: skip
    sheet = paint_eyes(portrait.image, [head.source_px[lids.margin, :2] for lids in model.lids.values()], landmarks)
    deformer = FaceDeformer(model, head, field, sheet, rim=options.get("seam_feather", 1.0),
                            blinks=not has_oversized_eyes(portrait.image, landmarks))  # fmt: skip
    skin = soften_folds(portrait.image, landmarks, FOLD_SHARE * deformer.open_ratio)
    lids = (lid_texture(skin, model, "left", head.source_px), lid_texture(skin, model, "right", head.source_px))
    interior = MouthInterior.of_photo(model, head, portrait.image, landmarks)
    return FaceParts(model, head, field, deformer, skin, lids, interior, sheet)


@dataclass(frozen=True, eq=False)
class PreparedHead:
    """Everything about one face that frames share."""

    painter: Painter
    mesh_mask: UInt8Array
    """Where the face mesh lies [shape=(H, W)]."""
    moving_mask: UInt8Array
    """Where head motion and breath reach [shape=(H, W)]."""


class PhotoHeadRenderer:
    """Implements `interfaces.Renderer`: on the CPU with numba and OpenCV, on other devices with torch."""

    def prepare(self, face: FaceTrack, settings: Any, host: Host) -> PreparedHead:
        """Fit the head and paint its textures.

        Parameters
        ----------
        face : FaceTrack
            With a portrait of the output's size.
        settings : RenderSettings
            Its options may hold "seam_feather", "grain" and "background_motion" of `BlendSettings`,
            and "drawing": one of `DRAWING`.
        host : Host
            Told about the stage.
        """
        if face.portrait is None:
            raise InputError("the photo head draws from a photo, not from a video",
                             hint="Use a photo, or one frame of the video.")  # fmt: skip
        host.status("Fitting the head")
        portrait = face.portrait
        parts = lay_out(face, portrait, settings.options)
        head, field = parts.head, parts.field
        canvas = Canvas(
            photo=portrait.image, skin=parts.sheet.below(doubled(parts.skin)), lids=parts.lids,
            alpha=None if portrait.alpha is None else parts.sheet.opacity_below(doubled(portrait.alpha)),
            sheet_px=parts.sheet.offset_px(portrait.height_px),
        )  # fmt: skip
        details = FramePainter(parts.model, parts.deformer, field, canvas, parts.interior,
                               settings.options.get("grain", 1.0))  # fmt: skip
        painter = painter_for(details, settings.options.get("drawing", "auto"), host.device)
        mesh = _mesh_mask(parts.deformer, portrait.image.shape[:2], MESH_MARGIN_CM * head.pose.scale)
        moving = (field.moving_mask() > 0).astype(np.uint8) * 255
        log.info("prepared photo_head for %s: residual %.2f %% of face width", portrait.source,
                 100 * head.residual_ratio)  # fmt: skip
        return PreparedHead(painter, mesh, moving | mesh)

    def frames(
        self, state: PreparedHead, motion: MotionTrack, start: int, stop: int, host: Host
    ) -> Iterator[UInt8Array]:
        """Yield frames `start` to `stop` - 1."""
        total = motion.summed()
        region = Region.of(self._mask(state, total))
        motions = (FrameMotion.at(total, index) for index in range(start, stop))
        for done, frame in enumerate(state.painter.frames(motions, region, host), 1):
            host.progress(done, stop - start)
            yield frame

    def mask(self, state: PreparedHead, motion: MotionTrack) -> UInt8Array:
        """Return 255 wherever any frame of this motion may differ from the photo."""
        return self._mask(state, motion.summed())

    @staticmethod
    def _mask(state: PreparedHead, total: MotionLayer) -> UInt8Array:
        moves = np.any(total.head_deg) or np.any(total.head_shift) or np.any(total.articulation[:, -1])
        return state.moving_mask if moves else state.mesh_mask


def painter_for(details: FramePainter, drawing: str, device: str) -> Painter:
    """Choose who draws: one of `DRAWING`, on a device of the host."""
    if drawing not in DRAWING:
        raise SettingError(f"unknown drawing {drawing!r}", hint=f"Choose one of: {', '.join(DRAWING)}.")
    if drawing == "numba" or (drawing == "auto" and not device.startswith("cuda")):
        return details
    from .torch_painter import TorchPainter

    return TorchPainter(details)


def _mesh_mask(deformer: FaceDeformer, shape: tuple[int, int], margin_px: float) -> UInt8Array:
    """Fill the mesh's outline in the photo, a little enlarged."""
    points = deformer.head.source_px
    depth = np.full(shape, -np.inf, np.float32)
    ids = np.full(shape, -1, np.int32)
    rasterize(np.ascontiguousarray(points[:, :2]), np.ascontiguousarray(points[:, 2]),
              deformer.model.triangles, np.zeros((len(points), 0), np.float32), depth,
              np.zeros((*shape, 0), np.float32), ids, 0, False)  # fmt: skip
    size = 2 * max(1, round(margin_px)) + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    # Eyes and an open mouth are holes in the mesh, but lids and lips move over them.
    outlines, _ = cv2.findContours((ids >= 0).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    filled = cv2.drawContours(np.zeros(shape, np.uint8), outlines, -1, 255, cv2.FILLED)
    return np.asarray(cv2.dilate(filled, disc), np.uint8)

