"""The bundled voice as a torch module: phoneme numbers in, durations, pitch and spectrum out.

Distilled from the voice "heart" of Kokoro-82M by the authors of hibari-tts (Apache-2.0); the code
here is our own. Two halves read the same phonemes: one decides how long and how high each is, the
other how it sounds.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from .voice_layers import AttentionLayer, ConvBlock, QuantizedLinear

SYMBOLS = 178
"""Phoneme numbers, 0 being the mark before and behind a sentence."""
BINS = 601
"""Frequencies per frame, 0 .. 12 kHz."""
FRAMES_PER_UNIT = 2
"""A duration counts 25 ms; a frame of the spectrum is 12.5 ms."""
_HEADS = 2
_PROSODY_DILATIONS = (1, 2, 4, 8, 1, 2)
_DECODER_BLOCKS = 8


class Drawn(NamedTuple):
    """What the network says about a sentence of L symbols and F frames."""

    units: Tensor
    """Duration per symbol in steps of 25 ms, 1 or more [shape=(L,)]."""
    pitch_hz: Tensor
    """Below 40 where there is no voice [shape=(F,)]."""
    parts: Tensor
    """Log level and turn of the pulses, log level of the noise, log level and phase of the rest
    [shape=(5, 601, F)]."""


class TextEncoder(nn.Module):
    """Phoneme numbers -> one vector per phoneme; the attention layer is applied several times."""

    def __init__(self, width: int, rounds: int) -> None:
        super().__init__()
        self.rounds = rounds
        self.embed = nn.Embedding(SYMBOLS, width)
        self.blocks = nn.Sequential(*(ConvBlock(width, 2 * width, 5) for _ in range(2)))
        self.layer = AttentionLayer(width, 2 * width, _HEADS)
        self.norm = nn.LayerNorm(width)

    def forward(self, symbols: Tensor) -> Tensor:
        """Encode [shape=(N, L)] -> [shape=(N, width, L)]."""
        x = self.blocks(self.embed(symbols).transpose(1, 2)).transpose(1, 2)
        for _ in range(self.rounds):
            x = self.layer(x)
        out: Tensor = self.norm(x).transpose(1, 2)
        return out


class Prosody(nn.Module):
    """How long each phoneme lasts, and pitch and loudness over time."""

    def __init__(self, width: int = 192) -> None:
        super().__init__()
        self.text = TextEncoder(width, rounds=6)
        self.duration_in = nn.Conv1d(width, width, 3, padding=1)
        self.duration_out = nn.Conv1d(width, 1, 1)
        self.contour_in = nn.Conv1d(width, width, 1)
        self.contour = nn.Sequential(*(ConvBlock(width, 2 * width, 7, d) for d in _PROSODY_DILATIONS))
        self.contour_out = nn.Conv1d(width, 2 * FRAMES_PER_UNIT, 1)

    def durations(self, features: Tensor, speed: float) -> Tensor:
        """Return whole units of 25 ms per phoneme [shape=(L,)]."""
        log: Tensor = self.duration_out(functional.gelu(self.duration_in(features)))[0, 0]
        return ((log.exp() - 1) / speed).round().clamp(min=1).long()

    def contours(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Return pitch in Hz and loudness per frame, from features per unit."""
        found = self.contour_out(self.contour(self.contour_in(features)))
        pitch, loudness = found[0].unflatten(0, (2, FRAMES_PER_UNIT)).transpose(1, 2).flatten(1)
        return pitch * 100, loudness * 5


class VoiceNet(nn.Module):
    """One sentence at a time."""

    def __init__(self, width: int = 256) -> None:
        super().__init__()
        self.prosody = Prosody()
        self.text = TextEncoder(128, rounds=4)
        self.enter = nn.Conv1d(128 + 2, width, 7, padding=3)
        self.blocks = nn.Sequential(*(ConvBlock(width, 3 * width, 7) for _ in range(_DECODER_BLOCKS)))
        self.norm = nn.LayerNorm(width)
        self.head = QuantizedLinear(width, 5 * BINS)

    def forward(self, symbols: Tensor, speed: float) -> Drawn:
        """Draw a sentence.

        Parameters
        ----------
        symbols : Tensor
            Phoneme numbers with 0 at both ends [shape=(1, L)].
        speed : float
            Durations are divided by it.
        """
        features = self.prosody.text(symbols)
        units = self.prosody.durations(features, speed)
        pitch_hz, loudness = self.prosody.contours(features.repeat_interleave(units, dim=2))
        text = self.text(symbols).repeat_interleave(units * FRAMES_PER_UNIT, dim=2)
        curves = torch.stack([pitch_hz.relu().log1p(), loudness]) / 5
        x = self.blocks(self.enter(torch.cat([text, curves[None]], dim=1)))
        parts = self.head(self.norm(x.transpose(1, 2)))[0]
        return Drawn(units, pitch_hz, parts.T.unflatten(0, (5, BINS)))
