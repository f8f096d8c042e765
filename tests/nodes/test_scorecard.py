"""Quality Scorecard: which clip, compared with what, and what comes of it."""

import numpy as np
import pytest
import torch
from talking_avatar.pipeline_core.errors import InputError, NoFaceFound
from talking_avatar.pipeline_core.media.image import portrait_from_array
from talking_avatar.pipeline_core.scoring.scorecard import Row, Scorecard

BAD = Row("offset", "picture late", 200.0, "ms", "-45 .. 45", verdict="bad", why="late")
GOOD = Row("seen", "frames", 1.0, "share", ">= 0.95", verdict="ok")


@pytest.fixture
def node(classes, comfy):
    return classes["TA_Scorecard"]


@pytest.fixture
def asked(node, monkeypatch):
    """What the judges are asked, and what they answer."""
    from talking_avatar.nodes import scorecard

    calls, rows = [], [GOOD]

    def score(video, **given):
        calls.append((video, given))
        return Scorecard("a.mp4", "", "none", 25, 25.0, 1.0, 64, 64, tuple(rows), ("a remark",))

    monkeypatch.setattr(scorecard, "score_video", score)
    return calls, rows


def clip(tmp_path, folder="output"):
    path = tmp_path / folder / "a.mp4"
    path.write_bytes(b"x")
    return path


def test_chart_report_and_verdict(node, asked, tmp_path):
    path = clip(tmp_path)
    result = node.execute(path=str(path), transcript="hello")
    chart, report, good = result.args
    assert chart.shape[2:] == (760, 3) and report.startswith("a.mp4") and "| frames | 1.00 |" in report and good is True
    assert (tmp_path / "temp" / "talking_avatar" / result.ui["ta_picture"][0]["filename"]).is_file()
    assert asked[0][0][0] == str(path) and asked[0][0][1]["transcript"] == "hello"
    asked[1].append(BAD)
    assert node.execute(path=str(path)).args[2] is False


def test_a_video_comes_before_a_path(node, asked, tmp_path):
    from comfy_api.latest import InputImpl  # noqa: TID251 - the stand-in

    path = clip(tmp_path, "input")
    node.execute(video=InputImpl.VideoFromFile(str(path)), path="elsewhere.mp4")
    assert asked[0][0][0] == str(path)


@pytest.mark.parametrize("kind", ["portrait", "image", "video", "none"])
def test_every_kind_of_source_is_handed_on(node, asked, tmp_path, kind):
    from comfy_api.latest import InputImpl  # noqa: TID251 - the stand-in

    picture = np.full((64, 64, 3), 40, np.uint8)
    path = clip(tmp_path)
    given = {"portrait": portrait_from_array(picture), "image": torch.full((1, 64, 64, 3), 40 / 255),
             "video": InputImpl.VideoFromFile(str(path)), "none": None}[kind]
    node.execute(path=str(path), source=given)
    source = asked[0][0][1]["source"]
    if kind in ("portrait", "image"):
        np.testing.assert_array_equal(source.image, picture)
    else:
        assert source == (str(path) if kind == "video" else None)


@pytest.mark.parametrize("path", ["", "  ", "/etc/passwd", "../a.mp4", "output/../../a.mp4"])
def test_no_clip_and_files_elsewhere_are_refused(node, asked, path):
    with pytest.raises(InputError, match="hint:"):
        node.execute(path=path)
    assert not asked[0]


def test_a_link_of_the_owners_is_followed_as_in_the_load_nodes(node, asked, tmp_path):
    (tmp_path / "output" / "link.mp4").symlink_to(tmp_path / "elsewhere.mp4")
    node.execute(path=str(tmp_path / "output" / "link.mp4"))
    assert asked[0][0][0] == str(tmp_path / "output" / "link.mp4")


def test_a_clip_without_a_face_is_told_in_a_sentence(node, comfy, tmp_path):
    from fractions import Fraction

    from talking_avatar.pipeline_core.host import PlainHost
    from talking_avatar.pipeline_core.media.encode import EncodeSettings, write_video

    path = tmp_path / "output" / "grey.mp4"
    write_video(iter([np.full((64, 64, 3), 90, np.uint8)] * 5), path, fps=Fraction(25), size=(64, 64), count=5, sound=None,
                settings=EncodeSettings(), metadata={}, host=PlainHost())
    with pytest.raises(NoFaceFound, match="hint:"):
        node.execute(path=str(path))
