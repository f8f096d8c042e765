"""The torch rasteriser against the numba one: the same triangles, exactly."""

import numpy as np
import pytest
import torch
from talking_avatar.models.photo_head import torch_raster
from talking_avatar.models.photo_head.raster import rasterize, triangle_soup
from talking_avatar.models.photo_head.torch_picture import snapped
from talking_avatar.models.photo_head.torch_raster import PixelBuffers, TriangleBatch, rasterize_batch

SIZE = (48, 64)


def scene(seed, crowded=False):
    """Return corners, depths, attributes and triangles; crowded ones lie in few depths and on pixel centres."""
    rng = np.random.default_rng(seed)
    xy = rng.uniform(-20, 80, (60, 2)).astype(np.float32)
    depth = rng.normal(size=60).astype(np.float32)
    if crowded:
        xy, depth = np.round(xy), np.zeros(60, np.float32)
    return xy, depth, rng.normal(size=(60, 3)).astype(np.float32), rng.integers(0, 60, (80, 3)).astype(np.int32)


def by_numba(scenes, cull):
    frames = []
    for xy, depth, attributes, triangles in scenes:
        z, ids = np.full(SIZE, -np.inf, np.float32), np.full(SIZE, -1, np.int32)
        values = np.zeros((*SIZE, 3), np.float32)
        rasterize(xy, depth, triangles, attributes, z, values, ids, 7, cull)
        frames.append((z, values, ids))
    return [np.stack(part) for part in zip(*frames, strict=True)]


def batch_of(scenes, cull, device="cpu"):
    soups, frame = [], []
    for k, (xy, _, _, triangles) in enumerate(scenes):
        soup = triangle_soup(xy, triangles, SIZE[1], SIZE[0], cull)
        soup[:, 1:4] += k * len(xy)
        soups.append(soup)
        frame += [k] * len(soup)
    soup = np.concatenate(soups)
    corners, depth, attributes = (
        torch.from_numpy(np.concatenate(part)).to(device)
        for part in ([snapped(s[0]) for s in scenes], [s[1] for s in scenes], [s[2] for s in scenes]))
    return TriangleBatch(torch.from_numpy(soup).to(device).long(), torch.tensor(frame, device=device), corners.long(),
                         depth, attributes, np.cumsum(soup[:, 6].astype(np.int64) * soup[:, 7]))


def by_torch(scenes, cull, device="cpu"):
    buffers = PixelBuffers.filled(torch.zeros((len(scenes), *SIZE, 3), device=device))
    rasterize_batch(batch_of(scenes, cull, device), buffers, 7)
    return [buffers.of(rows).cpu().numpy() for rows in (buffers.depth, buffers.values, buffers.ids)]


@pytest.mark.parametrize("crowded", [False, True])
@pytest.mark.parametrize("cull", [False, True])
def test_every_pixel_shows_the_same_triangle_and_the_same_values(crowded, cull):
    scenes = [scene(seed, crowded) for seed in range(3)]
    ours, reference = by_torch(scenes, cull), by_numba(scenes, cull)
    assert np.array_equal(ours[2][..., 0], reference[2]) and (reference[2] >= 0).mean() > 0.4
    seen = reference[2] >= 0
    assert np.array_equal(ours[0][..., 0][seen], reference[0][seen])
    assert np.array_equal(ours[1][seen], reference[1][seen])


def test_another_rule_for_equal_depths_would_be_noticed(monkeypatch):
    """Negative control: the last triangle wins instead of the first."""
    monkeypatch.setattr(torch_raster, "_LAST_ID", -1)
    monkeypatch.setattr(torch_raster, "_key", lambda depth, rank: reversed_key(depth, rank))
    scenes = [scene(1, crowded=True)]
    assert not np.array_equal(by_torch(scenes, False)[2][..., 0], by_numba(scenes, False)[2])


def reversed_key(depth, rank):
    bits = (depth + 0.0).view(torch.int32).to(torch.int64)
    return (bits << 32) | (2**31 - rank if isinstance(rank, torch.Tensor) else 0)


def test_corners_shifted_by_half_a_pixel_would_be_noticed():
    """Negative control."""
    xy, *rest = scene(0)
    assert not np.array_equal(by_torch([(xy + np.float32(0.5), *rest)], True)[2][..., 0],
                              by_numba([(xy, *rest)], True)[2])


def test_drawing_in_small_parts_changes_nothing(monkeypatch):
    scenes = [scene(seed) for seed in range(2)]
    whole = by_torch(scenes, True)
    monkeypatch.setattr(torch_raster, "MAX_CANDIDATES", 500)
    parts = list(torch_raster._parts(batch_of(scenes, True).candidates))
    assert len(parts) > 10 and sum(part[2] for part in parts) == batch_of(scenes, True).candidates[-1]
    assert all(np.array_equal(a, b) for a, b in zip(whole, by_torch(scenes, True), strict=True))


def test_what_is_drawn_already_hides_what_is_behind_and_at_the_same_depth():
    buffers = PixelBuffers.filled(torch.zeros((1, *SIZE, 3)))
    buffers.depth[:] = 0.0
    rasterize_batch(batch_of([scene(0, crowded=True)], False), buffers)
    assert (buffers.of(buffers.ids) == -1).all()


def test_nothing_to_draw_draws_nothing():
    far = np.full((60, 2), 1e6, np.float32)
    _, depth, attributes, triangles = scene(0)
    assert (by_torch([(far, depth, attributes, triangles)], False)[2] == -1).all()


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_graphics_card_draws_the_same():
    scenes = [scene(seed) for seed in range(3)]
    for ours, reference in zip(by_torch(scenes, True, "cuda"), by_torch(scenes, True), strict=True):
        assert np.array_equal(ours, reference)
