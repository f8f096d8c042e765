"""Spectrum and pitch -> samples: a train of pulses and noise, each filtered frame by frame.

S = pulses(pitch) * exp(level) * turn + noise * exp(level) + rest, and back by an overlapping inverse
Fourier transform. All in numpy: the phase needs float64, which some graphics devices lack.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

RATE_HZ = 24_000
HOP = 300
"""Samples between two frames, 12.5 ms."""
_WINDOW = 4 * HOP
_HANN = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(_WINDOW) / _WINDOW)).astype(np.float32)
_VOICED_HZ = 40.0
"""Below it there is no voice."""
_HIGHEST_HZ = 11_000.0
"""Harmonics end here."""
_LOUDEST = 7.0
"""Natural logarithm that no level may exceed."""
_NEAR_ZERO = 2e-3
"""Where sin(t / 2) is smaller, the sum of cosines is taken to be at its peak."""


class Parts(NamedTuple):
    """What the spectrum is made of, each [shape=(601, F)] float32."""

    pulse_level: Array
    pulse_turn: Array
    noise_level: Array
    rest_level: Array
    rest_phase: Array


def _pitch_per_sample(pitch_hz: Array) -> Array:
    """Interpolate linearly between the middles of the frames; the ends are held [shape=(F * HOP,)]."""
    held = np.pad(np.asarray(pitch_hz, np.float32), 1, mode="edge")
    late = (((np.arange(HOP) + 0.5) / HOP - 0.5) % 1.0).astype(np.float32)
    early = (1.0 - late).astype(np.float32)
    before, here, after = held[:-2, None], held[1:-1, None], held[2:, None]
    half = HOP // 2
    first = before * early[:half] + here * late[:half]
    second = here * early[half:] + after * late[half:]
    return np.concatenate([first, second], axis=1).reshape(-1)


def pulse_train(pitch_hz: Array) -> Array:
    """Return the sum of all cosines of the pitch below 11 kHz; 0 without a voice [shape=(F * 300,)].

    The sum of H cosines is sin((H + 1/2) t) / (2 sin(t/2)) - 1/2.
    """
    pitch = _pitch_per_sample(pitch_hz)
    voiced = pitch > _VOICED_HZ
    pitch = np.maximum(pitch, np.float32(_VOICED_HZ))
    turns = np.cumsum(pitch, dtype=np.float64) * (1.0 / RATE_HZ)
    phase = (np.modf(turns)[0] * (2 * np.pi)).astype(np.float32)
    count = np.floor(np.float32(_HIGHEST_HZ) / pitch) + np.float32(0.5)
    below = 2 * np.sin(phase * np.float32(0.5))
    peak = np.abs(below) <= _NEAR_ZERO
    train = np.where(peak, count, np.sin(count * phase) / np.where(peak, 1, below)) - np.float32(0.5)
    return np.where(voiced, train, 0).astype(np.float32)


def _spectrum(samples: Array, frames: int) -> Array:
    """Fourier transform of overlapping windows around each frame's start [shape=(601, F)]."""
    padded = np.pad(samples, _WINDOW // 2, mode="reflect")
    windows = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[::HOP][:frames]
    found: Array = np.fft.rfft(windows * (_HANN / (_WINDOW / 4)), axis=1).astype(np.complex64).T
    return found


def _samples(spectrum: Array) -> Array:
    """Inverse transform, overlapping windows added [shape=(601, F)] -> [shape=(F * 300,)]."""
    frames = spectrum.shape[1]
    parts = np.fft.irfft(spectrum.T, n=_WINDOW, axis=1).astype(np.float32) * _HANN
    overlap = _WINDOW // HOP
    total, weight = (np.zeros((frames + overlap - 1, HOP), np.float32) for _ in range(2))
    for part in range(overlap):
        block = slice(part * HOP, (part + 1) * HOP)
        total[part : part + frames] += parts[:, block]
        weight[part : part + frames] += _HANN[block] ** 2
    sound: Array = (total / np.maximum(weight, 1e-11)).reshape(-1)
    return sound[_WINDOW // 2 :][: frames * HOP]


def _polar(level: Array, phase: Array) -> Array:
    size = np.exp(np.minimum(level, _LOUDEST), dtype=np.float32)
    found = np.empty(level.shape, np.complex64)
    found.real, found.imag = size * np.cos(phase), size * np.sin(phase)
    return found


def to_samples(parts: Parts, pitch_hz: Array, noise: np.random.Generator) -> Array:
    """Return the sound at 24 kHz [shape=(F * 300,)], float32.

    Parameters
    ----------
    parts : Parts
        Levels are natural logarithms, phases radians; the turn is scaled by tanh to half a circle.
    pitch_hz : array
        Per frame [shape=(F,)].
    noise : numpy.random.Generator
        Where breath and hiss come from; the same state gives the same sound.
    """
    bins, frames = parts.pulse_level.shape
    spectrum = _spectrum(pulse_train(pitch_hz), frames)
    spectrum = spectrum * _polar(parts.pulse_level, np.tanh(parts.pulse_turn) * np.float32(np.pi))
    hiss = noise.standard_normal((bins, 2 * frames), dtype=np.float32).view(np.complex64)
    spectrum += hiss * np.exp(np.minimum(parts.noise_level, _LOUDEST), dtype=np.float32)
    spectrum += _polar(parts.rest_level, parts.rest_phase)
    return _samples(spectrum)
