"""No frame lost, every frame and every sound in its place, in every format."""

import json
import threading
from fractions import Fraction

import av
import numpy as np
import pytest
from PIL import Image
from talking_avatar.pipeline_core.errors import Cancelled, SettingError
from talking_avatar.pipeline_core.host import PlainHost
from talking_avatar.pipeline_core.media.encode import (
    EncodeSettings,
    catalogue,
    find_format,
    format_for,
    usable_formats,
    write_video,
)
from talking_avatar.pipeline_core.media.encode.container import ContainerWriter
from talking_avatar.pipeline_core.media.encode.sequence import SequenceWriter
from talking_avatar.pipeline_core.types import Sound
from talking_avatar.tests import decoding

FPS = [Fraction(24000, 1001), Fraction(24), Fraction(25), Fraction(30000, 1001), Fraction(30), Fraction(50), Fraction(60)]
FORMATS = usable_formats()
LOUD = [name for name in FORMATS if find_format(name).audio]
SIZE = (64, 64)
AAC_FRAME = 1024


def write(folder, name, frames, *, fps=Fraction(25), size=SIZE, count, sound=None, metadata=None, host=None, **settings):
    path = folder / ("clip" + find_format(name).ending)
    write_video(frames, path, fps=fps, size=size, count=count, sound=sound, host=host or PlainHost(),
                settings=EncodeSettings(name, **{"preset": "ultrafast", **settings}), metadata=metadata or {})
    return path


