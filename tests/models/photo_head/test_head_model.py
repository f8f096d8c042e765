import numpy as np
import pytest
from talking_avatar.models.photo_head.contact import eye_opening, mouth_opening
from talking_avatar.pipeline_core.arkit import BLENDSHAPES, INDEX


def test_the_head_is_complete_and_plausible(head_model):
    width = np.ptp(head_model.vertices[:, 0])
    assert 13 < width < 17, "centimetres"
    assert head_model.units.shape[0] == 52
    assert head_model.identity.shape[0] == 60
    assert len(head_model.lips.margin) == 76, "38 control vertices, doubled"
    assert len(head_model.lids["left"].margin) == len(head_model.lids["right"].margin) == 56


def test_lips_are_paired_corner_to_corner_upper_above_lower(head_model):
    mouth = mouth_opening(head_model)
    upper, lower = (head_model.vertices[c.vertices] for c in (mouth.upper, mouth.lower))
    assert np.allclose(upper[0], lower[0]) and np.allclose(upper[-1], lower[-1])
    assert np.all(np.diff(upper[:, 0]) > -0.02), "from the subject's right to the left"
    opened = head_model.vertices + 0.4 * head_model.units[INDEX["jawOpen"]]
    above, below = mouth.gap(opened)
    assert np.all(above[5:-5, 1] > 0) and np.all(below[3:-3, 1] < 0)


def test_close_cancels_jaw_open(head_model):
    both = head_model.vertices + head_model.units[INDEX["jawOpen"]] + head_model.units[INDEX["mouthClose"]]
    gap = mouth_opening(head_model).gap(both)[0][:, 1]
    assert np.abs(gap).max() < 0.35
    wide = mouth_opening(head_model).gap(head_model.vertices + head_model.units[INDEX["jawOpen"]])[0][:, 1]
    assert wide.max() > 2.5


@pytest.mark.parametrize("name", [n for n in BLENDSHAPES if n.startswith("mouth") and n != "mouthClose"])
def test_no_mouth_unit_drives_the_lips_far_through_each_other(head_model, name):
    moved = head_model.vertices + head_model.units[INDEX[name]]
    overlap = -mouth_opening(head_model).gap(moved)[0][:, 1].min()
    assert overlap < 0.35, f"{name} overlaps lips by {overlap:.2f} cm"


def test_left_units_move_the_left_side(head_model):
    for name in ("mouthSmile", "eyeBlink", "browDown", "cheekSquint", "mouthLowerDown"):
        for side, sign in (("Left", 1), ("Right", -1)):
            weight = np.linalg.norm(head_model.units[INDEX[name + side]], axis=1)
            assert sign * (weight * head_model.vertices[:, 0]).sum() > 0, name + side


def test_lids_close_towards_their_partner(head_model):
    for side in ("left", "right"):
        gap = eye_opening(head_model, side).gap(head_model.vertices)[0][:, 1]
        assert 0.6 < gap.max() < 1.4, "an open eye, in centimetres"
