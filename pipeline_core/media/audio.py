"""Sound in and out: any file that PyAV reads, resampling, and WAV."""

from __future__ import annotations

import logging
import os
import wave
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt

from ..errors import InputError, SettingError, UnreadableMedia
from ..lazy import signal
from ..types import FloatArray, Sound
from .files import existing_file

_LOG = logging.getLogger("talking_avatar")

MAX_DURATION_S = 4 * 3600
"""Four hours of stereo at 48 kHz are 5.5 GB: anything longer is a mistake or an attack."""
MIN_RATE_HZ, MAX_RATE_HZ = 1000, 768_000
_HINT = "Use a sound or video file that plays in an ordinary player, for example WAV, MP3, FLAC or MP4."


def load_sound(path: str | os.PathLike[str]) -> Sound:
    """Decode the first sound stream of a file of any kind, at its own rate.

    Raises
    ------
    UnreadableMedia
        If the file is missing, broken or of an unknown format.
    InputError
        If it holds no sound, or more than four hours of it.
    """
    name = Path(path).name
    file = existing_file(path, "sound file")
    try:
        with av.open(file) as container:
            blocks, rate_hz = _decode(container, name)
    except (av.FFmpegError, OSError, ValueError) as error:
        raise UnreadableMedia(f"cannot decode the sound of {name!r}: {error}", hint=_HINT) from error
    if not blocks:
        raise UnreadableMedia(f"{name!r} holds no decodable sound", hint=_HINT)
    return sound_from_array(np.concatenate(blocks, axis=1), rate_hz, source=name)


def _decode(container: Any, name: str) -> tuple[list[FloatArray], int]:
    if not container.streams.audio:
        raise InputError(f"{name!r} holds no sound", hint="Choose a file that has a sound track.")
    stream = container.streams.audio[0]
    rate_hz = int(stream.rate or 0)
    # The resampler only unifies the sample format here; a layout that changes half-way would
    # change the number of channels, so the stream's own is kept throughout.
    resampler = av.AudioResampler(format="fltp", layout=stream.layout.name, rate=rate_hz or None)
    blocks: list[FloatArray] = []
    for frame in _frames(container, stream, name):
        frame.pts = None  # broken time stamps are common and irrelevant: the samples are the clock
        blocks.extend(_block(f) for f in resampler.resample(frame))
        _expect_sane_length(blocks, rate_hz or frame.sample_rate, name)
        rate_hz = rate_hz or int(frame.sample_rate)
    blocks.extend(_block(f) for f in resampler.resample(None) if f.samples)
    return blocks, rate_hz


def _block(frame: Any) -> FloatArray:
    return np.asarray(frame.to_ndarray(), dtype=np.float32)


def _frames(container: Any, stream: Any, name: str) -> Any:
    """Yield decoded frames; damage after a good beginning ends the sound instead of losing it."""
    decoded = 0
    try:
        for frame in container.decode(stream):
            decoded += 1
            yield frame
    except av.FFmpegError as error:
        if not decoded:
            raise
        _LOG.warning("%s is damaged after %d sound blocks (%s); the rest is left out", name, decoded, error)


def _expect_sane_length(blocks: list[FloatArray], rate_hz: int, name: str) -> None:
    # Checked while decoding, because the length that a header claims proves nothing.
    if len(blocks) % 256 == 0 and sum(b.shape[1] for b in blocks) > MAX_DURATION_S * rate_hz:
        raise InputError(f"{name!r} is longer than {MAX_DURATION_S // 3600} hours",
                         hint="Cut the sound into shorter files.")


def sound_from_array(samples: npt.ArrayLike, rate_hz: int, *, source: str = "sound") -> Sound:
    """Return a sound from samples in -1..1 [shape=(C, N) or (N,)]; integers are scaled.

    NaN and infinity become silence; samples beyond +-1 are kept as they are.

    Raises
    ------
    InputError
        If there are no samples, or the rate is not plausible.
    """
    array = np.atleast_2d(np.asarray(samples))
    if array.ndim != 2 or array.shape[1] == 0 or array.shape[0] == 0:
        raise InputError(f"{source!r} holds no samples (shape {array.shape})", hint="Choose a sound that is not empty.")
    if not MIN_RATE_HZ <= rate_hz <= MAX_RATE_HZ:
        raise InputError(f"{source!r} has a sample rate of {rate_hz} Hz",
                         hint=f"Use a rate between {MIN_RATE_HZ} and {MAX_RATE_HZ} Hz.")
    if np.issubdtype(array.dtype, np.integer):
        info = np.iinfo(array.dtype)
        middle = 0 if info.min < 0 else (info.max + 1) // 2
        array = (array.astype(np.float64) - middle) / (info.max - middle + 1)
    floats = array.astype(np.float32)
    if not np.isfinite(floats).all():
        _LOG.warning("%s holds samples that are not numbers; they become silence", source)
        floats = np.nan_to_num(floats, nan=0.0, posinf=0.0, neginf=0.0)
    return Sound(samples=np.ascontiguousarray(floats), rate_hz=int(rate_hz))


def resample(sound: Sound, rate_hz: int) -> Sound:
    """Return the sound at another rate, without delay: sample 0 stays at time 0.

    A polyphase filter is used instead of libswresample because its length and its phase are exact.
    """
    if rate_hz <= 0:
        raise SettingError(f"rate_hz={rate_hz} is not a sample rate", hint="Use for example 16000 or 48000.")
    if rate_hz == sound.rate_hz:
        return sound
    ratio = Fraction(rate_hz, sound.rate_hz)
    samples = signal.resample_poly(sound.samples, ratio.numerator, ratio.denominator, axis=1)
    return Sound(samples=samples.astype(np.float32, copy=False), rate_hz=rate_hz)


def save_wav(path: str | os.PathLike[str], sound: Sound) -> None:
    """Write 16-bit PCM; samples beyond +-1 clip."""
    pcm = np.clip(np.round(sound.samples * 32767.0), -32768, 32767).astype("<i2")
    with wave.open(os.fspath(path), "wb") as out:
        out.setnchannels(sound.samples.shape[0])
        out.setsampwidth(2)
        out.setframerate(sound.rate_hz)
        out.writeframes(pcm.T.tobytes())
