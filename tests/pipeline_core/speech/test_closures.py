"""A made-up sound whose closures are known: voiced buzz with silent or murmured gaps."""

import numpy as np
import pytest
from talking_avatar.pipeline_core.speech.closures import find_closures
from talking_avatar.pipeline_core.speech.envelope import envelope_of
from talking_avatar.pipeline_core.speech.timing import (
    carve_pauses,
    contiguous,
    quiet_runs,
    snap_phones,
    viseme_cues,
)
from talking_avatar.pipeline_core.types import Phone, Sound

RATE = 16_000
GAP = (0.50, 0.58)


def voice(kind: str, seconds: float = 1.2) -> Sound:
    t = np.arange(int(seconds * RATE)) / RATE
    buzz = sum(np.sin(2 * np.pi * 120 * k * t) for k in range(1, 25)) / 25
    inside = (t >= GAP[0]) & (t < GAP[1])
    murmur = 0.2 * np.sin(2 * np.pi * 120 * t) if kind == "murmur" else 0.0
    return Sound(np.where(inside, murmur, buzz)[None].astype(np.float32), RATE)


def spoken(ipa: str, shift_s: float) -> tuple[Phone, ...]:
    a, b = GAP[0] + shift_s, GAP[1] + shift_s
    return (Phone("ɑ", 0.0, a), Phone(ipa, a, b), Phone("ɑ", b, 1.2))


@pytest.mark.parametrize(("ipa", "kind"), [("p", "silence"), ("b", "murmur"), ("m", "murmur")])
@pytest.mark.parametrize("shift_s", [-0.03, 0.0, 0.03])
def test_closure_is_found_in_the_sound(ipa, kind, shift_s):
    (found,) = find_closures(spoken(ipa, shift_s), envelope_of(voice(kind)))
    assert abs(found.start_s - GAP[0]) <= 0.008 and abs(found.end_s - GAP[1]) <= 0.008


def test_closure_never_moves_further_than_40_ms():
    """Control: with the gap out of reach the phone's own time must not jump to it."""
    (found,) = find_closures(spoken("p", 0.2), envelope_of(voice("silence")))
    assert found.start_s >= GAP[0] + 0.2 - 0.04 - 1e-9


def test_closures_without_a_dip_keep_the_phone_times():
    flat = Sound(np.random.default_rng(0).standard_normal((1, 2 * RATE)).astype(np.float32) * 0.1, RATE)
    phone = Phone("m", 0.8, 0.9)
    (found,) = find_closures((Phone("ɑ", 0, 0.8), phone, Phone("ɑ", 0.9, 2.0)), envelope_of(flat))
    assert abs(found.start_s - phone.start_s) <= 0.041 and abs(found.end_s - phone.end_s) <= 0.041


def test_snapped_phones_and_visemes_stay_contiguous():
    phones = spoken("p", 0.03)
    closures = find_closures(phones, envelope_of(voice("silence")))
    snapped = snap_phones(phones, closures)
    for items in (snapped, viseme_cues(snapped, closures)):
        assert items[0].start_s == 0 and items[-1].end_s == 1.2
        assert all(a.end_s == b.start_s for a, b in zip(items, items[1:], strict=False))


def test_pauses_are_carved_but_short_stops_are_not():
    x = np.zeros((1, 2 * RATE), np.float32)
    x[0, :RATE] = np.random.default_rng(0).standard_normal(RATE) * 0.1
    envelope = envelope_of(Sound(x, RATE))
    assert [round(v, 1) for v in quiet_runs(envelope)[0]] == [1.0, 2.0]
    carved = carve_pauses((Phone("z", 0.0, 1.5), Phone("p", 1.5, 1.6), Phone("", 1.6, 2.0)), envelope)
    assert [p.ipa for p in carved] == ["z", "", "p", ""] and carved[0].end_s < 1.05


def test_contiguous_mends_gaps_overlaps_and_unknown_symbols():
    mended = contiguous([Phone("b", 0.5, 0.9), Phone("a", 0.1, 0.6), Phone("<?>", 0.9, 1.0), Phone("s", 3, 4)], 2.0)
    assert [(p.ipa, p.start_s, p.end_s) for p in mended] == [
        ("", 0.0, 0.1), ("a", 0.1, 0.6), ("b", 0.6, 0.9), ("", 0.9, 2.0)]
