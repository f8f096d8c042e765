"""What is said, written into the frames and given as SRT."""

from __future__ import annotations

from typing import cast, get_args

from comfy_api.latest import io

from ..pipeline_core.render.captions import CaptionPlace, Captions, CaptionStyle, captions_of, with_captions
from ..pipeline_core.render.plan import RenderPlan
from ..pipeline_core.speech.captions import srt
from ..pipeline_core.types import SpeechTrack
from . import sockets
from .choices import problem_with
from .host import ComfyHost

_USUAL = Captions(())


class CaptionFrames(io.ComfyNode):
    """TA_Captions."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        """Describe the node."""
        return io.Schema(
            node_id="TA_Captions",
            display_name="Captions",
            category=sockets.CATEGORY,
            description="Writes what is said into the picture, at its time, and gives the same as SRT.",
            inputs=[
                sockets.Render.Input("render", tooltip="From Mouth Renderer, Blend and Idle or Join Renders."),
                sockets.Speech.Input("speech", tooltip="From Audio to Visemes or Text to Speech. It has to know the words: from "
                                                       "the text, a transcript, or captions in cues."),
                io.Combo.Input("style", options=list(get_args(CaptionStyle)), default=_USUAL.style,
                               tooltip="outline: letters with a dark rim. box: on a dark box. highlight: the word that is being "
                                       "said in colour."),
                io.Combo.Input("place", options=list(get_args(CaptionPlace)), default=_USUAL.place, tooltip="Where they stand."),
                io.Float.Input("size", default=_USUAL.size, min=0.3, max=3.0, step=0.05, display_mode=io.NumberDisplay.slider,
                               tooltip="How large the letters are. 1 is usual for subtitles."),
                io.String.Input("color", default=_USUAL.color, tooltip="Of the letters, or of the highlighted word: #rrggbb."),
                io.Boolean.Input("in_picture", default=True,
                                 tooltip="Off: the picture stays as it is, and only srt is made."),
            ],
            outputs=[
                sockets.Render.Output(display_name="render", tooltip="For Video Mux."),
                io.String.Output(display_name="srt", tooltip="The captions as SRT, for players, editing programs and sites."),
            ],
        )

    @classmethod
    def validate_inputs(cls, style: str | None = None, place: str | None = None, color: str | None = None) -> str | bool:
        """Refuse unknown looks and colours before anything runs."""
        given = {"style": style, "place": place, "color": color}
        return problem_with(Captions, lines=(), **{name: value for name, value in given.items() if value is not None})

    @classmethod
    def execute(cls, render: RenderPlan, speech: SpeechTrack, style: str, place: str, size: float, color: str,
                in_picture: bool) -> io.NodeOutput:
        """Return the plan with captions; nothing is drawn."""
        captions, warnings = captions_of(speech, style=cast(CaptionStyle, style), place=cast(CaptionPlace, place), size=size,
                                         color=color)
        if not in_picture:
            return io.NodeOutput(render, srt(speech))
        ComfyHost().warn(warnings)
        return io.NodeOutput(with_captions(render, captions), srt(speech))
