"""The rasteriser of `raster` in torch: all triangles of all frames of a batch at once.

Every pixel of a triangle's bounding box is a candidate. Coverage is decided with the same integer
edge functions, and a maximum over (depth, first triangle) finds the nearest, so that the same
pixels get the same triangles. Nothing here waits for the device.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from .raster import SUBPIXEL_STEPS

MAX_CANDIDATES = 4_000_000
"""Drawn at a time; each takes about `CANDIDATE_BYTES` while it is."""
CANDIDATE_BYTES = 160
_NOTHING = -(2**63)
_ID_BITS = 32
_LAST_ID = 2**_ID_BITS - 1
_SPARE = 4096
"""Rows for what is not to be seen: many, because writes to one place wait for each other."""


@dataclass(frozen=True, eq=False)
class TriangleBatch:
    """Triangles of several frames on the device."""

    soup: torch.Tensor
    """Rows of `raster.triangle_soup`, corner numbers counted through the batch [shape=(M, 8), int64]."""
    frame: torch.Tensor
    """Which frame a triangle belongs to [shape=(M,), int64]."""
    corners: torch.Tensor
    """Snapped corners [shape=(B * V, 2), int64, 1/256 px]."""
    depth: torch.Tensor
    """[shape=(B * V,), float32]."""
    attributes: torch.Tensor
    """[shape=(B * V, K), float32]."""
    candidates: npt.NDArray[np.int64]
    """Pixels in the bounding boxes up to and including each triangle [shape=(M,)]; not on the device."""


@dataclass(frozen=True, eq=False)
class PixelBuffers:
    """What is drawn into: one row per pixel of all frames, then some rows that nobody reads."""

    shape: tuple[int, int, int]
    """Frames, rows and columns."""
    depth: torch.Tensor
    """Depth drawn so far [shape=(N, 1), float32]."""
    values: torch.Tensor
    """Interpolated attributes [shape=(N, K), float32]."""
    ids: torch.Tensor
    """What is seen [shape=(N, 1), int32]."""

    @staticmethod
    def filled(values: torch.Tensor) -> PixelBuffers:
        """Begin with nothing drawn over some values [shape=(B, H, W, K)]."""
        frames, rows, columns, channels = values.shape
        count, device = frames * rows * columns + _SPARE, values.device
        buffers = PixelBuffers(
            (frames, rows, columns),
            torch.full((count, 1), -torch.inf, device=device),
            torch.empty((count, channels), device=device),
            torch.full((count, 1), -1, dtype=torch.int32, device=device),
        )
        buffers.of(buffers.values).copy_(values)
        return buffers

    def of(self, rows: torch.Tensor) -> torch.Tensor:
        """View one of the buffers as pictures [shape=(B, H, W, K)]."""
        return rows[:-_SPARE].view(*self.shape, -1)


@dataclass(frozen=True, eq=False)
class _Candidates:
    pixel: torch.Tensor
    """Row in the buffers."""
    key: torch.Tensor
    """`_NOTHING` where the triangle does not cover the pixel."""
    triangle: torch.Tensor
    """Row of the soup."""
    weight_b: torch.Tensor
    weight_c: torch.Tensor


def rasterize_batch(batch: TriangleBatch, buffers: PixelBuffers, first_id: int = 0) -> None:
    """Draw triangles into buffers, nearest surface wins, as `raster.rasterize` does.

    `first_id` is the id of triangle 0.
    """
    parts = list(_parts(batch.candidates))
    nearest = _key(buffers.depth[:, 0], _LAST_ID)
    found = None
    for part in parts:
        found = _candidates(batch, part, buffers.shape)
        nearest.scatter_reduce_(0, found.pixel, found.key, "amax")
    for part in parts:
        if found is None or len(parts) > 1:
            found = _candidates(batch, part, buffers.shape)
        _write(batch, found, nearest, buffers, first_id)


def _parts(candidates: npt.NDArray[np.int64]) -> Iterator[tuple[int, int, int]]:
    """Cut the triangles into runs with few enough candidates: (first, last + 1, candidates)."""
    first, done = 0, 0
    while first < len(candidates):
        stop = max(first + 1, int(np.searchsorted(candidates, done + MAX_CANDIDATES, side="right")))
        total = int(candidates[stop - 1])
        yield first, stop, total - done
        first, done = stop, total


def _candidates(batch: TriangleBatch, part: tuple[int, int, int], shape: tuple[int, ...]) -> _Candidates:
    first, stop, total = part
    soup, frame = batch.soup[first:stop], batch.frame[first:stop]
    columns, count = soup[:, 6], soup[:, 6] * soup[:, 7]
    numbers = torch.arange(stop - first, device=soup.device)
    owner = torch.repeat_interleave(numbers, count, output_size=total)
    step = torch.arange(total, device=soup.device) - (torch.cumsum(count, 0) - count)[owner]
    row = torch.div(step, columns[owner], rounding_mode="floor")
    column = step - row * columns[owner]
    height, width = shape[1:3]
    at = ((frame * height + soup[:, 5]) * width + soup[:, 4])[owner] + row * width + column
    edges = _edges(batch.corners, soup)
    at_a, at_b, at_c = (value[owner] + across[owner] * column + down[owner] * row
                        for value, across, down in edges.functions)  # fmt: skip
    weight_b, weight_c = (edge.to(torch.float32) * edges.scale[owner] for edge in (at_b, at_c))
    a, b, c = (batch.depth[soup[:, k]] for k in (1, 2, 3))
    z = a[owner] + weight_b * (b - a)[owner] + weight_c * (c - a)[owner]
    key = torch.where(((at_a | at_b | at_c) >= 0) & (z > -torch.inf), _key(z, _LAST_ID - 1 - soup[owner, 0]), _NOTHING)
    return _Candidates(at, key, owner + first, weight_b, weight_c)


@dataclass(frozen=True, eq=False)
class _Edges:
    functions: list[tuple[torch.Tensor, torch.Tensor, torch.Tensor]]
    """Value at the box's first pixel, its change per column and per row; opposite corners a, b, c."""
    scale: torch.Tensor
    """One over twice the area."""


