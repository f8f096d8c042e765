"""Writes pictures and sound into one file of a container format."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import av
import numpy as np

from ...types import Sound, UInt8Array
from ..frame import Tags
from ..native import Base
from ..timing import Stamps, steady_stamps
from .continued import Continued
from .formats import Format
from .limits import limit_options, thread_count
from .picture import FULL, HD, LIMITED, Intake, Pictures
from .settings import EncodeSettings
from .sound import SoundTrack
from .tracks import OtherTracks, dropped_tracks

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
    continued: Continued | None = None
    """The clip that is shown again."""

    @cached_property
    def stamps(self) -> Stamps:
        """When the pictures are shown."""
        return steady_stamps(self.count, self.fps) if self.continued is None else self.continued.stamps(self.fps)

    @property
    def duration_s(self) -> Fraction:
        """Length of the pictures."""
        return self.stamps.duration_s

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
        self._tags = HD if clip.continued is None else clip.continued.tags(form)
        self._bases = None if clip.continued is None else clip.continued.bases(form.pixel_format, self._tags)
        kind = form.container
        self._container: Any = open_output(path, kind.muxer, kind.options, clip.metadata)
        try:
            self._video = self._add_video()
            self._sound = None if clip.sound is None or form.audio is None else SoundTrack(
                self._container, form.audio_codec, form.audio, form.bit_rate, clip.sound, clip.duration_s)
            self._others = _other_tracks(self._container, clip)
        except BaseException:
            self.close(complete=False)
            raise

    @property
    def warnings(self) -> list[str]:
        """What the format could not keep."""
        found = lost_parts(self._form, self._intake, self._clip.sound)
        if self._others is not None:
            return found + self._others.warnings
        dropped = "" if self._clip.continued is None else dropped_tracks(self._clip.continued.clip)
        return [*found, dropped] if dropped else found

    def _add_video(self) -> Any:
        form, fps = self._form, self._clip.fps
        # libx264 has copied a picture when `encode` returns.
        self._pictures = Pictures(form.pixel_format, self._intake.size, self._clip.stamps.time_base,
                                  reuse=form.video_codec == "libx264", tags=self._tags)
        stream = self._container.add_stream(form.video_codec, rate=fps,
                                            options=video_options(form, self._clip, self._pictures.size))
        stream.width, stream.height = self._pictures.size
        stream.pix_fmt = form.pixel_format
        context = stream.codec_context
        context.time_base = self._clip.stamps.time_base
        context.thread_count = thread_count()
        tag_colours(context, self._tags)
        if form.video.tag and form.container_name in ("mp4", "mov"):
            context.codec_tag = form.video.tag
        return stream

    def write(self, frame: UInt8Array) -> None:
        """Encode one picture and the sound up to its end."""
        began = time.perf_counter()
        base = self._base(frame, upright=True)
        picture = self._pictures.make(self._intake.take(frame, self._done), int(self._clip.stamps.ticks[self._done]), base)
        self._mux(self._video.encode(picture))
        self._advance(1)
        self.busy_s += time.perf_counter() - began

    def _base(self, frame: UInt8Array, *, upright: bool) -> Base | None:
        """Return the source's own samples of the next frame, where they fit what is written."""
        bases = self._bases
        if bases is None or frame.shape[2] == 4 or self._intake.size != frame.shape[1::-1]:
            return None
        base = bases.read(int(self._clip.continued.shown[self._done]), upright=upright)  # type: ignore[union-attr]
        return base if base is not None and base.rgb.shape[1::-1] == self._pictures.size else None

    def _mux(self, packets: Sequence[Any]) -> None:
        """Write encoded pictures; uneven ones are told how long they last."""
        stamps = self._clip.stamps
        for packet in packets if self._clip.continued is not None else ():
            index = int(np.searchsorted(stamps.ticks, packet.pts))
            packet.duration = int(stamps.ticks[index + 1] - stamps.ticks[index])
        self._container.mux(packets)

    def _advance(self, frames: int) -> None:
        """Count frames that were written, and write all other tracks up to there."""
        self._done += frames
        until = self._clip.stamps.at(self._done)
        for track in (self._sound, self._others):
            if track is not None:
                track.write_until(until)

    def _finish(self) -> None:
        self._mux(self._video.encode(None))

    def close(self, *, complete: bool) -> None:
        """Finish the file, or only let go of it."""
        if self._container is None:
            return
        container, began = self._container, time.perf_counter()
        try:
            if complete:
                self._finish()  # first: there may be much of it, which would wait for its place among the sound
                for track in (self._sound, self._others):
                    if track is not None:
                        track.finish()
        finally:
            self._container = None
            close_output(container, complete)
        self.busy_s += time.perf_counter() - began


def tag_colours(context: Any, tags: Tags) -> None:
    """Tell an encoder how colours are written."""
    context.color_primaries, context.color_trc = tags.primaries, tags.transfer
    if context.pix_fmt.startswith("yuv"):
        context.colorspace, context.color_range = tags.matrix, FULL if tags.full_range else LIMITED
    else:
        context.color_range = FULL


def _other_tracks(container: Any, clip: Clip) -> OtherTracks | None:
    """Return what copies the other tracks of the clip; None where there are none, or their times do not fit."""
    continued = clip.continued
    if continued is None or continued.settings.other_audio == "drop" or not continued.keeps_time:
        return None
    return OtherTracks(container, continued.clip, clip.duration_s)


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
