"""English transcripts: the voices' own front end says how, and rules say how else.

The front end speaks General American, carefully. People drop sounds, and half of them speak
otherwise: what differs in the number of sounds is written into the reading here; what differs in
colour only, as the vowel of "bath", the alignment tolerates anyway.
"""

from __future__ import annotations

import re
from difflib import SequenceMatcher

from ..english import English, phrases_of
from ..phones import is_vowel, misaki_to_ipa
from .word import WordReading

_WEAK = frozenset(
    ["a", "an", "and", "are", "as", "at", "but", "can", "could", "do", "does", "for", "from", "had", "has", "have", "he", "her", "him", "his", "is", "it", "just", "me", "must", "my", "not", "of", "on", "or", "shall", "she", "should", "some", "than", "that", "the", "them", "then", "there", "to", "us", "was", "we", "were", "what", "will", "with", "would", "you", "your"])
"""Words that are mostly said in passing: any vowel may be weak, an h and a last t or d may be lost."""
_FULL = {"a": "eɪ", "the": "i", "to": "u", "you": "ʊ"}
"""What else their vowel may be."""
_ASIDES = re.compile(r"<[^<>]{0,200}>|\[(?!\s*pause)[^\[\]]{0,200}\]")
"""Mark-up and stage directions: nobody says them."""
_MARKS = ".,;:!?\"'()[]{}“”‘’«»…—–-*_#"
"""Around a word, not part of it."""
_MOST_JOINED = 4
"""Spoken words that one written thing may stand for; longer ones, as telephone numbers, have pauses."""
_LONGEST_LINE = 2000
"""Words of a line beyond which comparing written and spoken words would take seconds."""
_ACCENTS = {"oʊ": "oʊ|əʊ", "ɑ": "ɑ|ɒ", "ᵊ": "ə?", "T": "ɾ|t|d"}
"""How others say a sound; "T" is a flap, "ᵊ" a vowel that may be lost."""


def _varied(word: str, said: str) -> str:
    """Return the reading of phonemes of the front end, with the ways that people say them."""
    sounds = [ch if ch in _ACCENTS else misaki_to_ipa(ch) for ch in said]
    sounds = [sound for sound in sounds if sound]
    weak = word.lower() in _WEAK
    full = _FULL.get(word.lower(), "")
    return " ".join(filter(None, (_slot(sounds, at, weak, full) for at in range(len(sounds)))))


def _slot(sounds: list[str], at: int, weak: bool, full: str) -> str:
    """Return one place of a reading; what the front end says comes first."""
    sound, before, after = sounds[at], "".join(sounds[at - 1 : at]), "".join(sounds[at + 1 : at + 2])
    last = at + 1 == len(sounds)
    if sound in ("ə", "ɜ") and after == "ɹ" and not is_vowel("".join(sounds[at + 2 : at + 3])):
        # "bird" has one sound there, whether people say it with an r or without.
        return "ə|ɚ" if sound == "ə" else "ɝ|ə"
    if sound == "ɹ" and is_vowel(before) and not is_vowel(after):
        return "" if before == "ɜ" else "ɹ?"
    if weak and is_vowel(sound):
        return "|".join(dict.fromkeys(filter(None, (sound, "ə", full))))
    if weak and (sound == "h" or (last and sound in ("t", "d"))):
        return f"{sound}?"
    if last and sound in ("t", "d") and before and not is_vowel(before) and before != "ɹ":
        return f"{sound}?"
    if last and sound == "ŋ" and before == "ɪ" and len(sounds) > 3:
        return "ŋ|n"
    return _ACCENTS.get(sound, sound)


def english_readings(transcript: str, english: English) -> tuple[WordReading, ...]:
    """Return the words of an English transcript.

    Parameters
    ----------
    transcript : str
        As people write it; stage directions in square brackets and mark-up are left out.
    english : English
        Reads it, see `english.reading`.

    Returns
    -------
    tuple of WordReading
        Texts are as they were written ("$5"), readings as they are spoken ("five dollars").
    """
    found: list[WordReading] = []
    for line in _ASIDES.sub(" ", transcript).splitlines():
        spoken = [_reading(text, phrase.symbols[first:last])
                  for phrase in phrases_of(line, english) for text, first, last in phrase.words]
        found += _as_written(line, [word for word in spoken if word.readings[0]])
    return tuple(found)


def _reading(text: str, said: str) -> WordReading:
    return WordReading(text, (_varied(text, said),))


def _as_written(line: str, spoken: list[WordReading]) -> list[WordReading]:
    """Join the words that stand for one thing that was written: five, dollars -> "$5"."""
    written = [word for word in (part.strip(_MARKS) for part in line.split()) if word]
    if len(written) > _LONGEST_LINE or not written:
        return spoken
    sides = [word.lower() for word in written], [word.text.lower() for word in spoken]
    found: list[WordReading] = []
    for kind, a, b, c, d in SequenceMatcher(None, sides[0], sides[1], autojunk=False).get_opcodes():
        if kind == "replace" and b - a == 1 and d - c <= _MOST_JOINED:
            said = " ".join(word.readings[0] for word in spoken[c:d])
            found.append(WordReading(written[a], (said,)))
        else:
            found += spoken[c:d]
    return found
