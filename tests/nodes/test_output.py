import json
import os
from types import SimpleNamespace

import av
import pytest
import torch
from PIL import Image
from talking_avatar.pipeline_core.errors import InputError, OutputError, SettingError

DEFAULTS = {"filename_prefix": "clips/a", "fps": 25.0, "crf": 23, "preset": "ultrafast", "save_output": True}


@pytest.fixture
def node(classes, comfy, monkeypatch):
    cls = classes["TA_VideoMux"]
    monkeypatch.setattr(cls, "hidden", SimpleNamespace(prompt={"1": {}}, extra_pnginfo={"workflow": {"nodes": []}}))
    return cls


def ramp(count):
    return torch.linspace(0, 1, count)[:, None, None, None].expand(count, 36, 64, 3)


def buzz(seconds):
    return {"waveform": torch.rand((1, 1, int(16000 * seconds))) - 0.5, "sample_rate": 16000}


def opened(path):
    with av.open(path) as container:
        shades = [frame.to_ndarray(format="rgb24").mean() for frame in container.decode(video=0)]
        return shades, dict(container.metadata), [stream.type for stream in container.streams]


def test_images_and_sound_become_a_file_that_the_page_can_show(node, tmp_path):
    result = node.execute(source=ramp(5), audio=buzz(0.2), **DEFAULTS)
    video, path = result.args
    assert path == video.get_stream_source() == str(tmp_path / "output" / "clips" / "a_00001_.mp4")
    assert result.ui.values == [{"filename": "a_00001_.mp4", "subfolder": "clips", "type": "output"}]
    shades, tags, kinds = opened(path)
    assert len(shades) == 5 and sorted(kinds) == ["audio", "video"]
    assert json.loads(tags["prompt"]) == {"1": {}} and json.loads(tags["workflow"]) == {"nodes": []}


@pytest.mark.parametrize("shape", [(4, 36, 64, 1), (4, 36, 64, 2), (36, 64, 3), (36, 64), (4, 36, 64)])
def test_images_of_any_usual_shape_are_written(node, shape):
    shades, *_ = opened(node.execute(source=torch.full(shape, 0.5), **DEFAULTS).args[1])
    assert len(shades) == (4 if shape[0] == 4 else 1)


def test_the_last_picture_is_held_until_the_sound_ends(node):
    shades, *_ = opened(node.execute(source=ramp(3), audio=buzz(0.4), **DEFAULTS).args[1])
    assert len(shades) == 10
    assert max(shades[2:]) - min(shades[2:]) < 3


def test_names_count_up_and_temporary_files_go_to_temp(node, tmp_path):
    paths = [node.execute(source=ramp(2), **DEFAULTS).args[1] for _ in range(2)]
    assert [p[-12:] for p in paths] == ["a_00001_.mp4", "a_00002_.mp4"]
    result = node.execute(source=ramp(2), **{**DEFAULTS, "save_output": False})
    assert result.args[1].startswith(str(tmp_path / "temp")) and result.ui.values[0]["type"] == "temp"


def test_metadata_can_be_switched_off(node, monkeypatch):
    from comfy.cli_args import args  # noqa: TID251 - the stand-in

    monkeypatch.setattr(args, "disable_metadata", True)
    assert "workflow" not in opened(node.execute(source=ramp(2), **DEFAULTS).args[1])[1]


@pytest.mark.parametrize(("changes", "error"), [
    ({"filename_prefix": "../../escape"}, OutputError),
    ({"fps": 0.0}, SettingError),
    ({"preset": "zzz"}, SettingError),
    ({"crf": 99}, SettingError),
    ({"source": torch.zeros((0, 36, 64, 3))}, InputError),
])
def test_bad_settings_leave_no_file(node, tmp_path, changes, error):
    with pytest.raises(error, match="hint:"):
        node.execute(**{"source": ramp(2), **DEFAULTS, **changes})
    assert not list(tmp_path.rglob("*.mp4")) and not list(tmp_path.rglob("*.part"))


def test_cancel_leaves_no_file_and_the_next_run_works(node, tmp_path, monkeypatch):
    import comfy.model_management as management  # noqa: TID251 - the stand-in

    monkeypatch.setattr(management, "interrupted", True)
    with pytest.raises(management.InterruptProcessingException):
        node.execute(source=ramp(50), **DEFAULTS)
    assert not [p for p in tmp_path.rglob("*") if p.is_file()]
    assert len(opened(node.execute(source=ramp(4), **DEFAULTS).args[1])[0]) == 4


