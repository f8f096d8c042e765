import numpy as np
import pytest
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
