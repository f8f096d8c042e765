"""Pictures that come from outside into a plan: a backdrop, or frames another program has changed."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import numpy as np

from ..errors import InputError
from ..media.image import crop_resize, portrait_from_array
from ..media.video import probe, read_frames, verify_unchanged
from ..types import MediaFile, Portrait, UInt8Array

Pictures = Portrait | MediaFile | UInt8Array
"""A still, a video, or a batch of frames [shape=(N, H, W, 3 or 4)]."""


def size_of(pictures: Pictures) -> tuple[int, int]:
    """Return width and height in pixels."""
    if isinstance(pictures, Portrait):
        return pictures.width_px, pictures.height_px
    if isinstance(pictures, MediaFile):
        info = probe(pictures.path)
        return info.width_px, info.height_px
    if pictures.ndim != 4 or pictures.shape[0] == 0 or pictures.shape[3] not in (3, 4) or pictures.dtype != np.uint8:
        raise InputError(f"the picture batch is {pictures.shape} {pictures.dtype}", hint="Give 8-bit RGB or RGBA frames.")
    return int(pictures.shape[2]), int(pictures.shape[1])


def frames_of(pictures: Pictures, fps: Fraction, start: int, stop: int) -> Iterator[UInt8Array]:
    """Yield what is to be seen in frames `start` to `stop` - 1; the last picture is held.

    A video is read on its own time axis: each frame shows the picture of its instant.
    """
    if isinstance(pictures, MediaFile):
        yield from _video_frames(pictures, fps, start, stop)
        return
    for index in range(start, stop):
        yield pictures.image if isinstance(pictures, Portrait) else pictures[min(index, len(pictures) - 1)]


def _video_frames(video: MediaFile, fps: Fraction, start: int, stop: int) -> Iterator[UInt8Array]:
    verify_unchanged(video)
    index, shown = start, None
    half_tick_s = 0.0005  # time stamps in containers are rounded, often to milliseconds
    for time_s, rgb in read_frames(video.path):
        while shown is not None and index < stop and float(index / fps) + half_tick_s < time_s:
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
