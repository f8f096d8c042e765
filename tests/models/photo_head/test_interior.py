"""How much light nearly shut lips let through."""

import numpy as np
import pytest
from talking_avatar.models.photo_head import interior
from talking_avatar.models.photo_head.interior import light_in_slit
from talking_avatar.models.photo_head.renderer import PhotoHeadRenderer
from talking_avatar.pipeline_core.render.settings import RenderSettings
from talking_avatar.tests.models.photo_head.motions import HOST, drawn, track

WIDTH_PX = 120
MIDDLE = WIDTH_PX // 2 + 10


def opening(height_px):
    mask = np.zeros((80, WIDTH_PX + 20), bool)
    mask[30 : 30 + height_px, 10:-10] = True
    return mask


def light(height_px, width_px=WIDTH_PX):
    return float(light_in_slit(opening(height_px), width_px)[0, MIDDLE].mean())


def test_an_open_mouth_keeps_all_its_light():
    assert light(9) == light(40) == 1.0


def test_the_narrower_the_slit_the_darker():
    shares = [light(height) for height in range(9)]
    assert shares == sorted(shares)
    assert shares[0] == shares[1] < 0.1 < shares[3] < 0.6 < shares[4] < shares[7]


def test_the_same_slit_in_a_larger_picture_is_as_dark():
    small = light_in_slit(opening(4), WIDTH_PX)
    large = light_in_slit(opening(4).repeat(2, axis=0).repeat(2, axis=1), 2 * WIDTH_PX)
    assert large[0, 2 * MIDDLE, 0] == pytest.approx(small[0, MIDDLE, 0], abs=0.01)


def test_a_slit_lets_red_light_through():
    red, green, blue = light_in_slit(opening(3), WIDTH_PX)[0, MIDDLE]
    assert red > 1.2 * green == 1.2 * blue


def test_a_wide_opening_is_shaded_at_its_corners_only():
    mask = opening(20)
    for column in range(40):
        mask[30 + column // 2 :, [column, -1 - column]] = False
    shares = light_in_slit(mask, WIDTH_PX)[0, :, 1]
    assert shares[7] < 0.1 and (shares[35:-35] == 1.0).all()
    assert np.abs(np.diff(shares)).max() < 0.35, "no step from one column to the next"


def test_teeth_are_darker_in_a_slit_and_not_in_an_open_mouth(photographed, monkeypatch):
    renderer = PhotoHeadRenderer()
    state = renderer.prepare(photographed, RenderSettings(), HOST)

    def frames():
        return [drawn(renderer, state, track(2, jawOpen=jaw))[-1].astype(int) for jaw in (0.1, 0.6)]

    shaded = frames()
    monkeypatch.setattr(interior, "light_in_slit", lambda opening, width_px: np.float32(1.0))
    slit, opened = (bright - dark for bright, dark in zip(frames(), shaded, strict=True))
    assert slit.min() >= 0 and slit.max() > 25
    assert 0 <= opened.min() <= opened.max() < 8
