import numpy as np
import pytest
from talking_avatar.pipeline_core.face import geometry


def turned(points, axis, degrees):
    """Turn points about an axis through their middle: x right, y down, z away."""
    a = np.radians(degrees)
    c, s = np.cos(a), np.sin(a)
    matrix = {"y": [[c, 0, -s], [0, 1, 0], [s, 0, c]], "x": [[1, 0, 0], [0, c, s], [0, -s, c]],
              "z": [[c, -s, 0], [s, c, 0], [0, 0, 1]]}[axis]
    middle = points.mean(axis=0)
    return ((points - middle) @ np.asarray(matrix).T + middle).astype(np.float32)


@pytest.mark.parametrize(("axis", "field"), [("y", "yaw_deg"), ("x", "pitch_deg"), ("z", "roll_deg")])
@pytest.mark.parametrize("degrees", [-20, 15])
def test_turning_the_mesh_turns_the_angle(mesh, axis, field, degrees):
    level = turned(mesh, "z", -geometry.head_angles(mesh).roll_deg)
    before, after = (getattr(geometry.head_angles(p), field) for p in (level, turned(level, axis, degrees)))
    assert after - before == pytest.approx(degrees, abs=1.5)


def test_signs(mesh):
    # Turning to the viewer's right moves the tip of the nose to the right relative to the ears.
    right = turned(mesh, "y", 20)
    middle = (right[234] + right[454]) / 2
    assert right[1, 0] - middle[0] > mesh[1, 0] - (mesh[234, 0] + mesh[454, 0]) / 2
    up = turned(mesh, "x", 20)
    assert up[1, 1] - up[[234, 454], 1].mean() < mesh[1, 1] - mesh[[234, 454], 1].mean()


def test_sizes(mesh):
    left, top, right, bottom = geometry.face_box(mesh)
    assert 80 < right - left < 95
    assert 95 < bottom - top < 115
    assert geometry.face_width_px(turned(mesh, "y", 60)) == pytest.approx(geometry.face_width_px(mesh), rel=1e-3)


def test_openings(mesh):
    assert min(geometry.eye_openings(mesh)) > 0.25
    shut = mesh.copy()
    shut[159], shut[386] = shut[145], shut[374]
    assert max(geometry.eye_openings(shut)) == 0
    wide = mesh.copy()
    wide[14, 1] += 25
    assert geometry.mouth_opening(wide) > 0.5 > geometry.mouth_opening(mesh)


def test_outlines_are_closed_loops_of_neighbours(mesh):
    for outline in (geometry.OVAL, geometry.LIPS_OUTER, geometry.LIPS_INNER, geometry.LEFT_EYE, geometry.RIGHT_EYE):
        assert len(set(outline)) == len(outline)
        loop = mesh[list(outline), :2]
        steps = np.linalg.norm(loop - np.roll(loop, 1, axis=0), axis=1)
        assert steps.max() < 0.35 * np.ptp(loop, axis=0).max()
