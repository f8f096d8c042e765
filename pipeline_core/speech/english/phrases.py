"""Text -> phrases: what a voice speaks in one breath, and the silence behind it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from .reading import English, Reading
from .tables import ABBREVIATIONS, TITLES
from .verbalize import verbalize

PARAGRAPH_PAUSE_S = 0.3
"""Added where the text has a line break; each sentence brings 0.3 s of its own."""
LONGEST_PAUSE_S = 60.0
MAX_SYMBOLS = 400
"""Longer sentences are cut; the voices were trained on less than 510 symbols."""
_CLAUSE_MARKS = frozenset(",;:—")
_PAUSE = re.compile(r"\[\s*pause(?:\s+(\d+(?:\.\d+)?|\.\d+)\s*(ms|s)?)?\s*\]", re.IGNORECASE)
_DEFAULT_PAUSE_S = 0.5
_BULLET = re.compile(r"^\s*(?:[-–*•·>]\s+)+")
_NEVER_LAST = frozenset(("e.g", "i.e", "vs", "cf", "approx", "no"))
_ENDLESS = re.compile(r"\S{2000}")
"""Longer runs without a space are no language; they are cut, because the patterns take time with their square."""
_SENTENCE_END = re.compile(r"[.!?…]+[\"”’')\]]*\s+(?=\S)")


@dataclass(frozen=True)
class Phrase:
    """What is spoken at once."""

    symbols: str
    """Phonemes, spaces and punctuation; "" for a pause alone."""
    words: tuple[tuple[str, int, int], ...]
    """Text and the range of its symbols."""
    pause_s: float = 0.0
    """Silence behind it, at normal speed."""
    scales: bool = True
    """Whether a slower voice makes a longer pause; an explicit one is as long as it says."""


def _ends_sentence(text: str, mark: re.Match[str]) -> bool:
    """Tell a full stop from that of a title, an initial or an abbreviation inside a sentence."""
    if text[mark.end()].islower():
        return False
    if not mark[0].startswith(".") or mark[0].startswith(".."):
        return True
    word = text[: mark.start()].rsplit(None, 1)[-1].lstrip("(\"“'‘[") if text[: mark.start()].strip() else ""
    if word in TITLES or (len(word) == 1 and word.isupper()) or word.lower() in _NEVER_LAST:
        return False
    return word not in ABBREVIATIONS or text[mark.end()].isupper()


def sentences_of(paragraph: str) -> list[str]:
    """Cut a paragraph behind full stops, question and exclamation marks."""
    paragraph = _ENDLESS.sub(r"\g<0> ", paragraph)
    found, start = [], 0
    for mark in _SENTENCE_END.finditer(paragraph):
        if _ends_sentence(paragraph, mark):
            found.append(paragraph[start : mark.end()].strip())
            start = mark.end()
    return [sentence for sentence in (*found, paragraph[start:].strip()) if sentence]


def _pieces(readings: list[Reading]) -> Iterator[list[Reading]]:
    """Cut a long sentence at its last clause mark, or else at its last word, before the limit."""
    piece: list[Reading] = []
    length = 0
    for reading in readings:
        size = len(reading.phonemes) + 1
        if piece and length + size > MAX_SYMBOLS:
            marks = [i for i, r in enumerate(piece) if r.phonemes in _CLAUSE_MARKS]
            cut = marks[-1] + 1 if marks and marks[-1] > len(piece) // 3 else len(piece)
            yield piece[:cut]
            piece = piece[cut:]
            length = sum(len(r.phonemes) + 1 for r in piece)
        piece.append(reading)
        length += size
    if piece:
        yield piece


def _phrase(readings: list[Reading]) -> Phrase:
    symbols, words = "", []
    for reading in readings:
        first = len(symbols)
        symbols += reading.phonemes
        if reading.phonemes and any(ch.isalnum() for ch in reading.text):
            words.append((reading.text, first, len(symbols)))
        # No space at the start: it would be stripped, and the words' places would be off by one.
        symbols += " " if reading.space_after and symbols else ""
    return Phrase(symbols[:MAX_SYMBOLS].strip(), tuple(words))


def _line_phrases(line: str, english: English) -> Iterator[Phrase]:
    for sentence in sentences_of(_BULLET.sub("", line)):
        readings = english.read(verbalize(sentence))
        for piece in _pieces(readings):
            phrase = _phrase(piece)
            if phrase.words:
                yield phrase


def phrases_of(text: str, english: English) -> Iterator[Phrase]:
    """Yield the phrases of a text, one after the other.

    Parameters
    ----------
    text : str
        English text. Line breaks pause; "[pause 0.5]" (or "[pause 200 ms]") is half a second.
    english : English
        The reader.
    """
    for line in text.splitlines():
        last: Phrase | None = None
        at = 0
        for mark in (*_PAUSE.finditer(line), None):
            for phrase in _line_phrases(line[at : mark.start() if mark else None], english):
                if last:
                    yield last
                last = phrase
            if mark:
                pause_s = _seconds(mark)
                yield replace(last, pause_s=pause_s, scales=False) if last else Phrase("", (), pause_s, False)
                last, at = None, mark.end()
        if last:
            yield replace(last, pause_s=PARAGRAPH_PAUSE_S)


def _seconds(mark: re.Match[str]) -> float:
    seconds = float(mark[1]) if mark[1] else _DEFAULT_PAUSE_S
    return min(LONGEST_PAUSE_S, seconds / 1000 if (mark[2] or "").lower() == "ms" else seconds)
