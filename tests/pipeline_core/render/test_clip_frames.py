import weakref
from fractions import Fraction

import numpy as np
import pytest
from talking_avatar.pipeline_core.errors import InputError
from talking_avatar.pipeline_core.render import clip_frames
from talking_avatar.pipeline_core.render.clip_frames import clip_pictures
from talking_avatar.pipeline_core.render.schedule import source_order
from talking_avatar.tests import numbered


def numbers(video, fps, frames):
    return [numbered.number_of(picture) for picture in clip_pictures(video, fps, list(frames))]


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return numbered.write_clip(tmp_path_factory.mktemp("clip") / "a.mp4", 70, gop=20)


@pytest.mark.parametrize("length", ["loop", "bounce", "hold", "remap"])
@pytest.mark.parametrize("spoken", [25, 70, 190])
def test_every_order_shows_the_right_frames(clip, length, spoken):
    order = source_order(length, 70, spoken)
    assert numbers(clip, Fraction(25), order.tolist()) == order.tolist()


@pytest.mark.parametrize("fps", [Fraction(24000, 1001), Fraction(30000, 1001), Fraction(50), Fraction(60000, 1001)], ids=str)
@pytest.mark.parametrize("ending", ["mp4", "mkv", "mov"])
def test_odd_rates_give_every_frame_once(tmp_path, fps, ending):
    video = numbered.write_clip(tmp_path / f"a.{ending}", 60, fps)
    assert numbers(video, fps, range(60)) == list(range(60))
    assert numbers(video, fps, range(59, -1, -1)) == list(range(59, -1, -1))
    assert numbers(video, fps, [41, 42, 7, 7, 8]) == [41, 42, 7, 7, 8]


def test_a_variable_rate_shows_what_is_to_be_seen_at_each_instant(tmp_path):
    times = [0, 40, 80, 200, 240, 260, 280, 320]
    video = numbered.write_clip(tmp_path / "a.mkv", len(times), times=times)
    assert numbers(video, Fraction(25), range(9)) == [0, 1, 2, 2, 2, 3, 5, 6, 7]
    assert numbers(video, Fraction(25), [8, 7, 6, 5]) == [7, 6, 5, 3]


def test_the_file_may_end_early_and_the_last_picture_stays(clip):
    assert numbers(clip, Fraction(25), [68, 69, 70, 75]) == [68, 69, 69, 69]


def test_repeated_frames_are_one_picture(clip):
    first, second, third = clip_pictures(clip, Fraction(25), [3, 3, 4])
    assert first is second and third is not second


def test_playing_backwards_holds_a_few_frames_of_a_long_group(tmp_path, monkeypatch):
    video = numbered.write_clip(tmp_path / "long.mp4", 300, gop=300)
    held = 10
    monkeypatch.setattr(clip_frames, "BUFFER_BYTES", held * numbered.WIDTH * numbered.HEIGHT * 3)
    alive, most = weakref.WeakValueDictionary(), []
    read = clip_frames.ClipReader.read

    def counted(reader, frame):
        picture = read(reader, frame)
        alive[id(picture)] = picture
        most.append(len(alive))
        return picture

    monkeypatch.setattr(clip_frames.ClipReader, "read", counted)
    order = source_order("bounce", 300, 600).tolist()
    for wanted, picture in zip(order, clip_pictures(video, Fraction(25), order), strict=True):
        assert numbered.number_of(picture) == wanted
    assert held <= max(most) <= held + 3


def test_a_file_that_has_changed_is_refused(tmp_path):
    video = numbered.write_clip(tmp_path / "a.mp4", 5)
    numbered.write_clip(tmp_path / "a.mp4", 6)
    with pytest.raises(InputError, match="changed"):
        numbers(video, Fraction(25), [0])


def test_a_wrong_frame_would_be_noticed():
    assert numbered.number_of(numbered.picture_of(1234)) == 1234
    assert numbered.number_of(np.roll(numbered.picture_of(1234), numbered.SIDE_PX, axis=1)) != 1234
