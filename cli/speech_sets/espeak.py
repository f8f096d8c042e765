"""Utterances of espeak-ng, through its library: it tells the sample at which each phoneme starts.

Only a tool: `apt install espeak-ng` (GPL-3.0) on the machine that trains or measures, nothing of it is shipped.
"""

from __future__ import annotations

import ctypes
import ctypes.util
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from ...pipeline_core.errors import InputError, MissingDependency, SettingError
from ...pipeline_core.speech.closures import find_closures
from ...pipeline_core.speech.envelope import envelope_of
from ...pipeline_core.speech.phones import has_closure, is_silence, segments_of
from ...pipeline_core.speech.timing import contiguous
from ...pipeline_core.types import Closure, FloatArray, Phone, Sound
from .utterance import Utterance, at_rate

LONGEST_CLOSURE_S = 0.16
"""Of the silence before a stop, this much is taken as its closure at most."""
CLOSURE_AFTER_PAUSE_S = 0.07
"""At the start of a phrase the closure cannot be heard; stops are held about this long."""
_SHORTEST_CLOSURE_S = 0.008
_QUIET = 4 / 32768
"""espeak's silence is digital, but for what a filter leaves."""
_MIN_RELEASE_S = 0.01
_FILES = {"en-gb": "en", "fr-fr": "fr"}
"""Languages whose files have another name; only a file's name can have a variant."""
_LOOKALIKES = {ord("ε"): "ɛ"}
"""Greek letters that some voices' IPA has."""
_RETRIEVAL, _PHONEME_EVENTS, _IPA, _DO_NOT_EXIT = 2, 0x0001, 0x0002, 0x8000
_RATE, _PITCH, _UTF8, _EVENT_PHONEME = 1, 3, 1, 7


class Mark(NamedTuple):
    """Where espeak starts the sound of a phoneme; a stop's is its release, behind the silent closure."""

    sample: int
    symbol: str


def sounding(marks: Sequence[Mark]) -> list[Mark]:
    """Return the marks of sounds and pauses, without those of tones, palatalisation and switches of language.

    What is left out belongs to the sound before it.
    """
    marks = [mark._replace(symbol=mark.symbol.translate(_LOOKALIKES)) for mark in marks]
    return [mark for mark in marks if not mark.symbol.strip("_:") or not is_silence(mark.symbol)]


def is_stop(symbol: str) -> bool:
    """Tell whether a sound begins with a closure of the mouth."""
    segments = segments_of(symbol)
    return bool(segments) and bool({"stop", "affricate"} & segments[0].classes)


def phones_of(marks: Sequence[Mark], samples: FloatArray, rate_hz: int) -> tuple[list[Phone], dict[int, float]]:
    """Return phones over the whole sound, and when stops with a silent closure are released.

    Parameters
    ----------
    marks : sequence of Mark
        In time order.
    samples : ndarray
        Sound [shape=(N,)].
    rate_hz : int
        Of the sound.

    Returns
    -------
    tuple
        Phones without gaps, and second of release by number of phone, for those whose start was moved to the
        start of the closure.
    """
    total_s = len(samples) / rate_hz
    starts = [_start(marks, index, samples, rate_hz) for index in range(len(marks))]
    # A closure that is carved out of a pause cuts off the marks of that pause.
    starts = np.minimum.accumulate(starts[::-1])[::-1].tolist() if starts else []
    raw = [Phone(mark.symbol, start_s, end_s)
           for mark, start_s, end_s in zip(marks, starts, [*starts[1:], total_s], strict=True)]
    phones = list(contiguous(raw, total_s))
    releases = {start_s: mark.sample / rate_hz for start_s, mark in zip(starts, marks, strict=True)
                if start_s < mark.sample / rate_hz}
    return phones, {i: releases[p.start_s] for i, p in enumerate(phones) if p.ipa and p.start_s in releases}


def _start(marks: Sequence[Mark], index: int, samples: FloatArray, rate_hz: int) -> float:
    """Return when a phoneme starts in seconds; a stop starts with the silence directly before its mark."""
    at = min(marks[index].sample, len(samples))
    if not is_stop(marks[index].symbol):
        return at / rate_hz
    before = max((m for m in marks[:index] if not is_silence(m.symbol)), default=None, key=lambda m: m.sample)
    paused = index == 0 or is_silence(marks[index - 1].symbol)
    longest_s = CLOSURE_AFTER_PAUSE_S if paused else LONGEST_CLOSURE_S
    first = max(at - round(longest_s * rate_hz), 0 if before is None else before.sample + 1)
    loud = np.flatnonzero(np.abs(samples[first:at]) > _QUIET)
    # A glottal pulse that ends right at the mark hides no silence; one that rings into it does.
    silent = at - first - (int(loud[-1]) + 1 if len(loud) else 0)
    return (at - silent if silent >= _SHORTEST_CLOSURE_S * rate_hz else at) / rate_hz


