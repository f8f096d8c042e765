import os
import sys
import threading
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from talking_avatar.pipeline_core.errors import Cancelled, ContractError, OutputError, SettingError
from talking_avatar.pipeline_core.host import PlainHost
from talking_avatar.pipeline_core.media.audio import load_sound, resample, sound_from_array
from talking_avatar.pipeline_core.media.encode import EncodeSettings, write_video
from talking_avatar.pipeline_core.media.video import probe, read_frames

FPS = [Fraction(24000, 1001), Fraction(24), Fraction(25), Fraction(30000, 1001), Fraction(30), Fraction(50),
       Fraction(60000, 1001), Fraction(60)]


def write(path, frames, *, fps=Fraction(25), size=(32, 32), count=5, sound=None, host=None, **rest):
    return write_video(frames, path, fps=fps, size=size, count=count, sound=sound,
                       settings=rest.get("settings", EncodeSettings()), metadata=rest.get("metadata", {}),
                       host=host or PlainHost())


def grey_frames(count, size=(32, 32)):
    for index in range(count):
        yield np.full((size[1], size[0], 3), 40 + index * 150 // max(1, count), np.uint8)


def noise(seconds, rate_hz, channels=1):
    return sound_from_array(np.random.default_rng(3).standard_normal((channels, round(seconds * rate_hz))) * 0.1, rate_hz)


def lag_samples(got, want):
    n = 2 * max(len(got), len(want))
    cross = np.fft.irfft(np.fft.rfft(got, n) * np.conj(np.fft.rfft(want, n)))
    at = int(np.argmax(cross))
    return at if at < n // 2 else at - n


@pytest.mark.parametrize("fps", FPS, ids=str)
def test_exact_length_of_picture_and_sound(tmp_path, fps):
    count = 31
    sound = noise(float(count / fps) - 0.013, 48000)
    report = write(tmp_path / "a.mp4", grey_frames(count), fps=fps, count=count, sound=sound)
    assert report.frames == count and report.duration_s == pytest.approx(float(count / fps))
    with av.open(str(tmp_path / "a.mp4")) as container:
        video, audio = container.streams.video[0], container.streams.audio[0]
        assert video.average_rate == fps and video.frames == count
        assert video.duration * video.time_base == count / fps
        assert abs(audio.duration * audio.time_base - count / fps) < Fraction(1, 1000)
        times = [frame.time for frame in container.decode(video)]
    np.testing.assert_allclose(times, [float(i / fps) for i in range(count)], atol=1e-6)
    decoded = load_sound(tmp_path / "a.mp4")
    assert abs(decoded.samples.shape[1] - float(count / fps) * 48000) < 1024  # one AAC frame
    assert lag_samples(decoded.mono, sound.mono) == 0


@pytest.mark.parametrize("rate", [8000, 11025, 16000, 22050, 44100, 48000, 96000, 37123])
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_any_sound_stays_in_time(tmp_path, rate, channels):
    sound = noise(0.3, rate, channels)
    write(tmp_path / "a.mp4", grey_frames(10), count=10, sound=sound)
    decoded = load_sound(tmp_path / "a.mp4")
    assert decoded.rate_hz in (44100, 48000) and decoded.samples.shape[0] == sound.samples.shape[0]
    assert abs(lag_samples(decoded.mono, resample(sound, decoded.rate_hz).mono)) <= 1


def test_sound_is_padded_with_silence_or_cut(tmp_path):
    write(tmp_path / "a.mp4", grey_frames(25), count=25, sound=noise(0.2, 48000))
    padded = load_sound(tmp_path / "a.mp4")
    assert abs(padded.duration_s - 1.0) < 0.022
    assert np.abs(padded.mono[16000:]).max() < 1e-3 < np.abs(padded.mono[:9000]).max()
    write(tmp_path / "b.mp4", grey_frames(5), count=5, sound=noise(2.0, 48000))
    assert abs(load_sound(tmp_path / "b.mp4").duration_s - 0.2) < 0.022


def test_a_flash_and_a_click_stay_together(tmp_path):
    fps, at = Fraction(30000, 1001), 40
    samples = np.zeros(48000 * 2, np.float32)
    click = round(float(at / fps) * 48000)
    samples[click:click + 96] = 0.9
    frames = (np.full((32, 32, 3), 255 if i == at else 0, np.uint8) for i in range(59))
    write(tmp_path / "a.mp4", frames, fps=fps, count=59, sound=sound_from_array(samples, 48000))
    flash = [t for t, rgb in read_frames(tmp_path / "a.mp4") if rgb.mean() > 128]
    heard = np.argmax(np.abs(load_sound(tmp_path / "a.mp4").mono) > 0.3) / 48000
    assert len(flash) == 1 and abs(flash[0] - heard) < 0.001


@pytest.mark.parametrize("size", [(16, 16), (17, 19), (18, 50), (16, 90), (33, 47), (256, 256), (321, 16)], ids=str)
def test_sizes_and_odd_edges(tmp_path, size):
    y, x = np.mgrid[0:size[1], 0:size[0]]
    picture = np.stack([x % 256, y % 256, (x + y) % 256], -1).astype(np.uint8) // 2 + 60
    write(tmp_path / "a.mp4", [picture] * 3, size=size, count=3)
    (_, first), *_ = list(read_frames(tmp_path / "a.mp4"))
    assert first.shape == (size[1] + size[1] % 2, size[0] + size[0] % 2, 3)
    error = first[:size[1], :size[0]].astype(int) - picture
    assert np.abs(error).mean() < 3


def test_4k_is_accepted(tmp_path):
    frame = np.full((2160, 3840, 3), 90, np.uint8)
    write(tmp_path / "a.mp4", [frame], size=(3840, 2160), count=1, settings=EncodeSettings(preset="ultrafast"))
    info = probe(tmp_path / "a.mp4")
    assert (info.width_px, info.height_px, info.frames) == (3840, 2160, 1)


def decoded_rgb(path):
    """Decode by the written tags with float arithmetic, independent of libswscale's rounding."""
    with av.open(str(path)) as container:
        frame = next(container.decode(video=0))
    assert (frame.colorspace, frame.color_range) == (1, 1)  # BT.709, limited
    y, u, v = (np.frombuffer(p, np.uint8).reshape(-1, p.line_size)[:h, :w].astype(float) for p, (h, w) in zip(
        frame.planes, [(frame.height, frame.width)] + [(frame.height // 2, frame.width // 2)] * 2, strict=True))
    u, v = (np.repeat(np.repeat(c, 2, 0), 2, 1) - 128 for c in (u, v))
    y = (y - 16) * 255 / 219
    r, b = y + 1.5748 * 255 / 224 * v, y + 1.8556 * 255 / 224 * u
    return np.stack([r, (y - 0.2126 * r - 0.0722 * b) / 0.7152, b], -1)


def test_colours_survive(tmp_path):
    y, x = np.mgrid[0:96, 0:128]
    picture = np.stack([40 + x, 60 + y, 200 - x], -1).astype(np.uint8)
    write(tmp_path / "a.mp4", [picture] * 2, size=(128, 96), count=2)
    error = decoded_rgb(tmp_path / "a.mp4") - picture
    assert np.abs(error.mean(axis=(0, 1))).max() < 0.5 and np.abs(error).mean() < 1.5
    # Control: read as BT.601, the same file must fail this gate.
    wrong = decoded_rgb(tmp_path / "a.mp4")[..., ::-1] - picture
    assert np.abs(wrong).mean() > 1.5


def test_transparency_shows_the_background_colour_and_warns(tmp_path):
    rgba = np.zeros((32, 32, 4), np.uint8)
    settings = EncodeSettings(background_rgb=(200, 100, 50))
    report = write(tmp_path / "a.mp4", [rgba] * 2, count=2, settings=settings)
    assert np.abs(decoded_rgb(tmp_path / "a.mp4") - (200, 100, 50)).max() < 4 and report.warnings


def test_metadata_round_trip(tmp_path):
    tags = {"prompt": '{"1": {"class_type": "TA_VideoMux", "text": "äöü 🙂"}}', "workflow": '{"nodes": []}'}
    write(tmp_path / "a.mp4", grey_frames(2), count=2, metadata=tags)
    with av.open(str(tmp_path / "a.mp4")) as container:
        assert {k: container.metadata[k] for k in tags} == tags


def test_same_input_gives_the_same_pixels(tmp_path):
    for name in "ab":
        write(tmp_path / f"{name}.mp4", grey_frames(8), count=8, sound=noise(0.3, 16000))
    first, second = (list(read_frames(tmp_path / f"{n}.mp4")) for n in "ab")
    assert all((p == q).all() for (_, p), (_, q) in zip(first, second, strict=True))


class StopsAfter(PlainHost):
    def __init__(self, frames, error):
        super().__init__()
        self.left, self.error = frames, error

    def progress(self, done, total):
        self.left -= 1
        if not self.left:
            raise self.error


@pytest.mark.parametrize("error", [Cancelled(), KeyboardInterrupt(), RuntimeError("host's own interrupt")], ids=repr)
def test_cancel_leaves_nothing_and_the_next_run_works(tmp_path, error):
    closed, path = [], tmp_path / "a.mp4"

    def frames():
        try:
            yield from grey_frames(50)
        finally:
            closed.append(True)

    with pytest.raises(type(error)):
        write(path, frames(), count=50, sound=noise(2, 16000), host=StopsAfter(7, error))
    assert list(tmp_path.iterdir()) == [] and closed == [True]
    assert not [t for t in threading.enumerate() if t.name == "encoder"]
    assert write(path, grey_frames(5)).frames == 5
    assert [p.name for p in tmp_path.iterdir()] == ["a.mp4"]


def test_a_failed_run_keeps_the_older_file(tmp_path):
    path = tmp_path / "a.mp4"
    path.write_bytes(b"older")
    with pytest.raises(Cancelled):
        write(path, grey_frames(5), host=StopsAfter(2, Cancelled()))
    assert path.read_bytes() == b"older"


def broken_frames():
    yield np.zeros((32, 32, 3), np.uint8)
    raise ValueError("renderer")


@pytest.mark.parametrize(("frames", "error"), [
    (lambda: grey_frames(3), ContractError), (lambda: [np.zeros((16, 32, 3), np.uint8)] * 5, ContractError),
    (lambda: [np.zeros((32, 32, 3), np.float32)] * 5, ContractError), (broken_frames, ValueError),
], ids=["too few", "wrong size", "wrong type", "renderer fails"])
def test_bad_frames_are_reported_and_leave_nothing(tmp_path, frames, error):
    with pytest.raises(error):
        write(tmp_path / "a.mp4", frames())
    assert list(tmp_path.iterdir()) == []


def test_surplus_frames_are_not_drawn(tmp_path):
    drawn = []
    write(tmp_path / "a.mp4", (drawn.append(i) or f for i, f in enumerate(grey_frames(100))), count=4)
    assert drawn == [0, 1, 2, 3]


@pytest.mark.parametrize("change", [{"fps": Fraction(0)}, {"fps": Fraction(-25)}, {"fps": Fraction(1000)},
                                    {"size": (0, 32)}, {"size": (-2, 32)}, {"size": (9000, 32)}], ids=str)
def test_impossible_rates_and_sizes(tmp_path, change):
    with pytest.raises(SettingError) as caught:
        write(tmp_path / "a.mp4", grey_frames(5), **change)
    assert caught.value.hint and list(tmp_path.iterdir()) == []


def test_settings_are_checked(tmp_path):
    for bad in ({"format": "h999"}, {"preset": "warp"}, {"crf": 99}):
        with pytest.raises(SettingError):
            EncodeSettings(**bad)
    with pytest.raises(SettingError, match="ending"):
        write(tmp_path / "a.exe", grey_frames(5))


def test_a_folder_that_cannot_be_made_or_written(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError) as caught:
        write(tmp_path / "file" / "a.mp4", grey_frames(5))
    assert caught.value.hint and (tmp_path / "file").read_text() == "x"
    (tmp_path / "taken.mp4").mkdir()
    with pytest.raises(OutputError):
        write(tmp_path / "taken.mp4", grey_frames(5))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file", "taken.mp4"]
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o500)
    if os.access(locked, os.W_OK):  # a superuser may write anywhere
        locked = Path("/proc") if sys.platform == "linux" else None
    if locked is not None:
        with pytest.raises(OutputError):
            write(locked / "a.mp4", grey_frames(5))


def test_a_full_disk_is_reported(tmp_path):
    resource = pytest.importorskip("resource")
    import signal

    old, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    rng = np.random.default_rng(0)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, old[1]))
        with pytest.raises(OutputError):
            write(tmp_path / "a.mp4", (rng.integers(0, 256, (64, 64, 3), dtype=np.uint8) for _ in range(40)), size=(64, 64), count=40)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)
        signal.signal(signal.SIGXFSZ, handler)
    assert list(tmp_path.iterdir()) == []


def test_frames_wait_for_the_encoder(tmp_path):
    ahead, drawn, encoded = [], [0], [0]

    class Watch(PlainHost):
        def progress(self, done, total):
            encoded[0] = done

    def frames():
        for frame in grey_frames(60, (256, 256)):
            drawn[0] += 1
            ahead.append(drawn[0] - encoded[0])
            yield frame

    write(tmp_path / "a.mp4", frames(), size=(256, 256), count=60, host=Watch())
    assert max(ahead) == 1  # pulled one by one: the next is drawn after the last was handed over
