import numpy as np
import pytest
from talking_avatar.models.photo_head import contact
from talking_avatar.pipeline_core.arkit import INDEX


@pytest.fixture(scope="module")
def mouth(head_model):
    return contact.mouth_opening(head_model)


def open_mouth(model, amount=0.3):
    return model.vertices + amount * model.units[INDEX["jawOpen"]]


def gap_cm(mouth, positions):
    return float(np.linalg.norm(mouth.gap(positions)[0], axis=1).max())


def test_full_closure_is_exact_contact_from_any_opening(head_model, mouth):
    for amount in (0.05, 0.3, 0.8):
        positions = open_mouth(head_model, amount)
        contact.close_lips(mouth, positions, 1.0)
        assert gap_cm(mouth, positions) < 0.06, amount
    assert gap_cm(mouth, open_mouth(head_model)) > 0.5, "without the solver the mouth is open"


def test_half_closure_leaves_half_the_gap(head_model, mouth):
    positions = open_mouth(head_model)
    before = gap_cm(mouth, positions)
    contact.close_lips(mouth, positions, 0.5)
    assert gap_cm(mouth, positions) == pytest.approx(before / 2, rel=0.1)


def test_rounding_narrows_the_opening_and_keeps_its_height(head_model, mouth):
    positions = open_mouth(head_model)
    before = mouth.gap(positions)[0][:, 1].copy()
    contact.round_lips(mouth, positions, 0.4, 0.8)
    after = mouth.gap(positions)[0][:, 1]
    assert after.max() == pytest.approx(before.max(), rel=0.2)
    open_share = [(g > 0.3 * g.max()).mean() for g in (before, after)]
    assert open_share[1] < 0.85 * open_share[0]
    assert abs(after[0]) < 0.02 and abs(after[-1]) < 0.02, "corners stay sealed"


def test_tuck_brings_the_lower_lip_up_and_in(head_model, mouth):
    positions = open_mouth(head_model, 0.1)
    before = positions[mouth.lower.vertices].copy()
    contact.tuck_lip(mouth, positions, 1.0)
    middle = len(mouth.lower.vertices) // 2
    moved = positions[mouth.lower.vertices][middle] - before[middle]
    assert moved[1] > 0.1 and moved[2] < -0.1
    reveal = mouth.gap(positions)[1][middle, 1]
    assert -0.4 < reveal < -0.1, "a strip of tooth stays visible"


def test_unclench_parts_crossed_lips_only(head_model, mouth):
    crossed = head_model.vertices - 0.2 * head_model.units[INDEX["jawOpen"]]
    assert mouth.gap(crossed)[0][:, 1].min() < -0.1
    contact.unclench(mouth, crossed)
    assert mouth.gap(crossed)[0][:, 1].min() > -0.06
    opened = open_mouth(head_model)
    same = opened.copy()
    contact.unclench(mouth, same)
    assert np.abs(same - opened).max() < 1e-5


@pytest.mark.parametrize("side", ["left", "right"])
def test_lids_shut_exactly_and_halfway(head_model, side):
    eye = contact.eye_opening(head_model, side)
    gap = eye.gap(head_model.vertices)[0]
    for amount in (0.5, 1.0):
        positions = head_model.vertices.copy()
        contact.close_lids(eye, positions, gap, amount)
        left = eye.gap(positions)[0][:, 1].max()
        assert left == pytest.approx((1 - amount) * gap[:, 1].max(), abs=0.08)


def test_closing_an_eye_leaves_the_rest_of_the_face(head_model):
    eye = contact.eye_opening(head_model, "left")
    positions = head_model.vertices.copy()
    contact.close_lids(eye, positions, eye.gap(positions)[0], 1.0)
    moved = np.linalg.norm(positions - head_model.vertices, axis=1) > 1e-4
    assert not moved[head_model.vertices[:, 0] < 0].any()
    assert not moved[head_model.lips.vertices].any()
