"""Phones as they come from an engine -> contiguous phones that agree with the sound."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from ..types import Closure, Phone, VisemeCue
from .envelope import STEPS_PER_S, Envelope
from .phones import SILENCE, Segment, classes_of, has_closure, is_silence, segments_of
from .runs import true_runs

_PAUSE_MS = 120
"""A longer quiet stretch is a pause, not the closure of a stop (those last 40-110 ms)."""
_QUIET_BELOW_SPEECH_DB = 35.0
"""Quiet means this far below the vowels of the same clip (weak fricatives are 20-30 below)."""
_QUIET_ALWAYS_DB = -65.0
"""Sound this weak is not speech, whatever the level of the rest."""
_PAUSE_MARGIN_MS = 20
"""Left to the sounds beside a pause, because they fade."""
_LONGEST_STOP_MS = 150
"""A stop's own silence is never carved away when the stop is no longer than this."""
_STOP_TAIL_S = 0.1
"""What a stop that is stretched over a pause keeps: its closure and release."""
_MIN_PHONE_S = 0.01
_SHORTEST_CUT_S = 0.04
"""A shorter overlap with a pause is left alone: boundaries are not that exact."""
_FIRST_HALF = 0.55
"""A diphthong holds its first target a little longer than its second."""


def contiguous(phones: Iterable[Phone], duration_s: float) -> tuple[Phone, ...]:
    """Return phones over 0..duration_s without gaps or overlaps; neighbouring silences are joined.

    Gaps become silence; what overlaps the sound before it is shortened; times outside the sound
    and empty phones are dropped; symbols that hold no known sound count as silence.
    """
    out: list[Phone] = []

    def add(ipa: str, start_s: float, end_s: float) -> None:
        if end_s - start_s <= 1e-6:
            return
        if out and not ipa and not out[-1].ipa:
            out[-1] = replace(out[-1], end_s=end_s)
        else:
            out.append(Phone(ipa, start_s, end_s))

    at_s = 0.0
    for phone in sorted(phones, key=lambda p: p.start_s):
        start_s, end_s = max(at_s, phone.start_s), min(duration_s, phone.end_s)
        if end_s - start_s <= 1e-6:
            continue
        add(SILENCE, at_s, start_s)
        add(SILENCE if is_silence(phone.ipa) else phone.ipa, max(at_s, start_s), end_s)
        at_s = end_s
    add(SILENCE, at_s, duration_s)
    return tuple(out)


def quiet_runs(envelope: Envelope) -> list[tuple[float, float]]:
    """Return (start_s, end_s) of the pauses that the sound itself shows, margins taken off."""
    limit = max(envelope.speech_db - _QUIET_BELOW_SPEECH_DB, _QUIET_ALWAYS_DB)
    total = len(envelope.full_db)
    runs = []
    for start, end in true_runs(envelope.full_db < limit):
        if end - start >= _PAUSE_MS:
            first = start if start == 0 else start + _PAUSE_MARGIN_MS
            last = end if end == total else end - _PAUSE_MARGIN_MS
            runs.append((float(first) / STEPS_PER_S, float(last) / STEPS_PER_S))
    return runs


def _audible_part(phone: Phone, runs: Sequence[tuple[float, float]], is_stop: bool) -> tuple[float, float]:
    """Return the longest part of a phone outside the pauses; all of it where there is none."""
    parts = []
    at_s = phone.start_s
    for start_s, end_s in runs:
        start_s, end_s = max(start_s, at_s), min(end_s, phone.end_s)
        if is_stop:
            end_s = min(end_s, phone.end_s - _STOP_TAIL_S)
        if end_s - start_s >= _SHORTEST_CUT_S:
            parts.append((at_s, start_s))
            at_s = end_s
    parts.append((at_s, phone.end_s))
    return max(parts, key=lambda part: part[1] - part[0])


