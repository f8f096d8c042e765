"""Loudness, pitch and what follows from them: stressed syllables and phrases."""

from __future__ import annotations

import numpy as np

from ..types import FloatArray, Sound, SpeechTrack
from .envelope import STEPS_PER_S, Envelope
from .phones import is_vowel

RATE_HZ = 100.0
"""Values per second of the energy and pitch curves."""
PHRASE_PAUSE_S = 0.18
"""Silence from this length on ends a phrase; shorter ones are stop closures and hesitations."""
_LOW_HZ, _HIGH_HZ = 60.0, 420.0
"""Pitch range of adult and child voices."""
_PITCH_RATE_HZ = 8000
_FRAME = 512
"""64 ms at 8 kHz: almost four periods of the lowest voice."""
_BATCH = 500
_VOICED = 0.45
"""Normalised autocorrelation from which a frame counts as voiced (Boersma 1993 uses 0.45)."""
_OCTAVE_COST = 0.08
"""Score taken off per octave of longer period, so that the fundamental wins over its half."""
_WIDEST = 2.0
"""A voice stays within an octave of its median; beyond are buzzing fricatives and octave errors."""


def energy_of(envelope: Envelope, duration_s: float) -> FloatArray:
    """Return loudness relative to the clip's speech level at 100 Hz [shape=(N,)], 0..1.5.

    1 is the level of a typical vowel (75th percentile of what is within 30 dB of the loudest),
    0 is 40 dB below it; between them linear in dB, because loudness is.
    """
    count = max(1, int(np.ceil(duration_s * RATE_HZ - 1e-6)))
    step = int(STEPS_PER_S / RATE_HZ)
    padded = np.pad(envelope.full_db, (0, max(0, count * step - len(envelope.full_db))), mode="edge")
    level = padded[: count * step].reshape(count, step).mean(axis=1)
    top = float(np.percentile(level, 99))
    if top < -65.0:
        return np.zeros(count, np.float32)
    reference = float(np.percentile(level[level > top - 30.0], 75))
    return np.asarray(np.clip((level - reference) / 40.0 + 1.0, 0.0, 1.5), dtype=np.float32)


