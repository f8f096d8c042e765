"""How well phones and lip closures that an engine found agree with the truth; counts that can be pooled.

Frames last 10 ms and count as what is said at their middle. There are nine classes of mouth: silence,
p b m, f v, tongue tip, back of the tongue, open, mid, rounded and front vowels. `acc6` joins what six
mouth shapes cannot tell apart: tongue tip, back and front; open and mid.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

from ..pipeline_core.speech.phones import classes_of, is_vowel, plain_ipa
from ..pipeline_core.types import Closure, Phone

if TYPE_CHECKING:
    from .speech_sets.utterance import Utterance

IntArray = npt.NDArray[np.int64]

FRAMES_PER_S = 100
NEAR_S, FAR_S = 0.04, 0.08
"""Middles of intervals that lie this close count as the same: one and two frames of a film."""
CLASSES = ("sil", "bmp", "fv", "dnt", "vel", "open", "mid", "round", "front")
_MEMBERS = {
    "bmp": "p b m ɓ", "fv": "f v ɱ ʋ",
    "dnt": "t d n s z l θ ð ɾ r ɹ ʃ ʒ ɬ ɫ ʂ ʐ ɕ ʑ ɲ ɽ ʎ ɖ ʈ ɳ",
    "vel": "k ɡ ŋ x ɣ h q χ ʁ ʀ ħ ʔ ɦ ç c ɟ",
    "open": "a ɑ æ ɐ ʌ ɒ", "mid": "ə ɚ ɜ ɝ ᵻ ɘ ɵ ɤ",
    "round": "o ɔ u ʊ w ø œ y ʏ ʍ ɥ", "front": "i ɪ e ɛ j ɨ",
}  # fmt: skip
_CLASS_OF = {symbol: CLASSES.index(name) for name, symbols in _MEMBERS.items() for symbol in symbols.split()}
_SIX = np.array([0, 1, 2, 3, 3, 4, 4, 5, 3])
"""Class of six for each of nine."""
_OFFGLIDES, _NUCLEI = "ɪʊ", "aɑæʌɐeɛoɔə"
"""Some engines write a diphthong as one phone and some as two: an offglide joins the vowel before it."""


def class_of(ipa: str) -> int:
    """Return the place in `CLASSES` of an IPA symbol; a sound of unknown kind is "mid"."""
    text = plain_ipa(ipa)
    if not text:
        return 0
    # The one diphthong that is rounder than it begins.
    return CLASSES.index("round") if text == "əʊ" else _CLASS_OF.get(text[0], CLASSES.index("mid"))


def joined(phones: Iterable[Phone]) -> list[Phone]:
    """Return the phones with diphthongs in one piece."""
    out: list[Phone] = []
    for phone in phones:
        last = plain_ipa(out[-1].ipa) if out else ""
        if plain_ipa(phone.ipa) in tuple(_OFFGLIDES) and last in tuple(_NUCLEI):
            out[-1] = Phone(last + plain_ipa(phone.ipa), out[-1].start_s, phone.end_s)
        else:
            out.append(phone)
    return out


def class_frames(phones: Sequence[Phone], count: int) -> IntArray:
    """Return the class at the middle of every 10 ms [shape=(count,)]; silence where there is no phone."""
    out = np.zeros(count, np.int64)
    middle_s = (np.arange(count) + 0.5) / FRAMES_PER_S
    for phone in joined(phones):
        out[np.searchsorted(middle_s, phone.start_s) : np.searchsorted(middle_s, phone.end_s)] = class_of(phone.ipa)
    return out


class _Pooled:
    """Adds up field by field."""

    def __add__(self, other: _Pooled) -> _Pooled:
        return type(self)(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))


@dataclass(frozen=True)
class Hits(_Pooled):
    """Intervals of one kind, true and found, each used once."""

    true: int = 0
    found: int = 0
    near: int = 0
    """Pairs within 40 ms."""
    far: int = 0
    """Pairs within 80 ms."""
    offsets_s: tuple[float, ...] = ()
    """Found less true middle, of the pairs within 80 ms."""


def match(true: Sequence[Closure | Phone], found: Sequence[Closure | Phone]) -> Hits:
    """Pair intervals by their middles, one to one: as many pairs as can be, then the closest."""
    apart = _middles(found)[None, :] - _middles(true)[:, None]
    pairs = {limit_s: _pairs(apart, limit_s) for limit_s in (NEAR_S, FAR_S)}
    return Hits(len(true), len(found), len(pairs[NEAR_S]), len(pairs[FAR_S]), tuple(pairs[FAR_S].tolist()))


def _middles(items: Sequence[Closure | Phone]) -> npt.NDArray[np.float64]:
    return np.array([0.5 * (item.start_s + item.end_s) for item in items], np.float64)


def _pairs(apart: npt.NDArray[np.float64], limit_s: float) -> npt.NDArray[np.float64]:
    """Return the distances of the pairs; an impossible pair costs more than all possible ones together."""
    costs = np.where(np.abs(apart) <= limit_s + 1e-9, np.abs(apart), 1e3)
    chosen = apart[linear_sum_assignment(costs)]
    return np.asarray(chosen[np.abs(chosen) <= limit_s + 1e-9])


@dataclass(frozen=True)
class Counts(_Pooled):
    """What was right and wrong in some speech; the sum of two counts is the count of both."""

    frames: int = 0
    right: int = 0
    speech: int = 0
    """Frames in which something is said."""
    right_speech: int = 0
    right_speech_of_six: int = 0
    closures: Hits = field(default_factory=Hits)
    """p, b, m."""
    tucks: Hits = field(default_factory=Hits)
    """f, v."""
    boundary_errors_s: tuple[float, ...] = ()
    """Distance of each boundary between two phones that both sides have."""

    def figures(self) -> dict[str, float | int | None]:
        """Return percentages, times in ms, and the number of closures; None where nothing was to be counted."""
        shut, tuck = self.closures, self.tucks
        return {
            "acc9_all": _percent(self.right, self.frames), "acc9_speech": _percent(self.right_speech, self.speech),
            "acc6_speech": _percent(self.right_speech_of_six, self.speech),
            "recall40": _percent(shut.near, shut.true), "recall80": _percent(shut.far, shut.true),
            "precision80": _percent(shut.far, shut.found), "offset_ms": _median_ms(shut.offsets_s),
            "fv_recall40": _percent(tuck.near, tuck.true), "fv_recall80": _percent(tuck.far, tuck.true),
            "fv_precision80": _percent(tuck.far, tuck.found),
            "boundary_ms": _median_ms(self.boundary_errors_s), "closures": shut.true, "fv": tuck.true,
        }


def _percent(part: int, whole: int) -> float | None:
    return 100.0 * part / whole if whole else None


def _median_ms(values_s: Sequence[float]) -> float | None:
    return 1000.0 * float(np.median(values_s)) if values_s else None


def score_phones(truth: Utterance, phones: Sequence[Phone], closures: Sequence[Closure]) -> Counts:
    """Compare what an engine found in an utterance with the truth.

    Parameters
    ----------
    truth : Utterance
        The speech and its exact times.
    phones : sequence of Phone
        What the engine heard, in order of time; gaps count as silence.
    closures : sequence of Closure
        When it says that the lips are shut, one for each p, b or m.

    Returns
    -------
    Counts
        Pool several with `+` or `pooled`.
    """
    count = round(truth.duration_s * FRAMES_PER_S)
    true, found = class_frames(truth.phones, count), class_frames(phones, count)
    right, speech = true == found, true > 0
    return Counts(count, int(right.sum()), int(speech.sum()), int((right & speech).sum()),
                  int((_SIX[true] == _SIX[found])[speech].sum()), match(truth.closures, closures),
                  match(_tucks(truth.phones), _tucks(phones)), boundary_errors_s(truth.phones, phones))


def pooled(counts: Iterable[Counts]) -> Counts:
    """Return the sum."""
    total = Counts()
    for each in counts:
        total += each
    return total


def _tucks(phones: Iterable[Phone]) -> list[Phone]:
    return [phone for phone in phones if "labiodental" in classes_of(phone.ipa)]


def boundary_errors_s(true: Sequence[Phone], found: Sequence[Phone]) -> tuple[float, ...]:
    """Return how far apart the boundaries are that both sequences have.

    A boundary is shared where both have the same two sounds beside it; vowels count as the same,
    since dictionaries differ in them.
    """
    sides = joined(true), joined(found)
    first, second = ([_name(phone.ipa) for phone in side] for side in sides)
    blocks = SequenceMatcher(None, first, second, autojunk=False).get_matching_blocks()
    return tuple(abs(sides[0][block.a + k].start_s - sides[1][block.b + k].start_s)
                 for block in blocks for k in range(1, block.size))


def _name(ipa: str) -> str:
    return "vowel" if is_vowel(ipa) else plain_ipa(ipa)
