"""Speech sounds: IPA symbols, their classes, and the 15 OVR/OpenXR visemes they look like.

The inventory covers the sounds of most languages, because espeak-like and other engines hand
over IPA of any of them: diacritics, tones, stress and length are stripped, then the longest
known symbols are taken, so that an unseen combination still has a sensible mouth shape.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache

VISEMES: tuple[str, ...] = ("sil", "PP", "FF", "TH", "DD", "kk", "CH", "SS", "nn", "RR", "aa", "E",
                            "ih", "oh", "ou")  # fmt: skip
"""Names in the order of OpenXR's XR_META_face_tracking_visemes (0..14)."""

SILENCE = ""
"""The IPA of silence."""

_TABLE = """
p b ɓ ʙ ʘ   | PP 1.0 | bilabial stop closure
m           | PP 1.0 | bilabial nasal closure
ɸ β         | PP 0.6 | bilabial fricative
f v         | FF 1.0 | labiodental fricative
ɱ           | FF 0.9 | labiodental nasal
ʋ ⱱ         | FF 0.7 | labiodental approximant
θ ð         | TH 1.0 | dental fricative
t d ʈ ɖ ɗ   | DD 1.0 | alveolar stop
ɾ ɽ ɺ       | DD 0.7 | alveolar tap
s z         | SS 1.0 | alveolar fricative
ʃ ʒ ʂ ʐ ɕ ʑ ɧ | CH 1.0 | postalveolar fricative
ʧ ʤ ʨ ʥ ꭧ   | CH 1.0 | postalveolar affricate
ʦ ʣ         | SS 1.0 | alveolar affricate
n ɳ         | nn 1.0 | alveolar nasal
ɲ           | nn 0.9 | palatal nasal
l ɫ ɭ ɬ ɮ   | nn 1.0 | alveolar lateral
ʎ ʟ         | nn 0.8 | palatal lateral
ɹ ɻ         | RR 1.0 | alveolar approximant rounded
r           | RR 0.7 | alveolar trill
k ɡ ɠ       | kk 1.0 | velar stop
ŋ           | kk 0.8 | velar nasal
x ɣ ɰ       | kk 0.9 | velar fricative
q ɢ ʛ       | kk 1.0 | uvular stop
ɴ           | kk 0.8 | uvular nasal
χ ʁ ʀ ʢ ʜ   | kk 0.8 | uvular fricative
c ɟ ʄ       | kk 0.9 | palatal stop
ç ʝ         | kk 0.8 | palatal fricative
ħ ʕ         | kk 0.5 | pharyngeal fricative
h ɦ         | kk 0.3 | glottal fricative
ʔ ʡ         | kk 0.3 | glottal stop
j           | ih 0.7 | palatal approximant spread
w ʍ         | ou 1.0 | velar approximant rounded
ɥ           | ou 0.9 | palatal approximant rounded
a ɑ ɐ ɶ     | aa 1.0 | vowel open
æ           | aa 0.95 | vowel open spread
ʌ           | aa 0.8 | vowel open
ɒ           | oh 1.0 | vowel open rounded
ɛ           | E 1.0  | vowel mid spread
e           | E 0.9  | vowel mid spread
ɜ           | E 0.8  | vowel mid
ə ɘ ɤ       | E 0.6  | vowel mid
ɝ           | RR 0.9 | vowel mid rounded
ɚ           | RR 0.7 | vowel mid rounded
i           | ih 1.0 | vowel close spread
ɪ           | ih 0.9 | vowel close spread
ɨ ᵻ ɯ       | ih 0.7 | vowel close
ɔ           | oh 1.0 | vowel mid rounded
o           | oh 1.0 | vowel mid rounded
œ ɵ ɞ       | oh 0.8 | vowel mid rounded
u ʉ         | ou 1.0 | vowel close rounded
ʊ           | ou 0.9 | vowel close rounded
y ʏ ø       | ou 0.9 | vowel close rounded
"""
"""symbols | viseme and its strength | classes. Visemes after Meta's reference table (PP p b m,
FF f v, TH th, DD t d, kk k g, CH ch j sh, SS s z, nn n l, RR r, aa A, E e, ih ih, oh oh, ou ou);
strengths below 1 are ours, for sounds that are made with less of the shape."""

_SHORT = {"ᵊ": "ə", "ᵐ": "m", "ⁿ": "n", "g": "ɡ"}
_COMPOSED = {"c\u0327": "ç", "ɜ˞": "ɝ", "ə˞": "ɚ"}
"""Sequences that canonical decomposition or rhotic hooks make of one sound."""
LIGATURES = {"tʃ": "ʧ", "dʒ": "ʤ", "tɕ": "ʨ", "dʑ": "ʥ", "ts": "ʦ", "dz": "ʣ", "ʈʂ": "ꭧ", "tʂ": "ꭧ",
              "ɖʐ": "ʤ", "dʐ": "ʤ"}  # fmt: skip
"""Two symbols that are one sound."""

