"""Sound in and out: any file that PyAV reads, resampling, and WAV."""

from __future__ import annotations

import logging
import os
import wave
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO

import av
import numpy as np
import numpy.typing as npt

from ..errors import InputError, SettingError, UnreadableMedia
from ..host import Host
from ..lazy import signal
from ..types import FloatArray, Sound
from .container import MAX_LEAD_S, beginning_s, open_media
from .downmix import mix_matrix, mixed
from .files import existing_file

_LOG = logging.getLogger("talking_avatar")

MAX_DURATION_S = 4 * 3600
"""Four hours of stereo at 48 kHz are 5.5 GB: anything longer is a mistake or an attack."""
MAX_SAMPLES = MAX_DURATION_S * 48_000 * 2
MIN_RATE_HZ, MAX_RATE_HZ = 1000, 768_000
_HINT = "Use a sound or video file that plays in an ordinary player, for example WAV, MP3, FLAC or MP4."
_PIECE_SAMPLES = 1 << 23
"""Decoded sound is collected in pieces of this many samples, 32 MB: large enough that the
system takes each back as soon as it is copied."""
_EXACT = ("mov", "wav", "w64", "flac", "aiff")
"""Containers that know how long they are."""
_CUT_SHARE, _CUT_S = 0.95, 0.5
"""Less than this share of the claimed length, and this much less, is a file that was cut off."""


def load_sound(path: str | os.PathLike[str], host: Host | None = None) -> Sound:
    """Decode the first sound stream of a file of any kind, at its own rate, to mono or stereo.

    A sound that begins later than the file (as in videos) gets silence in front, so that it keeps
    its place. Surround sound is mixed to stereo with its centre. It is held once, however long.

    Parameters
    ----------
    path : str or path
        The file.
    host : Host, optional
        Gets progress, and may raise from it to cancel.

    Raises
    ------
    UnreadableMedia
        If the file is missing, broken or of an unknown format.
    InputError
        If it holds no sound, or more than four hours of it.
    """
    name = Path(path).name
    file = existing_file(path, "sound file")
    found = _Collected(name)
    try:
        with open_media(file) as container:
            _decode(container, found, host)
    except MemoryError as error:
        raise InputError(f"{name!r} does not fit into memory", hint="Cut the sound into shorter files.") from error
    except (av.FFmpegError, OSError, ValueError, OverflowError) as error:
        raise UnreadableMedia(f"cannot decode the sound of {name!r}: {error}", hint=_HINT) from error
    return found.sound()