def _low_rate(sound: Sound, first: int, last: int) -> FloatArray:
    """Return samples `first` to `last` - 1 of the sound in mono at 8 kHz; silence lies around it.

    Box averages and linear interpolation are enough below 420 Hz. Only the part asked for is touched,
    so that the memory does not grow with the sound.
    """
    factor = max(1, sound.rate_hz // _PITCH_RATE_HZ)
    count = sound.samples.shape[1] // factor
    inside = range(max(0, first), min(last, int(sound.duration_s * _PITCH_RATE_HZ)))
    out = np.zeros(last - first, np.float32)
    if not inside or not count:
        return out
    at = np.arange(inside.start, inside.stop) * (sound.rate_hz / factor / _PITCH_RATE_HZ)
    low = min(int(at[0]), count - 1)
    high = min(int(at[-1]) + 2, count)
    mono = np.nan_to_num(sound.samples[:, low * factor : high * factor].mean(axis=0))
    whole = mono.reshape(-1, factor).mean(axis=1)
    out[inside.start - first : inside.stop - first] = np.interp(at - low, np.arange(high - low), whole)
    return out


def _pitch_of_frames(frames: FloatArray) -> FloatArray:
    """Autocorrelation pitch of windowed frames [shape=(F, 512)] -> Hz, 0 where unvoiced [shape=(F,)]."""
    window = np.hanning(_FRAME).astype(np.float32)
    size = 2 * _FRAME
    shape = np.fft.irfft(np.abs(np.fft.rfft(window, size)) ** 2)[:_FRAME]
    spectrum = np.abs(np.fft.rfft((frames - frames.mean(axis=1, keepdims=True)) * window, size, axis=1)) ** 2
    correlation = np.fft.irfft(spectrum, axis=1)[:, :_FRAME]
    power = correlation[:, :1]
    first, last = int(_PITCH_RATE_HZ / _HIGH_HZ), int(_PITCH_RATE_HZ / _LOW_HZ)
    lags = np.arange(first - 1, last + 2)
    ratio = correlation[:, lags] / np.maximum(power, 1e-12) / (shape[lags] / shape[0])
    is_peak = (ratio[:, 1:-1] >= ratio[:, :-2]) & (ratio[:, 1:-1] >= ratio[:, 2:])
    score = np.where(is_peak, ratio[:, 1:-1] - _OCTAVE_COST * np.log2(lags[1:-1] / first), -1.0)
    best = np.argmax(score, axis=1)
    rows = np.arange(len(frames))
    left, top, right = (ratio[rows, best + k] for k in range(3))
    bend = left - 2 * top + right
    shift = np.where(np.abs(bend) > 1e-9, 0.5 * (left - right) / np.where(bend == 0, 1, bend), 0.0)
    hertz = _PITCH_RATE_HZ / (lags[best + 1] + np.clip(shift, -0.5, 0.5))
    voiced = (top >= _VOICED) & (score[rows, best] > -1.0)
    return np.asarray(np.where(voiced, hertz, 0.0), dtype=np.float32)


def pitch_of(sound: Sound, energy: FloatArray) -> FloatArray:
    """Return the fundamental frequency at 100 Hz [shape=energy.shape], 0 where unvoiced or quiet."""
    hop = int(_PITCH_RATE_HZ / RATE_HZ)
    pitch = np.zeros(len(energy), np.float32)
    for start in range(0, len(energy), _BATCH):
        stop = min(start + _BATCH, len(energy))
        part = _low_rate(sound, start * hop - _FRAME // 2, (stop - 1) * hop + _FRAME // 2)
        frames = np.lib.stride_tricks.sliding_window_view(part, _FRAME)[::hop]
        pitch[start:stop] = _pitch_of_frames(np.asarray(frames))
    pitch[energy < 0.3] = 0.0
    voiced = pitch[pitch > 0]
    if len(voiced):
        middle = float(np.median(voiced))
        pitch[(pitch > middle * _WIDEST) | (pitch < middle / _WIDEST)] = 0.0
    return _without_blips(pitch)


def _without_blips(pitch: FloatArray) -> FloatArray:
    """Median of three, so that a single octave error or a lone voiced frame disappears."""
    if len(pitch) < 3:
        return pitch
    stacked = np.stack([pitch[:-2], pitch[1:-1], pitch[2:]])
    out = pitch.copy()
    out[1:-1] = np.median(stacked, axis=0)
    return np.asarray(out)


def phrases(speech: SpeechTrack) -> list[tuple[float, float]]:
    """Return (start_s, end_s) of the runs of speech between pauses of 0.18 s or more."""
    found: list[tuple[float, float]] = []
    for phone in speech.phones:
        if not phone.ipa:
            continue
        if found and phone.start_s - found[-1][1] < PHRASE_PAUSE_S:
            found[-1] = (found[-1][0], phone.end_s)
        else:
            found.append((phone.start_s, phone.end_s))
    return found


def _mean_between(curve: FloatArray, rate_hz: float, start_s: float, end_s: float) -> float:
    part = curve[int(start_s * rate_hz) : max(int(start_s * rate_hz) + 1, int(np.ceil(end_s * rate_hz)))]
    return float(part.mean()) if len(part) else 0.0


def _standard(values: list[float]) -> FloatArray:
    array = np.asarray(values, np.float32)
    return np.asarray((array - array.mean()) / max(1e-6, float(array.std())), dtype=np.float32)


def stresses(speech: SpeechTrack) -> list[tuple[float, float]]:
    """Return the stressed syllables as (time_s of the vowel's middle, strength 0..1), in time order.

    A syllable is a vowel; it is stressed where it stands out from the other vowels of the clip
    in loudness, length and pitch together, and more than the vowels directly beside it.
    """
    vowels = [p for p in speech.phones if is_vowel(p.ipa)]
    if not vowels:
        return []
    rate_hz = speech.prosody_rate_hz
    energy = [_mean_between(speech.energy, rate_hz, v.start_s, v.end_s) for v in vowels]
    length = [min(0.3, v.end_s - v.start_s) for v in vowels]
    pitch = []
    for vowel in vowels:
        part = speech.pitch_hz[int(vowel.start_s * rate_hz) : int(vowel.end_s * rate_hz) + 1]
        part = part[part > 0]
        pitch.append(float(np.log2(np.median(part))) if len(part) else np.nan)
    known = [p for p in pitch if np.isfinite(p)]
    pitch = [p if np.isfinite(p) else float(np.mean(known)) if known else 0.0 for p in pitch]
    score = 0.45 * _standard(energy) + 0.3 * _standard(length) + 0.25 * _standard(pitch)
    out = []
    for index, vowel in enumerate(vowels):
        beside = [score[k] for k in (index - 1, index + 1)
                  if 0 <= k < len(vowels) and abs(vowels[k].start_s - vowel.start_s) < 0.5]
        if score[index] > 0 and all(score[index] >= other for other in beside) or len(vowels) == 1:
            strength = float(np.clip(0.35 + 0.4 * score[index], 0.0, 1.0))
            out.append(((vowel.start_s + vowel.end_s) / 2, strength))
    return out
