"""Google's short-range face detector ("BlazeFace") as a torch module: 896 boxes from 128 x 128 pixels."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from .layers import Pointwise, forked, placed, rows

INPUT_PX = 128
VALUES = 16
"""Per box: centre x, y, width, height, then x, y of two eyes, nose tip, mouth, two ears."""
_WIDTHS = (24, 28, 32, 36, 42, 48, 56, 64, 72, 80, 88, 96, 96, 96, 96, 96)
_HALVING = (2, 5, 11)
"""Blocks that halve the grid."""
_FINE = 10
"""The block whose 16 x 16 grid carries two boxes per cell; the last one's 8 x 8 grid carries six."""
_GRIDS = ((16, 2), (8, 6))


def anchors() -> Tensor:
    """Return the centres of the boxes' cells in 0..1 [shape=(896, 2)]."""
    parts = []
    for cells, boxes in _GRIDS:
        centre = (torch.arange(cells) + 0.5) / cells
        y, x = torch.meshgrid(centre, centre, indexing="ij")
        parts.append(torch.stack([x, y], -1).reshape(-1, 1, 2).expand(-1, boxes, 2).reshape(-1, 2))
    return torch.cat(parts)


class Block(nn.Module):
    """Depthwise and pointwise convolution beside a shortcut whose missing channels are zero."""

    def __init__(self, wide_in: int, wide_out: int, halve: bool) -> None:
        super().__init__()
        self.halve = halve
        self.missing = wide_out - wide_in
        self.depthwise = nn.Conv2d(wide_in, wide_in, 3, 2 if halve else 1, 0 if halve else 1,
                                   groups=wide_in, bias=False)
        self.pointwise = Pointwise(wide_in, wide_out)

    def forward(self, x: Tensor) -> Tensor:
        """Apply the block."""
        x, shortcut = forked(x, self.halve, self.missing)
        return functional.relu_(self.pointwise(self.depthwise(x)).add_(shortcut))


class ShortRangeDetector(nn.Module):
    """Finds faces that fill about a fifth of the picture or more."""

    anchors: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, _WIDTHS[0], 5, 2)
        widths = (_WIDTHS[0], *_WIDTHS)
        self.blocks = nn.ModuleList(Block(widths[i], widths[i + 1], i in _HALVING) for i in range(len(_WIDTHS)))
        self.score_fine = Pointwise(_WIDTHS[_FINE], 2)
        self.score_coarse = Pointwise(_WIDTHS[-1], 6)
        self.box_fine = Pointwise(_WIDTHS[_FINE], 2 * VALUES)
        self.box_coarse = Pointwise(_WIDTHS[-1], 6 * VALUES)
        self.register_buffer("anchors", anchors(), persistent=False)

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """Find faces.

        Parameters
        ----------
        pictures : Tensor
            RGB in -1..1 [shape=(N, 3, 128, 128)].

        Returns
        -------
        Tensor
            Boxes in 0..1 of the picture, laid out as `VALUES` says [shape=(N, 896, 16)].
        Tensor
            Their scores in 0..1 [shape=(N, 896)].
        """
        x = functional.relu_(self.stem(functional.pad(pictures, (1, 2, 1, 2))))
        fine = x
        for i, block in enumerate(self.blocks):
            x = block(x)
            if i == _FINE:
                fine = x
        boxes = torch.cat([rows(self.box_fine, fine, VALUES), rows(self.box_coarse, x, VALUES)], 1) / INPUT_PX
        scores = torch.cat([rows(self.score_fine, fine, 1), rows(self.score_coarse, x, 1)], 1)[..., 0]
        return placed(boxes, self.anchors), scores.sigmoid()
