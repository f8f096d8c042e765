"""Clips that people re-voice: what is right, what is written otherwise, and what is said about it."""

from fractions import Fraction

import av
import numpy as np
import pytest
from talking_avatar.pipeline_core.media.encode import usable_formats
from talking_avatar.pipeline_core.media.source import source_clip
from talking_avatar.pipeline_core.media.video import media_file, probe, read_frames
from talking_avatar.pipeline_core.types import Sound
from talking_avatar.tests.pipeline_core.media import making
from talking_avatar.tests.pipeline_core.media.making import MS, UNEVEN, WILD, opened, times


@pytest.mark.parametrize("ending", [".mp4", ".mkv", ".webm"])
def test_an_uneven_rate_keeps_its_own_times(tmp_path, ending):
    source = making.clip(tmp_path / "a.mkv", 30, ticks=UNEVEN, time_base=MS)
    form = {".mp4": "mp4-h264", ".mkv": "mkv-h264-flac", ".webm": "webm-vp9"}[ending]
    clip, report, _ = making.revoiced(source, tmp_path / f"out{ending}", range(30), form=form, preset="ultrafast")
    assert not clip.is_steady and clip.one_to_one and any("keeps its own time" in text for text in report.warnings)
    assert times(tmp_path / f"out{ending}") == [Fraction(t, 1000) for t in UNEVEN]
    assert report.duration_s == pytest.approx(float(clip.stamps.duration_s))
    grid = [i / clip.fps for i in range(30)]  # control: an even rate would be noticed
    assert max(abs(a - b) for a, b in zip(grid, times(source), strict=True)) > Fraction(5, 1000)


def test_a_rate_that_varies_too_much_goes_on_the_grid_and_its_error_is_said(tmp_path):
    source = making.clip(tmp_path / "a.mkv", 8, ticks=WILD, time_base=MS)
    clip, report, _ = making.revoiced(source, tmp_path / "out.mp4", range(99))
    assert not clip.one_to_one and len(clip.shown) == clip.shown.size == round(1.54 * float(clip.fps)) + 1
    assert times(tmp_path / "out.mp4") == [i / clip.fps for i in range(len(clip.shown))]
    off = [abs(WILD[n] / 1000 - np.flatnonzero(clip.shown == n)[0] / float(clip.fps)) for n in set(clip.shown.tolist())]
    assert clip.grid_error_s == pytest.approx(max(off)) and clip.grid_error_s <= 0.5 / float(clip.fps) + 1e-9
    assert any(f"up to {clip.grid_error_s * 1000:.0f} ms" in text for text in report.warnings)


@pytest.mark.parametrize("late_s", [0.0, 0.2])
def test_a_sound_that_begins_before_the_picture_keeps_its_place(tmp_path, late_s):
    shift = round(late_s * 1000)
    source = making.clip(tmp_path / "a.mkv", 50, ticks=[shift + 40 * i for i in range(50)], time_base=MS,
                         tracks=[("flac", 440)])
    clip = opened(source)
    assert float(clip.lead_s) == pytest.approx(late_s) and clip.is_steady
    ramp = Sound(np.linspace(-1, 1, 48_000, dtype=np.float32)[None], 48_000)
    heard = clip.on_picture_clock(ramp)
    assert heard.samples.shape[1] == 48_000 - round(late_s * 48_000)
    assert heard.samples[0, 0] == ramp.samples[0, round(late_s * 48_000)]
    _, report, _ = making.revoiced(source, tmp_path / "out.mp4", range(50))
    assert any("into the file" in text for text in report.warnings) == (late_s > 0)


def test_what_a_file_cannot_hold_is_named(tmp_path):
    source = making.clip(tmp_path / "a.mkv", 30, tracks=[("flac", 440), ("pcm_s16le", 660)])
    _, report, _ = making.revoiced(source, tmp_path / "out.webm", {20}, form="webm-vp9", preset="ultrafast",
                                   sound=Sound(np.zeros((1, 48_000)), 48_000))
    assert any("cannot be put into this kind of file" in text for text in report.warnings)
    assert len(making.tones(tmp_path / "out.webm")) == 1


def test_tracks_are_left_out_where_frames_change_their_places(tmp_path):
    source = making.clip(tmp_path / "a.mp4", 30, tracks=[("aac", 440), ("aac", 660)])
    _, report, _ = making.revoiced(source, tmp_path / "out.mp4", {20}, shown=[*range(30), *range(30)],
                                   sound=Sound(np.zeros((1, 48_000)), 48_000))
    assert any("further sound track(s)" in text for text in report.warnings) and len(making.tones(tmp_path / "out.mp4")) == 1


