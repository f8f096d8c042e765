"""Posed expressions: read, written, moved through, and refused where they are none."""

import json
from fractions import Fraction

import numpy as np
import pytest
from talking_avatar.pipeline_core.arkit import BLENDSHAPES, INDEX
from talking_avatar.pipeline_core.errors import AvatarError, InputError
from talking_avatar.pipeline_core.motion import MotionSettings, generate_motion
from talking_avatar.pipeline_core.motion.emotion import expression_row
from talking_avatar.pipeline_core.motion.expression_file import (
    MARK,
    MAX_KEYS,
    ExpressionKey,
    expression_motion,
    read_expression,
    stills_motion,
    write_expression,
)
from talking_avatar.pipeline_core.types import SpeechTrack

FPS = Fraction(25)
SMILE = ExpressionKey(1.0, {"mouthSmileLeft": 0.5, "mouthSmileRight": 0.25}, (3.0, -2.0, 1.0), (4.0, 6.0))


def text_of(**changes):
    return json.dumps({MARK: 1, "keys": [{"time_s": 0, "curves": {}, **changes}]})


def test_what_is_written_is_read_again():
    keys = read_expression(write_expression([ExpressionKey(), SMILE]))
    assert [np.array_equal(a.row, b.row) and a.time_s == b.time_s
            for a, b in zip(keys, [ExpressionKey(), SMILE], strict=True)] == [True, True]
    assert not np.array_equal(keys[0].row, keys[1].row)


def test_nothing_is_a_face_at_rest():
    motion = expression_motion(read_expression(" \n"), FPS)
    assert motion.frames == 1 and not any(getattr(motion.summed(), name).any() for name in ("blendshapes", "head_deg", "gaze_deg"))


def test_emotions_in_plain_words():
    keys = read_expression("0 neutral; 2 happy 0.5")
    assert [key.time_s for key in keys] == [0.0, 2.0] and not keys[0].row.any()
    assert keys[1].row == pytest.approx(0.5 * expression_row("happy"))


def test_keys_are_reached_and_the_way_between_is_smooth():
    sum_ = expression_motion([ExpressionKey(0.4), SMILE, ExpressionKey(1.5)], FPS, hold_s=1.0).summed()
    smile = sum_.blendshapes[:, INDEX["mouthSmileLeft"]]
    assert not smile[:11].any() and smile[25] == pytest.approx(0.5) and not smile[38:].any() and len(smile) == 64
    steps = np.diff(smile[10:26])
    assert (steps >= 0).all() and steps[0] < 0.2 * steps.max() and steps[-1] < 0.2 * steps.max()
    assert sum_.head_deg[25] == pytest.approx([3.0, -2.0, 1.0])


def test_lids_go_with_the_gaze():
    shapes = stills_motion([SMILE]).summed().blendshapes[0]
    assert shapes[INDEX["eyeLookUpLeft"]] == pytest.approx(0.2) and shapes[INDEX["eyeLookOutLeft"]] == pytest.approx(4 / 30)
    assert not stills_motion([ExpressionKey()]).summed().blendshapes.any()


@pytest.mark.parametrize("fps", [Fraction(25), Fraction(30000, 1001), Fraction(1), Fraction(120)])
@pytest.mark.parametrize("at_s", [0.0, 0.333, 1.0, 2.7])
def test_a_short_motion_ends_with_its_last_key(fps, at_s):
    keys = [ExpressionKey(0.0), ExpressionKey(at_s, {"jawOpen": 0.75})][at_s == 0.0:]
    assert expression_motion(keys, fps).summed().blendshapes[-1, INDEX["jawOpen"]] == pytest.approx(0.75)


def test_a_held_expression_lasts_as_long_as_the_speech():
    base = expression_motion([ExpressionKey(0.0, {"browInnerUp": 0.5, "mouthSmileLeft": 0.4})], FPS)
    motion = generate_motion(SpeechTrack(3.0, "none", "x"), MotionSettings(), base=base)
    layer = next(layer for layer in motion.layers if layer.name == "base")
    assert len(layer.blendshapes) == 75 and layer.blendshapes[:, INDEX["browInnerUp"]] == pytest.approx(0.5)
    assert layer.blendshapes[-1, INDEX["mouthSmileLeft"]] == pytest.approx(0.4)


@pytest.mark.parametrize(("text", "words"), [
    ("{", ["no JSON", "line 1"]),
    ("[]", [MARK]),
    ('{"a": 1}', [MARK]),
    ("[" * 100_000, ["nested"]),
    (json.dumps({MARK: 2, "keys": []}), ["version 2", "up to version 1"]),
    (json.dumps({MARK: "new", "keys": []}), ["version", "new"]),
    (json.dumps({MARK: True, "keys": []}), ["version"]),
    (json.dumps({MARK: 1, "keys": []}), ["at least one"]),
    (json.dumps({MARK: 1, "keys": {}}), ["list"]),
    (json.dumps({MARK: 1, "keys": [{}], "more": 1}), ["more"]),
    (json.dumps({MARK: 1, "keys": [{"time_s": k} for k in range(MAX_KEYS + 1)]}), [str(MAX_KEYS + 1)]),
    (json.dumps({MARK: 1, "keys": [{"time_s": 1}, {"time_s": 1}]}), ["key 2", "time_s"]),
    (json.dumps({MARK: 1, "keys": [5]}), ["key 1"]),
    (text_of(curves={"mouthSmile": 0.5}), ["key 1", "mouthSmile"]),
    (text_of(curves=[1]), ["curves", "key 1"]),
    (text_of(curves={"jawOpen": float("nan")}), ["NaN"]),
    (text_of(curves={"jawOpen": float("inf")}), ["Infinity"]),
    (text_of(curves={"jawOpen": 10**400}), ["jawOpen"]),
    (text_of(curves={"jawOpen": 1.5}), ["jawOpen", "1.5", "0 to 1"]),
    (text_of(curves={"jawOpen": "0.5"}), ["jawOpen", "not a number"]),
    (text_of(curves={"jawOpen": True}), ["jawOpen", "not a number"]),
    (text_of(time_s=-1), ["time_s", "key 1"]),
    (text_of(time_s=1e9), ["time_s", "key 1"]),
    (text_of(head_deg=[0, 0]), ["head_deg", "3 angles"]),
    (text_of(head_deg=[0, 0, 90]), ["head_deg", "90"]),
    (text_of(gaze_deg=[0, None]), ["gaze_deg", "not a number"]),
    (text_of(mood="happy"), ["key 1", "mood"]),
    (" " * 500_001, ["too many"]),
    ("0 cheerful", ["cheerful"]),
    ("happy", ["happy"]),
    ("0 happy; 0 sad", ["key 2"]),
    ("\n".join(f"{k} sad" for k in range(MAX_KEYS + 1)), [str(MAX_KEYS + 1)]),
], ids=range(32))
def test_what_is_no_expression_is_refused_by_name(text, words):
    with pytest.raises(AvatarError) as caught:
        read_expression(text)
    assert caught.value.hint and all(word in str(caught.value) for word in words)


def test_the_control_what_the_refused_ones_vary_is_fine():
    assert len(read_expression(text_of(curves=dict.fromkeys(BLENDSHAPES, 1.0), head_deg=[25, -25, 0], gaze_deg=[1, 2]))) == 1
    most = write_expression([ExpressionKey(k, dict.fromkeys(BLENDSHAPES, 0.1 + 0.2)) for k in range(MAX_KEYS)])
    assert len(read_expression(most)) == MAX_KEYS
    with pytest.raises(InputError):
        read_expression(most + " " * 500_000)
