"""What a source clip is, exactly, and that a result which shows it again is the same."""

import dataclasses
import weakref
from fractions import Fraction

import av
import numpy as np
import pytest
from talking_avatar.pipeline_core.errors import SettingError
from talking_avatar.pipeline_core.host import PlainHost
from talking_avatar.pipeline_core.media.encode import (
    Continued,
    ContinueSettings,
    EncodeSettings,
    find_format,
    write_video,
)
from talking_avatar.pipeline_core.media.video import probe, read_frames
from talking_avatar.pipeline_core.types import Sound
from talking_avatar.tests import decoding
from talking_avatar.tests.pipeline_core.media import making
from talking_avatar.tests.pipeline_core.media.making import MS, UNEVEN, opened, times

RATES = [Fraction(24000, 1001), Fraction(24), Fraction(25), Fraction(30000, 1001), Fraction(30), Fraction(50),
         Fraction(60000, 1001), Fraction(60)]


@pytest.mark.parametrize("fps", RATES, ids=str)
@pytest.mark.parametrize("ending", [".mp4", ".mkv", ".mov", ".ts", ".avi", ".flv"])
def test_a_constant_rate_stays_exactly_what_it_is(tmp_path, ending, fps):
    codec = "mpeg4" if ending == ".avi" else "libx264"
    source = making.clip(tmp_path / f"a{ending}", 30, fps=fps, codec=codec)
    clip = opened(source)
    assert clip.fps == fps and clip.is_steady and clip.one_to_one and clip.frames == 30
    making.revoiced(source, tmp_path / "out.mp4", range(30), untouched="encode")
    assert times(tmp_path / "out.mp4") == [i / fps for i in range(30)]
    with av.open(str(tmp_path / "out.mp4")) as container:
        assert container.streams.video[0].average_rate == fps


def test_after_its_end_the_last_frame_is_held_in_even_steps(tmp_path):
    source = making.clip(tmp_path / "a.mkv", 30, ticks=UNEVEN, time_base=MS)
    shown = [*range(30), *[29] * 5]
    making.revoiced(source, tmp_path / "out.mp4", range(35), shown=shown)
    late = times(tmp_path / "out.mp4")
    assert late[:30] == [Fraction(t, 1000) for t in UNEVEN]
    assert all(Fraction(38, 1000) < b - a < Fraction(45, 1000) for a, b in zip(late[29:-1], late[30:], strict=True))


def test_a_loop_of_an_uneven_rate_is_even(tmp_path):
    source = making.clip(tmp_path / "a.mkv", 30, ticks=UNEVEN, time_base=MS)
    clip, _, _ = making.revoiced(source, tmp_path / "out.mp4", range(60), shown=[*range(30), *range(30)])
    found = times(tmp_path / "out.mp4")
    assert max(abs(t - i / clip.fps) for i, t in enumerate(found)) < Fraction(1, 10_000)


@pytest.mark.parametrize("lead_s", [Fraction(1, 5), Fraction(-1, 5)])
def test_a_sound_on_the_clock_of_the_picture(tmp_path, lead_s):
    clip = dataclasses.replace(opened(making.clip(tmp_path / "a.mp4", 5)), lead_s=lead_s)
    click = np.zeros((2, 1000), np.float32)
    click[:, 500] = 1
    assert np.flatnonzero(clip.on_picture_clock(Sound(click, 1000)).samples[1]).tolist() == [500 - 1000 * lead_s]


# --- other tracks


@pytest.mark.parametrize("untouched", ["copy", "encode"])
@pytest.mark.parametrize(("keep", "wanted"), [("keep", [1000, 660, 880]), ("drop", [1000])])
def test_other_sound_tracks(tmp_path, keep, wanted, untouched):
    source = making.clip(tmp_path / "a.mp4", 72, tracks=[("aac", 440), ("aac", 660), ("aac", 880)])
    t = np.arange(round(72 / 25 * 48_000)) / 48_000
    new = Sound(0.4 * np.sin(2 * np.pi * 1000 * t).astype(np.float32)[None], 48_000)
    _, report, _ = making.revoiced(source, tmp_path / "out.mp4", {40}, other_audio=keep, sound=new, untouched=untouched)
    assert making.tones(tmp_path / "out.mp4") == wanted and making.tones(source) == [440, 660, 880]
    assert any("2 further sound track(s)" in text for text in report.warnings) == (keep == "drop")


