"""Closures of the lips where two witnesses disagree: the level of the sound, and the network.

The level shows contact and release to a millisecond, but takes other dips for it now and then: the
quiet before the release of a long m, the s beside a p. The network has heard many closures and is
never far off. So the level is believed where both see the same closure.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...types import Closure, FloatArray, Phone
from ..phones import has_closure
from .symbols import RATE_HZ

_SAME_S = 0.03
"""Middles this near belong to one closure. (Found within 40 ms of the truth, aligned speech of four
synthesisers: 96.0 to 98.3 % of the closures by the level alone, 97.4 to 99.2 % with the network.)"""
_SURE = 0.7
"""Where the network does not rise above this, it has no opinion; where it does, the lips are shut."""
_BEFORE_S, _AFTER_S = 0.05, 0.04
"""A closure is looked for this far outside its phone,"""
_KEEP_S = 0.01
"""and leaves this much of each neighbour."""
_SHORTEST_S = 0.015


def settled(phones: Sequence[Phone], closures: Sequence[Closure], contact: FloatArray) -> tuple[Closure, ...]:
    """Return the closures, moved to where the network hears the lips shut if that is elsewhere.

    Parameters
    ----------
    phones : sequence of Phone
        Contiguous phones of the whole sound.
    closures : sequence of Closure
        One per phone that has a closure, in order, from `closures.find_closures`.
    contact : FloatArray
        The network's curve of contact, 0..1, 100 values a second [shape=(T,)].
    """
    numbers = [number for number, phone in enumerate(phones) if has_closure(phone.ipa)]
    found: list[Closure] = []
    for number, closure in zip(numbers, closures, strict=True):
        heard = _heard(phones, number, contact)
        if heard is not None and abs(_middle_s(heard) - _middle_s(closure)) > _SAME_S:
            closure = heard
        if found and closure.start_s < found[-1].end_s:
            meeting_s = min(max(closure.start_s, _middle_s(found[-1])), _middle_s(closure))
            found[-1] = Closure(found[-1].start_s, max(meeting_s, found[-1].start_s))
            closure = Closure(found[-1].end_s, max(closure.end_s, found[-1].end_s))
        found.append(closure)
    return tuple(found)


def _middle_s(closure: Closure) -> float:
    return 0.5 * (closure.start_s + closure.end_s)


def _heard(phones: Sequence[Phone], number: int, contact: FloatArray) -> Closure | None:
    """Return where the curve stays above the limit, around its top near the phone."""
    low_s, high_s = _room_s(phones, number)
    first, last = max(0, round(low_s * RATE_HZ)), min(len(contact), round(high_s * RATE_HZ))
    if last - first < 2:
        return None
    part = contact[first:last]
    top = int(np.argmax(part))
    if part[top] < _SURE:
        return None
    left = top - int(np.argmin(np.append(part[top::-1] >= _SURE, False))) + 1
    right = top + int(np.argmin(np.append(part[top:] >= _SURE, False)))
    start_s = (first + left - _share(part, left - 1, left)) / RATE_HZ
    end_s = (first + right + _share(part, right, right - 1)) / RATE_HZ
    start_s, end_s = max(start_s, low_s), min(end_s, high_s)
    return Closure(start_s, end_s) if end_s - start_s >= _SHORTEST_S else None


def _share(part: FloatArray, outside: int, inside: int) -> float:
    """Return where between the middles of two frames the curve crosses the limit, -0.5..0.5 from their edge."""
    if not 0 <= outside < len(part):
        return 0.0
    return float((part[inside] - _SURE) / (part[inside] - part[outside])) - 0.5


def _room_s(phones: Sequence[Phone], number: int) -> tuple[float, float]:
    """Return where a closure may lie: a neighbour with a closure of its own keeps to its side."""
    phone = phones[number]
    low_s, high_s = phone.start_s - _BEFORE_S, phone.end_s + _AFTER_S
    if number:
        before = phones[number - 1]
        low_s = phone.start_s if has_closure(before.ipa) else max(low_s, before.start_s + _KEEP_S)
    if number + 1 < len(phones):
        after = phones[number + 1]
        high_s = phone.end_s if has_closure(after.ipa) else min(high_s, after.end_s - _KEEP_S)
    return low_s, high_s
