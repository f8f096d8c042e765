"""Agreement of phones and closures on tracks made by hand; whatever has not listened must score low."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from talking_avatar.cli.speech_sets.utterance import RATE_HZ, Utterance
from talking_avatar.cli.viseme_metrics import (
    CLASSES,
    Counts,
    boundary_errors_s,
    class_frames,
    class_of,
    match,
    pooled,
    score_phones,
)
from talking_avatar.pipeline_core.types import Closure, Phone


def said(spelled, step_s=0.1):
    """Return an utterance of phones of equal length, "_" for silence; p, b and m are shut all through."""
    phones = tuple(Phone(ipa.strip("_"), k * step_s, (k + 1) * step_s) for k, ipa in enumerate(spelled.split()))
    shut = tuple(Closure(p.start_s, p.end_s) for p in phones if p.ipa in "pbm" and p.ipa)
    return Utterance(np.zeros(int(len(phones) * step_s * RATE_HZ), np.float32), phones, shut, "", "en", "hand", "espeak")


BOB = said("_ m eɪ b i b ɑ b p ɹ ə f ɝ z f l ʌ f i p ɝ p ə l m ʌ f ə n z _")


def late(utterance, by_s):
    """Return its phones and closures, moved."""
    return tuple(tuple(replace(item, start_s=item.start_s + by_s, end_s=item.end_s + by_s) for item in items)
                 for items in (utterance.phones, utterance.closures))


def figures(truth, phones, closures):
    return score_phones(truth, phones, closures).figures()


def test_the_truth_scores_full_marks():
    found = figures(BOB, BOB.phones, BOB.closures)
    assert {name: found[name] for name in ("acc9_all", "acc9_speech", "acc6_speech", "recall40", "recall80", "precision80",
                                           "fv_recall80", "fv_precision80")} == dict.fromkeys(
        ("acc9_all", "acc9_speech", "acc6_speech", "recall40", "recall80", "precision80", "fv_recall80",
         "fv_precision80"), 100.0)
    assert found["offset_ms"] == found["boundary_ms"] == 0.0
    assert (found["closures"], found["fv"]) == (8, 4)


def test_a_shuffled_truth_scores_low():
    rng = np.random.default_rng(0)
    figures_of = []
    for _ in range(20):
        shuffled = said(" ".join(p.ipa or "_" for p in rng.permutation(np.array(BOB.phones, object))))
        figures_of.append(figures(BOB, shuffled.phones, shuffled.closures))
    assert np.mean([f["acc9_speech"] for f in figures_of]) < 30
    assert np.mean([f["recall80"] for f in figures_of]) < 50 and np.mean([f["precision80"] for f in figures_of]) < 50


def test_a_mouth_that_flaps_all_the_time_has_recall_and_no_precision():
    flaps = [Closure(t, t + 0.03) for t in np.arange(0, 3.1, 0.04)]
    found = figures(BOB, (Phone("m", 0, 3.1),), flaps)
    assert found["recall40"] == 100 and found["precision80"] < 15
    assert found["acc9_speech"] < 30 and found["fv_recall80"] == 0 and found["fv_precision80"] is None


def test_one_long_closure_meets_one_at_most():
    found = figures(BOB, (Phone("m", 0, 3.1),), (Closure(0, 3.1),))
    assert found["recall80"] <= 12.5


def test_a_shut_mouth_finds_nothing():
    found = figures(BOB, (Phone("", 0, 3.1),), ())
    assert found["recall80"] == found["acc9_speech"] == 0.0
    assert found["precision80"] is found["offset_ms"] is None
    assert found["acc9_all"] == pytest.approx(100 * 2 / 31, abs=0.2)


@pytest.mark.parametrize(("by_s", "near", "far"), [(0.03, 100, 100), (0.06, 0, 100), (-0.06, 0, 100), (0.3, None, None)])
def test_times_that_are_off(by_s, near, far):
    truth = said("_ p ɑ t ɑ s ɑ b ɑ k ɑ d ɑ m ɑ _")
    found = figures(truth, *late(truth, by_s))
    if near is None:
        assert found["recall80"] < 50
        return
    assert (found["recall40"], found["recall80"], found["precision80"]) == (near, far, far)
    assert found["offset_ms"] == pytest.approx(1000 * by_s) and found["boundary_ms"] == pytest.approx(1000 * abs(by_s))
    assert found["acc9_speech"] == pytest.approx(100 - 1000 * abs(by_s), abs=4)


def test_every_interval_is_used_once_and_as_many_as_can_be():
    true = [Closure(t, t) for t in (0.0, 0.10)]
    # The one in the middle suits both; it must leave the first to the one that suits nobody else.
    assert match(true, [Closure(0.06, 0.06), Closure(-0.07, -0.07)]).far == 2
    assert match(true, [Closure(0.05, 0.05)]).far == 1
    assert match(true, []).far == match([], true).far == 0
    assert match(true, [Closure(0.09, 0.09)]).offsets_s == pytest.approx((-0.01,))


def test_classes():
    assert [CLASSES[class_of(ipa)] for ipa in ("", "mː", "pʰ", "f", "tʃ", "ɡ", "aɪ", "ɜː", "oʊ", "əʊ", "i5", "ɹ", "ʁ")] == [
        "sil", "bmp", "bmp", "fv", "dnt", "vel", "open", "mid", "round", "round", "front", "dnt", "vel"]
    assert CLASSES[class_of("(en)")] == "sil"


def test_joined_classes_forgive_what_six_shapes_cannot_show():
    truth, heard = said("_ t ɑ k ə s i"), said("_ k ə t ɑ ɡ s")
    found = figures(truth, heard.phones, ())
    assert found["acc9_speech"] == 0.0 and found["acc6_speech"] == 100.0


def test_a_diphthong_may_be_written_as_one_or_two():
    one, two = said("_ b aɪ t oʊ n _"), said("_ b a ɪ t o ʊ n _")
    assert list(class_frames(one.phones, 70)) == list(class_frames(joined_evenly(two), 70))


def joined_evenly(utterance):
    """Squeeze the halves of diphthongs into the time of one phone."""
    spans = [(0, 1), (1, 2), (2, 2.5), (2.5, 3), (3, 4), (4, 4.5), (4.5, 5), (5, 6), (6, 7)]
    return [Phone(p.ipa, 0.1 * a, 0.1 * b) for p, (a, b) in zip(utterance.phones, spans, strict=True)]


def test_boundaries_are_compared_where_both_sides_agree():
    true, found = said("_ b ɑ t ɪ s _").phones, said("_ b æ t s _").phones
    # Before b, before the vowel, before t; then the vowel is missing, and s-silence is 100 ms early.
    assert boundary_errors_s(true, found) == pytest.approx((0, 0, 0, 0.1))
    assert boundary_errors_s(true, said("k u l").phones) == ()


def test_counts_add_up():
    other = said("_ v i v i d _")
    both = pooled([score_phones(BOB, BOB.phones, BOB.closures), score_phones(other, BOB.phones, ())])
    assert both.frames == 310 + 70 and both.closures.true == 8 and both.tucks.true == 6
    assert both == score_phones(BOB, BOB.phones, BOB.closures) + score_phones(other, BOB.phones, ()) + Counts()
    assert pooled([]).figures()["acc9_all"] is None
