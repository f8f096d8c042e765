"""Copied packets between encoded frames: bit for bit, in their places, and no frame lost at the joins."""

from fractions import Fraction

import av
import numpy as np
import pytest
from talking_avatar.pipeline_core.errors import Cancelled
from talking_avatar.pipeline_core.host import PlainHost
from talking_avatar.pipeline_core.media import h264
from talking_avatar.pipeline_core.media.encode import Continued, EncodeSettings, write_video
from talking_avatar.pipeline_core.media.encode.spliced import SpliceWriter
from talking_avatar.pipeline_core.media.source import source_clip
from talking_avatar.pipeline_core.media.splice import Piece, plan_splice
from talking_avatar.pipeline_core.media.video import media_file, read_frames
from talking_avatar.tests.pipeline_core.media import making

CHANGED = range(30, 34)
GROUP = range(24, 48)
"""Groups are 24 frames long: only this one is encoded."""
UNEVEN = [i * 40 + (i * 7) % 13 for i in range(72)]

SOURCES = {
    "b-frames.mp4": {}, "b-frames.mkv": {}, "b-frames.mov": {"fps": Fraction(24000, 1001)}, "60.mp4": {"fps": 60},
    "no-b-frames.mp4": {"options": {"bf": "0"}}, "baseline.mp4": {"options": {"profile": "baseline"}},
    "main.mp4": {"options": {"profile": "main"}}, "pyramid.mp4": {"x264": ":bframes=8:b-pyramid=normal:b-adapt=2:ref=6"},
    "full.mp4": {"full_range": True}, "601.mp4": {"matrix": 5}, "ten-bits.mp4": {"form": "yuv420p10le"},
    "444.mp4": {"form": "yuv444p"}, "422.mp4": {"form": "yuv422p"},
    "uneven.mp4": {"ticks": UNEVEN, "time_base": Fraction(1, 1000)}, "uneven.mkv": {"ticks": UNEVEN, "time_base": Fraction(1, 1000)},
}


@pytest.mark.parametrize("name", SOURCES)
def test_only_the_group_that_changes_is_encoded(tmp_path, name):
    source, out = making.clip(tmp_path / name, **SOURCES[name]), tmp_path / f"out{name[-4:]}"
    form = {".mp4": "mp4-h264", ".mkv": "mkv-h264-flac", ".mov": "mov-h264-pcm"}[name[-4:]]
    clip, report, asked = making.revoiced(source, out, CHANGED, form=form)
    differ, late = making.compared(source, out)
    assert differ and set(differ) <= set(GROUP) and set(CHANGED) <= set(differ)
    assert late == 0
    assert asked == list(GROUP) and any("48 of 72" in text for text in report.warnings)
    shown = making.decoded(out)
    before = making.decoded(source)
    for i in set(GROUP) - set(CHANGED):  # what is encoded again looks the same
        depth = 2 ** (clip.bits - 8)
        assert np.abs(shown[i][1].astype(float) - before[i][1]).mean() < 3 * depth
    assert abs(float(shown[31][2].to_ndarray(format="rgb24")[4:20, 4:20].mean()) - 60) < 3  # control: it was drawn


@pytest.mark.parametrize("name", ["b-frames.mp4", "b-frames.mkv"])
def test_packets_are_the_sources_own(tmp_path, name):
    source, out = making.clip(tmp_path / name), tmp_path / f"out{name[-4:]}"
    making.revoiced(source, out, CHANGED, form={".mp4": "mp4-h264", ".mkv": "mkv-h264-flac"}[name[-4:]])

    def packets(path):
        with av.open(str(path)) as container:
            return [bytes(packet) for packet in container.demux(video=0) if packet.size]

    before, after = packets(source), packets(out)
    same = [a == b for a, b in zip(before, after, strict=True)]
    assert same == [i not in GROUP for i in range(72)]


