"""Video in: what a file is, its frames one by one, and whether it is still the same file."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.video.reformatter import ColorRange, Colorspace

from ..cache import shared
from ..errors import InputError, UnreadableMedia
from ..types import MediaFile, UInt8Array
from .files import existing_file

MAX_SIDE_PX = 8192
_BLOCK = 1 << 20
_BT709 = 1
"""Code of the BT.709 matrix (ITU-T H.273, table 4)."""
_HINT = "Use a video that plays in an ordinary player, for example H.264 in MP4."


@dataclass(frozen=True)
class VideoInfo:
    """What the header of a video says, seen upright."""

    width_px: int
    height_px: int
    fps: Fraction
    frames: int
    """As the header says, or estimated from the duration; decoding is the only proof."""
    duration_s: float
    has_sound: bool


def media_file(path: str | os.PathLike[str]) -> MediaFile:
    """Return the file with the hash of its content; hashed again only when size or time changed."""
    real = os.path.realpath(path)
    try:
        stat = os.stat(real)
        if not os.path.isfile(real):
            raise OSError("not a file")
        sha256 = shared().get(("media_sha256", real, stat.st_size, stat.st_mtime_ns), lambda: _sha256(real))
    except OSError as error:
        raise UnreadableMedia(f"cannot read {os.fspath(path)!r}: {error}", hint="Check the path.") from error
    return MediaFile(path=real, sha256=sha256)


def verify_unchanged(file: MediaFile) -> None:
    """Refuse a file whose content is no longer what the plan was made for."""
    if media_file(file.path).sha256 != file.sha256:
        raise InputError(f"{Path(file.path).name!r} has changed since it was analysed",
                         hint="Run the analysis again on the new file.")


def _sha256(path: str) -> str:
    digest = hashlib.sha256()
    with open(path, "rb") as handle:
        while block := handle.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def probe(path: str | os.PathLike[str]) -> VideoInfo:
    """Read the header and one frame of a video.

    Raises
    ------
    UnreadableMedia
        If the file is missing, broken or of an unknown format.
    InputError
        If it holds no picture stream, or one that is larger than 8192 px.
    """
    with _opened(path) as (container, stream):
        frame = next(container.decode(stream), None)
        if frame is None:
            raise UnreadableMedia(f"{Path(path).name!r} holds no decodable frame", hint=_HINT)
        turned = _quarter_turns(frame) % 2 == 1
        width, height = (frame.height, frame.width) if turned else (frame.width, frame.height)
        fps = Fraction(stream.average_rate or stream.guessed_rate or 25)
        duration = _duration_s(container, stream)
        frames = int(stream.frames) or max(1, round(duration * fps))
        return VideoInfo(width, height, fps, frames, duration or float(frames / fps),
                         bool(container.streams.audio))


def _duration_s(container: Any, stream: Any) -> float:
    if stream.duration is not None and stream.time_base is not None:
        return float(stream.duration * stream.time_base)
    return float(container.duration / av.time_base) if container.duration else 0.0


def read_frames(path: str | os.PathLike[str]) -> Iterator[tuple[float, UInt8Array]]:
    """Yield ``(time_s, rgb)`` of every frame [shape=(H, W, 3)], upright; time 0 is the first frame.

    One frame is held at a time. Raises like `probe`.
    """
    start_s: float | None = None
    with _opened(path) as (container, stream):
        stream.thread_type = "AUTO"
        for index, frame in enumerate(container.decode(stream)):
            rate = stream.average_rate or 25
            at = float(index / rate) if frame.time is None else float(frame.time)
            start_s = at if start_s is None else start_s
            yield at - start_s, np.ascontiguousarray(np.rot90(_rgb(frame), _quarter_turns(frame)))
    if start_s is None:
        raise UnreadableMedia(f"{Path(path).name!r} holds no decodable frame", hint=_HINT)


def _rgb(frame: Any) -> UInt8Array:
    """Convert by the frame's own tags: older PyAV takes every video for BT.601."""
    if int(frame.colorspace) == _BT709 and not frame.format.is_rgb:
        source = ColorRange.JPEG if int(frame.color_range) == ColorRange.JPEG else ColorRange.MPEG
        frame = frame.reformat(format="rgb24", src_colorspace=Colorspace.ITU709, dst_colorspace=Colorspace.ITU709,
                               src_color_range=source, dst_color_range=ColorRange.JPEG)
    return np.asarray(frame.to_ndarray(format="rgb24"), dtype=np.uint8)


def _quarter_turns(frame: Any) -> int:
    """Return how often to turn a frame by 90 degrees counter-clockwise until it is upright."""
    return round(getattr(frame, "rotation", 0) / 90) % 4


@contextmanager
def _opened(path: str | os.PathLike[str]) -> Iterator[tuple[Any, Any]]:
    """Open a file at its first picture stream; decoding errors inside become readable."""
    name = Path(path).name
    file = existing_file(path, "video")
    try:
        with av.open(file) as container:
            if not container.streams.video:
                raise InputError(f"{name!r} holds no pictures", hint="Choose a video, not a sound file.")
            stream = container.streams.video[0]
            if max(stream.width, stream.height) > MAX_SIDE_PX:
                raise InputError(f"{name!r} is {stream.width} x {stream.height} px",
                                 hint=f"Scale it down to at most {MAX_SIDE_PX} px.")
            yield container, stream
    except (av.FFmpegError, OSError) as error:
        raise UnreadableMedia(f"cannot decode the video {name!r}: {error}", hint=_HINT) from error