def closures_of(phones: Sequence[Phone], releases: dict[int, float], sound: Sound) -> tuple[Closure, ...]:
    """Return when the lips are shut: until the release, or until the level has risen where there is a murmur."""
    numbers = [index for index, phone in enumerate(phones) if has_closure(phone.ipa)]
    out = []
    for index, heard in zip(numbers, find_closures(phones, envelope_of(sound)), strict=True):
        phone = phones[index]
        end_s = releases.get(index, min(heard.end_s, phone.end_s))
        out.append(Closure(phone.start_s, max(end_s, phone.start_s + _MIN_RELEASE_S)))
    return tuple(out)


def speak(text: str, voice: str = "en-us", rate: int = 160, pitch: int = 50) -> Utterance:
    """Return what espeak-ng says, with its own times.

    Parameters
    ----------
    text : str
        In the voice's language.
    voice : str
        Language of espeak-ng, with a variant after a plus, e.g. "en-us+f3".
    rate : int
        Words per minute, 80 to 450.
    pitch : int
        0 (low) to 100 (high).

    Raises
    ------
    MissingDependency
        If espeak-ng is not installed.
    SettingError
        If it has no such voice.
    InputError
        If it says nothing to this text.
    """
    pcm, marks, rate_hz = _engine().say(text, voice, rate, pitch)
    if not any(not is_silence(mark.symbol) for mark in marks):
        raise InputError(f"espeak-ng says nothing to {text[:40]!r} in {voice}", hint="Use a text of that language.")
    samples = pcm.astype(np.float32) / 32768
    phones, releases = phones_of(marks, samples, rate_hz)
    closures = closures_of(phones, releases, Sound(samples[None], rate_hz))
    return Utterance(at_rate(samples, rate_hz), tuple(phones), closures, text, voice.partition("+")[0], voice, "espeak")


class _Id(ctypes.Union):
    _fields_ = [("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8)]


class _Event(ctypes.Structure):
    """`espeak_EVENT` of speak_lib.h."""

    _fields_ = [("type", ctypes.c_int), ("unique_identifier", ctypes.c_uint), ("text_position", ctypes.c_int),
                ("length", ctypes.c_int), ("audio_position", ctypes.c_int), ("sample", ctypes.c_int),
                ("user_data", ctypes.c_void_p), ("id", _Id)]  # fmt: skip


_CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event))


class _Engine:
    """The library; it has one state per process and is not re-entrant."""

    def __init__(self, library: Any) -> None:
        self._library = library
        self.rate_hz = int(library.espeak_Initialize(_RETRIEVAL, 0, None, _PHONEME_EVENTS | _IPA | _DO_NOT_EXIT))
        if self.rate_hz <= 0:
            raise MissingDependency("espeak-ng does not find its data", hint="Run: apt install espeak-ng-data")
        library.espeak_Synth.argtypes = [ctypes.c_char_p, ctypes.c_size_t, ctypes.c_uint, ctypes.c_int, ctypes.c_uint,
                                         ctypes.c_uint, ctypes.c_void_p, ctypes.c_void_p]  # fmt: skip
        self._callback = _CALLBACK(self._receive)
        library.espeak_SetSynthCallback(self._callback)
        self._parts: list[Any] = []
        self._marks: list[Mark] = []

    def _receive(self, samples: Any, count: int, events: Any) -> int:
        if count > 0 and samples:
            self._parts.append(np.ctypeslib.as_array(samples, (count,)).copy())
        index = 0
        while events[index].type:
            if events[index].type == _EVENT_PHONEME:
                symbol = bytes(events[index].id.string).split(b"\0")[0].decode("utf-8", "ignore")
                self._marks.append(Mark(events[index].sample, symbol))
            index += 1
        return 0

    def say(self, text: str, voice: str, rate: int, pitch: int) -> tuple[Any, list[Mark], int]:
        """Return 16-bit samples, marks and the rate in Hz."""
        language, plus, variant = voice.partition("+")
        name = _FILES.get(language, language) + plus + variant
        if self._library.espeak_SetVoiceByName(name.encode()):
            raise SettingError(f"espeak-ng has no voice {voice!r}", hint="List them: espeak-ng --voices")
        self._library.espeak_SetParameter(_RATE, rate, 0)
        self._library.espeak_SetParameter(_PITCH, pitch, 0)
        self._parts, self._marks = [], []
        data = text.encode() + b"\0"
        failed = self._library.espeak_Synth(data, len(data), 0, 0, 0, _UTF8, None, None)
        self._library.espeak_Synchronize()
        if failed or not self._parts:
            raise InputError(f"espeak-ng cannot say {text[:40]!r} in {voice}", hint="Use another text.")
        return np.concatenate(self._parts), sounding(self._marks), self.rate_hz


@lru_cache(maxsize=1)
def _engine() -> _Engine:
    for name in (ctypes.util.find_library("espeak-ng"), "libespeak-ng.so.1"):
        try:
            return _Engine(ctypes.CDLL(name or ""))
        except OSError:
            continue
    raise MissingDependency("espeak-ng is not installed", hint="Run: apt install espeak-ng")
