"""Words with their phonemes, by part of speech where that matters; plurals, pasts and -ing by rule.

The rules follow the English part of misaki (Apache-2.0), whose word list this is and whose phonemes
the voices were trained on.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from numpy.typing import NDArray

PRIMARY, SECONDARY = "ˈ", "ˌ"
VOWELS = frozenset("AIOQWYaiuæɑɒɔəɛɜɪʊʌᵻ")
CONSONANTS = frozenset("bdfhjklmnpstvwzðŋɡɹɾʃʒʤʧθ")
_FLAPS_AFTER = frozenset("AIOWYiuæɑəɛɪɹʊʌ")
_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'-")


@dataclass(frozen=True)
class Following:
    """What the reading of a word depends on behind it."""

    vowel: bool | None = None
    """Whether the next sound is a vowel; None where a pause or nothing follows."""
    is_to: bool = False
    """Whether the next word is "to"."""


class Lines:
    """A sorted table of "word, tab, phonemes" in one block of bytes; a tenth of a dict's memory."""

    def __init__(self, block: NDArray[Any]) -> None:
        self._block = bytes(block)

    def find(self, word: str) -> str | None:
        """Return the phonemes as they are stored, by bisection."""
        key, block = word.encode(), self._block
        low, high = 0, len(block) - 1
        while low < high:
            start = block.rfind(b"\n", low, (low + high) // 2 + 1)
            start = low if start < 0 else start
            end = block.index(b"\n", start + 1)
            found, _, said = block[start + 1 : end].partition(b"\t")
            if found == key:
                return said.decode()
            low, high = (end, high) if found < key else (low, start)
        return None


def weaken(said: str, stress: float | None) -> str:
    """Change the stress of a word: None leaves it, below -1 removes it, -1 to 0 weakens, above strengthens.

    With -0.5 and 0 a primary stress becomes secondary; with 0 to 1 a word without any gets a
    secondary one, above 1 a primary one; with 1 and more a secondary one becomes primary.
    """
    if stress is None or not said:
        return said
    if stress < -1:
        return said.replace(PRIMARY, "").replace(SECONDARY, "")
    if stress == -1 or (stress in (-0.5, 0) and PRIMARY in said):
        return said.replace(SECONDARY, "").replace(PRIMARY, SECONDARY)
    if PRIMARY not in said and SECONDARY not in said:
        mark = PRIMARY if stress > 1 else SECONDARY if stress >= 0 else ""
        return _before_vowel(said, mark) if mark else said
    if stress >= 1 and PRIMARY not in said:
        return said.replace(SECONDARY, PRIMARY)
    return said


def _before_vowel(said: str, mark: str) -> str:
    for i, ch in enumerate(said):
        if ch in VOWELS:
            return said[:i] + mark + said[i:]
    return said


def _kind(tag: str) -> str:
    """Return the coarse part of speech that the word list uses."""
    for start, kind in (("VB", "VERB"), ("NN", "NOUN"), ("RB", "ADV"), ("JJ", "ADJ")):
        if tag.startswith(start):
            return kind
    return tag


def with_s(said: str) -> str:
    """Add the ending of plurals and of "he ...s"."""
    if said[-1] in "ptkfθ":
        return said + "s"
    return said + ("ᵻz" if said[-1] in "szʃʒʧʤ" else "z")


def with_ed(said: str) -> str:
    """Add the ending of the past."""
    if said[-1] in "pkfθʃsʧ":
        return said + "t"
    if said[-1] == "d":
        return said + "ᵻd"
    if said[-1] != "t":
        return said + "d"
    if len(said) < 2:
        return said + "ɪd"
    return said[:-1] + "ɾᵻd" if said[-2] in _FLAPS_AFTER else said + "ᵻd"


def with_ing(said: str) -> str:
    """Add the ending of "...ing"; t between vowels is flapped."""
    if len(said) > 1 and said[-1] == "t" and said[-2] in _FLAPS_AFTER:
        return said[:-1] + "ɾɪŋ"
    return said + "ɪŋ"


class Lexicon:
    """Phonemes of known words.

    Parameters
    ----------
    block : array
        Bytes of the sorted word list; "~" marks entries of the second-rate list, "TAG=..." readings
        by part of speech.
    """

    def __init__(self, block: NDArray[Any]) -> None:
        self._lines = Lines(block)
        self._entry = lru_cache(20_000)(self._find)

    def _find(self, word: str) -> tuple[str | dict[str, str] | None, bool]:
        """Return the stored readings of exactly this spelling, and whether they are first-rate."""
        said = self._lines.find(word)
        if said is None or said.startswith("~"):
            return (said[1:] if said else None), False
        if "=" not in said:
            return said, True
        return dict(part.split("=", 1) for part in said.split("|")), True

    def _listed(self, word: str, first_rate: bool) -> str | dict[str, str] | None:
        """Return an entry, also under the other spelling of the first letter."""
        for spelling in (word, *_other_case(word)):
            said, is_first = self._entry(spelling)
            if said is not None and is_first == first_rate:
                return said
        return None

    def has(self, word: str) -> bool:
        """Tell whether the word, as spelled, is in either list."""
        return self._listed(word, True) is not None or self._listed(word, False) is not None

    def letters(self, word: str) -> str | None:
        """Spell a word: the last letter is stressed."""
        said = [self._listed(ch.upper(), True) for ch in word if ch.isalpha()]
        names = [part.get("DEFAULT", "") if isinstance(part, dict) else part for part in said if part]
        if not names or len(names) < len(said):
            return None
        head, mark, tail = weaken("".join(names), 0).rpartition(SECONDARY)
        return head + PRIMARY + tail if mark else tail

    def _is_readable(self, word: str) -> bool:
        """Tell whether the list, or spelling the letters, reads the word."""
        if self.has(word):
            return True
        if not word.isalpha() or not _LETTERS.issuperset(word):
            return False
        if len(word) == 1 or (word.isupper() and self._listed(word.lower(), True) is not None):
            return True
        return word[1:] == word[1:].upper()

    def _look_up(self, word: str, tag: str, stress: float | None, following: Following | None) -> str | None:
        name = False
        if word == word.upper() and self._listed(word, True) is None:
            word, name = word.lower(), tag == "NNP"
        said = self._listed(word, True)
        if said is None and not name:
            said = self._listed(word, False)
        if isinstance(said, dict):
            said = _by_tag(said, tag, following) or None
        if said is None or (name and PRIMARY not in said):
            spelled = self.letters(word)
            if spelled is not None:
                return spelled
        return None if said is None else weaken(said, stress)

    def read(self, word: str, tag: str, following: Following) -> str | None:
        """Return the phonemes of a word in its sentence, or None if it is unknown.

        Parameters
        ----------
        word : str
            As spelled; capitals matter.
        tag : str
            Part of speech.
        following : Following
            What comes behind the word.
        """
        word = unicodedata.normalize("NFKC", word.replace("’", "'").replace("‘", "'"))
        stress = None if word == word.lower() else 2.0 if word == word.upper() else 0.5
        said = self._function_word(word, tag, stress, following)
        if said is not None:
            return said
        if self._is_better_small(word, tag, stress, following):
            word = word.lower()
        if self._is_readable(word):
            return self._look_up(word, tag, stress, following)
        if word.endswith("s'") and self._is_readable(word[:-2] + "'s"):
            return self._look_up(word[:-2] + "'s", tag, stress, following)
        if word.endswith("'") and self._is_readable(word[:-1]):
            return self._look_up(word[:-1], tag, stress, following)
        return self._inflected(word, tag, stress, following)

    def _is_better_small(self, word: str, tag: str, stress: float | None, following: Following) -> bool:
        """Tell whether capitals are only those of a sentence's start, a title or shouting."""
        if len(word) < 2 or not word.replace("'", "").isalpha() or word == word.lower():
            return False
        if (tag == "NNP" and len(word) <= 7) or self.has(word):
            return False
        small = word.lower()
        if word != word.upper() and word[1:] != small[1:]:
            return False
        return self.has(small) or self._inflected(small, tag, stress, following) is not None

    def _inflected(self, word: str, tag: str, stress: float | None, following: Following) -> str | None:
        """Read a plural, past or -ing form of a known word."""
        for stems, ending in ((self._stem_of_s(word), with_s), (self._stem_of_ed(word), with_ed),
                              (self._stem_of_ing(word), with_ing)):
            if stems:
                strong = 0.5 if ending is with_ing and stress is None else stress
                said = self._look_up(stems, tag, strong, following)
                if said:
                    return ending(said)
        return None

    def _first_readable(self, *words: str) -> str:
        return next((word for word in words if word and self._is_readable(word)), "")

    def _stem_of_s(self, word: str) -> str:
        if len(word) < 3 or not word.endswith("s"):
            return ""
        long = len(word) > 4
        return self._first_readable("" if word.endswith("ss") else word[:-1],
                                    word[:-2] if word.endswith("'s") or (long and word.endswith("es")
                                                                         and not word.endswith("ies")) else "",
                                    word[:-3] + "y" if long and word.endswith("ies") else "")

    def _stem_of_ed(self, word: str) -> str:
        if len(word) < 4 or not word.endswith("d"):
            return ""
        return self._first_readable("" if word.endswith("dd") else word[:-1],
                                    word[:-2] if len(word) > 4 and word.endswith("ed") and not word.endswith("eed")
                                    else "")

    def _stem_of_ing(self, word: str) -> str:
        if len(word) < 5 or not word.endswith("ing"):
            return ""
        stem = word[:-3]
        doubled = len(stem) > 2 and ((stem[-1] == stem[-2] and stem[-1] in "bcdgklmnprstvxz") or stem.endswith("ck"))
        return self._first_readable(stem if len(word) > 5 else "", stem + "e", stem[:-1] if doubled else "")

    def _entry_of(self, word: str, tag: str) -> str:
        said = self._listed(word, True)
        return (said.get(tag) or said["DEFAULT"]) if isinstance(said, dict) else said or ""

    def _function_word(self, word: str, tag: str, stress: float | None, following: Following) -> str | None:
        """Read the small words that change with their neighbours, and letter names with full stops."""
        if "." in word.strip("."):
            plain = word.replace(".", "")
            return self.letters(word) if plain.isalpha() and max(map(len, word.split("."))) < 3 else None
        small, pause = word.lower(), following.vowel is None
        if small == "a" and len(word) == 1:
            return "ɐ" if tag == "DT" else "ˈA"
        if word in ("am", "Am", "AM"):
            if tag.startswith("NN"):
                return self.letters(word)
            return self._entry_of("am", tag) if pause or word != "am" or (stress or 0) > 0 else "ɐm"
        if word in ("an", "An", "AN"):
            return self.letters(word) if word == "AN" and tag.startswith("NN") else "ɐn"
        if word == "I" and tag == "PRP":
            return SECONDARY + "I"
        if small == "by" and word != "bY" and _kind(tag) == "ADV":
            return "bˈI"
        if word in ("to", "To") or (word == "TO" and tag in ("TO", "IN")):
            return self._entry_of("to", tag) if pause else "tʊ" if following.vowel else "tə"
        if word in ("in", "In") or (word == "IN" and tag != "NNP"):
            return (PRIMARY if pause or tag != "IN" else "") + "ɪn"
        if word in ("the", "The") or (word == "THE" and tag == "DT"):
            return "ði" if following.vowel else "ðə"
        if small == "used" and word in ("used", "Used", "USED"):
            return self._entry_of("used", "VBD" if tag in ("VBD", "JJ") and following.is_to else "DEFAULT")
        return None


def _other_case(word: str) -> tuple[str, ...]:
    if len(word) < 2:
        return ()
    small = word.lower()
    if word == small:
        return (small.capitalize(),) if small.capitalize() != small else ()
    return (small,) if word == small.capitalize() else ()


def _by_tag(said: dict[str, str], tag: str, following: Following | None) -> str:
    if following is not None and following.vowel is None and "None" in said:
        return said["None"]
    return said[tag] if tag in said else said.get(_kind(tag), said["DEFAULT"])
