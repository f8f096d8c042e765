"""The whole picture of several frames at single resolution, drawn in torch.

The same steps as `draw.FramePainter` takes for one frame, in the same float32 order.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from ...pipeline_core.types import FloatArray, UInt8Array
from .layers import Box
from .raster import SUBPIXEL_STEPS
from .torch_raster import PixelBuffers, TriangleBatch, rasterize_batch


class HeadPicture(torch.nn.Module):
    """Everything about one face that lives on the device between batches."""

    photo: torch.Tensor
    """[shape=(H, W, 3 or 4), uint8]."""
    texture: torch.Tensor
    """Doubled skin with the eyes below and, where the photo has one, opacity [shape=(R, 2 W, 3 or 4), uint8]."""

    def __init__(self, photo: UInt8Array, texture: UInt8Array, sheet_rows: tuple[float, float]) -> None:
        super().__init__()
        self._sheet_rows = sheet_rows
        self.register_buffer("photo", torch.from_numpy(photo))
        self.register_buffer("texture", torch.from_numpy(texture))

    def in_photo(self, coordinates: torch.Tensor) -> torch.Tensor:
        """Do what `draw.in_photo` does."""
        first, offset = self._sheet_rows
        coordinates[..., 1].sub_((coordinates[..., 1] > first) * offset)
        return coordinates

    def sampled(self, coordinates: torch.Tensor) -> torch.Tensor:
        """Return the texture at pixels [shape=(B, H, W, 2)], as `cv2.remap` with replicated borders would.

        Returns
        -------
        torch.Tensor
            [shape=(B, H, W, 3 or 4), uint8].
        """
        last_x, last_y = self.texture.shape[1] - 1, self.texture.shape[0] - 1
        place = torch.stack([coordinates[..., 0].clamp(0, last_x) * (2.0 / last_x) - 1.0,
                             coordinates[..., 1].clamp(0, last_y) * (2.0 / last_y) - 1.0], dim=-1)  # fmt: skip
        # Four times as large as the bytes, so it exists only while it is sampled.
        texture = self.texture.permute(2, 0, 1).to(torch.float32, memory_format=torch.contiguous_format)
        frames = texture.expand(len(coordinates), -1, -1, -1)
        found = torch.nn.functional.grid_sample(frames, place, align_corners=True)
        return found.round_().to(torch.uint8).permute(0, 2, 3, 1)


@dataclass(frozen=True, eq=False)
class MapPlan:
    """`field.fill_map` for one box of the picture: which nodes each pixel lies between."""

    row: torch.Tensor
    """The node above [shape=(H,)]."""
    row_weight: torch.Tensor
    """Share of the node below [shape=(H, 1, 1)]."""
    column: torch.Tensor
    """Number of the pair of nodes to the left and right [shape=(W,)]."""
    along: torch.Tensor
    """Way from the left node [shape=(W, 1), px]."""
    pixel: torch.Tensor
    """The pixel's own place [shape=(H, W, 2)]."""
    step: float
    scale: float

    @staticmethod
    def of(box: Box, nodes: tuple[int, int], cell: int, scale: float, device: torch.device) -> MapPlan:
        """Work the plan out for a grid of `nodes` rows and columns."""
        rows, columns = nodes
        half, step = np.float32(0.5), np.float32(1.0 / cell)
        y = np.arange(box.top, box.bottom, dtype=np.float32)
        at = np.clip((y + half) * step - half, np.float32(0.0), np.float32(rows - 1))
        row = np.minimum(at.astype(np.int64), max(rows - 2, 0))
        x = np.arange(box.left, box.right, dtype=np.float32)
        pair = _cell_runs(box, cell)
        along = np.arange(len(x), dtype=np.float32) + (
            np.float32(box.left) + half - (pair.astype(np.float32) + half) * np.float32(cell))
        weight = (at - row.astype(np.float32))[:, None, None]
        sides = torch.broadcast_tensors(upload(x, device)[None, :], upload(y, device)[:, None])
        return MapPlan(
            upload(row, device), upload(weight, device), upload(np.clip(pair, -1, columns - 1) + 1, device),
            upload(along[:, None], device), torch.stack(sides, dim=-1), float(step), scale,
        )  # fmt: skip

    def coordinates(self, grids: torch.Tensor) -> torch.Tensor:
        """Return texture coordinates [shape=(B, H, W, 2)] for displacements at the nodes."""
        below = torch.cat([grids[:, 1:], grids[:, -1:]], dim=1)
        upper = grids[:, self.row]
        line = upper + (below[:, self.row] - upper) * self.row_weight
        # Beyond the outer nodes the displacement stays what it is there.
        ends = torch.cat([line[:, :, :1], line, line[:, :, -1:]], dim=2)
        slope = (ends[:, :, 1:] - ends[:, :, :-1]) * self.step
        moved = self.pixel + ends[:, :, self.column]
        moved += slope[:, :, self.column] * self.along
        return moved.mul_(self.scale)


