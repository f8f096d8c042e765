import cv2
import numpy as np
import pytest
from talking_avatar.pipeline_core.face.stylised import has_oversized_eyes


@pytest.fixture
def drawn():
    """Two eyes 40 px wide on plain skin, with landmarks on their upper halves."""
    image = np.full((200, 300, 3), (205, 160, 140), np.uint8)
    points = np.zeros((478, 3), np.float32)
    points[:468, 0] = np.linspace(60, 240, 468)
    points[10, 1], points[152, 1] = 20, 190
    lids = {"right": (33, (7, 163, 144, 145, 153, 154, 155), 133), "left": (263, (249, 390, 373, 374, 380, 381, 382), 362)}
    for (outer, lower, inner), (x0, x1) in zip(lids.values(), ((80, 120), (220, 180)), strict=True):
        points[outer, :2], points[inner, :2] = (x0, 90), (x1, 90)
        for k, x in zip(lower, np.linspace(x0, x1, 9)[1:-1], strict=True):
            points[k, :2] = (x, 98)
    return image, points


def paint_eyes(image, bottom):
    for x in (100, 200):
        cv2.ellipse(image, (x, 90), (26, bottom - 90), 0, 0, 360, (250, 250, 250), -1)
        cv2.circle(image, (x, 92), 9, (60, 40, 20), -1)
    return image


def test_eyes_that_go_on_below_the_landmarks_are_oversized(drawn):
    image, points = drawn
    assert has_oversized_eyes(paint_eyes(image, 122), points)


def test_eyes_that_end_at_the_landmarks_are_human(drawn):
    image, points = drawn
    assert not has_oversized_eyes(paint_eyes(image, 99), points)
    assert not has_oversized_eyes(np.full_like(image, 128), points)


def test_heads_that_lie_are_judged_alike(drawn):
    image, points = drawn
    turned = np.ascontiguousarray(paint_eyes(image, 122)[::-1, ::-1])
    assert has_oversized_eyes(turned, np.array([299, 199, 0], np.float32) - points)
