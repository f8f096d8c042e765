"""Few colours for a whole clip, and dithering that does not flicker.

One palette serves all frames, and the dither pattern stands still: a pixel that does not change
in the clip does not change in the result.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PIL import Image

from ...types import UInt8Array

COLOURS = 255
"""The last of the 256 entries stays for clear pixels."""
CLEAR = 255
SOLID_FROM = 128
"""A pixel with at least this opacity is drawn, any other is clear."""
_SAMPLES = 200_000
_GRID_BITS = 6
_PICK_PX = 48
"""A frame contributes the colours of about this many columns and rows."""


class ColourSampler:
    """Collects colours of all frames; what moves gets twice the weight of what stands still."""

    def __init__(self, frames: int) -> None:
        self._room = max(64, _SAMPLES // max(1, frames))
        self._found: list[UInt8Array] = []
        self._last: UInt8Array | None = None
        self._random = np.random.default_rng(0)

    def add(self, frame: UInt8Array) -> None:
        """Take colours of one frame [shape=(H, W, 4)]."""
        step_y, step_x = (max(1, n // _PICK_PX) for n in frame.shape[:2])
        small = frame[::step_y, ::step_x]
        solid = small[..., 3] >= SOLID_FROM
        picks = [small[solid][:, :3]]
        if self._last is not None:
            picks.append(small[solid & (small[..., :3] != self._last[..., :3]).any(-1)][:, :3])
        self._last = small.copy()
        colours = np.concatenate(picks)
        if len(colours) > self._room:
            colours = colours[self._random.choice(len(colours), self._room, replace=False)]
        self._found.append(np.ascontiguousarray(colours))

    def palette(self) -> UInt8Array:
        """Return the colours that stand for all that was seen [shape=(n, 3)], at most 255."""
        colours = np.concatenate(self._found) if self._found else np.zeros((0, 3), np.uint8)
        if not len(colours):
            return np.zeros((1, 3), np.uint8)
        distinct = np.unique(colours, axis=0)
        if len(distinct) <= COLOURS:
            return distinct
        picture = Image.fromarray(colours[None]).quantize(COLOURS, Image.Quantize.MEDIANCUT, kmeans=2,
                                                          dither=Image.Dither.NONE)
        flat = np.asarray(picture.getpalette() or [0, 0, 0], np.uint8).reshape(-1, 3)
        return np.unique(flat[:COLOURS], axis=0)


class Ditherer:
    """Maps pictures to palette entries, with an ordered pattern.

    Parameters
    ----------
    palette : UInt8Array
        Colours [shape=(n, 3)].
    """

    def __init__(self, palette: UInt8Array) -> None:
        self._table = _nearest(palette)
        self._reach = _spacing(palette)
        self._pattern: npt.NDArray[np.int16] = np.zeros((0, 0), np.int16)

    def indices(self, frame: UInt8Array) -> UInt8Array:
        """Return the palette entry of every pixel of an RGBA frame [shape=(H, W)]."""
        height, width = frame.shape[:2]
        if self._pattern.shape != (height, width):
            tile = np.round((_bayer(8) - 0.5) * self._reach).astype(np.int16)
            self._pattern = np.tile(tile, (-(-height // 8), -(-width // 8)))[:height, :width]
        shifted = np.clip(frame[..., :3] + self._pattern[..., None], 0, 255).astype(np.uint32)
        cells = shifted >> (8 - _GRID_BITS)
        found = self._table[(cells[..., 0] << (2 * _GRID_BITS)) | (cells[..., 1] << _GRID_BITS) | cells[..., 2]]
        found[frame[..., 3] < SOLID_FROM] = CLEAR
        return np.asarray(found, np.uint8)


def _bayer(size: int) -> npt.NDArray[np.float64]:
    """Return thresholds in 0..1 of Bayer's ordered dither [shape=(size, size)], size a power of 2."""
    grid = np.zeros((1, 1))
    while len(grid) < size:
        grid = np.block([[4 * grid, 4 * grid + 2], [4 * grid + 3, 4 * grid + 1]])
    return np.asarray((grid + 0.5) / size**2)


def _nearest(palette: UInt8Array) -> UInt8Array:
    """Return the entry nearest to the middle of every cell of the colour cube [shape=(2**18,)]."""
    from scipy.spatial import cKDTree

    middle = (np.arange(1 << _GRID_BITS) << (8 - _GRID_BITS)) + (1 << (7 - _GRID_BITS)) - 0.5
    cells = np.stack(np.meshgrid(middle, middle, middle, indexing="ij"), -1).reshape(-1, 3)
    return np.asarray(cKDTree(palette.astype(np.float64)).query(cells)[1], np.uint8)


def _spacing(palette: UInt8Array) -> float:
    """Return the typical distance of neighbouring colours per channel: how far dither has to reach."""
    from scipy.spatial import cKDTree

    if len(palette) < 3:
        return 0.0
    tree = cKDTree(palette.astype(np.float64))
    distance = np.asarray(tree.query(palette.astype(np.float64), k=2)[0])[:, 1]
    return float(np.clip(np.median(distance) / np.sqrt(3), 2.0, 16.0))
