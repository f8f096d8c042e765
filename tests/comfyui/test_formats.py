"""Every format, written by a real ComfyUI."""

import pytest
from talking_avatar.cli.comfy_client import node_output_folder_file
from talking_avatar.pipeline_core.media.encode import find_format, usable_formats
from talking_avatar.tests import decoding

pytestmark = pytest.mark.comfyui
GREY = 120


def graph(name, **more):
    return {
        "1": {"class_type": "EmptyImage", "inputs": {
            "width": 64, "height": 64, "batch_size": 12, "color": GREY * 0x010101}},
        "2": {"class_type": "LoadAudio", "inputs": {"audio": "speech.wav"}},
        "3": {"class_type": "TA_VideoMux", "inputs": {
            "source": ["1", 0], "audio": ["2", 0], "filename_prefix": f"kinds/{name}", "fps": 25, "crf": 18,
            "preset": "veryfast", "save_output": True, "format": name}},
        **more,
    }


def test_every_format_is_written_and_shown(server):
    for name in usable_formats():
        record = server.client.run(graph(name))
        form = find_format(name)
        path = server.output / "kinds" / f"{name}_00001_{form.ending}"
        seen = decoding.pictures(path, form)
        # 25 frames, so that a second of sound is not cut; WebP holds equal pictures once.
        assert len(seen) == (1 if name == "webp" else 25), name
        assert abs(seen[-1][1][..., :3].mean() - GREY) < 2.5, name
        [shown] = record["outputs"]["3"]["images"]
        assert shown["type"] == ("output" if form.plays_in_browser or name == "webp" else "temp"), name


def test_nodes_behind_a_gif_are_stopped_and_behind_a_video_run(server):
    save = {"class_type": "SaveVideo", "inputs": {"video": ["3", 0], "filename_prefix": "behind/a", "format": "auto",
                                                  "codec": "auto"}}
    assert list(server.client.run(graph("gif", **{"4": save}))["outputs"]) == ["3"]
    record = server.client.run(graph("webm-vp9", **{"4": save}))
    assert "4" in record["outputs"]
    shown = record["outputs"]["4"]["images"][0]
    assert node_output_folder_file(server.output, shown).stat().st_size > 0