def test_several_stretches_and_a_loop(tmp_path):
    source = making.clip(tmp_path / "a.mp4", 72)
    shown = [*range(72), *range(60)]
    _, _, asked = making.revoiced(source, tmp_path / "out.mp4", {2, 100}, shown=shown)
    assert asked == [*range(24), *range(96, 120), *range(120, 132)]  # the last group of the second round is cut
    before, after = ([planes[30:96, 30:].astype(float) for _, planes, _ in making.decoded(tmp_path / name)]
                     for name in ("a.mp4", "out.mp4"))
    assert len(after) == 132
    for picture, number in zip(after, shown, strict=True):
        others = [float(np.abs(picture - before[n % 72]).mean()) for n in (number - 1, number, number + 1)]
        assert others[1] == min(others) < 3


def test_nothing_is_drawn_where_nothing_changes(tmp_path):
    source = making.clip(tmp_path / "a.mp4", 48)
    _, _, asked = making.revoiced(source, tmp_path / "out.mp4")
    assert asked == [] and making.compared(source, tmp_path / "out.mp4") == ([], 0)


def test_phones_hold_videos_turned(tmp_path):
    source = making.turned(making.clip(tmp_path / "a.mp4"), 90)
    clip, _, asked = making.revoiced(source, tmp_path / "out.mp4", CHANGED)
    assert clip.quarter_turns and asked == list(GROUP)
    assert set(making.compared(source, tmp_path / "out.mp4")[0]) <= set(GROUP)
    frame = making.decoded(tmp_path / "out.mp4")[31][2]
    assert frame.rotation == making.decoded(source)[31][2].rotation != 0
    upright = np.rot90(frame.to_ndarray(format="rgb24"), clip.quarter_turns)
    assert upright.shape == (128, 96, 3) and abs(float(upright[4:20, 4:20].mean()) - 60) < 3


def test_another_size_and_another_codec_are_encoded(tmp_path):
    source = making.clip(tmp_path / "a.mp4", 48)
    clip = source_clip(media_file(source))
    assert "the result is 64 x 48" in plan_splice(clip, [(0, 24, 0)], 48, (64, 48))
    assert not isinstance(plan_splice(clip, [(0, 24, 0)], 48, (128, 96)), str)  # control
    _, report, asked = making.revoiced(source, tmp_path / "out.webm", {40}, form="webm-vp9", preset="ultrafast")
    assert any("only H.264" in text for text in report.warnings) and len(asked) == 48
    _, report, asked = making.revoiced(source, tmp_path / "all.mp4", {40}, untouched="encode")
    assert report.warnings == () and len(asked) == 48


def test_parameter_sets_that_change_on_the_way_are_noticed(tmp_path):
    first, second = making.clip(tmp_path / "a.mp4", 24), making.clip(tmp_path / "b.mp4", 24, x264=":ref=5:bframes=0:cabac=0")
    with av.open(str(first)) as one, av.open(str(second)) as two, av.open(str(tmp_path / "c.mp4"), "w") as out:
        stream = out.add_stream_from_template(one.streams.video[0], opaque=True)
        for packet in one.demux(video=0):
            if packet.size:
                packet.stream = stream
                out.mux(packet)
        sets = h264.read_config(two.streams.video[0].codec_context.extradata)
        inline = b"".join(len(unit).to_bytes(4, "big") + unit for unit in (*sets.sps, *sets.pps))
        for number, packet in enumerate(p for p in two.demux(video=0) if p.size):
            made = av.Packet(inline + bytes(packet) if packet.is_keyframe else bytes(packet))
            made.pts, made.dts, made.time_base = (24 + number) * 512, (24 + number) * 512, Fraction(1, 12800)
            made.is_keyframe, made.stream = packet.is_keyframe, stream
            out.mux(made)
    clip = source_clip(media_file(tmp_path / "c.mp4"))
    assert clip.table.sets_change and "change on the way" in plan_splice(clip, [(0, 24, 0)], 48, (128, 96))
    assert not source_clip(media_file(first)).table.sets_change  # control


