"""When the lips really shut: p/b/m intervals refined against the sound itself.

Times from a synthesiser or an aligner are 10-40 ms off and often mark the burst of a stop, not
its silent closure. The sound shows the closure: above 700 Hz nothing passes shut lips, so the
level dips from the moment of contact until the release.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..types import Closure, FloatArray, Phone
from .envelope import STEPS_PER_S, Envelope
from .phones import SILENCE, has_closure, is_silence

REACH_MS = 40
"""A closure is looked for at most this far outside its phone."""
_MIN_MS = 20
"""Shorter dips are ripple; the lips cannot shut and open faster than about this."""
_MIN_DIP_DB = 4.0
"""A shallower dip says nothing about where the closure is; the phone's own times stay."""
_EDGE = 0.5
"""The closure's edges lie half-way (in dB) between the dip and the sound beside it."""
_MAX_AFTER_SILENCE_MS = 120
"""Before the first sound of a phrase the lips shut this long before the release at most."""


def _span(level: FloatArray, start: float, end: float) -> FloatArray:
    first = int(np.clip(start, 0, len(level) - 1))
    return level[first : max(first + 1, int(np.clip(end, 0, len(level))))]


def _closure_ms(phones: Sequence[Phone], index: int, level: FloatArray) -> tuple[float, float]:
    """Return start and end of the closure of `phones[index]` in ms."""
    phone = phones[index]
    start, end = phone.start_s * STEPS_PER_S, phone.end_s * STEPS_PER_S
    before = phones[index - 1] if index else Phone(SILENCE, 0.0, phone.start_s)
    after = phones[index + 1] if index + 1 < len(phones) else Phone(SILENCE, phone.end_s, phone.end_s)
    left = max(start - REACH_MS, 500.0 * (before.start_s + before.end_s))
    right = min(end + REACH_MS, 500.0 * (after.start_s + after.end_s))
    window = _span(level, left, right)
    if len(window) < _MIN_MS:
        return start, end
    silent_before, silent_after = is_silence(before.ipa), is_silence(after.ipa)
    if silent_before:
        window = _span(level, start, right)
        left = start
    elif silent_after:
        window = _span(level, left, end)
    low = int(np.argmin(window))
    floor = float(window[low])
    loud_before = float(_span(level, 500.0 * (before.start_s + before.end_s), left + low + 1).max())
    loud_after = float(_span(level, left + low, 500.0 * (after.start_s + after.end_s) + 1).max())
    if not silent_before and loud_before - floor >= _MIN_DIP_DB:
        edge = floor + (loud_before - floor) * _EDGE
        above = np.flatnonzero(window[: low + 1] >= edge)
        new_start = left + (int(above[-1]) + 1 if len(above) else 0)
    else:
        new_start = start
    if loud_after - floor >= _MIN_DIP_DB:
        edge = floor + (loud_after - floor) * _EDGE
        above = np.flatnonzero(window[low:] >= edge)
        new_end = left + low + (int(above[0]) if len(above) else len(window) - low)
    else:
        new_end = end
    if silent_before:
        new_start = max(new_start, new_end - _MAX_AFTER_SILENCE_MS)
    if new_end - new_start < _MIN_MS:
        return start, end
    return float(new_start), float(new_end)


def find_closures(phones: Sequence[Phone], envelope: Envelope) -> tuple[Closure, ...]:
    """Return one closure per p/b/m-like phone, refined against the sound.

    Parameters
    ----------
    phones : sequence of Phone
        Contiguous phones of the whole sound.
    envelope : Envelope
        Levels of that sound.

    Returns
    -------
    tuple of Closure
        In time order; each within 40 ms of its phone; never overlapping.
    """
    level = 0.5 * (envelope.full_db + envelope.high_db)
    found: list[Closure] = []
    for index, phone in enumerate(phones):
        if not has_closure(phone.ipa):
            continue
        start, end = _closure_ms(phones, index, level)
        start_s, end_s = start / STEPS_PER_S, end / STEPS_PER_S
        if found and start_s < found[-1].end_s:
            start_s = min(found[-1].end_s, end_s - 0.01)
            if start_s < found[-1].end_s:
                found[-1] = replace(found[-1], end_s=start_s)
        found.append(Closure(start_s, end_s))
    return tuple(found)
