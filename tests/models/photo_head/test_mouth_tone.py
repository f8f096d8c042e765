"""A photo without colours gets a mouth without colours."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from talking_avatar.models.photo_head.mouth_tone import PhotoTone
from talking_avatar.models.photo_head.renderer import PhotoHeadRenderer
from talking_avatar.pipeline_core.render.settings import RenderSettings
from talking_avatar.pipeline_core.types import Portrait
from talking_avatar.tests.models.photo_head.motions import HOST, drawn, track

SEPIA = np.float32([1.0, 0.86, 0.66])
GUMS = np.float32([[180, 90, 85], [60, 10, 8], [235, 225, 200]])


def grey(photo):
    return cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY)[..., None].repeat(3, axis=2)


def sepia(photo):
    return np.round(grey(photo) * SEPIA).astype(np.uint8)


def chroma(rgb):
    return np.ptp(np.asarray(rgb, np.float32), axis=-1)


def tone_of(face, change):
    return PhotoTone.of(change(face.portrait.image), face.selected_landmarks_px)


def mouth_of(face, change):
    """Draw a wide open mouth and return its pixels."""
    toned = replace(face, portrait=Portrait(change(face.portrait.image)))
    renderer = PhotoHeadRenderer()
    frame = drawn(renderer, renderer.prepare(toned, RenderSettings(), HOST), track(2, jawOpen=0.6))[-1]
    points = face.selected_landmarks_px
    left, right = round(float(points[78, 0])), round(float(points[308, 0]))
    top = round(float(points[13, 1]))
    return frame[top - 4 : top + (right - left) // 2, left:right]


def test_what_is_drawn_into_a_grey_photo_is_exactly_grey(photographed):
    tone = tone_of(photographed, grey)
    assert tone.share == 1.0
    assert (chroma(tone.applied(GUMS)) == 0).all()


def test_brightness_stays_when_the_colour_goes(photographed):
    shown = tone_of(photographed, grey).applied(GUMS)[:, 1]
    assert shown == pytest.approx(GUMS @ np.float32([0.299, 0.587, 0.114]), abs=0.01)


def test_sepia_lends_its_tint(photographed):
    tone = tone_of(photographed, sepia)
    light = tone.applied(GUMS)[0]
    assert tone.share == 1.0
    assert light / light[0] == pytest.approx(SEPIA, abs=0.03)


def test_an_ordinary_photo_lends_nothing(photographed):
    tone = tone_of(photographed, lambda photo: photo)
    assert tone.share == 0.0
    assert tone.applied(GUMS) is GUMS


def test_a_dark_colour_photo_is_not_taken_for_a_toned_one(photographed):
    assert tone_of(photographed, lambda photo: photo // 4).share == 0.0


def test_the_less_colour_the_less_red(photographed):
    def faded(share):
        return lambda photo: np.uint8(share * photo + (1 - share) * grey(photo))

    shares = [tone_of(photographed, faded(share)).share for share in (1.0, 0.5, 0.1)]
    assert shares[0] < shares[1] < shares[2] == 1.0


def test_a_face_outside_the_photo_is_no_error(photographed):
    photo, landmarks = photographed.portrait.image, photographed.selected_landmarks_px
    for points in (landmarks + 5000, landmarks - 5000, np.full_like(landmarks, np.nan)):
        assert PhotoTone.of(photo, points).share == 0.0


def test_the_open_mouth_of_a_grey_photo_is_grey_and_of_a_colour_photo_red(neutral_person):
    def coloured(photo):
        # Lips and cheeks of different colours, as skin has them.
        tint = cv2.GaussianBlur(np.random.default_rng(5).normal(0, 400, photo.shape).astype(np.float32), (0, 0), 8)
        return np.uint8(np.clip(photo + tint, 0, 255))

    # Fading smile lines rounds the skin round the mouth to whole levels.
    assert chroma(mouth_of(neutral_person.face, grey)).max() <= 2
    assert chroma(mouth_of(neutral_person.face, coloured)).max() > 30