def shades(count):
    return [40 + 5 * (i % 32) + i // 32 for i in range(count)]


def greys(count, size=SIZE):
    return (np.full((size[1], size[0], 3), shade, np.uint8) for shade in shades(count))


def noise(seconds, rate_hz=48000, channels=1, bits=24):
    raw = np.random.default_rng(3).standard_normal((channels, round(seconds * rate_hz))).clip(-4, 4) * 0.1
    return Sound((np.round(raw * 2 ** (bits - 1)) / 2 ** (bits - 1)).astype(np.float32), rate_hz)


@pytest.mark.parametrize("fps", FPS, ids=str)
@pytest.mark.parametrize("name", FORMATS)
def test_every_frame_is_there_at_its_time(tmp_path, name, fps):
    path = write(tmp_path, name, greys(20), fps=fps, count=20)
    assert decoding.problems(path, find_format(name), fps, shades(20)) == []
    if not find_format(name).is_folder and name not in ("gif", "webp"):
        with av.open(str(path)) as container:
            assert container.streams.video[0].average_rate == fps


@pytest.mark.parametrize("name", ["mp4-h264", "webm-vp9", "mkv-ffv1-flac", "gif", "png-sequence"])
@pytest.mark.parametrize("keep_count", [False, True], ids=["one frame dropped", "one frame shown twice"])
def test_the_gate_notices_a_lost_frame(tmp_path, monkeypatch, name, keep_count):
    for writer in (ContainerWriter, SequenceWriter):
        def lossy(self, frame, real=writer.write):
            if self._done == 7 and not getattr(self, "lost", False):
                self.lost = True
                if not keep_count:
                    return
                frame = np.full_like(frame, shades(7)[6])
            real(self, frame)

        monkeypatch.setattr(writer, "write", lossy)
    path = write(tmp_path, name, greys(20), count=20)
    assert decoding.problems(path, find_format(name), Fraction(25), shades(20))


@pytest.mark.parametrize("fps", [FPS[0], FPS[3], FPS[6]], ids=str)
@pytest.mark.parametrize("name", ["gif", "webp"])
def test_rounded_times_do_not_drift(tmp_path, name, fps):
    (last, _), *_ = reversed(decoding.pictures(write(tmp_path, name, greys(400, (16, 16)), fps=fps, size=(16, 16),
                                                     count=400), find_format(name)))
    assert abs(last - 399 / fps) <= Fraction(1, 200)
    # Control: durations rounded one by one would be further off.
    tick = decoding.TICKS[name]
    assert abs(399 * round(1 / fps / tick) * tick - 399 / fps) > Fraction(1, 200)


@pytest.mark.parametrize("fps", [FPS[0], FPS[2], FPS[6]], ids=str)
@pytest.mark.parametrize("name", LOUD)
def test_sound_begins_and_ends_with_the_picture(tmp_path, name, fps):
    form, count = find_format(name), 31
    wanted = round(count / fps * 48000)
    given = noise(wanted / 48000 - 0.013)
    path = write(tmp_path, name, greys(count), fps=fps, count=count, sound=given)
    got, rate_hz = decoding.sound(path / f"sound{form.audio.ending}" if form.is_folder else path)
    assert rate_hz == 48000 and got.shape[0] == 1
    if form.audio.lossless:
        padded = np.pad(given.samples[0], (0, wanted - given.samples.shape[1]))
        np.testing.assert_array_equal(got[0], padded)
    else:
        assert abs(got.shape[1] - wanted) < AAC_FRAME
        assert decoding.lag_samples(got[0], given.samples[0]) == 0
        assert name.startswith("mp4") or got.shape[1] == wanted  # Opus says where it ends


@pytest.mark.parametrize("name", [n for n in LOUD if find_format(n).audio.lossless])
@pytest.mark.parametrize(("rate", "channels"), [(8000, 1), (22050, 2), (44100, 2), (96000, 6), (37123, 1)])
def test_lossless_sound_keeps_every_sample(tmp_path, name, rate, channels):
    form, given = find_format(name), noise(0.4, rate, channels)
    path = write(tmp_path, name, greys(10), count=10, sound=given)
    got, rate_hz = decoding.sound(path / "sound.wav" if form.is_folder else path)
    assert rate_hz == rate
    np.testing.assert_array_equal(got, given.samples)


def test_samples_beyond_full_scale_clip_and_do_not_wrap(tmp_path):
    given = Sound(np.array([[0.5, 3.0, -3.0, 1.0, -1.0] * 400], np.float32), 8000)
    got, _ = decoding.sound(write(tmp_path, "mkv-h264-flac", greys(7), count=7, sound=given))
    assert got[0, :5] == pytest.approx([0.5, 1.0, -1.0, 1.0, -1.0], abs=1e-6)


@pytest.mark.parametrize(("name", "at"), [("mp4-h264", 4300), ("webm-vp9", 1430)])
def test_a_flash_and_a_click_are_together_after_minutes(tmp_path, name, at):
    fps, size = Fraction(24000, 1001), (16, 16)
    samples = np.zeros((1, 16000 * 180), np.float32)
    click = round(at / fps * 16000)
    samples[:, click:click + 64] = 0.9
    black, white = np.zeros((16, 16, 3), np.uint8), np.full((16, 16, 3), 255, np.uint8)
    path = write(tmp_path, name, (white if i == at else black for i in range(at + 10)), fps=fps, size=size, count=at + 10,
                 sound=Sound(samples, 16000), crf=30)
    flashes = [float(f.pts * f.time_base) for f in decoding.raw_frames(path) if f.to_ndarray(format="gray").mean() > 128]
    got, rate_hz = decoding.sound(path)
    assert len(flashes) == 1
    assert abs(np.argmax(np.abs(got[0]) > 0.3) / rate_hz - flashes[0]) < 0.002


@pytest.mark.parametrize("size", [(65, 67), (97, 64), (64, 101)], ids=str)
@pytest.mark.parametrize("name", FORMATS)
def test_odd_sizes(tmp_path, name, size):
    y, x = np.mgrid[0:size[1], 0:size[0]]
    picture = np.stack([60 + x, 80 + y, 100 + (x + y) // 2], -1).astype(np.uint8)
    path = write(tmp_path, name, [picture] * 3, size=size, count=3, crf=8)
    _, got = decoding.pictures(path, find_format(name))[-1]
    error = got[:size[1], :size[0], :3].astype(float) - picture
    assert got.shape[0] - size[1] in (0, 1) and got.shape[1] - size[0] in (0, 1)
    assert np.abs(error).mean() < (6 if name == "gif" else 3)


def test_previews_are_small_and_keep_their_shape(tmp_path):
    for name in ("gif", "webp"):
        path = write(tmp_path, name, greys(2, (1280, 720)), size=(1280, 720), count=2)
        assert Image.open(path).size == (640, 360)


TAGS = {"prompt": '{"1": {"class_type": "TA_VideoMux", "text": "äöü 🙂"}}', "workflow": '{"nodes": []}'}


@pytest.mark.parametrize("name", [n for n in FORMATS if n not in ("gif", "webp", "png-sequence")])
def test_the_workflow_is_in_the_file(tmp_path, name):
    with av.open(str(write(tmp_path, name, greys(2), count=2, metadata=TAGS))) as container:
        found = {key.lower(): value for key, value in container.metadata.items()}
    assert {key: found[key] for key in TAGS} == TAGS


def test_the_workflow_is_in_the_first_picture_of_a_sequence(tmp_path):
    path = write(tmp_path, "png-sequence", greys(2), count=2, metadata=TAGS, sound=noise(0.08))
    assert [p.name for p in sorted(path.iterdir())] == ["frame_00001.png", "frame_00002.png", "sound.wav"]
    assert Image.open(path / "frame_00001.png").text == TAGS and not Image.open(path / "frame_00002.png").text


@pytest.mark.parametrize("count", [1, 3])
def test_the_workflow_is_in_webp_as_comfyui_writes_it(tmp_path, count):
    with Image.open(write(tmp_path, "webp", greys(count), count=count, metadata=TAGS)) as picture:
        exif = picture.getexif()
        found = dict(exif[tag].split(":", 1) for tag in (0x0110, 0x010F))
        assert {key: json.loads(text) for key, text in found.items()} == {k: json.loads(v) for k, v in TAGS.items()}
        assert getattr(picture, "n_frames", 1) == count
        picture.seek(count - 1)
        picture.load()


def test_what_a_format_cannot_keep_is_said(tmp_path):
    def warnings(name, fps=Fraction(25), channels=3):
        frame = np.zeros((64, 64, channels), np.uint8)
        path = tmp_path / ("a" + find_format(name).ending)
        return write_video([frame] * 2, path, fps=fps, size=SIZE, count=2, sound=noise(0.08), settings=EncodeSettings(name),
                           metadata={}, host=PlainHost()).warnings

    assert warnings("mp4-h264") == warnings("webm-vp9-alpha", channels=4) == ()
    assert "transparency" in warnings("mp4-h264", channels=4)[0]
    assert "no sound" in warnings("gif")[0] and "too slowly" in warnings("gif", Fraction(60))[1]


class StopsAtTheEnd(PlainHost):
    def progress(self, done, total):
        if done == total:
            raise Cancelled


@pytest.mark.parametrize("name", FORMATS)
def test_cancel_leaves_nothing(tmp_path, name):
    with pytest.raises(Cancelled):
        write(tmp_path, name, greys(30), count=30, sound=noise(1), host=StopsAtTheEnd())
    assert list(tmp_path.iterdir()) == []
    assert not [t for t in threading.enumerate() if t.name == "encoder"]


@pytest.mark.parametrize("name", ["mov-prores4444", "png-sequence", "gif"])
def test_a_preview_for_web_pages_is_written_at_the_same_time(tmp_path, name):
    preview = tmp_path / "small.mp4"
    frames = (np.full((720, 1280, 4), (shade, shade, shade, 255), np.uint8) for shade in shades(5))
    write_video(frames, tmp_path / ("a" + find_format(name).ending), fps=Fraction(25), size=(1280, 720), count=5,
                sound=noise(0.2), settings=EncodeSettings(name), metadata={}, host=PlainHost(), preview_path=preview)
    assert decoding.problems(preview, find_format("mp4-h264"), Fraction(25), shades(5)) == []
    assert decoding.raw_frames(preview)[0].width == 640 and decoding.sound(preview)[0].shape[1] > 0
    assert len(list(tmp_path.iterdir())) == 2


def test_h265_refuses_sizes_at_which_its_encoder_breaks(tmp_path):
    if "mp4-h265" not in FORMATS:
        pytest.skip("this PyAV has no x265")
    with pytest.raises(SettingError, match="64"):
        write(tmp_path, "mp4-h265", greys(2, (48, 64)), size=(48, 64), count=2)


def test_every_ending_has_its_format():
    wanted = {".mp4": "mp4-h264", ".webm": "webm-vp9", ".mov": "mov-h264-pcm", ".mkv": "mkv-h264-flac", ".gif": "gif",
              ".webp": "webp"}
    assert {ending: format_for("a" + ending.upper()).name for ending in wanted} == wanted
    alpha = {".webm": "webm-vp9-alpha", ".mov": "mov-prores4444", ".mkv": "mkv-ffv1-flac", ".mp4": "mp4-h264"}
    assert {ending: format_for("a" + ending, alpha=True).name for ending in alpha} == alpha
    assert {form.ending for form in catalogue().values()} == {*wanted, ""}
