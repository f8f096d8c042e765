"""A result that shows a clip again: what it takes over from it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal, get_args

import av
import numpy as np

from ...errors import SettingError
from ...types import UInt8Array
from ..frame import Tags
from ..native import Bases
from ..source import IntArray, SourceClip
from ..splice import Span, Splice, plan_splice
from ..timing import Stamps, steady_stamps
from ..yuv import BT2020
from .formats import Format
from .picture import HD

Untouched = Literal["copy", "encode"]
OtherAudio = Literal["drop", "keep"]
_FULL_RANGE_CODECS = ("libx264", "libx265", "libvpx-vp9")
"""Codecs that say in the stream that codes span 0..255."""
_CONSTANT_LUMINANCE = 10
"""Code of BT.2020 with constant luminance (H.273, table 4), which is read as the other one."""


@dataclass(frozen=True)
class ContinueSettings:
    """What users say about it."""

    untouched: Untouched = "copy"
    """Whether parts of the clip that are shown unchanged are copied, where that can be done, or encoded
    again with all others."""
    other_audio: OtherAudio = "keep"
    """What becomes of sound tracks beyond the first, and of subtitles."""

    def __post_init__(self) -> None:
        for name, kind in (("untouched", Untouched), ("other_audio", OtherAudio)):
            if getattr(self, name) not in get_args(kind):
                raise SettingError(f"unknown {name} {getattr(self, name)!r}",
                                   hint=f"Choose one of: {', '.join(get_args(kind))}.")


@dataclass(frozen=True, eq=False)
class Continued:
    """A clip, and what of it is shown."""

    clip: SourceClip
    shown: IntArray
    """Which frame of its face track each frame of the result shows [shape=(N,)]."""
    untouched: tuple[Span, ...]
    """Stretches that equal the clip, frame for frame."""
    draw: Callable[[int, int], Iterator[UInt8Array]]
    """Yields the frames from one number up to another."""
    settings: ContinueSettings = ContinueSettings()

    @property
    def in_step(self) -> int:
        """How many frames of the result, from its first one on, are those of the clip in their order."""
        differs = np.flatnonzero(self.shown != np.arange(len(self.shown)))
        return int(differs[0]) if len(differs) else len(self.shown)

    @property
    def keeps_time(self) -> bool:
        """Whether the result runs as the clip does; after its end the last frame may be held."""
        return bool((self.shown[self.in_step:] == self.in_step - 1).all())

    @property
    def keeps_stamps(self) -> bool:
        """Whether the clip's own uneven time stamps are written."""
        return not self.clip.is_steady and self.clip.one_to_one and self.keeps_time

    def stamps(self, fps: Fraction) -> Stamps:
        """Return when the frames of the result are shown."""
        count = len(self.shown)
        if not self.keeps_stamps:
            return steady_stamps(count, fps)
        own = self.clip.stamps
        step = max(1, round(1 / fps / own.time_base))
        ends = own.ticks[self.in_step] + step * np.arange(1, count - self.in_step + 1)
        return Stamps(np.append(own.ticks[:self.in_step + 1], ends), own.time_base)

    def tags(self, form: Format) -> Tags:
        """Return how colours are written, so that unchanged ones come out unchanged."""
        tags = self.clip.tags
        if tags.hdr or self.clip.is_rgb:
            return HD
        full = tags.full_range and form.video_codec in _FULL_RANGE_CODECS
        return replace(tags, matrix=BT2020 if tags.matrix == _CONSTANT_LUMINANCE else tags.matrix, full_range=full)

    def bases(self, pixel_format: str, tags: Tags) -> Bases | None:
        """Return what reads the clip's own samples for a pixel format; None where they do not fit, or it runs backwards."""
        backwards = bool((np.diff(self.shown) == -1).any())
        same = (tags.matrix, tags.full_range) == (self.clip.tags.matrix, self.clip.tags.full_range)
        if backwards or not same or not pixel_format.startswith("yuv") or not self.clip.plain:
            return None
        return Bases(self.clip, pixel_format)

    def splice(self, form: Format, size_px: tuple[int, int]) -> Splice | str:
        """Return which packets are copied; in a few words why none, "" where nobody asked for it."""
        if self.settings.untouched == "encode" or not self.untouched:
            return ""
        if form.video_codec != "libx264":
            return f"the result is {form.name}, and only H.264 is copied"
        return plan_splice(self.clip, self.untouched, len(self.shown), size_px)

    def notes(self, form: Format, fps: Fraction) -> list[str]:
        """Return what the user should know about times, depth and tracks."""
        found, name = [], repr(self.clip.name)
        if self.keeps_stamps and form.is_folder:
            found.append(f"{name} has a variable frame rate: the pictures of a folder have no times of their own.")
        elif self.keeps_stamps:
            found.append(f"{name} has a variable frame rate: every frame keeps its own time.")
        elif not self.clip.is_steady:
            found.append(f"{name} has a variable frame rate: it is written with {float(fps):.5g} frames/s, and its pictures "
                         f"are up to {self.clip.grid_error_s * 1000:.0f} ms early or late.")
        depth = _depth(form)
        if self.clip.bits > depth:
            found.append(f"{name} has {self.clip.bits} bits per colour: frames that are encoded are rounded to {depth}.")
        if abs(self.clip.lead_s) * fps > Fraction(1, 20):
            found.append(f"the picture of {name} begins {float(self.clip.lead_s):.3f} s into the file: the result, and a "
                         "sound that is laid over all of it, begin with the picture.")
        return found


def _depth(form: Format) -> int:
    """Return the bits of one colour."""
    return int(av.VideoFormat(form.pixel_format, 64, 64).components[0].bits)
