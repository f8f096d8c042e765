"""The ComfyUI side: a node is a schema and a few lines that call the core."""

from __future__ import annotations

import os

import folder_paths
from comfy_api.latest import ComfyExtension, io

from ..models import register_all
from ..pipeline_core.model_files import add_folders

folder_paths.add_model_folder_path("talking_avatar", os.path.join(folder_paths.models_dir, "talking_avatar"),
                                   is_default=True)
# Files of further voices lie in the folder of models itself or in ours, wherever the settings put them.
add_folders(lambda: [folder_paths.models_dir,
                     *(os.path.dirname(path) for path in folder_paths.get_folder_paths("talking_avatar"))])
# Before the nodes: their drop-downs list the back ends.
register_all()

from .avatar import TalkingAvatar  # noqa: E402
from .blend import BlendAndIdle  # noqa: E402
from .captions import CaptionFrames  # noqa: E402
from .expression import ExpressionEditor  # noqa: E402
from .face import DetectFace  # noqa: E402
from .frames import FramesToImages  # noqa: E402
from .load import LoadPortrait, LoadSpeech, LoadVideo  # noqa: E402
from .motion import LoadMotion, MotionGenerator  # noqa: E402
from .output import VideoMux  # noqa: E402
from .people import JoinRenders, SplitSpeakers  # noqa: E402
from .preview import PreviewRender  # noqa: E402
from .render import MouthRenderer  # noqa: E402
from .scorecard import QualityScorecard  # noqa: E402
from .speech import AudioToVisemes, TextToSpeech  # noqa: E402
from .table import LinesTable  # noqa: E402
from .transfer import MotionFromVideo  # noqa: E402


class TalkingAvatarExtension(ComfyExtension):
    """All nodes, in the order of the pipeline."""

    async def get_node_list(self) -> list[type[io.ComfyNode]]:
        """Return the node classes."""
        return [LoadPortrait, DetectFace, TextToSpeech, AudioToVisemes, MotionGenerator, MouthRenderer,
                BlendAndIdle, VideoMux, TalkingAvatar, LoadSpeech, FramesToImages, LoadMotion, SplitSpeakers, JoinRenders,
                LoadVideo, MotionFromVideo, CaptionFrames, LinesTable, PreviewRender,
                QualityScorecard, ExpressionEditor]
