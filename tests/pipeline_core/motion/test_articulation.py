"""Speech moves the mouth as people see it: contacts on time, vowels open, rounding spreads."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from talking_avatar.pipeline_core.arkit import ARTICULATION_INDEX, INDEX
from talking_avatar.pipeline_core.motion.articulation import speech_layer
from talking_avatar.pipeline_core.motion.curves import frame_times
from talking_avatar.pipeline_core.types import Closure, Phone, SpeechTrack

RATES = [Fraction(24000, 1001), Fraction(24), Fraction(25), Fraction(30000, 1001), Fraction(30), Fraction(50),
         Fraction(60000, 1001), Fraction(60)]
CLOSURE, TUCK, TIP = (ARTICULATION_INDEX[n] for n in ("lipClosure", "lipTuck", "tongueTip"))


def shape(layer, name):
    return layer.blendshapes[:, INDEX[name]]


def missed(layer, spans, fps, channel=CLOSURE):
    """Spans without a frame at exactly 1 inside them or, where no frame is inside, nearest to them."""
    curve = layer.articulation[:, channel]
    times = np.arange(len(curve)) / float(fps)
    out = []
    for start, end in spans:
        inside = np.flatnonzero((times >= start) & (times <= end))
        if not len(inside):
            inside = [int(np.argmin(np.abs(times - 0.5 * (start + end))))]
        if not any(curve[i] == 1.0 for i in inside):
            out.append((start, end))
    return out


def spans_of(speech):
    return [(c.start_s, c.end_s) for c in speech.closures]


def frames_in(speech, fps, symbol):
    times = frame_times(speech.duration_s, fps)
    return [np.flatnonzero((times >= p.start_s) & (times < p.end_s)) for p in speech.phones if p.ipa == symbol]


@pytest.mark.parametrize("fps", RATES, ids=lambda f: f"{float(f):.3f}")
def test_every_closure_has_a_shut_frame(say, fps):
    speech = say.speech_of(say.BOB, say.MOON, say.FATHER)
    layer = speech_layer(speech, fps)
    assert len(speech.closures) >= 13
    assert missed(layer, spans_of(speech), fps) == []


def test_the_closure_check_notices_a_shift_of_120_ms(say):
    speech = say.speech_of(say.BOB, say.MOON, say.FATHER)
    late = replace(speech, closures=tuple(Closure(c.start_s + 0.12, c.end_s + 0.12) for c in speech.closures))
    layer = speech_layer(late, Fraction(25))
    assert len(missed(layer, spans_of(speech), 25)) > 0.4 * len(speech.closures)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.floats(0.005, 0.4), st.floats(0.005, 0.15)), min_size=1, max_size=12),
       st.sampled_from(RATES))
def test_any_closures_are_reached(gaps, fps):
    closures, clock = [], 0.2
    for gap, length in gaps:
        closures.append(Closure(clock + gap, clock + gap + length))
        clock += gap + length
    speech = SpeechTrack(clock + 0.3, "tts", "test", phones=(Phone("a", 0.0, clock + 0.3),),
                         closures=tuple(closures))
    layer = speech_layer(speech, fps)
    assert missed(layer, spans_of(speech), fps) == []
    assert np.isfinite(layer.blendshapes).all()
    assert layer.articulation.min() >= 0.0 and layer.articulation.max() <= 1.0


def test_the_chin_does_not_hang_below_closed_lips(say):
    speech = say.speech_of(say.BOB, say.FATHER)
    layer = speech_layer(speech, Fraction(50))
    shut = layer.articulation[:, CLOSURE] == 1.0
    assert shut.any() and shape(layer, "jawOpen")[shut].max() <= 0.06


def test_lips_approach_a_closure_in_steps(say):
    speech = say.speech_of(say.BOB, say.MOON, say.FATHER)
    layer = speech_layer(speech, Fraction(25))
    steps = np.abs(np.diff(layer.articulation[:, CLOSURE]))
    assert steps.max() < 0.85 and (steps > 0.6).mean() < 0.05
    box = np.zeros(len(steps) + 1)
    for start, end in spans_of(speech):
        box[round(start * 25) : round(end * 25) + 1] = 1.0
    assert (np.abs(np.diff(box)) > 0.6).mean() > 0.08, "an uneased closure jumps far more often"


@pytest.mark.parametrize("fps", [Fraction(25), Fraction(50)])
def test_open_vowels_open_even_between_closures(say, fps):
    speech = say.speech_of("_ 300 b 65 ɑ 110 b 70 ɑ 120 m 70 æ 110 p 60 _ 300", say.FATHER)
    layer = speech_layer(speech, fps)
    gap = shape(layer, "jawOpen") * (1.0 - layer.articulation[:, CLOSURE])
    for symbol in ("ɑ", "æ"):
        for frames in frames_in(speech, fps, symbol):
            assert gap[frames].max() >= 0.20


def test_openness_follows_vowel_height(say):
    def jaw(vowel):
        speech = say.speech_of(f"_ 300 t 60 {vowel} 160 t 60 _ 300")
        return shape(speech_layer(speech, Fraction(50)), "jawOpen").max()

    assert jaw("ɑ") > 0.25 > jaw("ɛ") > jaw("ɪ") > jaw("i") > 0.05
    assert 0.08 < jaw("ə") < 0.16


def test_rounded_and_spread_vowels_differ_in_width(say):
    speech = say.speech_of("_ 300 u 200 t 60 i 200 _ 300")
    layer = speech_layer(speech, Fraction(50))
    # Widths of our head in cm at rest 4.4, pucker 1 -> 3.4, smile pair 1 -> 5.8, stretch pair 1 -> 5.45.
    width = (4.4 - 1.0 * shape(layer, "mouthPucker") + 1.4 * shape(layer, "mouthSmileLeft")
             + 1.05 * shape(layer, "mouthStretchLeft"))
    assert width.min() / width.max() <= 0.85


def test_rounding_spreads_to_neighbours_and_comes_early(say):
    rounded = say.speech_of("_ 300 s 90 t 60 u 160 n 60 _ 300")
    spread = say.speech_of("_ 300 s 90 t 60 i 160 n 60 _ 300")
    fps = Fraction(50)
    t_frames = frames_in(rounded, fps, "t")[0]
    pucker = shape(speech_layer(rounded, fps), "mouthPucker")
    assert pucker[t_frames].min() > 0.3
    assert shape(speech_layer(spread, fps), "mouthPucker")[t_frames].max() < 0.05
    before, after = frames_in(rounded, fps, "s")[0], frames_in(rounded, fps, "n")[0]
    assert pucker[before].max() > 0.15 and pucker[after].min() > 0.3


@pytest.mark.parametrize("fps", RATES, ids=lambda f: f"{float(f):.3f}")
def test_f_and_v_tuck_the_lip(say, fps):
    speech = say.speech_of(say.BOB, say.MOON, say.FATHER)
    layer = speech_layer(speech, fps)
    spans = [(p.start_s, p.end_s) for p in speech.phones if p.ipa in ("f", "v")]
    assert len(spans) >= 6
    assert missed(layer, spans, fps, TUCK) == []
    late = [(a + 0.12, b + 0.12) for a, b in spans]
    assert missed(layer, late, fps, TUCK)


def test_th_and_l_show_the_tongue(say):
    speech = say.speech_of("_ 300 ɑ 120 θ 90 ɑ 120 l 80 ɑ 120 _ 200")
    tip = speech_layer(speech, Fraction(50)).articulation[:, TIP]
    frames = {s: frames_in(speech, Fraction(50), s)[0] for s in ("θ", "l")}
    assert tip[frames["θ"]].max() > 0.75 and tip[frames["l"]].max() > 0.6
    assert tip[: frames["θ"][0] - 6].max() < 0.2


def test_silence_is_shut_and_soon(say):
    speech = say.speech_of("_ 500 h 60 ɑ 200 _ 600 ɑ 180 _ 800")
    fps = Fraction(100)
    layer = speech_layer(speech, fps)
    closure, times = layer.articulation[:, CLOSURE], frame_times(speech.duration_s, fps)
    for start, end in [(0.0, 0.35), (0.96, 1.2), (1.74, 2.34)]:
        part = (times >= start) & (times <= end)
        assert (closure[part] == 1.0).all()
        assert layer.blendshapes[part].max() < 1e-6
    onset = (times > 0.40) & (times < 0.5)
    assert closure[onset].min() < 0.5, "lips part before the first sound"


def test_a_gap_between_words_does_not_shut_the_mouth(say):
    speech = say.speech_of("_ 300 ɑ 150 _ 90 ɑ 150 _ 300")
    layer = speech_layer(speech, Fraction(50))
    times = frame_times(speech.duration_s, Fraction(50))
    assert layer.articulation[(times > 0.4) & (times < 0.6), CLOSURE].max() < 0.2


def test_loud_opens_more_than_soft_within_bounds(say):
    speech = say.speech_of(say.FATHER)
    loud, soft = (replace(speech, energy=np.where(speech.energy > 0, level, 0).astype(np.float32))
                  for level in (1.5, 0.4))
    ratio = (shape(speech_layer(loud, Fraction(25)), "jawOpen").max()
             / shape(speech_layer(soft, Fraction(25)), "jawOpen").max())
    assert 1.2 < ratio < 1.25 / 0.7 + 0.05


def test_strength_scales_the_opening_but_not_the_contact(say):
    speech = say.speech_of(say.BOB)
    full, half, none = (speech_layer(speech, Fraction(25), s) for s in (1.0, 0.5, 0.0))
    assert shape(half, "jawOpen").max() < 0.62 * shape(full, "jawOpen").max()
    assert missed(half, spans_of(speech), 25) == []
    assert none.blendshapes.max() == 0.0 and none.articulation[:, CLOSURE].min() == 1.0


def test_visemes_alone_drive_the_mouth(say):
    speech = say.viseme_speech()
    fps = Fraction(50)
    layer = speech_layer(speech, fps)
    assert missed(layer, [(0.3, 0.4)], fps) == []
    assert missed(layer, [(0.8, 0.9)], fps, TUCK) == []
    assert shape(layer, "jawOpen")[20:30].max() > 0.2
    assert shape(layer, "mouthPucker")[33:40].max() > 0.6
    quiet = replace(speech, visemes=tuple(replace(v, weight=0.4) for v in speech.visemes))
    assert shape(speech_layer(quiet, fps), "jawOpen").max() < 0.5 * shape(layer, "jawOpen").max()


def test_nothing_known_is_a_shut_mouth():
    layer = speech_layer(SpeechTrack(1.0, "none", "test"), Fraction(25))
    assert layer.blendshapes.max() == 0.0 and layer.articulation[:, CLOSURE].min() == 1.0


def test_a_very_short_sound_works(say):
    for duration in (0.05, 0.01):
        speech = say.track_of([Phone("m", 0.0, duration)], duration)
        layer = speech_layer(speech, Fraction(25))
        assert layer.articulation[:, CLOSURE].max() == 1.0


def test_the_curve_does_not_depend_on_the_frame_rate(say):
    speech = say.speech_of(say.FATHER)
    slow, fast = speech_layer(speech, Fraction(25)), speech_layer(speech, Fraction(50))
    same = shape(fast, "jawOpen")[::2][: len(slow.blendshapes)]
    apart = np.abs(same - shape(slow, "jawOpen")[: len(same)])
    # Only frames that are forced to full contact may differ.
    assert np.quantile(apart, 0.85) < 1e-6 and apart.max() < 0.1