def test_a_kept_track_stays_in_its_place(tmp_path):
    source = making.clip(tmp_path / "a.mkv", 50, tracks=[("flac", 440), ("flac", 660, 0.5)])
    _, _, _ = making.revoiced(source, tmp_path / "out.mkv", {40}, form="mkv-h264-flac", sound=Sound(np.zeros((1, 96_000)), 48_000))
    for path in (source, tmp_path / "out.mkv"):
        with av.open(str(path)) as container:
            first = next(container.decode(audio=1))
        assert float(first.pts * first.time_base) == pytest.approx(0.5, abs=0.001)


def test_the_title_is_kept_and_an_old_workflow_is_not(tmp_path):
    source = making.clip(tmp_path / "a.mkv", 10)
    with av.open(str(source)) as given, av.open(str(tmp_path / "b.mkv"), "w") as out:
        out.metadata.update({"title": "Tea", "workflow": "{}"})
        stream = out.add_stream_from_template(given.streams.video[0], opaque=True)
        for packet in given.demux(video=0):
            if packet.size:
                packet.stream = stream
                out.mux(packet)
    making.revoiced(tmp_path / "b.mkv", tmp_path / "out.mp4", {5})
    with av.open(str(tmp_path / "out.mp4")) as found:
        assert found.metadata["title"] == "Tea" and "workflow" not in found.metadata


# --- pixels


CODED = {"601": {"matrix": 5}, "709": {"matrix": 1}, "2020": {"matrix": 9}, "601 full": {"matrix": 5, "full_range": True},
         "709 full": {"matrix": 1, "full_range": True}}


def decoded_rgb(frame):
    """By the tags of the file, with float arithmetic: independent of the project's own conversion."""
    weights = {1: (0.2126, 0.0722), 5: (0.299, 0.114), 6: (0.299, 0.114), 9: (0.2627, 0.0593)}[frame.colorspace]
    full = frame.color_range == 2
    y, u, v = (np.frombuffer(p, np.uint8).reshape(-1, p.line_size)[:p.height, :p.width].astype(float) for p in frame.planes)
    u, v = (np.repeat(np.repeat(c, 2, 0), 2, 1) - 128 for c in (u, v))
    y, u, v = (y, u / 255, v / 255) if full else ((y - 16) * 255 / 219, u / 224, v / 224)
    red, blue = weights
    r, b = y + 255 * 2 * (1 - red) * v, y + 255 * 2 * (1 - blue) * u
    return np.stack([r, (y - red * r - blue * b) / (1 - red - blue), b], -1)


