"""Layers that both face networks share."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional


class Pointwise(nn.Conv2d):
    """A 1 x 1 convolution as a matrix product over the channels.

    Torch unrolls small 1 x 1 convolutions on one CPU thread; in channels-last memory the product
    needs no copy (landmark network: 9.2 instead of 10.4 ms).
    """

    def __init__(self, wide_in: int, wide_out: int) -> None:
        super().__init__(wide_in, wide_out, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Apply the layer [shape=(N, C, H, W)]."""
        rows = functional.linear(x.permute(0, 2, 3, 1), self.weight[:, :, 0, 0], self.bias)
        return rows.permute(0, 3, 1, 2)
