"""The one node: its frames are those of the chain, its bar runs over everything, and it can be cancelled."""

import gc
import sys
from pathlib import Path
from types import SimpleNamespace

import av
import numpy as np
import pytest
from talking_avatar.models.samples import PORTRAITS, RECORDINGS
from talking_avatar.pipeline_core import cache
from talking_avatar.pipeline_core.errors import InputError, SettingError, UnknownBackend, UnreadableMedia

PHOTO = next(iter(PORTRAITS))
DEFAULTS = {"file": PHOTO, "text": "Hi.", "voice": "auto", "emotion": "neutral", "expressiveness": 1.0, "head": 1.0,
            "size": "as the photo", "fps": 10.0, "seed": 3, "filename_prefix": "one/avatar", "save_output": False}


@pytest.fixture
def node(classes, comfy, monkeypatch):
    cls = classes["TA_TalkingAvatar"]
    monkeypatch.setattr(cls, "hidden", SimpleNamespace(prompt={"1": {}}, extra_pnginfo=None))
    return cls


def pictures(path):
    with av.open(path) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


def test_it_does_what_the_chain_does(node, classes, small, audio):
    video, path = node.execute(**{**DEFAULTS, "image": small, "audio": audio}).args
    assert video.get_stream_source() == path and path.endswith(".mp4")
    made = pictures(path)
    portrait = classes["TA_LoadPortrait"].execute(image=small).args[0]
    face = classes["TA_DetectFace"].execute(source=portrait, face_index=0, order="large-small", min_confidence=0.5).args[0]
    speech = classes["TA_AudioToVisemes"].execute(audio=audio).args[0]
    strengths = dict.fromkeys(("emotion_strength", "mouth", "head", "brows", "blinks", "idle", "gaze"), 1.0)
    motion = classes["TA_MotionGenerator"].execute(speech=speech, face=face, fps=10.0, emotion="neutral", still=False,
                                                   seed=3, **strengths).args[0]
    plan = classes["TA_MouthRenderer"].execute(face=face, motion=motion, renderer="auto", width=0, height=0).args[0]
    chain = pictures(classes["TA_VideoMux"].execute(source=plan, filename_prefix="chain", fps=10.0, crf=18,
                                                    preset="veryfast", save_output=False).args[1])
    assert len(made) == len(chain) == 6
    assert [int(np.abs(a.astype(int) - b).max()) for a, b in zip(made, chain, strict=True)] == [0] * 6
    # The control: another seed moves the head in another way.
    other = pictures(node.execute(**{**DEFAULTS, "image": small, "audio": audio, "seed": 4}).args[1])
    assert not all(np.array_equal(a, b) for a, b in zip(made, other, strict=True))


def test_the_bar_runs_once_over_all_stages(node, small, audio):
    import comfy.utils  # noqa: TID251 - the stand-in

    node.execute(**{**DEFAULTS, "image": small, "audio": audio})
    steps = [done for done, _ in comfy.utils.bars[-1].steps]
    assert steps == sorted(steps) and steps[-1] == 1000
    assert {total for _, total in comfy.utils.bars[-1].steps} == {1000}
    assert len(set(steps)) > 6


def test_what_is_prepared_goes_with_the_node_and_not_with_its_video(node, small, audio, monkeypatch):
    monkeypatch.setattr(cache, "_SHARED", cache.Cache())
    shared, owner = cache.shared, node()
    result = node.execute(**{**DEFAULTS, "image": small, "audio": audio})
    del result
    gc.collect()
    built = shared().builds["prepared"]
    assert len(shared())
    node.execute(**{**DEFAULTS, "image": small, "audio": audio, "seed": 4})
    assert shared().builds["prepared"] == built
    del owner
    gc.collect()
    assert not len(shared())


def test_cancel_leaves_no_file(node, small, audio, tmp_path, monkeypatch):
    import comfy.model_management as management  # noqa: TID251 - the stand-in

    monkeypatch.setattr(management, "interrupted", True)
    with pytest.raises(management.InterruptProcessingException):
        node.execute(**{**DEFAULTS, "image": small, "audio": audio})
    assert not [p for p in tmp_path.rglob("*") if p.is_file()]


def test_a_name_that_is_taken_meanwhile_is_left_alone(node, small, audio, monkeypatch):
    module = sys.modules[node.__module__]
    real = module.render_avatar
    taken = []

    def after_another(request, host, *others):
        taken.append(Path(request.out_path))
        taken[0].parent.mkdir(parents=True, exist_ok=True)
        taken[0].write_bytes(b"mine")
        return real(request, host, *others)

    monkeypatch.setattr(module, "render_avatar", after_another)
    result = node.execute(**{**DEFAULTS, "image": small, "audio": audio})
    assert taken[0].read_bytes() == b"mine" and taken[0].name == "avatar_00001_.mp4"
    assert Path(result.args[1]) == taken[0].with_name("avatar_00002_.mp4") and len(pictures(result.args[1])) == 6
    assert result.ui.values[0]["filename"] == "avatar_00002_.mp4"


@pytest.mark.parametrize(("changes", "error", "word"), [
    ({"file": "gone.png"}, UnreadableMedia, "gone.png"),
    ({"text": "  "}, InputError, "neither"),
    ({"size": "huge"}, SettingError, "huge"),
    ({"emotion": "hungry"}, SettingError, "hungry"),
    ({"head": 7.0}, SettingError, "head"),
    ({"fps": 0.0}, SettingError, "fps"),
    ({"voice": "zzz"}, UnknownBackend, "zzz"),
])
def test_bad_input_is_explained_and_leaves_no_file(node, tmp_path, changes, error, word):
    with pytest.raises(error, match=f"{word}.*hint:"):
        node.execute(**{**DEFAULTS, **changes})
    assert not list(tmp_path.rglob("*.mp4"))


def test_what_is_connected_is_not_missed(node):
    assert node.validate_inputs(file="gone.png", image=None) is True
    assert "gone.png" in node.validate_inputs(file="gone.png")
    # A recording needs no voice.
    assert node.validate_inputs(file=PHOTO, voice="zzz", audio=None) is True
    assert node.validate_inputs(file=PHOTO, voice="zzz") is not True


def test_the_fields_of_a_new_node_run_at_once(node):
    fields = {s.id: s.options.get("default") for s in node.define_schema().inputs if s.is_widget}
    assert node.define_schema().inputs[0].options["options"][0] == PHOTO and fields["text"].strip()
    given = {name: value for name, value in fields.items() if value is not None}
    assert node.validate_inputs(file=PHOTO, **{k: given[k] for k in ("voice",)}) is True


def test_the_sample_recording_goes_with_its_transcript(node, classes, small):
    audio, transcript = classes["TA_LoadSpeech"].execute(file=next(iter(RECORDINGS))).args
    speech = classes["TA_AudioToVisemes"].execute(audio=audio, transcript=transcript).args[0]
    assert speech.source == "aligned" and len(speech.closures) >= 5