def carve_pauses(phones: Sequence[Phone], envelope: Envelope) -> tuple[Phone, ...]:
    """Turn the parts of phones that lie in a pause of the sound into silence.

    Synthesisers and aligners stretch the last sound of a phrase over the pause behind it; the
    mouth would stay open. Short stops keep their own silence; a phone that a pause cuts in two
    keeps its longer part, so that there is still one phone.
    """
    runs = quiet_runs(envelope)
    first = 0
    out: list[Phone] = []
    for phone in phones:
        while first < len(runs) and runs[first][1] <= phone.start_s:
            first += 1
        last = first
        while last < len(runs) and runs[last][0] < phone.end_s:
            last += 1
        is_stop = bool({"stop", "affricate"} & classes_of(phone.ipa))
        if not phone.ipa or (is_stop and (phone.end_s - phone.start_s) * 1000 <= _LONGEST_STOP_MS):
            out.append(phone)
        else:
            out.append(Phone(phone.ipa, *_audible_part(phone, runs[first:last], is_stop)))
    return contiguous(out, phones[-1].end_s if phones else 0.0)


def snap_phones(phones: Sequence[Phone], closures: Sequence[Closure]) -> tuple[Phone, ...]:
    """Move the boundaries of p/b/m so that each phone begins with its closure and contains it.

    `closures` holds one entry per phone that has a closure, in order. Neighbours keep 10 ms.
    """
    out = list(phones)
    shut = iter(closures)
    for index, phone in enumerate(phones):
        if not has_closure(phone.ipa):
            continue
        closure = next(shut)
        start_s, end_s = out[index].start_s, out[index].end_s
        if index and not (is_silence(out[index - 1].ipa) and closure.start_s > start_s):
            start_s = max(closure.start_s, out[index - 1].start_s + _MIN_PHONE_S)
            start_s = min(start_s, end_s - _MIN_PHONE_S)
        if index + 1 < len(out) and closure.end_s > end_s:
            end_s = max(end_s, min(closure.end_s, out[index + 1].end_s - _MIN_PHONE_S))
            out[index + 1] = replace(out[index + 1], start_s=end_s)
        if index:
            out[index - 1] = replace(out[index - 1], end_s=start_s)
        out[index] = replace(out[index], start_s=start_s, end_s=end_s)
    return tuple(out)


def _shares(segments: Sequence[Segment]) -> list[float]:
    if len(segments) == 2:
        return [_FIRST_HALF, 1 - _FIRST_HALF]
    return [1 / len(segments)] * len(segments)


def viseme_cues(phones: Sequence[Phone], closures: Sequence[Closure]) -> tuple[VisemeCue, ...]:
    """Return the visemes of contiguous phones, over the same time without gaps or overlaps.

    Diphthongs give two cues. Behind a stop's release, and in a glottal sound, the lips already
    have the shape of the next sound, so its viseme is given there with a smaller weight.
    """
    out: list[VisemeCue] = []
    shut = iter(closures)
    for index, phone in enumerate(phones):
        segments = segments_of(phone.ipa)
        if not segments:
            out.append(VisemeCue("sil", phone.start_s, phone.end_s))
            continue
        following = segments_of(phones[index + 1].ipa) if index + 1 < len(phones) else ()
        start_s, end_s = phone.start_s, phone.end_s
        tail: VisemeCue | None = None
        if has_closure(phone.ipa):
            release_s = next(shut).end_s
            if len(segments) == 1 and following and start_s + _MIN_PHONE_S < release_s < end_s - _MIN_PHONE_S:
                tail = VisemeCue(following[0].viseme, release_s, end_s, 0.6 * following[0].weight)
                end_s = release_s
        elif "glottal" in segments[0].classes and following and "vowel" in following[0].classes:
            out.append(VisemeCue(following[0].viseme, start_s, end_s, 0.7 * following[0].weight))
            continue
        at_s, length_s = start_s, end_s - start_s
        for position, (segment, share) in enumerate(zip(segments, _shares(segments), strict=True)):
            stop_s = end_s if position == len(segments) - 1 else at_s + share * length_s
            out.append(VisemeCue(segment.viseme, at_s, stop_s, segment.weight))
            at_s = stop_s
        if tail:
            out.append(tail)
    return tuple(out)
