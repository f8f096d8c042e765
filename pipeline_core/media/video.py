"""Video in: what a file is, its frames one by one, and whether it is still the same file."""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from ..cache import shared
from ..errors import InputError, UnreadableMedia
from ..lazy import cv2
from ..types import MediaFile, UInt8Array
from .container import open_media
from .files import existing_file
from .frame import Tags, frame_pixels, tags_of
from .frame_index import FrameIndex, frame_index

_LOG = logging.getLogger("talking_avatar")

MAX_SIDE_PX = 8192
MIN_FPS, MAX_FPS = Fraction(1, 100), Fraction(240)
"""Rates outside are broken headers: some recorders write the clock of their time stamps, 1000 or 90000."""
_SAME_RATE = 5e-5
"""Rates that differ by less are the same: half a frame in 10,000. 24 and 24000/1001 differ by 1e-3."""
_BLOCK = 1 << 20
_ATTACHED = 1024
"""Disposition of a cover picture, which is no video (libavformat, AV_DISPOSITION_ATTACHED_PIC)."""
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
    warnings: tuple[str, ...] = ()
    """What of the pictures cannot be kept: HDR, interlacing."""
    has_alpha: bool = False
    """Whether the first frame is transparent somewhere."""


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
    with opened_video(path) as (container, stream):
        frame = _first(container, stream, path)
        height, width = _shape(frame, stream)
        if quarter_turns(frame) % 2 == 1:
            width, height = height, width
        fps = _rate(stream)
        duration = _duration_s(container, stream)
        frames = int(stream.frames) or max(1, round(duration * fps))
        return VideoInfo(width, height, fps, frames, duration or float(frames / fps),
                         bool(container.streams.audio),
                         _warnings(frame, tags_of(frame, stream.codec_context), Path(path).name), _see_through(frame))


def first_frame(path: str | os.PathLike[str]) -> Any:
    """Return the first picture as the decoder gives it; raises like `probe`."""
    with opened_video(path) as (container, stream):
        return _first(container, stream, path)


def _first(container: Any, stream: Any, path: str | os.PathLike[str]) -> Any:
    frame = next(_decoded(container, stream, _decoder(stream, alpha=True)), None)
    if frame is None:
        raise UnreadableMedia(f"{Path(path).name!r} holds no decodable frame", hint=_HINT)
    return frame


def _rate(stream: Any) -> Fraction:
    for rate in (stream.average_rate, stream.guessed_rate):
        if rate and MIN_FPS <= rate <= MAX_FPS:
            return _exact(Fraction(rate))
    return Fraction(25)


def _exact(rate: Fraction) -> Fraction:
    """Return the whole or NTSC rate that a mean of rounded time stamps stands for."""
    for usual in (Fraction(round(rate)), Fraction(round(rate * 1001 / 1000) * 1000, 1001)):
        if usual and abs(rate / usual - 1) < _SAME_RATE:
            return usual
    return rate


def _duration_s(container: Any, stream: Any) -> float:
    if stream.duration is not None and stream.time_base is not None:
        return max(0.0, float(stream.duration * stream.time_base))
    return max(0.0, float(container.duration / av.time_base)) if container.duration else 0.0


def _warnings(frame: Any, tags: Tags, name: str) -> tuple[str, ...]:
    found = []
    if tags.hdr:
        found.append(f"{name!r} is HDR: its highlights are brought down to the range of an ordinary screen")
    if getattr(frame, "interlaced_frame", False):
        found.append(f"{name!r} is interlaced: combs are removed where things move")
    return tuple(found)


def _see_through(frame: Any) -> bool:
    if not any(part.is_alpha for part in frame.format.components):
        return False
    pixels = frame_pixels(frame, alpha=True)
    return pixels.shape[2] == 4 and bool(pixels[..., 3].min() < 255)


