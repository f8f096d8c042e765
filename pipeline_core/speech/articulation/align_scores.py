"""How well each phone of a text explains each frame of what was heard.

The text says "t", the speaker makes a flap, and the model hears "d": a phone of a text therefore
also counts what is heard of its likes. That stands in for most variants of pronunciation, for
accents, and for the roughness of readings that were spelled out by rules.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from ...types import FloatArray
from .symbols import PHONES

_VOWELS = """
i 0 0 0 | y 0 0 1 | ɪ .2 .15 0 | ɨ .1 .5 0 | e .35 .05 0 | ø .4 .15 1 | ɛ .6 .1 0 | æ .8 .1 0 | a 1 .4 0
ɑ 1 .9 .2 | ʌ .7 .6 0 | ə .5 .5 .2 | ɚ .5 .5 .5 | ɔ .65 1 1 | o .35 1 1 | ʊ .2 .8 .8 | u 0 .9 1
j 0 0 0 | w 0 1 1
"""
"""Open (0..1), back (0..1), rounded (0..1), after the vowel chart of the IPA; the glides stand where
their vowels are."""
_CONSONANTS = """
p 0 stop 0 | b 0 stop 1 | m 0 nasal 1 | f .15 hiss 0 | v .15 hiss 1 | θ .45 hiss 0 | ð .45 hiss 1
t .55 stop 0 | d .55 stop 1 | s .55 hiss 0 | z .55 hiss 1 | ʃ .7 hiss 0 | ʒ .7 hiss 1 | ʧ .7 both 0 | ʤ .7 both 1
n .55 nasal 1 | ɲ .8 nasal 1 | ŋ 1 nasal 1 | l .55 liquid 1 | r .6 liquid 1 | ɹ .7 liquid 1
k 1 stop 0 | ɡ 1 stop 1 | x 1.1 hiss 0 | h 1.3 hiss 0 | ʔ 1.3 stop 0 | j .8 glide 1 | w .9 glide 1
"""
"""Place from the lips (0) to the throat, manner, voice."""
_ALIKE = (("ɚ", "ɹ", 0.2), ("d", "r", 0.3), ("t", "r", 0.3), ("ʔ", "t", 0.4), ("d", "ð", 0.3), ("v", "b", 0.6),
          ("v", "w", 0.6), ("x", "r", 0.5), ("ɡ", "x", 0.5), ("h", "x", 0.3), ("ɹ", "w", 0.6), ("l", "w", 0.8),
          ("r", "ɹ", 0.4), ("ɚ", "r", 0.6), ("a", "ɑ", 0.2), ("a", "æ", 0.3), ("a", "ʌ", 0.3), ("ə", "ʌ", 0.25))
"""Pairs that are nearer than the tables tell: taps, weak stops, the r of many languages, and low
vowels, which most languages have one of."""
_PLACE_WEIGHT, _MANNER_WEIGHT, _VOICE_WEIGHT = 1.5, 0.8, 0.3
_VOWEL_WEIGHT, _ROUND_WEIGHT = 1.6, 0.4


def _rows(table: str) -> dict[str, list[str]]:
    return {cells[0]: cells[1:] for cells in (entry.split() for entry in table.replace("\n", "|").split("|")) if cells}


def _distances() -> FloatArray:
    """How unlike two phones are [shape=(P, P)]; infinite between silence and the rest."""
    found = np.full((len(PHONES), len(PHONES)), np.inf, np.float32)
    np.fill_diagonal(found, 0.0)
    at = {phone: place for place, phone in enumerate(PHONES)}

    def near(one: str, other: str, distance: float) -> None:
        for a, b in ((one, other), (other, one)):
            found[at[a], at[b]] = min(found[at[a], at[b]], distance)

    vowels = {name: [float(value) for value in values] for name, values in _rows(_VOWELS).items()}
    for one, (open_a, back_a, round_a) in vowels.items():
        for other, (open_b, back_b, round_b) in vowels.items():
            near(one, other, _VOWEL_WEIGHT * float(np.hypot(open_a - open_b, 0.7 * (back_a - back_b)))
                 + _ROUND_WEIGHT * abs(round_a - round_b))
    consonants = _rows(_CONSONANTS)
    for one, (place_a, manner_a, voice_a) in consonants.items():
        for other, (place_b, manner_b, voice_b) in consonants.items():
            near(one, other, _PLACE_WEIGHT * abs(float(place_a) - float(place_b))
                 + _MANNER_WEIGHT * (manner_a != manner_b) + _VOICE_WEIGHT * (voice_a != voice_b))
    for one, other, distance in _ALIKE:
        near(one, other, distance)
    return found


_REACH = 0.25
"""How far pronunciations stray: a "d" counts 0.3 for a "t"."""
_FLOOR = 0.01
"""Left for anything at all, so that one odd frame cannot break a path."""
_PRIOR_POWER = 0.5
"""Scaled likelihoods: what is rare in the training set counts for more where it is heard."""


@cache
def likeness() -> FloatArray:
    """Return how much each heard phone counts for each phone of a text, 1 for itself [shape=(P, P)]."""
    # The same both ways, so that two phones meet where the model doubts between them.
    return np.asarray(np.maximum(np.exp(-_distances() / _REACH), _FLOOR), np.float32)


def scores_of(log_posteriors: FloatArray) -> FloatArray:
    """Return how well each phone of a text explains each frame, in nats [both shape=(T, P)]."""
    chances = np.exp(log_posteriors) / _prior() ** _PRIOR_POWER
    chances /= chances.sum(axis=1, keepdims=True)
    return np.asarray(np.log(chances @ likeness().T), np.float32)


_SHARES = """
- 189 | p 26 | b 18 | m 32 | f 14 | v 17 | θ 3 | ð 3 | t 42 | d 21 | s 38 | z 16 | ʃ 11 | ʒ 2 | ʧ 6 | ʤ 4 | n 44 | ɲ 2
ŋ 7 | l 27 | r 19 | ɹ 23 | k 32 | ɡ 6 | x 4 | h 9 | ʔ 2 | j 9 | w 8 | i 45 | y 1 | ɪ 40 | ɨ 3 | e 25 | ø 2 | ɛ 24 | æ 14
a 46 | ɑ 15 | ʌ 20 | ə 31 | ɚ 11 | ɔ 16 | o 30 | ʊ 18 | u 26
"""
"""Frames of a phone per thousand of the training set; "-" is silence."""


@cache
def _prior() -> FloatArray:
    shares = {name: float(share) for name, (share,) in _rows(_SHARES).items()}
    return np.array([shares[phone or "-"] for phone in PHONES], np.float32) / sum(shares.values())
