"""The English front end with its shipped data: word list, tagger, and the network for unknown words."""

from __future__ import annotations

import lzma
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..pipeline_core.cache import shared

if TYPE_CHECKING:
    from ..pipeline_core.speech.english import English

DATA = Path(__file__).resolve().parent / "assets" / "voice_english.safetensors.xz"
_WORDS_KEPT = 5000


class UnknownWords:
    """Reads words that no list has, letter by letter, on the CPU: a word takes a millisecond."""

    def __init__(self, arrays: dict[str, Any]) -> None:
        import torch

        from .net.word_reader import WordReader

        self._letters = {letter: i + 1 for i, letter in enumerate(bytes(arrays.pop("letters")).decode())}
        self._phonemes = " " + bytes(arrays.pop("phonemes")).decode()
        self.net = WordReader()
        self.net.load_state_dict({name: torch.from_numpy(array.astype(np.float32)) for name, array in arrays.items()})
        self.net.eval().requires_grad_(False)
        self._known: dict[str, str] = {}

    def __call__(self, word: str) -> str:
        """Return the phonemes of a word; "" when it has no letter that the network knows."""
        if word not in self._known:
            if len(self._known) >= _WORDS_KEPT:
                self._known.clear()
            self._known[word] = self._read(word)
        return self._known[word]

    def _read(self, word: str) -> str:
        import torch

        from .net.threads import one_thread
        from .net.word_reader import LONGEST

        letters = [self._letters[ch] for ch in word if ch in self._letters][:LONGEST]
        if not letters:
            return ""
        with torch.inference_mode(), one_thread("cpu"):
            numbers = [0, *self.net(torch.tensor([letters]))[0].tolist()]
        # A number that repeats is one sound, 0 is none.
        return "".join(self._phonemes[now] for last, now in zip(numbers, numbers[1:], strict=False)
                       if now and now != last)


def _load() -> English:
    from safetensors.numpy import load

    from ..pipeline_core.speech.english import English, EnglishData

    arrays = load(lzma.decompress(DATA.read_bytes()))
    parts = {part: {name[len(part) + 1 :]: array for name, array in arrays.items() if name.startswith(part + ".")}
             for part in ("tagger", "reader")}
    return English(EnglishData(arrays["lexicon"], parts["tagger"], UnknownWords(parts["reader"])))


def english() -> English:
    """Return the reader of English text, from the cache; it works on the CPU alone."""
    return shared().get(("english",), _load)
