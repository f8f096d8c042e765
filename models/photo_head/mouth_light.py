"""How much light comes through the open lips: to every place in the mouth, and from one direction.

The opening between the lips is a window in front of a closed cavity. Two things follow from its
outline: the sky light that reaches a place (the window's vector irradiance, exact by Lambert's
boundary formula, tabulated on a coarse grid) and whether a ray from a place leaves the mouth
(for the key light's shadow and for reflections in wet surfaces).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ...pipeline_core.compiled import compiled
from ...pipeline_core.types import FloatArray
from .mouth_pose import Mouth

GRID = (11, 9, 7)
"""Grid nodes along x, y, z."""
HALF_WIDTH_CM, DEPTH_CM = 3.2, 7.0
"""Extent of the grid to both sides and into the mouth."""
ARCH_CURVE_PER_CM = 0.28
"""The biting edges recede by this much times the square of the distance from the midline."""
COLUMNS = 33
"""Places across the mouth at which the window's upper and lower limits are tabulated."""
_EDGES = 24
"""Straight pieces into which the outline is resampled."""
_COSINES = np.linspace(-0.999, 1.0, 512)
_COSINES[-1] = 0.999999
ANGLE_OVER_SINE = (np.arccos(_COSINES) / np.sqrt(1 - _COSINES**2) / (2 * np.pi)).astype(np.float32)
"""Angle / (2 pi sine) of an edge as seen from a place, by cosine from -0.999 to 1."""


@dataclass(frozen=True, eq=False)
class Window:
    """The opening between the lips, or between the teeth, seen from inside."""

    low: FloatArray
    """Corner of the grid with least x, y, and with the foremost z [shape=(3,), cm]."""
    size: FloatArray
    """Extent along x, y and into the mouth [shape=(3,), cm]."""
    sky: FloatArray
    """Vector irradiance of a uniform sky, 1 under a full hemisphere [shape=(2, *GRID, 3)];
    first through the lips alone, then through lips and teeth."""
    limits: FloatArray
    """Upper y, lower y, upper z, lower z across the mouth, for lips and for teeth
    [shape=(2, 4, COLUMNS)]."""
    centre_sky: float
    """Irradiance in the middle of the mouth: what feeds the light scattered inside."""


def mouth_window(mouth: Mouth, vertices: FloatArray, outline_cm: FloatArray) -> Window:
    """Prepare the light of one frame.

    Parameters
    ----------
    mouth : Mouth
        The mouth at rest (for the parts).
    vertices : ndarray
        Its posed vertices [shape=(N, 3), cm].
    outline_cm : ndarray
        Closed line along which the lips would touch, posed, in the head frame, in either
        direction [shape=(L, 3), cm].
    """
    outline = _resampled(np.asarray(outline_cm, np.float32), _EDGES)
    lips = _limits(outline)
    teeth = _between_teeth(mouth, vertices, lips)
    top, bottom = float(outline[:, 1].max()), float(outline[:, 1].min())
    low = np.array([-HALF_WIDTH_CM, bottom - 1.0, float(outline[:, 2].max())], np.float32)
    size = np.array([2 * HALF_WIDTH_CM, top - bottom + 1.6, DEPTH_CM], np.float32)
    second = np.concatenate([_line(teeth, 0), _line(teeth, 1)[::-1]])
    sky = np.empty((2, *GRID, 3), np.float32)
    _fill_sky(outline, low, size, sky[0])
    _fill_sky(np.ascontiguousarray(second[:: len(second) // 22]), low, size, sky[1])
    middle = sky[1, GRID[0] // 2, GRID[1] // 2, GRID[2] // 2]
    return Window(low, size, sky, np.stack([lips, teeth]), float(np.sqrt((middle**2).sum())))


def _resampled(line: FloatArray, count: int) -> FloatArray:
    closed = np.concatenate([line, line[:1]])
    run = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(closed, axis=0), axis=1))])
    at = np.linspace(0, run[-1], count, endpoint=False)
    points = np.stack([np.interp(at, run, closed[:, k]) for k in range(3)], axis=1)
    turn = points[:, 0] * np.roll(points[:, 1], -1) - np.roll(points[:, 0], -1) * points[:, 1]
    return np.ascontiguousarray(points if turn.sum() > 0 else points[::-1], dtype=np.float32)


