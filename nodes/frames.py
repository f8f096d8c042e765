"""A render becomes an IMAGE batch, for nodes that change frames."""

from __future__ import annotations

import comfy.model_management
import torch
from comfy_api.latest import io

from ..pipeline_core.render.excerpt import excerpt, expect_room, sound_of
from ..pipeline_core.render.plan import RenderPlan, frames
from . import convert, sockets
from .host import ComfyHost

FRAMES_MAX = 10_000_000


class FramesToImages(io.ComfyNode):
    """TA_FramesToImages."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        """Describe the node."""
        return io.Schema(
            node_id="TA_FramesToImages",
            display_name="Frames to Images",
            category=sockets.CATEGORY,
            description="Draws frames of a render as an IMAGE batch with the sound that belongs to them: for upscalers, "
                        "restorers and style nodes. Their result goes into replacement of Blend and Idle or Video Mux.",
            inputs=[
                sockets.Render.Input("render", tooltip="From Mouth Renderer or Blend and Idle."),
                io.Int.Input("start", default=0, min=0, max=FRAMES_MAX, tooltip="The first frame; 0 is the beginning."),
                io.Int.Input("count", default=0, min=0, max=FRAMES_MAX,
                             tooltip="How many frames; 0 means all from start on. An IMAGE of a second in 1280 x 720 "
                                     "takes 0.28 GB of memory."),
            ],
            outputs=[
                io.Image.Output(display_name="images", tooltip="The frames; with a fourth channel for opacity where "
                                                               "the render is transparent."),
                io.Audio.Output(display_name="audio", tooltip="The sound of exactly these frames."),
                io.Float.Output(display_name="fps", tooltip="Frames per second, for nodes that make a video."),
            ],
        )

    @classmethod
    def execute(cls, render: RenderPlan, start: int, count: int) -> io.NodeOutput:
        """Draw the frames into one tensor; a frame exists only once beside it."""
        part, host = excerpt(render, start, count), ComfyHost()
        host.status(part.text)
        expect_room(part, int(comfy.model_management.get_free_memory(torch.device("cpu"))))
        images = torch.empty(part.shape, dtype=torch.float32)
        for place, frame in zip(images, frames(render, part.start, part.stop, host), strict=True):
            place.copy_(convert.to_image(frame)[0])
            host.show(frame)
        return io.NodeOutput(images, convert.to_audio(sound_of(part)), float(render.fps))
