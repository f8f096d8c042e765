import pytest
from talking_avatar.pipeline_core.errors import SettingError
from talking_avatar.pipeline_core.render.ranges import parse_ranges
from talking_avatar.pipeline_core.render.settings import DubSettings


@pytest.mark.parametrize(("text", "found"), [
    ("", ()), (" , \n", ()), ("2.5-4.0, 7-8.2", ((2.5, 4.0), (7.0, 8.2))), ("7 - 8 ; 2.5s to 4s", ((2.5, 4.0), (7.0, 8.0))),
    ("1:07-1:08.5", ((67.0, 68.5),)), ("1:00:01–1:00:02", ((3601.0, 3602.0),)), (".5-.75", ((0.5, 0.75),)),
    ("1-2, 2-3, 2.5-2.7", ((1.0, 3.0),)), ("0-1, 3-4, 0.5-3.5", ((0.0, 4.0),))])
def test_ranges_are_read(text, found):
    assert parse_ranges(text) == found


@pytest.mark.parametrize("text", ["2.5", "a-b", "4-2", "2-2", "1-2-3", "-1-2", "1:99:3-4", "1e3-2e3"])
def test_what_is_no_range_is_refused_with_an_example(text):
    with pytest.raises(SettingError, match="ranges") as caught:
        DubSettings(ranges=text)
    assert "2.5-4.0" in caught.value.hint


@pytest.mark.parametrize(("bad", "word"), [({"length": "stretch"}, "length"), ({"silent_mouth": "shut"}, "silent_mouth"),
                                           ({"length": "remap", "ranges": "1-2"}, "remap")])
def test_choices_are_checked(bad, word):
    with pytest.raises(SettingError, match=word):
        DubSettings(**bad)
