"""Written English -> the words that are spoken: numbers, dates, money, units, abbreviations, addresses.

Each rule is a pattern and what it becomes, applied in order: what has more context comes first.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import cache

from . import numbers as n
from .tables import (
    ABBREVIATIONS,
    CURRENCIES,
    LONE_UNITS,
    MAGNITUDES,
    MONTH_NUMBERS,
    MONTHS,
    NUMBERED,
    RULERS,
    SILENT,
    SYMBOLS,
    TITLES,
    UNITS,
    WITHOUT_STOP,
)

Match = re.Match[str]


def _any_of(words: list[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


_NUMBER = r"\d+(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+"
_SIGNED = rf"(?:(?<![\w)])[-−])?(?:{_NUMBER})"
_BIG = rf"hundred|thousand|million|billion|trillion|{_any_of(list(MAGNITUDES))}"
_MONTH = _any_of([*MONTHS, *(name.capitalize() for name in MONTH_NUMBERS), "Sept"])
_START = r"(?<![\w.,])"
_END = r"(?![\w])"


def _month(text: str) -> str:
    return MONTHS[MONTH_NUMBERS[text[:3].lower()] - 1]


def _is_one(text: str) -> bool:
    return text.replace(",", "").lstrip("-−") in ("1", "1.0")


def _date(year: str, month: int, day: int) -> str | None:
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return None
    return f"{MONTHS[month - 1]} {n.ordinal(day)}" + (f", {n.year(int(year))}" if year else "")


def _iso_date(match: Match) -> str:
    return _date(match[1], int(match[3]), int(match[4])) or match[0]


def _slash_date(match: Match) -> str:
    first, second, year = int(match[1]), int(match[2]), match[3]
    if len(year) == 2:
        year = ("19" if int(year) > 40 else "20") + year
    month, day = (first, second) if first <= 12 else (second, first)
    return _date(year, month, day) or match[0]


def _month_day(match: Match) -> str:
    if not 1 <= int(match[2]) <= 31:
        return match[0]
    return f"{_month(match[1])} {n.ordinal(int(match[2]))}" + (f", {n.year(int(match[3]))}" if match[3] else "")


def _day_month(match: Match) -> str:
    if not 1 <= int(match[1]) <= 31:
        return match[0]
    year = f" {n.year(int(match[3]))}" if match[3] else ""
    return f"the {n.ordinal(int(match[1]))} of {_month(match[2])}{year}"


def _time(match: Match) -> str:
    hour, minute, second, half = int(match[1]), int(match[2]), match[3], match[4]
    if hour > 24 or minute > 59 or int(second or 0) > 59:
        return match[0]
    words = n.cardinal(hour)
    if minute:
        words += f" oh {n.cardinal(minute)}" if minute < 10 else f" {n.cardinal(minute)}"
    elif not half and not second:
        words += " o'clock" if hour <= 12 else " hundred"
    if second:
        words += f" and {n.cardinal(int(second))} second" + ("" if int(second) == 1 else "s")
    return words + (_half_day(half, match) if half else "")


def _half_day(letter: str, match: Match) -> str:
    # A full stop behind "p.m." at the end of the text also ends the sentence; it is put back.
    return f" {letter.upper()}.M" + ("." if match[0].endswith(".") and _ends(match) else "")


def _ends(match: Match) -> bool:
    rest = match.string[match.end() :].lstrip("\"')”’ ")
    return not rest or rest[0].isupper()


def _hour(match: Match) -> str:
    return n.cardinal(int(match[1])) + _half_day(match[2], match)


def _money(match: Match) -> str:
    sign, amount, big = match[1].rstrip("."), match[2].replace(",", ""), match[3]
    one, many, cent, cents = CURRENCIES[sign]
    if big:
        return f"{_amount(amount)} {MAGNITUDES.get(big, big)} {many}"
    whole, point, part = amount.partition(".")
    if point and len(part) == 2 and cent:
        spoken = [] if not int(whole or 0) and int(part) else [
            f"{n.cardinal(int(whole or 0))} {one if whole == '1' else many}"]
        if int(part):
            spoken.append(f"{n.cardinal(int(part))} {cent if int(part) == 1 else cents}")
        return " and ".join(spoken)
    return f"{_amount(amount)} {one if amount == '1' else many}"


def _amount(text: str) -> str:
    """Return a number that is no year."""
    return n.number(text) if "." in text else n.cardinal(int(text.replace(",", "")))


def _unit(match: Match) -> str:
    one, many = (UNITS | LONE_UNITS)[match[2]]
    return f"{_signed_amount(match[1])} {one if _is_one(match[1]) else many}"


def _signed_amount(text: str) -> str:
    plain = text.lstrip("-−")
    return ("minus " if plain != text else "") + _amount(plain)


def _degrees(match: Match) -> str:
    scale = {"C": " Celsius", "F": " Fahrenheit", "K": " Kelvin"}.get(match[2] or "", "")
    return f"{_signed_amount(match[1])} degree{'' if _is_one(match[1]) else 's'}{scale}"


def _phone(match: Match) -> str:
    groups = re.findall(r"\d+", match[0])
    return ("plus " if match[0].startswith("+") else "") + ", ".join(n.digits(group) for group in groups)


def _fraction(match: Match) -> str:
    whole, upper, lower = match[1], int(match[2]), int(match[3])
    if (upper, lower) in ((24, 7), (9, 11)):
        return f"{n.cardinal(upper)} {n.cardinal(lower)}"
    if upper == lower:
        return f"{n.cardinal(upper)} {n.cardinal(lower)}"
    if not whole and upper <= 12 < lower <= 31 and lower not in (16, 20):
        return _date("", upper, lower) or match[0]
    if not 0 < upper < lower <= 100 or (lower > 12 and lower not in (16, 20, 32, 50, 64, 100)):
        return f"{match[1] or ''} {n.cardinal(upper)} over {n.cardinal(lower)}"
    spoken = n.fraction(upper, lower)
    if whole:
        return f"{_amount(whole.strip())} and {'a' + spoken[3:] if spoken.startswith('one ') else spoken}"
    return spoken


def _range(match: Match) -> str:
    return f"{match[1]} to {match[2]}"


def _decade(match: Match) -> str:
    spoken = n.plural(n.year(int(match[2])) if len(match[2]) == 4 else n.cardinal(int(match[2])))
    return (match[1] or "") + spoken


def _roman(match: Match) -> str:
    word, numeral = match[1], match[2]
    if word.lower() in NUMBERED:
        return f"{word} {n.cardinal(n.roman(numeral))}"
    return f"{word} the {n.ordinal(n.roman(numeral))}" if word.lower() in RULERS else match[0]


def _address(match: Match) -> str:
    """Read a web or mail address: "dot", "at" and "slash", names as words."""
    text = re.sub(r"^(?:https?://|ftp://)?(?:www\.)?", "", match[0], flags=re.IGNORECASE)
    text, tail = text.rstrip(".,;:!?/"), text[len(text.rstrip(".,;:!?/")) :].replace("/", "")
    text = re.sub(r"[?#].*", "", text)
    for sign, word in ((".", "dot"), ("@", "at"), ("/", "slash"), ("-", "dash"), ("_", "underscore"), (":", "colon")):
        text = text.replace(sign, f" {word} ")
    return re.sub(r"\d+", lambda m: f" {n.label(m[0])} ", re.sub(r"[^\w ]", " ", text)) + tail


def _abbreviation(match: Match) -> str:
    return ABBREVIATIONS[match[1]] + ("." if not match.string[match.end() :].strip("\"')”’ ") else "")


def _plain(match: Match) -> str:
    """Read a number that nothing said anything about."""
    text = match[0]
    if text.count(".") > 1:
        return " point ".join(n.label(part) for part in text.split("."))
    return f" {n.number(text)} "


def _digits_of_name(match: Match) -> str:
    return f" {n.label(match[0].lstrip('-'))} "


_TLD = "com|org|net|edu|gov|io|co|uk|de|fr|info|biz|us|ca|au|tv|me|ly|ai|dev|app"
_RULES: list[tuple[str, str | Callable[[Match], str]]] = [
    # Python makes no number of more than 4300 digits.
    (r"\d[\d,]{4000,}", lambda match: n.digits(match[0])),
    (r"\b(?:https?://|ftp://|www\.)[^\s<>\"]+|\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+", _address),
    (rf"\b(?:[A-Za-z][\w-]*\.)+(?:{_TLD})\b(?:/[^\s<>\"]*)?(?!\.\w)", _address),
    (r"(?<=:\d\d)\s?[-–]\s?(?=\d{1,2}:\d\d)", " to "),
    (r"([$£€])(\d+(?:\.\d+)?)\s?[-–]\s?\1?(?=\d)", r"\1\2 to \1"),
    (r"(?<=\d)\s[-−]\s(?=\d+\s*=)", " minus "),
    (r"\b(\d{1,2}):(\d{2})(?::(\d{2}))?(?:\s?([AaPp])\.?[Mm]\b\.?)?(?!\d)", _time),
    (r"\b(1[0-2]|[1-9])\s?([AaPp])\.?[Mm]\b\.?", _hour),
    (r"\b(\d{4})([-/])(\d{1,2})\2(\d{1,2})\b", _iso_date),
    (r"\b(\d{1,2})[/.](\d{1,2})[/.](\d{4}|\d{2})\b(?![./]\d)", _slash_date),
    (rf"\b({_MONTH})\.? (\d{{1,2}})(?:st|nd|rd|th)?\b(?![\d:%/])(?:,? (\d{{4}})\b)?", _month_day),
    (rf"\b(?:[Tt]he )?(\d{{1,2}})(?:st|nd|rd|th)? (?:of )?({_MONTH})\b\.?(?:,? (\d{{4}})\b)?", _day_month),
    (rf"(?<!\w)((?:US)?[$£€¥₹₩₽₿]|(?:USD|EUR|GBP|CHF|Rs\.?)(?=\s?\d))\s?({_NUMBER})(?:\s?-?({_BIG})\b)?", _money),
    (rf"{_START}({_NUMBER})\s?¢", lambda m: f"{_amount(m[1])} cent{'' if _is_one(m[1]) else 's'}"),
    (r"(?<!\w)([Tt]he )?'?(\d{4}|\d0)'?s\b", _decade),
    (r"\b(\d)'\s?(\d{1,2})\"", lambda m: f"{n.cardinal(int(m[1]))} foot {n.cardinal(int(m[2]))}"),
    (rf"{_START}({_SIGNED})\s?°\s?([CFK])?{_END}", _degrees),
    (rf"{_START}({_SIGNED})[ -]?({_any_of(list(UNITS))}){_END}(?:\.(?=[,;:]|\s[a-z]))?", _unit),
    (rf"{_START}({_SIGNED})({_any_of(list(LONE_UNITS))}){_END}", _unit),
    (rf"{_START}({_SIGNED}) ([mgLVW]){_END}(?!['’])", _unit),
    (rf"{_START}({_SIGNED})\s?%", lambda m: f"{_signed_amount(m[1])} percent"),
    (r"(?<![\w.])\+\d[\d ()-]{6,16}\d\b|(?<![\w.-])\(\d{3}\) ?\d{3}-\d{4}\b|(?<![\w.-])(?:\d-)?(?:\d{3}[-.])?\d{3}[-.]\d{4}(?![\w-])",
     _phone),
    (rf"\b({_any_of(list(TITLES))})\.? (?=[A-Z][\w'’-]*)", lambda m: TITLES[m[1]] + " "),
    (rf"\b({_MONTH})\.? (?=\d{{4}}\b)", lambda m: _month(m[1]) + " "),
    (r"\bp(p?)\. ?(?=\d)", lambda m: "pages " if m[1] else "page "),
    (r"(?<=\s)'n'(?=\s)", "and"),
    (r"(?<=[a-z])\.(?=[a-z]{2,4}\b)", " dot "),
    (r"\b(e\.g\.|i\.e\.|a\.k\.a\.)", lambda m: WITHOUT_STOP[m[1][:-1]]),
    (rf"(?<![\w.])({_any_of(list(ABBREVIATIONS))})\.(?!\w)", _abbreviation),
    (rf"(?<![\w.])({_any_of(list(WITHOUT_STOP))})(?![\w.])", lambda m: WITHOUT_STOP[m[1]]),
    (r"\betc\.(?=\s*[a-z,;:)])", "etc"),
    (r"\b(?:[Nn]o|№)\. ?(?=\d)", "number "),
    (r"~(?=\d)", "about "),
    (r"(?<=[A-Za-z])/(?=[A-Za-z])", " "),
    (r"(?<![\w&])#(?=\d)", "number "),
    (r"(?<![\w&])#(?=[A-Za-z])", "hashtag "),
    (r"(?<!\w)@(?=[A-Za-z])", "at "),
    (r"\b([A-Za-z]+) ((?=[IVXLC]+\b)(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})\b)(?!['’.]\w)", _roman),
    (r"\b(\d{1,3}(?:,\d{3})+|\d+)(?:st|nd|rd|th)\b", lambda m: n.ordinal(int(m[1].replace(",", "")))),
    (rf"{_START}(\d+ )?(\d{{1,3}})/(\d{{1,3}})(?![\w/])", _fraction),
    (rf"{_START}(\d+(?:[.,]\d+)*)\s?[-–]\s?(\d+(?:[.,]\d+)*)(?![\w-])", _range),
    (r"\b(\d{1,4}):(\d{1,4})\b", _range),
    (r"(?<=\d)-(?=[A-Za-z])", " "),
    (rf"(?<!\w)({_NUMBER})\s?([+×x*÷=])\s?(?={_NUMBER})",
     lambda m: f"{m[1]} {SYMBOLS.get(m[2]) or ('by' if len(m[1]) > 2 else 'times')} "),
    (r"(?<=\d)[xX]\b", " times"),
    (rf"(?<![\w])({_NUMBER})(k|M|bn|B)\b", lambda m: f"{_amount(m[1])} {MAGNITUDES[m[2]]}"),
    (r"(?<=[A-Za-z])-?\d+", _digits_of_name),
    (r"\d+(?:\.\d+){2,}", _plain),
    (rf"{_SIGNED}", _plain),
]
_LETTER_SIGNS = frozenset("µμπªº")


@cache
def _compiled() -> list[tuple[re.Pattern[str], str | Callable[[Match], str]]]:
    """Compile the rules at their first use: doing it at import would delay every start of the program."""
    return [(re.compile(pattern), action) for pattern, action in _RULES]


def _is_foreign(letter: str) -> bool:
    """Tell a letter of another script from Latin ones and from signs that are read."""
    return (letter.isalpha() and ord(letter) > 127 and letter not in _LETTER_SIGNS
            and "LATIN" not in unicodedata.name(letter, ""))


def _readable(text: str) -> str:
    """Unify quotes, spaces and widths; drop control characters and what no rule knows."""
    text = unicodedata.normalize("NFC", text)
    text = "".join(" " if ch.isspace() or _is_foreign(ch) else ch for ch in text
                   if ch.isspace() or unicodedata.category(ch)[0] != "C")
    text = text.translate({0x2019: "'", 0x2018: "'", 0x02BC: "'", 0x2012: "-", 0x2010: "-", 0x2011: "-", 0x2015: "—"})
    return re.sub(r"(?<=\s)--(?=\s)|(?<=\w)--(?=\w)", "—", text)


def verbalize(text: str) -> str:
    """Return one line of text as it is spoken; letters and punctuation are all that is left.

    Parameters
    ----------
    text : str
        A sentence or paragraph.

    Returns
    -------
    str
        "Dr. Lee paid $5 at 3:30." -> "Doctor Lee paid five dollars at three thirty."
    """
    text = _readable(text)
    for pattern, action in _compiled():
        text = pattern.sub(action, text)
    for sign, word in SYMBOLS.items():
        if sign in text:
            text = text.replace(sign, f" {word} ")
    text = "".join(" " if ch in SILENT or unicodedata.category(ch) in ("So", "Sk", "Mn") else ch for ch in text)
    text = re.sub(r"\s+(?=[,.;:!?)\]}]|[\"'”’](?:[\s,.;:!?]|$))", "", re.sub(r"\s+", " ", text))
    return re.sub(r"(?<=[(\[{“])\s+", "", text).strip()
