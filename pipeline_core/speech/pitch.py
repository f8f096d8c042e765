"""The voice's fundamental frequency: autocorrelation candidates (Boersma 1993) and the smoothest way through them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..types import FloatArray, Sound
from .runs import true_runs

LOWEST_HZ, HIGHEST_HZ = 60.0, 600.0
"""Pitch of voices from deep men to excited women and children."""
_RATE_HZ = 8000
_FRAMES_PER_S = 100
_PERIODS = 3
"""Of the lowest pitch in a window: fewer blur the peaks, more blur the edges of voiced stretches."""
_FINER = 2
"""Lags between samples that are interpolated: half a sample at 400 Hz is 90 cents."""
_BATCH = 500
_CANDIDATES = 6
_VOICED = 0.45
"""Strength of a frame without a voice; Boersma's, as the cost of switching."""
_OCTAVE_COST = 0.03
"""Per octave of longer period, so that the fundamental wins over its half; Boersma's 0.01 halves creaky voices."""
_JUMP_COST = 0.5
"""Per octave between two frames; Boersma's is 0.35."""
_SWITCH_COST = 0.14
"""Between a voiced and an unvoiced frame."""
_QUIET = 0.3
"""Energy of a frame below which nothing is voiced: 28 dB below a typical vowel."""
_SHORTEST = 3
"""A voice for less than 30 ms is noise that happens to repeat."""
_COARSE = 4
"""Every so many frames are enough to learn a speaker's range."""
_SPAN = (0.75, 1.9)
"""A speaker's range about the quartiles of the pitch (De Looze and Hirst 2008)."""

Grid = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class _Candidates:
    """What may be the pitch of each frame; the first candidate is that there is none."""

    hertz: FloatArray
    """[shape=(F, K)], 0 for no voice."""
    strength: FloatArray
    """[shape=(F, K)]."""


def pitch_of(sound: Sound, energy: FloatArray) -> FloatArray:
    """Return the fundamental frequency at 100 Hz, 0 where unvoiced or quiet.

    Parameters
    ----------
    sound : Sound
        Any rate and channel count; worked through in pieces.
    energy : FloatArray
        Loudness at 100 Hz (`prosody.energy_of`) [shape=(N,)].

    Returns
    -------
    FloatArray
        [shape=(N,)]; value i belongs to the middle of the frame from i / 100 to (i + 1) / 100 s.
    """
    heard = np.flatnonzero(energy >= _QUIET)
    if not len(heard):
        return np.zeros(len(energy), np.float32)
    low_hz, high_hz = _range_of(sound, heard[::_COARSE])
    hertz = np.zeros((len(energy), 1 + _CANDIDATES), np.float32)
    strength = np.full((len(energy), 1 + _CANDIDATES), -1.0, np.float32)
    strength[:, 0] = _VOICED
    for first in range(0, len(heard), _BATCH):
        part = heard[first : first + _BATCH]
        found = _candidates(_frames(sound, part, low_hz), low_hz, high_hz)
        hertz[part], strength[part] = found.hertz, found.strength
    return _without_blips(_smoothest(_Candidates(hertz, strength)))


def _range_of(sound: Sound, at: npt.NDArray[np.intp]) -> tuple[float, float]:
    """Return the lowest and highest pitch that this speaker is likely to use."""
    found = []
    for first in range(0, len(at), _BATCH):
        part = _candidates(_frames(sound, at[first : first + _BATCH], LOWEST_HZ), LOWEST_HZ, HIGHEST_HZ)
        best = part.strength.argmax(axis=1)
        found.append(part.hertz[np.arange(len(best)), best])
    voiced = np.concatenate(found)
    voiced = voiced[voiced > 0]
    if not len(voiced):
        return LOWEST_HZ, HIGHEST_HZ
    low, high = np.percentile(voiced, (25, 75))
    return max(LOWEST_HZ, _SPAN[0] * float(low)), min(HIGHEST_HZ, max(_SPAN[1] * float(high), 2.0 * float(low)))


def _frames(sound: Sound, at: npt.NDArray[np.intp], low_hz: float) -> FloatArray:
    """Return windows of 8 kHz sound around the middles of 10 ms frames [shape=(len(at), W)]."""
    size = int(_PERIODS * _RATE_HZ / low_hz)
    hop = _RATE_HZ // _FRAMES_PER_S
    starts = at * hop + (hop - size) // 2
    piece = _low_rate(sound, int(starts[0]), int(starts[-1]) + size)
    return np.asarray(piece[(starts - starts[0])[:, None] + np.arange(size)])


