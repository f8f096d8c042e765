"""Subtitles and chapters of a clip that is written again, and clips whose frames are made of two fields."""

import av
import numpy as np
import pytest
from talking_avatar.pipeline_core.media.video import probe, read_frames

from . import making

SAID = ("First line", "Second line")


@pytest.fixture
def film(tmp_path):
    """Three seconds with two subtitles and two chapters."""
    (tmp_path / "a.srt").write_text("1\n00:00:00,200 --> 00:00:01,000\nFirst line\n\n2\n00:00:01,500 --> 00:00:02,500\nSecond line\n")
    plain, path = making.clip(tmp_path / "plain.mkv", 75), tmp_path / "film.mkv"
    with av.open(str(plain)) as pictures, av.open(str(tmp_path / "a.srt")) as lines, av.open(str(path), "w") as out:
        added = [(given, given.streams[0], out.add_stream_from_template(given.streams[0], opaque=True)) for given in (pictures, lines)]
        out.set_chapters([{"id": i, "start": 1500 * i, "end": 1500 * (i + 1), "time_base": making.MS,
                           "metadata": {"title": f"Part {i + 1}"}} for i in range(2)])
        for given, stream, target in added:
            for packet in given.demux(stream):
                if packet.size:
                    packet.stream = target
                    out.mux(packet)
    return path


def lines_of(path):
    with av.open(str(path)) as found:
        return [bytes(packet).decode() for packet in found.demux(subtitles=0) if packet.size] if found.streams.subtitles else []


def chapters_of(path):
    with av.open(str(path)) as found:
        return [(float(c["start"] * c["time_base"]), c["metadata"]["title"]) for c in found.chapters()]


@pytest.mark.parametrize("untouched", ["copy", "encode"])
def test_subtitles_and_chapters_stay(film, tmp_path, untouched):
    _, report, _ = making.revoiced(film, tmp_path / "out.mkv", {40}, form="mkv-h264-flac", untouched=untouched)
    assert lines_of(tmp_path / "out.mkv") == lines_of(film) == list(SAID)
    assert chapters_of(tmp_path / "out.mkv") == chapters_of(film) == [(0.0, "Part 1"), (1.5, "Part 2")]
    assert not any("subtitle" in text for text in report.warnings)


def test_subtitles_that_are_left_out_are_named(film, tmp_path):
    _, report, _ = making.revoiced(film, tmp_path / "out.mp4", {40})
    assert any("subtitles 1 of 'film.mkv'" in text for text in report.warnings) and lines_of(tmp_path / "out.mp4") == []
    assert chapters_of(tmp_path / "out.mp4") == chapters_of(film)
    _, report, _ = making.revoiced(film, tmp_path / "dropped.mkv", {40}, form="mkv-h264-flac", other_audio="drop")
    assert any("1 subtitle track(s)" in text for text in report.warnings) and lines_of(tmp_path / "dropped.mkv") == []


def test_an_interlaced_clip_is_said_to_be_and_written_in_whole_frames_without_combs(tmp_path):
    with av.open(str(tmp_path / "a.mp4"), "w") as out:
        stream = out.add_stream("libx264", rate=25, options={"crf": "4", "x264-params": "tff=1"})
        stream.width, stream.height, stream.pix_fmt = 128, 96, "yuv420p"
        stream.codec_context.flags |= av.codec.context.Flags.interlaced_dct
        for i in range(20):
            fields = np.full((2, 48, 128, 3), 40, np.uint8)
            for late in range(2):
                left = 8 + 4 * i + 2 * late
                fields[late, :, left : left + 12] = 220
            frame = av.VideoFrame.from_ndarray(fields.transpose(1, 0, 2, 3).reshape(96, 128, 3), format="rgb24")
            frame.pts = i
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    assert "interlaced" in probe(tmp_path / "a.mp4").warnings[0]
    _, report, _ = making.revoiced(tmp_path / "a.mp4", tmp_path / "out.mp4", {10}, crf=4, edge=8)
    assert any("interlaced" in text for text in report.warnings) and not probe(tmp_path / "out.mp4").warnings
    with av.open(str(tmp_path / "a.mp4")) as given:
        raw = [frame.to_ndarray(format="rgb24") for frame in given.decode(video=0)]

    def combs(picture):
        rows = picture[20:80, :, 0].astype(int)
        return np.abs(2 * rows[1:-1] - rows[:-2] - rows[2:]).mean()

    written = [rgb for _, rgb in read_frames(tmp_path / "out.mp4")]
    assert len(written) == 20 and max(combs(rgb) for rgb in written) < 0.3 * min(combs(rgb) for rgb in raw)
