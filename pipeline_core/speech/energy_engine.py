"""The last resort: mouth movement from loudness and colour of the sound, no package needed.

It knows no words. Loud stretches open the mouth, wider where the sound is bright and open,
rounder where it is dark; hiss is a fricative; short deep dips inside speech close the lips.
"""

from __future__ import annotations

import numpy as np

from ..types import FloatArray, Phone, Sound
from .envelope import STEPS_PER_S, Envelope, envelope_of
from .phones import SILENCE
from .runs import true_runs
from .timing import contiguous, quiet_runs

ENGINE_ID = "energy"
_HOP_MS = 20
_HISS_DB = -3.0
"""Most of the power above 700 Hz: a fricative."""
_DARK_DB = -18.0
"""Little above 700 Hz: a close rounded vowel or a nasal."""
_BRIGHT_DB = -9.0
"""Much above 700 Hz: an open vowel, whose first formant lies there."""
_DIP_DB = 9.0
_DIP_MS = (30, 130)


def _dips(envelope: Envelope) -> list[tuple[int, int]]:
    """Return (start, end) in ms of short dips between two louder sounds."""
    level = np.asarray(0.5 * (envelope.full_db + envelope.high_db))
    reach = _DIP_MS[1]
    if len(level) < 2 * reach:
        return []
    padded = np.pad(level, reach, constant_values=-90.0)
    view = np.lib.stride_tricks.sliding_window_view(padded, reach)
    count = len(level)
    before, after = np.zeros(count, np.float32), np.zeros(count, np.float32)
    for start in range(0, count, 20_000):
        stop = min(start + 20_000, count)
        before[start:stop] = view[start:stop].max(axis=1)
        after[start:stop] = view[start + reach : stop + reach].max(axis=1)
    low = level < np.minimum(before, after) - _DIP_DB
    loud = np.minimum(before, after) > envelope.speech_db - 25.0
    return [(a, b) for a, b in true_runs(low & loud) if _DIP_MS[0] <= b - a <= _DIP_MS[1]]


def _smooth(values: FloatArray) -> FloatArray:
    padded = np.pad(values, 2, mode="edge")
    return np.asarray(np.median(np.lib.stride_tricks.sliding_window_view(padded, 5), axis=1), np.float32)


def energy_phones(sound: Sound) -> tuple[Phone, ...]:
    """Return stand-in phones of a sound: "" pauses, s hiss, b dips, and ɑ, ɛ, u by brightness.

    Parameters
    ----------
    sound : Sound
        Any rate and channel count.
    """
    envelope = envelope_of(sound)
    steps = len(envelope.full_db)
    count = -(-steps // _HOP_MS)
    pad = count * _HOP_MS - steps
    full = np.pad(envelope.full_db, (0, pad), mode="edge").reshape(count, _HOP_MS).mean(axis=1)
    high = np.pad(envelope.high_db, (0, pad), mode="edge").reshape(count, _HOP_MS).mean(axis=1)
    colour = _smooth(np.asarray(high - full, np.float32))
    kinds = np.where(colour > _HISS_DB, "s", np.where(colour > _BRIGHT_DB, "ɑ",
                     np.where(colour < _DARK_DB, "u", "ɛ")))  # fmt: skip
    kinds[full < max(envelope.speech_db - 35.0, -65.0)] = SILENCE
    edges = [0, *(np.flatnonzero(kinds[1:] != kinds[:-1]) + 1).tolist(), count]
    spans = [Phone(str(kinds[a]), a * _HOP_MS / STEPS_PER_S, b * _HOP_MS / STEPS_PER_S)
             for a, b in zip(edges, edges[1:], strict=False)]
    dips = [Phone("b", a / STEPS_PER_S, b / STEPS_PER_S) for a, b in _dips(envelope)]
    pauses = [Phone(SILENCE, a, b) for a, b in quiet_runs(envelope)]
    return contiguous(_laid_over(spans, dips + pauses), sound.duration_s)


def _laid_over(base: list[Phone], over: list[Phone]) -> list[Phone]:
    """Cut `over` out of `base` and put it there."""
    over = sorted(over, key=lambda p: p.start_s)
    out = list(over)
    first = 0
    for phone in base:
        at_s = phone.start_s
        while first < len(over) and over[first].end_s <= at_s:
            first += 1
        index = first
        while index < len(over) and over[index].start_s < phone.end_s:
            if over[index].start_s > at_s:
                out.append(Phone(phone.ipa, at_s, over[index].start_s))
            at_s = max(at_s, over[index].end_s)
            index += 1
        if at_s < phone.end_s:
            out.append(Phone(phone.ipa, at_s, phone.end_s))
    return out
