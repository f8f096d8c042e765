"""Preview Render: a short clip with sound, a sheet, and the render as it came."""

import av
import numpy as np
import pytest
import torch
from PIL import Image
from talking_avatar.pipeline_core.errors import SettingError

MOTION = {"fps": 25.0, "emotion": "neutral", "emotion_strength": 1.0, "mouth": 1.0, "head": 1.0, "brows": 1.0,
          "blinks": 1.0, "idle": 1.0, "gaze": 1.0, "still": False, "seed": 0}
SHOWN = {"what": "both", "start_s": 0.0, "seconds": 0.4, "size": 128}


@pytest.fixture(scope="module")
def plan(classes):
    """A second of the sample, 160 px."""
    t = np.arange(16000) / 16000
    audio = {"waveform": torch.from_numpy(np.sin(t * 900) * np.sin(t * 20) * 0.4).float()[None, None], "sample_rate": 16000}
    speech = classes["TA_AudioToVisemes"].execute(audio=audio, engine="energy").args[0]
    motion = classes["TA_MotionGenerator"].execute(speech=speech, **MOTION).args[0]
    from talking_avatar.models.samples import PORTRAITS

    portrait = classes["TA_LoadPortrait"].execute(file=next(iter(PORTRAITS))).args[0]
    face = classes["TA_DetectFace"].execute(source=portrait, face_index=0, order="large-small", min_confidence=0.5).args[0]
    return classes["TA_MouthRenderer"].execute(face=face, motion=motion, renderer="auto", width=160, height=160).args[0]


@pytest.fixture
def node(classes, comfy):
    return classes["TA_PreviewRender"]


def place(tmp_path, ref):
    return tmp_path / ref["type"] / ref["subfolder"] / ref["filename"]


def test_a_clip_with_sound_and_a_sheet_are_left_for_the_page(node, plan, tmp_path):
    result = node.execute(render=plan, **SHOWN)
    render, sheet = result.args
    assert render is plan and sheet.shape[0] == 1 and sheet.shape[3] == 3
    with av.open(str(place(tmp_path, result.ui["ta_clip"][0]))) as clip:
        video, sound = clip.streams.video[0], clip.streams.audio[0]
        assert (video.width, video.height) == (128, 128) and len(list(clip.decode(video))) == 10
        assert sound.codec_context.name == "aac"
    shown = Image.open(place(tmp_path, result.ui["ta_picture"][0]))
    assert shown.size == (sheet.shape[2], sheet.shape[1])


@pytest.mark.parametrize(("what", "keys"), [("clip", {"ta_clip"}), ("contact sheet", {"ta_picture"})])
def test_only_what_is_asked_for_is_shown(node, plan, tmp_path, what, keys):
    result = node.execute(render=plan, **{**SHOWN, "what": what})
    assert set(result.ui) == keys and result.args[1].shape[3] == 3, "the sheet is an output all the same"
    assert len(list((tmp_path / "temp").rglob("*.mp4"))) == ("ta_clip" in keys)


@pytest.mark.parametrize(("changes", "word"), [({"what": "zzz"}, "zzz"), ({"seconds": 0.0}, "seconds"), ({"size": 9}, "size"),
                                               ({"start_s": -1.0}, "start_s")])
def test_what_cannot_be_shown_is_refused_before_and_in_the_run(node, plan, tmp_path, changes, word):
    assert word in node.validate_inputs(**changes) and node.validate_inputs(**SHOWN) is True
    with pytest.raises(SettingError, match=word):
        node.execute(render=plan, **{**SHOWN, **changes})
    assert not list((tmp_path / "temp").rglob("*.*"))


def test_progress_runs_to_the_end_and_never_back(node, plan):
    import comfy.utils  # noqa: TID251 - the stand-in

    node.execute(render=plan, **SHOWN)
    steps = [value / total for value, total in comfy.utils.bars[-1].steps]
    assert steps == sorted(steps) and steps[-1] == 1.0


def test_cancel_leaves_no_clip(node, plan, tmp_path, monkeypatch):
    import comfy.model_management as management  # noqa: TID251 - the stand-in

    monkeypatch.setattr(management, "interrupted", True)
    with pytest.raises(management.InterruptProcessingException):
        node.execute(render=plan, **SHOWN)
    assert not [p for p in tmp_path.rglob("*") if p.is_file()]
