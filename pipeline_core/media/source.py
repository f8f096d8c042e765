"""What a clip is, exactly: when its frames are shown, how its colours are written, what else it holds."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..cache import shared
from ..types import MediaFile, Sound
from .container import MAX_LEAD_S, beginning_s
from .frame import Tags, tags_of
from .packets import PacketTable, packet_table
from .timing import Stamps, on_grid, steady_stamps
from .video import first_frame, opened_video, probe, quarter_turns

IntArray = npt.NDArray[np.int64]
_ROUNDED_S = Fraction(1, 1000)
"""Time stamps of some containers are rounded to milliseconds: a constant rate is known by more exactly."""


@dataclass(frozen=True, eq=False)
class SourceClip:
    """A video that is shown again with changes."""

    video: MediaFile
    fps: Fraction
    """Of the face tracks that are made from it."""
    stamps: Stamps
    """Of its frames, from 0 on."""
    lead_s: Fraction
    """How much later than the file, and so than its sound, the picture begins."""
    tags: Tags
    """How its colours are written, completed by what players assume."""
    bits: int
    """Of one colour."""
    is_rgb: bool
    interlaced: bool
    quarter_turns: int
    """How often its pictures are turned by 90 degrees counter-clockwise to be upright."""
    square_pixels: bool
    sounds: int
    """Number of sound tracks."""
    texts: int
    """Number of subtitle tracks."""
    table: PacketTable | None
    """None where the file has no time stamps of use; it is then taken for a constant rate."""

    @property
    def name(self) -> str:
        """Name of the file, for messages."""
        return Path(self.video.path).name

    @property
    def frames(self) -> int:
        """Number of frames."""
        return self.stamps.frames

    @property
    def plain(self) -> bool:
        """Whether its pictures are read without any change but that from YUV to RGB."""
        return not (self.tags.hdr or self.is_rgb or self.interlaced) and self.square_pixels

    @cached_property
    def is_steady(self) -> bool:
        """Whether frame i is shown at ``i / fps``."""
        off = np.abs(self._times_s - np.arange(self.frames) / float(self.fps))
        return bool(off.max() <= float(max(self.stamps.time_base, _ROUNDED_S)))

    @cached_property
    def shown(self) -> IntArray:
        """Which frame of the file each frame of its face track shows [shape=(T,)]."""
        return np.array(on_grid(self._times_s, self.fps), np.int64)

    @cached_property
    def one_to_one(self) -> bool:
        """Whether a face track has every frame of the file once."""
        return np.array_equal(self.shown, np.arange(self.frames))

    @property
    def grid_error_s(self) -> float:
        """By how much a picture is early or late at most where it is shown on the grid of `fps`."""
        numbers, first = np.unique(self.shown, return_index=True)
        return float(np.abs(self._times_s[numbers] - first / float(self.fps)).max())

    @property
    def _times_s(self) -> npt.NDArray[np.float64]:
        return np.asarray(self.stamps.ticks[:-1] * float(self.stamps.time_base), np.float64)

    def on_picture_clock(self, sound: Sound) -> Sound:
        """Return a sound that belongs to the file as it is heard from the first picture on."""
        skip = round(self.lead_s * sound.rate_hz)
        if skip == 0:
            return sound
        samples = sound.samples[:, skip:] if skip > 0 else np.pad(sound.samples, ((0, 0), (-skip, 0)))
        return Sound(samples, sound.rate_hz, sound.warnings)


def source_clip(video: MediaFile) -> SourceClip:
    """Return what a video is; its packets are read once.

    Raises
    ------
    UnreadableMedia, InputError
        If it cannot be read, or claims to last for ever.
    """
    return shared().get(("source_clip", video.sha256), lambda: _read(video))


def _read(video: MediaFile) -> SourceClip:
    info, frame = probe(video.path), first_frame(video.path)
    with opened_video(video.path) as (container, stream):
        tags = tags_of(frame, stream.codec_context)
        sounds, texts = len(container.streams.audio), len(container.streams.subtitles)
        square = (stream.sample_aspect_ratio or 1) == 1
        table = packet_table(container, stream)
        if table is not None and frame.pts != table.shown[0]:
            table = None  # its first pictures need others that are not there: frames are counted from where they can be seen
        lead = _lead_s(container, table)
    return SourceClip(
        video, info.fps, _stamps(table, info.fps, info.frames), lead, tags, frame.format.components[0].bits,
        bool(frame.format.is_rgb), bool(getattr(frame, "interlaced_frame", False)), quarter_turns(frame), square,
        sounds, texts, table)


def _stamps(table: PacketTable | None, fps: Fraction, frames: int) -> Stamps:
    if table is None:
        return steady_stamps(frames, fps)
    shown, tick = table.shown, table.time_base
    last = table.last_ticks or max(1, round(1 / fps / tick))
    return Stamps(np.append(shown, shown[-1] + last) - shown[0], tick)


def _lead_s(container: Any, table: PacketTable | None) -> Fraction:
    if table is None:
        return Fraction(0)
    first_s = int(table.shown[0]) * table.time_base
    lead = first_s - Fraction(beginning_s(container, float(first_s))).limit_denominator(1_000_000)
    return lead if abs(lead) <= MAX_LEAD_S else Fraction(0)
