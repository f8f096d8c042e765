"""Parts of speech by an averaged perceptron, needed where a spelling has two readings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

_BEFORE = ("-START2-", "-START-")
_AFTER = ("-END-", "-END2-")
_DEFAULT = "NN"


def _shape(word: str) -> str:
    """Return what a word looks like: "x" for lower case, "Xx" for a capital first, "d" for digits ..."""
    if word.isdigit():
        return "d"
    if not word.isalpha():
        return "".join("d" if ch.isdigit() else "x" if ch.isalpha() else ch for ch in word[:4])
    if word.islower():
        return "x"
    if word.isupper():
        return "X1" if len(word) == 1 else "XX"
    return "Xx" if word[0].isupper() and word[1:].islower() else "xX"


def _normal(word: str) -> str:
    if "-" in word[1:] and word[0] != "-":
        return "!HYPHEN"
    if word[0].isdigit():
        return "!YEAR" if word.isdigit() and len(word) == 4 else "!DIGITS"
    return word.lower()


class Tagger:
    """Gives each word of a sentence one of the Penn Treebank's tags.

    Parameters
    ----------
    arrays : mapping of str to array
        `tags`, `features`, `known` and `fixed` are texts with one entry per line, as bytes; the
        weights of feature i are the cells from `ends[i - 1]` to `ends[i]`: which tag, how much.
    """

    def __init__(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        lines = {name: bytes(arrays[name]).decode().split("\n") for name in ("tags", "features", "known", "fixed")}
        self._tags = lines["tags"]
        self._rows = {feature: i for i, feature in enumerate(lines["features"])}
        self._known = frozenset(lines["known"])
        self._fixed = dict(line.split("\t") for line in lines["fixed"])
        self._ends = np.concatenate([[0], arrays["ends"]])
        self._cell_tags, self._cells = arrays["cell_tags"], arrays["cell_tenths"]

    def __call__(self, words: Sequence[str]) -> list[str]:
        """Return one tag per word."""
        context = [*_BEFORE, *map(self._seen, words), *_AFTER]
        tags: list[str] = list(_BEFORE)
        for i, word in enumerate(words):
            tags.append(self._fixed.get(word) or self._best(_features(i, word, context, tags[-1], tags[-2])))
        return tags[2:]

    def _seen(self, word: str) -> str:
        normal = _normal(word)
        return normal if normal in self._known else f"<{_shape(word)}>"

    def _best(self, features: Sequence[str]) -> str:
        rows = [self._rows[feature] for feature in features if feature in self._rows]
        if not rows:
            return _DEFAULT
        scores = np.zeros(len(self._tags), np.int64)
        for row in rows:
            cells = slice(self._ends[row], self._ends[row + 1])
            np.add.at(scores, self._cell_tags[cells], self._cells[cells])
        # Among equals the last name wins, as when the weights were learnt.
        return self._tags[len(scores) - 1 - int(scores[::-1].argmax())]


def _features(i: int, word: str, context: Sequence[str], last: str, last2: str) -> tuple[str, ...]:
    """Name what the perceptron looks at; `context` has two entries before the first word."""
    before2, before, here, after, after2 = context[i : i + 5]
    return ("b", f"w={here}", f"s3={word[-3:]}", f"p1={word[0]}", f"sh={_shape(word)}", "i0" if i == 0 else "i+",
            f"t-1={last}", f"t-2={last2}", f"t-12={last},{last2}", f"w-1={before}", f"s3-1={before[-3:]}",
            f"w-2={before2}", f"w+1={after}", f"s3+1={after[-3:]}", f"w+2={after2}")  # fmt: skip
