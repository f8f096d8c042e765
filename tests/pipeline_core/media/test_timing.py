from fractions import Fraction

import numpy as np
import pytest
from talking_avatar.pipeline_core.errors import InputError
from talking_avatar.pipeline_core.media.timing import Stamps, on_grid, steady_stamps


def test_the_time_grid():
    constant = [i / 30 for i in range(10)]
    assert on_grid(constant, Fraction(30)) == list(range(10))
    rounded = [round(t, 3) for t in constant]
    assert on_grid(rounded, Fraction(30)) == list(range(10))
    assert on_grid([0.0, 0.04, 0.16, 0.20], Fraction(25)) == [0, 1, 1, 1, 2, 3]
    assert on_grid([0.0], Fraction(25)) == [0]


def test_a_broken_time_stamp_does_not_fill_the_memory():
    with pytest.raises(InputError, match="frames"):
        on_grid([0.0, 0.04, 1e12], Fraction(25))


def test_steady_stamps_are_exact():
    stamps = steady_stamps(24_000, Fraction(24000, 1001))
    assert stamps.duration_s == 1001 and stamps.at(1) == Fraction(1001, 24000) and stamps.frames == 24_000


def test_stamps_are_equal_by_value():
    ticks = np.array([0, 3, 5], np.int64)
    assert Stamps(ticks, Fraction(1, 10)) == Stamps(ticks.copy(), Fraction(1, 10)) != Stamps(ticks, Fraction(1, 11))
    assert Stamps(ticks, Fraction(1, 10)).duration_s == Fraction(1, 2)
