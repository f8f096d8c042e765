"""A picture file, a sample, or any IMAGE becomes a portrait; a sound or video file or a sample becomes AUDIO or VIDEO."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import folder_paths
import numpy as np
import torch
from comfy_api.latest import InputImpl, io, ui
from comfy_execution.graph_utils import ExecutionBlocker

from ..models.samples import CLIPS, PORTRAITS, RECORDINGS, sample_clip, sample_portrait, sample_speech
from ..pipeline_core.errors import InputError
from ..pipeline_core.media.audio import load_sound
from ..pipeline_core.media.files import replacing
from ..pipeline_core.media.image import load_portrait
from ..pipeline_core.media.text_file import read_text_file
from ..pipeline_core.media.video import probe
from ..pipeline_core.types import Portrait
from . import convert, sockets
from .choices import problem_with
from .host import ComfyHost
from .input_files import expect_file, file_choices, fingerprint

NOT_CONNECTED: Any = object()
"""Default of a socket in `validate_inputs`: a connected one arrives there as None."""
TRANSCRIPT_ENDINGS = (".txt", ".lab")
MAX_TRANSCRIPT_BYTES = 100_000


def portrait_choices() -> list[str]:
    """Return what the drop-down of a portrait offers."""
    return file_choices(["image"], PORTRAITS)


def chosen_portrait(file: str | None) -> Portrait:
    """Return the portrait of a drop-down."""
    path = expect_file(file, "image")
    return sample_portrait(str(file)) if path is None else load_portrait(path)


class LoadPortrait(io.ComfyNode):
    """TA_LoadPortrait."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        """Describe the node."""
        return io.Schema(
            node_id="TA_LoadPortrait",
            display_name="Load Portrait",
            category=sockets.CATEGORY,
            description="Loads the photo that is going to talk, from a file, a sample or any IMAGE.",
            inputs=[
                io.Combo.Input("file", options=portrait_choices(), upload=io.UploadType.image,
                               image_folder=io.FolderType.input,
                               tooltip="The photo, or a sample. Best: one face from the front, mouth closed, at least "
                                       "300 px wide. Turned, grey, 16-bit, CMYK and transparent pictures all work."),
                io.Image.Input("image", optional=True,
                               tooltip="Takes the place of the file: the first picture of any IMAGE."),
                io.Mask.Input("mask", optional=True,
                              tooltip="White where the picture is transparent, as the MASK of Load Image."),
            ],
            outputs=[
                sockets.Portrait.Output(display_name="portrait", tooltip="For Detect Face."),
                io.Image.Output(display_name="image", tooltip="The picture, upright, without transparency."),
                io.Mask.Output(display_name="mask", tooltip="White where the picture is transparent."),
            ],
            # Written with the preview of a sample.
            hidden=[io.Hidden.prompt, io.Hidden.extra_pnginfo],
        )

    @classmethod
    def validate_inputs(cls, file: str | None = None, image: Any = NOT_CONNECTED) -> str | bool:
        """Say which file is missing before anything runs; a connected IMAGE needs none."""
        return True if file is None or image is not NOT_CONNECTED else problem_with(expect_file, file, "image")

    @classmethod
    def fingerprint_inputs(cls, file: str | None = None, image: torch.Tensor | None = None,
                           mask: torch.Tensor | None = None) -> str:
        """Run again when the file's content changes."""
        return fingerprint(file)

    @classmethod
    def execute(cls, file: str | None = None, image: torch.Tensor | None = None,
                mask: torch.Tensor | None = None) -> io.NodeOutput:
        """Read the picture."""
        if image is not None:
            portrait = convert.to_portrait(image, mask)
        else:
            portrait = convert.with_mask(chosen_portrait(file), mask)
        opaque = torch.zeros((1, portrait.height_px, portrait.width_px))
        transparent = opaque if portrait.alpha is None else 1.0 - convert.to_mask(portrait.alpha)
        # The page shows files of the input folder by itself.
        shown = ui.PreviewImage(_with_opacity(portrait), cls=cls) if image is None and file in PORTRAITS else None
        return io.NodeOutput(portrait, convert.to_image(portrait.image), transparent, ui=shown)


def _with_opacity(portrait: Portrait) -> torch.Tensor:
    if portrait.alpha is None:
        return convert.to_image(portrait.image)
    return convert.to_image(np.dstack([portrait.image, portrait.alpha]))


