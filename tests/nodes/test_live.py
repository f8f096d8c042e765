"""What nodes leave for their live view: with a page only, and never at the price of the node's own result."""

import logging
import sys
import wave
from types import SimpleNamespace

import pytest

STRENGTHS = dict.fromkeys(("emotion_strength", "mouth", "head", "brows", "blinks", "idle", "gaze"), 1.0)
PAGE = {"workflow": {"nodes": []}}


@pytest.fixture
def live(pack):
    return sys.modules["talking_avatar.nodes.live"]


@pytest.fixture
def on_page(classes, comfy, monkeypatch):
    """Run nodes as a page does (or a script): run(id, page=True, **inputs)."""

    def run(id, page=True, **inputs):
        cls = classes[id]
        monkeypatch.setattr(cls, "hidden", SimpleNamespace(prompt={}, extra_pnginfo=PAGE if page else None), raising=False)
        return cls.execute(**inputs)

    return run


def detect(run, image, **more):
    return run("TA_DetectFace", source=image, face_index=0, order="large-small", min_confidence=0.5, **more)


def move(run, classes, audio, **more):
    speech = classes["TA_AudioToVisemes"].execute(audio=audio).args[0]
    return run("TA_MotionGenerator", speech=speech, fps=10.0, emotion="neutral", still=False, seed=3, **STRENGTHS, **more)


def file_of(tmp_path, ref):
    assert ref["type"] == "temp" and ref["subfolder"] == "talking_avatar"
    return tmp_path / "temp" / "talking_avatar" / ref["filename"]


def test_detect_face_leaves_the_head(on_page, small, tmp_path, caplog):
    shown = detect(on_page, small).ui
    assert shown["images"], "the numbered picture stays"
    assert 100_000 < file_of(tmp_path, shown["ta_face"][0]).stat().st_size < 3_000_000
    assert not caplog.records or "live view" not in caplog.text


def test_motion_generator_leaves_motion_sound_and_the_head_that_it_knows(on_page, classes, small, audio, tmp_path, caplog):
    face = detect(on_page, small)
    with_face = move(on_page, classes, audio, face=face.args[0]).ui
    without = move(on_page, classes, audio).ui
    assert with_face["ta_face"] == face.ui["ta_face"] and "ta_face" not in without
    assert file_of(tmp_path, without["ta_motion"][0]).read_bytes()[:4] == b"TAM1"
    with wave.open(str(file_of(tmp_path, without["ta_sound"][0]))) as sound:
        assert (sound.getnchannels(), sound.getframerate(), sound.getnframes()) == (1, 16000, 9600)
    assert "live view" not in caplog.text


def test_talking_avatar_leaves_all_of_it_beside_its_video(on_page, small, audio, tmp_path, caplog):
    shown = on_page("TA_TalkingAvatar", file="", text="", voice="auto", emotion="neutral", expressiveness=1.0, head=1.0,
                    size="as the photo", fps=10.0, seed=3, filename_prefix="a", save_output=False, image=small, audio=audio).ui
    assert shown["images"][0]["filename"].endswith(".mp4")
    assert all(file_of(tmp_path, shown[key][0]).is_file() for key in ("ta_face", "ta_motion", "ta_sound"))
    assert "live view" not in caplog.text


def test_runs_without_a_page_leave_nothing(on_page, classes, small, audio, tmp_path):
    detect(lambda id, **inputs: on_page(id, page=False, **inputs), small)
    shown = move(lambda id, **inputs: on_page(id, page=False, **inputs), classes, audio)
    assert shown.ui.image is shown.args[1], "the curves alone"
    assert not (tmp_path / "temp" / "talking_avatar").exists()


def test_a_view_that_cannot_be_made_costs_a_warning_and_nothing_else(on_page, live, small, monkeypatch, caplog):
    def broken(*_):
        raise RuntimeError("no such head")

    monkeypatch.setattr("talking_avatar.models.photo_head.live.live_payload", broken)
    result = detect(on_page, small)
    assert len(result.args[0].face_ids) == 1 and result.ui.image.shape[3] == 3
    [told] = [record for record in caplog.records if "live view" in record.message]
    assert told.levelno == logging.WARNING and "no such head" in told.message and told.exc_info


def test_cancel_is_not_taken_for_a_fault(on_page, small, monkeypatch):
    import comfy.model_management as management  # noqa: TID251 - the stand-in

    def cancelled(*_):
        raise management.InterruptProcessingException

    monkeypatch.setattr("talking_avatar.models.photo_head.live.live_payload", cancelled)
    with pytest.raises(management.InterruptProcessingException):
        detect(on_page, small)
