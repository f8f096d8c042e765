"""The sample clip says what its script lets it say, over the portrait that it names."""

import numpy as np
import pytest
from talking_avatar.models import register_all
from talking_avatar.models.samples import CLIPS, PORTRAITS, sample_portrait
from talking_avatar.pipeline_core.host import PlainHost
from talking_avatar.pipeline_core.media.audio import load_sound, resample
from talking_avatar.pipeline_core.media.video import read_frames
from talking_avatar.pipeline_core.speech import synthesize
from talking_avatar.tests.tools.loading import load


@pytest.fixture(scope="module")
def tool():
    return load("build_sample_clip.py")


def likeness(one, other):
    """Correlation of the loudness of two sounds over time."""
    count = min(len(one), len(other)) // 160 * 160
    loud = [np.sqrt(np.mean(np.square(x[:count].reshape(-1, 160)), axis=1)) for x in (one, other)]
    return float(np.corrcoef(*loud)[0, 1])


def test_its_words_are_those_of_the_script(tool):
    register_all()
    spoken = resample(load_sound(tool.CLIP), 16000).mono
    said, _ = synthesize(tool.TEXT, voice=tool.VOICE, speed=1.0, host=PlainHost())
    said = resample(said, 16000).mono
    assert likeness(spoken, said) > 0.98
    assert likeness(spoken, said[::-1]) < 0.5, "the control"


def test_its_picture_is_that_of_the_portrait(tool):
    from PIL import Image

    photo = Image.fromarray(np.ascontiguousarray(sample_portrait(next(iter(PORTRAITS))).image[tool.BOX]))
    photo = np.asarray(photo.resize((tool.SIDE_PX, tool.SIDE_PX), Image.Resampling.LANCZOS)).astype(float)
    _, frame = next(read_frames(tool.CLIP))
    assert np.abs(frame - photo).mean() < 8
    assert np.abs(frame[:, ::-1] - photo).mean() > 30, "the control"
    assert tool.CLIP.name in CLIPS.values()