class _Collected:
    """What has been decoded so far; at the end it becomes one array without a second copy."""

    def __init__(self, name: str) -> None:
        self.name, self.rate_hz, self.samples = name, 0, 0
        self.warnings: list[str] = []
        self.matrix: FloatArray | None = None
        self._pieces: list[FloatArray] = []
        self._open: FloatArray = np.empty((0, 0), np.float32)
        self._filled = 0
        self._peak = 0.0
        self._odd = False

    def begin(self, rate_hz: int, channels: int, names: list[str]) -> None:
        """Learn what the blocks are going to be."""
        self.rate_hz, self.matrix = rate_hz, mix_matrix(channels, names)
        if channels > 2:
            self.warnings.append(f"the {channels} channels of {self.name!r} were mixed to "
                                 f"{'stereo' if len(self.matrix) == 2 else 'mono'}")

    def add(self, block: FloatArray) -> None:
        """Take a block [shape=(N, C)]."""
        while len(block):
            if self._filled == self._open.shape[1]:
                self._pack()
                self._open = np.empty((block.shape[1], max(1, _PIECE_SAMPLES // block.shape[1])), np.float32)
            part = block[:self._open.shape[1] - self._filled]
            self._open[:, self._filled:self._filled + len(part)] = part.T
            self._filled += len(part)
            self.samples += len(part)
            block = block[len(part):]
        # Checked while decoding, because the length that a header claims proves nothing.
        if self.samples * min(2, len(self._open)) > MAX_SAMPLES or self.samples > MAX_DURATION_S * max(1, self.rate_hz):
            raise InputError(f"{self.name!r} holds more than {MAX_DURATION_S // 3600} hours of sound, or {MAX_SAMPLES >> 20} "
                             "million samples", hint="Cut the sound into shorter files.")

    def _pack(self) -> None:
        piece, self._filled = self._open[:, :self._filled], 0
        self._open = np.empty((0, 0), np.float32)
        if piece.size == 0:
            return
        if not np.isfinite(piece).all():
            self._odd = True
            piece = np.nan_to_num(piece, nan=0.0, posinf=0.0, neginf=0.0)
        if self.matrix is not None and len(piece) > 2:
            piece = mixed(piece, self.matrix)
            self._peak = max(self._peak, float(np.abs(piece).max(initial=0.0)))
        self._pieces.append(piece)

    def shift(self, seconds: float) -> None:
        """Move all by some time: silence in front, or the beginning cut off."""
        count = round(seconds * self.rate_hz)
        self._pack()
        if not self._pieces or count == 0:
            return
        first = self._pieces[0]
        if count > 0:
            self._pieces.insert(0, np.zeros((first.shape[0], count), np.float32))
            self.samples += count
        elif -count < first.shape[1]:
            self._pieces[0] = first[:, -count:]
            self.samples += count

    def sound(self) -> Sound:
        """Return everything."""
        self._pack()
        if not self._pieces or not self.samples:
            raise UnreadableMedia(f"{self.name!r} holds no decodable sound", hint=_HINT)
        _expect_rate(self.rate_hz, self.name)
        whole = np.empty((self._pieces[0].shape[0], self.samples), np.float32)
        at = 0
        while self._pieces:
            piece = self._pieces.pop(0)
            whole[:, at:at + piece.shape[1]] = piece
            at += piece.shape[1]
        if self._peak > 1.0:  # only what was mixed here: a loud file stays as it is
            whole /= self._peak
        if self._odd:
            self.warnings.append(f"{self.name!r} holds samples that are not numbers; they became silence")
        return Sound(whole, self.rate_hz, tuple(self.warnings))


def _decode(container: Any, found: _Collected, host: Host | None) -> None:
    if not container.streams.audio:
        raise InputError(f"{found.name!r} holds no sound", hint="Choose a file that has a sound track.")
    stream = container.streams.audio[0]
    if stream.codec_context is None:
        raise UnreadableMedia(f"the sound of {found.name!r} is compressed in a way that is not known here", hint=_HINT)
    claimed_s = float(stream.duration * stream.time_base) if stream.duration and stream.time_base else 0.0
    first_s: float | None = None
    told_s = 0
    for frame, time_s in _resampled(container, stream, found):
        block = np.asarray(frame.to_ndarray(), dtype=np.float32).reshape(frame.samples, -1)
        if found.matrix is None:
            first_s = time_s
            found.begin(int(frame.sample_rate), block.shape[1], [channel.name for channel in frame.layout.channels])
        found.add(block)
        if host is not None and found.samples // found.rate_hz > told_s:
            told_s = found.samples // found.rate_hz
            host.progress(min(told_s, round(claimed_s)), max(1, round(claimed_s)))
    _note_cut(container, claimed_s, found)
    found.shift(_lead_s(container, stream, first_s, found))


def _note_cut(container: Any, claimed_s: float, found: _Collected) -> None:
    held_s = found.samples / max(1, found.rate_hz)
    exact = set(_EXACT) & set(container.format.name.split(",")) and claimed_s < MAX_DURATION_S
    if exact and held_s < min(claimed_s * _CUT_SHARE, claimed_s - _CUT_S):
        found.warnings.append(f"{found.name!r} claims to last {claimed_s:.1f} s but holds {held_s:.1f} s: it was cut off")


def _resampled(container: Any, stream: Any, found: _Collected) -> Iterator[tuple[Any, float | None]]:
    """Yield frames of interleaved floats and when they begin; rate and channels stay those of the first."""
    form: Any = None
    resampler: Any = None
    target: tuple[str, int] | None = None
    for frame in _frames(container, stream, found):
        now = (frame.format.name, frame.layout.name, frame.sample_rate)
        target = target or (frame.layout.name, frame.sample_rate)
        if now != form:
            # Interleaved: PyAV counts the planes of eight and more channels wrongly and reads past their end.
            form, resampler = now, av.AudioResampler(format="flt", layout=target[0], rate=target[1])
        time_s, frame.pts = frame.time, None  # broken stamps are common and irrelevant: the samples are the clock
        for part in resampler.resample(frame):
            yield part, time_s


def _frames(container: Any, stream: Any, found: _Collected) -> Iterator[Any]:
    """Yield decoded frames; damage after a good beginning ends the sound instead of losing it."""
    decoded = 0
    try:
        for frame in container.decode(stream):
            decoded += 1
            yield frame
    except (av.FFmpegError, ValueError) as error:
        if not decoded:
            raise
        found.warnings.append(f"{found.name!r} is damaged after {found.samples / max(1, found.rate_hz):.1f} s; the rest is left out")
        _LOG.info("%s: %s", found.name, error)


def _lead_s(container: Any, stream: Any, first_s: float | None, found: _Collected) -> float:
    """Return how much later than the file the sound begins."""
    if first_s is None:
        return 0.0
    origin_s = beginning_s(container, first_s)
    if abs(first_s - origin_s) > MAX_LEAD_S:
        found.warnings.append(f"the sound of {found.name!r} claims to begin at {first_s:.0f} s; it is used from its beginning")
        return 0.0
    return first_s - origin_s


def _expect_rate(rate_hz: float, source: str) -> None:
    if not MIN_RATE_HZ <= rate_hz <= MAX_RATE_HZ:
        raise InputError(f"{source!r} has a sample rate of {rate_hz} Hz",
                         hint=f"Use a rate between {MIN_RATE_HZ} and {MAX_RATE_HZ} Hz.")


def sound_from_array(samples: npt.ArrayLike, rate_hz: int, *, source: str = "sound") -> Sound:
    """Return a sound from samples in -1..1 [shape=(C, N) or (N,)]; integers are scaled.

    NaN and infinity become silence; samples beyond +-1 are kept as they are. More than two channels
    are mixed to stereo, in the order of WAV files where their number is a usual one.

    Raises
    ------
    InputError
        If there are no samples, too many, or the rate is not plausible.
    """
    array = np.atleast_2d(np.asarray(samples))
    if array.ndim != 2 or array.shape[1] == 0 or array.shape[0] == 0 or array.dtype.kind not in "fiub":
        raise InputError(f"{source!r} holds no samples (shape {array.shape}, {array.dtype})",
                         hint="Choose a sound that is not empty.")
    _expect_rate(rate_hz, source)
    if array.shape[1] > MAX_DURATION_S * rate_hz:
        raise InputError(f"{source!r} is longer than {MAX_DURATION_S // 3600} hours", hint="Cut it into shorter sounds.")
    if np.issubdtype(array.dtype, np.integer):
        info = np.iinfo(array.dtype)
        middle = 0 if info.min < 0 else (info.max + 1) // 2
        array = (array.astype(np.float64) - middle) / (info.max - middle + 1)
    floats = np.array(array, dtype=np.float32, order="C")
    warnings: list[str] = []
    if not np.isfinite(floats).all():
        warnings.append(f"{source!r} holds samples that are not numbers; they became silence")
        np.nan_to_num(floats, copy=False, nan=0.0, posinf=0.0, neginf=0.0)
    if floats.shape[0] > 2:
        warnings.append(f"the {floats.shape[0]} channels of {source!r} were mixed")
        floats = mixed(floats, mix_matrix(floats.shape[0]))
        floats /= max(1.0, float(np.abs(floats).max()))
    return Sound(samples=floats, rate_hz=int(rate_hz), warnings=tuple(warnings))


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
    return Sound(samples=samples.astype(np.float32, copy=False), rate_hz=rate_hz, warnings=sound.warnings)


def save_wav(target: str | os.PathLike[str] | BinaryIO, sound: Sound) -> None:
    """Write 16-bit PCM to a path or an open file; samples beyond +-1 clip."""
    pcm = np.clip(np.round(sound.samples * 32767.0), -32768, 32767).astype("<i2")
    with wave.open(os.fspath(target) if isinstance(target, str | os.PathLike) else target, "wb") as out:
        out.setnchannels(sound.samples.shape[0])
        out.setsampwidth(2)
        out.setframerate(sound.rate_hz)
        out.writeframes(pcm.T.tobytes())
