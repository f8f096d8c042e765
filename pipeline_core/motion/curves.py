"""Small functions of time that every layer is made of; all are exact at any frame rate."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from ..types import frame_count

Curve = npt.NDArray[np.float64]
"""Values over time [shape=(N,)], or times themselves in seconds."""


def frame_times(duration_s: float, fps: Fraction) -> Curve:
    """Return the instant that each frame shows, in seconds: the start of the frame."""
    index = np.arange(frame_count(duration_s, fps), dtype=np.float64)
    return index * fps.denominator / fps.numerator


def layer_rng(seed: int, layer: str) -> np.random.Generator:
    """Return the layer's own random numbers, so that no layer disturbs another."""
    return np.random.default_rng([seed, zlib.crc32(layer.encode())])


def minimum_jerk(x: Curve) -> Curve:
    """Rise from 0 (x <= 0) to 1 (x >= 1) with no jump in speed or acceleration.

    10 x^3 - 15 x^4 + 6 x^5 is the path of least jerk between two points at rest (Flash and Hogan 1985).
    """
    x = np.clip(x, 0.0, 1.0)
    return np.asarray(x * x * x * (10.0 + x * (6.0 * x - 15.0)))


def ramp(times_s: Curve, start_s: float, end_s: float) -> Curve:
    """Rise from 0 at `start_s` to 1 at `end_s` as the integral of a Hann window."""
    x = np.clip((times_s - start_s) / max(end_s - start_s, 1e-6), 0.0, 1.0)
    return np.asarray(x - np.sin(2.0 * np.pi * x) / (2.0 * np.pi))


def window(times_s: Curve, start_s: float, end_s: float) -> slice:
    """Return the part of sorted `times_s` within start..end."""
    first, last = np.searchsorted(times_s, (start_s, end_s), side="left")
    return slice(int(first), int(last) + 1)


def add_pulse(out: Curve, times_s: Curve, start_s: float, rise_s: float, hold_s: float, fall_s: float,
              height: float) -> None:
    """Add a smooth bump to `out` in place: rise, hold, fall."""
    fall_from = start_s + rise_s + hold_s
    part = window(times_s, start_s, fall_from + fall_s)
    t = times_s[part]
    up = minimum_jerk((t - start_s) / rise_s)
    down = minimum_jerk((t - fall_from) / fall_s)
    out[part] += height * (up - down)


def waypoints(times_s: Curve, at_s: Sequence[float], values: Curve, travel_s: Curve) -> Curve:
    """Move between values that are left at given instants, smoothly, and rest in between.

    Parameters
    ----------
    times_s : Curve
        Where to evaluate [shape=(N,)].
    at_s : sequence of float
        Rising instants at which the movement to value k begins [length K].
    values : Curve
        Values [shape=(K,)]; before the first instant the first value holds.
    travel_s : Curve
        Duration of the movement to value k [shape=(K,)]; cut to the time until the next one begins.

    Returns
    -------
    Curve
        [shape=(N,)].
    """
    starts = np.asarray(at_s, dtype=np.float64)
    room = np.append(np.diff(starts), np.inf)
    travel = np.maximum(np.minimum(travel_s, room), 1e-3)
    before = np.concatenate([values[:1], values[:-1]])
    k = np.clip(np.searchsorted(starts, times_s, side="right") - 1, 0, len(starts) - 1)
    share = minimum_jerk((times_s - starts[k]) / travel[k])
    return np.asarray(before[k] + (values - before)[k] * share)


def noise(rng: np.random.Generator, times_s: Curve, low_hz: float, high_hz: float, parts: int = 16) -> Curve:
    """Return band-limited noise of unit rms as a sum of sines with random phases [shape=(N,)].

    One frequency is drawn from each of `parts` equal slices of the band, so that the rms hardly
    depends on the seed and the sum does not repeat.
    """
    edges = np.linspace(low_hz, high_hz, parts + 1)
    freq = rng.uniform(edges[:-1], edges[1:])
    phase = rng.uniform(0.0, 2.0 * np.pi, parts)
    total = np.zeros_like(times_s)
    for f, p in zip(freq, phase, strict=True):
        total += np.sin(2.0 * np.pi * f * times_s + p)
    return np.asarray(total * np.sqrt(2.0 / parts))


def hann_smooth(signal: npt.NDArray[np.float64], width: int) -> npt.NDArray[np.float64]:
    """Low-pass the columns of `signal` [shape=(N, C)] with a Hann window of `width` samples."""
    kernel = np.hanning(width + 2)[1:-1]
    kernel /= kernel.sum()
    half = width // 2
    padded = np.pad(signal, ((half, width - 1 - half), (0, 0)), mode="edge")
    return np.stack([np.convolve(padded[:, c], kernel, mode="valid") for c in range(signal.shape[1])], axis=1)
