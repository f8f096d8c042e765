"""Layers of the voice networks: products in eight bits, convolution blocks and self-attention."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

_LEVELS = 255
"""Steps between the least and the greatest value of an activation in eight bits."""


class QuantizedLinear(nn.Module):
    """A linear layer whose weights are whole numbers and whose input is rounded to 256 levels.

    The voice was distilled with weights in eight bits, and its original graph rounds every input to
    eight bits as well, over the range the whole tensor happens to have. Both are repeated here:
    without the rounding one duration in 200 would differ from the original's. Products of whole
    numbers are exact in float32 as long as they stay below 2 ** 24.
    """

    rounds = True
    """Whether the input is rounded; comparisons with other implementations need it off, because last
    digits decide single steps."""

    def __init__(self, wide_in: int, wide_out: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(wide_out, wide_in), requires_grad=False)
        """Whole numbers, -127 .. 127."""
        self.scale = nn.Parameter(torch.empty(()), requires_grad=False)
        self.bias = nn.Parameter(torch.empty(wide_out), requires_grad=False)

    def forward(self, x: Tensor) -> Tensor:
        """Apply the layer [shape=(..., wide_in)]."""
        if not self.rounds:
            return functional.linear(x, self.weight) * self.scale + self.bias
        low, high = x.amin().clamp(max=0), x.amax().clamp(min=0)
        step = (high - low) / _LEVELS
        step = torch.where(step > 0, step, torch.ones_like(step))
        zero = (-low / step).round().clamp(0, _LEVELS)
        whole = torch.minimum(torch.maximum((x / step).round(), -zero), _LEVELS - zero)
        return functional.linear(whole, self.weight) * (step * self.scale) + self.bias


class ConvBlock(nn.Module):
    """Mix along time per channel, normalise, widen, narrow, and add to the input (ConvNeXt)."""

    def __init__(self, width: int, inner: int, taps: int, dilation: int = 1) -> None:
        super().__init__()
        self.depthwise = nn.Conv1d(width, width, taps, padding=taps // 2 * dilation, dilation=dilation, groups=width)
        self.norm = nn.LayerNorm(width)
        self.widen = QuantizedLinear(width, inner)
        self.narrow = QuantizedLinear(inner, width)
        self.gamma = nn.Parameter(torch.empty(width))

    def forward(self, x: Tensor) -> Tensor:
        """Apply the block [shape=(N, width, time)]."""
        inner: Tensor = self.norm(self.depthwise(x).transpose(1, 2))
        inner = self.narrow(functional.gelu(self.widen(inner)))
        return x + (self.gamma * inner).transpose(1, 2)


class AttentionLayer(nn.Module):
    """One transformer layer: every position looks at every other, then a small network per position."""

    def __init__(self, width: int, inner: int, heads: int, linear: type[nn.Module] = QuantizedLinear) -> None:
        super().__init__()
        self.heads = heads
        self.norm1 = nn.LayerNorm(width)
        self.attend = linear(width, 3 * width)
        self.merge = linear(width, width)
        self.norm2 = nn.LayerNorm(width)
        self.widen = linear(width, inner)
        self.narrow = linear(inner, width)

    def forward(self, x: Tensor) -> Tensor:
        """Apply the layer [shape=(N, length, width)]."""
        split = self.attend(self.norm1(x)).unflatten(-1, (3, self.heads, -1))
        query, key, value = split.permute(2, 0, 3, 1, 4)
        weights = (query @ key.transpose(-1, -2) / query.shape[-1] ** 0.5).softmax(-1)
        x = x + self.merge((weights @ value).transpose(1, 2).flatten(2))
        out: Tensor = x + self.narrow(functional.gelu(self.widen(self.norm2(x))))
        return out