class LoadSpeech(io.ComfyNode):
    """TA_LoadSpeech."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        """Describe the node."""
        return io.Schema(
            node_id="TA_LoadSpeech",
            display_name="Load Speech",
            category=sockets.CATEGORY,
            description="Loads a recording and, where there is one, its transcript: a sample, or a sound or video file "
                        "of ComfyUI's input folder with a text file of the same name beside it.",
            inputs=[
                io.Combo.Input("file", options=file_choices(["audio", "video"], RECORDINGS),
                               tooltip="A sample, or a file of ComfyUI's input folder. To upload one, use Load Audio."),
            ],
            outputs=[
                io.Audio.Output(display_name="audio", tooltip="The recording, at its own rate."),
                io.String.Output(display_name="transcript",
                                 tooltip="What is said: connect it to transcript of Audio to Visemes. Empty when there "
                                         "is no .txt or .lab file of the same name."),
            ],
        )

    @classmethod
    def validate_inputs(cls, file: str | None = None) -> str | bool:
        """Say which file is missing before anything runs."""
        return True if file is None else problem_with(expect_file, file, "audio")

    @classmethod
    def fingerprint_inputs(cls, file: str | None = None) -> str:
        """Run again when the recording or its transcript changes."""
        path = _path_or_none(file)
        return fingerprint(file) + (transcript_beside(path) if path else "")

    @classmethod
    def execute(cls, file: str | None = None) -> io.NodeOutput:
        """Read the recording."""
        path = expect_file(file, "audio")
        host = ComfyHost()
        sound, transcript = sample_speech(str(file)) if path is None else (
            load_sound(path, host), transcript_beside(path, host))
        host.warn(sound.warnings)  # an AUDIO cannot carry them
        return io.NodeOutput(convert.to_audio(sound), transcript)


class LoadVideo(io.ComfyNode):
    """TA_LoadVideo."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        """Describe the node."""
        return io.Schema(
            node_id="TA_LoadVideo",
            display_name="Load Talking Video",
            category=sockets.CATEGORY,
            description="Loads a video whose words are going to change, and its sound: a sample, or a file of ComfyUI's input "
                        "folder. It is read frame by frame, so that its length costs no memory.",
            inputs=[
                io.Combo.Input("file", options=file_choices(["video"], CLIPS), upload=io.UploadType.video,
                               image_folder=io.FolderType.input, tooltip="The video, or a sample."),
            ],
            outputs=[
                io.Video.Output(display_name="video", tooltip="For Detect Face."),
                io.Audio.Output(display_name="audio", tooltip="What is heard in it, at its own rate."),
            ],
        )

    @classmethod
    def validate_inputs(cls, file: str | None = None) -> str | bool:
        """Say which file is missing before anything runs."""
        return True if file is None else problem_with(expect_file, file, "video")

    @classmethod
    def fingerprint_inputs(cls, file: str | None = None) -> str:
        """Run again when the video's content changes."""
        return fingerprint(file)

    @classmethod
    def execute(cls, file: str | None = None) -> io.NodeOutput:
        """Open the video and read its sound."""
        path, host = expect_file(file, "video") or sample_clip(str(file)), ComfyHost()
        info = probe(path)
        host.warn(info.warnings)
        sound = load_sound(path, host) if info.has_sound else None
        audio = ExecutionBlocker(f"{path.name} has no sound") if sound is None else convert.to_audio(sound)
        # The page shows files of the input folder by itself.
        shown = ui.PreviewVideo([_in_temp(path)]) if file in CLIPS else None
        return io.NodeOutput(InputImpl.VideoFromFile(str(path)), audio, ui=shown)


def _in_temp(path: Path) -> ui.SavedResult:
    """Return a shipped file where the page can get it: in ComfyUI's temp folder."""
    copy = Path(folder_paths.get_temp_directory()) / f"talking_avatar_{path.name}"
    if not copy.is_file() or copy.stat().st_size != path.stat().st_size:
        with replacing(copy) as part:
            shutil.copyfile(path, part)
    return ui.SavedResult(copy.name, "", io.FolderType.temp)


def _path_or_none(file: str | None) -> Path | None:
    try:
        return expect_file(file, "audio")
    except InputError:
        return None


def transcript_beside(path: Path, host: ComfyHost | None = None) -> str:
    """Return the text file that has the recording's name, or "" where there is none."""
    for text in (path.with_suffix(ending) for ending in TRANSCRIPT_ENDINGS):
        if text.is_file() and text.stat().st_size <= MAX_TRANSCRIPT_BYTES:
            return read_text_file(text, "transcript").strip()
        if text.is_file() and host is not None:
            host.warn([f"{text.name!r} is larger than {MAX_TRANSCRIPT_BYTES // 1000} kB: it is not taken for a transcript"])
    return ""
