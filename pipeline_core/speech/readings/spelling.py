"""A rough reading of languages whose letters tell how they sound.

A table is a line of entries "letters=sounds". Before and behind the letters, brackets may say
where they sound so: "c(ei)=s" is c before e or i, "(V)s(V)=z" s between vowels, "h(#)=" a silent h
at the end of a word. V stands for all vowels, C for all consonants, # for the edge of the word.
Sounds are as in `word`: "x=k,s" are two, "z=θ|s" is one of two, "d=d?" may be left out. The longest
entry that fits wins, then the one that says more about its place, then the last.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache

from .language import ALIASES, DEFAULT, INDIC_SCRIPTS
from .spelling_latin import LATIN, TABLES
from .spelling_scripts import CYRILLIC, OTHERS, kana
from .word import WordReading

_VOWELS = "aeiouyàáâãäåæèéêëìíîïòóôõöøœùúûüýāăąēĕėęěīįıōŏőūŭůűųơưəαεηιουωάέήίόύώаеёиоуыэюяєії"
_CONSONANTS = "bcdfghjklmnpqrstvwxzçčćđďğłľńňñřśšşșťţțźżž"
_ENTRY = re.compile(r"(?:\(([^()]+)\))?([^()=]+)(?:\(([^()]+)\))?=(\S*)")
_WORD = re.compile(r"[^\W_]+(?:['’ʼ\u0300-\u036f\u0900-\u0dff\u064b-\u0652]+[^\W_]*)*")
_ACCENTS = {"el": "\u0301", "vi": "\u0300\u0301\u0303\u0309\u0323"}
"""Marks of stress and tone, which change no sound."""
_ABJADS = {"ar", "he"}
_DEVANAGARI_CONSONANT = re.compile("([\u0915-\u0939\u0958-\u095f]\u093c?)(?![\u093c\u093e-\u094d])")
_ABJAD_CONSONANT = re.compile("([بتثجحخدذرزسشصضطظغفقكلمنهپچژگکבגדזחטכלמנספצקרשת])(?=[^\\W_\u0627\u0649\u0648\u064a\u06cc\u06d2\u05d5\u05d9])(?![\u064b-\u0652])")
_HAN = re.compile("[\u3400-\u9fff\uf900-\ufaff々]+")
_JAPANESE = re.compile("[ぁ-ゖー]+|[ァ-ヺー]+|[\u3400-\u9fff\uf900-\ufaff々]+|[^\\W_ぁ-ヺー\u3400-\u9fff]+")


@dataclass(frozen=True, eq=False)
class _Spelling:
    pattern: re.Pattern[str]
    sounds: tuple[str, ...]

    def read(self, text: str) -> str | None:
        """Return the sounds of a text; None if a character is unknown."""
        out: list[str] = []
        at = 0
        while at < len(text):
            match = self.pattern.match(text, at)
            if match is None:
                if text[at].isalnum():
                    return None
                at += 1
                continue
            at = match.end()
            out += [sound for sound in self.sounds[(match.lastindex or 1) - 1].split(",") if sound]
        return " ".join(sound for place, sound in enumerate(out) if place == 0 or sound != out[place - 1])


def _context(letters: str | None, behind: bool) -> str:
    """Return a pattern for what stands before or behind an entry."""
    if not letters:
        return ""
    edge = "$" if behind else "^"
    chars = letters.replace("#", "").replace("V", _VOWELS).replace("C", _CONSONANTS)
    look = "(?=" if behind else "(?<="
    inside = f"{look}[{re.escape(chars)}])" if chars else ""
    return f"(?:{'|'.join(filter(None, (inside, edge if '#' in letters else '')))})"


@cache
def _spelling(language: str) -> _Spelling:
    table = kana() if language == "ja" else OTHERS.get(language) or CYRILLIC.get(language) or f"{LATIN} {TABLES.get(language, '')}"
    found = {}
    for order, entry in enumerate(unicodedata.normalize("NFC", table).split()):
        match = _ENTRY.fullmatch(entry)
        assert match is not None, entry
        before, letters, behind, sounds = match.groups()
        rank = (-len(letters), -(before is not None) - (behind is not None), -order)
        found[before, letters, behind] = (rank, f"{_context(before, False)}{re.escape(letters)}{_context(behind, True)}", sounds)
    entries = sorted(found.values())
    # Groups without capturing inside: the number of the group is the number of the entry.
    return _Spelling(re.compile("|".join(f"({pattern})" for _, pattern, _ in entries)), tuple(s for *_, s in entries))


def _spelled(word: str, language: str) -> str:
    """Return a word in the letters of its language's table."""
    if language in ("tr", "az"):
        word = word.replace("I", "ı").replace("İ", "i")
    word = unicodedata.normalize("NFC", word.lower()).replace("’", "'").replace("ʼ", "'")
    if language == "ko":
        return unicodedata.normalize("NFD", word)
    if language == "ja":
        return "".join(chr(ord(ch) - 0x60) if "ァ" <= ch <= "ヶ" else ch for ch in word)
    if language in _ACCENTS:
        word = unicodedata.normalize("NFC", "".join(
            ch for ch in unicodedata.normalize("NFD", word) if ch not in _ACCENTS[language]))
    if language in _ABJADS:
        return _ABJAD_CONSONANT.sub("\\1ə", word)
    if language in INDIC_SCRIPTS:
        return _DEVANAGARI_CONSONANT.sub("\\1ə", "".join(_as_devanagari(ch) for ch in word))
    return word


def _as_devanagari(ch: str) -> str:
    """The scripts of India stand in parallel tables of 128 characters."""
    code = ord(ch)
    return chr(0x900 + code % 0x80) if 0x980 <= code < 0xD80 else ch


def _plain(word: str) -> str:
    """Return a word without accents, for letters that a table does not know."""
    return "".join(ch for ch in unicodedata.normalize("NFD", word) if not unicodedata.combining(ch))


def words_of(text: str, language: str) -> list[str]:
    """Return the words of a text as they are written; Japanese is cut where the script changes."""
    if language == "ja":
        return _JAPANESE.findall(text)
    return [word for part in _WORD.findall(text) for word in _HAN.split(part) + _HAN.findall(part) if word]


def _table(word: str, language: str) -> str:
    """Return whose table reads a word; names in Latin letters are at home everywhere."""
    other_script = ALIASES.get(language, language) in OTHERS or language in CYRILLIC or language in INDIC_SCRIPTS or language == "ja"
    if other_script and unicodedata.name(word[0], "").startswith("LATIN"):
        return DEFAULT
    if language in INDIC_SCRIPTS and language not in OTHERS:
        return "hi"
    return ALIASES.get(language, language)


def spelled_reading(word: str, language: str) -> WordReading:
    """Return the reading of a word by the letters; none for numbers and what has no table.

    Parameters
    ----------
    word : str
        As it is written.
    language : str
        Two letters, as `language.guess_language` returns them.
    """
    table = _table(word, language)
    spelling = _spelling(table)
    text = _spelled(word, table)
    said = spelling.read(text)
    if said is None:
        said = spelling.read("".join(ch if spelling.pattern.match(ch) else _plain(ch) for ch in text))
    return WordReading(word, (said,) if said else ())
