"""A few frames of the source, for what has to be known before anything is drawn."""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np

from ...pipeline_core.errors import InputError
from ...pipeline_core.media.video import frame_numbers_at, read_native, upright
from ...pipeline_core.types import FaceTrack, UInt8Array

READ_ON = 40
"""Up to so many frames are decoded on the way to the next wanted one, instead of looking for a key frame."""


def some_pictures(face: FaceTrack, frames: Iterable[int]) -> dict[int, UInt8Array]:
    """Read some frames of a track, in the size that its landmarks refer to.

    Parameters
    ----------
    face : FaceTrack
        Of a video, or of a photo, which every frame shows.
    frames : iterable of int
        Numbers in the track.
    """
    if face.portrait is not None:
        return dict.fromkeys(frames, face.portrait.image)
    if face.video is None:
        raise InputError("the face has neither a photo nor a video",
                         hint="Connect Detect Face to the photo or the video itself.")  # fmt: skip
    path, found = face.video.path, {}
    ordered = sorted(frames)
    numbers = frame_numbers_at(path, [(frame + 0.5) / float(face.fps) for frame in ordered])
    wanted = {frame: number or frame for frame, number in zip(ordered, numbers, strict=True)}
    stream, at = read_native(path), 0
    for frame, number in wanted.items():
        if number - at > READ_ON:
            stream, at = read_native(path, number), number
        while at <= number:
            native = next(stream)
            at += 1
        found[frame] = _sized(upright(*native[1:]), face)
    return found


def _sized(picture: UInt8Array, face: FaceTrack) -> UInt8Array:
    if picture.shape[:2] == (face.height_px, face.width_px):
        return picture
    return np.asarray(cv2.resize(picture, (face.width_px, face.height_px), interpolation=cv2.INTER_AREA), np.uint8)
