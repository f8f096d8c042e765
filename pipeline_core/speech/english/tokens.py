"""Verbalised text -> tokens as the tagger knows them: words, halves of contractions, punctuation."""

from __future__ import annotations

import re
from dataclasses import dataclass

_OPENING = "\"“‘«([{<'"
_CLOSING = "\"”’»)]}>',;:!?…"
_INNER = re.compile(r"(\.{2,}|…|—|–|(?<=\w)[-~](?=\w)|(?<=\w)[/:<>=,](?=[^\W\d_])|(?<=[a-z])\.(?=[A-Z]))")
_HALVES = re.compile(r"(?i)^(.+?)(n't|'(?:s|re|ve|ll|d|m))$")
_JOINED = {"cannot": 3, "gonna": 3, "gotta": 3, "wanna": 3, "gimme": 3, "lemme": 3, "dunno": 2}
"""Two words written as one -> letters of the first."""
_KEEPS_STOP = re.compile(r"(?:[A-Za-z]\.)+|[A-Z]\.(?:[A-Za-z]\.?)+")
"""Initials and letter names: their full stops belong to them."""


@dataclass
class Token:
    """A piece of text without spaces."""

    text: str
    space_after: bool = False
    tag: str = ""
    """Part of speech in the Penn Treebank's names."""


def _peel(chunk: str) -> tuple[list[str], str, list[str]]:
    """Take punctuation off both ends."""
    before: list[str] = []
    after: list[str] = []
    while len(chunk) > 1 and chunk[0] in _OPENING and not re.match(r"(?i)'(?:s|re|ve|ll|d|m|t|em|cause|til|bout)\b", chunk):
        before.append(chunk[0])
        chunk = chunk[1:]
    while len(chunk) > 1:
        dots = re.search(r"\.{2,}$", chunk)
        if dots:
            cut = len(chunk) - len(dots[0])
        elif chunk[-1] in _CLOSING or (chunk[-1] == "." and not _KEEPS_STOP.fullmatch(chunk)):
            cut = len(chunk) - 1
        else:
            break
        if cut == 0:
            break
        after.insert(0, chunk[cut:])
        chunk = chunk[:cut]
    return before, chunk, after


def _split_word(word: str) -> list[str]:
    joined = _JOINED.get(word.lower())
    if joined:
        return [word[:joined], word[joined:]]
    halves = _HALVES.match(word)
    return [halves[1], halves[2]] if halves else [word]


def tokens_of(text: str) -> list[Token]:
    """Cut a text into tokens, untagged."""
    tokens: list[Token] = []
    for chunk in text.split():
        before, middle, after = _peel(chunk)
        pieces = [piece for piece in _INNER.split(middle) if piece]
        words = [half for piece in pieces for half in _split_word(piece)]
        tokens += [Token(piece) for piece in (*before, *words, *after)]
        tokens[-1].space_after = True
    if tokens:
        tokens[-1].space_after = False
    return tokens
