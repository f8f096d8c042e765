"""Expressions are known by name, eased, and give way to words."""

import numpy as np
import pytest
from talking_avatar.pipeline_core.arkit import INDEX
from talking_avatar.pipeline_core.errors import SettingError
from talking_avatar.pipeline_core.motion import EMOTIONS, MotionSettings, generate_motion, parse_keyframes
from talking_avatar.pipeline_core.motion.emotion import expression_row


def emotion_of(motion):
    return next(layer for layer in motion.layers if layer.name == "emotion")


def test_expressions_differ_and_stay_in_range():
    rows = {name: expression_row(name)[: len(INDEX)] for name in EMOTIONS}
    assert not rows["neutral"].any()
    for name, row in rows.items():
        assert row.min() >= 0.0 and row.max() <= 0.8
        assert all(np.abs(row - other).max() > 0.2 for key, other in rows.items() if key != name)


def test_keyframes_are_read_in_any_order():
    frames = parse_keyframes("2.5 sad; 0 Happy 0.6\n 4 neutral ;")
    assert [(k.time_s, k.emotion, k.strength) for k in frames] == [
        (0.0, "happy", 0.6), (2.5, "sad", 1.0), (4.0, "neutral", 1.0)]
    assert parse_keyframes("  ") == ()


@pytest.mark.parametrize(("text", "word"), [
    ("happy", "happy"), ("x happy", "x"), ("-1 happy", "-1"), ("0 happy lots", "lots"), ("0 happy 3", "3"),
    ("0 hungry", "hungry"), ("0 happy 1 2", "happy"), ("nan sad", "nan")])  # fmt: skip
def test_wrong_keyframes_say_what_is_wrong(text, word):
    with pytest.raises(SettingError) as caught:
        parse_keyframes(text)
    assert word in caught.value.message
    assert caught.value.hint


def test_an_unknown_emotion_lists_the_choices():
    with pytest.raises(SettingError, match="happy, sad, angry"):
        MotionSettings(emotion="hungry")


def test_the_face_changes_without_a_jump(say):
    motion = generate_motion(say.silence(5.0), MotionSettings(), keyframes="0 happy; 2.5 sad")
    shapes = emotion_of(motion).blendshapes
    smile, frown = shapes[:, INDEX["mouthSmileLeft"]], shapes[:, INDEX["mouthFrownLeft"]]
    assert smile[:50].min() > 0.4 and smile[75:].max() < 0.01
    assert frown[75:].min() > 0.35 and frown[:50].max() < 0.01
    assert np.abs(np.diff(shapes, axis=0)).max() < 0.12


def test_the_mouth_gives_way_while_words_are_formed(say):
    speech = say.speech_of(say.BOB)
    layer = emotion_of(generate_motion(speech, MotionSettings(emotion="happy")))
    smile, cheek = (layer.blendshapes[:, INDEX[n]] for n in ("mouthSmileLeft", "cheekSquintLeft"))
    assert smile[40] < 0.6 * smile[0]
    assert cheek[40] > 0.75 * cheek[0]


def test_strength_scales(say):
    one, half = (emotion_of(generate_motion(say.silence(), MotionSettings(emotion="angry", emotion_strength=s)))
                 for s in (1.0, 0.5))
    np.testing.assert_allclose(half.blendshapes, 0.5 * one.blendshapes, atol=1e-6)


def test_neutral_needs_no_layer(say):
    assert "emotion" not in [la.name for la in generate_motion(say.silence(), MotionSettings()).layers]
