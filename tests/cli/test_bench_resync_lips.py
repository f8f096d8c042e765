"""Old speech is found where it is left, and not where other words are said."""

import numpy as np
import pytest
from talking_avatar.cli import bench_resync_lips as left
from talking_avatar.pipeline_core.scoring import lips, offset
from talking_avatar.pipeline_core.types import Closure, Phone

FPS = 25.0


def words(seed, seconds=6.0):
    """Return sounds of natural length in random order."""
    rng = np.random.default_rng(seed)
    phones, at = [], 0.0
    while at < seconds:
        length = rng.uniform(0.06, 0.18)
        phones.append(Phone(str(rng.choice(["a", "i", "b", "m", "s", "t", "o", "k"])), at, at + length))
        at += length
    return tuple(phones), tuple(Closure(p.start_s, p.end_s) for p in phones if p.ipa in "bm")


def clip_of(said, asked):
    """Return a clip whose lips say one thing while another is asked for."""
    phones, closures = asked
    times = np.arange(0, 6.0, 1 / FPS)
    curve = np.interp(times, *offset.expected_opening(said[0], 6.0))
    return lips.LipClip(times, curve, np.ones_like(times), phones, closures)


OLD, NEW = words(1), words(2)


def test_the_untouched_source_is_full_of_old_speech():
    source = clip_of(OLD, NEW)
    heard = left.heard_before(clip_of(OLD, OLD))
    assert heard is not None
    for old in (left.seen_before(source), heard):
        assert left.leak(source, old).excess > 0.8
    assert left.leak(source, heard).luck < 0.6


def test_new_words_hold_nothing_of_the_old_ones():
    new = clip_of(NEW, NEW)
    found = left.leak(new, left.seen_before(clip_of(OLD, NEW)))
    assert found.excess < 0.2
    assert left.leak(left.in_new_words(new), left.seen_before(clip_of(OLD, NEW))).excess == pytest.approx(found.excess, abs=0.02)


def test_a_rest_of_the_old_movement_is_found():
    new, old = clip_of(NEW, NEW), clip_of(OLD, NEW)
    mixed = lips.LipClip(new.times_s, 0.6 * new.aperture + 0.4 * old.aperture, new.width, new.phones, new.closures)
    assert left.leak(mixed, left.seen_before(old)).excess > 0.2


def test_a_sound_that_the_lips_never_followed_says_nothing():
    assert left.heard_before(clip_of(OLD, words(7))) is None


def test_a_late_picture_is_late():
    new = clip_of(NEW, NEW)
    assert 1000 * abs(offset.measure_offset(new).offset_s) < 20
    assert offset.measure_offset(left.delayed(new, 0.12)).offset_s == pytest.approx(0.12, abs=0.02)
