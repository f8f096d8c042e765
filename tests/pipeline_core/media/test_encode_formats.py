"""Formats are data: what the shipped files say, and what a stranger's file may not say."""

import json
import logging
import re
from fractions import Fraction

import numpy as np
import pytest
from talking_avatar.pipeline_core.errors import MissingDependency, OutputError, SettingError
from talking_avatar.pipeline_core.host import PlainHost
from talking_avatar.pipeline_core.media.encode import (
    EncodeSettings,
    catalogue,
    check_video_target,
    find_format,
    format_for,
    load_format,
    usable_formats,
    write_video,
)
from talking_avatar.pipeline_core.media.encode import formats as module
from talking_avatar.pipeline_core.media.encode.container import Clip

GOOD = {"title": "Mine", "container": "mkv", "video": {"codec": "libx264", "pixel_format": "yuv420p"}}


def put(folder, data, name="mine"):
    path = folder / f"{name}.json"
    path.write_text(data if isinstance(data, str) else json.dumps(data), encoding="utf-8")
    return path


def test_the_shipped_formats():
    shipped = catalogue()
    assert list(shipped)[0] == "mp4-h264" and set(shipped) >= {
        "mp4-h265", "mp4-h265-10bit", "webm-vp9", "webm-vp9-alpha", "mov-prores4444", "mov-prores422hq", "mov-h264-pcm", "mkv-h264-flac",
        "mkv-ffv1-flac", "png-sequence", "gif", "webp"}
    assert {name for name, form in shipped.items() if form.has_alpha} == {
        "webm-vp9-alpha", "mov-prores4444", "mkv-ffv1-flac", "png-sequence", "gif", "webp"}
    assert {name for name, form in shipped.items() if form.plays_in_browser} == {"mp4-h264", "webm-vp9", "webm-vp9-alpha"}
    assert len({form.rank for form in shipped.values()}) == len(shipped)
    assert all(form.title and form.about.endswith(".") for form in shipped.values())


def test_a_file_of_ones_own(tmp_path):
    put(tmp_path, {**GOOD, "video": {**GOOD["video"], "options": {"tune": "film", "g": 25}}, "audio": {"codec": "flac"}})
    form = find_format("mine", [tmp_path])
    assert form.video_options == {"tune": "film", "g": "25"} and form.ending == ".mkv"
    assert usable_formats([tmp_path])[-1] == "mine"
    assert EncodeSettings(form).format_of("a.mkv") is form
    with pytest.raises(SettingError, match="mine"):
        find_format("mine")


@pytest.mark.parametrize("change", [
    {"surprise": 1}, {"title": 7}, {"rank": "first"}, {"rank": True}, {"rank": -1}, {"container": "exe"}, {"container": []},
    {"bits_per_pixel": 1e9}, {"bits_per_pixel": float("nan")}, {"max_side_px": 10**9},
    {"video": None}, {"video": {}}, {"video": {"codec": "libx264"}},
    {"video": {"codec": "rawvideo", "pixel_format": "yuv420p"}},
    {"video": {"codec": "libvpx-vp9", "pixel_format": "yuv410p"}},
    {"video": {**GOOD["video"], "options": {"x264-params": "stats=/etc/passwd"}}},
    {"video": {**GOOD["video"], "options": {"tune": "film:stats=/tmp/x"}}},
    {"video": {**GOOD["video"], "options": {"g": 10**9}}}, {"video": {**GOOD["video"], "options": {"g": True}}},
    {"video": {**GOOD["video"], "options": {"g": [1]}}}, {"video": {**GOOD["video"], "options": ["g"]}},
    {"video": {**GOOD["video"], "filter": "movie=/etc/passwd"}},
    {"audio": {"codec": "mp2"}}, {"audio": {"codec": "flac", "bit_rate": 5}}, {"audio": {"codec": "aac", "bit_rate": 1}},
    {"audio": {}}, {"audio": {"codec": "aac", "path": "x"}},
], ids=lambda c: json.dumps(c)[:50])
def test_what_is_not_listed_is_refused(tmp_path, change):
    with pytest.raises(SettingError, match="cannot be used") as caught:
        load_format(put(tmp_path, {**GOOD, **change}))
    assert caught.value.hint