def _edges(corners: torch.Tensor, soup: torch.Tensor) -> _Edges:
    a, b, c = (corners[soup[:, k]] for k in (1, 2, 3))
    at = soup[:, 4:6] * SUBPIXEL_STEPS
    functions = []
    for start, end in ((b, c), (c, a), (a, b)):
        dx, dy = (end - start).unbind(1)
        px, py = (at - start).unbind(1)
        # Pixels on a top or left edge belong to the triangle.
        outside = ~((dy < 0) | ((dy == 0) & (dx > 0)))
        functions.append((dx * py - dy * px - outside.to(torch.int64), -dy * SUBPIXEL_STEPS, dx * SUBPIXEL_STEPS))
    (ux, uy), (vx, vy) = (b - a).unbind(1), (c - a).unbind(1)
    return _Edges(functions, 1.0 / (ux * vy - uy * vx).to(torch.float32))


def _key(depth: torch.Tensor, rank: torch.Tensor | int) -> torch.Tensor:
    """Return integers in the order of the depths and, where these are equal, of the ranks."""
    bits = (depth + 0.0).view(torch.int32)  # minus zero becomes zero
    ordered = bits ^ ((bits >> 31) & 0x7FFFFFFF)
    return (ordered.to(torch.int64) << _ID_BITS) | rank


def _write(batch: TriangleBatch, found: _Candidates, nearest: torch.Tensor, buffers: PixelBuffers,
           first_id: int) -> None:  # fmt: skip
    spare = len(nearest) - _SPARE + (torch.arange(len(found.pixel), device=nearest.device) & (_SPARE - 1))
    pixel = torch.where(nearest[found.pixel] == found.key, found.pixel, spare)
    soup = batch.soup[found.triangle]
    a, b, c = soup[:, 1], soup[:, 2], soup[:, 3]
    weight_b, weight_c = found.weight_b[:, None], found.weight_c[:, None]
    for source, target in ((batch.depth[:, None], buffers.depth), (batch.attributes, buffers.values)):
        base = source[a]
        target[pixel] = base + weight_b * (source[b] - base) + weight_c * (source[c] - base)
    buffers.ids[pixel] = (first_id + soup[:, :1]).to(torch.int32)
