"""The nodes over a video, on the stand-in: numbered frames and a renderer that only marks the mouth."""

import gc
from fractions import Fraction
from types import SimpleNamespace

import av
import numpy as np
import pytest
import torch
from talking_avatar.models.samples import CLIPS, sample_clip
from talking_avatar.pipeline_core import registry
from talking_avatar.pipeline_core.cache import shared
from talking_avatar.pipeline_core.errors import InputError, NoFaceFound, SettingError, UnreadableMedia
from talking_avatar.pipeline_core.media.video import probe
from talking_avatar.tests.numbered import (
    HEIGHT,
    WIDTH,
    MarkRenderer,
    motion_of,
    number_of,
    track_of,
    write_clip,
)

FPS = Fraction(30000, 1001)
COUNT = 30
RENDER = {"renderer": "auto", "width": 0, "height": 0}


class Clip:
    """A VIDEO socket that refers to a file."""

    def __init__(self, path):
        self.path = str(path)

    def get_stream_source(self):
        return self.path


@pytest.fixture(autouse=True)
def renderer(monkeypatch):
    kept = {key: value for key, value in registry._BACKENDS.items() if key[0] != "renderer"}
    monkeypatch.setattr(registry, "_BACKENDS", kept)
    registry.register(registry.Backend("renderer", "mouth", "Mouth", MarkRenderer, "MIT", True,
                                       capabilities={"needs": "video, photo", "moves": "mouth"}))
    shared().clear()


@pytest.fixture
def clip(tmp_path):
    return write_clip(tmp_path / "clip.mkv", COUNT, FPS, sound=np.full(16016, -0.25))


@pytest.fixture
def node(classes):
    return classes["TA_MouthRenderer"]


def test_a_video_is_planned_shown_and_written(classes, comfy, node, clip):
    face = track_of(clip, COUNT, FPS, unseen=range(10))
    plan, image, report = node.execute(face=face, motion=motion_of(20, FPS), **RENDER).args
    assert image.shape == (1, HEIGHT, WIDTH, 3)
    assert number_of((image[0].numpy() * 255).astype(np.uint8)) >= 10, "the preview shows a frame that has a face"
    assert "0.0 to 0.3 s: no face" in report and "silence follows" in report
    path = classes["TA_VideoMux"].execute(source=plan, filename_prefix="d", fps=99.0, crf=12, preset="ultrafast",
                                          save_output=False, format="mkv-ffv1-flac").args[1]
    with av.open(path) as container:
        shown = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
        assert container.streams.video[0].average_rate == FPS
    assert [number_of(frame) for frame in shown] == list(range(COUNT))


@pytest.mark.parametrize(("untouched", "copied"), [("copy", True), ("encode", False)])
def test_parts_that_stay_are_copied_where_that_is_wished(classes, comfy, caplog, node, tmp_path, untouched, copied):
    face = track_of(write_clip(tmp_path / "clip.mp4", 36, FPS), 36, FPS)
    plan = node.execute(face=face, motion=motion_of(4, FPS), **RENDER, ranges="0.5-0.6").args[0]
    path = classes["TA_VideoMux"].execute(source=plan, filename_prefix="d", fps=99.0, crf=12, preset="ultrafast",
                                          save_output=False, untouched=untouched).args[1]
    assert any("24 of 36 frames are copied" in text for text in caplog.messages) == copied
    with av.open(path) as container:
        assert [number_of(frame.to_ndarray(format="rgb24")) for frame in container.decode(video=0)] == list(range(36))


def test_settings_reach_the_plan(node, comfy, clip):
    face = track_of(clip, COUNT, FPS)
    plan = node.execute(face=face, motion=motion_of(45, FPS), **RENDER, length="loop", silent_mouth="own").args[0]
    assert plan.frames == 45 and plan.dub.silent_mouth == "own"
    plan = node.execute(face=face, motion=motion_of(5, FPS), **RENDER, ranges="0.5-0.7").args[0]
    assert plan.untouched_spans() == [(0, 15, 0), (21, 30, 21)]
    with pytest.raises(SettingError, match="own size"):
        node.execute(face=face, motion=motion_of(5, FPS), **{**RENDER, "width": 64})


def test_a_source_video_has_to_be_that_of_the_face(node, comfy, clip, tmp_path):
    face, motion = track_of(clip, COUNT, FPS), motion_of(5, FPS)
    assert node.execute(face=face, motion=motion, source=Clip(clip.path), **RENDER).args[0].face is face
    other = write_clip(tmp_path / "other.mkv", COUNT + 1, FPS)
    with pytest.raises(InputError, match="another video"):
        node.execute(face=face, motion=motion, source=Clip(other.path), **RENDER)


