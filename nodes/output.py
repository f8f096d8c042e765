"""The one streaming pass: draw, encode, write."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import folder_paths
import torch
from comfy.cli_args import args
from comfy_api.latest import InputImpl, io, ui

from ..pipeline_core.errors import InputError, OutputError
from ..pipeline_core.media.encode import PRESETS, EncodeSettings, write_video
from ..pipeline_core.motion import exact_fps
from ..pipeline_core.render.plan import RenderPlan, frames
from ..pipeline_core.types import Sound, UInt8Array, frame_count
from . import convert, sockets
from .choices import problem_with
from .host import ComfyHost


class VideoMux(io.ComfyNode):
    """TA_VideoMux."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        """Describe the node."""
        return io.Schema(
            node_id="TA_VideoMux",
            display_name="Video Mux",
            category=sockets.CATEGORY,
            description="Draws the frames and writes them with the sound into one mp4 (H.264, AAC). Drop the mp4 on "
                        "the canvas to get this workflow back.",
            inputs=[
                io.MultiType.Input("source", [sockets.Render, io.Image],
                                   tooltip="A render from Mouth Renderer or Blend and Idle, or an IMAGE batch."),
                io.Audio.Input("audio", optional=True,
                               tooltip="The sound. Not connected: the sound that the motion was made from. It is never "
                                       "cut: the last frame is held until its end."),
                io.String.Input("filename_prefix", default="talking_avatar/avatar",
                                tooltip="Folder and beginning of the file name inside ComfyUI's output folder. "
                                        "%year%, %month%, %day%, %width% and %height% are filled in."),
                io.Float.Input("fps", default=25.0, min=1.0, max=120.0, step=0.001,
                               tooltip="For an IMAGE batch only; a render knows its own frame rate."),
                io.Int.Input("crf", default=18, min=0, max=51, display_mode=io.NumberDisplay.slider,
                             tooltip="Quality: lower is better and larger. 18 looks like the original, 23 is small."),
                io.Combo.Input("preset", options=list(PRESETS), default="veryfast",
                               tooltip="Slower presets make smaller files of the same quality."),
                io.Boolean.Input("save_output", default=True,
                                 tooltip="Off: the file goes to ComfyUI's temp folder and is gone after a restart."),
            ],
            outputs=[
                io.Video.Output(display_name="video", tooltip="The written file as VIDEO."),
                io.String.Output(display_name="path", tooltip="Where the file is."),
            ],
            hidden=[io.Hidden.prompt, io.Hidden.extra_pnginfo],
            is_output_node=True,
        )

    @classmethod
    def validate_inputs(cls, preset: str = "veryfast", crf: int = 18) -> str | bool:
        """Refuse unknown choices before anything runs."""
        return problem_with(EncodeSettings, preset=preset, crf=crf)

    @classmethod
    def execute(cls, source: RenderPlan | torch.Tensor, filename_prefix: str, fps: float, crf: int, preset: str,
                save_output: bool, audio: Any = None) -> io.NodeOutput:
        """Write the file."""
        host = ComfyHost()
        sound = None if audio is None else convert.to_sound(audio)
        clip = _from_plan(source, sound, host) if isinstance(source, RenderPlan) else _from_images(source, fps, sound)
        place, shown = _place(filename_prefix, clip.size_px, save_output)
        write_video(clip.frames, place, fps=clip.fps, size=clip.size_px, count=clip.count, sound=clip.sound,
                    settings=EncodeSettings(crf=crf, preset=preset),
                    metadata=_metadata(cls.hidden.prompt, cls.hidden.extra_pnginfo), host=host)
        return io.NodeOutput(InputImpl.VideoFromFile(place), place, ui=ui.PreviewVideo([shown]))


@dataclass(frozen=True)
class _Clip:
    frames: Iterator[UInt8Array]
    size_px: tuple[int, int]
    fps: Fraction
    count: int
    sound: Sound | None


def _held(pictures: Iterator[UInt8Array], count: int) -> Iterator[UInt8Array]:
    """Yield `count` pictures, holding the last one."""
    last = None
    for _ in range(count):
        last = next(pictures, last)
        if last is None:
            return
        yield last


def _count(pictures: int, fps: Fraction, sound: Sound | None) -> int:
    """Return how many frames are needed so that no sound is cut."""
    return pictures if sound is None else max(pictures, frame_count(sound.duration_s, fps))


def _from_plan(plan: RenderPlan, sound: Sound | None, host: ComfyHost) -> _Clip:
    sound = sound or plan.sound
    count = _count(plan.frames, plan.fps, sound)
    return _Clip(_held(frames(plan, 0, None, host), count), plan.size_px, plan.fps, count, sound)


def _from_images(images: torch.Tensor, fps: float, sound: Sound | None) -> _Clip:
    if not len(images):
        raise InputError("the IMAGE batch is empty", hint="Connect an IMAGE with at least one picture.")
    rate = exact_fps(str(fps))
    count = _count(len(images), rate, sound)
    size = int(images.shape[2]), int(images.shape[1])
    return _Clip(_held(convert.frames_of(images), count), size, rate, count, sound)


def _place(prefix: str, size_px: tuple[int, int], save_output: bool) -> tuple[str, ui.SavedResult]:
    """Return the path of the file to write, by ComfyUI's own rules, and how the page finds it."""
    root = folder_paths.get_output_directory() if save_output else folder_paths.get_temp_directory()
    try:
        folder, name, counter, subfolder, _ = folder_paths.get_save_image_path(prefix, root, *size_px)
    except Exception as error:  # ComfyUI raises a bare Exception for a prefix that leaves the folder
        raise OutputError(f"filename_prefix={prefix!r} cannot be used: {str(error).strip().splitlines()[0]}",
                          hint="Use a name or a sub-folder inside ComfyUI's output folder.") from error
    file = f"{name}_{counter:05}_.mp4"
    kind = io.FolderType.output if save_output else io.FolderType.temp
    return os.path.join(folder, file), ui.SavedResult(file, subfolder, kind)


def _metadata(prompt: Any, extra: dict[str, Any] | None) -> dict[str, str]:
    """Return what restores the graph when the file is dropped on the canvas."""
    if args.disable_metadata:
        return {}
    found = {**(extra or {}), **({"prompt": prompt} if prompt else {})}
    return {key: json.dumps(value) for key, value in found.items()}