def colourful(count=24):
    """With grain, as cameras have it: an encoder shifts a smooth ramp as a whole."""
    y, x = np.mgrid[0:96, 0:128]
    for i in range(count):
        grain = np.random.default_rng(i).integers(-5, 6, (96, 128, 1))
        yield (np.stack([60 + x, 200 - y - i, 90 + (x + y) // 2], -1) + grain).astype(np.uint8)


@pytest.mark.parametrize("name", CODED)
def test_nothing_shifts_where_nothing_is_drawn(tmp_path, name):
    source = making.clip(tmp_path / "a.mp4", 24, pictures=colourful(), **CODED[name])
    making.revoiced(source, tmp_path / "out.mp4", range(24), untouched="encode", crf=18)
    pairs = [(a[2], b[2]) for a, b in zip(making.decoded(source), making.decoded(tmp_path / "out.mp4"), strict=True)]
    assert all((a.colorspace, a.color_range) == (b.colorspace, b.color_range) for a, b in pairs)

    def shift():
        return float(np.abs(np.mean([(decoded_rgb(b) - decoded_rgb(a))[30:].mean(axis=(0, 1)) for a, b in pairs], axis=0)).max())

    assert shift() <= 0.5
    for _, frame in pairs:  # control: other tags are another picture
        frame.colorspace = 5 if CODED[name]["matrix"] != 5 else 1
    assert shift() > 0.5


@pytest.mark.parametrize("name", CODED)
def test_before_encoding_untouched_samples_are_the_sources_own(tmp_path, name):
    """crf 0 is lossless: what is decoded is what the encoder was given."""
    source = making.clip(tmp_path / "a.mp4", 24, **CODED[name])
    making.revoiced(source, tmp_path / "out.mp4", range(24), untouched="encode", crf=0)
    for (_, _, before), (_, _, after) in zip(making.decoded(source), making.decoded(tmp_path / "out.mp4"), strict=True):
        for number, (a, b) in enumerate(zip(before.planes, after.planes, strict=True)):
            edge = 12 if number else 24
            one, two = (np.frombuffer(p, np.uint8).reshape(-1, p.line_size)[:p.height, :p.width] for p in (a, b))
            differs = one != two
            assert not differs[edge:].any() and not differs[:, edge:].any()
            assert number or differs[:edge, :edge].mean() > 0.9  # control: the square is drawn


@pytest.mark.parametrize("form", ["mkv-ffv1-flac", "png-sequence"])
def test_lossless_formats_hold_the_pixels_as_they_are_read(tmp_path, form):
    source = making.clip(tmp_path / "a.mp4", 6, matrix=5)
    out = tmp_path / ("out.mkv" if form.startswith("mkv") else "out")
    making.revoiced(source, out, {3}, form=form)
    shown = decoding.pictures(out, find_format(form))
    for i, (_, rgb) in enumerate(read_frames(source)):
        same = np.array_equal(np.asarray(shown[i][1])[..., :3], rgb)
        assert same == (i != 3)


def test_transparency_survives(tmp_path):
    y, x = np.mgrid[0:96, 0:128]
    pictures = [np.dstack([x + 60, y + 60, x + y, np.where(x > 40, 255, 2 * x)]).astype(np.uint8) for _ in range(6)]
    source = making.clip(tmp_path / "a.mkv", 6, codec="ffv1", form="bgra", pictures=pictures)
    assert probe(source).has_alpha
    shown = [rgba for _, rgba in read_frames(source, alpha=True)]
    assert all(np.array_equal(rgba, want) for rgba, want in zip(shown, pictures, strict=True))


# --- memory and settings


class Counted(np.ndarray):
    """Frames that are counted while they live."""

    living = most = 0

    @classmethod
    def of(cls, rgb):
        frame = rgb.view(cls)
        cls.living += 1
        cls.most = max(cls.most, cls.living)
        weakref.finalize(frame, cls.gone)
        return frame

    @classmethod
    def gone(cls):
        cls.living -= 1


@pytest.mark.parametrize(("spans", "least", "most"), [((), 3000, 3000), (((0, 2000, 0), (2100, 3000, 2100)), 100, 160)])
def test_a_long_clip_holds_few_frames(tmp_path, spans, least, most):
    source = making.clip(tmp_path / "a.mp4", 3000, size=(32, 32), options={"preset": "ultrafast"})
    clip, drawn = opened(source), []

    def draw(start, stop):
        for i, (_, rgb) in zip(range(start, stop), read_frames(source, start), strict=False):
            drawn.append(i)
            yield Counted.of(rgb)

    Counted.living = Counted.most = 0
    taken = Continued(clip, np.arange(3000), spans, draw)
    write_video(draw(0, 3000), tmp_path / "out.mp4", fps=clip.fps, size=(32, 32), count=3000, sound=None,
                settings=EncodeSettings(preset="ultrafast"), metadata={}, host=PlainHost(), continued=taken)
    with av.open(str(tmp_path / "out.mp4")) as container:
        assert sum(bool(packet.size) for packet in container.demux(video=0)) == 3000
    assert Counted.most < 12 and least <= len(drawn) <= most
    kept = list(draw(0, 40))  # control: frames that are kept are counted
    assert Counted.most >= 40 == len(kept)


@pytest.mark.parametrize("wrong", [{"untouched": "move"}, {"other_audio": "all"}])
def test_unknown_settings_are_refused(wrong):
    with pytest.raises(SettingError, match="unknown"):
        ContinueSettings(**wrong)
