"""When the lips really shut: p/b/m intervals refined against the sound itself.

Times from a synthesiser or an aligner are 10-40 ms off and often mark the burst of a stop, not
its silent closure. The sound shows the closure: above 700 Hz nothing passes shut lips, so the
level dips from the moment of contact until the release.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..lazy import ndimage
from ..types import Closure, FloatArray, Phone
from .envelope import STEPS_PER_S, Envelope
from .phones import SILENCE, classes_of, has_closure, is_silence

REACH_MS = 40
"""A closure is looked for at most this far outside its phone."""
_PULSE_GAP_MS = 12
"""The quiet between two pulses of a voice of 85 Hz or more is no closure: gaps up to this are filled."""
_MIN_MS = 20
"""Shorter dips are ripple; the lips cannot shut and open faster than about this."""
_MIN_DIP_DB = 4.0
"""A shallower dip says nothing about where the closure is; the phone's own times stay."""
_EDGE = 0.5
"""The closure's edges lie half-way (in dB) between the dip and the sound beside it."""
_KEEP_MS = 10
"""Left of each neighbour."""
_BESIDE_MS = 80
"""The sound beside a closure is judged over this length outside the phone."""
_SEARCH_BEFORE_SILENCE_MS = 100
"""At the end of a phrase the level falls anyway: the dip is looked for this far into the phone."""
_MAX_AFTER_SILENCE_MS = 120
"""Before the first sound of a phrase the lips shut this long before the release at most."""


def _span(level: FloatArray, start: float, end: float) -> FloatArray:
    first = int(np.clip(start, 0, len(level) - 1))
    return level[first : max(first + 1, int(np.clip(end, 0, len(level))))]


def _edge_ms(side: FloatArray, floor: float) -> int | None:
    """Return how many ms from the dip outwards the level stays below half-way to its maximum.

    `side` begins at the dip; None where the sound beside the dip is no louder than the dip.
    """
    loud = float(side.max())
    if loud - floor < _MIN_DIP_DB:
        return None
    return int(np.argmax(side >= floor + (loud - floor) * _EDGE))


def _closure_ms(phones: Sequence[Phone], index: int, level: FloatArray) -> tuple[float, float]:
    """Return start and end of the closure of `phones[index]` in ms."""
    phone = phones[index]
    start, end = phone.start_s * STEPS_PER_S, phone.end_s * STEPS_PER_S
    before = phones[index - 1] if index else Phone(SILENCE, 0.0, phone.start_s)
    after = phones[index + 1] if index + 1 < len(phones) else Phone(SILENCE, phone.end_s, phone.end_s)
    silent_before, silent_after = is_silence(before.ipa), is_silence(after.ipa)
    left = start if silent_before else max(start - REACH_MS, before.start_s * STEPS_PER_S + _KEEP_MS)
    right = min(end + REACH_MS, after.end_s * STEPS_PER_S - _KEEP_MS)
    if silent_after:
        right = min(end, start + _SEARCH_BEFORE_SILENCE_MS)
    # In "Bob put" one contact serves both sounds: each keeps to its own side of the boundary.
    left = start if has_closure(before.ipa) else left
    right = end if has_closure(after.ipa) else right
    is_murmur = silent_before and "nasal" in classes_of(phone.ipa)
    if right - left < _MIN_MS or is_murmur:
        return start, end
    low = int(left) + int(np.argmin(_span(level, left, right)))
    floor = float(level[min(low, len(level) - 1)])
    far_left = max(before.start_s * STEPS_PER_S, min(left, start - _BESIDE_MS))
    far_right = min(after.end_s * STEPS_PER_S, end + _BESIDE_MS) if not silent_after else end
    back = None if silent_before or has_closure(before.ipa) else _edge_ms(_span(level, far_left, low + 1)[::-1], floor)
    ahead = None if has_closure(after.ipa) else _edge_ms(_span(level, low, far_right), floor)
    new_start = start if back is None else max(left, low - back + 1)
    new_end = end if ahead is None else min(low + ahead, end + REACH_MS)
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
    level = np.asarray(ndimage.grey_closing(0.5 * (envelope.full_db + envelope.high_db), _PULSE_GAP_MS), np.float32)
    found: list[Closure] = []
    for index, phone in enumerate(phones):
        if not has_closure(phone.ipa):
            continue
        start_s, end_s = (ms / STEPS_PER_S for ms in _closure_ms(phones, index, level))
        if found and start_s < found[-1].end_s:
            start_s = min(found[-1].end_s, end_s - 0.01)
            if start_s < found[-1].end_s:
                found[-1] = replace(found[-1], end_s=start_s)
        found.append(Closure(start_s, end_s))
    return tuple(found)
