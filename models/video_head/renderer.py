"""The renderer's face towards the core: prepare a clip once, redraw the mouth on any of its frames."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from ...pipeline_core.cache import shared
from ...pipeline_core.errors import InputError
from ...pipeline_core.host import Host
from ...pipeline_core.interfaces import BaseFrame
from ...pipeline_core.media.video import frame_number_at, read_frames
from ...pipeline_core.render.stream import ordered_map
from ...pipeline_core.types import FaceTrack, MotionTrack, UInt8Array
from ..photo_head.clip_fit import HeadClip, fit_clip
from ..photo_head.head_model import load_head_model
from ..photo_head.instant import FrameMotion
from .draw import MouthPainter
from .lip_bank import LipBank, lip_frames
from .look import clip_look, look_frames
from .region import LowerFace, fill_area, outline_px
from .rest import RestFace
from .shape import MouthShape

log = logging.getLogger("talking_avatar")


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
        pictures = {frame: _picture(face, frame) for frame in look_frames(clip, rest, float(face.fps))}
        look = clip_look(clip, rest, pictures, settings.options.get("grain", 1.0))
        shape = MouthShape(clip, rest, lower)
        bank = LipBank(clip, rest, shape.mouth, {frame: _picture(face, frame) for frame in lip_frames(clip, rest)})
        painter = MouthPainter(shape, look, bank)
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


def _picture(face: FaceTrack, frame: int) -> UInt8Array:
    """Read one frame, in the size that the landmarks refer to."""
    if face.portrait is not None:
        return face.portrait.image
    if face.video is None:
        raise InputError("the face has neither a photo nor a video",
                         hint="Connect Detect Face to the photo or the video itself.")  # fmt: skip
    path = face.video.path
    number = frame_number_at(path, (frame + 0.5) / float(face.fps)) or frame
    _, picture = next(read_frames(path, number))
    if picture.shape[:2] != (face.height_px, face.width_px):
        picture = cv2.resize(picture, (face.width_px, face.height_px), interpolation=cv2.INTER_AREA)
    return np.asarray(picture, np.uint8)
