"""Google's face landmark network as a torch module: 478 points from a 256 x 256 crop."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from .layers import Pointwise

INPUT_PX = 256
POINTS = 478
_WIDTHS = (16, 32, 64, 128, 128, 128, 128)
"""Channels per stage, from a 128 x 128 grid down to 2 x 2."""
_NARROWEST = 64
"""The inner width is half the stage's, but never more than this."""
_RESIDUALS = 4


class Block(nn.Module):
    """Narrow, blur by depth, widen, and add the shortcut; optionally on a grid of half the size."""

    def __init__(self, wide_in: int, wide_out: int, halve: bool) -> None:
        super().__init__()
        self.halve = halve
        self.missing = wide_out - wide_in
        narrow = min(_NARROWEST, wide_out // 2)
        self.squeeze = nn.Conv2d(wide_in, narrow, 2, 2) if halve else Pointwise(wide_in, narrow)
        self.inner_slope = nn.PReLU(narrow)
        self.depthwise = nn.Conv2d(narrow, narrow, 3, 1, 1, groups=narrow, bias=False)
        self.expand = Pointwise(narrow, wide_out)
        self.outer_slope = nn.PReLU(wide_out)

    def forward(self, x: Tensor) -> Tensor:
        """Apply the block."""
        shortcut = functional.max_pool2d(x, 2) if self.halve else x
        if self.missing:
            shortcut = functional.pad(shortcut, (0, 0, 0, 0, 0, self.missing))
        inner = self.expand(self.depthwise(self.inner_slope(self.squeeze(x))))
        return self.outer_slope(inner.add_(shortcut))


class Stem(nn.Module):
    """The first convolution, which halves the picture."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, _WIDTHS[0], 3, 2)
        self.slope = nn.PReLU(_WIDTHS[0])

    def forward(self, x: Tensor) -> Tensor:
        """Apply the stem; "same" padding of an even grid lies right and below only."""
        return self.slope(self.conv(functional.pad(x, (0, 1, 0, 1))))


class Stage(nn.Module):
    """Blocks on a grid of one size; all stages but the first begin by halving it."""

    def __init__(self, wide_in: int, wide_out: int, halve: bool) -> None:
        super().__init__()
        self.down = Block(wide_in, wide_out, True) if halve else nn.Identity()
        self.residuals = nn.Sequential(*(Block(wide_out, wide_out, False) for _ in range(_RESIDUALS)))

    def forward(self, x: Tensor) -> Tensor:
        """Apply the stage."""
        return self.residuals(self.down(x))


class FaceLandmarks(nn.Module):
    """Places the 468 points of the face mesh and 2 x 5 iris points."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = Stem()
        widths = (_WIDTHS[0], *_WIDTHS)
        self.stages = nn.Sequential(*(Stage(widths[i], widths[i + 1], i > 0) for i in range(len(_WIDTHS))))
        self.points = nn.Conv2d(_WIDTHS[-1], 3 * POINTS, 2)
        self.presence = nn.Conv2d(_WIDTHS[-1], 1, 2)

    def forward(self, crops: Tensor) -> tuple[Tensor, Tensor]:
        """Place the points.

        Parameters
        ----------
        crops : Tensor
            RGB in 0..1, the upright face filling two thirds of the side [shape=(N, 3, 256, 256)].

        Returns
        -------
        Tensor
            x, y, z in pixels of the crop [shape=(N, 478, 3)].
        Tensor
            Probability that there is a face, 0..1 [shape=(N,)].
        """
        features = self.stages(self.stem(crops))
        points = self.points(features).reshape(-1, POINTS, 3)
        return points, self.presence(features).reshape(-1).sigmoid()
