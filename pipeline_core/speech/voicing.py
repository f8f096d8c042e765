"""What all voices share: from phrases to one sound with phones and words, exactly timed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError, SettingError
from ..host import Host
from ..interfaces import Recognition
from ..types import FloatArray, Phone, Sound, Word
from .analyze import LONGEST_S
from .english import English, Phrase, phrases_of
from .english.phrases import sentences_of
from .phones import SILENCE, classes_of, misaki_to_ipa

MAX_CHARACTERS = 60_000
"""About an hour of speech, 350 MB of samples."""
SPEEDS = (0.5, 2.0)
_SHORT_MARK_S = 0.06
"""Punctuation shorter than this is no pause (quotes, brackets)."""
_FADE_S = 0.005
"""At both ends of a phrase, so that joining two cannot click."""

Draw = Callable[[str, float], tuple[FloatArray, NDArray[np.float64]]]
"""(symbols, speed) -> samples [shape=(S,)] and the boundaries of the symbols in samples [shape=(N + 1,)]."""


@dataclass(frozen=True)
class Speaker:
    """A voice as this module needs it."""

    rate_hz: int
    symbols: frozenset[str]
    """Which characters it can draw; others are left out."""
    draw: Draw


def phones_of(symbols: str, starts_s: NDArray[np.float64]) -> list[Phone]:
    """Symbols and their boundaries [shape=(N + 1,)] -> phones.

    Stress marks belong to the vowel behind them, length marks and most spaces to the sound before,
    a space before a stop to the stop (its silent closure), punctuation to the pause.
    """
    out: list[Phone] = []
    pending: float | None = None
    for index, symbol in enumerate(symbols):
        start_s, end_s = float(starts_s[index]), float(starts_s[index + 1])
        start_s, pending = (start_s if pending is None else pending), None
        ipa = misaki_to_ipa(symbol)
        following = misaki_to_ipa(symbols[index + 1]) if index + 1 < len(symbols) else SILENCE
        if ipa:
            out.append(Phone(ipa, start_s, end_s))
        elif symbol in "ˈˌ" or (symbol == " " and "stop" in classes_of(following)):
            pending = start_s
        elif symbol in " ːʰʲ" or end_s - start_s < _SHORT_MARK_S:
            if out:
                out[-1] = Phone(out[-1].ipa, out[-1].start_s, end_s)
        else:
            out.append(Phone(SILENCE, start_s, end_s))
    return out


def _covering(phones: Iterable[Phone], duration_s: float) -> tuple[Phone, ...]:
    """Fill the gaps between phrases with silence."""
    out: list[Phone] = []
    at_s = 0.0
    for phone in phones:
        if phone.start_s > at_s + 1e-9:
            out.append(Phone(SILENCE, at_s, phone.start_s))
        if phone.end_s > phone.start_s:
            out.append(phone)
        at_s = max(at_s, phone.end_s)
    if duration_s > at_s + 1e-9:
        out.append(Phone(SILENCE, at_s, duration_s))
    return tuple(out)


class _Tape:
    """Collects the sound of phrases and what is said in them."""

    def __init__(self, rate_hz: int) -> None:
        self.rate_hz = rate_hz
        self._sound = bytearray()
        self.phones: list[Phone] = []
        self.words: list[Word] = []
        self.length = 0

    def add(self, phrase: Phrase, speaker: Speaker, speed: float) -> None:
        known = [i for i, symbol in enumerate(phrase.symbols) if symbol in speaker.symbols]
        symbols = "".join(phrase.symbols[i] for i in known)
        samples, edges = speaker.draw(symbols, speed)
        starts_s = (np.asarray(edges, np.float64) + self.length) / self.rate_hz
        self.phones += phones_of(symbols, starts_s)
        at = {original: position for position, original in enumerate(known)}
        for text, first, last in phrase.words:
            inside = [at[i] for i in range(first, last) if i in at]
            if inside:
                self.words.append(Word(text, float(starts_s[inside[0]]), float(starts_s[inside[-1] + 1])))
        self._append(_faded(samples, round(_FADE_S * self.rate_hz)))

    def pause(self, seconds: float) -> None:
        self._append(np.zeros(round(seconds * self.rate_hz), np.float32))

    def _append(self, samples: FloatArray) -> None:
        if self.length + len(samples) > LONGEST_S * self.rate_hz:
            raise InputError(f"the text lasts more than {LONGEST_S / 3600:.0f} hours with its pauses",
                             hint="Shorten the pauses, or split the text and make several videos.")
        # A bytearray grows in place, so that an hour of sound is in memory once, not twice.
        self._sound += np.clip(samples, -1.0, 1.0).astype(np.float32).tobytes()
        self.length += len(samples)

    def samples(self) -> FloatArray:
        """Return the whole sound."""
        return np.frombuffer(self._sound, np.float32)


def _faded(samples: FloatArray, count: int) -> FloatArray:
    count = min(count, len(samples) // 2)
    ramp = np.linspace(0, 1, count, endpoint=False, dtype=np.float32)
    samples = np.array(samples, np.float32)
    samples[:count] *= ramp
    samples[len(samples) - count :] *= ramp[::-1]
    return samples


def speak(text: str, speed: float, english: English, speaker: Speaker, host: Host) -> tuple[Sound, Recognition]:
    """Return the sound of a text and what is said when, exactly.

    Parameters
    ----------
    text : str
        English text, 60 000 characters at most.
    speed : float
        0.5 (slow) to 2 (fast).
    english : English
        Reads the text.
    speaker : Speaker
        Draws the phrases.
    host : Host
        Progress and cancel per phrase.

    Raises
    ------
    SettingError
        If `speed` is out of range.
    InputError
        If nothing in the text can be spoken, or it is too long, by letters or with its pauses.
    """
    if not SPEEDS[0] <= speed <= SPEEDS[1]:
        raise SettingError(f"speed is {speed}", hint="Choose a speed from 0.5 to 2.")
    if len(text) > MAX_CHARACTERS:
        raise InputError(f"the text has {len(text)} characters; the voice reads {MAX_CHARACTERS} at most",
                         hint="Split the text and make several videos.")
    tape = _Tape(speaker.rate_hz)
    total = max(1, sum(len(sentences_of(line)) for line in text.splitlines()))
    last_pause_s = 0.0
    for number, phrase in enumerate(phrases_of(text, english)):
        host.progress(min(number, total), total)
        tape.pause(last_pause_s)
        if phrase.words:
            tape.add(phrase, speaker, speed)
        last_pause_s = phrase.pause_s / (speed if phrase.scales else 1.0)
        if not phrase.scales:
            # An explicit pause counts at the end of the text as well; that of a paragraph does not.
            tape.pause(last_pause_s)
            last_pause_s = 0.0
    if not tape.words:
        raise InputError(f"there is nothing to say in {text[:40]!r}",
                         hint="Type a sentence in English; emoji and other scripts are not spoken.")
    host.progress(total, total)
    duration_s = tape.length / speaker.rate_hz
    return (Sound(tape.samples()[None], speaker.rate_hz),
            Recognition(_covering(tape.phones, duration_s), tuple(tape.words)))