def test_the_face_of_a_source_video_is_found_when_only_a_photo_was_given(pack, node, comfy, clip, monkeypatch):
    found = []

    def detect(path, settings, host):
        found.append(path)
        return track_of(clip, COUNT, FPS)

    monkeypatch.setattr("talking_avatar.nodes.render.detect_video", detect)
    photo = track_of(None, 1)
    for _ in range(2):
        plan = node.execute(face=photo, motion=motion_of(5, FPS), source=Clip(clip.path), **RENDER).args[0]
        assert plan.face.video == clip
    assert found == [clip.path], "looked for once"


def test_what_was_found_goes_with_the_outputs(pack, node, comfy, clip, own_cache, monkeypatch):
    monkeypatch.setattr("talking_avatar.nodes.render.detect_video", lambda *_: track_of(clip, COUNT, FPS))
    output = node.execute(face=track_of(None, 1), motion=motion_of(5, FPS), source=Clip(clip.path), **RENDER)
    assert ("video_face", clip.sha256) in own_cache
    del output
    gc.collect()
    assert not len(own_cache)


def test_a_video_decides_the_frame_rate(classes, comfy, clip):
    audio = {"waveform": torch.zeros((1, 1, 16000)), "sample_rate": 16000}
    speech = classes["TA_AudioToVisemes"].execute(audio=audio, engine="energy").args[0]
    settings = {"fps": 25.0, "emotion": "neutral", "still": False, "seed": 0,
                **dict.fromkeys(("emotion_strength", "mouth", "head", "brows", "blinks", "idle", "gaze"), 1.0)}
    make = classes["TA_MotionGenerator"].execute
    assert make(speech=speech, face=track_of(clip, COUNT, FPS), **settings).args[0].fps == FPS
    assert make(speech=speech, face=track_of(clip, COUNT, Fraction(240)), **settings).args[0].fps == 120
    assert make(speech=speech, **settings).args[0].fps == 25


def test_nobody_in_the_video_is_explained(node, comfy, clip):
    with pytest.raises(NoFaceFound, match="hint: Choose a video"):
        node.execute(face=track_of(clip, COUNT, FPS, unseen=range(COUNT)), motion=motion_of(5, FPS), **RENDER)


def test_the_one_node_takes_a_video(classes, comfy, clip, monkeypatch):
    node = classes["TA_TalkingAvatar"]
    monkeypatch.setattr(node, "hidden", SimpleNamespace(prompt={"1": {}}, extra_pnginfo=None))
    monkeypatch.setattr("talking_avatar.pipeline_core.pipeline.detect_video", lambda *_: track_of(clip, COUNT, FPS))
    assert node.validate_inputs(file="gone.png", video=None) is True
    audio = {"waveform": torch.zeros((1, 1, 8000)), "sample_rate": 16000}
    path = node.execute(file="gone.png", text="", voice="auto", emotion="neutral", expressiveness=1.0, head=1.0,
                        size="1280 x 720 (landscape)", fps=10.0, seed=0, filename_prefix="a", save_output=False, audio=audio,
                        video=Clip(clip.path)).args[1]
    with av.open(path) as container:
        shown = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
        assert container.streams.video[0].average_rate == FPS
    assert [number_of(frame) for frame in shown] == list(range(COUNT))


def test_the_sample_clip_needs_no_upload(classes, comfy):
    node = classes["TA_LoadVideo"]
    name = next(iter(CLIPS))
    assert node.validate_inputs(file=name) is True and node.fingerprint_inputs(file=name).startswith(name)
    result = node.execute(file=name)
    video, audio = result.args
    [copy] = (comfy.base / "temp").iterdir()
    assert copy.read_bytes() == sample_clip(name).read_bytes() and len(result.ui.values) == 1, "the node shows it"
    info = probe(video.get_stream_source())
    assert info.has_sound and audio["waveform"].shape[-1] / audio["sample_rate"] == pytest.approx(info.duration_s, abs=0.1)


def test_a_file_of_the_input_folder_and_one_that_is_missing(classes, comfy, tmp_path):
    node = classes["TA_LoadVideo"]
    write_clip(tmp_path / "input" / "mine.mp4", 5)
    video, audio = node.execute(file="mine.mp4").args
    assert video.get_stream_source() == str(tmp_path / "input" / "mine.mp4")
    assert "no sound" in str(vars(audio)), "what waits for the sound does not run, and the reason is said"
    assert "mine.mp4" in next(s for s in node.define_schema().inputs if s.id == "file").options["options"]
    assert "no video called 'gone.mp4'" in node.validate_inputs(file="gone.mp4")
    with pytest.raises(UnreadableMedia, match="no video chosen"):
        node.execute(file=None)
