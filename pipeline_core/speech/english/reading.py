"""A sentence in words -> phonemes, from right to left, because words look at what follows them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from .lexicon import CONSONANTS, PRIMARY, VOWELS, Following, Lexicon, weaken
from .tagger import Tagger
from .tokens import Token, tokens_of

PAUSES = ";:,.!?—…"
"""Punctuation that the voices know."""
_QUOTES = frozenset("\"'“”‘’«»")
_BRACKETS = {"(": "(", "[": "(", "{": "(", ")": ")", "]": ")", "}": ")"}
_PARTS = re.compile(r"[A-ZÀ-ÖØ-Þ]+(?=[A-ZÀ-ÖØ-Þ][a-zß-öø-ÿ])|[^\W\d_]*?[a-zß-öø-ÿ](?=[A-ZÀ-ÖØ-Þ])"
                    r"|[^\W\d_.]+(?:\.[^\W\d_]+)*\.?|[-_'’‘./,]+|\S")  # fmt: skip
_SILENT_PARTS = frozenset("',-._‘’/")
_DIPHTHONGS = frozenset("AIOQWYʤʧ")
_MOST_JOINED = 16
"""Parts of a compound that are looked up as one word; listed words have up to 13 ("what-you-see-is-what-you-get"). Without a
limit the time would grow with the cube of their number."""


@dataclass(frozen=True)
class EnglishData:
    """What the front end reads with."""

    lexicon: NDArray[Any]
    """See `lexicon.Lexicon`."""
    tagger: Mapping[str, NDArray[Any]]
    """See `tagger.Tagger`."""
    read_unknown: Callable[[str], str]
    """Phonemes of a word that no list has."""


@dataclass(frozen=True)
class Reading:
    """A word or a mark with its phonemes."""

    text: str
    phonemes: str
    space_after: bool


@dataclass
class _Part:
    text: str
    tag: str
    phonemes: str | None = None


def _is_mark(token: Token) -> bool:
    return not any(ch.isalnum() for ch in token.text)


def _mark(token: Token, opens: bool) -> str:
    """Return how punctuation is written for the voice; `opens` tells a quote before a word."""
    text = token.text
    if text in _BRACKETS:
        return _BRACKETS[text]
    if text in _QUOTES:
        return "“" if opens else "”"
    if text in ("-", "–", "--"):
        return "—"
    if text.startswith(".."):
        return "…"
    return "".join(ch for ch in text if ch in PAUSES)


def _weight(said: str) -> int:
    return sum(2 if ch in _DIPHTHONGS else 1 for ch in said)


def _weaken_parts(parts: list[_Part]) -> None:
    """Leave at most about half of the parts of a compound with a main stress."""
    spoken = [(PRIMARY in part.phonemes, _weight(part.phonemes), i)
              for i, part in enumerate(parts) if part.phonemes]  # fmt: skip
    if len(spoken) == 2 and len(parts[spoken[0][2]].text) == 1:
        weak = [spoken[1]]
    elif len(spoken) < 2 or sum(strong for strong, _, _ in spoken) <= (len(spoken) + 1) // 2:
        return
    else:
        weak = sorted(spoken)[: len(spoken) // 2]
    for _, _, i in weak:
        parts[i].phonemes = weaken(parts[i].phonemes or "", -0.5)


def _next(said: str, text: str, before: Following) -> Following:
    """Return what the word before `said` has to know."""
    first = next((ch for ch in said if ch in VOWELS or ch in CONSONANTS or ch in PAUSES), None)
    vowel = before.vowel if first is None else None if first in PAUSES else first in VOWELS
    return Following(vowel, text in ("to", "To", "TO"))


class English:
    """Reads English sentences; build it once, it holds the word list.

    Parameters
    ----------
    data : EnglishData
        Word list, tagger, and a reader of unknown words.
    """

    cache_bytes = 45_000_000
    """Word list, weights and their names, measured as growth of the process."""

    def __init__(self, data: EnglishData) -> None:
        self._lexicon, self._tagger = Lexicon(data.lexicon), Tagger(data.tagger)
        self._unknown = data.read_unknown

    def read(self, sentence: str) -> list[Reading]:
        """Return words and marks of a verbalised sentence, in order, with their phonemes."""
        tokens = tokens_of(sentence)
        for token, tag in zip(tokens, self._tagger([token.text for token in tokens]), strict=True):
            token.tag = tag
        found: list[Reading] = []
        following = Following()
        groups = _groups(tokens)
        for i, group in reversed(list(enumerate(groups))):
            text, spaced = "".join(token.text for token in group), group[-1].space_after
            if _is_mark(group[0]):
                said = _mark(group[0], opens=not spaced and (i == 0 or groups[i - 1][-1].space_after))
            else:
                said = self._word(group, following)
            following = _next(said, text, following)
            found.append(Reading(text, said, spaced))
        return found[::-1]

    def _word(self, group: Sequence[Token], following: Following) -> str:
        parts = _parts(group)
        end = len(parts)
        while end > 0:
            for start in range(max(0, end - _MOST_JOINED), end):
                text, tag = _merged(parts[start:end])
                said = self._lexicon.read(text, tag, following)
                if said is not None:
                    parts[start].phonemes = said
                    for part in parts[start + 1 : end]:
                        part.phonemes = ""
                    following, end = _next(said, text, following), start
                    break
            else:
                end -= 1
                if not _SILENT_PARTS.issuperset(parts[end].text):
                    return self._unlisted("".join(part.text for part in parts))
                parts[end].phonemes = ""
        _weaken_parts(parts)
        return _flapless("".join(part.phonemes or "" for part in parts))

    def _unlisted(self, text: str) -> str:
        pieces = re.findall(r"[^\W\d_]+(?:['’][^\W\d_]+)*", text)
        return _flapless(" ".join(said for said in map(self._unknown, pieces) if said))


def _flapless(said: str) -> str:
    """Write flaps and glottal stops as the voices know them."""
    return said.replace("ɾ", "T").replace("ʔ", "t")


def _groups(tokens: Sequence[Token]) -> list[list[Token]]:
    """Join tokens without a space between them; punctuation stays alone."""
    groups: list[list[Token]] = []
    open_group = False
    for token in tokens:
        inner = token.text in ("-", "'", "’", "/", "_")
        if open_group and (inner or not _is_mark(token)):
            groups[-1].append(token)
        else:
            groups.append([token])
        open_group = not token.space_after and (not _is_mark(token) or (open_group and inner))
    return [part for group in groups for part in _without_loose_ends(group)]


def _without_loose_ends(group: list[Token]) -> list[list[Token]]:
    """Take a hyphen or quote at the end of a group out of it."""
    if len(group) > 1 and _is_mark(group[-1]):
        return [*_without_loose_ends(group[:-1]), [group[-1]]]
    return [group]


def _parts(group: Sequence[Token]) -> list[_Part]:
    """Cut tokens where a capital begins a new word ("McDonald") and at hyphens."""
    return [_Part(text, token.tag) for token in group for text in _PARTS.findall(token.text)]


def _merged(parts: Sequence[_Part]) -> tuple[str, str]:
    """Return the text of parts, and the tag of the one with most letters, capitals counting double."""
    heaviest = max(parts, key=lambda part: sum(1 if ch == ch.lower() else 2 for ch in part.text))
    return "".join(part.text for part in parts), heaviest.tag
