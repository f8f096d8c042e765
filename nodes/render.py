"""A face and a motion become a plan of frames; one frame is shown at once."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
from comfy_api.latest import Input, io, ui

from ..pipeline_core.arkit import INDEX
from ..pipeline_core.cache import shared
from ..pipeline_core.errors import SettingError
from ..pipeline_core.render.plan import plan_render, preview
from ..pipeline_core.render.settings import RenderSettings
from ..pipeline_core.types import FaceTrack, MotionTrack
from . import convert, sockets
from .choices import backend_ids, check_backend
from .host import ComfyHost

logger = logging.getLogger("talking_avatar")


class MouthRenderer(io.ComfyNode):
    """TA_MouthRenderer."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        """Describe the node."""
        size = "The picture is scaled and cropped around the face, never stretched. 0 keeps the source's."
        return io.Schema(
            node_id="TA_MouthRenderer",
            display_name="Mouth Renderer",
            category=sockets.CATEGORY,
            description="Plans the talking face and shows one frame of it. The video itself is drawn by Video Mux, "
                        "frame by frame, so that its length costs no memory.",
            inputs=[
                sockets.Face.Input("face", tooltip="From Detect Face."),
                sockets.Motion.Input("motion", tooltip="From Motion Generator."),
                sockets.Model.Input("model", optional=True, tooltip="A loaded model, for renderers that need one."),
                io.Video.Input("source", optional=True,
                               tooltip="A source video, for renderers that redraw the mouth of a video."),
                io.Combo.Input("renderer", options=backend_ids("renderer"), default="auto",
                               tooltip="What draws the face. 'auto' takes the best one that can run here."),
                io.Int.Input("width", default=0, min=0, max=8192, step=2, tooltip=f"Width of the video in pixels. {size}"),
                io.Int.Input("height", default=0, min=0, max=8192, step=2, tooltip=f"Height of the video in pixels. {size}"),
            ],
            outputs=[
                sockets.Render.Output(display_name="render", tooltip="For Blend and Idle or Video Mux."),
                io.Image.Output(display_name="preview", tooltip="The frame with the widest open mouth."),
            ],
            hidden=[io.Hidden.prompt, io.Hidden.extra_pnginfo],
        )

    @classmethod
    def validate_inputs(cls, renderer: str | None = None) -> str | bool:
        """Refuse a renderer that is not there before anything runs."""
        return check_backend("renderer", renderer)

    @classmethod
    def execute(cls, face: FaceTrack, motion: MotionTrack, renderer: str, width: int, height: int,
                model: Any = None, source: Input.Video | None = None) -> io.NodeOutput:
        """Plan the frames and draw one."""
        if model is not None or source is not None:
            raise SettingError(f"the renderer {renderer!r} takes neither a model nor a source video",
                               hint="Disconnect 'model' and 'source'.")
        settings = RenderSettings(width_px=width or None, height_px=height or None, renderer=renderer)
        plan = plan_render(face, motion, settings)
        built = shared().builds["prepared"]
        host = ComfyHost()
        picture = preview(plan, _most_open(motion), host)
        logger.info("%s the face for %s", "prepared" if shared().builds["prepared"] > built else "re-used",
                    plan.backend.id)
        # What is said in the nodes before need not be said again.
        host.warn(w for w in plan.warnings if w not in (*face.warnings, *motion.warnings))
        image = convert.to_image(picture)
        return io.NodeOutput(plan, image, ui=ui.PreviewImage(image, cls=cls))


def _most_open(motion: MotionTrack) -> int:
    return int(np.argmax(motion.summed().blendshapes[:, INDEX["jawOpen"]]))
