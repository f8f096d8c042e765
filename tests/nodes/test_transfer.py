"""A filmed face moves a portrait, on the stand-in."""

from fractions import Fraction

import numpy as np
import pytest
import torch
from talking_avatar.pipeline_core import registry
from talking_avatar.pipeline_core.arkit import BLENDSHAPES, INDEX
from talking_avatar.pipeline_core.errors import InputError, NoFaceFound, SettingError
from talking_avatar.pipeline_core.types import HeadTrack, MotionLayer, MotionTrack
from talking_avatar.tests.pipeline_core.media.making import MS, clip

STRENGTHS = {"mouth": 1.0, "brows": 1.0, "eyes": 1.0, "head": 1.0, "gaze": 1.0}
REST = {**STRENGTHS, "neutral_s": -1.0, "face_index": 0, "fps": 25.0}


class Tracker:
    """Measures nothing: an open jaw that grows, frame by frame."""

    def track(self, face, host):
        count = len(face.landmarks_px)
        shapes = np.zeros((count, 52), np.float32)
        shapes[:, INDEX["jawOpen"]] = np.linspace(0, 0.5, count)
        zeros = np.zeros((count, 3))
        return HeadTrack(face.fps, shapes, zeros, zeros, zeros[:, :2], zeros[:, :2] + 0.3, zeros[:, :2] + 0.1,
                         face.score_ratio[:, face.selected] > 0)


@pytest.fixture(autouse=True)
def tracker(monkeypatch):
    kept = {key: value for key, value in registry._BACKENDS.items() if key[0] != "tracker"}
    monkeypatch.setattr(registry, "_BACKENDS", kept)
    registry.register(registry.Backend("tracker", "grow", "Grow", Tracker, "MIT", True))


@pytest.fixture
def node(classes, comfy):
    return classes["TA_MotionFromVideo"]


@pytest.fixture
def given():
    points = np.random.default_rng(0).uniform(100, 200, (478, 2)).astype(np.float32)
    shapes = dict.fromkeys(BLENDSHAPES, 0.0)
    return {"frames": [[{"landmarks_xy": points, "blendshapes": {**shapes, "mouthPucker": k / 10}}] for k in range(10)],
            "image_size": (300, 300)}


IMAGES = torch.full((10, 300, 300, 3), 0.5)


def test_pictures_with_landmarks_become_motion(node, given):
    motion, curves = node.execute(driver=IMAGES, landmarks=given, **{**REST, "fps": 29.97}).args
    assert motion.fps == Fraction(30000, 1001) and motion.frames == 10 and curves.shape[-1] == 3
    jaw = motion.summed().blendshapes[:, INDEX["jawOpen"]]
    assert jaw[-1] > 0.2 and jaw[0] == 0.0


def test_the_drivers_sound_begins_with_its_first_picture(node, given, tmp_path):
    from comfy_api.latest import InputImpl  # noqa: TID251 - the stand-in

    late = clip(tmp_path / "late.mkv", 10, ticks=[200 + 40 * i for i in range(10)], time_base=MS, tracks=[("pcm_s16le", 440)])
    even = clip(tmp_path / "even.mkv", 10, tracks=[("pcm_s16le", 440)])
    heard = [node.execute(driver=InputImpl.VideoFromFile(str(path)), landmarks=given, **REST).args[0].sound for path in (late, even)]
    assert heard[1].duration_s - heard[0].duration_s == pytest.approx(0.2, abs=0.002)
    silent = clip(tmp_path / "silent.mkv", 10)
    assert node.execute(driver=InputImpl.VideoFromFile(str(silent)), landmarks=given, **REST).args[0].sound is None


def test_their_own_shapes_may_count(node, given):
    motion = node.execute(driver=IMAGES, landmarks=given, shapes="landmarks' own", **REST).args[0]
    shapes = motion.summed().blendshapes
    assert shapes[-1, INDEX["mouthPucker"]] > 0.3 and not shapes[:, INDEX["jawOpen"]].any()
    with pytest.raises(InputError, match="no landmarks"):
        node.execute(driver=IMAGES, shapes="landmarks' own", **REST)


def test_a_face_that_is_missing_in_between_is_no_error(node, given):
    given["frames"][4] = []
    assert node.execute(driver=IMAGES, landmarks=given, **REST).args[0].frames == 10
    with pytest.raises(NoFaceFound):
        node.execute(driver=IMAGES, landmarks={**given, "frames": [[]] * 10}, **REST)


def test_a_recorded_performance_gets_the_strengths(node):
    layer = MotionLayer.zeros("driving", 5)
    take = MotionTrack(Fraction(25), 0.2, (MotionLayer("driving", layer.blendshapes + np.float32(0.5), layer.articulation,
                                                       layer.head_deg + np.float32(8), layer.head_shift, layer.gaze_deg),))
    motion = node.execute(driver=take, **{**REST, "head": 0.5, "brows": 0.0}).args[0].summed()
    assert motion.head_deg[0].tolist() == [4.0, 4.0, 4.0] and motion.blendshapes[0, INDEX["browInnerUp"]] == 0.0
    assert motion.blendshapes[0, INDEX["jawOpen"]] == 0.5


def test_wrong_settings_are_said_before_or_at_once(node, given):
    assert node.validate_inputs(fps=25.0) is True and "hint:" in node.validate_inputs(fps=500.0)
    with pytest.raises(SettingError, match="after the end"):
        node.execute(driver=IMAGES, landmarks=given, **{**REST, "neutral_s": 99.0})
