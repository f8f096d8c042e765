"""Boundaries of phones that are roughly known -> where the sound itself changes."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from ...pipeline_core.speech.phones import has_closure, segments_of
from ...pipeline_core.types import FloatArray, Phone
from .utterance import RATE_HZ

_HOP_S = 0.005
_WINDOW = 256
_BANDS = 24
_FLOOR = 1e-6
"""Power of a band that counts as silence, relative to full scale."""
REACH_S = 0.03
"""A boundary is looked for this far from where it is expected."""
_BESIDE_S = 0.06
"""What both sounds are like is judged over this length at most."""
_SPREAD_S = 0.025
_TRUST = 0.25
"""What a boundary one spread away from its place must explain better, as a share of all change. Chosen where
boundaries of espeak-ng, once moved and rounded like those of Kokoro, come back best."""
_SHORTEST_S = 0.01


def refined(phones: Sequence[Phone], samples: FloatArray, late_s: float = 0.0) -> tuple[Phone, ...]:
    """Return phones whose boundaries lie where one steady sound turns into another.

    A boundary splits its surroundings into two parts; it is put where both vary least, unless that
    is far away. Boundaries of p, b, m stay, for they are found from their closures; those between
    vowels and glides are only shifted, for nothing is steady there.

    Parameters
    ----------
    phones : sequence of Phone
        Contiguous.
    samples : ndarray
        Sound at 16 kHz [shape=(N,)].
    late_s : float
        How much later than told the boundaries are on average.
    """
    scatter = _Scatter(bands_of(samples))
    edges = [phone.start_s for phone in phones] + [phones[-1].end_s]
    for index in range(1, len(phones)):
        if has_closure(phones[index - 1].ipa) or has_closure(phones[index].ipa):
            continue
        low, high = edges[index - 1] + _SHORTEST_S, edges[index + 1] - _SHORTEST_S
        if high > low:
            at_s = float(np.clip(edges[index] + late_s, low, high))
            if not (_glides(phones[index - 1].ipa) and _glides(phones[index].ipa)):
                middle_s = (edges[index - 1] + edges[index]) / 2, (edges[index + 1] + edges[index]) / 2 + late_s
                at_s = float(np.clip(_best_split(scatter, at_s, *middle_s), low, high))
            edges[index] = at_s
    return tuple(Phone(p.ipa, *span) for p, *span in zip(phones, edges[:-1], edges[1:], strict=True))


def _glides(symbol: str) -> bool:
    """Tell whether a sound is a vowel or changes as slowly into one."""
    segments = segments_of(symbol)
    return bool(segments) and all({"vowel", "approximant", "lateral"} & segment.classes for segment in segments)


def _best_split(scatter: _Scatter, at_s: float, left_s: float, right_s: float) -> float:
    """Return the second near `at_s` that splits the surroundings best; at most from `left_s` to `right_s`."""
    first = max(0, round(max(at_s - _BESIDE_S, left_s) / _HOP_S))
    stop = min(round(min(at_s + _BESIDE_S, right_s) / _HOP_S) + 1, scatter.rows)
    splits = range(max(round((at_s - REACH_S) / _HOP_S), first + 1), min(round((at_s + REACH_S) / _HOP_S) + 1, stop))
    whole = scatter.of(first, stop) + 1e-9

    def cost(split: int) -> float:
        away = ((split - 0.5) * _HOP_S - at_s) / _SPREAD_S
        return (scatter.of(first, split) + scatter.of(split, stop)) / whole + _TRUST * away**2

    return (min(splits, key=cost) - 0.5) * _HOP_S if splits else at_s


class _Scatter:
    """Sums of squared distances from the mean, of any stretch of rows at once."""

    def __init__(self, rows: Any) -> None:
        self.rows = len(rows)
        zero = np.zeros((1, rows.shape[1]))
        self._sums = np.concatenate([zero, np.cumsum(rows, axis=0)])
        self._squares = np.concatenate([zero, np.cumsum(rows**2, axis=0)])

    def of(self, first: int, stop: int) -> float:
        """Return it for rows `first` to `stop` - 1."""
        total = self._sums[stop] - self._sums[first]
        return float((self._squares[stop] - self._squares[first] - total**2 / max(stop - first, 1)).sum())


def bands_of(samples: FloatArray) -> Any:
    """Return log power in mel bands; row t belongs to time t * 5 ms [shape=(T, 24)]."""
    padded = np.pad(np.asarray(samples, np.float64), _WINDOW // 2)
    windows = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[:: round(_HOP_S * RATE_HZ)]
    power = np.abs(np.fft.rfft(windows * np.hanning(_WINDOW))) ** 2 / _WINDOW
    return np.log(power @ _mel_bands() + _FLOOR)


@lru_cache(maxsize=1)
def _mel_bands() -> Any:
    """Return triangles equally wide on the mel scale [shape=(129, 24)]."""
    mel = np.linspace(0, 2595 * np.log10(1 + RATE_HZ / 2 / 700), _BANDS + 2)
    corners = 700 * (10 ** (mel / 2595) - 1) * _WINDOW / RATE_HZ
    bins = np.arange(_WINDOW // 2 + 1)[:, None]
    left, middle, right = corners[:-2], corners[1:-1], corners[2:]
    return np.clip(np.minimum((bins - left) / (middle - left), (right - bins) / (right - middle)), 0, None)
