"""Split Speakers and Join Renders on the stand-in."""

from fractions import Fraction

import numpy as np
import pytest
import torch
from talking_avatar.pipeline_core.errors import InputError, SettingError
from talking_avatar.pipeline_core.render.join import JoinedPlan
from talking_avatar.pipeline_core.render.plan import plan_render
from talking_avatar.pipeline_core.render.settings import RenderSettings
from talking_avatar.pipeline_core.types import FaceTrack, MotionLayer, MotionTrack, Portrait

RATE_HZ = 8000


@pytest.fixture
def audio():
    samples = np.random.default_rng(0).uniform(0.1, 0.5, 4 * RATE_HZ).astype(np.float32)
    return {"waveform": torch.from_numpy(samples)[None, None], "sample_rate": RATE_HZ}


def photo_face(selected, count=2):
    rng = np.random.default_rng(0)
    points = np.stack([rng.uniform((40 + 90 * i, 30, 0), (80 + 90 * i, 80, 9), (478, 3)) for i in range(count)])
    photo = Portrait(np.full((120, 60 + 90 * count, 3), 90, np.uint8))
    return FaceTrack(photo.width_px, 120, points[None].astype(np.float32), np.ones((1, count), np.float32), tuple(range(count)),
                     selected, portrait=photo)


def test_each_output_is_one_face(classes, comfy, audio):
    *sounds, report = classes["TA_SplitSpeakers"].execute(audio=audio, table="0-1.5 2 / 1.5-4 0", faces="2, 0").args
    assert [sound["waveform"].shape for sound in sounds] == [audio["waveform"].shape] * 4
    first, second, third, fourth = (sound["waveform"][0, 0] for sound in sounds)
    assert torch.equal(first[:11000], audio["waveform"][0, 0, :11000]) and not first[13000:].any()
    assert torch.equal(second[13000:], audio["waveform"][0, 0, 13000:]) and not second[:11000].any()
    assert not third.any() and not fourth.any()
    assert classes["TA_SplitSpeakers"].execute(audio=audio, table=report, faces="2, 0").args[-1] == report


def test_what_does_not_fit_is_explained(classes, comfy, audio):
    run = classes["TA_SplitSpeakers"].execute
    with pytest.raises(InputError, match="neither a table"):
        run(audio=audio)
    with pytest.raises(InputError, match="neither a table"):
        run(audio=audio, face=photo_face(0))
    with pytest.raises(SettingError, match=r"face 2, but there is only 0 to 1"):
        run(audio=audio, face=photo_face(0), table="0-1 2")
    with pytest.raises(SettingError, match="face 3 speaks"):
        run(audio=audio, table="0-1 3", faces="0, 1")


def test_renders_become_one(classes, comfy):
    motion = MotionTrack(Fraction(25), 0.4, (MotionLayer.zeros("speech", 10),))
    a, b, c = (plan_render(photo_face(i, 3), motion, RenderSettings()) for i in range(3))
    joined = classes["TA_JoinRenders"].execute(a=a, b=b).args[0]
    assert isinstance(joined, JoinedPlan) and [part.face.selected for part in joined.parts] == [0, 1]
    three = classes["TA_JoinRenders"].execute(a=joined, b=c).args[0]
    assert [part.face.selected for part in three.parts] == [0, 1, 2] and three.size_px == a.size_px
    with pytest.raises(InputError, match="same face"):
        classes["TA_JoinRenders"].execute(a=a, b=b, d=b)
