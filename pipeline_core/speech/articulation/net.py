"""The articulation network in numpy: whole sounds and live ones by the same steps.

A chain of dilated convolutions with shortcuts. Every layer remembers the frames that its next
output needs, so a sound may come in pieces of any size and the result is that of the whole.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from ...types import FloatArray
from .features import BANDS
from .heard import Heard
from .symbols import ARTICULATORS, PHONES


class Shape(NamedTuple):
    """How a layer reaches through time, in frames."""

    taps: int
    dilation: int
    ahead: int
    """Frames that the output looks into the future."""

    @property
    def behind(self) -> int:
        """Frames that the output looks into the past."""
        return (self.taps - 1) * self.dilation - self.ahead


STEM = Shape(5, 1, 2)
BLOCKS: tuple[Shape, ...] = (
    Shape(3, 1, 1), Shape(3, 2, 2), Shape(3, 4, 4), Shape(3, 8, 0), Shape(3, 16, 0),
    Shape(3, 1, 1), Shape(3, 2, 2), Shape(3, 4, 0), Shape(3, 8, 0), Shape(3, 16, 0), Shape(3, 32, 0),
    Shape(3, 1, 0),
)
AHEAD = STEM.ahead + sum(shape.ahead for shape in BLOCKS)
"""Frames of look-ahead: 12, so that with the window a frame is known 137.5 ms after it began."""

BEHIND = STEM.behind + sum(shape.behind for shape in BLOCKS)
"""Frames of the past that a frame's output depends on."""


class _Convolution:
    """One layer over a stream of frames; before the sound and behind it there is nothing but zeros."""

    def __init__(self, shape: Shape, weight: FloatArray, bias: FloatArray) -> None:
        self._shape, self._weight, self._bias = shape, weight, bias
        """`weight` [shape=(taps * C_in, C_out)], the oldest tap first."""
        self._past = np.zeros((shape.behind + shape.ahead, weight.shape[0] // shape.taps), np.float32)

    def push(self, frames: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the outputs that have become known [shape=(T, C_out)] and the inputs beside them."""
        known = np.concatenate([self._past, frames])
        self._past = known[len(frames) :]
        count, step = len(frames), self._shape.dilation
        taps = [known[k * step : k * step + count] for k in range(self._shape.taps)]
        beside = known[self._shape.behind : self._shape.behind + count]
        return np.asarray(np.concatenate(taps, axis=1) @ self._weight + self._bias, np.float32), beside


class _Block:
    """A convolution, a bend, a mix of channels, and the input added."""

    def __init__(self, shape: Shape, weights: Mapping[str, FloatArray], name: str) -> None:
        self._wide = _Convolution(shape, weights[f"{name}.wide"], weights[f"{name}.wide_bias"])
        self._mix, self._bias = weights[f"{name}.mix"], weights[f"{name}.mix_bias"]

    def push(self, frames: FloatArray) -> FloatArray:
        bent, beside = self._wide.push(frames)
        return np.asarray(beside + np.maximum(bent, 0.0) @ self._mix + self._bias, np.float32)


class NetStream:
    """The network on a sound that comes in pieces.

    Parameters
    ----------
    weights : mapping of str to FloatArray
        As `tools/train_articulation.py` writes them: "stem", "block0.wide", ... "head".
    """

    def __init__(self, weights: Mapping[str, FloatArray]) -> None:
        self._stem = _Convolution(STEM, weights["stem"], weights["stem_bias"])
        self._blocks = [_Block(shape, weights, f"block{i}") for i, shape in enumerate(BLOCKS)]
        self._head, self._bias = weights["head"], weights["head_bias"]
        # A layer's outputs for moments before the sound would be its bias; the next layer must see zeros.
        self._delays = np.cumsum([STEM.ahead, *(shape.ahead for shape in BLOCKS)])
        self._pushed = 0
        self._end: int | None = None

    def push(self, bands: FloatArray) -> Heard:
        """Return what is known now: all but the last `AHEAD` frames so far."""
        first = self._pushed
        self._pushed += len(bands)
        frames = self._inside(np.maximum(self._stem.push(bands)[0], 0.0), first, self._delays[0])
        for block, delay in zip(self._blocks, self._delays[1:], strict=True):
            frames = self._inside(block.push(frames), first, delay)
        return heard_of(frames[max(0, AHEAD - first) :] @ self._head + self._bias)

    def finish(self) -> Heard:
        """Return the last frames; the sound ends here."""
        self._end = self._pushed
        return self.push(np.zeros((AHEAD, BANDS), np.float32))

    def _inside(self, frames: FloatArray, first: int, delay: int) -> FloatArray:
        at = np.arange(first - delay, first - delay + len(frames))
        outside = (at < 0) if self._end is None else (at < 0) | (at >= self._end)
        if outside.any():
            frames[outside] = 0.0
        return frames


def heard_of(raw: FloatArray) -> Heard:
    """Return what the last layer's numbers mean [shape=(T, P + 7)]."""
    scores = raw[:, : len(PHONES)]
    scores = scores - scores.max(axis=1, keepdims=True)
    log_posteriors = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
    articulators = 1.0 / (1.0 + np.exp(-raw[:, len(PHONES) :]))
    return Heard(np.asarray(log_posteriors, np.float32), np.asarray(articulators, np.float32))


def joined(parts: Sequence[Heard]) -> Heard:
    """Return the parts one behind another."""
    if not parts:
        return Heard(np.zeros((0, len(PHONES)), np.float32), np.zeros((0, len(ARTICULATORS)), np.float32))
    return Heard(np.concatenate([p.log_posteriors for p in parts]), np.concatenate([p.articulators for p in parts]))
