"""Transcripts: text as people write it -> the words that are spoken, and a guess at their sounds."""

from __future__ import annotations

import re
import unicodedata


def _listed(text: str) -> list[str]:
    return text.split()


_ONES = _listed("zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
                       "fifteen sixteen seventeen eighteen nineteen")
_TENS = _listed("_ _ twenty thirty forty fifty sixty seventy eighty ninety")
_SCALES = ((10**12, "trillion"), (10**9, "billion"), (10**6, "million"), (1000, "thousand"), (100, "hundred"))
_ORDINALS = {"one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth",
             "nine": "ninth", "twelve": "twelfth"}  # fmt: skip
_SYMBOLS = {"%": " percent ", "&": " and ", "@": " at ", "+": " plus ", "=": " equals ", "°": " degrees ",
            "’": "'", "‘": "'", "“": " ", "”": " "}  # fmt: skip
_MONEY = {"$": "dollar", "€": "euro", "£": "pound"}
_NUMBER = r"\d+(?:,\d{3})*(?:\.\d+)?"
MAX_CHARACTERS = 200_000
"""About four hours of speech."""


def number_words(value: int) -> str:
    """Return a whole number in English words: 1205 -> "one thousand two hundred five"."""
    if value < 20:
        return _ONES[value]
    if value < 100:
        return _TENS[value // 10] + ("" if value % 10 == 0 else " " + _ONES[value % 10])
    for size, name in _SCALES:
        if value >= size:
            rest = value % size
            return f"{number_words(value // size)} {name}" + (f" {number_words(rest)}" if rest else "")
    raise AssertionError("unreachable")


def _digits(text: str) -> str:
    return " ".join(_ONES[int(ch)] for ch in text)


def _spell_number(text: str) -> str:
    whole, _, fraction = text.replace(",", "").partition(".")
    if len(whole) > 15 or (len(whole) > 1 and whole[0] == "0"):
        words = _digits(whole)
    elif len(whole) == 4 and "," not in text and not fraction and "1100" <= whole <= "1999":
        low = int(whole[2:])
        tail = "hundred" if low == 0 else f"oh {_ONES[low]}" if low < 10 else number_words(low)
        words = f"{number_words(int(whole[:2]))} {tail}"
    else:
        words = number_words(int(whole))
    return words + (f" point {_digits(fraction)}" if fraction else "")


def _ordinal(match: re.Match[str]) -> str:
    head, _, last = f" {_spell_number(match[1])}".rpartition(" ")
    regular = last[:-1] + "ieth" if last.endswith("y") else last + "th"
    return f"{head} {_ORDINALS.get(last, regular)} "


def _money(match: re.Match[str]) -> str:
    unit = _MONEY[match[1]] + ("" if match[2] == "1" else "s")
    whole, _, cents = match[2].partition(".")
    if len(cents) == 2:
        return f" {_spell_number(whole)} {unit} {_spell_number(str(int(cents)))} "
    return f" {_spell_number(match[2])} {unit} "


def spoken_words(text: str) -> list[str]:
    """Return the lower-case words of an English transcript as they are spoken.

    Numbers, money, percent signs and ordinals are spelled out; stage directions in brackets,
    mark-up and whatever is no letter are dropped; accents are stripped.
    """
    text = re.sub(r"<[^<>]{0,200}>|\[[^\[\]]{0,200}\]", " ", text[:MAX_CHARACTERS])
    text = unicodedata.normalize("NFKC", text)
    text = re.sub(rf"([$€£])\s?({_NUMBER})", _money, text)
    text = re.sub(r"(?<=\d):(?=\d\d\b)", " ", text)
    text = re.sub(r"\b(\d+)(?:st|nd|rd|th)\b", _ordinal, text)
    text = re.sub(_NUMBER, lambda m: f" {_spell_number(m[0])} ", text)
    for symbol, word in _SYMBOLS.items():
        text = text.replace(symbol, word)
    text = unicodedata.normalize("NFD", text.lower())
    text = "".join(ch for ch in text if not unicodedata.combining(ch))
    words = re.findall(r"[a-z]+(?:'[a-z]+)*'?", text)
    return [word.rstrip("'") for word in words]


_RULES = [
    ("tion$", "SH AH N"), ("sion", "ZH AH N"), ("ture$", "CH ER"), ("ough", "AO"), ("augh", "AO"),
    ("eigh", "EY"), ("igh", "AY"), ("tch", "CH"), ("sch", "SH"), ("dge", "JH"), ("qu", "K W"), ("ck", "K"),
    ("^kn", "N"), ("^wr", "R"), ("^ps", "S"), ("mb$", "M"), ("ph", "F"), ("ch", "CH"), ("sh", "SH"),
    ("th", "TH"), ("wh", "W"), ("ng", "NG"), ("ee", "IY"), ("ea", "IY"), ("oo", "UW"), ("ou", "AW"),
    ("ow", "OW"), ("oa", "OW"), ("oi", "OY"), ("oy", "OY"), ("ai", "EY"), ("ay", "EY"), ("au", "AO"),
    ("aw", "AO"), ("ew", "UW"), ("ie", "IY"), ("ei", "EY"), ("er", "ER"), ("ir", "ER"), ("ur", "ER"),
    ("ar", "AA R"), ("or", "AO R"), ("bb", "B"), ("pp", "P"), ("mm", "M"), ("tt", "T"), ("dd", "D"),
    ("nn", "N"), ("ll", "L"), ("ss", "S"), ("ff", "F"), ("gg", "G"), ("rr", "R"), ("zz", "Z"), ("cc", "K"),
    ("ce", "S"), ("ci", "S IH"), ("cy", "S IY"), ("^y", "Y"), ("y$", "IY"), ("e$", ""), ("x", "K S"),
]  # fmt: skip
_LETTERS = dict(zip("abcdefghijklmnopqrstuvwxyz'",
                    _listed("AE B K D EH F G HH IH JH K L M N AA P K R S T AH V W K IH Z _"), strict=True))


def letters_to_sounds(word: str) -> list[str]:
    """Guess the CMU phones of an English word that no dictionary holds.

    Consonants, and with them the lips, come out right nearly always; vowels often do not.
    """
    phones: list[str] = []
    at = 0
    while at < len(word):
        for pattern, sounds in _RULES:
            plain = pattern.strip("^$")
            fits = (word.startswith(plain, at) and (pattern[0] != "^" or at == 0)
                    and (pattern[-1] != "$" or at + len(plain) == len(word)))
            if fits:
                phones += sounds.split()
                at += len(plain)
                break
        else:
            phones += [p for p in [_LETTERS.get(word[at], "_")] if p != "_"]
            at += 1
    return phones or ["AH"]
