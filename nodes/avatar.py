"""The whole chain in one node, for beginners."""

from __future__ import annotations

import os
from typing import Any

import torch
from comfy_api.latest import Input, InputImpl, io, ui

from ..pipeline_core.errors import SettingError
from ..pipeline_core.media.video import probe
from ..pipeline_core.motion import EMOTIONS, MotionSettings, exact_fps
from ..pipeline_core.overall import OverallHost
from ..pipeline_core.pipeline import STAGES, AvatarRequest, render_avatar
from ..pipeline_core.render.settings import RenderSettings
from ..pipeline_core.types import FaceTrack, MotionTrack
from . import convert, sockets
from .choices import backend_ids, check_backend, problem_with
from .host import ComfyHost, Keeping
from .input_files import expect_file, fingerprint
from .live import left_for_page
from .load import NOT_CONNECTED, chosen_portrait, portrait_choices
from .motion import SEED_MAX
from .output import graph_tags, place_for
from .page import with_files
from .speech import SAMPLE_TEXT

SIZES: dict[str, tuple[int | None, int | None]] = {
    "as the photo": (None, None),
    "1280 x 720 (landscape)": (1280, 720),
    "720 x 1280 (portrait)": (720, 1280),
    "1080 x 1080 (square)": (1080, 1080),
    "1920 x 1080 (landscape)": (1920, 1080),
    "1080 x 1920 (portrait)": (1080, 1920),
}


