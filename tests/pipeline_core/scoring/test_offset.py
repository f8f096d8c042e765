"""Lags are measured to a few milliseconds, and nonsense is called not measurable."""

import dataclasses

import numpy as np
import pytest
from talking_avatar.pipeline_core.scoring.offset import measure_offset, opening_of


@pytest.mark.parametrize("lag_ms", [-80, -40, 0, 20, 80])
def test_an_imposed_lag_is_measured(mouths, lag_ms):
    found = measure_offset(mouths.clip(lag_s=lag_ms / 1000))
    assert 1000 * found.offset_s == pytest.approx(lag_ms, abs=10)
    assert found.measurable and found.correlation > 0.85


def test_a_late_mouth_correlates_less_without_the_lag(mouths):
    found = measure_offset(mouths.clip(lag_s=0.08))
    assert found.at_zero < found.correlation - 0.2


def test_a_lag_beyond_the_span_is_not_believed(mouths):
    assert not measure_offset(mouths.clip(lag_s=0.5)).correlation > 0.85


def test_flapping_does_not_correlate(mouths):
    found = measure_offset(mouths.clip(mouth="flaps"))
    assert found.correlation < 0.5 and not found.measurable


def test_a_shut_mouth_has_no_offset(mouths):
    assert not measure_offset(mouths.clip(mouth="shut")).measurable


def test_phones_of_another_time_do_not_fit(mouths):
    clip = mouths.clip()
    order = np.random.default_rng(1).permutation(len(clip.phones))
    wrong = [dataclasses.replace(here, ipa=clip.phones[k].ipa) for here, k in zip(clip.phones, order, strict=True)]
    assert measure_offset(dataclasses.replace(clip, phones=tuple(wrong))).correlation < 0.7


def test_openings_follow_vowel_height():
    assert opening_of("ɑ") == opening_of("aɪ") == 1.0
    assert opening_of("ɑ") > opening_of("ə") > opening_of("i") > opening_of("t") > opening_of("f") > opening_of("m")
    assert opening_of("") == 0.0