ARPABET: dict[str, str] = {
    "AA": "ɑ", "AE": "æ", "AH": "ʌ", "AO": "ɔ", "AW": "aʊ", "AX": "ə", "AY": "aɪ", "B": "b", "CH": "tʃ",
    "D": "d", "DH": "ð", "DX": "ɾ", "EH": "ɛ", "ER": "ɝ", "EY": "eɪ", "F": "f", "G": "ɡ", "HH": "h",
    "IH": "ɪ", "IX": "ɨ", "IY": "i", "JH": "dʒ", "K": "k", "L": "l", "M": "m", "N": "n", "NG": "ŋ",
    "OW": "oʊ", "OY": "ɔɪ", "P": "p", "R": "ɹ", "S": "s", "SH": "ʃ", "T": "t", "TH": "θ", "UH": "ʊ",
    "UW": "u", "V": "v", "W": "w", "Y": "j", "Z": "z", "ZH": "ʒ",
    "SIL": "", "+SPN+": "", "+NSN+": "", "SPN": "", "NSN": "", "PAU": "",
}  # fmt: skip
"""CMU phone set (and the fillers of pocketsphinx's model) -> IPA."""

MISAKI: dict[str, str] = {
    "A": "eɪ", "I": "aɪ", "O": "oʊ", "Q": "əʊ", "W": "aʊ", "Y": "ɔɪ", "S": "ʃ", "T": "ɾ",
    "ʤ": "dʒ", "ʧ": "tʃ", "ʦ": "ts", "ʣ": "dz", "ᵊ": "ə", "ᵻ": "ɪ",
}  # fmt: skip
"""One-character symbols of the misaki/Kokoro alphabet that differ from IPA."""


@dataclass(frozen=True)
class Segment:
    """What one IPA base symbol looks like."""

    viseme: str
    weight: float
    classes: frozenset[str]


def _parse() -> dict[str, Segment]:
    table: dict[str, Segment] = {}
    for line in _TABLE.strip().splitlines():
        symbols, viseme, classes = (part.split() for part in line.split("|"))
        segment = Segment(viseme[0], float(viseme[1]), frozenset(classes))
        table.update(dict.fromkeys(symbols, segment))
    return table


SEGMENTS: dict[str, Segment] = _parse()
"""Base symbol -> what it looks like."""

_LONGEST = 3


def plain_ipa(symbol: str) -> str:
    """Strip stress, length, tone, diacritics and tie bars from an IPA symbol.

    Parameters
    ----------
    symbol : str
        IPA of one sound, e.g. "ˈaːɪ̯", "t͡ʃʰ", "i5".

    Returns
    -------
    str
        Base symbols only ("aɪ", "tʃ", "i"); "" for silence, for nothing known and for the
        language switches "(en)" that espeak puts between sounds.
    """
    if symbol.startswith("("):
        return ""
    text = unicodedata.normalize("NFD", symbol)
    for long, short in _COMPOSED.items():
        text = text.replace(long, short)
    text = "".join(_SHORT.get(ch, ch) for ch in text)
    return "".join(ch for ch in text if ch in SEGMENTS)


@lru_cache(maxsize=4096)
def segments_of(symbol: str) -> tuple[Segment, ...]:
    """Return the successive mouth targets of an IPA symbol (two for a diphthong, none for silence)."""
    text = plain_ipa(symbol)
    found: list[Segment] = []
    position = 0
    while position < len(text):
        pair = text[position : position + 2]
        single = LIGATURES.get(pair)
        found.append(SEGMENTS[single or text[position]])
        position += 2 if single else 1
    if len(found) == 2 and "vowel" in found[0].classes and found[0] == found[1]:
        found.pop()
    return tuple(found[:_LONGEST])


def is_silence(symbol: str) -> bool:
    """Tell whether a symbol holds no known speech sound."""
    return not segments_of(symbol)


def classes_of(symbol: str) -> frozenset[str]:
    """Return every class that any part of an IPA symbol has.

    Classes: place (bilabial, labiodental, dental, alveolar, postalveolar, palatal, velar, uvular,
    pharyngeal, glottal), manner (stop, nasal, fricative, affricate, approximant, lateral, trill,
    tap), `closure` (the lips touch), `vowel` with open/mid/close, and `rounded` or `spread`.
    """
    return frozenset().union(*(segment.classes for segment in segments_of(symbol)))


def has_closure(symbol: str) -> bool:
    """Tell whether the lips touch in this sound (p, b, m and their like)."""
    return "closure" in classes_of(symbol)


def is_vowel(symbol: str) -> bool:
    """Tell whether a symbol begins with a vowel."""
    found = segments_of(symbol)
    return bool(found) and "vowel" in found[0].classes


def arpabet_to_ipa(symbol: str) -> str:
    """Return the IPA of a CMU/ARPAbet phone; stress digits are ignored, fillers are silence."""
    return ARPABET.get(symbol.strip().upper().rstrip("012"), "")


def misaki_to_ipa(symbol: str) -> str:
    """Return the IPA of one character of the misaki/Kokoro alphabet; "" for punctuation and marks."""
    return MISAKI.get(symbol) or (symbol if plain_ipa(symbol) else "")
