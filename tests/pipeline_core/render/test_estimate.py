"""What a run will take is said before it begins, and the time left while it runs."""

from __future__ import annotations

import json
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest
from talking_avatar.pipeline_core.errors import OutputError
from talking_avatar.pipeline_core.host import PlainHost
from talking_avatar.pipeline_core.media.encode import EncodeSettings, find_format, space
from talking_avatar.pipeline_core.render import estimate as module
from talking_avatar.pipeline_core.render.estimate import Estimate, Forecast, drawing_mb, estimate, spoken_time
from talking_avatar.pipeline_core.types import Sound

MP4 = find_format("mp4-h264")
SETTINGS = EncodeSettings()
TRIED = module._tried_s


@pytest.fixture
def plan(monkeypatch):
    """A plan as far as the estimate looks at it."""
    monkeypatch.setattr(module, "prepared", lambda plan, host: plan.seen.append(host))
    monkeypatch.setattr(module, "_tried_s", lambda plan, count, host: None)
    monkeypatch.setattr(module, "_SPEEDS", {})
    made = SimpleNamespace(frames=1500, fps=Fraction(25), size_px=(1280, 720), replacement=None, seen=[],
                           sound=Sound(np.zeros((1, 60 * 24_000), np.float32), 24_000),
                           backend=SimpleNamespace(id="flat"))
    made.parts = (made,)
    return made


class Clock(PlainHost):
    """Each frame takes a while, by a clock of its own."""

    def __init__(self, monkeypatch, frame_s):
        super().__init__(threads=2)
        self.now_s, self.said, self.shown, self.frame_s = 0.0, [], [], frame_s
        monkeypatch.setattr(module.time, "monotonic", lambda: self.now_s)

    def progress(self, done, total):
        self.now_s += self.frame_s

    def status(self, text):
        self.said.append(text)

    def show(self, picture=None, text=""):
        self.shown.append((self.now_s, text))


def test_nothing_is_known_about_time_before_the_first_run(plan):
    found = estimate(plan, SETTINGS, PlainHost(threads=2))
    assert found.seconds is None and found.text.endswith("for 1500 frames (the time is known soon)")
    assert plan.seen, "the face must be prepared, for its memory counts"
    assert json.loads(json.dumps(found.to_dict()))["frames"] == 1500


def test_the_speed_of_a_run_is_that_of_the_next(plan, monkeypatch):
    host = Clock(monkeypatch, 0.04)
    forecast = Forecast(host, plan, SETTINGS, MP4)
    for done in range(1, 201):
        forecast.progress(done, 1500)
    assert estimate(plan, SETTINGS, host).seconds == pytest.approx(60.0)
    plan.size_px = (640, 360)
    assert estimate(plan, SETTINGS, host).seconds == pytest.approx(15.0)
    plan.size_px = (3840, 2160)
    assert estimate(plan, SETTINGS, host).seconds is None, "nothing is known about frames of nine times the size"
    # What another preset takes is not known from this one.
    assert estimate(plan, EncodeSettings(preset="slow"), host).seconds is None


def test_a_few_frames_tell_the_time_of_a_long_run(plan, monkeypatch):
    host, asked = Clock(monkeypatch, 0.0), []

    def drawn(plan, start, stop, quiet):
        asked.append((start, stop))
        for _ in range(start, stop):
            host.now_s += 0.05
            quiet.progress(1, 1)
            yield None

    monkeypatch.setattr(module, "drawn", drawn)
    monkeypatch.setattr(module, "_tried_s", TRIED)
    assert estimate(plan, SETTINGS, host).seconds == pytest.approx(75.0)
    assert asked == [(750, 750 + module.TRIAL_FRAMES * 2)], "a few frames of the middle"
    plan.frames = 200
    assert estimate(plan, SETTINGS, host).seconds is None and len(asked) == 1, "short runs are not held up"


def test_the_time_left_is_said_now_and_then(plan, monkeypatch):
    host = Clock(monkeypatch, 0.1003)
    forecast = Forecast(host, plan, SETTINGS, MP4)
    for done in range(1, 1501):
        forecast.progress(done, 1500)
    for _, text in host.shown:
        done = int(text.split()[1])
        assert text == f"frame {done} of 1500, {spoken_time(0.1003 * (1500 - done))} left, 10.0 frames/s"
    times_s = np.array([at_s for at_s, _ in host.shown])
    assert len(times_s) > 100 and np.diff(times_s).min() >= 1.0 and not host.said, "passing news are no stages"


