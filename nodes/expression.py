"""A person poses the face: a held expression, or keys over time."""

from __future__ import annotations

from collections.abc import Sequence

import comfy.model_management
import torch
from comfy_api.latest import io

from ..pipeline_core.errors import InputError
from ..pipeline_core.face.still import as_photo
from ..pipeline_core.motion import exact_fps
from ..pipeline_core.motion.expression_file import (
    ExpressionKey,
    expression_motion,
    read_expression,
    stills_motion,
    write_expression,
)
from ..pipeline_core.render.excerpt import USABLE_SHARE, excerpt
from ..pipeline_core.render.plan import frames, plan_render
from ..pipeline_core.render.settings import RenderSettings
from ..pipeline_core.types import FaceTrack
from . import convert, sockets
from .choices import problem_with
from .host import ComfyHost
from .live import left_for_page
from .page import with_files

HOLD_MAX_S = 600.0


class ExpressionEditor(io.ComfyNode):
    """TA_ExpressionEditor."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        """Describe the node."""
        return io.Schema(
            node_id="TA_ExpressionEditor",
            display_name="Expression Editor",
            category=sockets.CATEGORY,
            description="Poses the face by hand, live: drag brows, lids, mouth and jaw, move sliders, or choose an emotion. "
                        "One key is a held expression, several are a movement.",
            inputs=[
                sockets.Face.Input("face", tooltip="From Detect Face. Of a video, its most suitable frame is posed."),
                io.String.Input("expression", multiline=True, default="",
                                placeholder='JSON of the editor, or emotions over time, e.g. "0 happy 0.6"',
                                tooltip="The expression as JSON; the view below writes it. Emotions over time are read as well, "
                                        "one line each: seconds, emotion, strength."),
                io.Float.Input("fps", default=25.0, min=1.0, max=120.0, step=0.001,
                               tooltip="Frames per second of motion. Motion Generator takes it at any rate."),
                io.Float.Input("hold", default=2.0, min=0.0, max=HOLD_MAX_S, step=0.1,
                               tooltip="How long motion holds the last key, in seconds, when it goes to Mouth Renderer. Under "
                                       "speech, as base of Motion Generator, it is held until the end."),
            ],
            outputs=[
                sockets.Motion.Output(display_name="motion",
                                      tooltip="For base of Motion Generator: held under the speech. For Mouth Renderer: "
                                              "the expression alone."),
                io.Image.Output(display_name="image", tooltip="The photo with the new expression, one picture for each key; with "
                                                              "a fourth channel for opacity where the photo is transparent."),
                io.String.Output(display_name="json", tooltip="The expression, to save or to give to another editor."),
            ],
            hidden=[io.Hidden.extra_pnginfo],
        )

    @classmethod
    def validate_inputs(cls, expression: str | None = "", fps: float | None = 25.0) -> str | bool:
        """Refuse what is no expression, and impossible frame rates, before anything runs."""
        problems = (problem_with(read_expression, expression or ""), problem_with(exact_fps, str(25.0 if fps is None else fps)))
        return next((problem for problem in problems if problem is not True), True)

    @classmethod
    def execute(cls, face: FaceTrack, expression: str, fps: float, hold: float) -> io.NodeOutput:
        """Make the motion, and draw its keys."""
        keys, host = read_expression(expression), ComfyHost()
        motion = expression_motion(keys, exact_fps(str(fps)), hold)
        left = left_for_page(cls.hidden.extra_pnginfo, host, face=face)
        return io.NodeOutput(motion, _stills(face, keys, host), write_expression(keys), ui=with_files(None, **left))


def _stills(face: FaceTrack, keys: Sequence[ExpressionKey], host: ComfyHost) -> torch.Tensor:
    """Draw each key once [shape=(keys, H, W, 3 or 4)]."""
    plan = plan_render(as_photo(face) or face, stills_motion(keys), RenderSettings(renderer="photo_head"))
    part = excerpt(plan, 0, 0)
    if part.float_bytes > USABLE_SHARE * comfy.model_management.get_free_memory(torch.device("cpu")):
        raise InputError(f"{part.text}, which is more memory than there is", hint="Use fewer keys, or a smaller photo.")
    images = torch.empty(part.shape, dtype=torch.float32)
    for place, picture in zip(images, frames(plan, part.start, part.stop, host), strict=True):
        place.copy_(convert.to_image(picture)[0])
    return images
