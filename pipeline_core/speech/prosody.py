"""Loudness, and what follows from it and the pitch: syllables, their stress, and phrases."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np

from ..types import FloatArray, SpeechTrack
from .energy_engine import ENGINE_ID
from .envelope import STEPS_PER_S, Envelope
from .phones import is_vowel
from .pitch import pitch_of

__all__ = ["Syllable", "energy_of", "phrases", "pitch_of", "prosody_json", "stresses", "syllables"]

RATE_HZ = 100.0
"""Values per second of the energy and pitch curves."""
PHRASE_PAUSE_S = 0.18
"""Silence from this length on ends a phrase; shorter ones are stop closures and hesitations."""
_DIP = 0.05
"""Two peaks of loudness are two syllables where it drops by this much between them: 2 dB (de Jong and Wempe 2009)."""
_FADED = 0.35
"""Weaker peaks are no syllables: 26 dB below a typical vowel (de Jong and Wempe use 25 below the loudest)."""
_SMOOTH = 7
"""Values that loudness is smoothed over: 70 ms, less than a syllable."""
_HALF_S = 0.05
"""Half of the vowel about a peak of loudness."""
_SYLLABIC = "\u0329"
"""IPA's mark of a consonant that makes a syllable."""


@dataclass(frozen=True)
class Syllable:
    """A vowel and how much it stands out."""

    start_s: float
    """Of the vowel."""
    end_s: float
    nucleus_s: float
    """Centre of the vowel's loudness."""
    stress: float
    """0 for an unstressed syllable, else 0.35 to 1."""


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
    """Return the stressed syllables as (time_s of the nucleus, strength 0..1), in time order."""
    return [(syllable.nucleus_s, syllable.stress) for syllable in syllables(speech) if syllable.stress > 0]


def syllables(speech: SpeechTrack) -> list[Syllable]:
    """Return the syllables in time order.

    A syllable is a vowel or a syllabic consonant; where only loudness was followed, a peak of it with a
    voice. It is stressed where it stands out from the others of the clip in loudness, length and pitch
    together, and more than those directly beside it.
    """
    spans = loudness_peaks(speech) if speech.engine == ENGINE_ID else [
        (p.start_s, p.end_s) for p in speech.phones if is_vowel(p.ipa) or _SYLLABIC in p.ipa]
    if not spans:
        return []
    score = _prominence(speech, spans)
    return [Syllable(start_s, end_s, _nucleus(speech, start_s, end_s), _stress(score, spans, index))
            for index, (start_s, end_s) in enumerate(spans)]


def loudness_peaks(speech: SpeechTrack) -> list[tuple[float, float]]:
    """Return (start_s, end_s) of syllables by the sound alone: 100 ms about voiced peaks of loudness between dips."""
    if len(speech.energy) < _SMOOTH:
        return []
    kernel = np.hanning(_SMOOTH + 2)
    energy = np.convolve(speech.energy, kernel / kernel.sum(), mode="same")
    peaks: list[int] = []
    for index in np.flatnonzero((energy[1:-1] >= energy[:-2]) & (energy[1:-1] > energy[2:])) + 1:
        if energy[index] < _FADED or not speech.pitch_hz[index] > 0:
            continue
        dip = energy[peaks[-1] : index].min() if peaks else -1.0
        if not peaks or min(energy[index], energy[peaks[-1]]) - dip >= _DIP:
            peaks.append(int(index))
        elif energy[index] > energy[peaks[-1]]:
            peaks[-1] = int(index)
    times = [(index + 0.5) / speech.prosody_rate_hz for index in peaks]
    return [(max(0.0, t - _HALF_S), min(speech.duration_s, t + _HALF_S)) for t in times]


def _nucleus(speech: SpeechTrack, start_s: float, end_s: float) -> float:
    first = int(start_s * speech.prosody_rate_hz)
    part = speech.energy[first : max(first + 1, int(np.ceil(end_s * speech.prosody_rate_hz)))]
    at_s = (first + 0.5 + np.arange(len(part))) / speech.prosody_rate_hz
    weight = float(part.sum())
    return float(np.clip((part * at_s).sum() / weight, start_s, end_s)) if weight > 0 else (start_s + end_s) / 2


def _prominence(speech: SpeechTrack, spans: list[tuple[float, float]]) -> FloatArray:
    """Return how much each vowel stands out, in standard deviations of the clip [shape=(len(spans),)]."""
    rate_hz = speech.prosody_rate_hz
    energy = [_mean_between(speech.energy, rate_hz, start_s, end_s) for start_s, end_s in spans]
    length = [min(0.3, end_s - start_s) for start_s, end_s in spans]
    pitch = []
    for start_s, end_s in spans:
        part = speech.pitch_hz[int(start_s * rate_hz) : int(end_s * rate_hz) + 1]
        part = part[part > 0]
        pitch.append(float(np.log2(np.median(part))) if len(part) else np.nan)
    known = [p for p in pitch if np.isfinite(p)]
    pitch = [p if np.isfinite(p) else float(np.mean(known)) if known else 0.0 for p in pitch]
    return np.asarray(0.45 * _standard(energy) + 0.3 * _standard(length) + 0.25 * _standard(pitch), np.float32)


def _stress(score: FloatArray, spans: list[tuple[float, float]], index: int) -> float:
    beside = [score[k] for k in (index - 1, index + 1)
              if 0 <= k < len(spans) and abs(spans[k][0] - spans[index][0]) < 0.5]
    if len(spans) > 1 and (score[index] <= 0 or any(score[index] < other for other in beside)):
        return 0.0
    return float(np.clip(0.35 + 0.4 * score[index], 0.0, 1.0))


def prosody_json(speech: SpeechTrack) -> str:
    """Return the melody and rhythm of speech as JSON.

    Keys: duration_s, rate_hz, energy and pitch_hz (one value per frame; pitch is 0 without a voice),
    syllables [{start, end, nucleus, stress}], phrases [{start, end}].
    """
    return json.dumps({
        "duration_s": round(speech.duration_s, 6), "rate_hz": speech.prosody_rate_hz,
        "energy": speech.energy.astype(float).round(3).tolist(), "pitch_hz": speech.pitch_hz.astype(float).round(1).tolist(),
        "syllables": [{"start": round(s.start_s, 4), "end": round(s.end_s, 4), "nucleus": round(s.nucleus_s, 4),
                       "stress": round(s.stress, 3)} for s in syllables(speech)],
        "phrases": [{"start": round(a, 4), "end": round(b, 4)} for a, b in phrases(speech)],
    })
