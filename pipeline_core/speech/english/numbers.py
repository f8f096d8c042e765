"""Numbers in English words."""

from __future__ import annotations

_ONES, _TENS, _SCALES = (line.split() for line in (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen",
    "_ _ twenty thirty forty fifty sixty seventy eighty ninety",
    "thousand million billion trillion quadrillion quintillion"))
_ORDINALS = {"one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth",
             "nine": "ninth", "twelve": "twelfth"}  # fmt: skip
_PARTS = {2: "half", 4: "quarter"}
MAX_DIGITS = 18
"""Longer numbers are read digit by digit."""


def digits(text: str) -> str:
    """Return the digits of a text one by one: "2017" -> "two zero one seven"."""
    return " ".join(_ONES[int(ch)] for ch in text if ch.isdigit())


def _below_thousand(value: int) -> list[str]:
    hundreds, rest = divmod(value, 100)
    words = [_ONES[hundreds], "hundred"] if hundreds else []
    if rest >= 20:
        words += [_TENS[rest // 10], *([_ONES[rest % 10]] if rest % 10 else [])]
    elif rest or not hundreds:
        words.append(_ONES[rest])
    return words


def cardinal(value: int) -> str:
    """Return a whole number in words: 1205 -> "one thousand two hundred five"."""
    if value < 0:
        return "minus " + cardinal(-value)
    if len(str(value)) > MAX_DIGITS:
        return digits(str(value))
    groups: list[int] = []
    while value or not groups:
        value, group = divmod(value, 1000)
        groups.append(group)
    words: list[str] = []
    for place in range(len(groups) - 1, -1, -1):
        if groups[place] or len(groups) == 1:
            words += _below_thousand(groups[place]) + ([_SCALES[place - 1]] if place else [])
    return " ".join(words)


def _last_word(text: str, change: dict[str, str], regular: str) -> str:
    head, space, last = text.rpartition(" ")
    ending = last[:-1] + "ie" + regular if last.endswith("y") else last + regular
    return head + space + change.get(last, ending)


def ordinal(value: int) -> str:
    """Return a rank in words: 23 -> "twenty third"."""
    return _last_word(cardinal(value), _ORDINALS, "th")


def plural(words: str) -> str:
    """Return several of a number: "nineteen ninety" -> "nineteen nineties"."""
    return _last_word(words, {"six": "sixes"}, "s")


def year(value: int) -> str:
    """Return a four-digit number as a year: 1905 -> "nineteen oh five", 2007 -> "two thousand seven"."""
    high, low = divmod(value, 100)
    if not 1000 <= value <= 9999 or (high % 10 == 0 and low < 10):
        return cardinal(value)
    tail = "hundred" if low == 0 else f"oh {_ONES[low]}" if low < 10 else cardinal(low)
    return f"{cardinal(high)} {tail}"


def label(text: str) -> str:
    """Return the digits of a name, a route or a type: "747" -> "seven forty seven", "101" -> "one oh one"."""
    if text[0] == "0" or len(text) > 3:
        return digits(text)
    if len(text) < 3 or text.endswith("00"):
        return cardinal(int(text))
    tail = f"oh {_ONES[int(text[2])]}" if text[1] == "0" else cardinal(int(text[1:]))
    return f"{_ONES[int(text[0])]} {tail}"


def number(text: str) -> str:
    """Return a written number in words; four digits alone are a year.

    Parameters
    ----------
    text : str
        Digits with optional sign, commas and one decimal point: "-1,234.50", "1987".
    """
    sign = "minus " if text.startswith(("-", "−")) else ""
    plain = text.lstrip("-−+").replace(",", "")
    whole, point, decimals = plain.partition(".")
    if not point and len(plain) == 4 and "," not in text and plain[0] != "0":
        return sign + year(int(plain))
    if len(whole) > 1 and whole[0] == "0" and not point:
        return sign + digits(whole)
    words = cardinal(int(whole or "0")) if whole or not point else ""
    return f"{sign}{words}{f' point {digits(decimals)}' if decimals else ''}".strip()


def fraction(upper: int, lower: int) -> str:
    """Return a fraction in words: 3, 4 -> "three quarters"; 1, 2 -> "one half"."""
    part = _PARTS.get(lower) or ordinal(lower)
    if upper != 1:
        part = "halves" if lower == 2 else part + "s"
    return f"{cardinal(upper)} {part}"


def roman(text: str) -> int:
    """Return the value of a Roman numeral: "XIV" -> 14."""
    values = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}
    found = [values[ch] for ch in text]
    following = [*found[1:], 0]
    return sum(-a if a < b else a for a, b in zip(found, following, strict=True))
