"""The renderer's face towards the core: prepare a clip once, redraw the mouth on any of its frames."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...pipeline_core.cache import shared
from ...pipeline_core.host import Host
from ...pipeline_core.interfaces import BaseFrame
from ...pipeline_core.render.stream import ordered_map
from ...pipeline_core.types import FaceTrack, MotionTrack, UInt8Array
from ..photo_head.clip_fit import HeadClip, fit_clip
from ..photo_head.head_model import load_head_model
from ..photo_head.instant import FrameMotion
from .draw import MouthPainter
from .lip_bank import LipBank, lip_frames
from .look import clip_look, look_frames
from .occluders import OccluderFinder, sample_frames
from .region import LowerFace, fill_area, outline_px
from .rest import RestFace
from .sampling import some_pictures
from .shape import MouthShape

log = logging.getLogger("talking_avatar")

SAMPLE_BYTES = 200_000_000
"""What the frames may take that are compared to find something in front of the face."""


@dataclass(frozen=True, eq=False)
class PreparedClip:
    """Everything about one person's clip that frames share."""

    clip: HeadClip
    painter: MouthPainter
    shape: tuple[int, int]
    """Rows and columns of the pictures."""


class VideoHeadRenderer:
    """Implements `interfaces.MouthRenderer` on the CPU with numba and OpenCV."""

    def prepare(self, face: FaceTrack, settings: Any, host: Host) -> PreparedClip:
        """Fit the head to all frames and learn what the mouth looks like from some of them.

        Parameters
        ----------
        face : FaceTrack
            Of a video, or of a photo.
        settings : RenderSettings
            Its options may hold "seam_feather" and "grain" of `BlendSettings`.
        host : Host
            Told about the stage.
        """
        host.status("Fitting the head to the clip")
        model = shared().get(("head_model",), load_head_model)
        chosen = face.selected
        clip = fit_clip(model, face.landmarks_px[:, chosen], face.score_ratio[:, chosen], face.fps, host)
        rest = RestFace(clip, face.fps)
        lower = LowerFace(model, clip.neutral_cm, settings.options.get("seam_feather", 1.0))
        shape = MouthShape(clip, rest, lower)
        look_at, lips_at = look_frames(clip, rest, float(face.fps)), lip_frames(clip, rest)
        spread = sample_frames(clip, face.cuts)
        spread = spread[:: max(1, -(-len(spread) * 3 * face.width_px * face.height_px // SAMPLE_BYTES))]
        host.status("Looking at the mouth")
        pictures = some_pictures(face, {*look_at, *lips_at, *spread})
        look = clip_look(clip, rest, {f: pictures[f] for f in look_at}, settings.options.get("grain", 1.0))
        occluders = OccluderFinder(clip, {f: pictures[f] for f in spread}, face.cuts)
        uncovered = [f for f in lips_at if not occluders.mask(pictures[f], f).any()]
        bank = LipBank(clip, rest, shape.mouth, lower, {f: pictures[f] for f in uncovered or lips_at})
        painter = MouthPainter(shape, look, bank, occluders)
        log.info("prepared video_head: residual %.2f %% of face width, lips at rest %.2f open",
                 100 * float(np.median(clip.residual_ratio[clip.seen])), rest.open_ratio)  # fmt: skip
        return PreparedClip(clip, painter, (face.height_px, face.width_px))

    def redraw(
        self, state: PreparedClip, motion: MotionTrack, bases: Iterable[BaseFrame], host: Host
    ) -> Iterator[UInt8Array]:
        """Yield each base frame's picture with the mouth that the motion has at its number."""
        total = motion.summed()
        last = motion.frames - 1

        def draw(base: BaseFrame) -> UInt8Array:
            return state.painter.paint(base, FrameMotion.at(total, min(base.number, last)))

        return ordered_map(draw, bases, host.threads)

    def mask(self, state: PreparedClip, motion: MotionTrack) -> UInt8Array:
        """Return 255 wherever any frame may differ from its picture."""
        mask = np.zeros(state.shape, np.uint8)
        for frame in np.flatnonzero(state.clip.seen):
            fill_area(mask, outline_px(state.clip, int(frame)))
        return mask

    def frame_mask(self, state: PreparedClip, source: int) -> UInt8Array:
        """Return 255 where `redraw` may differ from the picture, in one frame of the clip."""
        mask = np.zeros(state.shape, np.uint8)
        if state.clip.seen[source]:
            fill_area(mask, outline_px(state.clip, source))
        return mask
