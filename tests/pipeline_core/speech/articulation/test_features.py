import numpy as np
import pytest
from talking_avatar.pipeline_core.speech.articulation.features import (
    BANDS,
    BEFORE,
    HOP,
    MEAN,
    SCALE,
    bands_of,
    bands_of_whole,
)


def tone(hertz, seconds=1.0, size=1.0):
    return (size * np.sin(2 * np.pi * hertz * np.arange(int(seconds * 16000)) / 16000)).astype(np.float32)


def decibel(bands):
    return 10 * (bands * SCALE + MEAN)


@pytest.mark.parametrize("size_db", [0, -20, -60])
def test_levels_are_those_of_a_full_scale_sine(size_db):
    middle = bands_of_whole(tone(1000, size=10 ** (size_db / 20)))[50]
    assert decibel(middle).max() == pytest.approx(size_db, abs=8)
    assert decibel(middle)[-5:].max() < size_db - 25


def test_bands_rise_with_pitch():
    loudest = [int(bands_of_whole(tone(hertz))[50].argmax()) for hertz in (150, 400, 1000, 2500, 6000)]
    assert loudest == sorted(set(loudest)) and loudest[-1] < BANDS


def test_a_click_is_seen_in_its_frame():
    samples = np.zeros(16000, np.float32)
    samples[50 * HOP + HOP // 2] = 1.0
    assert bands_of_whole(samples).sum(axis=1).argmax() == 50


def test_silence_lies_on_the_floor_and_any_length_has_its_frames():
    assert np.allclose(decibel(bands_of_whole(np.zeros(1600, np.float32))), -90, atol=0.1)
    assert [len(bands_of_whole(np.zeros(n, np.float32))) for n in (1, HOP, HOP + 1, 16000)] == [1, 1, 2, 100]
    assert bands_of(np.zeros(10, np.float32)).shape == (0, BANDS) and BEFORE == 80
