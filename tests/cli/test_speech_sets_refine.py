"""Rough boundaries move to where the sound changes, and no farther."""

import numpy as np
import pytest
from talking_avatar.cli.speech_sets.refine import REACH_S, refined
from talking_avatar.cli.speech_sets.utterance import RATE_HZ
from talking_avatar.pipeline_core.types import Phone


def tone_then_noise(change_s=0.3, length_s=0.6):
    count, first = round(length_s * RATE_HZ), round(change_s * RATE_HZ)
    noise = 0.2 * np.random.default_rng(0).standard_normal(count)
    tone = 0.3 * np.sin(2 * np.pi * 200 * np.arange(count) / RATE_HZ)
    return np.where(np.arange(count) < first, tone, noise).astype(np.float32)


def boundary(told_s, before="a", after="s", late_s=0.0):
    phones = refined((Phone(before, 0.0, told_s), Phone(after, told_s, 0.6)), tone_then_noise(), late_s)
    assert phones[0].start_s == 0 and phones[0].end_s == phones[1].start_s and phones[1].end_s == 0.6
    return phones[1].start_s


@pytest.mark.parametrize("told_s", [0.28, 0.295, 0.32])
def test_a_boundary_moves_to_the_change(told_s):
    assert boundary(told_s) == pytest.approx(0.3, abs=0.008)


def test_lateness_reaches_what_is_farther_away():
    assert boundary(0.265, late_s=0.02) == pytest.approx(0.3, abs=0.008)


def test_a_change_far_away_does_not_attract():
    assert abs(boundary(0.2) - 0.2) <= REACH_S


def test_closures_stay_and_glides_are_only_shifted():
    assert boundary(0.28, after="b", late_s=0.02) == 0.28
    assert boundary(0.27, after="w", late_s=0.02) == pytest.approx(0.29)


def test_phones_shorter_than_any_split_keep_their_order():
    phones = refined((Phone("a", 0, 0.3), Phone("t", 0.3, 0.305), Phone("s", 0.305, 0.31), Phone("", 0.31, 0.6)),
                     tone_then_noise(), 0.02)
    assert all(a.end_s == b.start_s and a.end_s > a.start_s for a, b in zip(phones, phones[1:], strict=False))
