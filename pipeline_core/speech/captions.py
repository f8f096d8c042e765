"""SRT and WebVTT captions: words in and out."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from ..errors import InputError
from ..types import SpeechTrack, Word

_TIME = r"(?:(\d{1,3}):)?(\d{1,2}):(\d{2})[.,](\d{1,3})"
_ARROW = re.compile(rf"^\s*{_TIME}\s*-->\s*{_TIME}")
MAX_CUES = 200_000
"""Four hours of speech hold 170 000 sounds."""
_TAG = re.compile(r"<[^<>]{0,200}>|\{[^{}]{0,200}\}")
_CAPTION_CHARACTERS = 42
"""One line of a caption, as subtitle guidelines have it."""
_PAUSE_S = 0.8
"""A longer silence ends a caption."""
_SENTENCE_CHARACTERS, _ENDS = 16, (".", "!", "?", "。", "！", "？")
"""A caption of this length ends with its sentence."""
_NEAR_CHARACTERS = 80
"""A word is looked for in so much of the text: what is read otherwise than written, such as a number, is passed over."""


def _seconds(parts: Sequence[str | None]) -> float:
    hours, minutes, seconds, fraction = (part or "0" for part in parts)
    return int(hours) * 3600 + int(minutes) * 60 + int(seconds) + int(fraction.ljust(3, "0")) / 1000


def looks_like_captions(text: str) -> bool:
    """Tell whether a text is SRT or WebVTT."""
    return any(_ARROW.match(line) for line in text.splitlines()[:200])


def read_captions(text: str) -> tuple[Word, ...]:
    """Return the words of SRT or WebVTT captions; the words of one caption share its time by length.

    Raises
    ------
    InputError
        If there are no captions or absurdly many.
    """
    words: list[Word] = []
    is_vtt = text.lstrip("\ufeff\n ").startswith("WEBVTT")
    for cues, (span, lines) in enumerate(_cues(text), 1):
        if cues > MAX_CUES:
            raise InputError(f"the captions hold more than {MAX_CUES} entries", hint="Give the captions of one clip only.")
        plain = _TAG.sub("", " ".join(lines)) if span[1] > span[0] else ""
        words += _shared((html.unescape(plain) if is_vtt else plain).split(), span)
    if not words:
        raise InputError("the captions hold no words", hint="Give an SRT or WebVTT file with text.")
    return tuple(sorted(words, key=lambda w: w.start_s))


def _cues(text: str) -> Iterator[tuple[tuple[float, float], list[str]]]:
    """Yield the time and the lines of each caption."""
    span: tuple[float, float] | None = None
    lines: list[str] = []
    for line in [*text.splitlines(), ""]:
        match = _ARROW.match(line)
        if (match or not line.strip()) and span:
            yield span, lines
        if match:
            groups = match.groups()
            span, lines = (_seconds(groups[:4]), _seconds(groups[4:])), []
        elif not line.strip():
            span = None
        else:
            lines.append(line)


def _shared(texts: list[str], span: tuple[float, float]) -> list[Word]:
    total = sum(len(t) + 1 for t in texts)
    at_s, out = span[0], []
    for text in texts:
        end_s = at_s + (span[1] - span[0]) * (len(text) + 1) / total
        out.append(Word(text, at_s, end_s))
        at_s = end_s
    return out


def _stamp(time_s: float, mark: str) -> str:
    whole, milli = divmod(round(time_s * 1000), 1000)
    return f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}{mark}{milli:03d}"


def caption_lines(speech: SpeechTrack) -> tuple[tuple[Word, ...], ...]:
    """Share words out to captions of one line, with a new one after each pause and each longer sentence."""
    out: list[tuple[Word, ...]] = []
    for word in punctuated(speech.words, speech.text):
        line = out[-1] if out and word.start_s - out[-1][-1].end_s < _PAUSE_S else ()
        over = len(_text(line)) >= _SENTENCE_CHARACTERS and _text(line).endswith(_ENDS)
        if line and not over and len(_text(line)) + len(word.text) < _CAPTION_CHARACTERS:
            out[-1] = (*line, word)
        else:
            out.append((word,))
    return tuple(out)


def punctuated(words: Sequence[Word], text: str) -> tuple[Word, ...]:
    """Return words as they stand in a text, with its marks and capitals; those that are not found there as they are."""
    out, at = [], 0
    for word in words:
        found = re.compile(rf"(?<!\w)[^\w\s]*{re.escape(word.text)}(?!\w)[^\w\s]*", re.IGNORECASE).search(
            text, at, at + _NEAR_CHARACTERS + len(word.text))
        at = found.end() if found else at
        out.append(replace(word, text=found.group()) if found else word)
    return tuple(out)


def _text(line: Sequence[Word]) -> str:
    return " ".join(word.text for word in line)


def _lines(speech: SpeechTrack) -> list[tuple[float, float, str]]:
    return [(line[0].start_s, line[-1].end_s, _text(line)) for line in caption_lines(speech)]


def srt(speech: SpeechTrack, *, per_word: bool = False) -> str:
    """Return the words as SubRip captions, by line or by word."""
    entries = [(w.start_s, w.end_s, w.text) for w in speech.words] if per_word else _lines(speech)
    return "\n".join(f"{n}\n{_stamp(a, ',')} --> {_stamp(b, ',')}\n{text}\n"
                     for n, (a, b, text) in enumerate(entries, 1))


def vtt(speech: SpeechTrack, *, per_word: bool = False) -> str:
    """Return the words as WebVTT captions, by line or by word."""
    entries = [(w.start_s, w.end_s, w.text) for w in speech.words] if per_word else _lines(speech)
    return "WEBVTT\n\n" + "\n".join(f"{_stamp(a, '.')} --> {_stamp(b, '.')}\n{html.escape(text, quote=False)}\n"
                                     for a, b, text in entries)
