"""A sound that comes in pieces -> what is heard, at most 150 ms behind it.

Whole recordings go the same way in large pieces, so live and whole results are one.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

import numpy as np

from ...lazy import signal
from ...types import FloatArray
from .features import BEFORE, HOP, SAMPLE_RATE_HZ, WINDOW, bands_of
from .heard import Heard
from .net import NetStream, joined


class Resampler:
    """Any rate -> 16 kHz in pieces; the result is that of `media.audio.resample` on the whole."""

    def __init__(self, rate_hz: int) -> None:
        self._ratio = Fraction(SAMPLE_RATE_HZ, rate_hz)
        # resample_poly's filter reaches 10 samples of the lower rate to each side.
        self._reach = int(10 * max(1.0, float(1 / self._ratio))) + 2
        self._kept = np.zeros(0, np.float32)
        self._dropped = 0
        self._given = 0

    def push(self, samples: FloatArray, *, last: bool = False) -> FloatArray:
        """Return the samples at 16 kHz that have become known [shape=(N,)]."""
        if self._ratio == 1:
            return samples
        self._kept = np.concatenate([self._kept, samples])
        total = self._dropped + len(self._kept)
        known = -int(-total * self._ratio // 1) if last else int(max(0, total - self._reach) * self._ratio)
        if known <= self._given:
            return np.zeros(0, np.float32)
        up, down = self._ratio.numerator, self._ratio.denominator
        whole = signal.resample_poly(self._kept, up, down)
        offset = self._dropped // down * up
        out = whole[self._given - offset : known - offset]
        self._given = known
        self._drop(down)
        return np.asarray(out, np.float32)

    def _drop(self, step: int) -> None:
        """Forget what no later sample needs; whole steps, so that the phase stays."""
        needed = int(self._given / self._ratio) - self._reach - self._dropped
        count = max(0, needed // step * step)
        self._kept = self._kept[count:]
        self._dropped += count


class LiveListener:
    """The articulation model on a running sound.

    Parameters
    ----------
    weights : mapping of str to FloatArray
        See `net.NetStream`.
    rate_hz : int
        Of the samples that will be pushed.
    """

    def __init__(self, weights: Mapping[str, FloatArray], rate_hz: int) -> None:
        self._resampler = Resampler(rate_hz)
        self._net = NetStream(weights)
        self._waiting = np.zeros(BEFORE, np.float32)
        self._samples = 0
        self._frames = 0

    def push(self, samples: FloatArray) -> Heard:
        """Return the frames that have become known, often none; samples are mono [shape=(N,)]."""
        return self._net.push(self._bands(self._resampler.push(samples)))

    def finish(self) -> Heard:
        """Return the frames that are left; the sound ends here."""
        rest = self._resampler.push(np.zeros(0, np.float32), last=True)
        total = self._samples + len(rest)
        missing = -(-total // HOP) * HOP - total
        known = self._net.push(self._bands(np.pad(rest, (0, missing + BEFORE))))
        return joined([known, self._net.finish()])

    def _bands(self, samples: FloatArray) -> FloatArray:
        self._samples += len(samples)
        self._waiting = np.concatenate([self._waiting, samples])
        count = max(0, (len(self._waiting) - WINDOW) // HOP + 1)
        bands = bands_of(self._waiting[: (count - 1) * HOP + WINDOW]) if count else bands_of(self._waiting[:0])
        self._waiting = self._waiting[count * HOP :]
        return bands
