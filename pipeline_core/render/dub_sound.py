"""A new line in the sound of a video: what was said there goes, everything else stays."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from ..cache import shared
from ..media.audio import load_sound, resample
from ..media.source import source_clip
from ..media.video import probe
from ..types import FloatArray, MediaFile, Sound
from .schedule import Span

JOIN_S = 0.01
"""Length of the cross-fades at both ends: shorter ones click, longer ones blur consonants."""


def dubbed_sound(video: MediaFile, line: Sound, spans: Sequence[Span], fps: Fraction, frames: int,
                 over: Sound | None = None) -> Sound:
    """Return the video's first sound with a line in its place.

    Parameters
    ----------
    video : MediaFile
        The video; without a sound, silence stands for it.
    line : Sound
        What is said; its beginning falls on that of the first span.
    spans : sequence of (int, int)
        Frames in which the line is heard, and nothing else.
    fps : Fraction
        Rate of the frames.
    frames : int
        How many frames the result lasts.
    over : Sound, optional
        What is heard around the line instead of the video's own sound: the same with other lines in it.
    """
    own = over or own_sound(video) or Sound(np.zeros((1, 1), np.float32), line.rate_hz)
    rate = own.rate_hz
    line = resample(line, rate)
    channels = max(own.samples.shape[0], line.samples.shape[0])
    out = _fitted(own.samples, 0, round(frames / fps * rate), channels)
    begin = round(spans[0][0] / fps * rate)
    heard = _fitted(line.samples, begin, out.shape[1], channels)
    share = _share([(round(a / fps * rate), round(b / fps * rate)) for a, b in spans], out.shape[1], round(JOIN_S * rate))
    return Sound(out + share * (heard - out), rate)


def sound_until(sound: Sound, end_s: Fraction) -> Sound:
    """Return a sound without what follows an instant."""
    count = round(end_s * sound.rate_hz)
    return sound if count >= sound.samples.shape[1] else Sound(sound.samples[:, :count], sound.rate_hz, sound.warnings)


def own_sound(video: MediaFile) -> Sound | None:
    """Return the first sound of a video on the clock of its pictures; None where it has none."""
    if not probe(video.path).has_sound:
        return None
    return shared().get(("source_sound", video.sha256), lambda: source_clip(video).on_picture_clock(load_sound(video.path)))


def _fitted(samples: FloatArray, begin: int, length: int, channels: int) -> FloatArray:
    """Return samples that begin at a place, in silence [shape=(channels, length)]."""
    out = np.zeros((channels, length), np.float32)
    part = samples[:, :max(0, length - begin)]
    out[:, begin:begin + part.shape[1]] = part
    return out


def _share(spans: Sequence[Span], length: int, join: int) -> FloatArray:
    """Return 1 where the line is heard, with ramps inside of the spans [shape=(length,)]."""
    out = np.zeros(length, np.float32)
    for start, stop in spans:
        stop = min(stop, length)
        ramp = np.minimum(np.arange(1, stop - start + 1), np.arange(stop - start, 0, -1)) / (join + 1)
        out[start:stop] = np.minimum(1.0, ramp)
    return out
