"""Take steady noise off a recording before phones are searched in it; the video keeps the sound as it is."""

from __future__ import annotations

import numpy as np

from ..lazy import ndimage, signal
from ..media.audio import resample
from ..types import FloatArray, Sound
from .spectra import RATE_HZ

_WINDOW, _OVERLAP = 512, 384
_PIECE_S, _MARGIN_S = 20, 1
_QUIET_PERCENT = 15
_OVER = 3.5
"""Times the 15th percentile of the power, which is about half the mean of steady noise. Less leaves more
closures to be missed without a transcript, more makes the search lose the text (1.9 to 5 were tried)."""
_LEAST_GAIN = 0.03
"""Power left of pure noise (-15 dB); less makes the tinkling that recognisers know nothing of."""


def denoised(sound: Sound) -> Sound:
    """Return the sound in mono at 16 kHz with steady noise subtracted from its spectrum (Boll 1979).

    Worked through in pieces of 20 s, each with its own idea of the noise.
    """
    mono = resample(Sound(sound.mono[None], sound.rate_hz), RATE_HZ).samples[0]
    out = np.zeros_like(mono)
    step, margin = _PIECE_S * RATE_HZ, _MARGIN_S * RATE_HZ
    for start in range(0, len(mono), step):
        first, last = max(0, start - margin), min(len(mono), start + step + margin)
        piece = _subtracted(mono[first:last])
        stop = min(len(mono), start + step)
        out[start:stop] = piece[start - first : stop - first]
    return Sound(out[None], RATE_HZ)


def _subtracted(mono: FloatArray) -> FloatArray:
    if len(mono) < _WINDOW:
        return mono
    _, _, spectrum = signal.stft(mono, RATE_HZ, nperseg=_WINDOW, noverlap=_OVERLAP)
    power = np.abs(spectrum) ** 2
    noise = _OVER * np.percentile(power, _QUIET_PERCENT, axis=1, keepdims=True)
    smooth = ndimage.uniform_filter(power, (3, 3))
    gain = np.sqrt(np.maximum(1.0 - noise / np.maximum(smooth, 1e-12), _LEAST_GAIN))
    _, cleaned = signal.istft(spectrum * gain, RATE_HZ, nperseg=_WINDOW, noverlap=_OVERLAP)
    return np.asarray(cleaned[: len(mono)], np.float32)
