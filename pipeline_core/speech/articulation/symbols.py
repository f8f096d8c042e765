"""What the articulation model tells apart: phones of most languages, and where they put the mouth."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from ...types import Closure, FloatArray, Phone
from ..phones import LIGATURES, SILENCE, has_closure, plain_ipa

IntArray = npt.NDArray[np.int64]

RATE_HZ = 100
"""Frames per second; frame t covers t/100 .. (t+1)/100 s."""
ARTICULATORS: tuple[str, ...] = ("closure", "tuck", "rounding", "spreading", "jaw", "tongue", "voice")
"""Lips touching, lower lip under the upper teeth, rounding, spreading, jaw opening, tongue tip to be
seen between or behind the teeth, and whether somebody speaks; each 0..1."""

_TABLE = """
p   | p ɸ ʘ ɓ ʙ   | 0.0 0.0 0.05 0.0
b   | b β         | 0.0 0.0 0.05 0.0
m   | m           | 0.0 0.0 0.05 0.0
f   | f           | 0.0 0.2 0.12 0.0
v   | v ɱ ʋ ⱱ     | 0.0 0.2 0.12 0.0
θ   | θ           | 0.0 0.2 0.20 1.0
ð   | ð           | 0.0 0.2 0.20 0.9
t   | t ʈ         | 0.0 0.2 0.15 0.6
d   | d ɖ ɗ       | 0.0 0.2 0.15 0.6
s   | s ʦ         | 0.0 0.4 0.08 0.3
z   | z ʣ         | 0.0 0.4 0.08 0.3
ʃ   | ʃ ʂ ɕ ɧ     | 0.5 0.0 0.10 0.2
ʒ   | ʒ ʐ ʑ       | 0.5 0.0 0.10 0.2
ʧ   | ʧ ʨ ꭧ       | 0.5 0.0 0.10 0.4
ʤ   | ʤ ʥ         | 0.5 0.0 0.10 0.4
n   | n ɳ         | 0.0 0.2 0.15 0.6
ɲ   | ɲ           | 0.0 0.3 0.15 0.3
ŋ   | ŋ ɴ         | 0.0 0.1 0.20 0.0
l   | l ɫ ɭ ɬ ɮ ʎ ʟ | 0.0 0.1 0.25 0.9
r   | r ɾ ɽ ɺ     | 0.1 0.1 0.22 0.6
ɹ   | ɹ ɻ         | 0.4 0.0 0.18 0.2
k   | k q c       | 0.0 0.1 0.20 0.0
ɡ   | ɡ ɠ ɢ ɟ ʄ ʛ | 0.0 0.1 0.20 0.0
x   | x ɣ ɰ χ ʁ ʀ ʢ ʜ ç ʝ | 0.0 0.2 0.22 0.0
h   | h ɦ ħ ʕ     | 0.0 0.0 0.30 0.0
ʔ   | ʔ ʡ         | 0.0 0.0 0.25 0.0
j   | j           | 0.0 0.7 0.15 0.0
w   | w ʍ ɥ       | 1.0 0.0 0.12 0.0
i   | i           | 0.0 1.0 0.15 0.0
y   | y ʏ         | 0.9 0.0 0.15 0.0
ɪ   | ɪ           | 0.0 0.7 0.25 0.0
ɨ   | ɨ ᵻ ɯ ɤ     | 0.0 0.4 0.22 0.0
e   | e           | 0.0 0.8 0.35 0.0
ø   | ø œ ɵ ɞ     | 0.7 0.0 0.35 0.0
ɛ   | ɛ           | 0.0 0.6 0.50 0.0
æ   | æ           | 0.0 0.6 0.80 0.0
a   | a ɶ         | 0.0 0.2 1.00 0.0
ɑ   | ɑ           | 0.1 0.0 1.00 0.0
ʌ   | ʌ ɐ         | 0.0 0.1 0.60 0.0
ə   | ə ɘ         | 0.1 0.1 0.35 0.0
ɚ   | ɚ ɝ ɜ       | 0.4 0.0 0.30 0.1
ɔ   | ɔ ɒ         | 0.8 0.0 0.65 0.0
o   | o           | 0.9 0.0 0.40 0.0
ʊ   | ʊ           | 0.8 0.0 0.25 0.0
u   | u ʉ         | 1.0 0.0 0.15 0.0
"""
"""phone | IPA symbols counted as it | rounding spreading jaw tongue. Sounds that neither ear nor lips
tell apart are one phone; the numbers are ours, after the shapes of the 15 visemes in `phones`."""


def _parse() -> tuple[tuple[str, ...], dict[str, int], FloatArray]:
    rows = [[part.split() for part in line.split("|")] for line in _TABLE.strip().splitlines()]
    phones = (SILENCE, *(name[0] for name, _, _ in rows))
    index = {symbol: at for at, (_, symbols, _) in enumerate(rows, start=1) for symbol in symbols}
    targets = np.zeros((len(phones), len(ARTICULATORS)), np.float32)
    for at, (name, _, values) in enumerate(rows, start=1):
        shut, tucked = float(name[0] in "pbm"), float(name[0] in "fv")
        targets[at] = [shut, tucked, *map(float, values), 1.0]
    return phones, index, targets


PHONES: tuple[str, ...]
"""The phones that the model tells apart; 0 is silence."""
PHONES, _INDEX, TARGETS = _parse()
"""`TARGETS`: where each phone puts each articulator [shape=(P, 7)]."""
_FIRST_HALF = 0.55
"""A diphthong holds its first target a little longer than its second (as in `timing`)."""


SPELT = {"ʧ": "tʃ", "ʤ": "dʒ", "ʦ": "ts", "ʣ": "dz", "ʨ": "tɕ", "ʥ": "dʑ"}
"""How other engines write these sounds."""


@lru_cache(maxsize=4096)
def index_of(ipa: str) -> tuple[int, ...]:
    """Return the places in `PHONES` of an IPA symbol: two for a diphthong, none for silence."""
    text = plain_ipa(ipa)
    for pair, single in LIGATURES.items():
        text = text.replace(pair, single)
    found = [_INDEX[ch] for ch in text if ch in _INDEX]
    return tuple(at for place, at in enumerate(found) if place == 0 or at != found[place - 1])


@dataclass(frozen=True, eq=False)
class Labels:
    """The truth about an utterance, frame by frame: what the model learns."""

    phone: IntArray
    """Place in `PHONES` [shape=(T,)]."""
    articulators: FloatArray
    """`ARTICULATORS` [shape=(T, 7)]."""


def spread(phones: tuple[Phone, ...]) -> list[tuple[int, float, float]]:
    """Return (place in `PHONES`, start_s, end_s) of phones, diphthongs split in two."""
    out: list[tuple[int, float, float]] = []
    for phone in phones:
        places = index_of(phone.ipa) or (0,)
        length_s = phone.end_s - phone.start_s
        shares = [_FIRST_HALF, 1 - _FIRST_HALF] if len(places) == 2 else [1 / len(places)] * len(places)
        at_s = phone.start_s
        for place, share in zip(places, shares, strict=True):
            out.append((place, at_s, at_s + share * length_s))
            at_s += share * length_s
    return out


def labels(phones: tuple[Phone, ...], closures: tuple[Closure, ...], frames: int) -> Labels:
    """Return what is true at the middle of every frame.

    A p, b or m shuts the lips from contact to release (`closures`), not as long as the phone lasts.
    """
    phone = np.zeros(frames, np.int64)
    middle_s = (np.arange(frames) + 0.5) / RATE_HZ
    for place, start_s, end_s in spread(phones):
        phone[np.searchsorted(middle_s, start_s) : np.searchsorted(middle_s, end_s)] = place
    articulators = TARGETS[phone].copy()
    if closures or any(has_closure(p.ipa) for p in phones):
        articulators[:, 0] = 0.0
        for closure in closures:
            articulators[np.searchsorted(middle_s, closure.start_s) : np.searchsorted(middle_s, closure.end_s), 0] = 1.0
    return Labels(phone, articulators)
