"""The samples are what their script makes of its sources."""

import importlib.util
import io
import sys
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def tool():
    spec = importlib.util.spec_from_file_location("tested_build_samples", ROOT / "tools" / "build_samples.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


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


def test_the_recording_has_the_samples_of_its_source(tool):
    archive = tool.WHEELS / tool.ARCHIVE
    if not archive.is_file():
        pytest.skip(f"the source is not on this machine: pip download --no-binary :all: --dest .local/wheels {tool.REQUIREMENT}")
    assert np.array_equal(sound_of(io.BytesIO(tool.speech_file(archive))), sound_of(str(tool.SPEECH)))
