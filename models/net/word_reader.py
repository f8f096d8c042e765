"""Unknown words: a small transformer that reads letters and says phonemes."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .voice_layers import AttentionLayer

LETTERS = 329
"""Letters it knows; 0 is none of them."""
LONGEST = 24
"""Letters that are read of one word."""
SLOTS = 4
"""Phonemes that one letter may give at most."""
_PHONEMES = 54
"""Outputs per slot; 0 is nothing."""
_WIDTH = 128
_LAYERS = 4
_HEADS = 4


class WordReader(nn.Module):
    """Gives every letter up to four phonemes; repeats and blanks are dropped by the caller."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(LETTERS + 1, _WIDTH)
        self.places = nn.Parameter(torch.empty(LONGEST, _WIDTH))
        self.layers = nn.Sequential(*(AttentionLayer(_WIDTH, 3 * _WIDTH, _HEADS, nn.Linear) for _ in range(_LAYERS)))
        self.norm = nn.LayerNorm(_WIDTH)
        self.head = nn.Linear(_WIDTH, SLOTS * _PHONEMES)

    def forward(self, letters: Tensor) -> Tensor:
        """Return up to four phoneme numbers per letter, in order [shape=(N, L)] -> [shape=(N, 4 L)]."""
        x = self.embed(letters) + self.places[: letters.shape[1]]
        scores: Tensor = self.head(self.norm(self.layers(x)))
        return scores.reshape(len(letters), -1, _PHONEMES).argmax(-1)
