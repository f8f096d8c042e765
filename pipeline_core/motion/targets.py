"""What the visible articulators do for each speech sound: our own table, in units of our head.

The order of the values follows the IPA charts (vowel height -> jaw, rounding -> pucker and funnel,
spreading -> smile and stretch, labial and sibilant consonants -> lips). The sizes fit the face units
of the shipped head: `jawOpen` 1.0 parts the lips by 3.7 cm, so speech uses a third of it; `mouthPucker`
1.0 narrows the mouth from 4.4 to 3.4 cm; `mouthFunnel` 1.0 opens 1.5 cm; `mouthPress` widens the mouth
and stays below 0.2.

A dominance says how strongly a sound insists on its value against its neighbours (0 takes whatever
they give, 1 gets its own way): bilabials rule the lips but leave rounding to the vowel, tongue-tip
sounds leave the lips alone, `h` is shaped by the vowel that follows.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ..speech.phones import plain_ipa
from ..types import FloatArray

CHANNELS: tuple[str, ...] = (
    "jaw", "pucker", "funnel", "smile", "stretch", "upper", "lower",
    "roll_lower", "roll_upper", "shrug", "press", "tip", "out",
)  # fmt: skip
"""Speech gestures; `DRIVES` says which blendshapes each one moves."""

CHANNEL_INDEX: dict[str, int] = {name: i for i, name in enumerate(CHANNELS)}

DRIVES: dict[str, tuple[str, ...]] = {
    "jaw": ("jawOpen",),
    "pucker": ("mouthPucker",),
    "funnel": ("mouthFunnel",),
    "smile": ("mouthSmileLeft", "mouthSmileRight"),
    "stretch": ("mouthStretchLeft", "mouthStretchRight"),
    "upper": ("mouthUpperUpLeft", "mouthUpperUpRight"),
    "lower": ("mouthLowerDownLeft", "mouthLowerDownRight"),
    "roll_lower": ("mouthRollLower",),
    "roll_upper": ("mouthRollUpper",),
    "shrug": ("mouthShrugLower",),
    "press": ("mouthPressLeft", "mouthPressRight"),
    "out": ("tongueOut",),
}
"""Gesture -> blendshapes; "tip" drives the articulation channel `tongueTip` instead."""

GROUPS: tuple[str, ...] = ("jaw", "corner", "lip", "tongue")
"""Gestures of one group share dominance and reach: rounding and spreading are one contest."""

GROUP_OF: tuple[int, ...] = (0, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 3, 3)
"""Group of each of `CHANNELS`."""

REACH_BEFORE_S: tuple[float, ...] = (0.026, 0.105, 0.042, 0.035)
"""How far each group's dominance reaches ahead of a sound: rounding is prepared early."""

REACH_AFTER_S: tuple[float, ...] = (0.026, 0.075, 0.042, 0.035)
"""How far each group's dominance lingers."""


@dataclass(frozen=True, eq=False)
class Target:
    """One sound: gesture values and how strongly each group of gestures insists on them."""

    values: FloatArray
    """[shape=(13,)], order of `CHANNELS`."""
    dominance: FloatArray
    """[shape=(13,)], already spread from `GROUPS` over `CHANNELS`."""
    vowel: bool = False
    """Loudness and tempo scale the opening of vowels only; consonants need their places."""


def _target(dominance: tuple[float, float, float, float], vowel: bool, **values: float) -> Target:
    row = np.zeros(len(CHANNELS), np.float32)
    for name, value in values.items():
        row[CHANNEL_INDEX[name]] = value
    return Target(row, np.array([dominance[g] for g in GROUP_OF], np.float32), vowel)


def _vowel(corner: float, **values: float) -> Target:
    return _target((1.0, corner, 0.5, 0.3), True, **values)