def test_progress_runs_to_the_end(node):
    import comfy.utils  # noqa: TID251 - the stand-in

    node.execute(source=ramp(6), **DEFAULTS)
    assert comfy.utils.bars[-1].steps[-1] == (6, 6)


def test_old_graphs_get_an_mp4(node):
    assert node.execute(source=ramp(2), **DEFAULTS).args[1].endswith("a_00001_.mp4")
    widgets = [s.id for s in node.define_schema().inputs if s.is_widget]
    assert widgets[-3:] == ["format", "untouched", "other_audio"]  # new ones come last


@pytest.mark.parametrize(("name", "ending"), [("webm-vp9", ".webm"), ("mov-prores4444", ".mov"), ("mkv-ffv1-flac", ".mkv")])
def test_every_container_gives_a_video(node, name, ending):
    video, path = node.execute(source=ramp(4), audio=buzz(0.16), format=name, **DEFAULTS).args
    assert path.endswith(f"a_00001_{ending}") and video.get_stream_source() == path
    shades, _, kinds = opened(path)
    assert len(shades) == 4 and sorted(kinds) == ["audio", "video"]


@pytest.mark.parametrize("name", ["png-sequence", "gif", "webp"])
def test_what_is_no_video_stops_the_nodes_behind_it_with_a_reason(node, name):
    blocked, path = node.execute(source=ramp(3), format=name, **DEFAULTS).args
    assert name in blocked.message and "path" in blocked.message
    assert os.path.exists(path)


@pytest.mark.parametrize(("name", "own"), [
    ("webm-vp9-alpha", True), ("webp", True), ("mov-h264-pcm", False), ("mkv-h264-flac", False), ("gif", False),
    ("png-sequence", False),
])
def test_the_page_shows_what_it_can_play(node, tmp_path, name, own):
    result = node.execute(source=ramp(3), format=name, **{**DEFAULTS, "filename_prefix": "clips/png_webp"})
    [shown] = result.ui.values
    if own:
        assert shown == {"filename": os.path.basename(result.args[1]), "subfolder": "clips", "type": "output"}
    else:  # the page takes a name with "png" or "webp" in it for a picture
        assert shown["type"] == "temp" and shown["filename"].endswith(".mp4")
        assert "png" not in shown["filename"] and "webp" not in shown["filename"]
        assert len(opened(str(tmp_path / "temp" / shown["filename"]))[0]) == 3


def test_a_transparent_batch_stays_transparent(node):
    images = torch.cat([ramp(2), torch.full((2, 36, 64, 1), 0.5)], -1)
    path = node.execute(source=images, format="png-sequence", **DEFAULTS).args[1]
    assert Image.open(os.path.join(path, "frame_00002.png")).getchannel("A").getextrema() == (128, 128)


def test_a_format_of_ones_own_is_offered(node, tmp_path):
    folder = tmp_path / "models" / "talking_avatar" / "formats"
    folder.mkdir(parents=True)
    (folder / "mine.json").write_text(json.dumps(
        {"title": "Mine", "container": "mkv", "video": {"codec": "libx264", "pixel_format": "yuv444p"}}))
    assert node.validate_inputs(format="mine") is True
    assert "mine" in next(s for s in node.define_schema().inputs if s.id == "format").options["options"]
    assert node.execute(source=ramp(2), format="mine", **DEFAULTS).args[1].endswith(".mkv")


def test_an_unknown_format_is_refused_before_anything_runs(node, tmp_path):
    assert "unknown format 'zzz'" in node.validate_inputs(format="zzz")
    with pytest.raises(SettingError):
        node.execute(source=ramp(2), format="../mp4-h264", **DEFAULTS)
    assert not [p for p in tmp_path.rglob("*") if p.is_file()]


@pytest.mark.parametrize("prefix", ["x" * 300, "a\0b", "/etc/a", "y" * 300 + "/a"])
def test_names_that_cannot_be_written_are_said(node, tmp_path, prefix):
    with pytest.raises(OutputError, match="hint:"):
        node.execute(source=ramp(2), **{**DEFAULTS, "filename_prefix": prefix})
    assert not [p for p in tmp_path.rglob("*") if p.is_file()]


def test_warnings_of_the_format_reach_the_log(node, caplog):
    node.execute(source=ramp(3), audio=buzz(0.1), format="gif", **DEFAULTS)
    assert "holds no sound" in caplog.text
