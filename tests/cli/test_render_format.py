"""Which kind of file `run.py render` writes."""

import json

import pytest
from talking_avatar.cli.main import build_parser
from talking_avatar.cli.render import request_from
from talking_avatar.pipeline_core.errors import SettingError
from talking_avatar.pipeline_core.host import PlainHost
from talking_avatar.pipeline_core.pipeline import render_avatar


def request(*more, out="a.mp4"):
    return request_from(build_parser().parse_args(
        ["render", "--portrait", "missing.png", "--text", "x", "--out", out, *more]))


@pytest.mark.parametrize(("out", "more", "name"), [
    ("a.mp4", (), "mp4-h264"), ("a.webm", (), "webm-vp9"), ("a.mov", (), "mov-h264-pcm"), ("a.GIF", (), "gif"),
    ("frames", ("--format", "png-sequence"), "png-sequence"), ("a.webm", ("--format", "webm-vp9-alpha"), "webm-vp9-alpha"),
])
def test_by_name_or_by_ending(out, more, name):
    assert request(*more, out=out).encode.format_of(out).name == name


def test_quality_and_a_format_file(tmp_path):
    file = tmp_path / "mine.json"
    file.write_text(json.dumps({"title": "Mine", "container": "mkv", "video": {"codec": "ffv1", "pixel_format": "bgr0"}}))
    found = request("--format", str(file), "--crf", "30", "--preset", "fast").encode
    assert (found.format.name, found.crf, found.preset) == ("mine", 30, "fast")


@pytest.mark.parametrize("more", [("--format", "zzz"), ("--format", "missing.json"), ("--crf", "99"), ("--preset", "x")])
def test_wrong_choices(more):
    with pytest.raises(SettingError) as caught:
        request(*more)
    assert caught.value.hint


@pytest.mark.parametrize(("out", "more"), [("a.exe", ()), ("a.mp4", ("--format", "webm-vp9")), ("a.mp4", ("--format", "png-sequence"))])
def test_an_impossible_name_is_refused_before_the_portrait_is_read(out, more):
    with pytest.raises(SettingError, match=r"a\.(exe|mp4)"):
        render_avatar(request(*more, out=out), PlainHost())
