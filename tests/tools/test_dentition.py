"""The procedural mouth: its build, its anatomy and that the shipped asset holds it."""

import sys
from pathlib import Path

import numpy as np
import pytest
from talking_avatar.models.photo_head.mouth_pose import NO_TOOTH, STEP_CM, Mouth, pose_mouth

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def geometry():
    sys.path.insert(0, str(ROOT / "tools"))
    try:
        from head_asset.dentition import build_mouth
    finally:
        sys.path.remove(str(ROOT / "tools"))
    return build_mouth()


@pytest.fixture(scope="module")
def mouth(geometry):
    return Mouth.from_tensors({k.removeprefix("mouth_"): v for k, v in geometry.tensors().items()})


def test_the_budget_of_the_rasteriser_is_kept(geometry):
    assert len(geometry.vertices_cm) < 14_000 and len(geometry.triangles) < 26_000
    assert geometry.triangles.max() < len(geometry.vertices_cm) < 2**16
    assert np.isfinite(geometry.vertices_cm).all()


def test_building_twice_gives_the_same_bytes(geometry):
    sys.path.insert(0, str(ROOT / "tools"))
    try:
        from head_asset.dentition import build_mouth
    finally:
        sys.path.remove(str(ROOT / "tools"))
    first, second = geometry.tensors(), build_mouth().tensors()
    assert first.keys() == second.keys()
    assert all(first[name].tobytes() == second[name].tobytes() for name in first)


def test_the_asset_holds_this_mouth(geometry):
    from talking_avatar.models.photo_head.head_model import load_head_model

    shipped = load_head_model().mouth
    built = {k.removeprefix("mouth_"): v for k, v in geometry.tensors().items()}
    assert shipped.keys() == built.keys()
    for name in ("triangles", "part", "tooth"):
        assert np.array_equal(shipped[name], built[name])
    # Another machine's sines may round differently by one step.
    assert np.abs(shipped["vertices"].astype(int) - built["vertices"]).max() <= 1


def test_28_closed_crowns_face_outwards(geometry):
    for number in range(28):
        rows = geometry.tooth[geometry.triangles[:, 0]] == number
        a, b, c = (geometry.vertices_cm[geometry.triangles[rows, k]] for k in range(3))
        centre = geometry.vertices_cm[geometry.tooth == number].mean(axis=0)
        volume = ((a - centre) * np.cross(b - centre, c - centre)).sum() / 6
        assert 0.05 < volume < 1.2
    assert set(geometry.tooth) == {*range(28), NO_TOOTH}


def test_no_two_teeth_of_a_pair_are_mirror_images(geometry):
    """Real rows are uneven; perfectly mirrored ones look like a denture."""
    mirror = np.array([-1, 1, 1])
    for right, left in ((6, 7), (5, 8), (4, 9), (20, 21), (19, 22)):
        one = geometry.vertices_cm[geometry.tooth == right].mean(axis=0)
        two = geometry.vertices_cm[geometry.tooth == left].mean(axis=0) * mirror
        assert 0.002 < np.linalg.norm(one - two) < 0.12


def test_neighbours_touch_without_growing_into_each_other(geometry):
    front = [*range(3, 11), *range(17, 25)]
    for number in front:
        if number + 1 not in front:
            continue
        one, two = (geometry.vertices_cm[geometry.tooth == n] for n in (number, number + 1))
        gap = np.linalg.norm(one[:, None] - two[None], axis=2).min()
        assert gap < 0.07
        centres = np.linalg.norm(one.mean(axis=0) - two.mean(axis=0))
        assert centres > 0.40


def test_rest_position_behind_the_lips(mouth):
    upper = mouth.vertices[mouth.part == 0]
    lower = mouth.vertices[mouth.part == 1]
    # The mean head's upper lip line: y = -3.17, z = 11.46.
    assert upper[:, 2].max() == pytest.approx(11.11, abs=0.08)
    assert upper[:, 1].min() == pytest.approx(-3.57, abs=0.04)
    assert lower[:, 2].max() < upper[:, 2].max() - 0.1
    assert lower[:, 1].max() == pytest.approx(-3.57, abs=0.06)


def test_nothing_stands_before_the_lips_at_rest(mouth):
    from talking_avatar.models.photo_head.head_model import load_head_model

    head = load_head_model()
    line = head.vertices[head.lips.margin]
    vertices, _ = pose_mouth(mouth)
    near = np.abs(line[:, 0][None] - vertices[:, 0][:, None]).argmin(axis=1)
    front = (mouth.part < 2) & (np.abs(vertices[:, 0]) < 1.9) & (np.abs(vertices[:, 1] + 3.3) < 0.5)
    assert (vertices[front, 2] < line[near[front], 2]).all()
    # Negative control: half a centimetre forward and teeth would stick out.
    assert (vertices[front, 2] + 0.6 > line[near[front], 2]).any()


def test_occlusion_is_darker_between_teeth_than_on_their_faces(geometry):
    incisor = geometry.tooth == 6
    points, open_ = geometry.vertices_cm[incisor], geometry.occlusion[incisor]
    labial = points[:, 2] > points[:, 2].max() - 0.1
    sides = np.abs(points[:, 0] - points[:, 0].mean()) > 0.38
    assert open_[labial & ~sides].mean() > open_[sides].mean() + 0.15


def test_steps_agree_with_the_reader():
    sys.path.insert(0, str(ROOT / "tools"))
    try:
        from head_asset import dentition
    finally:
        sys.path.remove(str(ROOT / "tools"))
    assert dentition.STEP_CM == STEP_CM
