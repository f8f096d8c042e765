"""Rigid head motion for everything: the face, and the hair, neck and background around it.

A point of the photo moves by ``weight * (rotated - still)``. The weight is 1 on the head, fades
along the neck and into the background, and is 0 at the picture's edge, so that no seam exists.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from ...pipeline_core.compiled import compiled
from ...pipeline_core.face.territory import share_of
from ...pipeline_core.types import FloatArray, UInt8Array
from .fit import FittedHead
from .instant import FrameMotion
from .ramp import smoothstep

PIVOT_CM = (0.0, -9.0, -1.0)
"""Where the head turns: the upper neck, in the head frame."""
CAMERA_DISTANCE_CM = 70.0
"""Distance for the mild perspective of moving parts, a typical portrait distance."""
HEAD_CENTRE_CM = (0.0, 2.5, 2.0)
HEAD_RADII_CM = (10.5, 13.5)
"""Ellipse round skull and hair."""
BREATH_CM = 0.11
"""How far the shoulders rise in quiet breathing."""
CELL_SHARE = 1.0 / 80.0
"""Cell of the motion grid as a share of the picture's width."""
INTER_OCULAR_CM = 6.0
"""Distance of the eyes' centres on the mean head; the unit of head shifts."""


class HeadField:
    """Weights and depth over the picture, and the motion they imply."""

    def __init__(self, head: FittedHead, width: int, height: int, *, hold_surroundings: bool = False,
                 faces: Sequence[FloatArray] = ()) -> None:
        """Prepare the field of the first of `faces` (landmarks in pixels); what is nearer to another one stays still."""
        self.pose, self.width, self.height = head.pose, width, height
        self.hold_surroundings, self._faces = hold_surroundings, faces
        self.pivot = head.pose.project(np.array([PIVOT_CM], np.float32))[0]
        self.distance = CAMERA_DISTANCE_CM * head.pose.scale
        self.unit = INTER_OCULAR_CM * head.pose.scale
        self.cell = max(6, round(width * CELL_SHARE))
        columns, rows = -(-width // self.cell), -(-height // self.cell)
        # Nodes sit where cv2.resize and our own upsampling expect them: at cell centres.
        x = (np.arange(columns, dtype=np.float32) + 0.5) * self.cell - 0.5
        y = (np.arange(rows, dtype=np.float32) + 0.5) * self.cell - 0.5
        self.nodes = np.stack(np.meshgrid(x, y), axis=-1)
        flat = self.nodes.reshape(-1, 2)
        self._weight = self.weight_at(flat).reshape(rows, columns)
        self._breath = self.breath_at(flat).reshape(rows, columns, 2)
        self._depth = _depth_grid(head.source_px, self.nodes, self.cell)

    def weight_at(self, xy: FloatArray) -> FloatArray:
        """Share of the head's motion at photo pixels [shape=(N, 2)] -> [shape=(N,)]."""
        local = self._head_plane_cm(xy) - np.array(HEAD_CENTRE_CM[:2], np.float32)
        below = np.clip((-local[:, 1] - 4.0) / 8.0, 0.0, 1.0)
        start, end = (0.6, 1.05) if self.hold_surroundings else (1.05 - 0.3 * below, 2.0 - 0.45 * below)
        radius = np.linalg.norm(local / np.array(HEAD_RADII_CM, np.float32), axis=1)
        weight = 1.0 - smoothstep((radius - start) / (end - start))
        return np.asarray(weight * self._own(xy), np.float32)

    def depth_at(self, xy: FloatArray) -> FloatArray:
        """Depth that the surroundings' motion assumes at photo pixels [shape=(N, 2)] -> [shape=(N,)]."""
        column = np.ascontiguousarray((xy[:, 0] + 0.5) / self.cell - 0.5, np.float32)
        row = np.ascontiguousarray((xy[:, 1] + 0.5) / self.cell - 0.5, np.float32)
        found = cv2.remap(self._depth, column[None], row[None], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(found[0], np.float32)

    def breath_at(self, xy: FloatArray) -> FloatArray:
        """Displacement of a full breath at photo pixels, in pixels [shape=(N, 2)]."""
        local = self._head_plane_cm(xy)
        chest = smoothstep((-local[:, 1] - 9.0) / 9.0) * (1.0 - smoothstep((np.abs(local[:, 0]) - 22.0) / 12.0))
        amount = chest * self._own(xy) * (BREATH_CM * self.pose.scale)
        sideways = 0.25 * np.clip(local[:, 0] / 18.0, -1.0, 1.0)
        return np.stack([amount * sideways, -amount], axis=1).astype(np.float32)

    def _head_plane_cm(self, xy: FloatArray) -> FloatArray:
        """Picture plane in centimetres, turned upright with the head."""
        right = self.pose.rotation[:2, 0] / max(1e-3, float(np.linalg.norm(self.pose.rotation[:2, 0])))
        delta = (xy - self.pose.offset_px) / np.float32(self.pose.scale) * np.float32([1.0, -1.0])
        return np.asarray(delta @ np.stack([right, [-right[1], right[0]]], axis=1), np.float32)

    def _own(self, xy: FloatArray) -> FloatArray:
        """1 inside, 0 at the picture's edge and where the next person begins."""
        inside = self._border(xy)
        return inside * share_of(xy, self._faces[0], self._faces[1:]) if self._faces else inside

    def _border(self, xy: FloatArray) -> FloatArray:
        edge = np.minimum(np.minimum(xy[:, 0], self.width - 1 - xy[:, 0]),
                          np.minimum(xy[:, 1], self.height - 1 - xy[:, 1]))  # fmt: skip
        reach = max(4.0, min(0.6 * self.unit, 0.12 * min(self.width, self.height)))
        return np.asarray(smoothstep((edge - 1.0) / reach), np.float32)

    def moved(self, still: FloatArray, motion: FrameMotion) -> FloatArray:
        """Apply the whole head motion to points (x, y, depth) in pixels; returns a new array."""
        rotation = rotation_matrix(motion.head_deg)
        local = (still - self.pivot) * np.float32([1.0, -1.0, 1.0])
        turned = local @ rotation.T
        nearer = turned[:, 2] - local[:, 2] + float(motion.head_shift[2]) * self.unit
        zoom = (self.distance / (self.distance - nearer))[:, None]
        out = np.empty_like(still)
        out[:, :2] = self.pivot[:2] + turned[:, :2] * np.float32([1.0, -1.0]) * zoom
        out[:, :2] += motion.head_shift[:2] * np.float32(self.unit)
        out[:, 2] = turned[:, 2] + self.pivot[2]
        return out

    def source_grid(self, motion: FrameMotion) -> FloatArray | None:
        """Displacement output pixel -> photo pixel at the nodes, or None when nothing moves.

        The forward motion is inverted by fixed-point iteration; it contracts because the motion
        changes slowly over the picture.
        """
        breath = np.float32(motion.channel("breath"))
        if not (np.any(motion.head_deg) or np.any(motion.head_shift) or breath):
            return None
        at = self.nodes
        for _ in range(3):
            column = (at[..., 0] + 0.5) / self.cell - 0.5
            row = (at[..., 1] + 0.5) / self.cell - 0.5
            stack = np.dstack([self._weight, self._depth, self._breath])
            look = cv2.remap(stack, column, row, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
            still = np.dstack([at, look[..., 1]]).reshape(-1, 3)
            moved = self.moved(still, motion).reshape(*at.shape[:2], 3)
            forward = look[..., :1] * (moved[..., :2] - at) + look[..., 2:] * breath
            at = self.nodes - forward
        return np.ascontiguousarray(at - self.nodes, np.float32)

    def moving_mask(self) -> FloatArray:
        """Tell where head motion or breath can move pixels [shape=(H, W)], 0 or 1."""
        small = ((self._weight > 0) | np.any(self._breath != 0, axis=-1)).astype(np.uint8)
        small = cv2.dilate(small, np.ones((3, 3), np.uint8))
        big = cv2.resize(small, None, fx=self.cell, fy=self.cell, interpolation=cv2.INTER_NEAREST)
        return np.asarray(big[: self.height, : self.width], np.float32)


def rotation_matrix(head_deg: FloatArray) -> FloatArray:
    """Yaw to the viewer's right, chin-up pitch, clockwise roll, in camera axes (x right, y up)."""
    yaw, pitch, roll = np.radians(np.asarray(head_deg, np.float64))
    cy, sy, cp, sp, cr, sr = np.cos(yaw), np.sin(yaw), np.cos(pitch), np.sin(pitch), np.cos(roll), np.sin(roll)
    turn = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    nod = np.array([[1, 0, 0], [0, cp, sp], [0, -sp, cp]])
    tilt = np.array([[cr, sr, 0], [-sr, cr, 0], [0, 0, 1]])
    return np.asarray(tilt @ nod @ turn, np.float32)


def _depth_grid(source_px: FloatArray, nodes: FloatArray, cell: int) -> FloatArray:
    """Depth of the face at the nodes, continued smoothly around it."""
    rows, columns = nodes.shape[:2]
    column = np.clip(((source_px[:, 0] + 0.5) / cell).astype(int), 0, columns - 1)
    row = np.clip(((source_px[:, 1] + 0.5) / cell).astype(int), 0, rows - 1)
    nearest = np.full((rows, columns), -np.inf, np.float32)
    np.maximum.at(nearest, (row, column), source_px[:, 2])
    known = np.isfinite(nearest).astype(np.float32)
    value = np.where(known > 0, nearest, 0.0).astype(np.float32)
    depth, filled = value.copy(), known > 0
    for sigma in (1.0, 2.0, 4.0, 8.0, 16.0, 64.0):
        top, bottom = (cv2.GaussianBlur(a, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE) for a in (value, known))
        usable = ~filled & (bottom > 0.02)
        depth[usable] = top[usable] / bottom[usable]
        filled |= usable
    depth[~filled] = float(source_px[:, 2].min())
    return np.asarray(cv2.GaussianBlur(depth, (0, 0), 1.0, borderType=cv2.BORDER_REPLICATE), np.float32)


@compiled()
def fill_map(grid: FloatArray, cell: int, left: int, top: int, scale: float, out: FloatArray) -> None:
    """Write texture coordinates ``scale * (pixel + displacement)`` for a box of the picture.

    Parameters
    ----------
    grid : FloatArray
        Displacement at cell centres [shape=(rows, columns, 2), px].
    cell : int
        Size of a cell in pixels.
    left, top : int
        Picture pixel of out[0, 0].
    scale : float
        Texture pixels per picture pixel.
    out : FloatArray
        [shape=(H, W, 2)], changed in place.
    """
    rows, columns = grid.shape[0], grid.shape[1]
    height, width = out.shape[0], out.shape[1]
    step, half, factor = np.float32(1.0 / cell), np.float32(0.5), np.float32(scale)
    line = np.empty((columns + 1, 2), np.float32)
    for y in range(height):
        fy = min(max((np.float32(top + y) + half) * step - half, np.float32(0.0)), np.float32(rows - 1))
        r0 = min(int(fy), max(rows - 2, 0))
        r1, wy = min(r0 + 1, rows - 1), fy - np.float32(r0)
        for c in range(columns):
            for k in range(2):
                line[c, k] = grid[r0, c, k] + (grid[r1, c, k] - grid[r0, c, k]) * wy
        line[columns] = line[columns - 1]
        base_y = np.float32(top + y)
        # One run per cell: within it everything is linear, so the inner loop has no branches.
        x = 0
        while x < width:
            fx = (np.float32(left + x) + half) * step - half
            c0 = int(np.floor(fx))
            end = min(width, int(np.ceil((np.float32(c0) + np.float32(1.5)) * np.float32(cell) - half)) - left)
            end = max(end, x + 1)
            first, second = min(max(c0, 0), columns), min(max(c0 + 1, 0), columns)
            u0, v0 = line[first, 0], line[first, 1]
            du, dv = (line[second, 0] - u0) * step, (line[second, 1] - v0) * step
            from_x = np.float32(left) + half - (np.float32(c0) + half) * np.float32(cell)
            for i in range(x, end):
                along = np.float32(i) + from_x
                out[y, i, 0] = factor * (np.float32(left + i) + u0 + du * along)
                out[y, i, 1] = factor * (base_y + v0 + dv * along)
            x = end


@compiled()
def soften_jumps(drawn: UInt8Array, coordinates: FloatArray, jump: float, out: UInt8Array) -> None:
    """Smooth the stairs where one surface ends in front of another (chin, nose, side contour).

    A pixel whose texture coordinates differ from a neighbour's by more than `jump` becomes the
    binomial mean of its 3 x 3 surroundings; all others stay.

    Parameters
    ----------
    drawn : UInt8Array
        The painted box [shape=(H, W, 3)].
    coordinates : FloatArray
        Its texture coordinates [shape=(H, W, 2)].
    jump : float
        In texture pixels; neighbours of one smooth surface differ by about `TEXTURE_SCALE`.
    out : UInt8Array
        [shape=(H, W, 3)], only smoothed pixels are written.
    """
    height, width = drawn.shape[:2]
    for y in range(1, height - 1):
        for x in range(1, width - 1):
            u, v = coordinates[y, x, 0], coordinates[y, x, 1]
            if (
                abs(coordinates[y, x + 1, 0] - u) + abs(coordinates[y, x + 1, 1] - v) > jump
                or abs(coordinates[y + 1, x, 0] - u) + abs(coordinates[y + 1, x, 1] - v) > jump
                or abs(coordinates[y, x - 1, 0] - u) + abs(coordinates[y, x - 1, 1] - v) > jump
                or abs(coordinates[y - 1, x, 0] - u) + abs(coordinates[y - 1, x, 1] - v) > jump
            ):
                for k in range(3):
                    total = 8
                    for dy in range(-1, 2):
                        for dx in range(-1, 2):
                            total += (2 - abs(dy)) * (2 - abs(dx)) * int(drawn[y + dy, x + dx, k])
                    out[y, x, k] = total >> 4
