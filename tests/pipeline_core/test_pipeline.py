import json
import re
from dataclasses import replace
from fractions import Fraction

import av
import numpy as np
import pytest
from PIL import Image
from talking_avatar.pipeline_core import pipeline, registry
from talking_avatar.pipeline_core.cache import shared
from talking_avatar.pipeline_core.errors import (
    Cancelled,
    InputError,
    OutputError,
    SettingError,
    UnreadableMedia,
)
from talking_avatar.pipeline_core.host import PlainHost
from talking_avatar.pipeline_core.media.audio import load_sound, save_wav, sound_from_array
from talking_avatar.pipeline_core.media.encode import EncodeSettings
from talking_avatar.pipeline_core.media.image import portrait_from_array
from talking_avatar.pipeline_core.motion import MotionSettings
from talking_avatar.pipeline_core.pipeline import AvatarRequest, render_avatar
from talking_avatar.pipeline_core.render.rss import peak_rss_mb
from talking_avatar.pipeline_core.render.settings import DubSettings, RenderSettings
from talking_avatar.pipeline_core.types import FaceTrack, SpeechTrack
from talking_avatar.tests.numbered import MarkRenderer, number_of, track_of, write_clip


class Host(PlainHost):
    def __init__(self, stop_at=None):
        super().__init__(threads=1)
        self.said, self.done, self.stop_at = [], [], stop_at

    def status(self, text):
        self.said.append(text)

    def progress(self, done, total):
        self.done.append((done, total))
        if done == self.stop_at:
            raise Cancelled


class FlatRenderer:
    def prepare(self, face, settings, host):
        return face.portrait.image

    def frames(self, state, motion, start, stop, host):
        for _ in range(start, stop):
            yield state

    def mask(self, state, motion):
        return np.zeros(state.shape[:2], np.uint8)


def find_face(portrait, settings, host):
    points = np.zeros((1, 1, 478, 3), np.float32)
    points[..., 0], points[..., 1] = portrait.width_px / 2, portrait.height_px / 2
    return FaceTrack(portrait.width_px, portrait.height_px, points, np.ones((1, 1), np.float32), (0,),
                     portrait=portrait, warnings=("small face",))


def hear(sound, *, transcript, engine, host):
    return SpeechTrack(sound.duration_s, "aligned" if transcript else "acoustic", engine, warnings=("guessed",))


def say(text, *, voice, speed, host):
    sound = sound_from_array(np.full(16000, 0.1), 16000)
    return sound, SpeechTrack(sound.duration_s, "tts", "fake", sound=sound)


@pytest.fixture(autouse=True)
def fakes(monkeypatch):
    monkeypatch.setattr(registry, "_BACKENDS", {})
    registry.register(registry.Backend("renderer", "flat", "Flat", FlatRenderer, "Apache-2.0", True))
    for name, fake in (("detect_faces", find_face), ("analyze", hear), ("synthesize", say)):
        monkeypatch.setattr(pipeline, name, fake)
    shared().clear()


@pytest.fixture
def request_(tmp_path):
    Image.fromarray(np.full((48, 64, 3), 120, np.uint8)).save(tmp_path / "face.png")
    save_wav(tmp_path / "voice.wav", sound_from_array(np.sin(np.arange(20000) / 20) * 0.3, 16000))
    return AvatarRequest(portrait=str(tmp_path / "face.png"), out_path=str(tmp_path / "out" / "a.mp4"),
                         audio=str(tmp_path / "voice.wav"), motion=MotionSettings(fps=Fraction(30000, 1001)))


def test_a_photo_and_a_recording_become_a_video(request_, tmp_path):
    host = Host()
    result = render_avatar(replace(request_, metadata={"workflow": "{}"}), host)
    assert result.frames == 38 and result.speech_source == "acoustic"  # 1.25 s at 29.97: 37.46 frames
    assert result.duration_s == pytest.approx(38 * 1001 / 30000)
    assert {"small face", "guessed"} <= set(result.warnings)
    assert result.wall_s >= result.prepare_s >= 0 and result.encode_s > 0
    assert json.loads(json.dumps(result.to_dict())).keys() >= {
        "out", "frames", "fps", "duration_s", "prepare_s", "wall_s", "encode_s", "peak_rss_mb", "speech_source", "warnings"}
    assert host.done[-1] == (38, 38) and len(host.said) >= 5
    with av.open(result.out) as container:
        assert container.streams.video[0].frames == 38 and container.metadata["workflow"] == "{}"
    assert abs(load_sound(result.out).duration_s - result.duration_s) < 0.022


def test_text_is_spoken_and_objects_do_as_well_as_paths(request_):
    spoken = render_avatar(replace(request_, audio=None, text="Hello", render=RenderSettings(width_px=32)), Host())
    assert spoken.speech_source == "tts"
    picture = portrait_from_array(np.full((48, 64, 3), 9, np.uint8))
    sound = sound_from_array(np.zeros(1600), 16000)
    again = render_avatar(replace(request_, portrait=picture, audio=sound, transcript="hm"), Host())
    assert again.speech_source == "aligned"


def test_a_second_sentence_reuses_the_prepared_face(request_):
    before = shared().builds["prepared"]
    render_avatar(request_, Host())
    render_avatar(replace(request_, audio=None, text="Another sentence"), Host())
    assert shared().builds["prepared"] == before + 1