def _cell_runs(box: Box, cell: int) -> np.ndarray:
    """Return the left node's column of each pixel column, as the runs of `fill_map` have it."""
    half, step, left = np.float32(0.5), np.float32(1.0 / cell), box.left
    width = box.right - left
    pair = np.empty(width, np.int64)
    x = 0
    while x < width:
        node = int(np.floor((np.float32(left + x) + half) * step - half))
        end = int(np.ceil((np.float32(node) + np.float32(1.5)) * np.float32(cell) - half)) - left
        end = max(min(width, end), x + 1)
        pair[x:end] = node
        x = end
    return pair


@dataclass(frozen=True, eq=False)
class PictureBatch:
    """What the frames of a batch need on the device."""

    triangles: TriangleBatch
    grids: torch.Tensor
    """Displacement at the nodes [shape=(B, rows, columns, 2)]."""
    mask: torch.Tensor
    """Where the motion may change the picture [shape=(H, W, 1), bool]."""
    faces: torch.Tensor
    """Inside which box contours are smoothed: left, top, right, bottom [shape=(B, 4), int64]."""
    faces_box: Box | None
    """The box round all of these, in the coordinates of the drawn box."""


def draw_pictures(head: HeadPicture, batch: PictureBatch, plan: MapPlan, box: Box, jump: float) -> torch.Tensor:
    """Return the drawn box of every frame [shape=(B, H, W, 3 or 4), uint8]."""
    buffers = PixelBuffers.filled(plan.coordinates(batch.grids))
    rasterize_batch(batch.triangles, buffers)
    coordinates = buffers.of(buffers.values)
    drawn = head.sampled(coordinates)
    photo = head.photo[box.top : box.bottom, box.left : box.right]
    frames = torch.where(batch.mask, drawn, photo)
    if batch.faces_box is not None:
        part = batch.faces_box
        window = (slice(None), slice(part.top, part.bottom), slice(part.left, part.right))
        soften_jumps(drawn[window][..., :3], head.in_photo(coordinates[window]), jump, batch.faces, part, frames[window][..., :3])
    return frames


def soften_jumps(
    drawn: torch.Tensor, coordinates: torch.Tensor, jump: float, faces: torch.Tensor, box: Box, out: torch.Tensor
) -> None:
    """Smooth where one surface ends in front of another, as `field.soften_jumps` does.

    Parameters
    ----------
    drawn, coordinates, jump, out
        As there, for several frames [shape=(B, H, W, ...)].
    faces : torch.Tensor
        The box of each frame within which it happens [shape=(B, 4), int64].
    box : Box
        Where the pixels lie, in the same coordinates as `faces`.
    """
    across = (coordinates[:, :, 1:] - coordinates[:, :, :-1]).abs_().sum(dim=-1) > jump
    down = (coordinates[:, 1:] - coordinates[:, :-1]).abs_().sum(dim=-1) > jump
    # A jump at the rim of the box counts for the pixel inside only, as the rim has no surroundings.
    found = across[:, 1:-1, 1:] | across[:, 1:-1, :-1] | down[:, 1:, 1:-1] | down[:, :-1, 1:-1]
    y = torch.arange(box.top + 1, box.bottom - 1, device=drawn.device)[:, None]
    x = torch.arange(box.left + 1, box.right - 1, device=drawn.device)
    left, top, right, bottom = (faces[:, k, None, None] for k in range(4))
    found &= (x > left) & (x < right - 1) & (y > top) & (y < bottom - 1)
    wide = drawn.to(torch.int16)
    wide = wide[:, :, :-2] + 2 * wide[:, :, 1:-1] + wide[:, :, 2:]
    smooth = (wide[:, :-2] + 2 * wide[:, 1:-1] + wide[:, 2:] + 8) >> 4
    inner = out[:, 1:-1, 1:-1]
    inner.copy_(torch.where(found[..., None], smooth.to(torch.uint8), inner))


def upload(array: np.ndarray, device: torch.device) -> torch.Tensor:
    """Begin to copy an array to the device; from pinned memory, because other copies wait for the device."""
    tensor = torch.from_numpy(np.ascontiguousarray(array))
    if device.type == "cuda":
        tensor = tensor.pin_memory()
    return tensor.to(device, non_blocking=True)


def snapped(points: FloatArray) -> np.ndarray:
    """Return positions on the rasteriser's raster [shape=(N, 2), int32, 1/256 px]."""
    # Corners that are not drawn (not finite, far away) are in no triangle of the soup.
    exact = np.floor(points.astype(np.float64) * SUBPIXEL_STEPS + 0.5)
    return np.nan_to_num(exact, nan=0.0, posinf=0.0, neginf=0.0).clip(-(2**30), 2**30).astype(np.int32)
