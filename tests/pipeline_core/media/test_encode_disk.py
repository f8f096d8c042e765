"""Full disks, taken names, and long sounds."""

import os
import shutil
import signal
import threading
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from talking_avatar.pipeline_core.errors import OutputError
from talking_avatar.pipeline_core.host import PlainHost
from talking_avatar.pipeline_core.media.audio import resample
from talking_avatar.pipeline_core.media.encode import (
    EncodeSettings,
    estimate_bytes,
    find_format,
    usable_formats,
    write_video,
)
from talking_avatar.pipeline_core.media.encode.sound import Resampler
from talking_avatar.pipeline_core.types import Sound
from talking_avatar.tests import decoding

resource = pytest.importorskip("resource")
FORMATS = usable_formats()


def noise(seconds, rate_hz=16000, channels=1):
    return Sound(np.random.default_rng(1).standard_normal((channels, round(seconds * rate_hz))).astype(np.float32) * 0.1, rate_hz)


def write(path, name="auto", count=12, size=(64, 64), sound=None, **rest):
    rng = np.random.default_rng(0)
    frames = (rng.integers(0, 256, (size[1], size[0], 3), dtype=np.uint8) for _ in range(count))
    return write_video(frames, path, fps=Fraction(25), size=size, count=count, sound=sound, metadata={},
                       settings=EncodeSettings(name, preset="ultrafast"), host=PlainHost(), **rest)


@contextmanager
def file_size_limit(size):
    """Let every write beyond `size` bytes of a file fail, as on a full disk."""
    old, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(size), old[1]))
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)
        signal.signal(signal.SIGXFSZ, handler)


@pytest.mark.parametrize("name", FORMATS)
def test_a_full_disk_is_said_wherever_it_happens(tmp_path, name):
    path = tmp_path / ("a" + find_format(name).ending)
    write(path, name, sound=noise(0.4))
    whole = max((p.stat().st_size for p in path.rglob("*")), default=0) if path.is_dir() else path.stat().st_size
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    for share in (0.1, 0.6, 0.97, None):
        with file_size_limit(whole - 1 if share is None else whole * share), pytest.raises(OutputError) as caught:
            write(path, name, sound=noise(0.4))
        assert "space" in caught.value.hint
        assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="the system does not list open files")
