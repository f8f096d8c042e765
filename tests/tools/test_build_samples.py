"""The samples are what their script makes of its sources."""

import io

import av
import numpy as np
import pytest
from PIL import Image
from talking_avatar.tests.tools.loading import load, needs

ARCHIVE, needs_archive = needs("pocketsphinx==5.1.1", source=True)


@pytest.fixture(scope="module")
def tool():
    return load("build_samples.py")


def pixels(file):
    return np.asarray(Image.open(file)).astype(int)


def sound_of(file):
    with av.open(file) as container:
        return np.concatenate([frame.to_ndarray()[0] for frame in container.decode(audio=0)])


def test_the_portrait_is_that_of_scikit_image(tool):
    made = pixels(io.BytesIO(tool.portrait_file(tool.read_portrait())))
    shipped = pixels(tool.PORTRAIT)
    # JPEG libraries round differently, by a grey level here and there.
    assert np.abs(made - shipped).max() <= 4 and np.abs(shipped - tool.read_portrait()).mean() < 2.0


def test_the_mask_is_found_again(tool):
    made, shipped = tool.person_mask(tool.read_portrait()) > 0, pixels(tool.MASK) > 0
    assert (made & shipped).sum() / (made | shipped).sum() > 0.995
    # The control: another picture has another mask.
    other = tool.person_mask(tool.read_portrait()[:, ::-1].copy()) > 0
    assert (other & shipped).sum() / (other | shipped).sum() < 0.99


@needs_archive
def test_the_recording_has_the_samples_of_its_source(tool):
    assert np.array_equal(sound_of(io.BytesIO(tool.speech_file(ARCHIVE))), sound_of(str(tool.SPEECH)))
