import cv2
import numpy as np
import pytest
from skimage import data
from talking_avatar.pipeline_core.face.geometry import face_box
from talking_avatar.pipeline_core.face.quality import covered_part, quality_warnings, sharpness


@pytest.fixture(scope="module")
def photo():
    return data.astronaut()


@pytest.fixture
def large(photo, mesh):
    """The photo at twice its size: a face of 178 px."""
    return cv2.resize(photo, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC), mesh * 2


def turned(points, degrees):
    a = np.radians(degrees)
    matrix = np.array([[np.cos(a), 0, -np.sin(a)], [0, 1, 0], [np.sin(a), 0, np.cos(a)]])
    middle = points.mean(axis=0)
    return ((points - middle) @ matrix.T + middle).astype(np.float32)


def said(image, points, score=0.9):
    return " | ".join(quality_warnings(image, points, score))


def test_a_good_picture_causes_no_warning(large):
    assert said(*large) == ""


def test_small(photo, mesh):
    assert "89 px wide" in said(photo, mesh)


def test_blurred(large):
    image, points = large
    assert "blurred" in said(cv2.GaussianBlur(image, (0, 0), 4), points)


def test_sharpness_falls_with_blur_and_hardly_with_size(large):
    image, points = large
    values = [sharpness(cv2.GaussianBlur(image, (0, 0), s), points) for s in (1, 2, 4, 8)]
    assert values == sorted(values, reverse=True)
    twice = cv2.resize(image, None, fx=2, fy=2, interpolation=cv2.INTER_LINEAR)
    assert sharpness(twice, points * 2) == pytest.approx(sharpness(image, points), rel=0.15)


def test_turned_and_profile(large):
    image, points = large
    assert "turned by 29" in said(image, turned(points, 31)) and "small" in said(image, turned(points, 31))
    assert "far side" in said(image, turned(points, 45))
    assert "far side" in said(image, turned(points, -45))
    assert "turned" not in said(image, turned(points, 15))


@pytest.mark.parametrize(("colour", "rows", "part"), [
    ((90, 90, 95), (0.55, 1.0), "the mouth"), ((120, 160, 210), (0.55, 1.0), "the mouth"),
    ((60, 90, 140), (0.0, 0.6), "part of the face"),
])
def test_covered(large, colour, rows, part):
    image, points = large[0].copy(), large[1]
    left, top, right, bottom = face_box(points)
    middle = (left + right) / 2 if part == "part of the face" else right
    image[int(top + (bottom - top) * rows[0]) : int(top + (bottom - top) * rows[1]), int(left) : int(middle)] = colour
    assert covered_part(image, points) == part
    assert part in said(image, points)


def test_black_and_white_pictures_are_not_covered(large):
    image, points = large
    grey = cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    assert said(grey, points) == ""


def test_uncertain(large):
    assert "uncertain (score 0.51)" in said(*large, 0.51)


def test_eyes_and_mouth(large):
    image, points = large[0], large[1].copy()
    points[159], points[386] = points[145], points[374]
    assert "eyes are closed" in said(image, points)
    points = large[1].copy()
    points[14, 1] += 50
    assert "wide open" in said(image, points)
    assert quality_warnings(image, points, 0.9, still=False) == ()


def test_cut_by_the_border(large):
    image, points = large
    left, top, _, _ = face_box(points)
    assert "border cuts" in said(image[:, int(left) + 40 :], points - (int(left) + 40, 0, 0))
    assert "border cuts" not in said(image[:, int(left) - 1 :], points - (int(left) - 1, 0, 0))


def test_every_warning_says_what_to_do(photo, mesh):
    for text in quality_warnings(cv2.GaussianBlur(photo, (0, 0), 5), turned(mesh, 60) - (200, 0, 0), 0.3):
        assert ": " in text and ("use " in text or "check " in text)


def test_a_face_outside_the_picture_breaks_nothing(photo, mesh):
    assert "border cuts" in said(photo, mesh + np.float32(2000))
    assert said(np.zeros((1, 1, 3), np.uint8), mesh)


def test_heads_that_lie(photo, mesh):
    middle = mesh.mean(axis=0)
    lying = (mesh - middle) * (-1, -1, 1) + middle
    assert "lies over by 1" in said(photo, lying.astype(np.float32))
    assert "lies over" not in said(photo, mesh)
