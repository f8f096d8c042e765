"""Do two people take turns? Only where their voices differ in pitch: alike voices cannot be told apart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..lazy import fft
from ..types import FloatArray, Sound
from .envelope import envelope_of
from .prosody import energy_of, pitch_of
from .spectra import power_spectra

APART_SEMITONES = 5.0
"""One speaker's phrases differ by 4.3 at most (26 recordings); a man and a woman by 5 to 14."""
LEAST_GAIN = 0.1
"""Gain in log-likelihood per frame of two speakers over one, after the penalty for the added numbers."""
_LOUD = 0.4
_PAUSE_FRAMES = 12
_SHORTEST_FRAMES, _PHRASE_FRAMES = 40, 120
_VOICED_FRAMES = 15
_LEAST_SPEECH_FRAMES = 60
_BANDS, _COEFFICIENTS = 26, 13


@dataclass(frozen=True, eq=False)
class _Phrase:
    timbre: FloatArray
    """Cepstra of the voiced frames [shape=(N, 13)]."""
    pitch: FloatArray
    """In semitones [shape=(N,)]."""


def two_voices(mono: FloatArray, rate_hz: int) -> float:
    """Return how many semitones two alternating speakers lie apart, or 0.

    Phrases are divided into two groups by timbre, each group a Gaussian, as in speaker diarisation
    by the Bayesian information criterion (Chen and Gopalakrishnan 1998).

    Parameters
    ----------
    mono : FloatArray
        Samples [shape=(N,)].
    rate_hz : int
        Their rate.
    """
    phrases = _phrases(mono, rate_hz)
    if len(phrases) < 3:
        return 0.0
    best_gain, apart = 0.0, 0.0
    for second in _first_guesses(phrases):
        second = _settled(phrases, second)
        groups = [[p for p, s in zip(phrases, second, strict=True) if s == side] for side in (False, True)]
        if any(sum(len(p.pitch) for p in group) < _LEAST_SPEECH_FRAMES for group in groups):
            continue
        gain = _gain(groups)
        if gain > best_gain:
            best_gain = gain
            low, high = (float(np.median(np.concatenate([p.pitch for p in group]))) for group in groups)
            apart = abs(high - low)
    return apart if best_gain > LEAST_GAIN and apart >= APART_SEMITONES else 0.0


def _phrases(mono: FloatArray, rate_hz: int) -> list[_Phrase]:
    sound = Sound(mono[None], rate_hz)
    energy = energy_of(envelope_of(sound), sound.duration_s)
    pitch = pitch_of(sound, energy)
    timbre = _cepstra(mono, rate_hz)
    count = min(len(timbre), len(pitch))
    found = []
    for start, stop in _loud_runs(energy[:count]):
        voiced = pitch[start:stop] > 0
        if voiced.sum() >= _VOICED_FRAMES:
            found.append(_Phrase(timbre[start:stop][voiced], 12 * np.log2(pitch[start:stop][voiced])))
    return found


def _loud_runs(energy: FloatArray) -> list[tuple[int, int]]:
    """Return runs of speech, long ones in pieces of about 1.2 s, as (start, stop) in frames of 10 ms."""
    loud = np.flatnonzero(energy > _LOUD)
    if not len(loud):
        return []
    pieces: list[tuple[int, int]] = []
    for run in np.split(loud, np.flatnonzero(np.diff(loud) > _PAUSE_FRAMES) + 1):
        start, length = int(run[0]), int(run[-1] - run[0]) + 1
        if length >= _SHORTEST_FRAMES:
            parts = max(1, round(length / _PHRASE_FRAMES))
            edges = [start + length * k // parts for k in range(parts + 1)]
            pieces += list(zip(edges, edges[1:], strict=False))
    return pieces


def _cepstra(mono: FloatArray, rate_hz: int) -> FloatArray:
    """Mel cepstra without the loudness, every 10 ms [shape=(T, 13)]."""
    power, frequency_hz = power_spectra(mono, rate_hz, 0.032, 0.01)
    mel = np.linspace(_to_mel(100.0), _to_mel(min(6800.0, 0.48 * rate_hz)), _BANDS + 2)
    edges = 700.0 * (10 ** (mel / 2595.0) - 1.0)
    low, middle, high = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    bands = np.minimum((frequency_hz - low) / (middle - low), (high - frequency_hz) / (high - middle)).clip(0.0)
    cepstra = fft.dct(np.log(power @ bands.T + 1e-8), axis=1, norm="ortho")
    return np.asarray(cepstra[:, 1 : _COEFFICIENTS + 1])


def _to_mel(frequency_hz: float) -> float:
    return float(2595.0 * np.log10(1.0 + frequency_hz / 700.0))


def _first_guesses(phrases: list[_Phrase]) -> list[np.ndarray]:
    """Divide by pitch, and by the direction in which timbre varies most."""
    pitch = np.array([np.median(p.pitch) for p in phrases])
    means = np.array([p.timbre.mean(axis=0) for p in phrases])
    along = np.linalg.svd(means - means.mean(axis=0), full_matrices=False)[0][:, 0]
    return [pitch > np.median(pitch), along > np.median(along)]


def _settled(phrases: list[_Phrase], second: np.ndarray) -> np.ndarray:
    """Move phrases to the group that explains them better, until none moves."""
    for _ in range(8):
        models = []
        for side in (False, True):
            frames = [p.timbre for p, s in zip(phrases, second, strict=True) if s == side]
            if sum(map(len, frames)) < 2 * _COEFFICIENTS:
                return second
            models.append(_gaussian(np.concatenate(frames)))
        score = np.array([[_fit(p.timbre, *model) for model in models] for p in phrases])
        moved = score[:, 1] > score[:, 0]
        if (moved == second).all():
            break
        second = moved
    return second


def _gaussian(frames: FloatArray) -> tuple[FloatArray, FloatArray, float]:
    # The ridge keeps short phrases from making a group of their own.
    covariance = np.cov(frames.T) + 0.3 * np.eye(frames.shape[1])
    return frames.mean(axis=0), np.linalg.inv(covariance), float(np.linalg.slogdet(covariance)[1])


def _fit(frames: FloatArray, mean: FloatArray, inverse: FloatArray, logdet: float) -> float:
    away = frames - mean
    return float(np.mean(-0.5 * np.einsum("ij,jk,ik->i", away, inverse, away)) - 0.5 * logdet)


def _gain(groups: list[list[_Phrase]]) -> float:
    frames = [np.concatenate([p.timbre for p in group]) for group in groups]
    together = np.concatenate(frames)
    count, size = together.shape
    penalty = 0.5 * (size + size * (size + 1) / 2) * np.log(count)
    return (sum(map(_likelihood, frames)) - _likelihood(together) - float(penalty)) / int(count)


def _likelihood(frames: FloatArray) -> float:
    count, size = frames.shape
    return -0.5 * int(count) * float(np.linalg.slogdet(np.cov(frames.T) + 0.05 * np.eye(size))[1])