def _column_x() -> FloatArray:
    return np.linspace(-HALF_WIDTH_CM, HALF_WIDTH_CM, COLUMNS, dtype=np.float32)


def _limits(outline: FloatArray) -> FloatArray:
    """Return upper y, lower y and the z of both across the mouth [shape=(4, COLUMNS)]."""
    left, right = int(outline[:, 0].argmin()), int(outline[:, 0].argmax())
    count = len(outline)
    one = outline[(left + np.arange((right - left) % count + 1)) % count]
    two = outline[(right + np.arange((left - right) % count + 1)) % count][::-1]
    x = _column_x()
    first, second = (
        np.stack([np.interp(x, part[:, 0], part[:, k]) for k in (1, 2)]) for part in (one, two)
    )
    upper, lower = (np.where(first[0] > second[0], a, b) for a, b in ((first, second), (second, first)))
    # Beside the corners the window is shut.
    shut = (x <= outline[left, 0]) | (x >= outline[right, 0])
    middle = (upper[0] + lower[0]) / 2
    return np.stack([np.where(shut, middle, upper[0]), np.where(shut, middle, lower[0]), upper[1],
                     lower[1]]).astype(np.float32)  # fmt: skip


def _between_teeth(mouth: Mouth, vertices: FloatArray, lips: FloatArray) -> FloatArray:
    """Narrow the window of the lips to the gap between the biting edges."""
    x, found = _column_x(), lips.copy()
    for row, edges, keep in ((0, mouth.upper_edge, np.minimum), (1, mouth.lower_edge, np.maximum)):
        edge = vertices[edges]
        narrowed = keep(found[row], np.float32(np.median(edge[:, 1])))
        teeth_z = np.minimum(found[2 + row], edge[:, 2].max() - ARCH_CURVE_PER_CM * x * x)
        found[2 + row] = np.where(narrowed == found[row], found[2 + row], teeth_z)
        found[row] = narrowed
    middle = (found[0] + found[1]) / 2
    crossed = found[0] < found[1]
    found[0] = np.where(crossed, middle, found[0])
    found[1] = np.where(crossed, middle, found[1])
    found[3] = np.where(crossed, found[2], found[3])
    return found


def _line(limits: FloatArray, row: int) -> FloatArray:
    # Left to right below and back above is counter-clockwise, like the resampled outline.
    return np.stack([_column_x(), limits[1 - row], limits[3 - row]], axis=1)


@compiled(error_model="numpy")
def _fill_sky(outline: Any, low: Any, size: Any, sky: Any) -> None:
    """Tabulate Lambert's boundary formula: 1 / 2 pi * sum of angle * unit normal of each edge."""
    count = outline.shape[0]
    nx, ny, nz = sky.shape[0], sky.shape[1], sky.shape[2]
    ray = np.empty((count, 3), np.float32)
    for ix in range(nx):
        px = low[0] + size[0] * np.float32(ix) / (nx - 1)
        for iy in range(ny):
            py = low[1] + size[1] * np.float32(iy) / (ny - 1)
            for iz in range(nz):
                # Nodes are denser near the lips.
                share = np.float32(iz + 0.35) / (nz - 1 + 0.35)
                pz = low[2] - size[2] * share * share
                for i in range(count):
                    rx, ry, rz = outline[i, 0] - px, outline[i, 1] - py, outline[i, 2] - pz
                    scale = np.float32(1.0) / np.sqrt(rx * rx + ry * ry + rz * rz + np.float32(1e-8))
                    ray[i, 0], ray[i, 1], ray[i, 2] = rx * scale, ry * scale, rz * scale
                ex, ey, ez = np.float32(0), np.float32(0), np.float32(0)
                for i in range(count):
                    j = i + 1 if i + 1 < count else 0
                    cx = ray[i, 1] * ray[j, 2] - ray[i, 2] * ray[j, 1]
                    cy = ray[i, 2] * ray[j, 0] - ray[i, 0] * ray[j, 2]
                    cz = ray[i, 0] * ray[j, 1] - ray[i, 1] * ray[j, 0]
                    cosine = ray[i, 0] * ray[j, 0] + ray[i, 1] * ray[j, 1] + ray[i, 2] * ray[j, 2]
                    place = max(cosine + np.float32(0.999), np.float32(0)) * np.float32(511 / 1.999)
                    scale = ANGLE_OVER_SINE[min(int(place + np.float32(0.5)), 511)]
                    ex += cx * scale
                    ey += cy * scale
                    ez += cz * scale
                sky[ix, iy, iz, 0], sky[ix, iy, iz, 1], sky[ix, iy, iz, 2] = ex, ey, ez


