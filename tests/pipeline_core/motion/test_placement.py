from fractions import Fraction

import numpy as np
import pytest
from talking_avatar.pipeline_core.motion.placement import REST_S, placed, retimed
from talking_avatar.tests.numbered import motion_of


def jaw(motion):
    return motion.summed().blendshapes[:, 0]


def test_the_same_rate_and_place_change_nothing():
    motion = motion_of(10)
    assert retimed(motion, Fraction(25)) is motion and placed(motion, 0, 10) is motion and placed(motion, 0, 7) is motion


@pytest.mark.parametrize("fps", [Fraction(24000, 1001), Fraction(30000, 1001), Fraction(60)], ids=str)
def test_another_rate_shows_the_same_at_every_instant(fps):
    motion = motion_of(100)
    other = retimed(motion, fps)
    times = np.arange(other.frames) / float(fps)
    np.testing.assert_allclose(jaw(other), np.interp(times, np.arange(100) / 25, jaw(motion)), atol=1e-5)
    assert other.sound is motion.sound and other.duration_s == motion.duration_s


def test_it_rests_before_and_comes_to_rest_after():
    motion = motion_of(10)
    long = placed(motion, 5, 30)
    assert long.frames == 30 and not jaw(long)[:5].any()
    np.testing.assert_array_equal(jaw(long)[5:15], jaw(motion))
    fall = jaw(long)[14:]
    assert (np.diff(fall) <= 0).all() and np.abs(np.diff(fall)).max() < 0.5 and not fall[1 + round(REST_S * 25):].any()


def test_what_does_not_fit_is_left_out():
    assert jaw(placed(motion_of(10), 5, 8))[5:].tolist() == jaw(motion_of(10))[:3].tolist()