def read_frames(path: str | os.PathLike[str], first: int = 0, *, alpha: bool = False) -> Iterator[tuple[float, UInt8Array]]:
    """Yield ``(time_s, rgb)`` of every frame [shape=(H, W, 3)], upright; time 0 is the first frame.

    One frame is held at a time. Damaged parts are left out. Raises like `probe`.

    Parameters
    ----------
    path : str or path
        The video.
    first : int
        Number of the frame to begin with. It is reached from the key frame before it, where the file
        has one, and is the same picture that decoding from the start gives.
    alpha : bool
        Yield RGBA [shape=(H, W, 4)] where the video has transparency.
    """
    for at_s, frame, shape, tags in read_native(path, first, alpha=alpha):
        yield at_s, upright(frame, shape, tags, alpha=alpha)


def read_native(path: str | os.PathLike[str], first: int = 0, *, alpha: bool = False
                ) -> Iterator[tuple[float, Any, tuple[int, int], Tags]]:
    """Yield ``(time_s, frame, shape, tags)`` as the decoder gives them, not turned, otherwise as `read_frames` does.

    `shape` is height and width that all frames are brought to, `tags` say how colours are stored.
    """
    for begin, wanted, start_s in _places(path, first):
        found = False
        for at, frame, shape, tags in _shown(path, begin, alpha):
            if not found and frame.pts != wanted and wanted is not None:
                if frame.pts is not None and frame.pts < wanted:
                    continue
                break  # the seek has gone too far
            found = True
            start_s = at if start_s is None else start_s
            if wanted is None and first > 0:
                first -= 1
                continue
            yield at - start_s, frame, shape, tags
        if found:
            return
    raise UnreadableMedia(f"{Path(path).name!r} holds no decodable frame", hint=_HINT)


def frame_number_at(path: str | os.PathLike[str], time_s: float) -> int:
    """Return which frame a video shows at a time after its first one, for `read_frames`.

    0 where the file's time stamps are of no use.
    """
    return frame_numbers_at(path, [time_s])[0]


def frame_numbers_at(path: str | os.PathLike[str], times_s: Sequence[float]) -> list[int]:
    """Return `frame_number_at` of several times, the file being opened once."""
    index = _index(path)
    return [0 if index is None else index.number_at(time_s) for time_s in times_s]


def _index(path: str | os.PathLike[str]) -> FrameIndex | None:
    with opened_video(path) as (container, stream):
        return frame_index(os.fspath(path), container, stream)


def _places(path: str | os.PathLike[str], first: int) -> list[tuple[int | None, int | None, float | None]]:
    """Return where to begin, best first: (time stamp of a key frame, that of the wanted frame, time 0)."""
    index = _index(path) if first > 0 else None
    places: list[tuple[int | None, int | None, float | None]] = []
    if index is not None:
        start_s = float(index.pts[0] * index.time_base)
        places = [(key, int(index.pts[first]), start_s) for key in index.keys_before(first)]
    return [*places, (None, None, None)]


def _shown(path: str | os.PathLike[str], begin: int | None, alpha: bool
           ) -> Iterator[tuple[float, Any, tuple[int, int], Tags]]:
    """Yield the time of each frame as the file has it, the frame, height and width for all of them, its colours."""
    shape: tuple[int, int] | None = None
    with opened_video(path) as (container, stream):
        if begin is not None:
            container.seek(begin, stream=stream, backward=True, any_frame=False)
        rate = _rate(stream)
        for index, frame in enumerate(_decoded(container, stream, _decoder(stream, alpha))):
            shape = shape or _shape(frame, stream)
            at_s = float(index / rate) if frame.pts is None else float(frame.pts * stream.time_base)
            yield at_s, frame, shape, tags_of(frame, stream.codec_context)


