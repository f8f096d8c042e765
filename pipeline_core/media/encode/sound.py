"""The sound of a video, converted block by block while the file is written.

A second copy of a long sound, in another rate or another number of channels, never exists.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import av
import numpy as np
import numpy.typing as npt

from ...lazy import signal
from ...types import FloatArray, Sound
from .codecs import AudioCodec

BLOCK = 1024
"""Samples handed to the encoder at a time; also one AAC-LC frame (ISO/IEC 14496-3)."""
_CHUNK_S = 8
"""Resampling works on pieces of about this length."""
_LAYOUTS = {1: "mono", 2: "stereo", 3: "3.0", 4: "4.0", 5: "5.0", 6: "5.1", 7: "6.1", 8: "7.1"}


class Resampler:
    """The same as `media.audio.resample`, for any part of a sound at a time.

    Parameters
    ----------
    sound : Sound
        The sound.
    rate_hz : int
        The rate to convert to; sample 0 stays at time 0.
    """

    def __init__(self, sound: Sound, rate_hz: int) -> None:
        self._sound = sound
        ratio = Fraction(rate_hz, sound.rate_hz)
        self._up, self._down = ratio.numerator, ratio.denominator
        if rate_hz == sound.rate_hz:
            return
        longest = max(self._up, self._down)
        # The filter that SciPy would make for itself, for every piece anew.
        self._filter = signal.firwin(20 * longest + 1, 1 / longest, window=("kaiser", 5.0)).astype(np.float32)
        reach = -(-10 * longest // self._up)
        self._margin = -(-reach // self._down) * self._down
        pieces = max(1, _CHUNK_S * sound.rate_hz // self._down)
        self._chunk = pieces * self._down
        self._chunk_out = pieces * self._up
        self._at = -1
        self._held: FloatArray = np.zeros((0, 0), np.float32)

    def read(self, start: int, stop: int) -> FloatArray:
        """Return samples `start` to `stop` of the converted sound [shape=(C, n)]; silence after its end."""
        if self._up == self._down:
            return _part(self._sound.samples, start, stop)
        parts = []
        while start < stop:
            index = start // self._chunk_out
            if index != self._at:
                self._at, self._held = index, self._convert(index)
            first = start - index * self._chunk_out
            parts.append(self._held[:, first:first + stop - start])
            start += parts[-1].shape[1]
        return np.concatenate(parts, axis=1)

    def _convert(self, index: int) -> FloatArray:
        begin = index * self._chunk - self._margin
        source = _part(self._sound.samples, begin, begin + self._chunk + 2 * self._margin)
        converted = signal.resample_poly(source, self._up, self._down, axis=1, window=self._filter)
        skipped = self._margin // self._down * self._up
        return np.asarray(converted[:, skipped:skipped + self._chunk_out], np.float32)


def _part(samples: FloatArray, start: int, stop: int) -> FloatArray:
    """Return a range of samples, with silence where it lies outside."""
    inside = samples[:, max(0, start):max(0, min(stop, samples.shape[1]))]
    before = min(max(0, -start), stop - start)
    after = stop - start - before - inside.shape[1]
    return np.pad(inside, ((0, 0), (before, after))) if before or after else inside


class SoundTrack:
    """One sound stream of an open container.

    Parameters
    ----------
    container : av.container.OutputContainer
        Where packets go.
    codec_name, codec : str, AudioCodec
        How sound is compressed.
    bit_rate : int
        For lossy codecs.
    sound : Sound
        The sound; more channels than the codec takes become one.
    duration_s : Fraction
        It is cut, or padded with silence, to this length.
    """

    def __init__(self, container: Any, codec_name: str, codec: AudioCodec, bit_rate: int, sound: Sound,
                 duration_s: Fraction) -> None:
        self._container, self._codec = container, codec
        self._rate_hz = _rate_for(sound.rate_hz, codec.rates_hz)
        self._source = Resampler(sound, self._rate_hz)
        self._mono = sound.samples.shape[0] > codec.max_channels
        self._total = round(duration_s * self._rate_hz)
        self._sent = 0
        self._layout = _LAYOUTS[1 if self._mono else sound.samples.shape[0]]
        self._stream: Any = container.add_stream(codec_name, rate=self._rate_hz)
        context = self._stream.codec_context
        context.layout, context.format = self._layout, codec.sample_format
        context.time_base = Fraction(1, self._rate_hz)
        if bit_rate:
            context.bit_rate = bit_rate

    def write_until(self, time_s: Fraction) -> None:
        """Encode whole blocks up to a time."""
        last = min(int(time_s * self._rate_hz), self._total)
        while self._sent + BLOCK <= last:
            self._send(self._sent + BLOCK)

    def finish(self) -> None:
        """Encode what is left."""
        while self._sent < self._total:
            self._send(min(self._sent + BLOCK, self._total))
        self._container.mux(self._stream.encode(None))

    def _send(self, stop: int) -> None:
        samples = self._source.read(self._sent, stop)
        if self._mono:
            samples = samples.mean(axis=0, keepdims=True, dtype=np.float32)
        frame = av.AudioFrame.from_ndarray(_coded(np.clip(samples, -1.0, 1.0), self._codec.sample_format),
                                           format=self._codec.sample_format, layout=self._layout)
        frame.sample_rate, frame.pts = self._rate_hz, self._sent
        frame.time_base = Fraction(1, self._rate_hz)
        self._container.mux(self._stream.encode(frame))
        self._sent = stop


def _rate_for(rate_hz: int, allowed: tuple[int, ...]) -> int:
    """Return the rate to encode at: the same, or the one of the same family."""
    if not allowed or rate_hz in allowed:
        return rate_hz
    if 44_100 in allowed and (44_100 % rate_hz == 0 or rate_hz % 44_100 == 0):
        return 44_100
    return allowed[-1]


def _coded(samples: FloatArray, sample_format: str) -> npt.NDArray[Any]:
    """Return samples -1..1 [shape=(C, n)] in the encoder's form; 24 bits lie at the top of 32."""
    if sample_format == "fltp":
        return np.ascontiguousarray(samples)
    packed = np.ascontiguousarray(samples.T).reshape(1, -1)
    if sample_format == "flt":
        return packed
    bits, depth = (16, np.int16) if sample_format == "s16" else (24, np.int32)
    full = float(1 << (bits - 1))
    codes = np.clip(np.round(packed.astype(np.float64) * full), -full, full - 1).astype(depth)
    return codes if bits == 16 else codes << 8
