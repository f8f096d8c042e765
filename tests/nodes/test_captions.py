"""Captions and Lines Table on the stand-in."""

from fractions import Fraction

import numpy as np
import pytest
from talking_avatar.pipeline_core.errors import InputError, UnreadableMedia
from talking_avatar.pipeline_core.render.join import join
from talking_avatar.pipeline_core.render.plan import plan_render, replaced
from talking_avatar.pipeline_core.render.settings import RenderSettings
from talking_avatar.pipeline_core.types import (
    FaceTrack,
    MotionLayer,
    MotionTrack,
    Portrait,
    SpeechTrack,
    Word,
)

LOOK = {"style": "box", "place": "top", "size": 1.0, "color": "#ffe14d", "in_picture": True}
SPOKEN = SpeechTrack(duration_s=1.0, source="tts", engine="test", words=(Word("Hello", 0.1, 0.4), Word("you", 0.4, 0.8)))


def plan(selected=0):
    rng = np.random.default_rng(0)
    points = np.stack([rng.uniform((40 + 90 * i, 30, 0), (80 + 90 * i, 80, 9), (478, 3)) for i in range(2)])
    face = FaceTrack(240, 120, points[None].astype(np.float32), np.ones((1, 2), np.float32), (0, 1), selected,
                     portrait=Portrait(np.full((120, 240, 3), 90, np.uint8)))
    return plan_render(face, MotionTrack(Fraction(25), 1.0, (MotionLayer.zeros("speech", 25),)), RenderSettings())


def test_the_plan_gets_the_captions_and_the_text_is_srt(classes, comfy):
    before = plan()
    after, srt = classes["TA_Captions"].execute(render=before, speech=SPOKEN, **LOOK).args
    assert before.captions is None and [word.text for word in after.captions.lines[0]] == ["Hello", "you"]
    assert srt == "1\n00:00:00,100 --> 00:00:00,800\nHello you\n"
    assert '"#ffe14d"' in after.to_json() and after.to_json() != before.to_json()
    left, again = classes["TA_Captions"].execute(render=before, speech=SPOKEN, **{**LOOK, "in_picture": False}).args
    assert left is before and again == srt


def test_frames_that_come_back_hold_the_captions_already(classes, comfy):
    after = classes["TA_Captions"].execute(render=plan(), speech=SPOKEN, **LOOK).args[0]

    class Batch:
        size_px = (240, 120)

        def __len__(self):
            return 25

        def __getitem__(self, index):
            return np.zeros((120, 240, 3), np.uint8)

    assert replaced(after, Batch()).captions is None


def test_captions_before_a_join_are_not_lost_silently(classes, comfy):
    captioned = classes["TA_Captions"].execute(render=plan(), speech=SPOKEN, **LOOK).args[0]
    assert "put Captions behind Join Renders" in " ".join(join([captioned, plan(1)]).warnings)
    assert join([plan(), plan(1)]).warnings == ()


def test_looks_are_checked_before_anything_runs(classes, comfy):
    check = classes["TA_Captions"].validate_inputs
    assert check(style="box", place="top", color="#fff000") is True and check() is True
    assert "neon" in check(style="neon") and "red" in check(color="red")
    with pytest.raises(InputError, match="not known what is said"):
        classes["TA_Captions"].execute(render=plan(), speech=SpeechTrack(1.0, "acoustic", "test"), **LOOK)


def test_a_table_becomes_lists(classes, comfy):
    node = classes["TA_LinesTable"]
    texts, names, moods = node.execute(file="the table below", table="name,text,mood\nann,Hi.,sad\n,Yes.,\n", folder="/a/b/").args
    assert (texts, names, moods) == (["Hi.", "Yes."], ["a/b/ann", "a/b/line 002"], ["0 sad", ""])
    assert all(output.is_output_list for output in node.define_schema().outputs)
    assert node.validate_inputs(file="the table below") is True and "gone.csv" in node.validate_inputs(file="gone.csv")
    with pytest.raises(UnreadableMedia, match=r"gone\.csv"):
        node.execute(file="gone.csv", table="", folder="")
