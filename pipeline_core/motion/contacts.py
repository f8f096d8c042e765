"""Lips that touch: closures of p, b and m, the lip tuck of f and v, and the shut mouth of silence."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from ..types import Closure, Phone, SpeechTrack
from .curves import Curve, ramp, window
from .targets import BILABIALS, LABIODENTALS, VISEME_PHONES, symbols

Span = tuple[float, float]
"""Start and end in seconds."""

CLOSING_LEAD_S = 0.085
"""Lips start to close this long before contact: with the inset about three frames at 25 fps. Longer
ramps step more gently (a step reaches 0.77 of the way in the fastest syllables) but cost the openings
of the vowels beside them, and with them the match between sound and picture."""
RELEASE_TRAIL_S = 0.070
"""Lips are clear of each other this long after the release."""
CONTACT_INSET_S = 0.050
"""The ramps end this far inside the contact, where the lips are 0.9 shut at its first instant."""
LEAD_SHARE, TRAIL_SHARE = 0.65, 0.55
"""A short vowel between two contacts keeps most of its opening: ramps take at most these shares of it ..."""
RAMP_MIN_S = 0.030
"""... but this long at least, as lips do not jump."""
TUCK_LEAD_S = 0.055
TUCK_TRAIL_S = 0.050
TUCK_INSET_S = 0.025

PAUSE_MIN_S = 0.13
"""A shorter silence between words leaves the mouth as it is."""
PAUSE_FULL_S = 0.30
"""From this length on a silence shuts the mouth completely."""
SHUT_AFTER_S = 0.130
"""The mouth is shut this long after the last sound ..."""
OPEN_BEFORE_S = 0.090
"""... and begins to open this long before the next one."""
EDGE_S = 0.035
"""The mouth starts to shut this long before a silence and ends opening this long after it."""


def nearest_frame(time_s: float, fps: Fraction, count: int) -> int:
    """Return the frame whose instant is nearest to `time_s`; the earlier one of two.

    If any frame lies inside an interval, the one nearest to the interval's centre does.
    """
    index = math.ceil(time_s * float(fps) - 0.5 - 1e-9)
    return min(max(index, 0), count - 1)


def contact_curve(times_s: Curve, spans: Sequence[Span], lead_s: float, trail_s: float,
                  inset_s: float) -> Curve:
    """Rise to 1 within each span and fall again, eased; neighbours shorten each other's ramps.

    Parameters
    ----------
    times_s : Curve
        Where to evaluate, rising [shape=(N,)].
    spans : sequence of (start_s, end_s)
        Contacts in rising order.
    lead_s, trail_s, inset_s : float
        Length of the approach before, of the release after, and of the part of both that lies inside
        the contact.

    Returns
    -------
    Curve
        0..1 [shape=(N,)]; exactly 1 at every span's centre.
    """
    out = np.zeros_like(times_s)
    for k, (start, end) in enumerate(spans):
        before = start - spans[k - 1][1] if k else math.inf
        after = spans[k + 1][0] - end if k + 1 < len(spans) else math.inf
        lead = min(lead_s, max(RAMP_MIN_S, LEAD_SHARE * before))
        trail = min(trail_s, max(RAMP_MIN_S, TRAIL_SHARE * after))
        inset = min(inset_s, 0.5 * (end - start))
        part = window(times_s, start - lead, end + trail)
        t = times_s[part]
        bump = np.minimum(ramp(t, start - lead, start + inset), 1.0 - ramp(t, end - inset, end + trail))
        out[part] = np.maximum(out[part], bump)
    return out


def shut_curve(times_s: Curve, pauses: Sequence[Span], duration_s: float) -> Curve:
    """Return how far silence has shut the mouth, 0..1 [shape=(N,)].

    A pause at either end of the track counts as endless, so the first and last frames are shut.
    """
    out = np.zeros_like(times_s)
    for start, end in pauses:
        at_start, at_end = start <= 1e-3, end >= duration_s - 1e-3
        length = math.inf if at_start or at_end else end - start
        x = min(max((length - PAUSE_MIN_S) / (PAUSE_FULL_S - PAUSE_MIN_S), 0.0), 1.0)
        height = x * x * (3.0 - 2.0 * x)
        low = -math.inf if at_start else start - EDGE_S
        high = math.inf if at_end else end + EDGE_S
        part = window(times_s, low, high)
        t = times_s[part]
        middle = 0.5 * (start + end)
        up = np.ones_like(t) if at_start else ramp(t, low, min(start + SHUT_AFTER_S, max(middle, start)))
        down = np.zeros_like(t) if at_end else ramp(t, max(end - OPEN_BEFORE_S, min(middle, end)), high)
        out[part] = np.maximum(out[part], height * np.minimum(up, 1.0 - down))
    return out


def held_through(closures: Sequence[Span], phones: Sequence[Phone]) -> list[Span]:
    """Stretch closures of a first or last sound into the pause beside it.

    Lips do not part between silence and m, b or p; with any other sound between them they do.
    """
    silence = pauses(phones)
    begins = np.array([p.start_s for p in phones])
    ends_at = {round(end, 3): (start, end) for start, end in silence if end - start >= PAUSE_MIN_S}
    begins_at = {round(start, 3): (start, end) for start, end in ends_at.values()}
    out: list[Span] = []
    for start, end in closures:
        low, high = start, end
        own = int(np.searchsorted(begins, 0.5 * (start + end), side="right")) - 1
        if 0 <= own < len(phones) and BILABIALS.intersection(symbols(phones[own].ipa)):
            before = ends_at.get(round(phones[own].start_s, 3))
            after = begins_at.get(round(phones[own].end_s, 3))
            if before:
                low = min(low, max(before[1] - OPEN_BEFORE_S, before[0]))
            if after:
                high = max(high, min(after[0] + SHUT_AFTER_S, after[1]))
        out.append((low, high))
    return out


def pauses(phones: Sequence[Phone]) -> list[Span]:
    """Return the stretches of silence, neighbours joined."""
    found: list[Span] = []
    for phone in phones:
        if symbols(phone.ipa):
            continue
        if found and phone.start_s - found[-1][1] < 1e-3:
            found[-1] = (found[-1][0], phone.end_s)
        else:
            found.append((phone.start_s, phone.end_s))
    return found


def phones_of(speech: SpeechTrack) -> tuple[tuple[Phone, ...], tuple[float, ...]]:
    """Return what is said as phones with a weight each; viseme cues become phones that look alike."""
    if speech.phones:
        return speech.phones, (1.0,) * len(speech.phones)
    cues = [c for c in speech.visemes if c.end_s > c.start_s]
    phones = tuple(Phone(VISEME_PHONES.get(c.viseme, "ə"), c.start_s, c.end_s) for c in cues)
    return phones, tuple(min(max(c.weight, 0.0), 1.0) for c in cues)


def closures_of(speech: SpeechTrack, phones: Sequence[Phone]) -> list[Span]:
    """Return the bilabial contacts: those that the speech analysis found, else the bilabial phones."""
    found: Sequence[Closure | Phone] = speech.closures
    if not found:
        found = [p for p in phones if BILABIALS.intersection(symbols(p.ipa))]
    return sorted((c.start_s, c.end_s) for c in found)


def tucks_of(phones: Sequence[Phone]) -> list[Span]:
    """Return the labiodental contacts."""
    return [(p.start_s, p.end_s) for p in phones if LABIODENTALS.intersection(symbols(p.ipa))]