@pytest.mark.parametrize(("change", "error", "words"), [
    ({"portrait": "nowhere.png"}, UnreadableMedia, "nowhere.png"),
    ({"audio": "nowhere.wav"}, UnreadableMedia, "nowhere.wav"),
    ({"audio": None, "text": "  \n"}, InputError, "neither"),
])
def test_bad_input_leaves_no_file(request_, tmp_path, change, error, words):
    with pytest.raises(error, match=re.escape(words)) as caught:
        render_avatar(replace(request_, **change), Host())
    assert caught.value.hint and not (tmp_path / "out").exists()


@pytest.mark.parametrize(("name", "error"), [("folder.mp4", OutputError), ("a.avi", SettingError), ("", SettingError)])
def test_an_impossible_result_is_refused_before_any_work(request_, tmp_path, name, error):
    (tmp_path / "folder.mp4").mkdir()
    host = Host()
    with pytest.raises(error):
        render_avatar(replace(request_, out_path=str(tmp_path / name) if name else ""), host)
    assert host.said == [] and host.done == []


def test_neither_photo_nor_recording_is_replaced_by_the_result(request_, tmp_path):
    for name, change in (("voice.mp4", "audio"), ("face.webp", "portrait")):
        source = tmp_path / name
        source.write_bytes(b"irreplaceable")
        with pytest.raises(OutputError, match="made from this file"):
            render_avatar(replace(request_, out_path=str(source), **{change: str(source)}), Host())
        assert source.read_bytes() == b"irreplaceable"


@pytest.mark.parametrize(("opacity", "alpha"), [(0, True), (None, False)])
def test_a_photo_cut_out_chooses_a_format_with_transparency(request_, tmp_path, monkeypatch, opacity, alpha):
    picture = portrait_from_array(np.full((48, 64, 3), 120, np.uint8))
    if opacity is not None:
        picture = replace(picture, alpha=np.full((48, 64), opacity, np.uint8))
    monkeypatch.setattr(FlatRenderer, "prepare", lambda self, face, settings, host: (
        face.portrait.image if face.portrait.alpha is None else np.dstack([face.portrait.image, face.portrait.alpha])))
    result = render_avatar(replace(request_, portrait=picture, out_path=str(tmp_path / "a.webm")), Host())
    with av.open(result.out) as container:
        assert ("alpha_mode" in {key.lower() for key in container.streams.video[0].metadata}) == alpha
    assert not any("transparency" in warning for warning in result.warnings)


def test_cancel_in_the_middle_then_run_again(request_, tmp_path):
    with pytest.raises(Cancelled):
        render_avatar(request_, Host(stop_at=5))
    assert list((tmp_path / "out").iterdir()) == []
    assert render_avatar(request_, Host()).frames == 38


def test_peak_memory_is_plausible():
    assert 20 < peak_rss_mb() < 1_000_000


def test_a_video_gets_new_words(request_, tmp_path, monkeypatch):
    clip = write_clip(tmp_path / "clip.mkv", 60, Fraction(24000, 1001), sound=np.full(40040, -0.25))
    monkeypatch.setattr(pipeline, "detect_video", lambda path, settings, host: track_of(
        clip, 60, Fraction(24000, 1001), unseen=range(40, 50)))
    registry.register(registry.Backend("renderer", "mouth", "Mouth", MarkRenderer, "MIT", True,
                                       capabilities={"needs": "video", "moves": "mouth"}))
    out = str(tmp_path / "out" / "b.mkv")
    request = replace(request_, portrait=None, video=clip.path, out_path=out, encode=EncodeSettings("mkv-ffv1-flac"))
    result = render_avatar(request, Host())
    assert (result.frames, result.drawn_frames, result.fps) == (60, 50, pytest.approx(23.976, abs=1e-3))
    assert [(round(s.start_s, 2), round(s.end_s, 2), s.reason) for s in result.skipped] == [(1.67, 2.09, "no face")]
    told = json.loads(json.dumps(result.to_dict()))
    assert told["skipped"][0]["reason"] == "no face" and any("silence follows" in text for text in told["warnings"])
    with av.open(out) as container:
        assert [number_of(frame.to_ndarray(format="rgb24")) for frame in container.decode(video=0)] == list(range(60))
    with pytest.raises(OutputError, match="made from this file"):
        render_avatar(replace(request, out_path=clip.path), Host())
    with pytest.raises(InputError, match="neither a photo nor a video"):
        render_avatar(replace(request, video=None), Host())


def test_one_line_of_a_video_is_changed(request_, tmp_path, monkeypatch):
    clip = write_clip(tmp_path / "clip.mkv", 100, sound=np.full(64000, -0.25))
    monkeypatch.setattr(pipeline, "detect_video", lambda path, settings, host: track_of(clip, 100))
    registry.register(registry.Backend("renderer", "mouth", "Mouth", MarkRenderer, "MIT", True,
                                       capabilities={"needs": "video", "moves": "mouth"}))
    out = str(tmp_path / "out" / "b.mkv")
    result = render_avatar(replace(request_, portrait=None, video=clip.path, out_path=out, dub=DubSettings(ranges="1-3"),
                                   encode=EncodeSettings("mkv-ffv1-flac")), Host())
    assert (result.frames, result.drawn_frames) == (100, 50)
    samples = load_sound(out).mono
    np.testing.assert_allclose(samples[[8000, 56000]], -0.25, atol=1e-3)
    assert abs(samples[44000]) < 1e-3, "the new line is shorter than its range"
