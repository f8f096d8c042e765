"""How the drawn face sits in its surroundings, and what is behind and over it."""

from __future__ import annotations

from typing import get_args

import torch
from comfy_api.latest import Input, io

from ..pipeline_core.render.pictures import Pictures
from ..pipeline_core.render.plan import RenderPlan, blend
from ..pipeline_core.render.plan import mask as plan_mask
from ..pipeline_core.render.settings import (
    MAX_BLUR,
    Background,
    BackgroundEnd,
    BackgroundMotion,
    BlendSettings,
)
from . import convert, sockets
from .choices import problem_with
from .host import ComfyHost


class BlendAndIdle(io.ComfyNode):
    """TA_BlendAndIdle."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        """Describe the node."""
        return io.Schema(
            node_id="TA_BlendAndIdle",
            display_name="Blend and Idle",
            category=sockets.CATEGORY,
            description="Adjusts idle movement, seams and grain, puts the person in front of another background, or "
                        "takes frames that another node has improved.",
            inputs=[
                sockets.Render.Input("render", tooltip="From Mouth Renderer."),
                io.MultiType.Input("background", [io.Image, io.Video], optional=True,
                                   tooltip="A picture, a video or a batch of pictures behind the person. Needs a "
                                           "mask, or a portrait with transparency."),
                io.Mask.Input("mask", optional=True,
                              tooltip="White where the person is, black where the background is to be seen. Make it "
                                      "from the image of Load Portrait. It moves along with the head."),
                io.MultiType.Input("replacement", [io.Image, io.Video], optional=True,
                                   tooltip="Frames to use instead of those of render, such as an upscaler's result: "
                                           "all of them, in the same order, of any size."),
                io.Float.Input("idle", default=1.0, min=0.0, max=2.0, step=0.05, display_mode=io.NumberDisplay.slider,
                               tooltip="Strength of breathing and slow sway. 0 is none, 1 natural."),
                io.Float.Input("seam_feather", default=1.0, min=0.0, max=4.0, step=0.05,
                               display_mode=io.NumberDisplay.slider,
                               tooltip="Width of the soft edge around the drawn part. 1 is the renderer's own."),
                io.Float.Input("grain", default=1.0, min=0.0, max=2.0, step=0.05,
                               display_mode=io.NumberDisplay.slider,
                               tooltip="How much of the photo's noise the drawn parts get. 1 matches the photo."),
                io.Combo.Input("background_motion", options=list(get_args(BackgroundMotion)), default="carry",
                               tooltip="carry: hair, neck and what is behind them follow the head softly. "
                                       "hold: the surroundings stay."),
                io.Combo.Input("background_mode", options=list(get_args(Background)), default="source", optional=True,
                               tooltip="source: the photo's own, or the picture that is connected. blur: the same out "
                                       "of focus. color: one colour. transparent: nothing. All but source need a mask, "
                                       "or a portrait with transparency."),
                io.String.Input("background_color", default=BlendSettings().background_color, optional=True,
                                tooltip="For color: #rrggbb, such as #00b140 for keying."),
                io.Float.Input("background_blur", default=1.0, min=0.0, max=MAX_BLUR, step=0.05, optional=True,
                               display_mode=io.NumberDisplay.slider,
                               tooltip="For blur: how far out of focus. 1 is like a portrait lens."),
                io.Combo.Input("background_end", options=list(get_args(BackgroundEnd)), default="loop", optional=True,
                               tooltip="When a background video is shorter than the speech: loop it, or hold its last "
                                       "picture."),
            ],
            outputs=[
                sockets.Render.Output(display_name="render", tooltip="For Video Mux."),
                io.Mask.Output(display_name="mask", tooltip="White wherever a frame may differ from the source."),
            ],
        )

    @classmethod
    def validate_inputs(cls, background_motion: str = "carry", background_mode: str = "source",
                        background_color: str = "#404040", background_end: str = "loop") -> str | bool:
        """Refuse unknown choices and colours before anything runs."""
        return problem_with(BlendSettings, background_motion=background_motion, background=background_mode,
                            background_color=background_color, background_end=background_end)

    @classmethod
    def execute(cls, render: RenderPlan, idle: float, seam_feather: float, grain: float,
                background_motion: BackgroundMotion, background_mode: Background = "source",
                background_color: str = "#404040", background_blur: float = 1.0, background_end: BackgroundEnd = "loop",
                background: torch.Tensor | Input.Video | None = None, mask: torch.Tensor | None = None,
                replacement: torch.Tensor | Input.Video | None = None) -> io.NodeOutput:
        """Return the adjusted plan; nothing is drawn."""
        settings = BlendSettings(idle=idle, seam_feather=seam_feather, grain=grain, background_motion=background_motion,
                                 background=background_mode, background_color=background_color,
                                 background_blur=background_blur, background_end=background_end)
        plan = blend(render, settings, background=_background(background), replacement=convert.to_frames(replacement),
                     mask=None if mask is None else convert.to_bitmap(mask))
        host = ComfyHost()
        host.warn(w for w in plan.warnings if w not in render.warnings)
        return io.NodeOutput(plan, convert.to_mask(plan_mask(plan, host)))


def _background(source: torch.Tensor | Input.Video | None) -> Pictures | None:
    if isinstance(source, torch.Tensor) and len(source) == 1:
        return convert.to_portrait(source)
    return convert.to_frames(source)
