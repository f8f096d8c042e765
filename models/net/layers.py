"""Layers and steps that the face networks share."""

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


def forked(x: Tensor, halve: bool, missing: int) -> tuple[Tensor, Tensor]:
    """Return what goes into the filters of a detector's block, and the shortcut beside them.

    Parameters
    ----------
    x : Tensor
        What the block gets [shape=(N, C, H, W)].
    halve : bool
        Whether the block halves the grid.
    missing : int
        Channels that the shortcut lacks; they are zero.
    """
    shortcut = x
    if halve:
        shortcut = functional.max_pool2d(x, 2)
        # "Same" padding of an even grid halved by a 3 x 3 kernel lies right and below only.
        x = functional.pad(x, (0, 1, 0, 1))
    if missing:
        shortcut = functional.pad(shortcut, (0, 0, 0, 0, 0, missing))
    return x, shortcut


def rows(head: nn.Module, grid: Tensor, values: int) -> Tensor:
    """Return what a head says of a grid, one box after the other [shape=(N, boxes, values)]."""
    found: Tensor = head(grid).permute(0, 2, 3, 1)
    return found.reshape(len(grid), -1, values)


def placed(boxes: Tensor, anchors: Tensor) -> Tensor:
    """Add the anchors [shape=(A, 2)] to the points of boxes [shape=(N, A, 16)]."""
    centre = anchors.repeat(1, boxes.shape[-1] // 2)
    # Width and height, at 2 and 3, are sizes: no anchor is added.
    centre[:, 2:4] = 0
    return boxes + centre
