"""How good a finished clip is, as a chart and as a verdict that other nodes can use."""

from __future__ import annotations

from typing import Any

import torch
from comfy_api.latest import Input, io

from ..pipeline_core.errors import InputError
from ..pipeline_core.scoring.chart import chart_picture
from ..pipeline_core.scoring.observe import Source
from ..pipeline_core.scoring.score import score_video
from ..pipeline_core.scoring.scorecard import table
from ..pipeline_core.types import Portrait
from . import convert, sockets
from .host import ComfyHost
from .input_files import own_path
from .page import picture_file, with_files


class QualityScorecard(io.ComfyNode):
    """TA_Scorecard."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        """Describe the node."""
        return io.Schema(
            node_id="TA_Scorecard",
            display_name="Quality Scorecard",
            category=sockets.CATEGORY,
            description="Watches a finished clip and tells how good it is: lips, timing, sharpness, seams, identity, blinks, "
                        "head, file. Each figure with its target, in a chart.",
            inputs=[
                io.Video.Input("video", optional=True, tooltip="The clip to judge, from Video Mux or any other node."),
                io.MultiType.Input("source", [sockets.Portrait, io.Image, io.Video], optional=True,
                                   tooltip="The photo or video that the clip was made from. Without it sharpness, seams "
                                           "and identity cannot be judged."),
                io.String.Input("path", default="", optional=True, placeholder="or the path that Video Mux gives",
                                tooltip="Where the clip is, inside of ComfyUI's input, output or temp folder; used where no video is connected."),
                io.String.Input("transcript", multiline=True, default="", optional=True,
                                placeholder="What is said in the clip (optional).",
                                tooltip="What is said. Without it nobody knows when lips have to be closed."),
            ],
            outputs=[
                io.Image.Output(display_name="chart", tooltip="The chart as a picture."),
                io.String.Output(display_name="report", tooltip="All figures as a Markdown table, with what chance would reach."),
                io.Boolean.Output(display_name="good", tooltip="True where no figure is bad and enough of them were measured."),
            ],
            is_output_node=True,
        )

    @classmethod
    def execute(cls, video: Input.Video | None = None, source: Portrait | torch.Tensor | Input.Video | None = None,
                path: str = "", transcript: str = "") -> io.NodeOutput:
        """Watch and listen."""
        host = ComfyHost()
        card = score_video(_clip(video, path), source=_source(source), transcript=transcript, host=host)
        host.warn(card.remarks)
        chart = chart_picture(card)
        return io.NodeOutput(convert.to_image(chart), table(card).strip(), card.verdict in ("ok", "warn"),
                             ui=with_files(None, ta_picture=picture_file(chart)))


def _clip(video: Input.Video | None, path: str) -> str:
    """Return the file to judge.

    Raises
    ------
    InputError
        If there is none.
    """
    if video is not None:
        return convert.to_media(video).path
    if not path.strip():
        raise InputError("there is no clip to judge", hint="Connect video, or path of Video Mux.")
    found = own_path(path.strip())
    if found is None:
        raise InputError(f"the path {path.strip()!r} lies outside of ComfyUI's input, output and temp folders",
                         hint="Put the clip into the input folder, or connect video.")
    return str(found)


def _source(source: Any) -> Source | None:
    if source is None or isinstance(source, Portrait):
        return source
    return convert.to_portrait(source) if isinstance(source, torch.Tensor) else convert.to_media(source).path
