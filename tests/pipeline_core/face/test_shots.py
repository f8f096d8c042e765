import numpy as np
import pytest
from skimage import data
from talking_avatar.pipeline_core.face import shots
from talking_avatar.pipeline_core.face.shots import ShotFinder
from talking_avatar.pipeline_core.face.video import _begins

ASTRONAUT, CAT, COFFEE = data.astronaut(), data.chelsea()[:, 60:], data.coffee()


def view(picture, x=0, y=0, side=280, gain=1.0, lift=0):
    """Return a square part of a picture, brightened."""
    part = picture[y : y + side : 2, x : x + side : 2].astype(float) * gain + lift
    return np.clip(part, 0, 255).astype(np.uint8)


def held(picture, frames, seed=0, **where):
    """Return a shot by a hand-held camera, with noise."""
    rng = np.random.default_rng(seed)
    sway = np.rint(4 + 4 * np.sin(np.arange(frames) / 5)).astype(int)
    return [np.clip(view(picture, x=where.get("x", 0) + s, **{k: v for k, v in where.items() if k != "x"}).astype(int)
                    + rng.integers(-3, 4, (140, 140, 1)), 0, 255).astype(np.uint8) for s in sway]


def cuts(frames):
    finder = ShotFinder()
    for frame in frames:
        finder.take(frame)
    return finder.cuts()


def test_cuts_between_scenes_are_found_wherever_they_lie():
    woman, cat, coffee = held(ASTRONAUT, 30), held(CAT, 30), held(COFFEE, 30)
    assert cuts(woman + cat + coffee) == [30, 60]
    assert cuts(woman[:1] + cat) == [1]
    assert cuts(woman + cat[:1]) == [30]
    assert cuts(woman[:7] + cat[:7] + coffee[:7]) == [7, 14]
    assert cuts([np.zeros_like(woman[0])] * 20 + woman) == [20]


def test_a_closer_view_of_the_same_scene_is_a_cut():
    assert cuts(held(ASTRONAUT, 20) + held(ASTRONAUT, 20, x=40, y=20)) == [20]


@pytest.mark.parametrize("frames", [
    held(ASTRONAUT, 60),
    held(ASTRONAUT, 1),
    [],
    [np.full((40, 60, 3), 128, np.uint8)] * 30,
    [view(ASTRONAUT, x=min(6 * i, 200)) for i in range(60)],                            # a pan
    [view(ASTRONAUT, x=100 + int(90 * np.sin(i / 2))) for i in range(60)],              # shaken
    [view(ASTRONAUT, x=6 * (i // 3)) for i in range(60)],                               # every third frame is new
    [view(ASTRONAUT, lift=150 * (i in (20, 21))) for i in range(60)],                   # a flash
    [view(ASTRONAUT) if i not in (20, 21) else np.full((140, 140, 3), 255, np.uint8) for i in range(60)],
    [view(ASTRONAUT, gain=1.3 if i >= 30 else 1) for i in range(60)],                   # a lamp
    [view(ASTRONAUT, gain=min(1, abs(i - 30) / 12)) for i in range(60)],                # through black and back
])
def test_what_is_no_cut(frames):
    assert cuts(frames) == []


def test_a_flash_that_dies_away_is_no_cut(monkeypatch):
    glow = np.where(np.arange(60) < 20, 0, 0.7 * 0.85 ** np.maximum(np.arange(60) - 20, 0))
    white = np.full((140, 140, 3), 255)
    flash = [np.uint8(view(ASTRONAUT) * (1 - g) + white * g) for g in glow]
    assert cuts(flash) == []
    monkeypatch.setattr(shots, "STAYS", -1.0)
    assert cuts(flash) == [20]


def test_nothing_but_a_few_frames_is_kept():
    finder = ShotFinder()
    for frame in held(ASTRONAUT, 60):
        finder.take(frame)
    assert len(finder._looks) == 2 * shots.WINDOW + 1


def test_cuts_move_to_the_time_grid():
    assert _begins([3, 6], [0, 1, 2, 3, 4, 5, 6, 7]) == (3, 6)
    assert _begins([2], [0, 1, 1, 1, 2, 2]) == (4,)
    assert _begins([1, 2], [0, 2, 4]) == (1,)
    assert _begins([5], [0, 1, 4]) == ()
