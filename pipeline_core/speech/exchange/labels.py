"""Labels of annotation tiers -> IPA: which alphabet a tier is written in, and what its labels mean."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..phones import ARPABET, SILENCE, is_vowel, plain_ipa, segments_of

_SILENT = frozenset({"", "sil", "sp", "spn", "nsn", "pau", "epi", "h#", "#", "_", "-", "...", "br", "silence", "noise"})
"""Pauses and noises as aligners name them (Montreal, TIMIT, Kaldi, pocketsphinx)."""
_TIMIT = {"bcl": "b", "pcl": "p", "dcl": "d", "tcl": "t", "gcl": "ɡ", "kcl": "k", "axr": "ɚ", "ux": "ʉ", "el": "əl",
          "em": "m", "en": "n", "eng": "ŋ", "nx": "ɾ", "hv": "ɦ", "q": "ʔ", "ax-h": "ə", "ix": "ɨ"}  # fmt: skip
"""What TIMIT adds to the CMU phones: the closures of its stops are labelled apart, and other sounds."""
_ARPABET = {**{name.lower(): ipa for name, ipa in ARPABET.items()}, **_TIMIT}
_POSITION = re.compile(r"[0-2]?(_[BIES])?$")
"""Stress, and Kaldi's place in the word."""
_MOST = 0.8
"""So many of the labels of a tier of sounds are sounds."""


def is_silent(label: str) -> bool:
    """Tell whether a label stands for no speech."""
    return label.strip().lower() in _SILENT or bool(re.fullmatch(r"<.*>|\[.*\]|\{.*\}", label.strip()))


def _arpabet(label: str) -> str | None:
    return _ARPABET.get(_POSITION.sub("", label.strip()).lower())


def _ipa(label: str) -> str | None:
    """Return the label where it is one sound: one segment, or a vowel that glides."""
    found = segments_of(label)
    letters = sum(character.isalpha() and not _is_modifier(character) for character in label)
    is_one = len(found) == 1 or (bool(found) and all(is_vowel(symbol) for symbol in plain_ipa(label)))
    return label.strip() if is_one and letters <= len(plain_ipa(label)) else None


def _is_modifier(character: str) -> bool:
    """Tell length, aspiration, palatalisation and other small letters from letters that are sounds."""
    return "\u02b0" <= character <= "\u02ff" or "\u1d2c" <= character <= "\u1d6a" or "\u2070" <= character <= "\u209f"


def sounds_of(labels: Sequence[str]) -> tuple[list[str | None], float]:
    """Read the labels of one tier as sounds.

    Returns
    -------
    sounds : list
        IPA of each label, "" for silence, None for what is no known sound.
    share : float
        How many of the labels that are not silent are sounds, 0..1.
    """
    spoken = [label for label in labels if not is_silent(label)]
    kinds = set(spoken)
    # One alphabet for the whole tier: y, r and others are in both, with other meanings.
    read = max((_arpabet, _ipa), key=lambda alphabet: sum(alphabet(label) is not None for label in kinds))
    sounds = [SILENCE if is_silent(label) else read(label) for label in labels]
    return sounds, sum(read(label) is not None for label in spoken) / max(1, len(spoken))


def are_sounds(share: float) -> bool:
    """Tell whether so large a share of sounds makes a tier one of sounds."""
    return share >= _MOST
