"""What the network gets to see of a sound: 40 bands of its spectrum, a hundred times a second."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from ...types import FloatArray

SAMPLE_RATE_HZ = 16_000
HOP = 160
WINDOW = 320
"""20 ms: shorter than the closure of a p, long enough for two periods of a low voice."""
BANDS = 40
_LOW_HZ, _HIGH_HZ = 60.0, 7600.0
_FFT = 512
_FLOOR = 1e-9
"""-90 dB below a sine at full scale: digital silence and a quiet room look alike."""
MEAN, SCALE = -5.0, 1.5
"""Bring the logarithm (base 10) to about 0 +- 1; the mean and spread of speech at -20 dB."""
BEFORE = (WINDOW - HOP) // 2
"""Samples that the window of a frame begins before the frame; it ends as many after it."""


@lru_cache(maxsize=1)
def _filters() -> FloatArray:
    """Return triangles evenly spaced on the mel scale of O'Shaughnessy [shape=(257, BANDS)]."""
    def mel(hertz: float) -> float:
        return 2595.0 * float(np.log10(1.0 + hertz / 700.0))

    edges = 700.0 * (10.0 ** (np.linspace(mel(_LOW_HZ), mel(_HIGH_HZ), BANDS + 2) / 2595.0) - 1.0)
    hertz = np.linspace(0.0, SAMPLE_RATE_HZ / 2, _FFT // 2 + 1)[:, None]
    rising = (hertz - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - hertz) / (edges[2:] - edges[1:-1])
    triangles = np.maximum(0.0, np.minimum(rising, falling))
    # Narrow bands at the bottom may fall between two bins; every band sums to one.
    return np.asarray(triangles / np.maximum(triangles.sum(axis=0), 1e-6), np.float32)


@lru_cache(maxsize=1)
def _window() -> FloatArray:
    window = np.hanning(WINDOW + 1)[:-1]
    return np.asarray(window * (2.0 / window.sum()), np.float32)


def bands_of(samples: FloatArray) -> FloatArray:
    """Return the band levels of whole frames [shape=(T, BANDS)], about 0 +- 1.

    Parameters
    ----------
    samples : FloatArray
        16 kHz mono that begins `BEFORE` samples before the first frame and ends as many after
        the last [shape=(T * HOP + 2 * BEFORE,)].
    """
    if len(samples) < WINDOW:
        return np.zeros((0, BANDS), np.float32)
    frames = np.lib.stride_tricks.sliding_window_view(samples, WINDOW)[::HOP]
    spectrum = np.fft.rfft(frames * _window(), _FFT, axis=1)
    power = (spectrum.real**2 + spectrum.imag**2).astype(np.float32) @ _filters()
    return np.asarray((np.log10(np.maximum(power, _FLOOR)) - MEAN) / SCALE, np.float32)


def bands_of_whole(samples: FloatArray) -> FloatArray:
    """Return the band levels of a whole sound, silence around it [shape=(ceil(N / HOP), BANDS)]."""
    count = -(-len(samples) // HOP)
    return bands_of(np.pad(samples, (BEFORE, BEFORE + count * HOP - len(samples))))
