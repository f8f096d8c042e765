"""Blur, seams and stray pixels are seen; untouched pictures are not blamed."""

import cv2
import numpy as np
import pytest
from talking_avatar.pipeline_core.scoring.look import (
    changed_outside,
    face_region,
    hard_paste,
    seam,
    sharpness,
)


@pytest.fixture
def photo():
    noise = np.random.default_rng(4).integers(0, 255, (240, 240, 3)).astype(np.uint8)
    return cv2.GaussianBlur(noise, (0, 0), 2)


def area():
    mask = np.zeros((240, 240), bool)
    mask[80:160, 80:160] = True
    return mask


def test_sharpness_falls_with_blur_and_rises_with_edges(photo):
    own = sharpness(photo, area())
    assert sharpness(cv2.GaussianBlur(photo, (0, 0), 1.5), area()) < 0.8 * own
    edged = photo.copy()
    edged[100:140:4, 100:140] = 255
    assert sharpness(edged, area()) > 1.25 * own


def test_a_hard_paste_is_a_seam_and_a_feathered_one_is_not(photo):
    soft = cv2.GaussianBlur(area().astype(np.float32), (0, 0), 12)[..., None]
    feathered = np.clip(photo + 25 * soft, 0, 255).astype(np.uint8)
    assert seam(hard_paste(photo, area()), photo) > 1.5
    assert seam(feathered, photo) < 0.35
    assert seam(photo, photo) == 0.0


def test_stray_pixels_are_counted(photo):
    mask = np.where(area(), 255, 0).astype(np.uint8)
    inside = photo.copy()
    inside[100, 100] ^= 255
    assert changed_outside(inside, photo, mask) == 0
    inside[10, 10, 1] ^= 1
    assert changed_outside(inside, photo, mask) == 1


def test_the_face_region_is_inside_the_landmarks():
    points = np.array([(50, 50), (150, 50), (150, 150), (50, 150), (100, 100)], float)
    region = face_region(points, (240, 240, 3))
    assert region[100, 100] and not region[50, 50] and not region[10, 10]
    assert 0.8 * 100**2 < region.sum() < 100**2