def deep(path):
    """10 bits with a ramp whose steps are finer than 8 bits hold."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=25, options={"crf": "0", "g": "8"})
        stream.width, stream.height, stream.pix_fmt = 128, 96, "yuv420p10le"
        stream.codec_context.colorspace, stream.codec_context.color_range = 1, 1
        for i in range(16):
            frame = av.VideoFrame(128, 96, "yuv420p10le")
            for number, plane in enumerate(frame.planes):
                lines = np.frombuffer(plane, np.uint16).reshape(-1, plane.line_size // 2)
                lines[:, :] = 512 if number else 300 + np.arange(lines.shape[1])
            frame.pts = i
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


@pytest.mark.parametrize("form", ["mov-prores422hq", "mp4-h265-10bit"])
def test_ten_bits_stay_where_the_format_has_them(tmp_path, form):
    if form not in usable_formats():
        pytest.skip("this PyAV has no x265")
    source, kept = deep(tmp_path / "a.mp4"), tmp_path / f"out.{form[:3]}"
    _, report, _ = making.revoiced(source, kept, range(16), form=form, crf=2)
    _, rounded, _ = making.revoiced(source, tmp_path / "round.mp4", range(16), untouched="encode", crf=0)
    assert not any("rounded" in text for text in report.warnings)
    assert any("10 bits per colour" in text and "rounded to 8" in text for text in rounded.warnings)

    def luma(path):
        plane = making.decoded(path)[9][2].planes[0]
        return np.frombuffer(plane, np.uint16 if "10" in making.decoded(path)[9][2].format.name else np.uint8
                             ).reshape(plane.height, -1)[60, 30:120].astype(int)

    assert len(set(luma(source))) == 90 and len(set(luma(kept))) >= 85
    assert len(set(luma(tmp_path / "round.mp4"))) < 30  # control


def test_hdr_and_interlacing_are_said_and_written_as_an_ordinary_video(tmp_path):
    source = making.clip(tmp_path / "a.mp4", 10, form="yuv420p10le", matrix=9, tags={"color_trc": 16, "color_primaries": 9})
    assert "HDR" in probe(source).warnings[0]
    making.revoiced(source, tmp_path / "out.mp4", {5})
    frame = making.decoded(tmp_path / "out.mp4")[0][2]
    assert (frame.colorspace, int(frame.color_trc), int(frame.color_primaries)) == (1, 1, 1)


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_a_turned_clip_is_written_upright(tmp_path, degrees):
    source = making.turned(making.clip(tmp_path / "a.mp4", 12), degrees)
    making.revoiced(source, tmp_path / "out.mp4", {5}, untouched="encode", crf=0)
    frame = making.decoded(tmp_path / "out.mp4")[3][2]
    (_, _, _, (_, upright)) = [*read_frames(source)][:4]
    assert frame.rotation == 0 and frame.to_ndarray(format="rgb24").shape == upright.shape
    got = [rgb for _, rgb in read_frames(tmp_path / "out.mp4")][3]
    assert np.abs(got.astype(int) - upright).mean() < 1 < np.abs(got.astype(int) - np.rot90(upright, 2)).mean()


def test_odd_sizes_are_written_with_a_repeated_edge(tmp_path):
    source = making.clip(tmp_path / "a.mkv", 6, codec="ffv1", form="yuv444p", size=(127, 95))
    making.revoiced(source, tmp_path / "out.mp4", {5}, crf=4)
    got = making.decoded(tmp_path / "out.mp4")[2][2].to_ndarray(format="rgb24")[:95, :127]
    assert np.abs(got.astype(float) - [rgb for _, rgb in read_frames(source)][2]).mean() < 3


def test_a_damaged_tail_ends_the_clip_and_not_the_work(tmp_path):
    source = making.clip(tmp_path / "a.mkv", 48)
    data = source.read_bytes()
    source.write_bytes(data[:len(data) * 3 // 4])
    count = len(list(read_frames(source)))
    _, report, _ = making.revoiced(source, tmp_path / "out.mp4", {5}, shown=range(count))
    assert 24 <= count < 48 and len(making.decoded(tmp_path / "out.mp4")) == count


def test_what_an_edit_list_hides_stays_hidden(tmp_path):
    whole = making.clip(tmp_path / "whole.mp4", 72)
    source = making.trimmed(whole, tmp_path / "a.mp4", 5 * 512)  # 25 fps are 512 ticks of 1/12800 s
    clip, _, asked = making.revoiced(source, tmp_path / "out.mp4", {40})
    assert clip.frames == 67 and asked == [*range(19), *range(19, 43)]
    assert set(making.compared(source, tmp_path / "out.mp4")[0]) <= set(range(43))


@pytest.mark.parametrize(("reason", "options"), [
    ("mpeg4", {"codec": "mpeg4"}), ("interlaced", {"x264": ":tff=1"}), ("free of changes", {"x264": ":open-gop=1:bframes=2"}),
    ("square", {"context": {"sample_aspect_ratio": Fraction(4, 3)}}), ("HDR", {"tags": {"color_trc": 16, "color_primaries": 9}}),
    ("varies", {"ticks": [i * i * 20 for i in range(72)], "time_base": Fraction(1, 1000)})])
def test_where_packets_cannot_be_copied_everything_is_encoded_and_the_reason_said(tmp_path, reason, options):
    if reason == "interlaced":
        source = interlaced(tmp_path / "a.mp4")
    else:
        source = making.clip(tmp_path / "a.mp4", **options)
    _, report, asked = making.revoiced(source, tmp_path / "out.mp4", range(30, 34))
    assert [text for text in report.warnings if "encoded again" in text and reason in text]
    assert len(asked) == len(source_clip(media_file(source)).shown)


def interlaced(path):
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=25, options={"g": "24", "x264-params": "scenecut=0:tff=1"})
        stream.width, stream.height, stream.pix_fmt = 128, 96, "yuv420p"
        stream.codec_context.flags |= av.codec.context.Flags.interlaced_dct
        for i, rgb in enumerate(making.numbered(72)):
            frame = av.VideoFrame.from_ndarray(rgb, format="rgb24")
            frame.pts = i
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path