def _low_rate(sound: Sound, first: int, last: int) -> FloatArray:
    """Return samples `first` to `last` - 1 of the sound in mono at 8 kHz; silence lies around it.

    Box averages and linear interpolation are enough below 600 Hz. Only the part asked for is touched,
    so that the memory does not grow with the sound.
    """
    factor = max(1, sound.rate_hz // _RATE_HZ)
    count = sound.samples.shape[1] // factor
    inside = range(max(0, first), min(last, int(sound.duration_s * _RATE_HZ)))
    out = np.zeros(last - first, np.float32)
    if not inside or not count:
        return out
    at = np.arange(inside.start, inside.stop) * (sound.rate_hz / factor / _RATE_HZ)
    low = min(int(at[0]), count - 1)
    high = min(int(at[-1]) + 2, count)
    mono = np.nan_to_num(sound.samples[:, low * factor : high * factor].mean(axis=0))
    whole = mono.reshape(-1, factor).mean(axis=1)
    out[inside.start - first : inside.stop - first] = np.interp(at - low, np.arange(high - low), whole)
    return out


def _candidates(frames: FloatArray, low_hz: float, high_hz: float) -> _Candidates:
    """Return the strongest peaks of the normalised autocorrelation of frames [shape=(F, W)]."""
    ratio = _correlation(frames)
    rate = _RATE_HZ * _FINER
    first, last = int(rate / high_hz), min(int(rate / low_hz), ratio.shape[1] - 2)
    lags = np.arange(first, last + 1)
    left, top, right = ratio[:, first - 1 : last], ratio[:, first : last + 1], ratio[:, first + 1 : last + 2]
    score = np.where((top >= left) & (top > right), top - _OCTAVE_COST * np.log2(lags / first), -1.0)
    best = np.argsort(score, axis=1)[:, : -_CANDIDATES - 1 : -1]
    rows = np.arange(len(frames))[:, None]
    bend = left[rows, best] - 2 * top[rows, best] + right[rows, best]
    shift = np.where(np.abs(bend) > 1e-9, 0.5 * (left - right)[rows, best] / np.where(bend == 0, 1, bend), 0.0)
    hertz = rate / (lags[best] + np.clip(shift, -0.5, 0.5))
    strength = score[rows, best]
    none = np.zeros((len(frames), 1))
    hertz = np.where(strength > -1.0, hertz, low_hz)
    return _Candidates(np.hstack([none, hertz]).astype(np.float32), np.hstack([none + _VOICED, strength]).astype(np.float32))


def _correlation(frames: FloatArray) -> Grid:
    """Return the autocorrelation of windowed frames over that of the window, at half samples [shape=(F, L)]."""
    size = frames.shape[1]
    window = np.hanning(size + 2)[1:-1]
    length = 1 << int(np.ceil(np.log2(1.5 * size)))

    def correlated(samples: Grid) -> Grid:
        power = np.abs(np.fft.rfft(samples, length, axis=-1)) ** 2
        return np.asarray(np.fft.irfft(power, length * _FINER, axis=-1)[..., : size * _FINER // 2])

    own = correlated((frames - frames.mean(axis=1, keepdims=True)) * window)
    shape = correlated(window)
    return np.asarray(own / np.maximum(own[:, :1], 1e-12) / (shape / shape[0]))


def _smoothest(given: _Candidates) -> FloatArray:
    """Return the pitch along the way of most strength and fewest jumps [shape=(F,)] (Viterbi)."""
    count, kinds = given.hertz.shape
    came = np.zeros((count, kinds), np.int8)
    total = given.strength[0].astype(np.float64)
    columns = np.arange(kinds)
    for first in range(1, count, _BATCH):
        for row, step in enumerate(_steps(given.hertz[first - 1 : first + _BATCH]), first):
            ways = total[:, None] - step
            came[row] = ways.argmax(axis=0)
            total = ways[came[row], columns] + given.strength[row]
    way = np.zeros(count, np.intp)
    way[-1] = total.argmax()
    for row in range(count - 1, 0, -1):
        way[row - 1] = came[row, way[row]]
    return np.asarray(given.hertz[np.arange(count), way], np.float32)


def _steps(hertz: FloatArray) -> Grid:
    """Return what it costs to go from each candidate of a frame to each of the next [shape=(F - 1, K, K)]."""
    octave, voiced = np.log2(np.maximum(hertz, 1.0)), hertz > 0
    both = voiced[:-1, :, None] & voiced[1:, None, :]
    jump = np.abs(octave[:-1, :, None] - octave[1:, None, :])
    return np.asarray(np.where(both, _JUMP_COST * jump, _SWITCH_COST * (voiced[:-1, :, None] != voiced[1:, None, :])))


def _without_blips(pitch: FloatArray) -> FloatArray:
    for first, last in true_runs(pitch > 0):
        if last - first < _SHORTEST:
            pitch[first:last] = 0.0
    return pitch
