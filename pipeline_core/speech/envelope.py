"""Loudness over time on a 1 ms grid, whole band and above the voice bar, in bounded memory."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..lazy import signal
from ..types import FloatArray, Sound

STEPS_PER_S = 1000
"""Rate of the envelope."""
FLOOR_DB = -90.0
"""Level of digital silence; about the noise of 16-bit sound."""
_HIGH_HZ = 700.0
"""With the lips shut only the voice bar below this is heard (nasal murmur, voiced closure)."""
_RUMBLE_HZ = 60.0
"""Below every voice: drift, hum and handling noise would hide the pauses."""
_SMOOTH_STEPS = 5
"""5 ms: short enough for a stop's burst, longer than most glottal periods' ripple."""
_CHUNK_S = 20


@dataclass(frozen=True, eq=False)
class Envelope:
    """Levels of a sound."""

    full_db: FloatArray
    """RMS level of 5 ms, dB re full scale, one value per ms [shape=(N,)]."""
    high_db: FloatArray
    """The same above 700 Hz, where shut lips let nothing through [shape=(N,)]."""

    @property
    def speech_db(self) -> float:
        """Level of this clip's vowels: the 95th percentile (never below the floor)."""
        return float(np.percentile(self.full_db, 95)) if len(self.full_db) else FLOOR_DB


def _mean_square(samples: FloatArray, first: int, rate_hz: int, start_ms: int, count: int) -> FloatArray:
    """Mean of squares of each whole millisecond; `samples` begins at sample `first`."""
    edges = (np.arange(start_ms, start_ms + count + 1) * rate_hz) // STEPS_PER_S - first
    edges = np.clip(edges, 0, len(samples))
    total = np.concatenate([[0.0], np.cumsum(samples.astype(np.float64) ** 2)])
    sums = total[edges[1:]] - total[edges[:-1]]
    return np.asarray(sums / np.maximum(1, np.diff(edges)), dtype=np.float32)


def _decibel(power: FloatArray) -> FloatArray:
    if len(power) == 0:
        return power
    kernel = np.ones(_SMOOTH_STEPS) / _SMOOTH_STEPS
    padded = np.pad(power.astype(np.float64), _SMOOTH_STEPS // 2, mode="edge")
    smooth = np.convolve(padded, kernel, mode="valid")
    return np.asarray(10 * np.log10(np.maximum(smooth, 10 ** (FLOOR_DB / 10))), dtype=np.float32)


def envelope_of(sound: Sound) -> Envelope:
    """Measure a sound's levels.

    Parameters
    ----------
    sound : Sound
        Any rate and channel count; channels are averaged. Worked through in pieces of 20 s.

    Returns
    -------
    Envelope
        One value per started millisecond.
    """
    rate_hz = sound.rate_hz
    total = sound.samples.shape[1]
    steps = max(1, -(-total * STEPS_PER_S // rate_hz))
    full = np.zeros(steps, np.float32)
    high = np.zeros(steps, np.float32)
    corner = min(_HIGH_HZ, 0.4 * rate_hz)
    sections = signal.butter(2, corner, "highpass", fs=rate_hz, output="sos")
    state = signal.sosfilt_zi(sections) * 0.0
    no_rumble = signal.butter(2, min(_RUMBLE_HZ, 0.1 * rate_hz), "highpass", fs=rate_hz, output="sos")
    rumble_state = signal.sosfilt_zi(no_rumble) * float(np.nan_to_num(sound.samples[:, :1].mean())) if total else state
    for start_ms in range(0, steps, _CHUNK_S * STEPS_PER_S):
        count = min(_CHUNK_S * STEPS_PER_S, steps - start_ms)
        first = start_ms * rate_hz // STEPS_PER_S
        last = (start_ms + count) * rate_hz // STEPS_PER_S
        mono = np.nan_to_num(sound.samples[:, first:last].mean(axis=0))
        mono, rumble_state = signal.sosfilt(no_rumble, mono, zi=rumble_state)
        filtered, state = signal.sosfilt(sections, mono, zi=state)
        part = slice(start_ms, start_ms + count)
        full[part] = _mean_square(mono, first, rate_hz, start_ms, count)
        high[part] = _mean_square(np.asarray(filtered, np.float32), first, rate_hz, start_ms, count)
    return Envelope(_decibel(full), _decibel(high))
