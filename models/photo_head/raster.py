"""Z-buffered triangle rasteriser: interpolates vertex attributes into pixel buffers.

Corners are snapped to 1/256 pixel and coverage is decided with integer edge functions and the
top-left rule, so triangles that share an edge leave neither holes nor doubly drawn pixels, on
every machine alike.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...pipeline_core.compiled import compiled

SUBPIXEL_STEPS = 256
"""Positions per pixel to which corners are snapped."""
_LIMIT_PX = 32768.0
"""Corners farther away than this are not drawn: their edge functions might overflow."""


@compiled(inline="always")
def _bias(dx: int, dy: int) -> int:
    """Return 0 for a top or left edge (its pixels belong to the triangle), else -1."""
    return 0 if dy < 0 or (dy == 0 and dx > 0) else -1


@compiled(inline="always")
def _snapped(x: float) -> int:
    return np.int64(np.floor(x * SUBPIXEL_STEPS + 0.5))


@compiled(inline="always")
def _placed(xy: Any, a: int, b: int, c: int, width: int, height: int, cull: bool) -> Any:
    """Return whether anything of a triangle may be drawn, twice its area (negative: its front),
    its snapped corners, and the pixels of its bounding box, all included."""
    ax = ay = bx = by = cx = cy = area = np.int64(0)
    left = top = right = bottom = np.int64(0)
    seen = (abs(xy[a, 0]) < _LIMIT_PX and abs(xy[a, 1]) < _LIMIT_PX
            and abs(xy[b, 0]) < _LIMIT_PX and abs(xy[b, 1]) < _LIMIT_PX
            and abs(xy[c, 0]) < _LIMIT_PX and abs(xy[c, 1]) < _LIMIT_PX)  # fmt: skip
    if seen:
        ax, ay = _snapped(xy[a, 0]), _snapped(xy[a, 1])
        bx, by = _snapped(xy[b, 0]), _snapped(xy[b, 1])
        cx, cy = _snapped(xy[c, 0]), _snapped(xy[c, 1])
        area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
        left = max(-(-min(ax, bx, cx) // SUBPIXEL_STEPS), 0)
        right = min(max(ax, bx, cx) // SUBPIXEL_STEPS, width - 1)
        top = max(-(-min(ay, by, cy) // SUBPIXEL_STEPS), 0)
        bottom = min(max(ay, by, cy) // SUBPIXEL_STEPS, height - 1)
        seen = not (area == 0 or (cull and area > 0) or left > right or top > bottom)
    return seen, area, ax, ay, bx, by, cx, cy, left, top, right, bottom


@compiled(fastmath=False, error_model="numpy")
def rasterize(
    xy: Any,
    depth: Any,
    triangles: Any,
    attributes: Any,
    z_buffer: Any,
    out: Any,
    ids: Any,
    first_id: int,
    cull: bool,
) -> None:
    """Draw triangles into buffers, nearest surface wins.

    Parameters
    ----------
    xy : ndarray
        Corner positions in pixels, y down; the centre of pixel (column, row) lies at exactly
        (column, row), as in `cv2.remap` [shape=(N, 2), float32]. Not finite: not drawn.
    depth : ndarray
        Height above the image plane, larger is nearer [shape=(N,), float32, any unit].
    triangles : ndarray
        Vertex numbers [shape=(M, 3), int32]. Counter-clockwise as seen by the viewer is front.
    attributes : ndarray
        Values to interpolate linearly in the image [shape=(N, K), float32].
    z_buffer : ndarray
        Depth drawn so far, start with -inf [shape=(H, W), float32]. Changed in place.
    out : ndarray
        Interpolated attributes [shape=(H, W, K), float32]. Changed in place.
    ids : ndarray
        `first_id` + triangle number of what is seen [shape=(H, W), int32]. Changed in place.
    first_id : int
        Id of triangle 0, so that several meshes can share the buffers.
    cull : bool
        Skip triangles that show their back.
    """
    height, width = z_buffer.shape
    channels = attributes.shape[1]
    steps = SUBPIXEL_STEPS
    across = np.empty(channels, np.float32)
    for t in range(triangles.shape[0]):
        a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        seen, area, ax, ay, bx, by, cx, cy, left, top, right, bottom = _placed(xy, a, b, c, width, height, cull)
        if not seen:
            continue
        if area < 0:
            b, c = c, b
            bx, by, cx, cy = cx, cy, bx, by
            area = -area
        # Edge functions at the first pixel; the weight of a corner is that of the edge facing it.
        px, py = left * steps, top * steps
        row_a = (cx - bx) * (py - by) - (cy - by) * (px - bx) + _bias(cx - bx, cy - by)
        row_b = (ax - cx) * (py - cy) - (ay - cy) * (px - cx) + _bias(ax - cx, ay - cy)
        row_c = (bx - ax) * (py - ay) - (by - ay) * (px - ax) + _bias(bx - ax, by - ay)
        step_ax, step_ay = -(cy - by) * steps, (cx - bx) * steps
        step_bx, step_by = -(ay - cy) * steps, (ax - cx) * steps
        step_cx, step_cy = -(by - ay) * steps, (bx - ax) * steps
        scale = np.float32(1.0) / np.float32(area)
        base_z, rise_b, rise_c = depth[a], depth[b] - depth[a], depth[c] - depth[a]
        for k in range(channels):
            across[k] = attributes[a, k]
        for y in range(top, bottom + 1):
            at_a, at_b, at_c = row_a, row_b, row_c
            entered = False
            for x in range(left, right + 1):
                if (at_a | at_b | at_c) >= 0:
                    entered = True
                    weight_b, weight_c = np.float32(at_b) * scale, np.float32(at_c) * scale
                    z = base_z + weight_b * rise_b + weight_c * rise_c
                    if z > z_buffer[y, x]:
                        z_buffer[y, x] = z
                        ids[y, x] = first_id + t
                        for k in range(channels):
                            first = across[k]
                            out[y, x, k] = (
                                first
                                + weight_b * (attributes[b, k] - first)
                                + weight_c * (attributes[c, k] - first)
                            )
                elif entered:
                    break
                at_a += step_ax
                at_b += step_bx
                at_c += step_cx
            row_a += step_ay
            row_b += step_by
            row_c += step_cy


@compiled(fastmath=False, error_model="numpy")
def triangle_soup(xy: Any, triangles: Any, width: int, height: int, cull: bool) -> Any:
    """Return the triangles that `rasterize` would draw, ready to be drawn all at once.

    Parameters
    ----------
    xy, triangles, cull
        As in `rasterize`.
    width, height : int
        Size of the buffers.

    Returns
    -------
    ndarray
        Per triangle its number; its corners' numbers in the order in which their weights are
        formed, first the one that carries the base value [columns 1 to 3]; its bounding box:
        left, top, columns, rows [4 to 7]. The snapped corners are those of `snapped`
        [shape=(M, 8), int32].
    """
    soup = np.empty((triangles.shape[0], 8), np.int32)
    count = 0
    for t in range(triangles.shape[0]):
        a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        seen, area, ax, ay, bx, by, cx, cy, left, top, right, bottom = _placed(xy, a, b, c, width, height, cull)
        if not seen:
            continue
        if area < 0:
            b, c = c, b
        row = soup[count]
        row[0], row[1], row[2], row[3] = t, a, b, c
        row[4], row[5], row[6], row[7] = left, top, right - left + 1, bottom - top + 1
        count += 1
    return soup[:count]
