import cv2
import numpy as np
import pytest
from talking_avatar.models.photo_head import textures
from talking_avatar.models.photo_head.fit import fit_head
from talking_avatar.models.photo_head.textures import TEXTURE_SCALE, doubled, lens_blur_px, soften_folds


def noise(height=90, width=80):
    return np.random.default_rng(5).integers(0, 256, (height, width, 3), dtype=np.uint8)


def face_at(x, y, size=40.0):
    """Landmarks spread over a square whose middle is (x, y)."""
    points = np.random.default_rng(1).uniform(-0.5, 0.5, (478, 3)).astype(np.float32) * size
    return points + np.float32([x, y, 0])


def test_every_second_texture_pixel_is_the_photo_itself():
    image = noise()
    big = doubled(image)
    assert big.shape == (180, 160, 3) and np.array_equal(big[::TEXTURE_SCALE, ::TEXTURE_SCALE], image)
    assert not np.array_equal(big[1::2, 1::2], image)


def test_folds_soften_on_the_face_and_nowhere_else():
    image = noise(400, 400)
    softened = soften_folds(image, face_at(100, 100, 120.0), 0.7)
    assert not np.array_equal(softened, image)
    assert np.array_equal(softened[250:], image[250:]) and np.array_equal(softened[:, 250:], image[:, 250:])
    assert soften_folds(image, face_at(100, 100), 0.0) is image


@pytest.mark.parametrize(("x", "y"), [(-90, 45), (40, -90), (300, 45), (40, 300)])
def test_a_face_beyond_the_border_leaves_the_photo_alone(x, y):
    image = noise()
    assert np.array_equal(soften_folds(image, face_at(x, y), 1.0), image)
    assert lens_blur_px(image, face_at(x, y)) == 0.5
    assert lens_blur_px(image, face_at(40, 45)) != 0.5  # control: within the photo it is measured


def test_large_photos_are_judged_in_part_with_the_same_result(monkeypatch):
    rng = np.random.default_rng(5)
    image = np.clip(rng.normal(128, 2.0, (800, 300, 3)), 0, 255).astype(np.uint8)
    whole = textures.grain_level(image)
    monkeypatch.setattr(textures, "GRAIN_SAMPLE_PX", 60_000)
    assert abs(textures.grain_level(image) - whole) < 0.05 * whole
    assert abs(textures.grain_level(cv2.GaussianBlur(image, (0, 0), 1.0)) - whole) > 0.3 * whole


def test_a_wide_blur_in_a_smaller_copy_is_the_same_blur(monkeypatch):
    rng = np.random.default_rng(5)
    image = cv2.GaussianBlur(rng.normal(0, 60, (300, 260, 3)).astype(np.float32), (0, 0), 3.0)
    exact = cv2.GaussianBlur(image, (0, 0), 24.0)
    monkeypatch.setattr(textures, "WIDE_BLUR_PX", 8.0)
    right, wrong = (np.abs(textures._wide_blur(image, sigma) - exact).mean() / np.abs(exact).mean() for sigma in (24.0, 12.0))
    assert right < 0.04 and wrong > 0.4


def test_the_skin_of_a_large_lid_may_be_painted_small(monkeypatch, photographed, head_model):
    image = cv2.resize(photographed.portrait.image, None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC)
    source_px = fit_head(head_model, 4 * photographed.selected_landmarks_px).source_px
    exact = textures.lid_texture(image, head_model, "left", source_px)
    monkeypatch.setattr(textures, "LID_DETAIL_PX", 25.0)  # about half the width of the eye
    small = textures.lid_texture(image, head_model, "left", source_px)
    assert small.offset == exact.offset and small.pixels.shape == exact.pixels.shape
    difference = np.abs(small.pixels.astype(float) - exact.pixels).mean()
    x, y = exact.offset
    height, width = exact.pixels.shape[:2]
    unpainted = textures.doubled(image)[y : y + height, x : x + width]
    assert 0 < difference < 2.5 < np.abs(unpainted.astype(float) - exact.pixels).mean()


def lid_tones(width=60.0):
    """Fill a lid in a dark socket; return its grey at the eye and at its fold, and those of socket and cheek."""
    crop = np.full((160, 200, 3), (210, 170, 140), np.float32)
    cv2.ellipse(crop, (100, 80), (38, 25), 0, 0, 360, (110, 80, 80), -1)
    hole, area = np.zeros((160, 200), np.uint8), np.zeros((160, 200), np.float32)
    cv2.ellipse(hole, (100, 85), (30, 12), 0, 0, 360, 1, -1)
    cv2.ellipse(area, (100, 78), (36, 22), 0, 0, 360, 1, -1)
    fill = textures._skin_fill(crop, hole, area, width).mean(axis=2)
    return fill[78, 100], fill[58, 100], 90.0, 520.0 / 3.0


def test_a_shut_lid_comes_out_of_the_dark_of_its_socket(monkeypatch):
    edge, fold, socket, cheek = lid_tones()
    assert edge > socket + 0.6 * (cheek - socket)
    assert fold < edge - 0.2 * (cheek - socket)
    monkeypatch.setattr(textures, "LIT_SHARE", 0.0)
    assert lid_tones()[0] < socket + 0.1 * (cheek - socket)
