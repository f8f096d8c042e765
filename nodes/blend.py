"""How the drawn face sits in its surroundings, and what is behind and over it."""

from __future__ import annotations

from typing import get_args

import torch
from comfy_api.latest import Input, io

from ..pipeline_core.render.pictures import Pictures
from ..pipeline_core.render.plan import RenderPlan, blend
from ..pipeline_core.render.plan import mask as plan_mask
from ..pipeline_core.render.settings import BackgroundMotion, BlendSettings
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
                                   tooltip="A picture or video behind the person. Needs a mask, or a portrait with "
                                           "transparency."),
                io.Mask.Input("mask", optional=True,
                              tooltip="White where the person is, black where the background is to be seen; of the "
                                      "photo's size. It moves along with the head."),
                io.MultiType.Input("replacement", [io.Image, io.Video], optional=True,
                                   tooltip="Frames to use instead of the drawn ones, such as an upscaler's result. "
                                           "The last one is held."),
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
            ],
            outputs=[
                sockets.Render.Output(display_name="render", tooltip="For Video Mux."),
                io.Mask.Output(display_name="mask", tooltip="White wherever a frame may differ from the source."),
            ],
        )

    @classmethod
    def validate_inputs(cls, background_motion: str = "carry") -> str | bool:
        """Refuse unknown choices before anything runs."""
        return problem_with(BlendSettings, background_motion=background_motion)

    @classmethod
    def execute(cls, render: RenderPlan, idle: float, seam_feather: float, grain: float,
                background_motion: BackgroundMotion, background: torch.Tensor | Input.Video | None = None,
                mask: torch.Tensor | None = None,
                replacement: torch.Tensor | Input.Video | None = None) -> io.NodeOutput:
        """Return the adjusted plan; nothing is drawn."""
        settings = BlendSettings(idle=idle, seam_feather=seam_feather, grain=grain,
                                 background_motion=background_motion)
        plan = blend(render, settings, background=_pictures(background), replacement=_pictures(replacement),
                     mask=None if mask is None else convert.to_bitmap(mask))
        return io.NodeOutput(plan, convert.to_mask(plan_mask(plan, ComfyHost())))


def _pictures(source: torch.Tensor | Input.Video | None) -> Pictures | None:
    if source is None:
        return None
    if not isinstance(source, torch.Tensor):
        return convert.to_media(source)
    return convert.to_portrait(source) if len(source) == 1 else convert.to_batch(source)
