"""Closures, openings and rounding are told apart from mouths that only seem to speak."""

import numpy as np
import pytest
from talking_avatar.pipeline_core.scoring.landmarks import IBUG_68, MESH_478
from talking_avatar.pipeline_core.scoring.lips import closures_met, lip_clip, score_lips


def good(score):
    return score.recall >= 0.97 and score.lift >= 0.2 and score.open_ok >= 0.9 and score.precision >= 0.9


def test_an_obeying_mouth_passes(mouths):
    score = score_lips([mouths.clip()])
    assert good(score) and score.closures == 5 and score.missed == ()
    assert score.shuffled_top < 0.97 and score.chance < 0.8
    assert score.width_ratio == pytest.approx(0.65 / 0.9)


@pytest.mark.parametrize("mouth", ["shut", "flaps", "gapes"])
def test_mouths_that_do_not_speak_fail(mouths, mouth):
    score = score_lips([mouths.clip(mouth=mouth)])
    assert not good(score)


def test_an_always_shut_mouth_meets_all_closures_but_has_no_lift(mouths):
    score = score_lips([mouths.clip(mouth="shut")])
    assert score.recall == 1.0 and score.lift == 0.0 and score.open_ok == 0.0
    assert score.width_ratio == pytest.approx(1.0)


def test_a_late_mouth_misses_closures(mouths):
    score = score_lips([mouths.clip(lag_s=0.12)])
    assert not good(score) and score.recall < 0.7 and len(score.missed) >= 2


def test_the_tolerance_counts_frames(mouths):
    clip = mouths.clip()
    clip.aperture[:] = 0.15
    clip.aperture[[*range(8), 30]] = 0.0
    at = clip.times_s[30]
    spans = np.array([(at + 0.05, at + 0.06), (at + 0.05, at + 0.06)])
    assert closures_met(spans, clip, 1).tolist() == [False, False]
    assert closures_met(spans, clip, 2).all()
    assert closures_met(np.array([(at + 0.035, at + 0.04)]), clip, 1).all()


def test_pooling_weighs_closures(mouths):
    both = score_lips([mouths.clip(), mouths.clip(mouth="gapes")])
    assert both.closures == 10 and 0.4 < both.open_ok <= 0.6


def test_scores_are_repeatable(mouths):
    assert score_lips([mouths.clip()], seed=3) == score_lips([mouths.clip()], seed=3)


def face(count, layout, gap):
    points = np.zeros((count, 2))
    for (outer, inner), x in zip(layout.eyes, (0.0, 80.0), strict=True):
        points[[outer, inner]] = [(x, 0), (x + 40, 0)]
    for upper, lower in layout.inner_lips:
        points[upper], points[lower] = (60, 100), (60, 100 + gap)
    left, right = layout.mouth_corners
    points[left], points[right] = (30, 105), (90, 105)
    return points


@pytest.mark.parametrize(("count", "layout"), [(68, IBUG_68), (478, MESH_478)])
def test_both_layouts_measure_the_same(mouths, count, layout):
    times = np.arange(6) / 25
    shown = [face(count, layout, gap) for gap in (0, 8, 16)] + [None, face(count, layout, 0), face(count, layout, 4)]
    clip = lip_clip(times, shown, mouths.phones_of(), ())
    assert clip.aperture == pytest.approx([0, 0.1, 0.2, 0.1, 0, 0.05])
    assert clip.width == pytest.approx(np.full(6, 0.75)) and clip.seen_share == pytest.approx(5 / 6)


def test_no_face_at_all_is_refused(mouths):
    with pytest.raises(ValueError, match="no frame"):
        lip_clip([0.0, 0.04], [None, None], mouths.phones_of(), ())
