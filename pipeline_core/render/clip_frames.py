"""Frames of a video in any order: forwards as they are decoded, backwards a few at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import pairwise

from ..errors import UnreadableMedia
from ..media.video import frame_number_at, read_frames, verify_unchanged
from ..types import MediaFile, UInt8Array

BUFFER_BYTES = 192 << 20
"""What playing backwards may hold: 30 frames of 1080p. A group of key frames is usually shorter than
a second; a longer one is decoded again for each part."""
SKIP_FRAMES = 250
"""Farther ahead than the usual distance of key frames, a seek is faster than decoding."""


class ClipReader:
    """Reads a video by the frames of its face track, which count time evenly.

    Parameters
    ----------
    video : MediaFile
        The file.
    fps : Fraction
        Frame t of the track shows the picture of the instant t / fps: with a constant rate that is
        every picture once; a variable rate repeats some and leaves others out, as `face.video` does.
    alpha : bool
        Whether pictures are RGBA where the file has transparency.
    """

    def __init__(self, video: MediaFile, fps: Fraction, *, alpha: bool) -> None:
        self._video, self._fps, self._alpha = video, fps, alpha
        self._at = -1
        self._shown: UInt8Array | None = None
        self._ahead: tuple[float, UInt8Array] | None = None
        self._decoded: Iterator[tuple[float, UInt8Array]] = iter(())

    @property
    def frame_bytes(self) -> int:
        """Size of a picture, 0 before the first one was read."""
        return 0 if self._shown is None else self._shown.nbytes

    def read(self, frame: int) -> UInt8Array:
        """Return a frame; after the last one of a damaged file the last one stays.

        Raises
        ------
        UnreadableMedia
            If nothing can be decoded.
        """
        if not self._at <= frame <= self._at + SKIP_FRAMES or self._shown is None:
            self._begin(frame)
        # Half a frame of tolerance: container times are rounded to a millisecond or worse.
        until_s = (frame + 0.5) / float(self._fps)
        while self._ahead is not None and (self._shown is None or self._ahead[0] <= until_s):
            self._shown, self._ahead = self._ahead[1], next(self._decoded, None)
        if self._shown is None:
            raise UnreadableMedia("the video holds no decodable frame", hint="Use a video that plays in an ordinary player.")
        self._at = frame
        return self._shown

    def _begin(self, frame: int) -> None:
        first = frame_number_at(self._video.path, (frame + 0.5) / float(self._fps))
        self._decoded = read_frames(self._video.path, first, alpha=self._alpha)
        self._shown, self._ahead = None, next(self._decoded, None)


def clip_pictures(video: MediaFile, fps: Fraction, frames: Sequence[int], *, alpha: bool = False) -> Iterator[UInt8Array]:
    """Yield the pictures of some frames of a video, in that order [shape=(H, W, 3 or 4)].

    Frames that are shown twice in a row are the same array. However long the video, what is held is
    a frame or two, and backwards up to `BUFFER_BYTES`.

    Raises
    ------
    InputError
        If the file has changed.
    """
    verify_unchanged(video)
    reader = ClipReader(video, fps, alpha=alpha)
    for run, backwards in _runs(frames):
        if backwards:
            yield from _backwards(reader, run)
        else:
            yield from (reader.read(frame) for frame in run)


def _runs(frames: Sequence[int]) -> Iterator[tuple[Sequence[int], bool]]:
    """Yield the parts that run one way, and whether that is backwards; a jump back begins a new part."""
    start, backwards, forwards = 0, False, False
    for i, (before, after) in enumerate(pairwise(frames), 1):
        back, on = after < before, after > before
        if after < before - 1 or (back and forwards) or (on and backwards):
            yield frames[start:i], backwards
            start, backwards, forwards = i, False, False
            continue
        backwards, forwards = backwards or back, forwards or on
    if start < len(frames):
        yield frames[start:], backwards


def _backwards(reader: ClipReader, frames: Sequence[int]) -> Iterator[UInt8Array]:
    size = max(1, BUFFER_BYTES // (reader.frame_bytes or reader.read(frames[0]).nbytes))
    for start in range(0, len(frames), size):
        part = frames[start:start + size]
        held = {frame: reader.read(frame) for frame in sorted(set(part))}
        yield from (held[frame] for frame in part)
        held.clear()  # before the next part is read, or two would be held
