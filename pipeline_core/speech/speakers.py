"""Who says what when: a table of turns, one sound for each speaker, and all of them together again."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from ..errors import SettingError
from ..media.audio import resample
from ..types import FloatArray, Sound
from .runs import true_runs

FADE_S = 0.01
"""Fade at both ends of a turn: no click, and shorter than any speech sound."""
TOLERANCE_S = 0.05
"""A table that was written with one decimal may end this much after the sound."""
MAX_FACE = 63
SAME_SHARE = 0.9
"""Sounds that agree in this share of the samples which both have are parts of one recording."""
SILENT_S = 0.6
"""Digital silence from this length on is somebody else's turn."""
CLOSING_S = 0.1
"""Time in which a mouth goes over to its own, and into which half as much is added at each end of a turn."""
EXAMPLE = "Write lines such as '0-2.5 1' (from, to, number of the face) or '1: 0-2.5, 4-6'. Times are seconds or m:ss."
_TIME = r"(?:(\d+):)?(\d+(?:\.\d*)?|\.\d+)\s*s?"
_SPAN = rf"{_TIME}\s*(?:-|–|to|\s)\s*{_TIME}"
_BY_TIME = re.compile(rf"{_SPAN}\s*[\s,]\s*(?:face\s*)?(\d+)", re.IGNORECASE)
_BY_FACE = re.compile(r"(?:face\s*|speaker\s*)?(\d+)\s*:\s+(.*)", re.IGNORECASE)
_ONE_SPAN = re.compile(_SPAN, re.IGNORECASE)


@dataclass(frozen=True, order=True)
class Turn:
    """One person speaks."""

    start_s: float
    end_s: float
    face: int
    """The person's number in the picture of Detect Face."""
    confidence: float = 1.0
    """How sure that is, 0..1."""


def read_turns(table: str, duration_s: float, faces: int | None = None) -> tuple[Turn, ...]:
    """Read a table of turns, such as "0-2.5 1 / 2.5-5 2" or "1: 0-2.5, 4-6".

    Parameters
    ----------
    table : str
        Entries on lines of their own, or divided by "/" or ";". What follows "#" is a remark.
    duration_s : float
        Length of the sound.
    faces : int, optional
        How many faces there are, where that is known.

    Returns
    -------
    tuple of Turn
        In the order of their beginnings; turns of one face that overlap are one.

    Raises
    ------
    SettingError
        At the first entry that cannot be read, ends before it begins, or names a time or face that is not there.
    """
    turns: list[Turn] = []
    for number, line in enumerate(table.splitlines(), 1):
        for entry in re.split(r"[/;]", line.split("#", 1)[0]):
            if entry.strip():
                turns += [_checked(turn, entry, number, duration_s, faces) for turn in _entry(entry.strip(), number)]
    if not turns:
        raise SettingError("the table of speakers is empty", hint=EXAMPLE)
    return joined_turns(turns)


def read_faces(text: str) -> tuple[int, ...]:
    """Read the numbers of faces, such as "0, 1, 2".

    Raises
    ------
    SettingError
        If there is something else, or a number twice.
    """
    words = re.split(r"[\s,;]+", text.strip(" ,;\n\t"))
    if not all(word.isdecimal() and int(word) <= MAX_FACE for word in words) or len(set(map(int, words))) < len(words):
        raise SettingError(f"faces={text!r} is no list of different face numbers", hint="Write for example 0, 1.")
    return tuple(int(word) for word in words)


def _entry(entry: str, line: int) -> list[Turn]:
    by_time, by_face = _BY_TIME.fullmatch(entry), _BY_FACE.fullmatch(entry)
    if by_time:
        return [_turn(by_time.groups()[:4], int(by_time.group(5)))]
    spans = [_ONE_SPAN.fullmatch(part.strip()) for part in by_face.group(2).rstrip(" ,").split(",")] if by_face else [None]
    if by_face is None or None in spans:
        raise SettingError(f"line {line} of the table of speakers cannot be read: {entry!r}", hint=EXAMPLE)
    return [_turn(span.groups(), int(by_face.group(1))) for span in spans if span]


def _turn(numbers: Sequence[str | None], face: int) -> Turn:
    start_s, end_s = (60 * int(numbers[i] or 0) + float(numbers[i + 1] or 0) for i in (0, 2))
    return Turn(start_s, end_s, face)


def _checked(turn: Turn, entry: str, line: int, duration_s: float, faces: int | None) -> Turn:
    where = f"line {line} of the table of speakers ({entry.strip()!r})"
    if turn.end_s <= turn.start_s:
        raise SettingError(f"{where} ends before it begins", hint=EXAMPLE)
    if turn.end_s > duration_s + TOLERANCE_S:
        raise SettingError(f"{where} ends at {turn.end_s:g} s, but the sound at {duration_s:.2f} s",
                           hint="Give times within the sound.")
    if turn.face > MAX_FACE or (faces is not None and turn.face >= faces):
        raise SettingError(f"{where} names face {turn.face}, but there is only "
                           + (f"0 to {(faces or MAX_FACE + 1) - 1}" if faces != 1 else "face 0"),
                           hint="Take the numbers from the picture of Detect Face; they begin with 0.")
    return Turn(turn.start_s, min(turn.end_s, duration_s), turn.face)


