"""A quick look at a render before it is written."""

from __future__ import annotations

import os
import uuid

import folder_paths
from comfy_api.latest import io

from ..pipeline_core.errors import SettingError
from ..pipeline_core.media.encode import EncodeSettings, write_video
from ..pipeline_core.overall import OverallHost
from ..pipeline_core.render.draft import (
    MAX_SIDE_PX,
    MIN_SIDE_PX,
    DraftSettings,
    contact_sheet,
    draft,
    drafted,
    drafted_size,
)
from ..pipeline_core.render.excerpt import Excerpt, sound_of
from ..pipeline_core.render.plan import RenderPlan
from . import convert, sockets
from .choices import problem_with
from .host import ComfyHost
from .page import SUBFOLDER, picture_file, with_files

SHOWN = ("both", "clip", "contact sheet")
CLIP, SHEET = "Drawing the clip", "Drawing the contact sheet"
_ENCODE = EncodeSettings("mp4-h264", crf=23, preset="ultrafast")


class PreviewRender(io.ComfyNode):
    """TA_PreviewRender."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        """Describe the node."""
        usual = DraftSettings()
        return io.Schema(
            node_id="TA_PreviewRender",
            display_name="Preview Render",
            category=sockets.CATEGORY,
            description="Shows a few seconds of a render, small and with sound, and a contact sheet of its telling "
                        "moments: about a second of waiting before a long video is drawn.",
            inputs=[
                sockets.Render.Input("render", tooltip="From Mouth Renderer, Blend and Idle, or any node that gives a render."),
                io.Combo.Input("what", options=list(SHOWN), default=SHOWN[0],
                               tooltip="What the node shows: the clip with sound, the contact sheet, or both."),
                io.Float.Input("start_s", default=usual.start_s, min=0.0, max=86400.0, step=0.1,
                               tooltip="Where the clip begins, in seconds."),
                io.Float.Input("seconds", default=usual.seconds, min=0.1, max=60.0, step=0.1,
                               tooltip="How long the clip is. Three seconds are drawn in about one."),
                io.Int.Input("size", default=usual.side_px, min=MIN_SIDE_PX, max=MAX_SIDE_PX, step=32,
                             tooltip="Longest side of the clip in pixels; smaller is faster. Nothing is enlarged."),
            ],
            outputs=[
                sockets.Render.Output(display_name="render", tooltip="The render as it came in, for Video Mux."),
                io.Image.Output(display_name="sheet", tooltip="The contact sheet: lips shut, mouth widest, lips round, blinks, "
                                                              "each with its time."),
            ],
            is_output_node=True,
        )

    @classmethod
    def validate_inputs(cls, what: str | None = None, start_s: float | None = None, seconds: float | None = None,
                        size: int | None = None) -> str | bool:
        """Refuse what cannot be shown before anything runs."""
        known = True if what is None else problem_with(_expect_shown, what)
        return known if known is not True else problem_with(DraftSettings, start_s=start_s, seconds=seconds, side_px=size)

    @classmethod
    def execute(cls, render: RenderPlan, what: str, start_s: float, seconds: float, size: int) -> io.NodeOutput:
        """Draw the clip and the sheet."""
        _expect_shown(what)
        settings = DraftSettings(start_s, seconds, size)
        part = draft(render, settings)
        host = OverallHost(ComfyHost(), {CLIP: part.count, SHEET: 9} if what != "contact sheet" else {SHEET: 1})
        clip = None if what == "contact sheet" else _clip(part, size, host)
        host.status(SHEET)
        sheet = contact_sheet(render, size, host)
        shown = with_files(None, ta_clip=clip, ta_picture=None if what == "clip" else picture_file(sheet))
        return io.NodeOutput(render, convert.to_image(sheet), ui=shown)


def _expect_shown(what: str) -> None:
    if what not in SHOWN:
        raise SettingError(f"unknown what={what!r}", hint=f"Choose one of: {', '.join(SHOWN)}.")


def _clip(part: Excerpt, side_px: int, host: OverallHost) -> dict[str, str]:
    """Write the clip to ComfyUI's temp folder and return how the page asks for it."""
    host.status(CLIP)
    name = f"preview_{uuid.uuid4().hex}.mp4"
    path = os.path.join(folder_paths.get_temp_directory(), SUBFOLDER, name)
    write_video(drafted(part, side_px, host), path, fps=part.plan.fps, size=drafted_size(part, side_px), count=part.count,
                sound=sound_of(part), settings=_ENCODE, metadata={}, host=host)
    return {"filename": name, "subfolder": SUBFOLDER, "type": "temp"}
