"""A posed face, on the stand-in: what the motion does, and what the picture shows."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from talking_avatar.pipeline_core.arkit import INDEX
from talking_avatar.pipeline_core.errors import InputError
from talking_avatar.pipeline_core.motion.expression_file import MARK
from talking_avatar.pipeline_core.types import SpeechTrack

DETECT = {"face_index": 0, "order": "large-small", "min_confidence": 0.5}
SMILE = {"mouthSmileLeft": 0.9, "mouthSmileRight": 0.9}
CORNERS, MOUTH_MIDDLE, EYES = [61, 291], [13, 14], [33, 263]
"""MediaPipe landmarks."""


def expression(*curves):
    return json.dumps({MARK: 1, "keys": [{"time_s": float(k), "curves": each} for k, each in enumerate(curves)]})


@pytest.fixture(scope="module")
def smiling():
    data = pytest.importorskip("skimage.data")
    return torch.from_numpy(data.astronaut()[:300, 80:380].copy()).float()[None] / 255.0


@pytest.fixture
def photo(classes, comfy, smiling):
    """A face at rest: what the smiling one is without its smile."""
    return made(classes, found(classes, smiling)).args[1]


@pytest.fixture
def face(classes, comfy, photo):
    return found(classes, photo)


def found(classes, image):
    return classes["TA_DetectFace"].execute(source=image, **DETECT).args[0]


def corners_up(classes, image):
    """How high the corners of the mouth stand above its middle, in distances between the eyes."""
    points = found(classes, image).selected_landmarks_px
    span = np.linalg.norm(points[EYES[0], :2] - points[EYES[1], :2])
    return float(points[MOUTH_MIDDLE, 1].mean() - points[CORNERS, 1].mean()) / span


def made(classes, face, text="", hold=0.0, fps=25.0):
    return classes["TA_ExpressionEditor"].execute(face=face, expression=text, fps=fps, hold=hold)


def test_a_smile_lifts_the_corners_of_the_mouth(classes, face, photo):
    image = made(classes, face, expression(SMILE)).args[1]
    assert image.shape == photo.shape
    before, after = corners_up(classes, photo), corners_up(classes, image)
    assert after > before + 0.02
    frown = made(classes, face, expression({"mouthFrownLeft": 0.9, "mouthFrownRight": 0.9})).args[1]
    assert corners_up(classes, frown) < before - 0.02, "the control: the measure tells down from up"


def test_no_expression_gives_the_photo_back(classes, face, photo):
    image = made(classes, face).args[1]
    difference = (image - photo).abs()
    assert difference.mean() < 0.001
    assert (made(classes, face, expression(SMILE)).args[1] - photo).abs().mean() > 3 * difference.mean()


def test_each_key_is_a_picture_and_the_motion_ends_with_the_last(classes, face):
    motion, image, text = made(classes, face, expression({}, SMILE), hold=0.5, fps=10.0).args
    assert len(image) == 2 and not torch.equal(image[0], image[1])
    smile = motion.summed().blendshapes[:, INDEX["mouthSmileLeft"]]
    assert motion.frames == 16 and smile[0] == 0.0 and smile[10:] == pytest.approx(0.9)
    assert json.loads(text)["keys"][1]["curves"] == SMILE


def test_one_key_is_held_under_longer_speech_and_drawn_by_itself(classes, face):
    from talking_avatar.pipeline_core.motion import MotionSettings, generate_motion

    motion = made(classes, face, "0 happy").args[0]
    assert motion.frames == 1
    spoken = generate_motion(SpeechTrack(2.0, "none", "x"), MotionSettings(), base=motion).without("blinks", "idle", "gaze", "prosody")
    assert np.ptp(spoken.summed().blendshapes[:, INDEX["cheekSquintLeft"]]) < 1e-6
    assert spoken.summed().blendshapes[-1, INDEX["cheekSquintLeft"]] == pytest.approx(0.45)
    plan = classes["TA_MouthRenderer"].execute(face=face, motion=made(classes, face, "0 happy", hold=2.0).args[0],
                                               renderer="auto", width=0, height=0).args[0]
    assert plan.frames == 51


def test_transparency_is_kept(classes, comfy, photo):
    mask = torch.zeros(photo.shape[:3])
    mask[:, :, :40] = 1.0
    portrait = classes["TA_LoadPortrait"].execute(image=photo, mask=mask).args[0]
    image = made(classes, found(classes, portrait), expression(SMILE)).args[1]
    assert image.shape[-1] == 4 and image[0, :, :30, 3].max() == 0.0 and image[0, 100:200, 100:200, 3].min() == 1.0


def test_the_page_gets_the_face_and_scripts_do_not(classes, face, monkeypatch):
    assert made(classes, face).ui is None
    monkeypatch.setattr(classes["TA_ExpressionEditor"], "hidden", SimpleNamespace(extra_pnginfo={"workflow": {}}))
    assert made(classes, face).ui["ta_face"][0]["filename"].endswith(".bin")


@pytest.mark.parametrize(("text", "word"), [("{", "JSON"), (expression({"smile": 1}), "smile"), ("0 merry", "merry")])
def test_what_is_no_expression_is_refused_before_anything_runs(classes, text, word):
    answer = classes["TA_ExpressionEditor"].validate_inputs(expression=text)
    assert word in answer and "hint:" in answer
    assert classes["TA_ExpressionEditor"].validate_inputs(expression="0 happy; 2 sad") is True


def test_more_pictures_than_memory_are_refused(classes, face, monkeypatch):
    import comfy.model_management  # noqa: TID251 - the stand-in

    monkeypatch.setattr(comfy.model_management, "get_free_memory", lambda device=None: 3_000_000)
    with pytest.raises(InputError, match="2 frames of 300 x 300"):
        made(classes, face, expression({}, SMILE))
    assert len(made(classes, face, expression(SMILE)).args[1]) == 1