def joined_turns(turns: Iterable[Turn], pause_s: float = 0.0) -> tuple[Turn, ...]:
    """Return the turns in order; those of one face that overlap, or are `pause_s` or less apart, become one."""
    last: dict[int, int] = {}
    out: list[Turn] = []
    for turn in sorted(turns):
        at = last.get(turn.face)
        if at is not None and turn.start_s <= out[at].end_s + pause_s:
            before = out[at]
            spans = before.end_s - before.start_s, turn.end_s - turn.start_s
            confidence = float(np.average((before.confidence, turn.confidence), weights=spans))
            out[at] = Turn(before.start_s, max(before.end_s, turn.end_s), turn.face, confidence)
        else:
            last[turn.face] = len(out)
            out.append(turn)
    return tuple(sorted(out))


def sound_of_face(sound: Sound, turns: Iterable[Turn], face: int) -> Sound:
    """Return what one face says: the sound in its turns, with short fades, and silence elsewhere.

    Where one face stops at the moment another begins, both fade around that moment so that they add up to the sound.
    """
    gain = np.zeros(sound.samples.shape[1], np.float32)
    rate_hz, half = sound.rate_hz, FADE_S / 2
    for turn in turns:
        if turn.face == face:
            # The ends of the sound itself stay as they are.
            start_s = turn.start_s if turn.start_s > half else -FADE_S
            end_s = turn.end_s if turn.end_s < sound.duration_s - half else sound.duration_s + FADE_S
            first, last = max(0, round((start_s - half) * rate_hz)), min(len(gain), round((end_s + half) * rate_hz) + 1)
            at = np.arange(first, last) / rate_hz
            ramp = np.clip(np.minimum(at - start_s, end_s - at) / FADE_S + 0.5, 0.0, 1.0)
            gain[first:last] = np.maximum(gain[first:last], ramp)
    return Sound(samples=sound.samples * gain, rate_hz=rate_hz)


def sounds_of_faces(sound: Sound, turns: Sequence[Turn], faces: Sequence[int]) -> tuple[Sound, ...]:
    """Return what each of several faces says.

    Raises
    ------
    SettingError
        If somebody speaks who is none of them.
    """
    missing = sorted({turn.face for turn in turns} - set(faces))
    if missing:
        raise SettingError(f"face {missing[0]} speaks, but no output is for it (faces: {', '.join(map(str, faces))})",
                           hint="Add its number to faces.")
    return tuple(sound_of_face(sound, turns, face) for face in faces)


def mixed(sounds: Sequence[Sound]) -> Sound:
    """Return all sounds together, from the same beginning to the end of the longest.

    Parts of one recording are heard as loud as they are in it, also where they overlap. Where the sum of different
    sounds would clip, all of it is made quieter.
    """
    rate_hz = max(sound.rate_hz for sound in sounds)
    same = [resample(sound, rate_hz).samples for sound in sounds]
    channels, length = max(len(s) for s in same), max(s.shape[1] for s in same)
    total = np.zeros((channels, length), np.float32)
    for samples in same:
        part = total[:, : samples.shape[1]]
        given = np.broadcast_to(samples if len(samples) == channels else samples.mean(axis=0), part.shape)
        part[:] = np.where(np.abs(given) > np.abs(part), given, part) if _one_recording(part, given) else part + given
    peak = float(np.abs(total).max(initial=0.0))
    loudest = max(1.0, *(float(np.abs(sound.samples).max(initial=0.0)) for sound in sounds))
    return Sound(samples=np.asarray(total * min(1.0, loudest / max(peak, loudest)), np.float32), rate_hz=rate_hz)


def _one_recording(a: FloatArray, b: FloatArray) -> bool:
    both = (a != 0) & (b != 0)
    return bool(both.any()) and float(np.mean(a[both] == b[both])) >= SAME_SHARE


def heard_share(sound: Sound, fps: Fraction, first: int, frames: int) -> FloatArray:
    """Return 1 in frames in which a sound is to be heard, 0 in long digital silence, with fades between [shape=(frames,)].

    Parameters
    ----------
    sound : Sound
        It begins at frame `first`. Recorded pauses are never digital silence; turns of others are (`sound_of_face`).
    fps : Fraction
        Frame rate.
    first, frames : int
        Where it begins, and how many frames there are.
    """
    silent = np.asarray(~sound.samples.any(axis=0))
    share = np.ones(frames, np.float32)
    for start, stop in true_runs(silent):
        if stop - start >= SILENT_S * sound.rate_hz:
            rest = first + start * float(fps) / sound.rate_hz, first + stop * float(fps) / sound.rate_hz
            at = np.arange(max(0, int(rest[0])), min(frames, int(rest[1]) + 2))
            # The lips close behind the last sound and open before the next one.
            left = np.minimum(at - rest[0] if start else np.inf, rest[1] - at if stop < len(silent) else np.inf)
            share[at] = np.minimum(share[at], np.clip(1.0 - (left / float(fps) - CLOSING_S / 2) / CLOSING_S, 0.0, 1.0))
    return share


def turns_report(turns: Sequence[Turn]) -> str:
    """Return the turns as lines that `read_turns` understands, with how sure they are."""
    return "\n".join(f"{turn.start_s:.2f}-{turn.end_s:.2f} {turn.face}"
                     + (f"  # {100 * turn.confidence:.0f} % sure" if turn.confidence < 1.0 else "") for turn in turns)
