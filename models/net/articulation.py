"""The articulation network in torch: for training, and for graphics cards."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from ...pipeline_core.speech.articulation.features import BANDS
from ...pipeline_core.speech.articulation.net import BLOCKS, STEM, Shape
from ...pipeline_core.speech.articulation.symbols import ARTICULATORS, PHONES
from ...pipeline_core.types import FloatArray

_EPSILON = 1e-3


class _Convolution(nn.Module):
    """Zeros outside the sound; the normalisation of training melts into the weights."""

    def __init__(self, shape: Shape, inputs: int, outputs: int) -> None:
        super().__init__()
        self.shape = shape
        self.convolution = nn.Conv1d(inputs, outputs, shape.taps, dilation=shape.dilation)
        self.norm: nn.Module = nn.BatchNorm1d(outputs, eps=_EPSILON)

    def forward(self, frames: Tensor) -> Tensor:
        padded = functional.pad(frames, (self.shape.behind, self.shape.ahead))
        return functional.relu(self.norm(self.convolution(padded)))

    def melted(self) -> tuple[FloatArray, FloatArray]:
        """Return weight [shape=(taps * C_in, C_out)] and bias with the normalisation inside."""
        weight, bias = self.convolution.weight.detach(), self.convolution.bias.detach()
        if isinstance(self.norm, nn.BatchNorm1d):
            scale = self.norm.weight.detach() / torch.sqrt(self.norm.running_var + _EPSILON)
            weight, bias = weight * scale[:, None, None], (bias - self.norm.running_mean) * scale + self.norm.bias.detach()
        flat = weight.permute(2, 1, 0).reshape(-1, weight.shape[0])
        return flat.cpu().numpy().astype(np.float32), bias.cpu().numpy().astype(np.float32)

    def pour(self, weight: FloatArray, bias: FloatArray) -> None:
        """Take melted weights; there is no normalisation from now on."""
        shape = self.convolution.weight.shape
        self.norm = nn.Identity()
        self.convolution.weight.data = torch.from_numpy(weight).reshape(shape[2], shape[1], shape[0]).permute(2, 1, 0).contiguous()
        self.convolution.bias.data = torch.from_numpy(bias)


class _Block(nn.Module):
    def __init__(self, shape: Shape, width: int, dropout: float) -> None:
        super().__init__()
        self.wide = _Convolution(shape, width, width)
        self.dropout = nn.Dropout1d(dropout)
        self.mix = nn.Conv1d(width, width, 1)

    def forward(self, frames: Tensor) -> Tensor:
        return frames + self.mix(self.dropout(self.wide(frames)))


class ArticulationNet(nn.Module):
    """Bands [shape=(B, BANDS, T)] -> scores of phones and articulators [shape=(B, P + 7, T)]."""

    def __init__(self, width: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.stem = _Convolution(STEM, BANDS, width)
        self.blocks = nn.ModuleList(_Block(shape, width, dropout) for shape in BLOCKS)
        self.head = nn.Conv1d(width, len(PHONES) + len(ARTICULATORS), 1)

    def forward(self, bands: Tensor) -> Tensor:
        """Return logits of the phones and, behind them, of the articulators."""
        frames = self.stem(bands)
        for block in self.blocks:
            frames = block(frames)
        return self.head(frames)

    def weights(self) -> dict[str, FloatArray]:
        """Return what `pipeline_core.speech.articulation.net` reads."""
        out = dict(zip(("stem", "stem_bias"), self.stem.melted(), strict=True))
        for i, block in enumerate(self.blocks):
            wide, bias = block.wide.melted()
            mix, mix_bias = _flat(block.mix)
            out |= {f"block{i}.wide": wide, f"block{i}.wide_bias": bias, f"block{i}.mix": mix, f"block{i}.mix_bias": mix_bias}
        head, head_bias = _flat(self.head)
        return out | {"head": head, "head_bias": head_bias}

    @staticmethod
    def from_weights(weights: Mapping[str, FloatArray]) -> ArticulationNet:
        """Return the network with the weights that ship."""
        net = ArticulationNet(weights["stem"].shape[1])
        net.stem.pour(weights["stem"], weights["stem_bias"])
        for i, block in enumerate(net.blocks):
            block.wide.pour(weights[f"block{i}.wide"], weights[f"block{i}.wide_bias"])
            _pour(block.mix, weights[f"block{i}.mix"], weights[f"block{i}.mix_bias"])
        _pour(net.head, weights["head"], weights["head_bias"])
        return net.eval().requires_grad_(False)


def _flat(layer: nn.Conv1d) -> tuple[FloatArray, FloatArray]:
    weight, bias = layer.weight.detach()[:, :, 0].T, layer.bias.detach()
    return weight.cpu().numpy().astype(np.float32).copy(), bias.cpu().numpy().astype(np.float32)


def _pour(layer: nn.Conv1d, weight: FloatArray, bias: FloatArray) -> None:
    layer.weight.data = torch.from_numpy(np.ascontiguousarray(weight.T))[:, :, None]
    layer.bias.data = torch.from_numpy(bias)
