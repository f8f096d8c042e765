"""One instant of a motion: what a frame is drawn from."""

from __future__ import annotations

from dataclasses import dataclass

from ...pipeline_core.arkit import ARTICULATION_INDEX
from ...pipeline_core.types import FloatArray, MotionLayer


@dataclass(frozen=True, eq=False)
class FrameMotion:
    """One instant of a `MotionLayer`, whose shapes without the time axis it has."""

    blendshapes: FloatArray
    articulation: FloatArray
    head_deg: FloatArray
    head_shift: FloatArray
    gaze_deg: FloatArray

    @staticmethod
    def at(layer: MotionLayer, index: int) -> FrameMotion:
        """Take frame `index` of a summed motion."""
        return FrameMotion(layer.blendshapes[index], layer.articulation[index], layer.head_deg[index],
                           layer.head_shift[index], layer.gaze_deg[index])  # fmt: skip

    def channel(self, name: str) -> float:
        """Return one articulation channel."""
        return float(self.articulation[ARTICULATION_INDEX[name]])
