"""Pictures that come from outside into a plan: a backdrop, or frames another program has changed."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator
from fractions import Fraction
from itertools import islice
from typing import Protocol

import numpy as np

from ..cache import shared
from ..errors import InputError, UnreadableMedia
from ..media.clip import clip_length
from ..media.image import crop_resize, portrait_from_array
from ..media.video import frame_number_at, probe, read_frames, verify_unchanged
from ..types import MediaFile, Portrait, UInt8Array


class Batch(Protocol):
    """Frames that exist elsewhere and are converted one by one, so that no second copy is held."""

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height."""

    def __len__(self) -> int:
        """Return the number of frames."""

    def __getitem__(self, index: int, /) -> UInt8Array:
        """Return a frame [shape=(H, W, 3 or 4)]."""


Pictures = Portrait | MediaFile | UInt8Array | Batch
"""A still, a video, or a batch of frames [shape=(N, H, W, 3 or 4)]."""

_HALF_TICK_S = 0.0005
"""Time stamps in containers are rounded, often to milliseconds."""


def size_of(pictures: Pictures) -> tuple[int, int]:
    """Return width and height in pixels."""
    if isinstance(pictures, Portrait):
        return pictures.width_px, pictures.height_px
    if isinstance(pictures, MediaFile):
        info = probe(pictures.path)
        return info.width_px, info.height_px
    if not isinstance(pictures, np.ndarray):
        return pictures.size_px
    if pictures.ndim != 4 or pictures.shape[0] == 0 or pictures.shape[3] not in (3, 4) or pictures.dtype != np.uint8:
        raise InputError(f"the picture batch is {pictures.shape} {pictures.dtype}", hint="Give 8-bit RGB or RGBA frames.")
    return int(pictures.shape[2]), int(pictures.shape[1])


def holds_opacity(pictures: Pictures) -> bool:
    """Tell whether the frames are RGBA; stills are shown without their opacity."""
    if isinstance(pictures, MediaFile):
        return shared().get(("has_alpha", pictures.sha256), lambda: probe(pictures.path).has_alpha)
    return not isinstance(pictures, Portrait) and pictures[0].shape[2] == 4


def frames_of(pictures: Pictures, fps: Fraction, start: int, stop: int, *, loop: bool = False) -> Iterator[UInt8Array]:
    """Yield what is to be seen in frames `start` to `stop` - 1.

    A video is read on its own time axis: each frame shows the picture of its instant. A batch has
    one picture per frame. When they are over they begin again with `loop`, else the last is held.
    """
    if isinstance(pictures, MediaFile):
        yield from _video_frames(pictures, fps, start, stop, loop)
        return
    for index in range(start, stop):
        if isinstance(pictures, Portrait):
            yield pictures.image
        else:
            yield pictures[index % len(pictures) if loop else min(index, len(pictures) - 1)]


def numbered_frames(pictures: Pictures, start: int, stop: int) -> Iterator[UInt8Array]:
    """Yield the pictures `start` to `stop` - 1 by their number, whatever a video's time stamps say.

    Raises
    ------
    UnreadableMedia
        If a video ends early.
    """
    if not isinstance(pictures, MediaFile):
        yield from frames_of(pictures, Fraction(1), start, stop)
        return
    verify_unchanged(pictures)
    found = start
    for _, rgb in islice(read_frames(pictures.path, start, alpha=holds_opacity(pictures)), stop - start):
        yield rgb
        found += 1
    if found < stop:
        raise UnreadableMedia(f"the video ends after {found} frames, {stop} were announced",
                              hint="It is damaged: write it again.")


def _video_frames(video: MediaFile, fps: Fraction, start: int, stop: int, loop: bool) -> Iterator[UInt8Array]:
    verify_unchanged(video)
    length = clip_length(video)
    if length.is_steady:
        yield from _steady_frames(video, fps, start, stop, loop)
        return
    span_s, index = float(length.duration_s), start
    while loop and index < stop:
        turn = int((float(index / fps) + _HALF_TICK_S) // span_s)
        end = min(stop, max(index + 1, math.ceil(((turn + 1) * span_s - _HALF_TICK_S) * float(fps))))
        yield from _stamped_frames(video, fps, index, end, turn * span_s)
        index = end
    yield from _stamped_frames(video, fps, index, stop, 0.0)


def _steady_frames(video: MediaFile, fps: Fraction, start: int, stop: int, loop: bool) -> Iterator[UInt8Array]:
    """Yield pictures by their number: exact, however the container rounds its time stamps."""
    length = clip_length(video)
    rate = length.frames / length.duration_s
    turn, number = -1, -1
    shown: UInt8Array | None = None
    pictures: Iterator[tuple[float, UInt8Array]] = iter(())
    for index in range(start, stop):
        wanted = int(index / fps * rate)
        again, wanted = divmod(wanted, length.frames) if loop else (0, wanted)
        if again != turn:
            first = min(wanted, length.frames - 1)
            turn, number, pictures = again, first - 1, read_frames(video.path, first, alpha=holds_opacity(video))
        while number < wanted and (found := next(pictures, None)) is not None:
            number, shown = number + 1, found[1]
        if shown is None:  # fewer frames can be decoded than the file lists
            shown = deque(read_frames(video.path, alpha=holds_opacity(video)), maxlen=1)[0][1]
        yield shown


def _stamped_frames(video: MediaFile, fps: Fraction, start: int, stop: int, begins_s: float) -> Iterator[UInt8Array]:
    """Yield pictures by their time stamps."""
    index, shown = start, None
    first = frame_number_at(video.path, float(start / fps) - begins_s + _HALF_TICK_S)
    for time_s, rgb in read_frames(video.path, first, alpha=holds_opacity(video)):
        while shown is not None and index < stop and float(index / fps) - begins_s + _HALF_TICK_S < time_s:
            yield shown
            index += 1
        if index >= stop:
            return
        shown = rgb
    while shown is not None and index < stop:
        yield shown
        index += 1


def covering(picture: UInt8Array, width_px: int, height_px: int) -> UInt8Array:
    """Scale and crop a picture to a size, without stretching."""
    if picture.shape[:2] == (height_px, width_px):
        return picture[..., :3]
    return crop_resize(portrait_from_array(picture[..., :3]), width_px, height_px)[0].image
