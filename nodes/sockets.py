"""The socket types of this pack, and sockets that nodes share; what travels through them is in pipeline_core/types.py."""

from __future__ import annotations

from comfy_api.latest import io

CATEGORY = "Talking Avatar"

Portrait = io.Custom("TA_PORTRAIT")
Face = io.Custom("TA_FACE")
Speech = io.Custom("TA_SPEECH")
Motion = io.Custom("TA_MOTION")
Render = io.Custom("TA_RENDER")
Model = io.Custom("TA_MODEL")
FaceLandmarks = io.Custom("FACE_LANDMARKS")
"""ComfyUI's own type in newer releases."""
BoundingBox = io.Custom("BOUNDING_BOX")
"""Likewise."""


def strength(id: str, tooltip: str, one: str) -> io.Float.Input:
    """Return the slider of a strength from 0 to 2; `one` says what 1 means."""
    return io.Float.Input(id, default=1.0, min=0.0, max=2.0, step=0.05, display_mode=io.NumberDisplay.slider,
                          tooltip=f"{tooltip} 0 is none, 1 {one}, 2 the most.")


def performance() -> list[io.Output]:
    """Return the outputs of a node that brings the performance of another face."""
    return [
        Motion.Output(display_name="motion",
                      tooltip="For Mouth Renderer: the whole performance. For driving of Motion Generator: its "
                              "head, eyes and brows, with lips from the speech."),
        io.Image.Output(display_name="curves", tooltip="A picture of the movement over time."),
    ]
