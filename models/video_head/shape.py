"""One frame's geometry: the lower face leaves the shape that the frame shows and takes the new one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...pipeline_core.arkit import BLENDSHAPES, INDEX
from ...pipeline_core.types import FloatArray
from ..photo_head import contact
from ..photo_head.clip_fit import HeadClip
from ..photo_head.deform import (
    IS_MOUTH,
    NEUTRAL_WHEN_OPEN,
    PosedFace,
    lip_texture_table,
    set_lips,
    withdrawn_lips,
)
from ..photo_head.fit import FittedHead
from ..photo_head.instant import FrameMotion
from .neck import Neck
from .region import LowerFace
from .rest import RestFace

DRIVEN = np.array([name.startswith(("jaw", "mouth")) or name in ("cheekPuff", "tongueOut") for name in BLENDSHAPES])
"""Channels of a motion that a mouth obeys; head, gaze, brows and lids stay the picture's own."""


@dataclass(frozen=True, eq=False)
class SourceFace:
    """What one frame of the clip brings along, whatever is said."""

    head: FittedHead
    neutral_cm: FloatArray
    """The head at rest [shape=(N, 3)]."""
    expression: FloatArray
    """What it does beside speaking [shape=(52,)]."""
    weight: FloatArray
    """How much each vertex leaves its place in the frame, 0..1 [shape=(N, 1)]."""
    texture: FloatArray
    """Pixel of the frame for each vertex [shape=(N, 2)]."""
    lip_table: FloatArray
    """From `lip_texture_table`."""
    opening_cm: float
    """How far its own lips are apart."""

    def inside_mouth(self, positions_cm: FloatArray, motion: FrameMotion) -> FloatArray:
        """Project points of the mouth interior [shape=(V, 3)]."""
        return self.head.pose.project(positions_cm)


class MouthShape:
    """Poses the lower face of one clip."""

    def __init__(self, clip: HeadClip, rest: RestFace, face: LowerFace) -> None:
        self.clip, self.rest, self.face = clip, rest, face
        self.mouth = contact.mouth_opening(clip.model)
        self._units = np.ascontiguousarray(clip.model.units[:, face.moving].reshape(len(clip.model.units), -1))
        self._neck = Neck(clip.model, face)
        lips = clip.model.lips
        self._inner = np.zeros(len(clip.model.vertices), np.float32)
        self._inner[lips.vertices] = np.maximum(0.0, -lips.depth)

    def source(self, frame: int) -> SourceFace:
        """Look at one frame of the clip in which the face is seen."""
        head, expression = self.clip.head_at(frame), self.rest.expression(frame)
        return SourceFace(
            head, self._resting(self.rest.neutral_cm(frame), expression), expression, self.face.weight(head.pose),
            self._neck.texture(head.source_px, head.pose),
            lip_texture_table(self.clip.model, head.source_px[:, :2]), float(self.rest.opening_cm[frame]))  # fmt: skip

    def _shaped(self, neutral_cm: FloatArray, expression: FloatArray) -> FloatArray:
        positions = neutral_cm.copy()
        active = np.flatnonzero(expression)
        positions[self.face.moving] += (expression[active] @ self._units[active]).reshape(-1, 3)
        return positions

    def _resting(self, neutral_cm: FloatArray, expression: FloatArray) -> FloatArray:
        """Shut the lips of the head at rest: the fit leaves them ajar, and some clips never show them shut."""
        shaped = self._shaped(neutral_cm, expression)
        shut = shaped.copy()
        contact.close_lips(self.mouth, shut, 1.0)
        return neutral_cm + (shut - shaped)

    def pose(
        self, source: SourceFace, motion: FrameMotion, strength: float
    ) -> tuple[PosedFace, tuple[FloatArray, FloatArray]]:
        """Return where everything is, in pixels of the picture, and how far each lip is from the other in cm.

        Parameters
        ----------
        source : SourceFace
            The frame.
        motion : FrameMotion
            The new speech.
        strength : float
            0 leaves every point where the frame has it, 1 moves it all the way.
        """
        used = self._expression(source, motion)
        positions = self._shaped(source.neutral_cm, used)
        set_lips(self.mouth, positions, used, motion)
        head, moving = source.head, self.face.moving
        points = head.source_px.copy()
        goal = head.pose.project(positions[moving])
        points[moving] += np.float32(strength) * source.weight[moving] * (goal - points[moving])
        above, below = (np.linalg.norm(gap, axis=1) for gap in self.mouth.gap(positions))
        least = min(1.0, source.opening_cm / NEUTRAL_WHEN_OPEN)
        uv = withdrawn_lips(self.clip.model, self.mouth, source.texture, source.lip_table, above, below, least)
        if strength < 1.0:
            own = head.source_px[:, :2]
            uv = own + np.float32(strength) * (uv - own)
        outline = positions[np.r_[self.mouth.upper.vertices, self.mouth.lower.vertices[-2:0:-1]]]
        gap = strength * float(above.max()) + (1.0 - strength) * source.opening_cm
        return PosedFace(points, uv, self._inner, (0.0, 0.0), used, outline, gap), (above, below)

    @staticmethod
    def _expression(source: SourceFace, motion: FrameMotion) -> FloatArray:
        """Add the new speech to what stays of the clip's own expression [shape=(52,)]."""
        drive = np.where(DRIVEN, motion.blendshapes, np.float32(0.0))
        activity = min(1.0, 3.0 * float(drive[INDEX["jawOpen"]])
                       + float(drive[INDEX["mouthPucker"]]) + float(drive[INDEX["mouthFunnel"]]))  # fmt: skip
        keep = np.where(IS_MOUTH, np.float32(1.0 - 0.5 * activity), np.float32(1.0))
        return np.clip(source.expression * keep + drive, 0.0, 1.0).astype(np.float32)
