"""Find the faces of a picture or a video."""

from __future__ import annotations

from typing import Any

import torch
from comfy_api.latest import Input, io, ui

from ..pipeline_core.face.detect import DETECTORS, ORDERS, DetectSettings, detect_faces, detect_video
from ..pipeline_core.face.findings import findings_picture
from ..pipeline_core.face.masks import FRAMES, MaskSettings, all_masks, face_mask, mouth_mask
from ..pipeline_core.face.overlay import overlay
from ..pipeline_core.face.report import report
from ..pipeline_core.types import FaceTrack, Portrait
from . import convert, sockets
from .choices import check_backend, problem_with
from .host import ComfyHost, keep
from .live import left_for_page
from .page import with_files


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
                                            tooltip="Landmarks found by MediaPipe Face Landmarker of ComfyUI, or 478 or "
                                                    "468 points in pixels: they are used as they are. With 5, 68, 98, "
                                                    "106 or 203 points, only where the face is."),
                io.MultiType.Input("bbox", [io.BBOX, sockets.BoundingBox], optional=True,
                                   tooltip="A box (x, y, width, height) or a point around the face that talks; the first "
                                           "one counts. It takes the place of face_index."),
                io.Int.Input("face_index", default=0, min=0, max=63,
                             tooltip="Which face talks: its number in the picture below."),
                io.Combo.Input("order", options=list(ORDERS), default=ORDERS[0],
                               tooltip="How the faces are numbered."),
                io.Float.Input("min_confidence", default=DetectSettings().min_confidence, min=0.05, max=0.99, step=0.01,
                               display_mode=io.NumberDisplay.slider,
                               tooltip="How sure a find must be. Lower it when a face is missed, raise it when "
                                       "something else is taken for a face."),
                # Widgets that were added later are optional, so that prompts of earlier versions run.
                io.Combo.Input("detector", options=list(DETECTORS), default=DetectSettings().detector, optional=True,
                               tooltip="auto looks closer when faces are small, many or turned. short range looks once, "
                                       "as MediaPipe does; full range always searches everything. insightface needs "
                                       "its package and models, which are for non-commercial use only."),
                io.Float.Input("mask_grow", default=0.0, min=-0.2, max=0.5, step=0.01, optional=True,
                               tooltip="Makes both masks larger (or smaller), in parts of the face width."),
                io.Float.Input("mask_feather", default=MaskSettings().feather_ratio, min=0.0, max=0.5, step=0.01, optional=True,
                               tooltip="Width of the masks' soft edge, in parts of the face width."),
                io.Combo.Input("mask_frames", options=list(FRAMES), default=FRAMES[0], optional=True,
                               tooltip="Of a video: masks of the first frame that shows the face, or one for each frame."),
            ],
            outputs=[
                sockets.Face.Output(display_name="face", tooltip="For Motion Generator and Mouth Renderer."),
                io.Image.Output(display_name="overlay", tooltip="The picture with numbered faces and landmarks."),
                io.Mask.Output(display_name="face_mask", tooltip="White on the face that talks, forehead included."),
                io.Mask.Output(display_name="mouth_mask", tooltip="White where speech moves its lips and chin."),
                io.String.Output(display_name="report", tooltip="What was found, with warnings."),
            ],
            hidden=[io.Hidden.prompt, io.Hidden.extra_pnginfo],
        )

    @classmethod
    def validate_inputs(cls, order: str = ORDERS[0], detector: str | None = None,
                        mask_frames: str = FRAMES[0]) -> str | bool:
        """Refuse unknown choices, and a detector that is not there, before anything runs."""
        chosen = detector or DetectSettings().detector
        problems = (problem_with(DetectSettings, order=order, detector=chosen),
                    problem_with(MaskSettings, frames=mask_frames), check_backend("landmarks", DETECTORS.get(chosen)))
        return next((problem for problem in problems if problem is not True), True)

    @classmethod
    def execute(cls, source: Portrait | torch.Tensor | Input.Video, face_index: int, order: str,
                min_confidence: float, landmarks: Any = None, bbox: Any = None, detector: str = "auto",
                mask_grow: float = 0.0, mask_feather: float = MaskSettings().feather_ratio,
                mask_frames: str = FRAMES[0]) -> io.NodeOutput:
        """Find the faces."""
        settings = DetectSettings(face_index=face_index, order=order, min_confidence=min_confidence, detector=detector)
        masks = MaskSettings(grow_ratio=mask_grow, feather_ratio=mask_feather, frames=mask_frames)
        host = ComfyHost()
        face = _detect(source, settings, landmarks, bbox, host)
        host.warn(face.warnings)
        picture, shown = convert.to_image(overlay(face)), convert.to_image(findings_picture(face, masks))
        drawn = all_masks(face, masks) if mask_frames == "all" else (face_mask(face, masks), mouth_mask(face, masks))
        left = left_for_page(cls.hidden.extra_pnginfo, host, face)
        return io.NodeOutput(keep(face), picture, *(convert.to_mask(mask) for mask in drawn), report(face),
                             ui=with_files(ui.PreviewImage(shown, cls=cls), **left))


def _detect(source: Portrait | torch.Tensor | Input.Video, settings: DetectSettings, landmarks: Any, box: Any,
            host: ComfyHost) -> FaceTrack:
    if not isinstance(source, Portrait | torch.Tensor):
        return detect_video(convert.to_media(source).path, settings, host, landmarks=landmarks, box=box)
    portrait = source if isinstance(source, Portrait) else convert.to_portrait(source)
    return detect_faces(portrait, settings, host, landmarks=landmarks, box=box)
