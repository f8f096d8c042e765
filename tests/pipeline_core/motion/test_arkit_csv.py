"""Performances in the form of Live Link Face, ours and others'."""

from fractions import Fraction

import numpy as np
import pytest
from talking_avatar.pipeline_core.arkit import ARTICULATION_INDEX, BLENDSHAPES, INDEX
from talking_avatar.pipeline_core.errors import InputError
from talking_avatar.pipeline_core.motion import MotionSettings, generate_motion
from talking_avatar.pipeline_core.motion.arkit_csv import COLUMNS, ROTATIONS, arkit_csv, read_arkit_csv

LIPS = ARTICULATION_INDEX["lipClosure"]


@pytest.mark.parametrize("fps", ["60", "30", "25", "24", "30000/1001", "24000/1001"])
def test_a_performance_comes_back(say, fps):
    motion = generate_motion(say.speech_of(say.BOB), MotionSettings(fps=Fraction(fps), emotion="happy"))
    back = read_arkit_csv(arkit_csv(motion))
    assert back.fps == motion.fps and back.frames == motion.frames
    found, wanted = back.summed(), motion.summed()
    looks = [i for name, i in INDEX.items() if name.startswith("eyeLook") or name == "mouthClose"]
    others = [i for i in range(52) if i not in looks]
    assert np.abs(found.blendshapes - wanted.blendshapes)[:, others].max() < 1e-3
    assert np.abs(found.head_deg - wanted.head_deg).max() < 0.01 and np.abs(found.gaze_deg - wanted.gaze_deg).max() < 0.01
    opened = wanted.blendshapes[:, INDEX["jawOpen"]] > 0.03
    assert np.abs(found.articulation - wanted.articulation)[opened, LIPS].max() < 0.02 and wanted.articulation[opened, LIPS].max() > 0.9


def test_the_header_is_the_apps():
    assert len(COLUMNS) == 52 and set(COLUMNS) == {name[0].upper() + name[1:] for name in BLENDSHAPES}
    assert COLUMNS[14:18] == ("JawForward", "JawRight", "JawLeft", "JawOpen") and COLUMNS[-1] == "TongueOut"


def table(codes, names=COLUMNS, value=0.5, rotation=0.1):
    rows = [",".join([code, "61", *[str(value)] * len(names), *[str(rotation)] * 9]) for code in codes]
    return "\n".join([",".join(["Timecode", "BlendShapeCount", *names, *ROTATIONS]), *rows])


@pytest.mark.parametrize(("base", "first"), [(60, 50), (30, 20), (24, 20), (25, 3)])
def test_the_rate_is_read_from_the_time_codes(base, first):
    codes = [f"19:59:{58 + (first + i) // base:02d}:{(first + i) % base:02d}.250" for i in range(base)]
    assert read_arkit_csv(table(codes)).fps == base


def test_a_take_of_less_than_a_second_counts_in_sixtieths():
    assert read_arkit_csv(table([f"00:00:00:{i:02d}.000" for i in range(20)])).fps == 60


def test_takes_over_midnight_dropped_frames_and_repeats():
    codes = ["23:59:59:58.0", "23:59:59:59.0", "23:59:59:59.0", "00:00:00:00.0", "00:00:00:03.0", "00:00:00:04.0", "00:00:01:00.0"]
    motion = read_arkit_csv(table(codes))
    assert motion.fps == 60 and motion.frames == pytest.approx(63, abs=1)


def test_other_programs_names_percent_degrees_and_seconds():
    names = [name.replace("Left", "_L").replace("Right", "_R") for name in BLENDSHAPES]
    rows = "\n".join(f"{i / 30}," + ",".join(["50"] * 52) + ",-20,10,5" for i in range(30))
    layer = read_arkit_csv("time," + ",".join(names) + ",HeadYaw,HeadPitch,HeadRoll\n" + rows).layers[0]
    assert layer.blendshapes[:, INDEX["eyeBlinkLeft"]] == pytest.approx(0.5)
    assert layer.head_deg[3] == pytest.approx([-20, -10, -5])


def test_rows_without_a_face_hold_the_last_one():
    lines = table([f"00:00:00:{i:02d}.0" for i in range(10)]).splitlines()
    lines[5] = "00:00:00:04.0,0"
    assert read_arkit_csv("\n".join(lines)).layers[0].blendshapes[:, INDEX["jawOpen"]] == pytest.approx(0.5)


def test_lips_that_take_back_the_jaw_are_in_contact():
    names = ["JawOpen", "MouthClose", *COLUMNS[:12]]
    layer = read_arkit_csv(table([f"00:00:00:{i:02d}.0" for i in range(5)], names)).layers[0]
    assert layer.articulation[:, LIPS] == pytest.approx(1.0) and layer.blendshapes[:, INDEX["mouthClose"]] == pytest.approx(0.0)


GOOD = table([f"00:00:00:{i:02d}.000" for i in range(5)])


@pytest.mark.parametrize("bad", [
    "", "hello", "a,b\n1,2", "Timecode,JawOpen\n00:00:00:00,1", GOOD.splitlines()[0], GOOD.replace("00:00:00:02.000", "soon"),
    GOOD.replace("0.5", "nan"), GOOD.replace("0.5", "x"), GOOD.replace("Timecode", "Marks"), GOOD.replace("00:00:00:04", "13:00:00:04"),
    GOOD.replace("Timecode", '"Timecode'), "x," * 5000, "\x00,\x00\n\x00,\x00"], ids=range(13))
def test_broken_and_hostile_tables_are_refused(bad):
    with pytest.raises(InputError, match="cannot be used") as error:
        read_arkit_csv(bad)
    assert error.value.hint and len(error.value.message) < 300


def test_the_good_table_is_read():
    assert read_arkit_csv(GOOD).frames == 5