def test_runs_of_a_second_are_not_talked_over(plan, monkeypatch):
    host = Clock(monkeypatch, 0.003)
    forecast = Forecast(host, plan, SETTINGS, MP4)
    for done in range(1, 301):
        forecast.progress(done, 300)
    assert host.shown == []


def test_what_is_drawn_is_passed_on(plan, monkeypatch):
    host = PlainHost()
    monkeypatch.setattr(host, "show", lambda *given: seen.append(given))
    seen, picture = [], np.zeros((2, 2, 3), np.uint8)
    Forecast(host, plan, SETTINGS, MP4).show(picture)
    assert seen == [(picture, "")]


def test_memory_grows_with_size_threads_and_preset():
    small, large = drawing_mb((640, 360), 2, MP4, "veryfast"), drawing_mb((3840, 2160), 2, MP4, "veryfast")
    assert small < 100 < 1000 < large < 2500
    assert drawing_mb((1280, 720), 8, MP4, "veryfast") > drawing_mb((1280, 720), 1, MP4, "veryfast")
    assert drawing_mb((1280, 720), 2, MP4, "veryslow") > drawing_mb((1280, 720), 2, MP4, "veryfast")
    assert drawing_mb((1280, 720), 2, find_format("png-sequence"), "veryslow") < drawing_mb((1280, 720), 2, MP4, "veryslow")


def test_disk_grows_with_quality(plan):
    host = PlainHost(threads=2)
    small, large = (estimate(plan, EncodeSettings(crf=crf), host).disk_mb for crf in (30, 12))
    assert small < large
    assert estimate(plan, SETTINGS, host, form=find_format("mov-prores4444")).disk_mb > 5 * large


@pytest.mark.parametrize(("free_mb", "warned"), [(100_000.0, False), (50.0, True), (None, False)])
def test_too_little_memory_is_said(plan, monkeypatch, free_mb, warned):
    monkeypatch.setattr(module, "available_mb", lambda: free_mb)
    found = estimate(plan, SETTINGS, PlainHost(threads=2))
    assert bool(found.warnings) is warned
    assert not warned or "50 MB are free" in found.warnings[0]


@pytest.mark.parametrize(("free_share", "warned"), [(3.0, False), (0.5, True)])
def test_a_disk_that_may_be_too_full_is_said_before(plan, monkeypatch, tmp_path, free_share, warned):
    host = PlainHost(threads=2)
    need = estimate(plan, SETTINGS, host).disk_mb * 1e6
    monkeypatch.setattr(space.shutil, "disk_usage", lambda path: SimpleNamespace(free=int(need * free_share)))
    found = estimate(plan, SETTINGS, host, folder=str(tmp_path))
    assert any("disk may be too full" in text for text in found.warnings) is warned
    assert not any("disk" in text for text in estimate(plan, SETTINGS, host).warnings), "nobody said where it goes"


def test_a_disk_that_is_too_full_ends_it_before_anything_is_drawn(plan, monkeypatch, tmp_path):
    monkeypatch.setattr(space.shutil, "disk_usage", lambda path: SimpleNamespace(free=1000))
    with pytest.raises(OutputError, match="free"):
        estimate(plan, SETTINGS, PlainHost(threads=2), folder=str(tmp_path))


def test_words():
    assert [spoken_time(s) for s in (0.2, 40, 100, 7800)] == ["1 s", "40 s", "2 min", "2 h 10 min"]
    assert Estimate(1500, 180.0, 900.0, 45.2).text == "About 3 min, 900 MB memory, 45 MB on disk for 1500 frames"
    assert "1.2 GB memory" in Estimate(10, 5.0, 1204.0, 0.4).text


def test_this_process_knows_its_memory():
    assert 20 < module.rss_mb() < 50_000


def test_large_pictures_wait_in_bounded_number():
    small, large = (drawing_mb(size, 2, MP4, "veryslow") - module.BASE_MB for size in ((1280, 720), (3840, 2160)))
    assert large < 0.8 * 9 * small
