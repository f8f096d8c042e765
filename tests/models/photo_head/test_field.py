import numpy as np
import pytest
from talking_avatar.models.photo_head.field import HeadField, fill_map, rotation_matrix, soften_jumps
from talking_avatar.models.photo_head.instant import FrameMotion


def motion(head=(0, 0, 0), shift=(0, 0, 0), breath=0.0):
    articulation = np.float32([0, 0, 0, breath])
    return FrameMotion(np.zeros(52, np.float32), articulation, np.float32(head), np.float32(shift), np.zeros(2, np.float32))


@pytest.fixture(scope="module")
def field(neutral_person):
    return HeadField(neutral_person.head, 256, 256)


def test_directions_of_the_angles():
    forward, up = np.float32([0, 0, 1]), np.float32([0, 1, 0])
    assert (rotation_matrix(np.float32([10, 0, 0])) @ forward)[0] > 0.1, "yaw turns to the viewer's right"
    assert (rotation_matrix(np.float32([0, 10, 0])) @ forward)[1] > 0.1, "pitch lifts the chin"
    assert (rotation_matrix(np.float32([0, 0, 10])) @ up)[0] > 0.1, "roll is clockwise for the viewer"


def test_weights_are_one_on_the_face_and_zero_at_the_border(field, neutral_person):
    face = neutral_person.face.selected_landmarks_px[:468, :2]
    assert field.weight_at(face).min() > 0.95
    edge = np.float32([[0, 128], [255, 128], [128, 0], [128, 255]])
    assert field.weight_at(edge).max() == 0.0
    assert np.abs(field.breath_at(edge)).max() == 0.0


def test_no_motion_needs_no_grid(field):
    assert field.source_grid(motion()) is None


@pytest.mark.parametrize("moved", [motion((3, -2, 1.5)), motion((-4, 1, -2), breath=1.0), motion(shift=(0.02, -0.02, 0.05))])
def test_the_inverse_grid_undoes_the_forward_motion(field, moved):
    grid = field.source_grid(moved)
    source = (field.nodes + grid).reshape(-1, 2)
    depth = field.depth_at(source)[:, None]
    forward = field.moved(np.concatenate([source, depth], axis=1), moved)[:, :2]
    weight, breath = field.weight_at(source)[:, None], field.breath_at(source)
    landed = source + weight * (forward - source) + breath * moved.articulation[3]
    error = np.linalg.norm(landed - field.nodes.reshape(-1, 2), axis=1)
    assert np.percentile(error, 98) < 0.35 and error.mean() < 0.06


def test_fill_map_equals_plain_interpolation():
    rng = np.random.default_rng(2)
    grid = rng.normal(0, 3, (6, 7, 2)).astype(np.float32)
    cell, left, top = 8, 5, 9
    out = np.empty((30, 40, 2), np.float32)
    fill_map(grid, cell, left, top, 2.0, out)
    for y, x in ((0, 0), (3, 17), (29, 39), (12, 8)):
        fx = np.clip((left + x + 0.5) / cell - 0.5, 0, 6)
        fy = np.clip((top + y + 0.5) / cell - 0.5, 0, 5)
        c, r = min(int(fx), 5), min(int(fy), 4)
        wx, wy = fx - c, fy - r
        value = (grid[r, c] * (1 - wx) + grid[r, c + 1] * wx) * (1 - wy)
        value = value + (grid[r + 1, c] * (1 - wx) + grid[r + 1, c + 1] * wx) * wy
        assert np.allclose(out[y, x], 2 * (np.array([left + x, top + y]) + value), atol=1e-3)


def test_soften_jumps_touches_only_contours():
    picture = np.zeros((20, 20, 3), np.uint8)
    picture[:, 10:] = 200
    y, x = np.mgrid[0:20, 0:20].astype(np.float32)
    smooth = np.dstack([2 * x, 2 * y])
    out = picture.copy()
    soften_jumps(picture, smooth, 7.0, out)
    assert np.array_equal(out, picture), "an edge painted on one surface stays sharp"
    torn = smooth.copy()
    torn[:, 10:, 0] += 30
    soften_jumps(picture, torn, 7.0, out)
    assert 0 < out[10, 9, 0] < out[10, 10, 0] < 200
    assert np.array_equal(out[:, :8], picture[:, :8])