def test_options_that_contradict_each_other_are_not_blamed_on_the_folder(tmp_path):
    wrong = {"codec": "libx264", "pixel_format": "yuv444p", "options": {"profile": "baseline"}}
    form = load_format(put(tmp_path, {**GOOD, "video": wrong}))
    with pytest.raises(OutputError, match="format mine") as caught:
        write_video([np.zeros((64, 64, 3), np.uint8)], tmp_path / "a.mkv", fps=Fraction(25), size=(64, 64), count=1, sound=None,
                    settings=EncodeSettings(form), metadata={}, host=PlainHost())
    assert "options" in caught.value.hint and [p.name for p in tmp_path.iterdir()] == ["mine.json"]


def test_a_format_cannot_scale_pictures_below_what_its_encoder_stands(tmp_path):
    small = {**GOOD, "max_side_px": 32, "video": {"codec": "libx265", "pixel_format": "yuv420p"}}
    form = load_format(put(tmp_path, small))
    for size, scaled in (((640, 64), (640, 64)), ((1280, 640), (128, 64)), ((64, 64), (64, 64))):
        clip = Clip(Fraction(25), size, 1, None, EncodeSettings(form))
        assert clip.intake(form).size == scaled
    assert clip.intake(find_format("gif")).size == (64, 64)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "[" * 100_000, '{"title": "' + "x" * 20_000 + '"}'],
                         ids=["empty", "half", "list", "null", "deep", "large"])
def test_broken_files_are_refused(tmp_path, text):
    with pytest.raises(SettingError):
        load_format(put(tmp_path, text))


def test_bad_files_are_left_out_with_a_warning(tmp_path, caplog):
    put(tmp_path, {**GOOD, "surprise": 1}, "bad")
    put(tmp_path, GOOD, "mp4-h264")
    put(tmp_path, GOOD, "Bad Name")
    put(tmp_path, GOOD, "good")
    with caplog.at_level(logging.WARNING, "talking_avatar"):
        found = catalogue([tmp_path, tmp_path / "missing"])
    assert "good" in found and "bad" not in found and found["mp4-h264"].container_name == "mp4"
    assert len(caplog.records) == 3


def test_an_encoder_that_is_missing_is_not_offered_and_said(monkeypatch):
    monkeypatch.setattr(module, "is_built_in", lambda codec: codec not in ("libx265", "libopus"))
    assert not {"mp4-h265", "webm-vp9"} & set(usable_formats()) and "mp4-h264" in usable_formats()
    for ask in (lambda: find_format("mp4-h265"), lambda: EncodeSettings("mp4-h265"), lambda: format_for("a.webm")):
        with pytest.raises(MissingDependency, match="PyAV or Pillow lacks") as caught:
            ask()
        assert "mp4-h264" in caught.value.hint


@pytest.mark.parametrize(("name", "form"), [
    ("a.exe", "auto"), ("a", "auto"), ("a.mp4", "webm-vp9"), ("a.webm", "mp4-h264"), ("a.png", "png-sequence"),
    ("a.mp4", "png-sequence"), ("a", "mp4-h264"),
])
def test_names_that_do_not_fit_the_format(tmp_path, name, form):
    with pytest.raises(SettingError) as caught:
        check_video_target(tmp_path / name, EncodeSettings(form))
    assert caught.value.hint


def test_the_readme_names_every_format():
    root = module.Path(__file__).resolve().parents[3]
    table = re.findall(r"^\| `([a-z0-9-]+)` \|", (root / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert [name for name in table if name in catalogue()] == list(catalogue())
