"""The nodes on a stand-in for ComfyUI."""

import importlib
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

FAKES = Path(__file__).resolve().parent.parent / "fakes"
NODE_IDS = ("TA_LoadPortrait", "TA_DetectFace", "TA_TextToSpeech", "TA_AudioToVisemes", "TA_MotionGenerator",
            "TA_MouthRenderer", "TA_BlendAndIdle", "TA_VideoMux", "TA_TalkingAvatar", "TA_LoadSpeech", "TA_FramesToImages",
            "TA_LoadMotion", "TA_SplitSpeakers", "TA_JoinRenders", "TA_LoadVideo", "TA_MotionFromVideo")


@pytest.fixture(scope="session")
def pack():
    """The module talking_avatar.nodes, imported on the stand-in."""
    sys.path.insert(0, str(FAKES))
    return importlib.import_module("talking_avatar.nodes")


@pytest.fixture(scope="session")
def classes(pack):
    """Node id -> node class."""
    import asyncio

    found = asyncio.run(pack.TalkingAvatarExtension().get_node_list())
    return {cls.define_schema().node_id: cls for cls in found}


@pytest.fixture
def comfy(pack, tmp_path):
    """The stand-in's folder_paths, with fresh folders."""
    import folder_paths  # noqa: TID251 - the stand-in

    folder_paths.base = tmp_path
    for name in ("input", "output", "temp"):
        (tmp_path / name).mkdir()
    return folder_paths


@pytest.fixture
def small():
    """The head of the sample as IMAGE: small, so that it is quick."""
    data = pytest.importorskip("skimage.data")
    return torch.from_numpy(data.astronaut()[:260, 90:350].copy()).float()[None] / 255.0


@pytest.fixture
def audio():
    """A little more than half a second of a buzz with syllables."""
    t = np.arange(9600) / 16000
    return {"waveform": torch.from_numpy(np.sin(t * 900) * np.sin(t * 20) * 0.4).float()[None, None],
            "sample_rate": 16000}


@pytest.fixture
def own_cache(monkeypatch):
    """A cache that no other test has a hand in."""
    from talking_avatar.pipeline_core import cache

    monkeypatch.setattr(cache, "_SHARED", cache.Cache())
    return cache.shared()