@pytest.mark.parametrize("fault", ["sets", "order"])
def test_the_gate_notices_a_join_that_is_wrong(tmp_path, monkeypatch, fault):
    source = making.clip(tmp_path / "a.mp4")
    if fault == "sets":  # the encoder's parameter sets are not written: the source's are taken for its pictures
        monkeypatch.setattr(h264.Config, "joined", lambda self, other: self)
    else:  # one frame of the copied part is shown at another's time
        real = SpliceWriter._order
        monkeypatch.setattr(SpliceWriter, "_order", lambda self, piece: [*real(self, piece)[1::-1], *real(self, piece)[2:]])
    try:
        making.revoiced(source, tmp_path / "out.mp4", CHANGED)
        differ, late = making.compared(source, tmp_path / "out.mp4")
    except Exception:  # noqa: BLE001 - refused by a muxer or a decoder: noticed
        return
    shown = making.decoded(tmp_path / "out.mp4")
    assert late > 0 or not set(differ) <= set(GROUP) or float(np.abs(shown[40][1].astype(float)
                                                               - making.decoded(source)[40][1]).mean()) > 3


class Stops(PlainHost):
    def progress(self, done, total):
        if done >= 5:
            raise Cancelled


def test_cancel_leaves_nothing(tmp_path):
    source = making.clip(tmp_path / "a.mp4")
    with pytest.raises(Cancelled):
        making.revoiced(source, tmp_path / "out.mp4", CHANGED, host=Stops())
    assert [p.name for p in tmp_path.iterdir()] == ["a.mp4"]


def test_pieces_follow_each_other(tmp_path):
    clip = source_clip(media_file(making.clip(tmp_path / "a.mp4", 72)))
    whole = plan_splice(clip, [(0, 72, 0)], 80, (128, 96))
    assert whole.pieces == (Piece(0, 72, (0, 72)), Piece(72, 80)) and whole.copied_frames == 72
    assert plan_splice(clip, [(1, 71, 1)], 72, (128, 96)).pieces == (Piece(0, 24), Piece(24, 48, (24, 48)), Piece(48, 72))
    assert plan_splice(clip, [(5, 29, 24)], 40, (128, 96)).pieces == (Piece(0, 5), Piece(5, 29, (24, 48)), Piece(29, 40))


def test_a_preview_for_web_pages_is_put_together_in_the_same_way(tmp_path):
    source = making.clip(tmp_path / "a.mkv")
    clip, frames = source_clip(media_file(source)), [rgb for _, rgb in read_frames(source)]
    taken = Continued(clip, np.arange(72), ((0, 30, 0), (34, 72, 34)), lambda start, stop: iter(frames[start:stop]))
    write_video(iter(()), tmp_path / "out.mkv", fps=clip.fps, size=(128, 96), count=72, sound=None, metadata={},
                settings=EncodeSettings("mkv-h264-flac"), host=PlainHost(), preview_path=tmp_path / "small.mp4", continued=taken)
    for name in ("out.mkv", "small.mp4"):
        differ, late = making.compared(source, tmp_path / name)
        assert set(differ) <= set(GROUP) and late == 0


def test_a_clip_that_begins_in_the_middle_of_a_group_is_not_copied(tmp_path):
    whole = making.clip(tmp_path / "whole.mkv", 72, options={"bf": "0"})
    with av.open(str(whole)) as given, av.open(str(tmp_path / "a.mkv"), "w") as out:
        stream = out.add_stream_from_template(given.streams.video[0], opaque=True)
        for number, packet in enumerate(p for p in given.demux(video=0) if p.size):
            if number >= 10:
                packet.stream = stream
                out.mux(packet)
    clip = source_clip(media_file(tmp_path / "a.mkv"))
    first = next(f.pts for _, _, f in making.decoded(tmp_path / "a.mkv"))
    assert first > 0 or clip.table is not None  # a decoder may show broken pictures, which then are the clip's own
    assert clip.table is not None or plan_splice(clip, [(0, 24, 0)], 24, (128, 96)) == "its time stamps are of no use"