class TalkingAvatar(Keeping):
    """TA_TalkingAvatar."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        """Describe the node."""
        return io.Schema(
            node_id="TA_TalkingAvatar",
            display_name="Talking Avatar",
            category=sockets.CATEGORY,
            description="A photo and a sentence, or a recording, become a talking video: the whole chain in one node. "
                        "It runs at once with the sample.",
            inputs=[
                io.Combo.Input("file", options=portrait_choices(), upload=io.UploadType.image,
                               image_folder=io.FolderType.input,
                               tooltip="The photo, or a sample. Best: one face from the front, mouth closed, at least "
                                       "300 px wide."),
                io.Image.Input("image", optional=True, tooltip="Takes the place of the file: any IMAGE."),
                io.Audio.Input("audio", optional=True, tooltip="A recording; it is heard in place of the text."),
                io.String.Input("text", multiline=True, default=SAMPLE_TEXT, placeholder="What the portrait says.",
                                tooltip="What the portrait says, in English. Not used when audio is connected."),
                io.Combo.Input("voice", options=backend_ids("voice"), default="auto",
                               tooltip="Who speaks the text. 'auto' is the bundled voice."),
                io.Combo.Input("emotion", options=list(EMOTIONS), default="neutral", tooltip="The mood of the clip."),
                io.Float.Input("expressiveness", default=1.0, min=0.0, max=2.0, step=0.05,
                               display_mode=io.NumberDisplay.slider,
                               tooltip="How lively the face is: mood, brows and mouth. 1 is natural."),
                io.Float.Input("head", default=1.0, min=0.0, max=2.0, step=0.05, display_mode=io.NumberDisplay.slider,
                               tooltip="How much the head moves. 0 keeps it still, 1 is natural."),
                io.Combo.Input("size", options=list(SIZES), default=next(iter(SIZES)),
                               tooltip="Size of the video. The photo is scaled and cropped around the face."),
                io.Float.Input("fps", default=25.0, min=1.0, max=120.0, step=0.001, tooltip="Frames per second."),
                io.Int.Input("seed", default=0, min=0, max=SEED_MAX, control_after_generate=True,
                             tooltip="Another number gives another, equally natural performance."),
                io.String.Input("filename_prefix", default="talking_avatar/avatar",
                                tooltip="Folder and beginning of the file name inside ComfyUI's output folder."),
                io.Boolean.Input("save_output", default=True,
                                 tooltip="Off: the file goes to ComfyUI's temp folder and is gone after a restart."),
                io.String.Input("transcript", multiline=True, default="", optional=True,
                                placeholder="For a recording (optional): what is said in it.",
                                tooltip="What is said in audio: the lips become much more exact."),
                io.Video.Input("video", optional=True,
                               tooltip="Takes the place of the photo: its mouth gets the new words, everything else, size and "
                                       "frame rate stay. All of it is kept; silence follows a shorter sound."),
            ],
            outputs=[
                io.Video.Output(display_name="video", tooltip="The written file as VIDEO."),
                io.String.Output(display_name="path", tooltip="Where the file is."),
            ],
            hidden=[io.Hidden.prompt, io.Hidden.extra_pnginfo],
            is_output_node=True,
        )

    @classmethod
    def validate_inputs(cls, file: str | None = None, image: Any = NOT_CONNECTED, voice: str | None = None,
                        audio: Any = NOT_CONNECTED, video: Any = NOT_CONNECTED) -> str | bool:
        """Refuse what depends on this machine before anything runs: a missing file, a voice that is not here.

        ComfyUI says the answer once for every name in this list, so it is short; `execute` begins
        with the other checks.
        """
        given = image is not NOT_CONNECTED or video is not NOT_CONNECTED
        missing = True if file is None or given else problem_with(expect_file, file, "image")
        return check_backend("voice", voice) if missing is True and audio is NOT_CONNECTED else missing

    @classmethod
    def fingerprint_inputs(cls, file: str | None = None, **others: Any) -> str:
        """Run again when the photo's content changes."""
        return fingerprint(file)

    @classmethod
    def execute(cls, file: str, text: str, voice: str, emotion: str, expressiveness: float, head: float, size: str,
                fps: float, seed: int, filename_prefix: str, save_output: bool, image: torch.Tensor | None = None,
                audio: Any = None, transcript: str = "", video: Input.Video | None = None) -> io.NodeOutput:
        """Make the video."""
        node = ComfyHost()
        host = OverallHost(node, STAGES)
        clip = None if video is None else convert.to_media(video).path
        portrait = None if clip else chosen_portrait(file) if image is None else convert.to_portrait(image)
        width, height = (None, None) if clip else _size(size)
        shown = portrait or probe(str(clip))
        folder, name, subfolder = place_for(filename_prefix, (width or shown.width_px, height or shown.height_px), save_output)
        performed: list[tuple[FaceTrack, MotionTrack]] = []
        result = render_avatar(AvatarRequest(
            portrait=portrait, video=clip, out_path=os.path.join(folder, f"{name}.mp4"), overwrite=False,
            audio=None if audio is None else convert.to_sound(audio), text=text,
            transcript=transcript, voice=voice, motion=_motion(emotion, expressiveness, head, fps, seed),
            render=RenderSettings(width_px=width, height_px=height),
            metadata=graph_tags(cls.hidden.prompt, cls.hidden.extra_pnginfo),
        ), host, lambda face, motion: performed.append((face, motion)))
        node.warn(result.warnings)
        kind = io.FolderType.output if save_output else io.FolderType.temp
        saved = ui.SavedResult(os.path.basename(result.out), subfolder, kind)
        left = left_for_page(cls.hidden.extra_pnginfo, host, *performed[0])
        return io.NodeOutput(InputImpl.VideoFromFile(result.out), result.out,
                             ui=with_files(ui.PreviewVideo([saved]), **left))


def _size(name: str) -> tuple[int | None, int | None]:
    if name not in SIZES:
        raise SettingError(f"unknown size {name!r}", hint=f"Choose one of: {'; '.join(SIZES)}.")
    return SIZES[name]


def _motion(emotion: str, expressiveness: float, head: float, fps: float, seed: int) -> MotionSettings:
    """Return the settings that a few sliders stand for."""
    return MotionSettings(fps=exact_fps(str(fps)), emotion=emotion, emotion_strength=expressiveness,
                          brows=expressiveness, mouth=(1.0 + expressiveness) / 2, head=head, idle=min(1.0, head),
                          seed=seed)
