"""How long a video really is: counted packet by packet, without decoding."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from ..cache import shared
from ..errors import UnreadableMedia
from ..types import MediaFile
from .video import opened_video


@dataclass(frozen=True)
class ClipLength:
    """Frames and seconds of the picture stream."""

    frames: int
    duration_s: Fraction
    is_steady: bool
    """Whether all frames last equally long, so that a time can be turned into a number exactly."""


def clip_length(video: MediaFile) -> ClipLength:
    """Return the length of a video; headers are often wrong, so its packets are counted once.

    Raises
    ------
    UnreadableMedia
        If the file cannot be read or holds no pictures.
    """
    return shared().get(("clip_length", video.sha256), lambda: _count(video.path))


def _count(path: str) -> ClipLength:
    with opened_video(path) as (container, stream):
        one_frame = 1 / Fraction(stream.average_rate or stream.guessed_rate or 25)
        spans = [(packet.pts, packet.duration) for packet in container.demux(stream)
                 if packet.size and packet.pts is not None and not packet.is_discard]
        tick = Fraction(stream.time_base)
    if not spans:
        raise UnreadableMedia(f"{Path(path).name!r} holds no frames", hint="Use a video that plays in an ordinary player.")
    first, last = min(spans)[0], max(spans)
    # Time stamps of some containers are rounded to milliseconds; a constant rate is exact.
    stamped = (last[0] - first) * tick + (last[1] * tick if last[1] else one_frame)
    steady = len(spans) * one_frame
    is_steady = abs(stamped - steady) < one_frame / 2
    return ClipLength(len(spans), steady if is_steady else stamped, is_steady)
