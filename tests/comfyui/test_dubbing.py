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


def packets_of(path):
    with av.open(str(path)) as container:
        return [bytes(packet) for packet in container.demux(video=0) if packet.size]


@pytest.mark.parametrize(("untouched", "least", "most"), [("copy", 85, 100), ("encode", 0, 0)])
def test_parts_without_a_new_mouth_are_copied_packet_by_packet(server, prompt_of, untouched, least, most):
    clip = server.base / "input" / "groups.mp4"
    with av.open(str(clip), "w") as out:
        stream = out.add_stream("libx264", rate=25, options={"g": "25", "crf": "20", "preset": "veryfast"})
        stream.height, stream.width = next(read_frames(CLIP))[1].shape[:2]
        for _, picture in read_frames(CLIP):
            out.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        out.mux(stream.encode())
    prompt = prompt_of("dub_video", TA_TextToSpeech=SHORT, TA_VideoMux={"format": "mp4-h264", "untouched": untouched},
                       TA_MouthRenderer={"ranges": "2-3.2", "length": "cut_off"})
    prompt["1"] = {"class_type": "LoadVideo", "inputs": {"file": "groups.mp4"}}
    server.client.run(prompt)
    given, written = packets_of(clip), packets_of(latest(server))
    assert len(written) == len(given) == 141
    assert least <= len(set(given) & set(written)) <= most
    pairs = list(zip(read_frames(latest(server)), read_frames(clip), strict=True))
    same = [(new == old).all() for (_, new), (_, old) in pairs]
    assert (all(same[:50]) and all(same[100:])) == (untouched == "copy") and not all(same[50:80])
