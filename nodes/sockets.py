"""The socket types of this pack; what travels through them is in pipeline_core/types.py."""

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
