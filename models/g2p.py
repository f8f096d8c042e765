"""How the words of a transcript are pronounced: by the English front end, espeak-ng, or the letters."""

from __future__ import annotations

import re

from ..pipeline_core.errors import InputError
from ..pipeline_core.speech.readings import WordReading
from ..pipeline_core.speech.readings.english import english_readings
from ..pipeline_core.speech.readings.language import guess_language
from ..pipeline_core.speech.readings.spelling import spelled_reading, words_of
from ..pipeline_core.speech.text import MAX_CHARACTERS
from . import g2p_espeak
from .english import DATA, english

AUTO = "auto"
_LEAST_READABLE = 0.5
"""Share of the words that must be readable; with fewer, hardly anything would hold the rest in place."""
_ASIDES = re.compile(r"<[^<>]{0,200}>|\[[^\[\]]{0,200}\]")
_LONGEST_LETTER_WORD = 2
"""espeak-ng reads so short a word, by itself, as the name of its letters."""


def readings(transcript: str, language: str = AUTO) -> tuple[WordReading, ...]:
    """Return the words of a transcript and how they may be said.

    Parameters
    ----------
    transcript : str
        As people write it, 200 000 characters at most; the rest is left out.
    language : str
        Two letters, or "auto": judged by script and small words.

    Raises
    ------
    InputError
        If there is nothing to read, or nobody knows how to read most of it.
    """
    text = transcript[:MAX_CHARACTERS]
    language = guess_language(text) if language == AUTO else language.lower().split("-")[0]
    words = _english(text) if language == "en" else None
    words = words if words is not None else _foreign(_ASIDES.sub(" ", text), language)
    if not words:
        raise InputError("the transcript holds no words", hint="Give the spoken words, or leave the transcript empty.")
    unknown = [word.text for word in words if not word.readings]
    if len(unknown) > (1 - _LEAST_READABLE) * len(words):
        raise InputError(f"{len(unknown)} of {len(words)} words of the transcript cannot be read, such as {unknown[0]!r}",
                         hint="Install espeak-ng (pip install espeakng-loader) for this language, or leave the transcript empty.")
    return words


def _english(text: str) -> tuple[WordReading, ...] | None:
    """Return the words as the voices read them; None where torch or the word list is missing."""
    if not DATA.is_file():
        return None
    try:
        return english_readings(text, english())
    except ImportError:
        return None


def _foreign(text: str, language: str) -> tuple[WordReading, ...]:
    words = words_of(text, language)
    said = g2p_espeak.phonemes(words, language)
    return tuple(_reading(word, language, said[i] if said else []) for i, word in enumerate(words))


def _reading(word: str, language: str, symbols: list[str]) -> WordReading:
    spelled = spelled_reading(word, language)
    if not symbols:
        return spelled
    heard = " ".join(symbols)
    if len(word) <= _LONGEST_LETTER_WORD and spelled.readings:
        return WordReading(word, tuple(dict.fromkeys((*spelled.readings, heard))))
    return WordReading(word, (heard,))
