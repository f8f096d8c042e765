"""Cancel at any moment of any stage: the work stops there, nothing stays behind, and the next run works."""

import tempfile
import threading
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from talking_avatar.models import register_all
from talking_avatar.models.samples import PORTRAITS, sample_portrait
from talking_avatar.pipeline_core.cache import shared
from talking_avatar.pipeline_core.errors import Cancelled
from talking_avatar.pipeline_core.face.choice import landmarker_of
from talking_avatar.pipeline_core.face.detect import DetectSettings, detect_faces, detect_video
from talking_avatar.pipeline_core.host import PlainHost
from talking_avatar.pipeline_core.media.audio import load_sound, save_wav, sound_from_array
from talking_avatar.pipeline_core.media.encode import EncodeSettings, write_video
from talking_avatar.pipeline_core.media.image import crop_resize, portrait_from_array
from talking_avatar.pipeline_core.motion import MotionSettings, generate_motion
from talking_avatar.pipeline_core.pipeline import AvatarRequest, render_avatar
from talking_avatar.pipeline_core.render.plan import frames, plan_render, prepared
from talking_avatar.pipeline_core.render.settings import RenderSettings
from talking_avatar.pipeline_core.scoring.observe import Judges
from talking_avatar.pipeline_core.scoring.score import score_video
from talking_avatar.pipeline_core.speech import analyze, synthesize

TEXT = "My name is Bob."
TRIED = 3
"""Moments that are tried per stage: the first, the middle and the last."""
SLACK = 4


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """What each stage starts from."""
    register_all()
    folder = tmp_path_factory.mktemp("world")
    portrait = crop_resize(sample_portrait(next(iter(PORTRAITS))), 256, 256)[0]
    sound, speech = synthesize(TEXT, voice="auto", speed=1.0, host=PlainHost())
    face = detect_faces(portrait, DetectSettings(), PlainHost())
    motion = generate_motion(speech, MotionSettings(fps=Fraction(12)), face=face)
    plan = plan_render(face, motion, RenderSettings(width_px=128))
    save_wav(folder / "talk.wav", sound_from_array(np.tile(sound.samples, (1, 4)), sound.rate_hz))
    crowd = np.full((768, 768, 3), 120, np.uint8)  # a small face in a large picture has to be searched for
    crowd[500:596, 80:176] = crop_resize(portrait, 96, 96)[0].image
    clip = folder / "clip.mp4"
    write_video(iter([portrait.image] * 4), clip, fps=Fraction(4), size=(256, 256), count=4, sound=sound,
                settings=EncodeSettings(), metadata={}, host=PlainHost())
    return SimpleNamespace(folder=folder, portrait=portrait, sound=sound, speech=speech, face=face, motion=motion, plan=plan,
                           clip=clip, crowd=portrait_from_array(crowd),
                           judges=Judges(None, None, landmarker_of(DetectSettings())))


def encode(world, host, out):
    still = np.zeros((64, 64, 3), np.uint8)
    return write_video(iter([still] * 12), out / "a.mp4", fps=Fraction(12), size=(64, 64), count=12, sound=world.sound,
                       settings=EncodeSettings(), metadata={}, host=host)


STAGES = {
    "load": lambda w, host, out: load_sound(w.folder / "talk.wav", host),
    "detect": lambda w, host, out: detect_faces(w.crowd, DetectSettings(), host),
    "detect in video": lambda w, host, out: detect_video(w.clip, DetectSettings(), host),
    "speech from sound": lambda w, host, out: analyze(w.sound, host=host),
    "alignment": lambda w, host, out: analyze(w.sound, transcript=TEXT, host=host),
    "synthesis": lambda w, host, out: synthesize(TEXT + " Hello. How are you?", voice="auto", speed=1.0, host=host),
    "motion": lambda w, host, out: generate_motion(w.speech, MotionSettings(), face=w.face, host=host),
    "prepare": lambda w, host, out: prepared(w.plan, host),
    "frames": lambda w, host, out: list(frames(w.plan, 0, None, host)),
    "encode": encode,
    "score": lambda w, host, out: score_video(w.clip, judges=w.judges, host=host),
    "everything": lambda w, host, out: render_avatar(AvatarRequest(
        portrait=w.portrait, audio=str(w.folder / "talk.wav"), out_path=str(out / "a.mp4"), engine="energy",
        motion=MotionSettings(fps=Fraction(4)), render=RenderSettings(width_px=128)), host),
}


def moments(count):
    return sorted({1, count, *(round(1 + i * (count - 1) / (TRIED - 1)) for i in range(TRIED))})


