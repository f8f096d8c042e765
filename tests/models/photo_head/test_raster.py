"""The rasteriser against a plain numpy oracle, and its rules one by one."""

import numpy as np
import pytest
from talking_avatar.models.photo_head.raster import SUBPIXEL_STEPS, rasterize


def rasterize_numpy(xy, depth, triangles, attributes, z_buffer, out, ids, first_id, cull):
    """Draw one triangle after the other over the whole picture."""
    height, width = z_buffer.shape
    px, py = np.meshgrid(np.arange(width) * SUBPIXEL_STEPS, np.arange(height) * SUBPIXEL_STEPS)
    grid = np.floor(xy * np.float32(SUBPIXEL_STEPS) + np.float32(0.5)).astype(np.int64)

    def edge(p, q):
        (dx, dy) = q - p
        inside = 0 if dy < 0 or (dy == 0 and dx > 0) else -1
        return dx * (py - p[1]) - dy * (px - p[0]) + inside

    for t, (a, b, c) in enumerate(triangles):
        area = int(np.linalg.det(np.stack([grid[b] - grid[a], grid[c] - grid[a]]).astype(float)).round())
        if area == 0 or (cull and area > 0):
            continue
        if area < 0:
            b, c, area = c, b, -area
        ea, eb, ec = edge(grid[b], grid[c]), edge(grid[c], grid[a]), edge(grid[a], grid[b])
        scale = np.float32(1) / np.float32(area)
        wb, wc = eb.astype(np.float32) * scale, ec.astype(np.float32) * scale
        z = depth[a] + wb * (depth[b] - depth[a]) + wc * (depth[c] - depth[a])
        seen = (ea >= 0) & (eb >= 0) & (ec >= 0) & (z > z_buffer)
        z_buffer[seen] = z[seen]
        ids[seen] = first_id + t
        values = attributes[a] + wb[..., None] * (attributes[b] - attributes[a])
        out[seen] = (values + wc[..., None] * (attributes[c] - attributes[a]))[seen]


def draw(function, xy, triangles, size=(48, 64), depth=None, attributes=None, cull=False, first_id=0):
    xy = np.asarray(xy, np.float32)
    depth = np.zeros(len(xy), np.float32) if depth is None else np.asarray(depth, np.float32)
    attributes = np.zeros((len(xy), 1), np.float32) if attributes is None else attributes
    z = np.full(size, -np.inf, np.float32)
    out = np.zeros((*size, attributes.shape[1]), np.float32)
    ids = np.full(size, -1, np.int32)
    function(xy, depth, np.asarray(triangles, np.int32), attributes, z, out, ids, first_id, cull)
    return z, out, ids


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("cull", [False, True])
def test_random_triangles_match_the_numpy_oracle(seed, cull):
    rng = np.random.default_rng(seed)
    xy = rng.uniform(-20, 80, (60, 2)).astype(np.float32)
    depth = rng.normal(size=60).astype(np.float32)
    attributes = rng.normal(size=(60, 3)).astype(np.float32)
    triangles = rng.integers(0, 60, (80, 3))
    ours = draw(rasterize, xy, triangles, depth=depth, attributes=attributes, cull=cull)
    oracle = draw(rasterize_numpy, xy, triangles, depth=depth, attributes=attributes, cull=cull)
    assert np.array_equal(ours[2], oracle[2]) and (ours[2] >= 0).sum() > 500
    covered = ours[2] >= 0
    assert np.abs(ours[0][covered] - oracle[0][covered]).max() < 1e-4
    assert np.abs(ours[1] - oracle[1]).max() < 1e-4


def fan(corners, centre):
    xy = np.vstack([centre, corners])
    n = len(corners)
    return xy, np.array([[0, 1 + k, 1 + (k + 1) % n] for k in range(n)])


def cover_counts(xy, triangles):
    return sum((draw(rasterize, xy, [t])[2] >= 0).astype(int) for t in triangles)


@pytest.mark.parametrize("centre", [(30.0, 20.0), (30.5, 20.25), (29.98, 20.017)])
def test_neighbours_leave_no_hole_and_draw_no_pixel_twice(centre):
    # Corners on pixel centres and edges through pixel centres are the hard case.
    corners = [(10, 5), (30, 2), (50, 5), (50, 35), (30, 35), (10, 35), (10, 20)]
    counts = cover_counts(*fan(np.array(corners, float), np.array(centre)))
    assert counts.max() == 1
    assert (counts[6:35, 11:50] == 1).all()


def test_without_the_shared_rule_the_count_would_differ():
    """Negative control: two overlapping triangles are counted twice."""
    xy = np.array([(10, 5), (50, 5), (50, 35), (10, 35)], float)
    assert cover_counts(xy, [[0, 1, 2], [0, 1, 3]]).max() == 2


def test_larger_depth_wins_in_any_order():
    xy = [(0, 0), (40, 0), (0, 40)] * 2
    near_last = draw(rasterize, xy, [[0, 1, 2], [3, 4, 5]], depth=[1, 1, 1, 2, 2, 2])[2]
    near_first = draw(rasterize, xy, [[0, 1, 2], [3, 4, 5]], depth=[2, 2, 2, 1, 1, 1])[2]
    assert set(near_last[near_last >= 0]) == {1}
    assert set(near_first[near_first >= 0]) == {0}


def test_a_plane_is_interpolated_exactly_at_pixel_centres():
    xy = np.array([(-5.3, -9.1), (150.0, 3.0), (10.0, 140.0)], np.float32)
    ids = draw(rasterize, xy, [[0, 1, 2]], attributes=xy)
    rows, columns = np.nonzero(ids[2] >= 0)
    assert np.abs(ids[1][rows, columns, 0] - columns).max() < 0.01
    assert np.abs(ids[1][rows, columns, 1] - rows).max() < 0.01


def test_counter_clockwise_is_the_front_and_only_culling_hides_the_back():
    xy = [(5, 35), (50, 35), (25, 5)]  # counter-clockwise on screen: y points down
    assert (draw(rasterize, xy, [[0, 1, 2]], cull=True)[2] >= 0).any()
    assert not (draw(rasterize, xy, [[0, 2, 1]], cull=True)[2] >= 0).any()
    assert (draw(rasterize, xy, [[0, 2, 1]], cull=False)[2] >= 0).any()


def test_what_is_outside_not_finite_or_flat_is_not_drawn():
    for xy in ([(70, 0), (90, 0), (70, 40)], [(0, 0), (np.nan, 0), (0, 40)], [(0, 0), (1e9, 0), (0, 40)],
               [(0, 0), (10, 10), (20, 20)]):  # fmt: skip
        assert (draw(rasterize, xy, [[0, 1, 2]])[2] == -1).all()


def test_ids_start_at_the_given_number():
    assert draw(rasterize, [(0, 0), (40, 0), (0, 40)], [[0, 1, 2]], first_id=500)[2].max() == 500
