"""Colours of a mouth from a photo with and without visible teeth."""

import cv2
import numpy as np
import pytest
from talking_avatar.models.photo_head.mouth_look import (
    INNER_LIPS,
    LUMINANCE,
    mouth_look,
    sample_tooth_colour,
    to_linear,
)

SKIN_RGB, LIP_RGB, TOOTH_RGB, DARK_RGB = (200, 150, 125), (170, 80, 80), (225, 212, 188), (50, 12, 10)
_UPPER, _LOWER = INNER_LIPS[:11], (*INNER_LIPS[10:], INNER_LIPS[0])


def picture(gap_px, fill=TOOTH_RGB, width_px=90, teeth_px=None):
    """Paint lips with an opening and return (photo, landmarks)."""
    photo = np.full((240, 320, 3), SKIN_RGB, np.uint8)
    landmarks = np.zeros((478, 2), np.float32)
    x = np.linspace(-1, 1, 11)
    upper = np.column_stack([160 + width_px / 2 * x, 120 - gap_px / 2 * (1 - x**2)])
    lower = np.column_stack([160 - width_px / 2 * x, 120 + gap_px / 2 * (1 - x**2)])
    landmarks[list(_UPPER)], landmarks[list(_LOWER)] = upper, lower
    for i, dx in ((0, 0), (37, -12), (267, 12)):
        landmarks[i] = (160 + dx, 120 - gap_px / 2 - 16)
    for i, dx in ((17, 0), (84, -12), (314, 12)):
        landmarks[i] = (160 + dx, 120 + gap_px / 2 + 20)
    cv2.ellipse(photo, (160, 120), (width_px // 2 + 8, int(gap_px / 2) + 22), 0, 0, 360, LIP_RGB, -1)
    outline = np.round(np.concatenate([upper, lower])).astype(np.int32)
    cv2.fillPoly(photo, [outline], DARK_RGB if teeth_px else fill)
    if teeth_px:
        mask = cv2.fillPoly(np.zeros(photo.shape[:2], np.uint8), [outline], 1)
        mask[int(120 - gap_px / 2) + teeth_px :] = 0
        photo[mask > 0] = fill
    return photo, landmarks


def test_teeth_of_a_smile_are_found():
    colour = sample_tooth_colour(*picture(26))
    assert colour == pytest.approx(to_linear(np.uint8([TOOTH_RGB]))[0], abs=0.02)


def test_teeth_above_a_dark_gap_are_told_from_it():
    colour = sample_tooth_colour(*picture(40, teeth_px=16))
    assert colour == pytest.approx(to_linear(np.uint8([TOOTH_RGB]))[0], abs=0.03)


@pytest.mark.parametrize("gap, fill", [(0.0, LIP_RGB), (1.5, LIP_RGB), (24, DARK_RGB), (24, LIP_RGB), (24, (190, 95, 95))])
def test_lips_tongues_and_dark_openings_are_not_teeth(gap, fill):
    assert sample_tooth_colour(*picture(gap, fill)) is None


def test_landmarks_outside_the_photo_are_no_error():
    photo, landmarks = picture(26)
    assert sample_tooth_colour(photo, landmarks + 5000) is None
    assert sample_tooth_colour(photo, np.full_like(landmarks, np.nan)) is None


def test_sampled_teeth_set_hue_and_brightness():
    skin = np.array([0.42, 0.25, 0.17])
    guess, warm = mouth_look(skin), mouth_look(skin, np.array([0.5, 0.42, 0.25], np.float32))
    ratio = lambda look: float(look.albedo[0, 2] / look.albedo[0, 0] * look.sky_rgb[2] / look.sky_rgb[0])  # noqa: E731
    assert ratio(warm) == pytest.approx(0.5, rel=0.05) and ratio(guess) > 0.6
    dim = mouth_look(skin, np.array([0.2, 0.18, 0.15], np.float32))
    assert dim.sky_rgb.sum() < 0.7 * warm.sky_rgb.sum()


def test_warm_light_makes_warm_teeth_but_pale_skin_no_blue_ones():
    white, orange, pale = (mouth_look(np.array(s)).sky_rgb for s in
                           ([0.42, 0.26, 0.175], [0.55, 0.25, 0.05], [0.7, 0.62, 0.6]))  # fmt: skip
    assert orange[2] / orange[0] < 0.75 * white[2] / white[0]
    assert pale[2] / pale[0] < 1.1
    assert all(sky @ LUMINANCE < 1 for sky in (white, orange, pale))


def test_no_two_teeth_have_the_same_colour():
    tints = mouth_look(np.array([0.42, 0.25, 0.17])).tooth_tint
    assert len(np.unique(tints.round(5), axis=0)) == 28
    assert 0.8 < tints.min() < tints.max() < 1.15
    assert (tints[[4, 9], 2] < tints[[6, 7], 2]).all()
