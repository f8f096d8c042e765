"""A video gets new words in a real ComfyUI: the shipped workflow, and ComfyUI's own way to load a video."""

import shutil

import av
import numpy as np
import pytest
from talking_avatar.models.samples import ASSETS
from talking_avatar.pipeline_core.media.video import read_frames

pytestmark = pytest.mark.comfyui
CLIP = ASSETS / "sample_clip.mp4"
LOSSLESS = {"format": "mkv-ffv1-flac"}
SHORT = {"text": "Bob may bake."}


def changes(path):
    """Where the result differs from the sample, over all frames [shape=(N, H, W)]."""
    pairs = zip(read_frames(path), read_frames(CLIP), strict=True)
    return np.stack([(new != old).any(axis=2) for (_, new), (_, old) in pairs])


def latest(server):
    """The file that Video Mux wrote last; the page shows another one, because browsers cannot play it."""
    return max(server.output.glob("talking_avatar/dubbed*"), key=lambda file: file.stat().st_mtime)


def test_the_workflow_changes_the_mouth_and_nothing_else(server, prompt_of):
    server.client.run(prompt_of("dub_video", TA_TextToSpeech=SHORT, TA_VideoMux=LOSSLESS))
    path = latest(server)
    different = changes(path)
    assert len(different) == 141 and different.any(axis=(1, 2)).mean() > 0.9
    rows, columns = np.flatnonzero(different.any(axis=(0, 2))), np.flatnonzero(different.any(axis=(0, 1)))
    height, width = different.shape[1:]
    assert rows[-1] - rows[0] < 0.4 * height and columns[-1] - columns[0] < 0.4 * width, "the lower face alone"
    with av.open(str(path)) as container:
        assert container.streams.video[0].average_rate == 25 and len(container.streams.audio) == 1


def test_one_line_of_a_video_of_comfyui_s_own_loader(server, prompt_of):
    shutil.copy(CLIP, server.base / "input" / "clip.mp4")
    prompt = prompt_of("dub_video", TA_TextToSpeech=SHORT, TA_VideoMux=LOSSLESS,
                       TA_MouthRenderer={"ranges": "2-3.2", "length": "cut_off"})
    prompt["1"] = {"class_type": "LoadVideo", "inputs": {"file": "clip.mp4"}}
    server.client.run(prompt)
    touched = changes(latest(server)).any(axis=(1, 2))
    assert touched[50:80].any() and not touched[:50].any() and not touched[80:].any()