@pytest.mark.parametrize("stage", STAGES)
def test_cancel_at_any_moment(world, make, tmp_path, monkeypatch, stage):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temp"))
    for name in ("temp", "out"):
        (tmp_path / name).mkdir()
    work = STAGES[stage]
    forget(stage)
    counting = make.Host()
    work(world, counting, tmp_path / "out")
    assert counting.calls >= 1  # else it could not be stopped at all
    before = set(threading.enumerate())
    for number in moments(counting.calls):
        forget(stage)
        for left in (tmp_path / "out").iterdir():
            left.unlink()
        host = make.Host(stop_at=number)
        try:
            work(world, host, tmp_path / "out")
        except Cancelled:
            assert host.calls == number  # nobody went on and asked again
        else:  # how often the encoder is waited for at the end varies: this time it was ready before
            assert number > counting.calls - SLACK and host.calls < number
            continue
        assert [p for name in ("temp", "out") for p in (tmp_path / name).rglob("*")] == []
        assert {t for t in threading.enumerate() if t.is_alive()} <= before
    again = make.Host()
    work(world, again, tmp_path / "out")
    assert again.calls == pytest.approx(counting.calls, abs=SLACK)


def forget(stage):
    """Drop what would let a stage return at once."""
    if stage in ("prepare", "everything"):
        for key in list(shared().keys()):
            if key[0] == "prepared":
                shared().discard(key)


def test_alignment_asks_more_than_once(world, make):
    host = make.Host()
    analyze(world.sound, transcript=TEXT, host=host)
    assert host.calls >= 2


def in_threads(*works):
    """Run functions at the same moment; return what each returned or raised."""
    gate, results = threading.Barrier(len(works)), [None] * len(works)

    def run(index, work):
        gate.wait(60)
        try:
            results[index] = work()
        except Exception as error:  # noqa: BLE001 - handed to the test
            results[index] = error

    threads = [threading.Thread(target=run, args=item, daemon=True) for item in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
        assert not thread.is_alive(), "hangs"
    return results


class Meeting(PlainHost):
    """Waits in the middle of the work until the other one is there, too; then stops or goes on."""

    def __init__(self, stop):
        super().__init__(threads=1)
        self.stop, self.reached = stop, threading.Event()

    def status(self, text):
        self.reached.set()
        if self.stop:
            raise Cancelled

    def progress(self, done, total):
        self.status("")


def test_one_workflow_is_cancelled_while_another_builds_the_same_face(world):
    forget("prepare")
    stopped, going = Meeting(stop=True), Meeting(stop=False)
    first, second = in_threads(lambda: prepared(world.plan, stopped), lambda: prepared(world.plan, going))
    assert isinstance(second, tuple)
    assert isinstance(first, Cancelled | tuple)  # it may have found the other's result ready
    forget("prepare")
    with pytest.raises(Cancelled):  # control: alone it is stopped
        prepared(world.plan, Meeting(stop=True))


def test_two_workflows_at_once_do_not_mix(world, tmp_path):
    plans = [plan_render(world.face, world.motion, RenderSettings(width_px=width, options={"n": width})) for width in (96, 160)]
    alone = [list(frames(plan, 0, 4, PlainHost(threads=1))) for plan in plans]
    forget("prepare")
    for _ in range(2):  # building, then drawing from the cache
        together = in_threads(*(lambda plan=plan: list(frames(plan, 0, 4, PlainHost(threads=2))) for plan in plans * 2))
        for got, wanted in zip(together, alone * 2, strict=True):
            assert not isinstance(got, Exception), got
            assert all(np.array_equal(a, b) for a, b in zip(got, wanted, strict=True))


def test_two_videos_are_written_at_once_and_one_is_cancelled(world, make, tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    done, stopped = in_threads(lambda: encode(world, PlainHost(), tmp_path / "a"),
                               lambda: encode(world, make.Host(stop_at=4), tmp_path / "b"))
    assert done.frames == 12 and isinstance(stopped, Cancelled)
    assert [p.name for p in tmp_path.rglob("*") if p.is_file()] == ["a.mp4"]
    assert load_sound(tmp_path / "a" / "a.mp4").duration_s == pytest.approx(1.0, abs=0.1)


def test_a_stopped_thread_leaves_no_lock(world):
    """After a cancelled build the next one, in another thread, does not wait."""
    for _ in range(3):
        forget("prepare")
        with pytest.raises(Cancelled):
            prepared(world.plan, Meeting(stop=True))
    result, = in_threads(lambda: prepared(world.plan, PlainHost()))
    assert isinstance(result, tuple)


def test_the_folder_of_the_world_is_untouched(world):
    assert sorted(p.name for p in Path(world.folder).iterdir()) == ["clip.mp4", "talk.wav"]
