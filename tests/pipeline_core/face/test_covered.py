import cv2
import numpy as np
import pytest
from talking_avatar.pipeline_core.face import covered
from talking_avatar.pipeline_core.face.covered import hidden_share, mouth_look
from talking_avatar.pipeline_core.face.geometry import LIPS_OUTER, OVAL
from talking_avatar.pipeline_core.face.trust import COVERED

FRAMES = 60
SIDE = 240
SKIN, LIPS = (205, 160, 140), (170, 80, 85)
HELD = range(25, 35)


@pytest.fixture(scope="module")
def faces(mesh):
    """Landmarks of a woman who sways and opens her mouth [shape=(T, 478, 3)]."""
    head, phase = (mesh - mesh.mean(axis=0)) * 1.4, np.arange(FRAMES)[:, None, None] / 5
    points = head + np.sin(phase) * np.array([9.0, 4.0, 0.0]) + (SIDE / 2, SIDE / 2, 0)
    below = np.isin(np.arange(len(mesh)), [14, 17, 84, 314, 87, 317, 181, 405])[:, None]
    return (points + below * np.abs(np.sin(phase * 1.7)) * [0, 5, 0]).astype(np.float32)


def picture(points, light=1.0, thing=None, seed=0):
    """A face of two colours, with something in front of its mouth."""
    drawn = np.full((SIDE, SIDE, 3), (60, 90, 120), np.float32)
    cv2.fillPoly(drawn, [np.int32(points[list(OVAL), :2])], SKIN)
    cv2.fillPoly(drawn, [np.int32(points[list(LIPS_OUTER), :2])], LIPS)
    if thing is not None:
        middle = points[list(LIPS_OUTER), :2].mean(axis=0)
        cv2.ellipse(drawn, np.int32(middle).tolist(), (30, 22), 0, 0, 360, thing, -1)
    noise = np.random.default_rng(seed).normal(0, 3, drawn.shape)
    return np.clip(drawn * light + noise, 0, 255).astype(np.uint8)


def shares(faces, shots=None, light=lambda frame: 1.0, thing=lambda frame: None):
    looks = np.stack([mouth_look(picture(points, light(i), thing(i), i), points) for i, points in enumerate(faces)])
    return hidden_share(looks, faces, [0] * len(faces) if shots is None else shots)


@pytest.mark.parametrize("thing", [(40, 40, 42), (225, 225, 230), SKIN])
def test_something_in_front_of_the_lips_is_noticed(faces, thing):
    share = shares(faces, thing=lambda i: thing if i in HELD else None)
    assert share[list(HELD)].min() > 0.4
    assert np.delete(share, list(HELD)).max() < 0.1


def test_a_free_mouth_is_free_whatever_the_light(faces):
    assert shares(faces).max() < 0.1
    assert shares(faces, light=lambda i: 1.0 - 0.5 * (i > 20) * (i < 40)).max() < 0.1


def test_what_is_there_half_of_the_time_may_be_part_of_the_face(faces):
    assert shares(faces, thing=lambda i: (40, 40, 42) if 20 <= i < 50 else None).max() < COVERED


def test_each_shot_is_judged_by_itself(faces):
    def other(i):
        return (120, 60, 160) if i >= FRAMES // 2 else None

    assert shares(faces, [int(i >= FRAMES // 2) for i in range(FRAMES)], thing=other).max() < 0.1
    few = [0] * (FRAMES - 5) + [1] * 5
    assert not shares(faces, few, thing=lambda i: (40, 40, 42) if i >= FRAMES - 5 else None).any()
    assert shares(faces, thing=lambda i: (40, 40, 42) if i >= FRAMES - 5 else None)[-5:].min() > 0.4


def test_a_long_shot_is_judged_in_pieces(faces, monkeypatch):
    monkeypatch.setattr(covered, "PIECE_FRAMES", 24)
    assert list(covered._pieces([0] * 50 + [3] * 10)) == [(0, 16), (16, 33), (33, 50), (50, 60)]
    share = shares(faces, thing=lambda i: SKIN if 5 <= i < 10 else None)
    assert share[5:10].min() > 0.4 and share[10:].max() < 0.1


def test_the_size_of_the_picture_and_a_face_at_its_border_do_not_matter(faces):
    points = faces[0]
    small, large = picture(points), cv2.resize(picture(points), None, fx=5, fy=5, interpolation=cv2.INTER_LINEAR)
    assert np.abs(mouth_look(small, points) - mouth_look(large, points * 5)).max() < 0.15
    assert np.isfinite(mouth_look(small[:, 110:], points - np.float32([110, 0, 0]))).all()
    assert np.isfinite(mouth_look(small, points + np.float32([900, -900, 0]))).all()
