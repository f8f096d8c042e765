"""Short-time spectra of speech, and what several measures need of them."""

from __future__ import annotations

import numpy as np

from ..media.audio import resample
from ..types import FloatArray, Sound

RATE_HZ = 16_000
"""Speech has nothing above 8 kHz that a mouth shape could be told from."""
_PIECE_S, _PIECES = 20.0, 5
_ROWS = 256
"""Windows that are transformed at a time, so that only the result takes much memory."""


def excerpt(sound: Sound) -> FloatArray:
    """Return up to 100 s of the sound in mono, in five pieces spread over it [shape=(N,)].

    What is wrong with a recording is wrong with all of it, and hours need not be searched.
    """
    total, size = sound.samples.shape[1], int(_PIECE_S * sound.rate_hz)
    if total <= size * _PIECES:
        return np.asarray(np.nan_to_num(sound.mono), np.float32)
    starts = np.linspace(0, total - size, _PIECES).astype(int)
    pieces = [sound.samples[:, s : s + size].mean(axis=0) for s in starts]
    return np.asarray(np.nan_to_num(np.concatenate(pieces)), np.float32)


def at_speech_rate(mono: FloatArray, rate_hz: int) -> tuple[FloatArray, int]:
    """Return the samples at 16 kHz, or as they are where the rate is lower."""
    if rate_hz <= RATE_HZ:
        return mono, rate_hz
    return resample(Sound(mono[None], rate_hz), RATE_HZ).samples[0], RATE_HZ


def power_spectra(mono: FloatArray, rate_hz: int, window_s: float, hop_s: float) -> tuple[FloatArray, FloatArray]:
    """Return the power in Hann windows of about `window_s`, and the frequencies.

    Returns
    -------
    power : FloatArray
        [shape=(T, F)]; windows are a power of two of samples long.
    frequency_hz : FloatArray
        [shape=(F,)].
    """
    size = 1 << max(6, round(float(np.log2(window_s * rate_hz))))
    hop = max(1, int(hop_s * rate_hz))
    padded = np.pad(mono, (0, max(0, size - len(mono))))
    frames, window = np.lib.stride_tricks.sliding_window_view(padded, size)[::hop], np.hanning(size).astype(np.float32)
    power = np.empty((len(frames), size // 2 + 1), np.float32)
    for first in range(0, len(frames), _ROWS):
        part = slice(first, first + _ROWS)
        power[part] = np.abs(np.fft.rfft(frames[part] * window, axis=1)).astype(np.float32) ** 2
    return power, np.asarray(np.arange(power.shape[1]) * (rate_hz / size), np.float32)


def decibel(power: FloatArray) -> FloatArray:
    """Return 10 log10, floored far below any sound."""
    return np.asarray(10 * np.log10(np.maximum(power, 1e-13)), np.float32)
