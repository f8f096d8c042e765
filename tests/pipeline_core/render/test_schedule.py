from fractions import Fraction
from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from talking_avatar.pipeline_core.errors import SettingError
from talking_avatar.pipeline_core.render.schedule import FADE_S, make_schedule, source_order
from talking_avatar.pipeline_core.render.settings import DubSettings, Length
from talking_avatar.pipeline_core.types import frame_count

FPS = Fraction(25)
NTSC = [Fraction(24000, 1001), Fraction(25), Fraction(30000, 1001), Fraction(60000, 1001)]
SURE = np.ones(50, np.float32)


def schedule(spoken, held=SURE, fps=FPS, **settings):
    return make_schedule(spoken, fps, held, DubSettings(**settings))


@pytest.mark.parametrize(("length", "shorter", "longer"), [
    ("pad_silence", [0, 1, 2, 3, 4], [0, 1, 2, 3, 4, 3, 2, 1, 0, 1, 2, 3]),
    ("cut_off", [0, 1, 2], [0, 1, 2, 3, 4]),
    ("loop", [0, 1, 2], [0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1]),
    ("bounce", [0, 1, 2], [0, 1, 2, 3, 4, 3, 2, 1, 0, 1, 2, 3]),
    ("hold", [0, 1, 2], [0, 1, 2, 3, 4, 4, 4, 4, 4, 4, 4, 4]),
    ("remap", [0, 1, 3], [0, 0, 0, 1, 1, 2, 2, 2, 3, 3, 4, 4])])
def test_every_policy_by_hand(length, shorter, longer):
    assert source_order(length, 5, 3).tolist() == shorter
    assert source_order(length, 5, 12).tolist() == longer


@given(st.sampled_from(get_args(Length)), st.integers(1, 40), st.integers(1, 120))
def test_what_every_policy_promises(length, held, spoken):
    order = source_order(length, held, spoken)
    assert order.min() >= 0 and order.max() < held and order[0] == 0
    assert len(order) == {"cut_off": min(held, spoken), "pad_silence": max(held, spoken)}.get(length, spoken)
    if length != "cut_off":
        assert len(order) >= spoken, "no sound is cut"
    if length not in ("loop", "remap"):
        assert np.abs(np.diff(order)).max(initial=0) <= 1
    if held == spoken:
        np.testing.assert_array_equal(order, np.arange(held))


@pytest.mark.parametrize("fps", NTSC, ids=str)
def test_one_frame_more_or_less_is_kept_exactly(fps):
    held = np.ones(100, np.float32)
    for seconds in (float(100 / fps), float(99.5 / fps), float(100.5 / fps)):
        spoken = frame_count(seconds, fps)
        found = schedule(spoken, held, fps)
        assert found.frames == max(100, spoken) and found.source[:100].tolist() == list(range(100))


def test_all_is_drawn_without_ranges_and_the_mouth_stays_closed_after_the_speech():
    found = schedule(30)
    assert (found.frames, found.spans, found.spoken, found.untouched()) == (50, ((0, 50),), 30, [])
    assert (found.strength == 1).all()


def test_its_own_mouth_comes_back_after_the_speech():
    found = schedule(30, silent_mouth="own")
    assert (found.strength[:30] == 1).all() and found.untouched() == [(32, 50, 32)]
    assert found.strength[30:33] == pytest.approx([2 / 3, 1 / 3, 0])
    assert schedule(50, silent_mouth="own").untouched() == []


def test_ranges_leave_everything_else_alone():
    found = schedule(20, ranges="0.4-0.8, 1.2-1.6")
    fade = round(FADE_S * FPS)
    assert found.spans == ((10, 20), (30, 40)) and (found.first, found.frames) == (10, 50)
    assert found.untouched() == [(0, 10, 0), (20, 30, 20), (40, 50, 40)]
    assert found.strength[10:20] == pytest.approx([1 / 3, 2 / 3, 1, 1, 1, 1, 1, 1, 2 / 3, 1 / 3]) and fade == 2
    assert schedule(20, ranges="0-0.4").strength[0] == 1, "the clip itself does not fade in"
    assert schedule(20, ranges="1.6-9").strength[-1] == 1


def test_a_line_is_heard_to_its_end_unless_it_is_to_be_cut():
    assert schedule(20, ranges="0.4-0.8").spans == ((10, 30),)
    assert schedule(20, ranges="0.4-0.8", length="cut_off").spans == ((10, 20),)
    beyond = schedule(20, ranges="1.6-2", length="hold")
    assert beyond.spans == ((40, 60),) and beyond.source[48:].tolist() == [48, 49] + [49] * 10
    assert schedule(20, ranges="1.6-2").source[48:].tolist() == [48, 49, 48, 47, 46, 45, 44, 43, 42, 41, 40, 39]
    assert schedule(20, ranges="1.6-2", length="cut_off").frames == 50


def test_a_range_after_the_end_is_refused_and_a_short_one_has_a_frame():
    with pytest.raises(SettingError, match="after the end"):
        schedule(5, ranges="2-3")
    assert schedule(1, ranges="1-1.001").spans == ((25, 26),)


def test_doubtful_frames_are_left_alone_wherever_they_are_shown():
    held = SURE.copy()
    held[10:20] = 0
    held[20] = 0.5
    found = schedule(110, held, length="loop")
    assert found.strength[found.source == 20].tolist() == [0.5, 0.5]
    assert found.untouched() == [(10, 20, 10), (60, 70, 10)]
    backwards = schedule(100, held, length="bounce")
    assert [(a, b) for a, b, _ in backwards.untouched()][0] == (10, 20)
    assert all(backwards.strength[i] == 0 for i in range(100) if 10 <= backwards.source[i] < 20)


@given(st.integers(1, 80), st.sampled_from(get_args(Length)), st.booleans())
def test_untouched_frames_are_exactly_those_of_no_strength(spoken, length, own):
    held = np.ones(30, np.float32)
    held[7:15] = 0
    found = schedule(spoken, held, length=length, silent_mouth="own" if own else "closed")
    marked = np.zeros(found.frames, bool)
    for start, stop, source in found.untouched():
        assert found.source[start:stop].tolist() == list(range(source, source + stop - start))
        marked[start:stop] = True
    np.testing.assert_array_equal(marked, found.strength == 0)
