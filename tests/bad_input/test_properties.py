"""What holds for any track and any setting."""

import json
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from talking_avatar.pipeline_core.arkit import ARTICULATION, BLENDSHAPES
from talking_avatar.pipeline_core.errors import AvatarError, ContractError, SettingError
from talking_avatar.pipeline_core.media.image import portrait_from_array
from talking_avatar.pipeline_core.motion import MotionSettings, generate_motion
from talking_avatar.pipeline_core.motion.emotion import EMOTIONS, parse_keyframes
from talking_avatar.pipeline_core.motion.settings import exact_fps
from talking_avatar.pipeline_core.render.settings import BlendSettings, RenderSettings
from talking_avatar.pipeline_core.speech.captions import srt, vtt
from talking_avatar.pipeline_core.speech.exchange import cues_json, read_cues, rhubarb_json, rhubarb_tsv
from talking_avatar.pipeline_core.speech.phones import VISEMES, is_vowel
from talking_avatar.pipeline_core.speech.timing import contiguous, viseme_cues
from talking_avatar.pipeline_core.types import (
    Closure,
    MotionLayer,
    MotionTrack,
    Phone,
    Portrait,
    Sound,
    SpeechTrack,
    Word,
    array_sha256,
    frame_count,
)

QUICK = settings.get_profile("quick")
RATES = [Fraction(24000, 1001), Fraction(24), Fraction(25), Fraction(30000, 1001), Fraction(30), Fraction(50), Fraction(60000, 1001),
         Fraction(60), Fraction(12), Fraction(120)]
IPA = ["", "m", "p", "b", "ɑ", "i", "u", "f", "s", "t", "θ", "l", "ɹ", "k", "ʃ", "n", "oʊ"]
rates = st.sampled_from(RATES)


@settings(QUICK, max_examples=50)
@given(st.integers(1, 4 * 3600 * 48_000), rates)
def test_frames_cover_the_sound_and_not_one_more(samples, fps):
    duration = Fraction(samples, 48_000)
    count = frame_count(float(duration), fps)
    exact = max(1, math.ceil(duration * fps))
    surplus = duration * fps - (exact - 1)  # what the last frame is needed for
    assert count == exact or (count == exact - 1 and surplus <= Fraction(1, 10**6))
    assert count / fps >= duration - Fraction(1, 10**6)


@settings(QUICK, max_examples=50)
@given(st.fractions(-10, 500) | st.floats() | st.text(max_size=8) | st.sampled_from(["29.97", "30000/1001", "1/0", "nan", "inf"]))
def test_frame_rates_are_exact_fractions_or_refused(value):
    try:
        fps = exact_fps(value)
    except SettingError as error:
        assert error.hint
        return
    assert isinstance(fps, Fraction) and 1 <= fps <= 120 and abs(fps - Fraction(value)) < Fraction(1, 100)
    assert exact_fps(fps) == fps == exact_fps(str(fps))


@st.composite
def phones(draw):
    marks = draw(st.lists(st.integers(20, 400), min_size=1, max_size=25))
    names = draw(st.lists(st.sampled_from(IPA), min_size=len(marks), max_size=len(marks)))
    out, at = [], 0
    for name, ms in zip(names, marks, strict=True):
        out.append(Phone(name, at / 1000, (at + ms) / 1000))
        at += ms
    return tuple(out)


def track(found, **more):
    end = found[-1].end_s
    count = math.ceil(end * 100)
    loud = np.array([0.9 if any(p.start_s <= i / 100 < p.end_s and is_vowel(p.ipa) for p in found) else 0.1 for i in range(count)],
                    np.float32)
    shut = tuple(Closure(p.start_s, p.end_s) for p in found if p.ipa in ("m", "p", "b"))
    return SpeechTrack(end, "aligned", "x", phones=found, visemes=viseme_cues(found, shut), closures=shut, energy=loud,
                       pitch_hz=120 * (loud > 0.5), **more)


@settings(QUICK, max_examples=50)
@given(phones())
def test_visemes_cover_the_sound_with_weights_of_one(found):
    speech = track(found)
    assert all(v.viseme in VISEMES and 0 < v.weight <= 1 for v in speech.visemes)
    marks = sorted({0.0, *(v.start_s for v in speech.visemes), *(v.end_s for v in speech.visemes)})
    for a, b in zip(marks, marks[1:], strict=False):
        if b - a > 1e-6:
            assert any(v.start_s <= a + 1e-9 and v.end_s >= b - 1e-9 for v in speech.visemes)


