"""Light through the lips: the tabulated window against known cases."""

import numpy as np
import pytest
from talking_avatar.models.photo_head.head_model import load_head_model
from talking_avatar.models.photo_head.mouth_light import leaves, limit_z, mouth_window, sky_at
from talking_avatar.models.photo_head.mouth_pose import Mouth, pose_mouth


def ellipse(half_width, half_height, y=-3.8, z=11.3, count=76):
    t = np.linspace(0, 2 * np.pi, count, endpoint=False)
    return np.column_stack([half_width * np.cos(t), y + half_height * np.sin(t), np.full(count, z)]).astype(np.float32)


@pytest.fixture(scope="module")
def mouth():
    return Mouth.from_tensors(load_head_model().mouth)


def window_of(mouth, outline, jaw_open=0.5):
    return mouth_window(mouth, pose_mouth(mouth, jaw_open=jaw_open)[0], outline)


def sky(window, point, layer=0):
    return np.array(sky_at(window.sky[layer], window.low, window.size, *np.float32(point)))


def test_on_the_axis_of_a_disc_the_form_factor_is_exact(mouth):
    radius = 1.6
    window = window_of(mouth, ellipse(radius, radius))
    for depth in (1.0, 2.0, 3.5):
        expected = radius**2 / (radius**2 + depth**2)
        found = sky(window, (0, -3.8, 11.3 - depth))
        assert found[2] == pytest.approx(expected, rel=0.12)
        assert abs(found[0]) < 0.02


def test_direction_of_the_outline_does_not_matter(mouth):
    line = ellipse(1.8, 0.8)
    one, two = window_of(mouth, line), window_of(mouth, np.ascontiguousarray(line[::-1]))
    # Nodes in the rim's own plane are left out: there the light has no direction.
    assert np.abs(one.sky[:, :, :, 2:] - two.sky[:, :, :, 2:]).max() < 0.03
    assert one.sky[0, ..., 2].max() > 0.3


def test_light_falls_with_depth_and_behind_the_lip(mouth):
    window = window_of(mouth, ellipse(2.0, 1.0))
    strength = [np.linalg.norm(sky(window, (0, -3.8, z))) for z in (11.0, 10, 8, 6)]
    assert strength == sorted(strength, reverse=True)
    assert sky(window, (0, -3.8, 10.8))[2] > 2 * abs(sky(window, (0, -2.4, 10.8))[2])


def test_teeth_take_light_from_what_lies_behind_them(mouth):
    window = window_of(mouth, ellipse(2.0, 1.2), jaw_open=0.15)
    at = (0, -4.0, 8.0)
    assert np.linalg.norm(sky(window, at, 1)) < 0.7 * np.linalg.norm(sky(window, at, 0))


def test_rays_through_the_middle_leave_and_others_do_not(mouth):
    window = window_of(mouth, ellipse(2.0, 0.8))
    go = lambda *values: float(leaves(window.limits[0], *np.float32(values), np.float32(0.3)))  # noqa: E731
    assert go(0, -3.8, 10.8, 0, 0, 1) == 1
    assert go(0, -3.8, 10.8, 0, 0.9, 0.44) == 0
    assert go(0, -3.8, 10.8, 0, 0, -1) == 0
    assert 0 < go(0, -3.05, 10.8, 0, 0, 1) < 1
    # Standing out of the window is free, however steep the ray.
    assert go(0, -3.8, 12.0, 0, 0.9, 0.44) == 1


def test_closed_lips_let_nothing_in(mouth):
    window = window_of(mouth, ellipse(2.0, 1e-4))
    assert np.abs(sky(window, (0, -3.8, 10))).max() < 1e-3
    assert window.centre_sky < 1e-3


def test_the_window_leans_back_to_the_lower_lip(mouth):
    line = ellipse(2.0, 1.0)
    line[:, 2] += 0.6 * (line[:, 1] + 3.8)
    window = window_of(mouth, line)
    top, bottom = (float(limit_z(window.limits[0], np.float32(0), np.float32(y))) for y in (-2.8, -4.8))
    assert top - bottom == pytest.approx(1.2, abs=0.15)