def test_a_preview_that_cannot_be_written_leaves_nothing_open(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match="no folder") as caught:
        write(tmp_path / "a.webp", preview_path=tmp_path / "file" / "small.mp4")
    held = [os.readlink(link) for link in Path("/proc/self/fd").iterdir() if link.is_symlink()]
    assert not [name for name in held if ".part" in name] and caught.value.hint
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def test_too_little_room_is_noticed_before_the_work(tmp_path, monkeypatch):
    form = find_format("mov-prores4444")
    needed = estimate_bytes(form, 18, size=(64, 64), fps=Fraction(25), count=12, sound=None)
    free = [needed // 10]
    monkeypatch.setattr(shutil, "disk_usage", lambda place: shutil._ntuple_diskusage(10**12, 0, free[0]))
    with pytest.raises(OutputError, match="MB free") as caught:
        write(tmp_path / "a.mov", "mov-prores4444")
    assert "mp4-h264" in caught.value.hint and list(tmp_path.iterdir()) == []
    free[0] = needed // 2
    assert "too full" in write(tmp_path / "a.mov", "mov-prores4444").warnings[0]
    free[0] = needed * 2
    assert write(tmp_path / "a.mov", "mov-prores4444").warnings == ()


def test_estimates_grow_with_what_is_asked():
    def estimate(name="mp4-h264", crf=18, size=(640, 360), count=100, sound=None):
        return estimate_bytes(find_format(name), crf, size=size, fps=Fraction(25), count=count, sound=sound)

    assert estimate(count=1000) > 9 * estimate() and estimate(size=(1280, 720)) > 3.5 * estimate()
    assert estimate(crf=12) > 1.9 * estimate() and estimate("mkv-ffv1-flac") > 20 * estimate()
    assert estimate("mov-prores4444", crf=0) == estimate("mov-prores4444", crf=51)
    assert estimate("gif", size=(6400, 3600)) == estimate("gif", size=(640, 360))
    assert estimate("png-sequence", sound=noise(4)) - estimate("png-sequence") == 4 * 16000 * 3


def test_a_taken_name_gets_the_next_number(tmp_path):
    (tmp_path / "a_00001_.mp4").write_bytes(b"mine")
    (tmp_path / "s_00001_").mkdir()
    first = write(tmp_path / "a_00001_.mp4", overwrite=False)
    second = write(tmp_path / "s_00001_", "png-sequence", overwrite=False)
    assert (tmp_path / "a_00001_.mp4").read_bytes() == b"mine"
    assert first.path == str(tmp_path / "a_00002_.mp4") and second.path == str(tmp_path / "s_00002_")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a_00001_.mp4", "a_00002_.mp4", "s_00001_", "s_00002_"]


@pytest.mark.parametrize(("name", "kind"), [("a_00001_.mp4", "auto"), ("a_00001_", "png-sequence")])
def test_two_writers_of_one_name_lose_nothing(tmp_path, name, kind):
    paths = []
    threads = [threading.Thread(target=lambda: paths.append(write(tmp_path / name, kind, overwrite=False).path))
               for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(paths)) == 4 == len(list(tmp_path.iterdir()))
    for path in map(tmp_path.joinpath, paths):
        assert len(decoding.pictures(path, find_format("png-sequence" if path.is_dir() else "mp4-h264"))) == 12


def test_a_filled_folder_is_never_replaced(tmp_path):
    target = tmp_path / "frames"
    target.mkdir()
    (target / "diary.txt").write_text("mine")
    with pytest.raises(OutputError, match="not empty"):
        write(target, "png-sequence")
    assert [p.name for p in target.iterdir()] == ["diary.txt"]
    (target / "diary.txt").unlink()
    write(target, "png-sequence")
    assert len(list(target.iterdir())) == 12 and [p.name for p in tmp_path.iterdir()] == ["frames"]


def test_a_folder_that_fills_up_meanwhile_is_kept(tmp_path):
    target = tmp_path / "frames"

    class Neighbour(PlainHost):
        def progress(self, done, total):
            target.mkdir(exist_ok=True)
            (target / "diary.txt").write_text("mine")

    with pytest.raises(OutputError):
        write_video([np.zeros((64, 64, 3), np.uint8)], target, fps=Fraction(25), size=(64, 64), count=1, sound=None,
                    settings=EncodeSettings("png-sequence"), metadata={}, host=Neighbour())
    assert [p.name for p in tmp_path.iterdir()] == ["frames"] and [p.name for p in target.iterdir()] == ["diary.txt"]


@pytest.mark.parametrize(("rate", "wanted"), [(16000, 48000), (22050, 44100), (44100, 48000), (96000, 48000), (37123, 48000)])
def test_a_sound_converted_in_pieces_is_the_sound_converted_at_once(rate, wanted):
    given = noise(20.5, rate, 2)
    whole, pieces = resample(given, wanted).samples, Resampler(given, wanted)
    joined = np.concatenate([pieces.read(at, at + 7001) for at in range(0, whole.shape[1], 7001)], axis=1)
    np.testing.assert_allclose(joined[:, :whole.shape[1]], whole, atol=2e-6)
    assert np.abs(joined[:, whole.shape[1] + 100:]).max(initial=0) == 0  # silence after the end


def test_writing_a_long_sound_takes_no_second_copy_of_it(tmp_path):
    import tracemalloc

    given = noise(60, 44100, 2)
    frames = [np.zeros((16, 16, 3), np.uint8)] * 120

    def write_some(count):
        write_video(frames, tmp_path / "a.webm", fps=Fraction(2), size=(16, 16), count=count, sound=given, metadata={},
                    settings=EncodeSettings(preset="ultrafast"), host=PlainHost())

    write_some(2)  # imports what it needs
    tracemalloc.start()
    try:
        write_some(120)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < given.samples.nbytes / 1.8
