import json
from types import SimpleNamespace

import av
import pytest
import torch
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
