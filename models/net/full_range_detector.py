"""Google's full-range face detector ("BlazeFace", dense) as a torch module: 2304 boxes from 192 x 192 pixels."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from .layers import Pointwise, forked, placed, rows
from .short_range_detector import VALUES

INPUT_PX = 192
CELLS = 48
"""Side of the grid that carries one box per cell."""
_STEM = 32
_STAGES = (
    ((8, 32, False), (8, 32, False)),
    ((12, 48, True), (12, 48, False), (16, 64, False)),
    ((24, 96, True), (32, 128, False), (32, 128, False)),
    ((36, 144, True), (48, 192, False), (64, 256, False)),
    ((96, 384, True), (96, 384, False), (96, 384, False), (96, 384, False)),
)
"""Blocks on grids of 96, 48, 24, 12 and 6 cells: inner width, outer width, whether the grid is halved."""
_FINER = ((96, 48, 2), (64, 32, 2), (48, 24, 1))
"""On the way back to 12, 24 and 48 cells: width, inner width of the blocks, number of blocks."""


def anchors() -> Tensor:
    """Return the centres of the cells in 0..1 [shape=(2304, 2)]."""
    centre = (torch.arange(CELLS) + 0.5) / CELLS
    y, x = torch.meshgrid(centre, centre, indexing="ij")
    return torch.stack([x, y], -1).reshape(-1, 2)


class Block(nn.Module):
    """Narrow and widen again, each after a 3 x 3 filter by depth, beside a shortcut."""

    def __init__(self, wide_in: int, narrow: int, wide_out: int, halve: bool) -> None:
        super().__init__()
        self.halve = halve
        self.missing = wide_out - wide_in
        self.first = nn.Conv2d(wide_in, wide_in, 3, 2 if halve else 1, 0 if halve else 1, groups=wide_in, bias=False)
        self.squeeze = Pointwise(wide_in, narrow)
        self.second = nn.Conv2d(narrow, narrow, 3, 1, 1, groups=narrow, bias=False)
        self.expand = Pointwise(narrow, wide_out)

    def forward(self, x: Tensor) -> Tensor:
        """Apply the block."""
        x, shortcut = forked(x, self.halve, self.missing)
        inner = functional.relu_(self.squeeze(self.first(x)))
        return functional.relu_(self.expand(self.second(inner)).add_(shortcut))


class Finer(nn.Module):
    """Joins a coarse grid, enlarged, with the finer grid that was kept on the way down."""

    def __init__(self, coarse: int, fine: int, width: int, narrow: int, blocks: int) -> None:
        super().__init__()
        self.coarse = Pointwise(coarse, width)
        self.fine = Pointwise(fine, width)
        self.blocks = nn.Sequential(*(Block(width, narrow, width, False) for _ in range(blocks)))

    def forward(self, coarse: Tensor, fine: Tensor) -> Tensor:
        """Return the joined grid, of the finer size."""
        enlarged = functional.interpolate(functional.relu_(self.coarse(coarse)), scale_factor=2.0, mode="bilinear",
                                          align_corners=False)
        joined: Tensor = self.blocks(functional.relu_(self.fine(fine)).add_(enlarged))
        return joined


class FullRangeDetector(nn.Module):
    """Finds faces that fill about a twentieth of the picture or more."""

    anchors: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, _STEM, 3, 2)
        wide, stages = _STEM, []
        for blocks in _STAGES:
            layers = []
            for narrow, wide_out, halve in blocks:
                layers.append(Block(wide, narrow, wide_out, halve))
                wide = wide_out
            stages.append(nn.Sequential(*layers))
        self.stages = nn.ModuleList(stages)
        kept = [blocks[-1][1] for blocks in _STAGES]
        widths = (kept[-1], *(width for width, _, _ in _FINER))
        self.finer = nn.ModuleList(Finer(widths[i], kept[-2 - i], *_FINER[i]) for i in range(len(_FINER)))
        self.score = Pointwise(widths[-1], 1)
        self.box = Pointwise(widths[-1], VALUES)
        self.register_buffer("anchors", anchors(), persistent=False)

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """Find faces.

        Parameters
        ----------
        pictures : Tensor
            RGB in -1..1 [shape=(N, 3, 192, 192)].

        Returns
        -------
        Tensor
            Boxes in 0..1 of the picture, laid out as in the short-range detector [shape=(N, 2304, 16)].
        Tensor
            Their scores in 0..1 [shape=(N, 2304)].
        """
        grids = [functional.relu_(self.stem(functional.pad(pictures, (0, 1, 0, 1))))]
        for stage in self.stages:
            grids.append(stage(grids[-1]))
        x = grids[-1]
        for i, finer in enumerate(self.finer):
            x = finer(x, grids[-2 - i])
        boxes = rows(self.box, x, VALUES) / INPUT_PX
        return placed(boxes, self.anchors), rows(self.score, x, 1)[..., 0].sigmoid()
