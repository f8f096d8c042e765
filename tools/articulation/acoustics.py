"""Sound at 16 kHz as it is shaped on its way: filters without delay, coloured noise, rooms, levels."""

from __future__ import annotations

import numpy as np
from scipy import fft, signal

Sound = np.ndarray  # float32 (N,), 16 kHz, one channel
RATE_HZ = 16000
EDGE_S = 0.05  # silence after the end, so that a filter's ringing does not wrap around to the start


def decibels(value_db: float | np.ndarray) -> float | np.ndarray:
    """Return the factor of amplitude of a level in dB."""
    return 10.0 ** (np.asarray(value_db) / 20)


def filtered(samples: Sound, hz: np.ndarray, gain_db: np.ndarray) -> Sound:
    """Return the sound through the gains that `hz` (ascending, > 0) and `gain_db` draw on a log axis; no delay."""
    size = fft.next_fast_len(len(samples) + int(EDGE_S * RATE_HZ), real=True)
    axis = np.log(np.maximum(fft.rfftfreq(size, 1 / RATE_HZ), 1.0))
    gain = decibels(np.interp(axis, np.log(hz), gain_db)).astype(np.float32)
    return fft.irfft(fft.rfft(samples, size) * gain, size)[: len(samples)]


def band(samples: Sound, low_hz: float, high_hz: float) -> Sound:
    """Return what lies between two frequencies; the flanks fall by 50 dB within a third of an octave."""
    hz = np.array([low_hz / 1.5, low_hz / 1.25, low_hz, high_hz, high_hz * 1.25, high_hz * 1.5])
    return filtered(samples, hz, np.array([-90.0, -50.0, 0.0, 0.0, -50.0, -90.0]))


def coloured(length: int, rng: np.random.Generator, slope_db: float) -> Sound:
    """Return noise of RMS 1 that falls by `slope_db` per octave (white 0, pink -3, brown -6)."""
    white = rng.standard_normal(length, np.float32)
    octaves = np.array([0.0, np.log2(8000 / 30)])
    return levelled(filtered(white, np.array([30.0, 8000.0]), octaves * slope_db), 1.0) if slope_db else white


def rms(samples: Sound) -> float:
    """Return the root of the mean square, never 0."""
    return float(np.sqrt(np.mean(np.square(samples)) + 1e-16)) if len(samples) else 1e-8


def active_rms(samples: Sound, frame_s: float = 0.02) -> float:
    """Return the RMS of the frames within 30 dB of the loudest: the level of a voice without its pauses."""
    size = int(frame_s * RATE_HZ)
    if len(samples) < 2 * size:
        return rms(samples)
    power = np.square(samples[: len(samples) // size * size]).reshape(-1, size).mean(1)
    return float(np.sqrt(power[power >= power.max() * 1e-3].mean() + 1e-16))


def levelled(samples: Sound, level: float) -> Sound:
    """Return the sound with an active RMS of `level`; silence stays silence."""
    now = active_rms(samples)
    return samples if now < 1e-7 else (samples * np.float32(level / now)).astype(np.float32)


def room(rng: np.random.Generator) -> Sound:
    """Return a synthetic impulse response: direct sound at lag 0, early reflections, a tail whose highs die first."""
    rt60_s = float(np.exp(rng.uniform(np.log(0.1), np.log(0.8))))
    time_s = np.arange(int(rt60_s * 0.8 * RATE_HZ)) / RATE_HZ
    highs, lows = rng.standard_normal((2, len(time_s)), np.float32)
    lows = np.convolve(lows, np.ones(8, np.float32) / 3, "same")
    tail = lows * np.exp(-6.9 * time_s / rt60_s) + highs * np.exp(-6.9 * time_s / (rt60_s * rng.uniform(0.3, 0.8)))
    tail *= 1 - np.exp(-time_s / rng.uniform(0.002, 0.015))  # it takes a while until reflections are dense
    for _ in range(rng.integers(3, 10)):
        delay_s = rng.uniform(0.0015, 0.04)
        tail[min(int(delay_s * RATE_HZ), len(tail) - 1)] += rng.choice([-1, 1]) * rng.uniform(3, 12) * (1 - delay_s * 15)
    direct_to_reverberant_db = rng.uniform(0, 18)
    tail *= decibels(-direct_to_reverberant_db) / np.sqrt(np.square(tail).sum() + 1e-12)
    tail[0] = 1.0
    return tail.astype(np.float32)


def convolved(samples: Sound, response: Sound) -> Sound:
    """Return the sound in a room, cut to its own length."""
    return signal.fftconvolve(samples, response)[: len(samples)].astype(np.float32)