@settings(QUICK, max_examples=50)
@given(st.lists(st.tuples(st.sampled_from(IPA), st.floats(0, 20), st.floats(0, 20)), max_size=20), st.floats(0.05, 10))
def test_any_phones_become_a_cover_without_gaps(items, duration):
    found = contiguous(tuple(Phone(p, min(a, b), max(a, b)) for p, a, b in items), duration)
    assert found[0].start_s == pytest.approx(0, abs=1e-6) and found[-1].end_s == pytest.approx(duration)
    assert all(a.end_s == pytest.approx(b.start_s) and a.end_s > a.start_s for a, b in zip(found, found[1:], strict=False))


@settings(QUICK, max_examples=50)
@given(phones())
def test_cues_come_back_as_they_went(found):
    words = (Word("Hällo", found[0].start_s, found[0].end_s), Word("世界", found[-1].start_s, found[-1].end_s))
    speech = track(found, words=words)
    back = read_cues(cues_json(speech))
    assert (back.phones, back.closures, back.words) == (speech.phones, speech.closures, words)
    for write in (srt, vtt):
        assert [w.text for w in read_cues(write(speech, per_word=True)).words] == ["Hällo", "世界"]


@settings(QUICK, max_examples=50)
@given(phones())
def test_rhubarb_cues_keep_closures_and_rests(found):
    speech = track(found)
    shapes = {"m": "m", "": ""}
    for write in (rhubarb_json, rhubarb_tsv):
        back = read_cues(write(speech)).phones
        for cue in speech.visemes:
            if cue.viseme in ("PP", "sil") and cue.end_s - cue.start_s > 0.05:
                middle = (cue.start_s + cue.end_s) / 2
                overlapping = [v for v in speech.visemes if v.start_s <= middle < v.end_s]
                assume(len(overlapping) == 1)
                heard = next(p.ipa for p in back if p.start_s <= middle <= p.end_s)
                assert heard == shapes["m" if cue.viseme == "PP" else ""]


def layer(draw_seed, name, count):
    rng = np.random.default_rng(draw_seed)
    return MotionLayer(name, *(rng.normal(0, 0.7, (count, n)).astype(np.float32)
                               for n in (len(BLENDSHAPES), len(ARTICULATION), 3, 3, 2)))


@settings(QUICK, max_examples=50)
@given(st.lists(st.integers(0, 99), min_size=0, max_size=5), st.floats(0.01, 3), rates)
def test_layers_add_up_in_any_order_and_can_be_muted(seeds, duration, fps):
    count = frame_count(duration, fps)
    layers = tuple(layer(seed, f"l{i}", count) for i, seed in enumerate(seeds))
    motion = MotionTrack(fps, duration, layers)
    total, backwards = motion.summed(), MotionTrack(fps, duration, layers[::-1]).summed()
    assert len(total.blendshapes) == motion.frames == count
    for name in ("blendshapes", "articulation", "head_deg", "head_shift", "gaze_deg"):
        plain = np.sum([getattr(la, name) for la in layers], axis=0) if layers else np.zeros_like(getattr(total, name))
        wanted = np.clip(plain, 0, 1) if name in ("blendshapes", "articulation") else plain
        np.testing.assert_allclose(getattr(total, name), wanted, atol=1e-5)
        np.testing.assert_allclose(getattr(backwards, name), wanted, atol=1e-5)
    for index, la in enumerate(layers):
        muted = motion.without(la.name)
        assert [x.name for x in muted.layers] == [f"l{i}" for i in range(len(layers)) if i != index]
    with pytest.raises(ContractError):
        MotionTrack(fps, duration, (MotionLayer.zeros("short", count + 1),))
    with pytest.raises(ValueError, match="read-only"):
        total.blendshapes[:] = 0


@settings(QUICK, max_examples=10)
@given(phones(), rates, st.sampled_from(EMOTIONS), st.integers(0, 1000), st.booleans())
def test_motion_is_finite_repeatable_and_of_the_right_length(found, fps, emotion, seed, still):
    speech = track(found)
    wish = MotionSettings(fps=fps, emotion=emotion, seed=seed, still=still)
    motion, again = generate_motion(speech, wish), generate_motion(speech, wish)
    assert motion.frames == frame_count(speech.duration_s, fps)
    for la, lb in zip(motion.layers, again.layers, strict=True):
        assert np.isfinite(la.blendshapes).all() and np.isfinite(la.head_deg).all()
        np.testing.assert_array_equal(la.blendshapes, lb.blendshapes)
    assert np.abs(motion.summed().head_deg).max() < 40
    assert not still or not np.abs(motion.summed().head_shift).any()


