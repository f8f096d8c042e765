"""A few frames of the source, for what has to be known before anything is drawn."""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np

from ...pipeline_core.errors import InputError
from ...pipeline_core.media.video import frame_number_at, read_frames
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
    wanted = {frame: frame_number_at(path, (frame + 0.5) / float(face.fps)) or frame for frame in frames}
    stream, at = read_frames(path), 0
    for frame, number in sorted(wanted.items()):
        if number - at > READ_ON:
            stream, at = read_frames(path, number), number
        while at <= number:
            picture = next(stream)[1]
            at += 1
        found[frame] = _sized(picture, face)
    return found


def _sized(picture: UInt8Array, face: FaceTrack) -> UInt8Array:
    if picture.shape[:2] == (face.height_px, face.width_px):
        return picture
    return np.asarray(cv2.resize(picture, (face.width_px, face.height_px), interpolation=cv2.INTER_AREA), np.uint8)
