"""The table of the re-voicing bench: targets and controls beside every figure; what was wrong on purpose must fail."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from talking_avatar.cli import bench_resync as bench
from talking_avatar.cli.bench_resync_clips import LINES, Source, Timing, sound_start_s, sources, words_for
from talking_avatar.cli.bench_resync_judge import ClipReport, Watched
from talking_avatar.cli.bench_resync_lines import LINES_EACH, READ_FROM, Reading, Said, further_words
from talking_avatar.cli.bench_resync_lips import heard_before, seen_before
from talking_avatar.cli.console import LauncherError
from talking_avatar.cli.quality import Row
from talking_avatar.pipeline_core.host import PlainHost
from talking_avatar.pipeline_core.media.encode import EncodeSettings, write_video
from talking_avatar.pipeline_core.types import Sound

from .test_bench_resync_lips import NEW, OLD, clip_of

GOOD = {"identity": 0.1, "identity_worst": 0.2, "sharpness": 1.0, "skin_sharpness": 1.0, "seam": 0.1, "seam_worst": 0.2,
        "finished_seam": 0.1, "flicker": 1.0, "swim": 1.0, "texture_swim": 1.0, "stray": 0.0}
BAD = {"identity": 0.9, "identity_worst": 0.9, "sharpness": 0.2, "skin_sharpness": 0.2, "seam": 2.0, "seam_worst": 2.0,
       "finished_seam": 2.0, "flicker": 2.0, "swim": 2.0, "texture_swim": 5.0, "stray": 1.0}
TIMING = Timing(150, Fraction(25), 6.0, 6.0)


def report(values=GOOD, controls=BAD, timing=TIMING, said=NEW):
    source = clip_of(OLD, NEW)
    before = seen_before(source), heard_before(clip_of(OLD, OLD))
    return ClipReport("clip", None, Watched(values, controls, (), (), ()), clip_of(said, NEW), source, before, (TIMING, timing))


def said(report):
    reading = Reading(report.lips, report.source_lips)
    return Said((reading, reading), (reading, reading))


def rows(reports):
    lines = [*bench.closure_lines([said(r) for r in reports]), *bench.clip_lines(reports)]
    return {line.row.name: line.row for line in lines}


def test_a_good_clip_passes_everything():
    found = rows([report(), report()])
    assert {name for name, row in found.items() if row.passed is False} == set()
    assert sum(row.passed is True for row in found.values()) >= 14


def test_the_untouched_source_fails_closures_and_old_speech():
    failed = {name for name, row in rows([report(said=OLD)]).items() if row.passed is False}
    assert sum("closures" in name or "old speech" in name for name in failed) == 3


def test_every_line_of_a_clip_counts():
    one, count = report(), len(report().lips.closures)
    names = [name for name in rows([one, one]) if "closures" in name]
    assert len(names) == 2 and all(name.endswith(f"of {4 * count}") for name in names)


def test_lips_that_the_readers_see_differently_are_told_apart():
    good = said(report())
    other = Reading(good.mesh[0].new, clip_of(NEW, NEW))
    unread = replace(good, mesh=(other, *good.mesh[1:]))
    assert good.alike == pytest.approx(1.0) and unread.alike < READ_FROM
    lines = bench.closure_lines([good, unread])
    assert "1 clips whose lips dlib reads" in lines[1].row.name and lines[1].row.low is None
    assert "of " + str(4 * len(report().lips.closures)) in lines[0].row.name, "the judged figure leaves nobody out"
    assert len(bench.closure_lines([unread])) == 3


def test_a_sound_that_was_never_followed_is_no_failure():
    some = report()
    mute = replace(some, before=(some.before[0], None))
    row = rows([mute])["old speech, as the old sound asks, correlation above chance"]
    assert row.passed is None and "not measurable" in row.control


@pytest.mark.parametrize("key", [key for key, (_, low, high, _) in bench.LOOKS.items() if (low, high) != (None, None)])
def test_a_spoilt_look_fails_and_so_does_a_blind_meter(key):
    name = bench.LOOKS[key][0]
    assert rows([report(values={**GOOD, key: BAD[key]})])[name].passed is False
    assert rows([report(controls={**BAD, key: GOOD[key]})])[name].passed is False, "the control has to fail"
    assert rows([report(controls={**BAD, key: np.nan})])[name].passed is not True, "a control that was not seen proves nothing"
    assert rows([report()])[name].passed is True


def test_a_lost_frame_and_a_short_sound_fail():
    short = Timing(149, Fraction(25), 5.96, 5.9)
    failed = {name for name, row in rows([report(timing=short)]).items() if row.passed is False}
    assert failed == {"frames more or fewer", "length off, ms", "sound longer or shorter than the picture, ms"}


def test_the_table_has_a_column_for_each_clip():
    lines = [bench.Line(Row("seam", 0.2, None, 0.3, "hard paste 2.00"), (0.1, 0.3)), bench.Line(Row("speed", 12.0, 15.0))]
    text = bench.shown(lines, ["one", "two"])
    assert "| seam   | 0.200    | <= 0.3 | pass    | hard paste 2.00 | 0.10 | 0.30 |" in text
    assert "| speed  | 12.000   | >= 15  | FAIL    |" in text


def test_wrong_arguments_are_explained(tmp_path):
    for text in ("many", "0"):
        with pytest.raises(LauncherError):
            bench._count(text)
    assert bench._count(None) is None and bench._count("3") == 3
    for folder in (tmp_path, tmp_path / "none"):
        with pytest.raises(LauncherError):
            sources(str(folder), None, tmp_path, PlainHost())


def test_somebody_else_is_the_next_clip(tmp_path):
    pictures = [np.full((64, 64, 3), level, np.uint8) for level in (40, 200)]
    clips = []
    for level, picture in zip(("dark", "light"), pictures, strict=True):
        path = tmp_path / f"{level}.mp4"
        write(path, picture, None)
        clips.append(Source(level, path, None, None))
    assert bench.somebody_else(clips, 0).mean() > 150 and bench.somebody_else(clips, 1).mean() < 90
    assert bench.somebody_else(clips[:1], 0).shape == (102, 64, 3)


def write(path, picture, sound):
    write_video(iter([picture] * 10), path, fps=Fraction(10), size=(64, 64), count=10, sound=sound,
                settings=EncodeSettings(), metadata={}, host=PlainHost())


def test_timing_is_read_from_the_file(tmp_path):
    path = tmp_path / "clip.mp4"
    write(path, np.full((64, 64, 3), 90, np.uint8), Sound(np.zeros((1, 16000), np.float32), 16000))
    found = Timing.of(path)
    assert (found.frames, found.fps) == (10, 10) and found.duration_s == pytest.approx(1.0)
    assert found.sound_s == pytest.approx(1.0, abs=0.03) and abs(sound_start_s(path)) < 0.03


def test_words_fit_the_clip(monkeypatch):
    def spoken(text, speed, host):
        return Sound(np.zeros((1, int(0.05 * len(text) / speed * 1000)), np.float32), 1000), type(
            "Speech", (), {"phones": (), "closures": ()})

    monkeypatch.setattr("talking_avatar.cli.bench_resync_clips._spoken", spoken)
    for number in range(len(LINES)):
        found = words_for(6.0, number, PlainHost())
        assert found.sound.duration_s <= 5.9 and found.text.startswith(LINES[number]) and found.speed == 1.0
    assert words_for(1.0, 0, PlainHost()).speed > 1.0
    for length_s in (1.0, 3.0, 6.0):
        for number in range(len(LINES)):
            said = [words_for(length_s, number, PlainHost())]
            said += further_words(said[0], length_s, number, PlainHost())
            assert len(said) == LINES_EACH and all(sum(line in w.text for w in said) <= 1 for line in LINES)
