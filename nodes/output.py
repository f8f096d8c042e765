"""The one streaming pass: draw, encode, write."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, get_args

import folder_paths
import torch
from comfy.cli_args import args
from comfy_api.latest import Input, InputImpl, io, ui
from comfy_execution.graph_utils import ExecutionBlocker

from ..pipeline_core.errors import InputError, OutputError
from ..pipeline_core.host import Host
from ..pipeline_core.media.encode import (
    DEFAULT_FORMAT,
    PRESETS,
    Continued,
    ContinueSettings,
    EncodeSettings,
    Format,
    OtherAudio,
    Untouched,
    find_format,
    usable_formats,
    write_video,
)
from ..pipeline_core.motion import exact_fps
from ..pipeline_core.render.continuation import continued_clip, held
from ..pipeline_core.render.estimate import Forecast, estimate
from ..pipeline_core.render.plan import RenderPlan, frames, replaced
from ..pipeline_core.types import Sound, UInt8Array, frame_count
from . import convert, sockets
from .choices import problem_with
from .host import ComfyHost

_KEEP = ContinueSettings()


class VideoMux(io.ComfyNode):
    """TA_VideoMux."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        """Describe the node."""
        return io.Schema(
            node_id="TA_VideoMux",
            display_name="Video Mux",
            category=sockets.CATEGORY,
            description="Draws the frames and writes them with the sound into one file: mp4, webm, mov, mkv, GIF, WebP or "
                        "a folder of PNG pictures. Drop the file on the canvas to get this workflow back.",
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
                             tooltip="Quality: lower is better and larger. 18 looks like the original, 23 is small. "
                                     "ProRes, FFV1, PNG, GIF and WebP have a quality of their own and ignore it."),
                io.Combo.Input("preset", options=list(PRESETS), default="veryfast",
                               tooltip="Slower presets make smaller files of the same quality. For H.264, H.265 and VP9; "
                                       "other formats ignore it."),
                io.Boolean.Input("save_output", default=True,
                                 tooltip="Off: the file goes to ComfyUI's temp folder and is gone after a restart."),
                io.Combo.Input("format", options=usable_formats(_format_folders()), default=DEFAULT_FORMAT, optional=True,
                               tooltip="The kind of file. Transparency is kept by webm-vp9-alpha, mov-prores4444, "
                                       "mkv-ffv1-flac, png-sequence and webp; sound sample for sample by mov-..., mkv-... and "
                                       "png-sequence. gif and webp are silent previews."),
                io.MultiType.Input("replacement", [io.Image, io.Video], optional=True,
                                   tooltip="Frames to write instead of those of the render, such as an upscaler's "
                                           "result: all of them, in the same order, of any size."),
                io.Combo.Input("untouched", options=list(get_args(Untouched)), default=_KEEP.untouched, optional=True,
                               tooltip="For a re-voiced video. copy: parts in which nothing is drawn are taken from the source "
                                       "packet by packet, bit for bit, where it is H.264 in mp4, mov or mkv and the format "
                                       "is H.264 as well; what is between is encoded anew. encode: everything is."),
                io.Combo.Input("other_audio", options=list(get_args(OtherAudio)), default=_KEEP.other_audio, optional=True,
                               tooltip="For a re-voiced video with several sound tracks or subtitles. The first sound track "
                                       "is replaced. keep: the others are copied where the file can hold them and its "
                                       "frames keep their times. drop: they are left out."),
            ],
            outputs=[
                io.Video.Output(display_name="video", tooltip="The written file as VIDEO. PNG folders, GIF and WebP are "
                                                              "none: nodes connected here then do not run."),
                io.String.Output(display_name="path", tooltip="Where the file or folder is."),
            ],
            hidden=[io.Hidden.prompt, io.Hidden.extra_pnginfo],
            is_output_node=True,
        )

    @classmethod
    def validate_inputs(cls, preset: str | None = None, crf: int | None = None, format: str | None = None) -> str | bool:
        """Refuse unknown choices before anything runs."""
        known = True if format is None else problem_with(find_format, format, _format_folders())
        return known if known is not True else problem_with(EncodeSettings, preset=preset, crf=crf)

    @classmethod
    def execute(cls, source: RenderPlan | torch.Tensor, filename_prefix: str, fps: float, crf: int, preset: str,
                save_output: bool, audio: Any = None, format: str = DEFAULT_FORMAT,
                replacement: torch.Tensor | Input.Video | None = None, untouched: Untouched = _KEEP.untouched,
                other_audio: OtherAudio = _KEEP.other_audio) -> io.NodeOutput:
        """Write the file."""
        if replacement is not None:
            source = _replaced(source, replacement)
        host, form = ComfyHost(), find_format(format, _format_folders())
        sound = None if audio is None else convert.to_sound(audio)
        keep = ContinueSettings(untouched, other_audio)
        clip = _from_plan(source, sound, keep, host) if isinstance(source, RenderPlan) else _from_images(source, fps, sound)
        settings = EncodeSettings(form, crf=crf, preset=preset)
        place = place_for(filename_prefix, clip.size_px, save_output)
        written = _write(clip, place, save_output, settings, graph_tags(cls.hidden.prompt, cls.hidden.extra_pnginfo),
                         _expecting(source, settings, clip, host, place[0]))
        host.warn(written.warnings)
        return io.NodeOutput(_as_video(written.path, form), written.path, ui=ui.PreviewVideo([written.shown]))


@dataclass(frozen=True)
class _Clip:
    frames: Iterator[UInt8Array]
    size_px: tuple[int, int]
    fps: Fraction
    count: int
    sound: Sound | None
    continued: Continued | None = None


def _count(pictures: int, fps: Fraction, sound: Sound | None) -> int:
    """Return how many frames are needed so that no sound is cut.

    One sample too many is not sound: excerpts begin and end on whole samples, frames seldom do.
    """
    if sound is None:
        return pictures
    return max(pictures, frame_count(sound.duration_s - 1 / sound.rate_hz, fps))


def _from_plan(plan: RenderPlan, sound: Sound | None, keep: ContinueSettings, host: ComfyHost) -> _Clip:
    sound = sound or plan.sound
    count = _count(plan.frames, plan.fps, sound)
    return _Clip(held(frames(plan, 0, None, host), count), plan.size_px, plan.fps, count, sound,
                 continued_clip(plan, count, keep, host))


def _replaced(source: RenderPlan | torch.Tensor, replacement: torch.Tensor | Input.Video) -> RenderPlan:
    given = convert.to_frames(replacement)
    if not isinstance(source, RenderPlan) or given is None:
        raise InputError("'replacement' takes the place of a render's frames, but 'source' is an IMAGE",
                         hint="Connect the frames to 'source' instead.")
    return replaced(source, given)


def _from_images(images: torch.Tensor, fps: float, sound: Sound | None) -> _Clip:
    batch, rate = convert.ImageBatch(images), exact_fps(str(fps))
    count = _count(len(batch), rate, sound)
    pictures = (batch[index] for index in range(len(batch)))
    return _Clip(held(pictures, count), batch.size_px, rate, count, sound)


def _expecting(source: RenderPlan | torch.Tensor, settings: EncodeSettings, clip: _Clip, host: ComfyHost, folder: str) -> Host:
    """Say what a render will take and where that is too much, and return the host that says how long it still takes."""
    form = settings.format
    if not isinstance(source, RenderPlan) or not isinstance(form, Format):
        return host
    expected = estimate(source, settings, host, form=form, sound=clip.sound, count=clip.count, folder=folder,
                        continued=clip.continued)
    host.status(expected.text)
    host.warn(expected.warnings)
    return Forecast(host, source, settings, form)


@dataclass(frozen=True)
class _Written:
    path: str
    shown: ui.SavedResult
    """What the page shows: the file itself, or a small mp4 where browsers cannot play it."""
    warnings: tuple[str, ...]


def _write(clip: _Clip, place: tuple[str, str, str], save_output: bool, settings: EncodeSettings, metadata: dict[str, str],
           host: Host) -> _Written:
    form = settings.format
    assert isinstance(form, Format)
    folder, name, subfolder = place
    shows_itself = form.plays_in_browser or form.container_name == "webp"
    preview = None if shows_itself else os.path.join(folder_paths.get_temp_directory(),
                                                     f"talking_avatar_{uuid.uuid4().hex}.mp4")
    report = write_video(clip.frames, os.path.join(folder, name + form.ending), fps=clip.fps, size=clip.size_px,
                         count=clip.count, sound=clip.sound, settings=settings, metadata=metadata, host=host,
                         overwrite=False, preview_path=preview, continued=clip.continued)
    if preview:
        return _Written(report.path, ui.SavedResult(os.path.basename(preview), "", io.FolderType.temp), report.warnings)
    kind = io.FolderType.output if save_output else io.FolderType.temp
    return _Written(report.path, ui.SavedResult(os.path.basename(report.path), subfolder, kind), report.warnings)


def _as_video(path: str, form: Format) -> Any:
    """Return the file as VIDEO; what is none stops the nodes that wait for it, with a reason."""
    if form.container_name in ("folder", "gif", "webp"):
        return ExecutionBlocker(f"Video Mux wrote {form.name}, which is no VIDEO. Use its output path, or choose an mp4, "
                                "mov, webm or mkv format.")
    return InputImpl.VideoFromFile(path)


def _format_folders() -> list[str]:
    """Return where users keep format files of their own."""
    return [os.path.join(folder, "formats") for folder in folder_paths.get_folder_paths("talking_avatar")]


def place_for(prefix: str, size_px: tuple[int, int], save_output: bool) -> tuple[str, str, str]:
    """Return folder, name without ending and sub-folder of the file to write, by ComfyUI's own rules."""
    root = folder_paths.get_output_directory() if save_output else folder_paths.get_temp_directory()
    try:
        folder, name, counter, subfolder, _ = folder_paths.get_save_image_path(prefix, root, *size_px)
    except Exception as error:  # ComfyUI raises a bare Exception for a prefix that leaves the folder
        raise OutputError(f"filename_prefix={prefix!r} cannot be used: {str(error).strip().splitlines()[0]}",
                          hint="Use a name or a sub-folder inside ComfyUI's output folder.") from error
    return folder, f"{name}_{counter:05}_", subfolder


def graph_tags(prompt: Any, extra: dict[str, Any] | None) -> dict[str, str]:
    """Return what restores the graph when the file is dropped on the canvas."""
    if args.disable_metadata:
        return {}
    found = {**(extra or {}), **({"prompt": prompt} if prompt else {})}
    return {key: json.dumps(value) for key, value in found.items()}
