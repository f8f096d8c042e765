"""Find the faces of a picture or a video."""

from __future__ import annotations

import logging
from typing import Any

import torch
from comfy_api.latest import Input, io, ui

from ..pipeline_core.face.detect import ORDERS, DetectSettings, detect_faces, detect_video
from ..pipeline_core.face.masks import face_mask, mouth_mask
from ..pipeline_core.face.overlay import overlay
from ..pipeline_core.face.report import report
from ..pipeline_core.types import FaceTrack, Portrait
from . import convert, sockets
from .choices import problem_with
from .host import ComfyHost, keep

logger = logging.getLogger("talking_avatar")


class DetectFace(io.ComfyNode):
    """TA_DetectFace."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        """Describe the node."""
        return io.Schema(
            node_id="TA_DetectFace",
            display_name="Detect Face",
            category=sockets.CATEGORY,
            description="Finds the faces, numbers them in the picture below, and takes the one that is going to talk.",
            inputs=[
                io.MultiType.Input("source", [sockets.Portrait, io.Image, io.Video],
                                   tooltip="From Load Portrait, or any IMAGE or VIDEO. Of an IMAGE batch the first "
                                           "picture is used."),
                sockets.FaceLandmarks.Input("landmarks", optional=True,
                                            tooltip="Landmarks found by another node. Not used by this version."),
                io.BBOX.Input("bbox", optional=True,
                              tooltip="A box found by another node. Not used by this version: choose by face_index."),
                io.Int.Input("face_index", default=0, min=0, max=63,
                             tooltip="Which face talks: its number in the picture below."),
                io.Combo.Input("order", options=list(ORDERS), default=ORDERS[0],
                               tooltip="How the faces are numbered."),
                io.Float.Input("min_confidence", default=DetectSettings().min_confidence, min=0.05, max=0.99, step=0.01,
                               display_mode=io.NumberDisplay.slider,
                               tooltip="How sure a find must be. Lower it when a face is missed, raise it when "
                                       "something else is taken for a face."),
            ],
            outputs=[
                sockets.Face.Output(display_name="face", tooltip="For Motion Generator and Mouth Renderer."),
                io.Image.Output(display_name="overlay", tooltip="The picture with numbered faces and landmarks."),
                io.Mask.Output(display_name="face_mask", tooltip="White on the face that talks."),
                io.Mask.Output(display_name="mouth_mask", tooltip="White on its mouth."),
                io.String.Output(display_name="report", tooltip="What was found, with warnings."),
            ],
            hidden=[io.Hidden.prompt, io.Hidden.extra_pnginfo],
        )

    @classmethod
    def validate_inputs(cls, order: str = ORDERS[0]) -> str | bool:
        """Refuse an unknown order before anything runs."""
        return problem_with(DetectSettings, order=order)

    @classmethod
    def execute(cls, source: Portrait | torch.Tensor | Input.Video, face_index: int, order: str,
                min_confidence: float, landmarks: Any = None, bbox: Any = None) -> io.NodeOutput:
        """Find the faces."""
        settings = DetectSettings(face_index=face_index, order=order, min_confidence=min_confidence)
        face = _detect(source, settings, ComfyHost())
        for warning in face.warnings:
            logger.warning("%s", warning)
        picture = convert.to_image(overlay(face))
        return io.NodeOutput(keep(face), picture, convert.to_mask(face_mask(face)), convert.to_mask(mouth_mask(face)),
                             report(face), ui=ui.PreviewImage(picture, cls=cls))


def _detect(source: Portrait | torch.Tensor | Input.Video, settings: DetectSettings, host: ComfyHost) -> FaceTrack:
    if isinstance(source, Portrait):
        return detect_faces(source, settings, host)
    if isinstance(source, torch.Tensor):
        return detect_faces(convert.to_portrait(source), settings, host)
    return detect_video(convert.to_media(source).path, settings, host)
