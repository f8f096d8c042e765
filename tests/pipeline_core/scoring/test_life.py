"""Blinks, head turns, trembling and standing still are counted."""

import numpy as np
import pytest
from talking_avatar.pipeline_core.scoring.landmarks import MESH_478
from talking_avatar.pipeline_core.scoring.life import find_blinks, frozen_seconds, head_turns_deg, trembling

FPS = 25.0


def face(lids=1.0):
    points = np.random.default_rng(0).uniform(0, 100, (478, 3))
    layout = MESH_478
    for (outer, inner), pairs, x in zip(layout.eyes, layout.lids, (0.0, 80.0), strict=True):
        points[[outer, inner]] = [(x, 50, 10), (x + 40, 50, 0)]
        for upper, lower in pairs:
            points[upper], points[lower] = (x + 20, 50 - 6 * lids, 0), (x + 20, 50 + 6 * lids, 0)
    for k, index in enumerate(i for i in layout.rigid if i not in sum(layout.eyes, ())):
        points[index] = (60 + 3 * k, 60 + 9 * k, -20 - 4 * k)
    return points


def test_blinks_are_counted_and_timed():
    times = np.arange(500) / FPS
    lids = np.ones(500)
    for start in (50, 150, 260, 400):
        lids[start : start + 5] = [0.5, 0.1, 0.0, 0.3, 0.6]
    lids[300:360] = 0.0  # closed eyes are no blink
    found = find_blinks(times, [face(lid) for lid in lids])
    assert found.per_minute == pytest.approx(12.0) and len(found.durations_s) == 4
    assert all(d == pytest.approx(0.2) for d in found.durations_s)
    assert found.depth == pytest.approx(0.0, abs=0.01)


def test_no_blinks_are_none():
    found = find_blinks(np.arange(50) / FPS, [face()] * 50)
    assert found.per_minute == 0.0 and found.depth == 1.0


def turned(yaw=0.0, pitch=0.0, roll=0.0):
    y, p, r = np.radians((yaw, pitch, roll))
    ry = np.array([[np.cos(y), 0, -np.sin(y)], [0, 1, 0], [np.sin(y), 0, np.cos(y)]])
    rx = np.array([[1, 0, 0], [0, np.cos(p), np.sin(p)], [0, -np.sin(p), np.cos(p)]])
    rz = np.array([[np.cos(r), -np.sin(r), 0], [np.sin(r), np.cos(r), 0], [0, 0, 1]])
    return face() @ (rz @ rx @ ry).T


def test_head_turns_are_recovered():
    asked = np.array([(0, 0, 0), (4, 0, 0), (0, 3, 0), (0, 0, 2), (-5, 2, 1)], float)
    found = head_turns_deg([turned(*angles) for angles in asked])
    assert np.abs(found - (asked - asked.mean(axis=0))).max() < 0.15


def test_trembling_ignores_the_head_and_sees_noise():
    rng = np.random.default_rng(2)
    where = np.ones(40, bool)
    gliding = [face() * (1 + 0.001 * k) + (k, 0.5 * k, 0) for k in range(40)]
    shaking = [p + rng.normal(0, 0.5, p.shape) for p in gliding]
    assert trembling(gliding, where) < 0.01
    # Second differences of independent noise: sqrt(6) times its size, in two directions, over 80 px.
    assert trembling(shaking, where) == pytest.approx(1000 * 0.5 * np.sqrt(6 * 2) / 80, rel=0.2)
    assert np.isnan(trembling(shaking, ~where))


def test_frozen_seconds():
    rng = np.random.default_rng(3)
    still = rng.integers(0, 255, (90, 90, 3)).astype(np.uint8)
    alive = [np.roll(still, k // 5, axis=1) for k in range(100)]
    assert frozen_seconds((k / FPS, f) for k, f in enumerate(alive)) == 0
    assert frozen_seconds((k / FPS, f) for k, f in enumerate([*alive, *[still] * 60])) == 2