@settings(QUICK, max_examples=10)
@given(phones(), rates, st.sampled_from(["mouth", "head", "brows", "blinks", "idle", "gaze"]))
def test_one_strength_changes_no_other_layer(found, fps, name):
    speech = track(found)
    plain = {la.name: la for la in generate_motion(speech, MotionSettings(fps=fps)).layers}
    owner = {"mouth": "speech", "head": "prosody", "brows": "prosody"}.get(name, name)
    changed = {la.name: la for la in generate_motion(speech, MotionSettings(fps=fps, **{name: 0.3})).layers}
    assert plain.keys() == changed.keys()
    for key in plain.keys() - {owner}:
        np.testing.assert_array_equal(plain[key].blendshapes, changed[key].blendshapes)
        np.testing.assert_array_equal(plain[key].head_deg, changed[key].head_deg)


numbers = st.floats() | st.integers(-10, 10**12)


@settings(QUICK, max_examples=50)
@given(numbers, st.sampled_from(["mouth", "head", "brows", "blinks", "idle", "gaze", "emotion_strength"]))
def test_strengths_are_taken_or_refused(value, name):
    try:
        assert 0 <= getattr(MotionSettings(**{name: value}), name) <= 2
    except SettingError as error:
        assert name in error.message and error.hint


@settings(QUICK, max_examples=50)
@given(numbers, st.sampled_from(["idle", "seam_feather", "grain"]))
def test_blend_settings_are_taken_or_refused(value, name):
    try:
        assert 0 <= getattr(BlendSettings(**{name: value}), name) <= 4
    except SettingError as error:
        assert name in error.message and error.hint


@settings(QUICK, max_examples=60)
@given(st.none() | st.integers(-10**6, 10**6), st.none() | st.integers(-10**6, 10**6), st.dictionaries(
    st.text(max_size=4), st.recursive(st.none() | st.booleans() | st.floats() | st.text(max_size=4) | st.binary(max_size=2), st.lists,
                                      max_leaves=4), max_size=3))
def test_render_settings_are_json_or_refused(width, height, options):
    try:
        found = RenderSettings(width_px=width, height_px=height, options=options)
    except SettingError as error:
        assert error.hint
        return
    assert json.loads(json.dumps(found.to_dict())) is not None


@settings(QUICK, max_examples=50)
@given(st.text(max_size=60) | st.lists(st.tuples(st.floats(0, 100), st.sampled_from(EMOTIONS), st.floats(0, 2))).map(
    lambda items: ";".join(f"{t!r} {e} {s!r}" for t, e, s in items)))
def test_keyframes_are_in_order_or_refused(text):
    try:
        found = parse_keyframes(text)
    except SettingError as error:
        assert error.hint
        return
    times = [k.time_s for k in found]
    assert times == sorted(times) and all(math.isfinite(t) and t >= 0 for t in times) and all(0 <= k.strength <= 2 for k in found)


@settings(QUICK)
@given(st.integers(16, 60), st.integers(16, 60), st.sampled_from([1, 2, 3, 4]), st.sampled_from(["uint8", "uint16", "float32", "float64",
                                                                                                 "int32", "bool"]))
def test_portraits_are_frozen_and_hashed_by_their_pixels(height, width, channels, dtype):
    array = np.random.default_rng(height * width).integers(0, 2, (height, width, channels)).astype(dtype)
    one, two = portrait_from_array(array), portrait_from_array(array.copy())
    assert one.sha256 == two.sha256 and one.image.shape == (height, width, 3) and one.image.dtype == np.uint8
    other = one.image.copy()
    other[0, 0, 0] ^= 1
    assert Portrait(other).sha256 != Portrait(one.image.copy()).sha256
    with pytest.raises(ValueError, match="read-only"):
        one.image[0] = 0


@settings(QUICK)
@given(st.sampled_from([(2, 3), (3, 2), (6, 1), (6,)]), st.sampled_from([np.float32, np.uint8]))
def test_hashes_know_shape_and_type(shape, dtype):
    values = np.arange(6)
    seen = {array_sha256(values.reshape(s).astype(d)) for s in [(2, 3), (3, 2), (6, 1), (6,)] for d in (np.float32, np.uint8)}
    assert len(seen) == 8 and array_sha256(values.reshape(shape).astype(dtype)) in seen


@settings(QUICK)
@given(st.sampled_from([(0,), (3,), (1, 2, 3), (2, 10)]), st.integers(-5, 5))
def test_sounds_have_two_dimensions_and_a_rate(shape, rate):
    try:
        sound = Sound(np.zeros(shape, np.float32), rate)
    except AvatarError:
        assert len(shape) != 2 or rate <= 0
        return
    assert sound.duration_s == shape[1] / rate