def _decoder(stream: Any, alpha: bool) -> Any:
    """Return what decodes the stream; FFmpeg's own VP8 and VP9 leave transparency out."""
    name = {"vp8": "libvpx", "vp9": "libvpx-vp9"}.get(stream.codec_context.name)
    if not alpha or name is None or stream.metadata.get("alpha_mode", stream.metadata.get("ALPHA_MODE")) != "1":
        stream.thread_type = "AUTO"
        return stream.codec_context
    try:
        decoder = av.CodecContext.create(name, "r")
    except ValueError:  # this PyAV was built without it
        return stream.codec_context
    decoder.extradata = stream.codec_context.extradata
    decoder.options = _limits()
    return decoder


def _limits() -> dict[str, str]:
    """Return what every decoder is told: a stream may become larger half-way than its header says."""
    return {"max_pixels": str(MAX_SIDE_PX * MAX_SIDE_PX)}


def _decoded(container: Any, stream: Any, decoder: Any) -> Iterator[Any]:
    """Yield decoded frames; damaged packets are left out, unless there is nothing else."""
    found, damage = False, None
    for packet in container.demux(stream):
        try:
            frames = decoder.decode(packet if packet.size else None)
        except av.error.EOFError:
            break
        except av.FFmpegError as error:
            damage = error
            continue
        for frame in frames:
            found = True
            yield frame
    if damage is not None:
        if not found:
            raise damage
        _LOG.warning("%s is damaged: parts are left out (%s)", Path(container.name).name, damage)


def _shape(frame: Any, stream: Any) -> tuple[int, int]:
    """Return height and width with square pixels, as stored."""
    aspect = stream.sample_aspect_ratio or 1
    if not Fraction(1, 4) <= aspect <= 4:
        aspect = 1
    if frame.width * aspect > MAX_SIDE_PX or frame.height > MAX_SIDE_PX:
        raise InputError(f"the video has frames of {frame.width} x {frame.height} px",
                         hint=f"Scale it down to at most {MAX_SIDE_PX} px.")
    return frame.height, round(frame.width * aspect)


def upright(frame: Any, shape: tuple[int, int], tags: Tags, *, alpha: bool = False) -> UInt8Array:
    """Return the picture that `read_frames` yields of what `read_native` yields."""
    pixels = frame_pixels(frame, tags, alpha=alpha)
    if pixels.shape[:2] != shape:  # pixels that are not square, or another size half-way
        pixels = np.asarray(cv2.resize(pixels, shape[::-1], interpolation=cv2.INTER_AREA), dtype=np.uint8)
    return np.ascontiguousarray(np.rot90(pixels, quarter_turns(frame)))


def quarter_turns(frame: Any) -> int:
    """Return how often to turn a frame by 90 degrees counter-clockwise until it is upright."""
    return round(getattr(frame, "rotation", 0) / 90) % 4


def _is_cover(stream: Any) -> bool:
    disposition = getattr(stream, "disposition", 0)
    return bool(int(getattr(disposition, "value", disposition)) & _ATTACHED)


@contextmanager
def opened_video(path: str | os.PathLike[str]) -> Iterator[tuple[Any, Any]]:
    """Open a file at its first picture stream; decoding errors inside become readable."""
    name = Path(path).name
    file = existing_file(path, "video")
    try:
        with open_media(file) as container:
            stream = next((s for s in container.streams.video if not _is_cover(s)), None)
            if stream is None:
                raise InputError(f"{name!r} holds no pictures", hint="Choose a video, not a sound file.")
            if stream.codec_context is None:
                raise UnreadableMedia(f"the pictures of {name!r} are compressed in a way that is not known here", hint=_HINT)
            if max(stream.width, stream.height) > MAX_SIDE_PX:
                raise InputError(f"{name!r} is {stream.width} x {stream.height} px",
                                 hint=f"Scale it down to at most {MAX_SIDE_PX} px.")
            stream.codec_context.options = _limits()
            yield container, stream
    except (av.FFmpegError, OSError, ValueError, OverflowError) as error:
        raise UnreadableMedia(f"cannot decode the video {name!r}: {error}", hint=_HINT) from error
