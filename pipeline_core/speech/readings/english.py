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

_WEAK = {
    "a": "ə|eɪ", "an": "ə|æ n", "and": "æ|ə? n d?", "are": "ɑ|ə|ɚ ɹ?", "as": "æ|ə z", "at": "æ|ə t?",
    "but": "b ʌ|ə t?", "can": "k æ|ə? n", "could": "k ʊ|ə? d", "do": "d u|ə", "does": "d ʌ|ə z",
    "for": "f ɔ|ə|ɚ ɹ?", "from": "f ɹ ʌ|ɑ|ə m", "had": "h? æ|ə d", "has": "h? æ|ə z", "have": "h? æ|ə v",
    "he": "h? i|ɪ", "her": "h? ɚ|ə ɹ?", "him": "h? ɪ m", "his": "h? ɪ z", "is": "ɪ? z|s", "it": "ɪ t?",
    "just": "ʤ ʌ|ə s t?", "must": "m ʌ|ə s t?", "not": "n ɑ|ɒ t?", "of": "ʌ|ɒ|ə v?", "or": "ɔ|ə|ɚ ɹ?",
    "shall": "ʃ æ|ə l", "should": "ʃ ʊ|ə? d", "some": "s ʌ|ə m", "than": "ð æ|ə n", "that": "ð æ|ə t?",
    "the": "ð ə|i", "them": "ð? ɛ|ə m", "then": "ð ɛ|ə n", "to": "t u|ʊ|ə", "was": "w ʌ|ɒ|ə z",
    "we": "w i|ɪ", "were": "w ɚ|ə ɹ?", "what": "w ʌ|ɒ t?", "will": "w? ɪ|ə? l", "would": "w? ʊ|ə? d",
    "you": "j u|ʊ|ə", "your": "j ɔ|ʊ|ɚ ɹ?", "with": "w ɪ θ|ð",
}  # fmt: skip
"""Words that are mostly said in passing."""
_ASIDES = re.compile(r"<[^<>]{0,200}>|\[(?!\s*pause)[^\[\]]{0,200}\]")
"""Mark-up and stage directions: nobody says them."""
_MARKS = ".,;:!?\"'()[]{}“”‘’«»…—–-*_#"
"""Around a word, not part of it."""
_MOST_JOINED = 4
"""Spoken words that one written thing may stand for; longer ones, as telephone numbers, have pauses."""
_LONGEST_LINE = 2000
"""Words of a line beyond which comparing written and spoken words would take seconds."""
_CHANGED = {"oʊ": "oʊ|əʊ", "ɑ": "ɑ|ɒ", "ɒ": "ɑ|ɒ", "tʃ": "tʃ", "dʒ": "dʒ"}


def _symbols(said: str) -> list[str]:
    """Return IPA symbols, "ˈ" or "ˌ" before a vowel that is stressed, "ᵊ" for one that may be lost."""
    return [ch if ch in "ˈˌᵊT" else misaki_to_ipa(ch) for ch in said if ch in "ˈˌᵊT" or misaki_to_ipa(ch)]


def _varied(said: str) -> str:
    """Return the reading of phonemes of the front end with the ways that people say them."""
    marked = _symbols(said)
    sounds = [ch for ch in marked if ch not in "ˈˌ"]
    out: list[str] = []
    for at, sound in enumerate(sounds):
        before = sounds[at - 1] if at else ""
        after = sounds[at + 1] if at + 1 < len(sounds) else ""
        ends_syllable = not is_vowel(after)
        if sound == "ᵊ":
            out.append("ə?")
        elif sound == "T":
            out.append("ɾ|t|d")
        elif sound in "əɜ" and after == "ɹ" and (at + 2 == len(sounds) or not is_vowel(sounds[at + 2])):
            out.append("ɚ|ə")
        elif sound == "ɹ" and is_vowel(before) and ends_syllable:
            out.append("ɹ?")
        elif sound in ("t", "d") and not after and before and not is_vowel(before) and before != "ɹ":
            out.append(f"{sound}?")
        elif sound == "ŋ" and not after and before == "ɪ" and len(sounds) > 3:
            out.append("ŋ|n")
        else:
            out.append(_CHANGED.get(sound, sound))
    return " ".join(out)


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
    return WordReading(text, (_WEAK.get(text.lower()) or _varied(said),))


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
