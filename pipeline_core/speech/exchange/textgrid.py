"""Praat TextGrids: tiers of sounds, words and visemes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from ...types import Phone, SpeechTrack, Word
from ..captions import MAX_CUES
from ..phones import SILENCE
from .checks import bad, number_of, some
from .cues_file import Cues, words_only
from .labels import are_sounds, is_silent, sounds_of
from .ovr import TO_IPA

MAX_TIERS = 20
"""Of one recording; corpora with many speakers have eight."""
_TOKEN = re.compile(r'"(?:[^"]|"")*"|<[a-z]+>|(?<![^\s])-?\d[\d.eE+-]*(?![^\s])')
"""What Praat takes for data in a text file: quoted text, flags, and numbers that stand alone. The rest of the long
form (names, equals signs, numbers in brackets) is comment to it, so both forms hold the same."""
_SOUND_TIER = re.compile(r"phon|segment|sound|\bphn|\bmau\b")
_WORD_TIER = re.compile(r"word|\bwrd|transcript|\bort")
_VISEME_TIER = re.compile(r"viseme")
_CLOSING = "cl"
Interval = tuple[float, float, str]


@dataclass(frozen=True)
class _Tier:
    name: str
    intervals: tuple[Interval, ...]

    @cached_property
    def labels(self) -> list[str]:
        return [label for _, _, label in self.intervals]

    @cached_property
    def sounds(self) -> tuple[list[str | None], float]:
        """The labels as IPA, and how many of them are sounds."""
        return sounds_of(self.labels)


def textgrid(speech: SpeechTrack) -> str:
    """Return sounds (IPA), words and visemes as three tiers of a TextGrid in its long form."""
    end_s = speech.duration_s
    tiers = (("phones", [(p.start_s, p.end_s, p.ipa) for p in speech.phones]),
             ("words", [(w.start_s, w.end_s, w.text) for w in speech.words]),
             ("visemes", [(v.start_s, v.end_s, "" if v.viseme == "sil" else v.viseme) for v in speech.visemes]))
    lines = ['File type = "ooTextFile"', 'Object class = "TextGrid"', "", "xmin = 0", f"xmax = {end_s:.6f}",
             "tiers? <exists>", f"size = {len(tiers)}", "item []:"]
    for number, (name, items) in enumerate(tiers, 1):
        intervals = list(_without_gaps(items, end_s))
        lines += [f"    item [{number}]:", '        class = "IntervalTier"', f'        name = "{name}"',
                  "        xmin = 0", f"        xmax = {end_s:.6f}", f"        intervals: size = {len(intervals)}"]
        for index, (start_s, stop_s, label) in enumerate(intervals, 1):
            quoted = label.replace('"', '""')
            lines += [f"        intervals [{index}]:", f"            xmin = {start_s:.6f}",
                      f"            xmax = {stop_s:.6f}", f'            text = "{quoted}"']
    return "\n".join(lines) + "\n"


def _without_gaps(items: Iterable[Interval], end_s: float) -> Iterator[Interval]:
    """Fill gaps with empty intervals: Praat asks for tiers that cover the whole time."""
    at_s = 0.0
    for start_s, stop_s, label in items:
        start_s, stop_s = max(at_s, start_s), min(end_s, stop_s)
        if stop_s - start_s < 1e-6:
            continue
        if start_s - at_s >= 1e-6:
            yield at_s, start_s, ""
        yield (start_s if start_s - at_s >= 1e-6 else at_s), stop_s, label
        at_s = stop_s
    if end_s - at_s >= 1e-6:
        yield at_s, end_s, ""


def looks_like_textgrid(text: str) -> bool:
    """Tell whether a text is a TextGrid of either form."""
    head = text[:400]
    return "ooTextFile" in head and "TextGrid" in head


def from_textgrid(text: str) -> Cues:
    """Read a TextGrid in its long or short form: sounds in ARPAbet or IPA, words, visemes.

    Tiers are known by their names, else by what they hold.
    """
    tiers = [tier for tier in _tiers(text) if any(not is_silent(label) for label in tier.labels)]
    warnings: list[str] = []
    sounds, words = _sound_tier(tiers), _word_tier(tiers)
    visemes = next((t for t in tiers if _VISEME_TIER.search(t.name.lower())), None)
    spoken = _words(words) if words else ()
    if sounds is not None:
        phones = _phones(sounds, warnings)
    elif visemes is not None:
        known = {name.lower(): ipa for name, ipa in TO_IPA.items()}
        phones = [Phone(known.get(label.strip().lower(), SILENCE), a, b) for a, b, label in visemes.intervals]
    elif spoken:
        return words_only("textgrid", spoken)
    else:
        raise bad("the TextGrid has no tier of sounds (ARPAbet or IPA) or words",
                  hint="Call the tiers 'phones' and 'words', and label sounds in ARPAbet or IPA.")
    return Cues("textgrid", some(phones), spoken, " ".join(w.text for w in spoken), tuple(warnings))


def _phones(tier: _Tier, warnings: list[str]) -> list[Phone]:
    sounds, _ = tier.sounds
    unknown = sorted({label for label, ipa in zip(tier.labels, sounds, strict=True) if ipa is None})
    if unknown:
        warnings.append(f"labels of the tier {tier.name[:40]!r} that are no known sounds count as silence: "
                        f"{', '.join(label[:12] for label in unknown[:5])}")
    spans = zip(tier.intervals, sounds, strict=True)
    return _joined([(label.lower().endswith(_CLOSING), Phone(ipa or SILENCE, a, b)) for (a, b, label), ipa in spans])


def _joined(phones: list[tuple[bool, Phone]]) -> list[Phone]:
    """Join a stop with its closure, which TIMIT labels apart ("pcl", "p")."""
    out: list[Phone] = []
    was_closing = False
    for is_closing, phone in phones:
        if was_closing and out[-1].ipa == phone.ipa:
            out[-1] = Phone(phone.ipa, out[-1].start_s, phone.end_s)
        else:
            out.append(phone)
        was_closing = is_closing
    return out


def _words(tier: _Tier) -> tuple[Word, ...]:
    return tuple(Word(label.strip()[:200], a, b) for a, b, label in tier.intervals if not is_silent(label) and b > a)


def _sound_tier(tiers: list[_Tier]) -> _Tier | None:
    """Return the tier with the largest share of sounds among those of that name, else among all."""
    by_name = [tier for tier in tiers if _SOUND_TIER.search(tier.name.lower())]
    others = [tier for tier in tiers if not _WORD_TIER.search(tier.name.lower()) and not _VISEME_TIER.search(tier.name.lower())]
    for group in (by_name, others):
        best = max(group, key=lambda tier: tier.sounds[1], default=None)
        if best is not None and are_sounds(best.sounds[1]):
            return best
    return None


def _word_tier(tiers: list[_Tier]) -> _Tier | None:
    by_name = [tier for tier in tiers if _WORD_TIER.search(tier.name.lower())]
    others = [tier for tier in tiers if not _VISEME_TIER.search(tier.name.lower())
              and not _SOUND_TIER.search(tier.name.lower()) and not are_sounds(tier.sounds[1])]
    return max(by_name or others, key=lambda tier: sum(not is_silent(label) for label in tier.labels), default=None)


class _Tokens:
    """The data of a TextGrid, one after the other."""

    def __init__(self, text: str) -> None:
        self._found = (match.group() for match in _TOKEN.finditer(text))

    def next(self) -> str:
        token = next(self._found, None)
        if token is None:
            raise bad("the TextGrid is cut off")
        return token

    def text(self) -> str:
        token = self.next()
        if not token.startswith('"'):
            raise bad(f"the TextGrid has {token[:20]!r} where a label belongs")
        return token[1:-1].replace('""', '"').replace("\n", " ")

    def time(self) -> float:
        return number_of(self.next())

    def count(self, most: int) -> int:
        number = number_of(self.next())
        if number > most:
            raise bad(f"the TextGrid has {number:.0f} entries, more than {most}")
        return int(number)


def _tiers(text: str) -> Iterator[_Tier]:
    tokens = _Tokens(text)
    while tokens.next() != '"TextGrid"':
        pass
    _span(tokens)
    if tokens.next() != "<exists>":
        raise bad("the TextGrid has no tiers")
    for _ in range(tokens.count(MAX_TIERS)):
        kind, name = tokens.text(), tokens.text()
        _span(tokens)
        count = tokens.count(MAX_CUES)
        if kind == "IntervalTier":
            yield _Tier(name, tuple((*_span(tokens), tokens.text()) for _ in range(count)))
        else:  # points in time say nothing about how long a sound lasts
            for _ in range(2 * count):
                tokens.next()


def _span(tokens: _Tokens) -> tuple[float, float]:
    return tokens.time(), tokens.time()
