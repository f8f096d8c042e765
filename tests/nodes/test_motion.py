"""Performances that come from files."""

import numpy as np
import pytest
from talking_avatar.pipeline_core.arkit import INDEX
from talking_avatar.pipeline_core.errors import InputError, UnreadableMedia
from talking_avatar.pipeline_core.motion import MotionSettings, generate_motion
from talking_avatar.pipeline_core.motion.arkit_csv import COLUMNS
from talking_avatar.pipeline_core.types import SpeechTrack

HEADER = ",".join(["Timecode", "BlendshapeCount", *COLUMNS, "HeadYaw", "HeadPitch", "HeadRoll"])


@pytest.fixture
def node(classes, comfy, tmp_path):
    rows = [f"00:00:0{i // 60}:{i % 60:02d}.0,55," + ",".join(["0.5"] * 52) + ",0.3,0.2,0.1" for i in range(90)]
    (tmp_path / "input" / "take.CSV").write_text("\n".join([HEADER, *rows]))
    (tmp_path / "input" / "notes.txt").write_text("x")
    (tmp_path / "secret.csv").write_text(HEADER)
    return classes["TA_LoadMotion"]


def test_a_take_becomes_motion_and_a_picture(node):
    assert node.define_schema().inputs[0].options["options"] == ["take.CSV"] and node.validate_inputs(file="take.CSV") is True
    motion, curves = node.execute(file="take.CSV").args
    assert motion.frames == 90 and motion.fps == 60 and curves.shape[-1] == 3
    assert np.abs(motion.summed().head_deg).max() < 1e-3
    recorded = node.execute(file="take.CSV", center_head=False).args[0].summed().head_deg[0]
    assert recorded == pytest.approx(np.degrees([0.3, -0.2, -0.1]), abs=1e-3)


def test_a_take_drives_head_and_brows_and_leaves_the_lips_to_the_speech(node):
    take = node.execute(file="take.CSV", center_head=False).args[0]
    motion = generate_motion(SpeechTrack(1.0, "none", "x"), MotionSettings(), driving=take)
    driving = next(layer for layer in motion.layers if layer.name == "driving")
    assert driving.head_deg[5] == pytest.approx(take.layers[0].head_deg[5], abs=1e-3)
    assert driving.blendshapes[:, INDEX["browInnerUp"]].min() == pytest.approx(0.5)
    assert driving.blendshapes[:, INDEX["jawOpen"]].max() == 0.0 and not driving.articulation.any()


@pytest.mark.parametrize("file", ["", "nowhere.csv", "../secret.csv"])
def test_files_that_are_not_there_or_not_ours(node, file):
    answer = node.validate_inputs(file=file)
    assert isinstance(answer, str) and "hint:" in answer
    with pytest.raises(UnreadableMedia):
        node.execute(file=file)


def test_a_table_that_is_no_face(node, tmp_path):
    (tmp_path / "input" / "cells.csv").write_text("a,b\n1,2")
    with pytest.raises(InputError, match="0 of ARKit"):
        node.execute(file="cells.csv")


def test_a_changed_take_is_read_again(node, tmp_path):
    before = node.fingerprint_inputs(file="take.CSV")
    (tmp_path / "input" / "take.CSV").write_text(HEADER)
    assert node.fingerprint_inputs(file="take.CSV") != before
