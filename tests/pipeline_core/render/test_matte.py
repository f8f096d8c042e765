"""Cutting a person out: masks that fit, edges that are soft, colours that do not remember the old background."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from talking_avatar.pipeline_core.errors import InputError
from talking_avatar.pipeline_core.media.image import over, portrait_from_array
from talking_avatar.pipeline_core.render import backdrop
from talking_avatar.pipeline_core.render.backdrop import backdrops, without_person
from talking_avatar.pipeline_core.render.matte import continued, cut_out, matted
from talking_avatar.pipeline_core.render.settings import BlendSettings
from talking_avatar.pipeline_core.types import FaceTrack

SIZE = 256
FRONT, BEHIND = np.float32([200, 60, 40]), np.float32([40, 190, 60])


def disc(edge_px):
    """Opacity of a round person whose edge is that wide."""
    y, x = np.mgrid[:SIZE, :SIZE]
    return np.clip((80 - np.hypot(x - 128, y - 128)) / edge_px + 0.5, 0, 1).astype(np.float32)


def textured(colour, seed):
    noise = cv2.GaussianBlur(np.random.default_rng(seed).normal(0, 30, (SIZE, SIZE, 1)).astype(np.float32), (0, 0), 3)
    return np.clip(colour + 4 * noise[..., None], 0, 255)


def mixed(share):
    """A photo of the person, and the person alone."""
    front = textured(FRONT, 1)
    photo = share[..., None] * front + (1 - share[..., None]) * textured(BEHIND, 2)
    return portrait_from_array(photo.round().astype(np.uint8)), front


def bits(share):
    return (share * 255).round().astype(np.uint8)


def green_fringe(colours, share):
    """Return how much greener than the person the half-transparent pixels are, in grey levels."""
    edge = (share > 0.1) & (share < 0.9)
    return float((colours[edge][:, 1].astype(float) - FRONT[1]).mean())


def test_the_edge_does_not_remember_the_background():
    share = disc(8)
    photo, front = mixed(share)
    cut = cut_out(photo, bits(share))
    edge = (share > 0.1) & (share < 0.9)
    assert green_fringe(cut.image, share) < 16 < 40 < green_fringe(photo.image, share)  # the second is the control
    blue = np.float32([20, 30, 220])
    wanted = share[..., None] * front + (1 - share[..., None]) * blue
    error = np.abs(over(cut.image, cut.alpha, blue) - wanted)[edge].mean()
    naive = np.abs(over(photo.image, bits(share), blue) - wanted)[edge].mean()
    assert error < 5 < 20 < naive


def test_what_is_certain_stays_as_it_is():
    share = disc(8)
    photo, _ = mixed(share)
    cut = cut_out(photo, bits(share))
    assert np.array_equal(cut.alpha, bits(share)), "a soft mask is not touched"
    whole, far = bits(share) == 255, disc(80) == 0
    assert np.array_equal(cut.image[whole], photo.image[whole])
    assert np.array_equal(cut.image[far], photo.image[far]), "the background is kept for a blur"
    near = (bits(share) == 0) & (disc(12) > 0)
    assert (cut.image[near][:, 0] > cut.image[near][:, 1]).all(), "pixels beside the edge continue the person"


def test_a_hard_mask_gets_an_edge_as_wide_as_the_photos():
    photo, _ = mixed(disc(3))
    hard = np.where(disc(1) > 0.5, 255, 0).astype(np.uint8)
    cut = cut_out(photo, hard)
    soft = (cut.alpha > 8) & (cut.alpha < 247)
    outline = 2 * np.pi * 80
    assert 1.0 < soft.sum() / outline < 6.0
    assert np.abs(cut.alpha / 255.0 - disc(3)).max() < 0.5
    assert not ((hard > 8) & (hard < 247)).any()  # the control: it had none


def test_a_transparent_file_that_is_black_around_the_person_gets_no_dark_line():
    share = disc(2)
    front = textured(FRONT, 1).round().astype(np.uint8)
    black = portrait_from_array(np.dstack([np.where(share[..., None] > 0, front, 0), bits(share)]))
    grown = continued(black)
    seen = black.alpha > 0
    assert np.array_equal(grown.image[seen], black.image[seen]) and np.array_equal(grown.alpha, black.alpha)
    assert not grown.image[:20].any(), "far away nothing changes"
    halved = [cv2.resize(p.image, None, fx=0.37, fy=0.37, interpolation=cv2.INTER_AREA) for p in (grown, black)]
    edge = cv2.resize(black.alpha, None, fx=0.37, fy=0.37, interpolation=cv2.INTER_AREA)
    mixed_in = (edge > 20) & (edge < 235)
    assert abs(halved[0][mixed_in][:, 0].mean() - FRONT[0]) < 20
    assert halved[1][mixed_in][:, 0].mean() < FRONT[0] - 40  # the control
    opaque = portrait_from_array(front)
    assert continued(opaque) is opaque


def face_in(photo, points=((128, 128),)):
    landmarks = np.zeros((1, 1, 478, 3), np.float32)
    landmarks[0, 0, :, :2] = np.resize(np.float32(points), (478, 2))
    return FaceTrack(photo.width_px, photo.height_px, landmarks, np.ones((1, 1), np.float32), (0,), portrait=photo)


def test_a_mask_of_another_size_is_scaled_and_says_so():
    photo, _ = mixed(disc(6))
    for size, says in ((128, "coarse"), (512, "scaled.")):
        face, warnings = matted(face_in(photo), cv2.resize(bits(disc(6)), (size, size)))
        assert len(warnings) == 1 and f"{size} x {size} px" in warnings[0] and says in warnings[0]
        assert np.abs(face.portrait.alpha.astype(int) - bits(disc(6))).mean() < 2
    assert matted(face_in(photo), bits(disc(6)))[1] == ()


@pytest.mark.parametrize(("mask", "says"), [
    (np.zeros((SIZE, SIZE), np.uint8), "black everywhere"),
    (255 - bits(disc(1)), "0 % of the face: it seems to be inverted"),
    (np.full((SIZE, SIZE // 2), 255, np.uint8), "another picture"),
    (np.zeros((1, 1), np.uint8), "another picture"),
])
def test_masks_that_cannot_be_right_are_refused(mask, says):
    photo, _ = mixed(disc(6))
    with pytest.raises(InputError, match=f"{says}.*hint:"):
        matted(face_in(photo), mask)


def test_a_video_cannot_be_masked():
    photo, _ = mixed(disc(6))
    with pytest.raises(InputError, match="photo only"):
        matted(replace(face_in(photo), portrait=None), bits(disc(6)))


def test_the_place_of_the_person_is_filled_from_around_it():
    photo, _ = mixed(disc(6))
    cut = cut_out(photo, bits(disc(6)))
    filled = without_person(cut).astype(int)
    inside = disc(1) == 1
    assert (filled[inside][:, 1] > filled[inside][:, 0] + 60).all(), "nothing of the red person is left"
    assert np.abs(filled[inside].mean(0) - BEHIND).max() < 25
    far = disc(120) == 0
    assert np.array_equal(filled[far], photo.image[far])


def test_a_blur_lets_nothing_of_the_person_into_the_background():
    photo, _ = mixed(disc(6))
    cut = cut_out(photo, bits(disc(6)))
    settings = BlendSettings(background="blur", background_blur=2.0)
    blurred = next(backdrops(cut, settings, None, (SIZE, SIZE), 25, 0, 1)).astype(int)
    ring = (disc(1) == 0) & (disc(30) > 0)
    assert (blurred[ring][:, 0] - blurred[ring][:, 1]).max() < -60
    plain = cv2.GaussianBlur(photo.image, (0, 0), 11).astype(int)
    assert (plain[ring][:, 0] - plain[ring][:, 1]).max() > -20  # the control: an ordinary blur
    sharp = next(backdrops(cut, replace(settings, background_blur=0.0), None, (SIZE, SIZE), 25, 0, 1))
    assert np.array_equal(sharp, without_person(cut))
    far = disc(120) == 0
    assert blurred[far].std(0).max() < 0.8 * sharp[far].std(0).max()
    large = next(backdrops(cut, settings, None, (2 * SIZE, SIZE), 25, 0, 1))
    assert large.shape == (SIZE, 2 * SIZE, 3)


def test_a_still_behind_the_person_is_fitted_once(monkeypatch):
    photo, _ = mixed(disc(6))
    made, real = [], backdrop.covering
    monkeypatch.setattr(backdrop, "covering", lambda *given: made.append(1) or real(*given))
    settings = BlendSettings(background="blur")
    shown = list(backdrops(photo, settings, photo, (64, 48), 25, 0, 5))
    assert len(shown) == 5 and len(made) == 1 and shown[0].shape == (48, 64, 3)
    batch = np.stack([photo.image, 255 - photo.image])
    moving = list(backdrops(photo, settings, batch, (64, 48), 25, 0, 4))
    assert len(made) == 5 and np.array_equal(moving[0], moving[2]) and not np.array_equal(moving[0], moving[1])