def _table() -> dict[str, Target]:
    rows: dict[str, Target] = {}

    def put(symbols: str, target: Target) -> None:
        rows.update(dict.fromkeys(symbols.split(), target))

    # Spread and neutral vowels, from close to open.
    put("i", _vowel(0.9, jaw=0.14, smile=0.28, stretch=0.39, upper=0.11, lower=0.12))
    put("ɪ ɨ ᵻ", _vowel(0.6, jaw=0.155, smile=0.18, stretch=0.28, upper=0.06, lower=0.10))
    put("e", _vowel(0.8, jaw=0.16, smile=0.24, stretch=0.34, upper=0.08, lower=0.12))
    put("ɛ", _vowel(0.7, jaw=0.175, smile=0.16, stretch=0.26, upper=0.08, lower=0.12))
    put("æ", _vowel(0.7, jaw=0.4, smile=0.14, stretch=0.20, upper=0.10, lower=0.14))
    put("a", _vowel(0.55, jaw=0.39, stretch=0.06, upper=0.06, lower=0.12))
    put("ɑ", _vowel(0.55, jaw=0.4, upper=0.04, lower=0.12))
    put("ɐ", _vowel(0.4, jaw=0.39, stretch=0.05, lower=0.10))
    put("ʌ", _vowel(0.4, jaw=0.38, upper=0.04, lower=0.10))
    put("ə ɘ", _vowel(0.2, jaw=0.16, lower=0.06))
    put("ɯ ɤ", _vowel(0.6, jaw=0.10, stretch=0.12, lower=0.06))
    # Rounded vowels. Pucker narrows; funnel keeps the small opening round.
    put("ɜ", _vowel(0.45, jaw=0.175, pucker=0.22, funnel=0.16, lower=0.08))
    put("ɚ ɝ", _vowel(0.55, jaw=0.12, pucker=0.34, funnel=0.26, lower=0.08))
    put("ɒ", _vowel(0.8, jaw=0.30, pucker=0.26, funnel=0.30))
    put("ɔ", _vowel(0.9, jaw=0.155, pucker=0.58, funnel=0.28))
    put("o", _vowel(1.0, jaw=0.125, pucker=0.76, funnel=0.30))
    put("ʊ", _vowel(0.9, jaw=0.135, pucker=0.76, funnel=0.25))
    put("u", _vowel(1.0, jaw=0.105, pucker=0.95, funnel=0.26))
    put("y ʏ ʉ", _vowel(1.0, jaw=0.05, pucker=0.84, funnel=0.24))
    put("ø ɵ", _vowel(1.0, jaw=0.11, pucker=0.66, funnel=0.30))
    put("œ ɶ ɞ", _vowel(0.9, jaw=0.20, pucker=0.50, funnel=0.38))
    # Lips. Exact contact comes from the closure and tuck curves, not from these shapes.
    put("p b m ɓ ʙ ʘ", _target((0.7, 0.06, 0.8, 0.05), False, jaw=0.04, roll_lower=0.10, roll_upper=0.08,
                             press=0.10))
    put("f v ɱ", _target((0.8, 0.14, 1.0, 0.05), False, jaw=0.05, upper=0.14, roll_lower=0.26))
    put("ʋ ⱱ", _target((0.6, 0.14, 0.8, 0.05), False, jaw=0.06, upper=0.08, roll_lower=0.16))
    put("ɸ β", _target((0.7, 0.40, 0.6, 0.05), False, jaw=0.03, pucker=0.30, funnel=0.18))
    put("w ʍ ɥ", _target((0.8, 1.0, 0.6, 0.1), False, jaw=0.06, pucker=0.92, funnel=0.20))
    # Sibilants hold the jaw nearly shut and show the teeth; sh and ch push the lips forward.
    put("s z ʦ ʣ ts dz ɕ ʑ ʨ ʥ tɕ dʑ", _target((0.9, 0.32, 0.8, 0.5), False, jaw=0.06, smile=0.08, stretch=0.22,
                                       upper=0.14, lower=0.17, tip=0.20))
    put("ʃ ʒ ʧ ʤ tʃ dʒ ʂ ʐ ɧ ꭧ", _target((0.9, 0.75, 0.7, 0.5), False, jaw=0.065, pucker=0.38, funnel=0.34,
                                 upper=0.08, lower=0.10, tip=0.15))
    # Tongue tip: seen between the teeth, felt little by the lips.
    put("θ ð", _target((0.6, 0.10, 0.4, 1.0), False, jaw=0.08, upper=0.08, lower=0.12, tip=1.0, out=0.12))
    put("l ɫ ɭ ɬ ɮ ʎ ʟ", _target((0.60, 0.08, 0.35, 0.9), False, jaw=0.075, lower=0.06, tip=0.90))
    put("t d n ʈ ɖ ɳ ɗ", _target((0.70, 0.08, 0.35, 0.7), False, jaw=0.068, upper=0.08, lower=0.07,
                                 tip=0.50))
    put("ɾ r ɽ", _target((0.30, 0.08, 0.2, 0.7), False, jaw=0.08, lower=0.06, tip=0.50))
    put("ɹ ɻ ɺ", _target((0.60, 0.55, 0.35, 0.3), False, jaw=0.065, pucker=0.48, funnel=0.18, lower=0.05))
    # Back of the mouth: almost nothing to see.
    put("j ʝ ç ɲ c ɟ ʄ", _target((0.45, 0.35, 0.3, 0.3), False, jaw=0.07, smile=0.10, stretch=0.18,
                               lower=0.06))
    put("k ɡ ɠ ŋ x ɣ q ɢ ʛ ɴ χ ʁ ʀ ʢ ɰ", _target((0.45, 0.06, 0.20, 0.2), False, jaw=0.105, lower=0.05))
    put("h ɦ ʔ ʡ ħ ʕ ʜ", _target((0.08, 0.04, 0.08, 0.05), False, jaw=0.10))
    return rows


TARGETS: dict[str, Target] = _table()
"""IPA symbol -> target."""

BILABIALS = frozenset(["p", "b", "m", "ɓ", "ʙ", "ʘ"])
"""Sounds that shut the lips."""

LABIODENTALS = frozenset(["f", "v", "ɱ"])
"""Sounds that bring the lower lip to the upper teeth."""

VISEME_PHONES: dict[str, str] = {
    "sil": "", "PP": "m", "FF": "f", "TH": "θ", "DD": "t", "kk": "k", "CH": "ʃ", "SS": "s",
    "nn": "n", "RR": "ɹ", "aa": "ɑ", "E": "ɛ", "ih": "ɪ", "oh": "ɔ", "ou": "u",
}  # fmt: skip
"""A sound that looks like each OVR viseme, for cues that come without phones."""

@lru_cache(maxsize=4096)
def symbols(ipa: str) -> tuple[str, ...]:
    """Split one phone into symbols of `TARGETS`: a diphthong becomes its two vowels.

    Parameters
    ----------
    ipa : str
        One phone; stress, length, tie bars and other diacritics are ignored.

    Returns
    -------
    tuple of str
        Keys of `TARGETS`; empty for silence and for a phone that nothing is known of.
    """
    letters = plain_ipa(ipa)
    found: list[str] = []
    i = 0
    while i < len(letters):
        step = 2 if letters[i : i + 2] in TARGETS else 1
        if letters[i : i + step] in TARGETS:
            found.append(letters[i : i + step])
        i += step
    return tuple(found)
