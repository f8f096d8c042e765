"""Writes pictures and sound into one file of a container format."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any, Protocol

import av

from ...types import Sound, UInt8Array
from .formats import Format
from .limits import limit_options, thread_count
from .picture import BT709, FULL, LIMITED, Intake, Pictures
from .settings import EncodeSettings
from .sound import SoundTrack

_LOSSY_ALPHA = ("libvpx-vp9", "webp")


@dataclass(frozen=True)
class Clip:
    """What is to be written, except the pictures."""

    fps: Fraction
    size: tuple[int, int]
    """Width and height of the frames in pixels."""
    count: int
    sound: Sound | None
    settings: EncodeSettings
    metadata: Mapping[str, str] = field(default_factory=dict)
    stopped: Callable[[], bool] = lambda: False
    """Asked in long steps after the last frame: whether the result is not wanted any more."""

    @property
    def duration_s(self) -> Fraction:
        """Length of the pictures."""
        return self.count / self.fps

    def intake(self, form: Format) -> Intake:
        """Return what brings the frames to the form of a format."""
        return Intake(self.size, alpha=form.has_alpha, background_rgb=self.settings.background_rgb,
                      max_side_px=form.max_side_px, min_side_px=form.video.min_side_px,
                      lossy=form.video_codec in _LOSSY_ALPHA)


class Writer(Protocol):
    """An open result."""

    @property
    def busy_s(self) -> float:
        """Time spent at work."""

    @property
    def warnings(self) -> list[str]:
        """What the user should know about the result."""

    def write(self, frame: UInt8Array) -> None:
        """Add one picture [shape=(H, W, 3 or 4)], and the sound up to its end."""

    def close(self, *, complete: bool) -> None:
        """Finish the result, or only let go of it; may be called again."""


def lost_parts(form: Format, intake: Intake, sound: Sound | None) -> list[str]:
    """Return sentences about what the format could not keep."""
    found = []
    if intake.lost_alpha:
        found.append(f"The format {form.name} holds no transparency: transparent pixels show the background colour.")
    if sound is not None and form.audio is None:
        found.append(f"The format {form.name} holds no sound: it is left out.")
    return found


def open_output(path: Path, muxer: str, options: Mapping[str, str], metadata: Mapping[str, str]) -> Any:
    """Return a new container that is open for writing."""
    container: Any = av.open(os.fspath(path), "w", format=muxer, options=dict(options))
    for key, value in metadata.items():
        container.metadata[key] = value
    return container


def close_output(container: Any, complete: bool) -> None:
    """Close a container; only a complete one may complain about its end."""
    try:
        container.close()
    except (OSError, av.FFmpegError, ValueError):
        if complete:
            raise


class ContainerWriter:
    """The open file: turns pictures into packets, and adds the sound that goes with them."""

    def __init__(self, path: Path, form: Format, clip: Clip) -> None:
        self.busy_s = 0.0
        self._form, self._clip, self._done = form, clip, 0
        self._intake = clip.intake(form)
        # libx264 has copied a picture when `encode` returns.
        self._pictures = Pictures(form.pixel_format, self._intake.size, clip.fps, reuse=form.video_codec == "libx264")
        kind = form.container
        self._container: Any = open_output(path, kind.muxer, kind.options, clip.metadata)
        try:
            self._video = self._add_video()
            self._sound = None if clip.sound is None or form.audio is None else SoundTrack(
                self._container, form.audio_codec, form.audio, form.bit_rate, clip.sound, clip.duration_s)
        except BaseException:
            self.close(complete=False)
            raise

    @property
    def warnings(self) -> list[str]:
        """What the format could not keep."""
        return lost_parts(self._form, self._intake, self._clip.sound)

    def _add_video(self) -> Any:
        form, fps = self._form, self._clip.fps
        stream = self._container.add_stream(form.video_codec, rate=fps,
                                            options=video_options(form, self._clip, self._pictures.size))
        stream.width, stream.height = self._pictures.size
        stream.pix_fmt = form.pixel_format
        context = stream.codec_context
        context.time_base = 1 / fps
        context.thread_count = thread_count()
        context.color_primaries = context.color_trc = BT709
        if form.pixel_format.startswith("yuv"):
            context.colorspace, context.color_range = BT709, LIMITED
        else:
            context.color_range = FULL
        if form.video.tag and form.container_name in ("mp4", "mov"):
            context.codec_tag = form.video.tag
        return stream

    def write(self, frame: UInt8Array) -> None:
        """Encode one picture and the sound up to its end."""
        began = time.perf_counter()
        picture = self._pictures.make(self._intake.take(frame, self._done), self._done)
        self._container.mux(self._video.encode(picture))
        self._done += 1
        if self._sound is not None:
            self._sound.write_until(self._done / self._clip.fps)
        self.busy_s += time.perf_counter() - began

    def close(self, *, complete: bool) -> None:
        """Finish the file, or only let go of it."""
        if self._container is None:
            return
        container, began = self._container, time.perf_counter()
        try:
            if complete:
                if self._sound is not None:
                    self._sound.finish()
                container.mux(self._video.encode(None))
        finally:
            self._container = None
            close_output(container, complete)
        self.busy_s += time.perf_counter() - began


def video_options(form: Format, clip: Clip, size: tuple[int, int]) -> dict[str, str]:
    """Return everything that the picture codec is told."""
    codec, settings = form.video, clip.settings
    options = dict(codec.fixed)
    if codec.max_crf and form.video_options.get("lossless") != "1":
        options["crf"] = str(round(settings.crf * codec.max_crf / 51))
    options.update(codec.presets.get(settings.preset, {}))
    options.update(limit_options(form.video_codec, settings.preset, size, clip.fps, clip.count))
    options.update(form.video_options)
    return options
