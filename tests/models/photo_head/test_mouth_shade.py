"""Colour of the mouth: what is bright, what is dark, what is red, and what is left alone."""

import numpy as np
import pytest
from talking_avatar.models.photo_head.head_model import load_head_model
from talking_avatar.models.photo_head.mouth_light import mouth_window
from talking_avatar.models.photo_head.mouth_look import mouth_look
from talking_avatar.models.photo_head.mouth_pose import (
    LINING,
    LOWER_TEETH,
    TONGUE,
    UPPER_TEETH,
    Mouth,
    pose_mouth,
)
from talking_avatar.models.photo_head.mouth_shade import CHANNELS, mouth_attributes, shade_mouth
from talking_avatar.models.photo_head.raster import rasterize

SKIN = np.array([0.42, 0.25, 0.17])
FIRST = 1000


@pytest.fixture(scope="module")
def mouth():
    return Mouth.from_tensors(load_head_model().mouth)


def lens(gap, half_width=2.1, top=-3.15):
    """Return an opening between an upper lip that stays and a lower lip that sinks."""
    t = np.linspace(0, np.pi, 30)[:-1]
    x = half_width * np.cos(t)
    upper = np.column_stack([x, top - 0.15 * (x / 2) ** 2, 11.4 - 0.25 * x * x])
    lower = np.column_stack([-x, top - 0.15 * (x / 2) ** 2 - gap * np.sin(t), 11.4 - 0.3 * gap - 0.25 * x * x])
    return np.concatenate([upper, lower]).astype(np.float32)


def shaded(mouth, jaw=0.6, gap=2.2, look=None, background=0.5):
    vertices, normals = pose_mouth(mouth, jaw_open=jaw)
    scale, size = 40.0, (200, 220)
    xy = (vertices[:, :2] * (scale, -scale) + (110, -60)).astype(np.float32)
    z = np.full(size, -np.inf, np.float32)
    values, ids = np.zeros((*size, CHANNELS), np.float32), np.full(size, -1, np.int32)
    outline = lens(gap)
    import cv2

    hole = np.zeros(size, np.uint8)
    cv2.fillPoly(hole, [np.round(outline[:, :2] * (scale, -scale) + (110, -60)).astype(np.int32)], 1)
    z[hole == 0] = np.inf
    rasterize(xy, vertices[:, 2].copy(), mouth.triangles, mouth_attributes(mouth, vertices, normals), z, values, ids,
              FIRST, True)  # fmt: skip
    rgb = np.full((*size, 3), background, np.float32)
    window = mouth_window(mouth, vertices, outline)
    shade_mouth(mouth, window, look or mouth_look(SKIN), ids, values, rgb, FIRST)
    seen = ids >= FIRST
    part = np.full(size, 255)
    part[seen] = mouth.part[mouth.triangles[ids[seen] - FIRST, 0]]
    return rgb, part, values


def test_other_pixels_are_left_alone(mouth):
    rgb, part, _ = shaded(mouth)
    assert (rgb[part == 255] == 0.5).all()
    assert np.abs(rgb[part != 255] - 0.5).max() > 0.1


def test_colours_are_finite_and_below_white(mouth):
    rgb, part, _ = shaded(mouth)
    inside = rgb[part != 255]
    assert np.isfinite(inside).all() and inside.min() >= 0 and inside.max() < 1.3


def test_teeth_are_bright_and_the_rest_recedes(mouth):
    rgb, part, _ = shaded(mouth)
    tooth, tongue, back = (np.median(rgb[part == p], axis=0) for p in (UPPER_TEETH, TONGUE, LINING))
    assert tooth.mean() > 4 * tongue.mean() > 4 * back.mean()
    assert tongue[0] > 1.8 * tongue[1] and tooth[0] < 1.8 * tooth[2]


def test_the_cavity_is_not_one_flat_colour(mouth):
    rgb, part, _ = shaded(mouth, jaw=0.9, gap=3.2)
    cavity = rgb[(part == TONGUE) | (part == LINING)].mean(axis=1)
    assert np.percentile(cavity, 90) > 3 * np.percentile(cavity, 10)


def test_corners_of_a_wide_mouth_are_not_black(mouth):
    rgb, part, values = shaded(mouth, jaw=0.9, gap=3.2)
    corner = (part == LINING) & (np.abs(values[..., 0]) > 1.5)
    assert corner.sum() > 100
    assert np.median(rgb[corner][:, 0]) > 0.004


def test_the_upper_lip_shades_the_top_of_the_teeth(mouth):
    rgb, part, values = shaded(mouth, jaw=0.3, gap=1.2)
    front = (part == UPPER_TEETH) & (np.abs(values[..., 0]) < 0.7)
    y = values[..., 1]
    top = rgb[front & (y > -3.28)].mean()
    low = rgb[front & (y < -3.4) & (y > -3.5)].mean()
    assert low > 1.1 * top


def test_lower_teeth_are_neither_grey_nor_brown(mouth):
    rgb, part, _ = shaded(mouth, jaw=0.5, gap=2.2)
    lower = rgb[part == LOWER_TEETH]
    assert len(lower) > 50
    upper = np.median(rgb[part == UPPER_TEETH], axis=0)
    assert np.median(lower.mean(axis=1)) > 0.4 * upper.mean()


def test_same_input_same_picture(mouth):
    assert np.array_equal(shaded(mouth)[0], shaded(mouth)[0])


def test_dark_scene_dark_teeth(mouth):
    bright = shaded(mouth, look=mouth_look(SKIN))
    dark = shaded(mouth, look=mouth_look(SKIN * 0.15))
    teeth = bright[1] == UPPER_TEETH
    assert dark[0][teeth].mean() < 0.6 * bright[0][teeth].mean()