@compiled(inline="always")
def sky_at(sky: Any, low: Any, size: Any, x: Any, y: Any, z: Any) -> tuple[Any, Any, Any]:
    """Return the vector irradiance at a place by trilinear interpolation."""
    nx, ny, nz = sky.shape[0], sky.shape[1], sky.shape[2]
    fx = min(max((x - low[0]) / size[0], np.float32(0)), np.float32(1)) * (nx - 1)
    fy = min(max((y - low[1]) / size[1], np.float32(0)), np.float32(1)) * (ny - 1)
    share = np.sqrt(min(max((low[2] - z) / size[2], np.float32(0)), np.float32(1)))
    fz = max(share * np.float32(nz - 1 + 0.35) - np.float32(0.35), np.float32(0))
    ix, iy, iz = min(int(fx), nx - 2), min(int(fy), ny - 2), min(int(fz), nz - 2)
    fx, fy, fz = fx - ix, fy - iy, fz - iz
    ex, ey, ez = np.float32(0), np.float32(0), np.float32(0)
    for a in range(2):
        wa = fx if a == 1 else np.float32(1) - fx
        for b in range(2):
            wb = wa * (fy if b == 1 else np.float32(1) - fy)
            for c in range(2):
                w = wb * (fz if c == 1 else np.float32(1) - fz)
                ex += w * sky[ix + a, iy + b, iz + c, 0]
                ey += w * sky[ix + a, iy + b, iz + c, 1]
                ez += w * sky[ix + a, iy + b, iz + c, 2]
    return ex, ey, ez


@compiled(inline="always")
def limit_z(limits: Any, x: Any, y: Any) -> Any:
    """Return where the window, which leans back to the lower lip, lies in front of a place."""
    columns = limits.shape[1]
    at = (x + np.float32(HALF_WIDTH_CM)) * np.float32((columns - 1) / (2 * HALF_WIDTH_CM))
    at = min(max(at, np.float32(0)), np.float32(columns - 1.001))
    i = int(at)
    f = at - i
    top = limits[0, i] + f * (limits[0, i + 1] - limits[0, i])
    bottom = limits[1, i] + f * (limits[1, i + 1] - limits[1, i])
    top_z = limits[2, i] + f * (limits[2, i + 1] - limits[2, i])
    bottom_z = limits[3, i] + f * (limits[3, i + 1] - limits[3, i])
    share = min(max((y - bottom) / (top - bottom + np.float32(0.02)), np.float32(0)), np.float32(1))
    return bottom_z + share * (top_z - bottom_z)


@compiled(inline="always")
def leaves(limits: Any, x: Any, y: Any, z: Any, dx: Any, dy: Any, dz: Any, soft: Any) -> Any:
    """Tell how freely a ray passes the window, 0..1 with a penumbra that grows with the way."""
    if dz < np.float32(0.05):
        return np.float32(0)
    columns = limits.shape[1]
    scale = np.float32((columns - 1) / (2 * HALF_WIDTH_CM))
    # Two steps: the window leans, so its distance depends on where the ray meets it.
    way = (limit_z(limits, x, y) - z) / dz
    if way > np.float32(0.5):
        way = (limit_z(limits, x, y + way * dy) - z) / dz
    # What stands out of the window is free, but not from one pixel to the next.
    outside = min(max(-way * dz * np.float32(2.5), np.float32(0)), np.float32(1))
    way = max(way, np.float32(0))
    at = min(max((x + dx * way + np.float32(HALF_WIDTH_CM)) * scale, np.float32(0)), np.float32(columns - 1.001))
    i = int(at)
    f = at - i
    top = limits[0, i] + f * (limits[0, i + 1] - limits[0, i])
    bottom = limits[1, i] + f * (limits[1, i + 1] - limits[1, i])
    blur = np.float32(1.0) / (np.float32(0.06) + soft * way)
    through = y + dy * way
    above = min(max((top - through) * blur + np.float32(0.5), np.float32(0)), np.float32(1))
    below = min(max((through - bottom) * blur + np.float32(0.5), np.float32(0)), np.float32(1))
    # A slit narrower than the penumbra passes only its share.
    return max(above + below - np.float32(1), outside)
