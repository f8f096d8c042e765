"""The face whose lips move as the sound says speaks; faces that keep still never do."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from talking_avatar.models import register_all
from talking_avatar.models.samples import RECORDINGS, sample_speech
from talking_avatar.pipeline_core.errors import InputError
from talking_avatar.pipeline_core.host import PlainHost
from talking_avatar.pipeline_core.speech import analyze
from talking_avatar.pipeline_core.speech.visible_speakers import _expected, find_turns, visible_speakers
from talking_avatar.pipeline_core.types import FaceTrack, MediaFile, Sound

FPS = Fraction(25)
HALF_S = 3.3
OPEN = 0.12
"""Gap of wide open lips in face widths."""


@pytest.fixture(scope="module")
def sound():
    """The sample's sentence twice."""
    once = sample_speech(next(iter(RECORDINGS)))[0]
    part = np.zeros((1, round(HALF_S * once.rate_hz)), np.float32)
    part[:, : once.samples.shape[1]] = once.samples[:, : part.shape[1]]
    return Sound(np.concatenate([part, part], axis=1), once.rate_hz)


@pytest.fixture(scope="module")
def speech(sound):
    register_all()
    return analyze(sound, host=PlainHost(threads=1))


@pytest.fixture(scope="module")
def lips(speech):
    """How far lips open for this sound, with what a network and a face add to it [shape=(T,)]."""
    rng = np.random.default_rng(1)
    count = int(2 * HALF_S * FPS)
    said = _expected(speech, count, FPS)
    own = np.convolve(rng.normal(0, 1, count), np.ones(5) / 5, "same")
    return (said - said.min()) / np.ptp(said) * OPEN + own * 0.2 * OPEN


def track(mesh, *gaps, noise=0.3):
    """Faces beside each other whose lips are this far apart, in face widths, frame by frame."""
    rng = np.random.default_rng(2)
    count = len(gaps[0])
    points = np.tile(mesh, (count, len(gaps), 1, 1)).astype(np.float32) + rng.normal(0, noise, (count, len(gaps), 478, 3))
    width = np.linalg.norm(mesh[454] - mesh[234])
    for i, gap in enumerate(gaps):
        points[:, i, :, 0] += 200 * i
        for upper, lower in ((82, 87), (13, 14), (312, 317)):
            points[:, i, lower] = points[:, i, upper] + np.stack([0 * gap, np.maximum(gap, 0.004) * width, 0 * gap], axis=1)
    ids = tuple(range(len(gaps)))
    return FaceTrack(640, 360, points.astype(np.float32), np.ones((count, len(gaps)), np.float32), ids, 0, FPS,
                     video=MediaFile("clip.mp4", "0"))


@pytest.fixture(scope="module")
def mesh():
    import json
    from pathlib import Path

    golden = Path(__file__).resolve().parents[2] / "golden" / "face_mesh.json"
    return np.asarray(json.loads(golden.read_text())["astronaut_px"], np.float32)


def halves(lips):
    """Return the lips of two people who say a half each."""
    first = np.arange(len(lips)) < HALF_S * FPS
    return np.where(first, lips, 0.01), np.where(first, 0.01, lips)


def spans(seen, face):
    return [(turn.start_s, turn.end_s) for turn in seen.turns if turn.face == face]


def test_each_half_goes_to_the_face_that_says_it(mesh, lips, speech):
    seen = visible_speakers(track(mesh, *halves(lips)), speech)
    (first,), (second,) = spans(seen, 0), spans(seen, 1)
    assert first[1] <= HALF_S + 0.2 and second[0] >= HALF_S - 0.2
    assert first[1] - first[0] > 2.0 and second[1] - second[0] > 2.0
    assert min(turn.confidence for turn in seen.turns) > 0.7 and not seen.warnings


def test_swapped_faces_swap_the_turns(mesh, lips, speech):
    straight, swapped = (visible_speakers(track(mesh, *pair), speech) for pair in (halves(lips), halves(lips)[::-1]))
    for face in (0, 1):
        assert np.allclose(spans(straight, face), spans(swapped, 1 - face), atol=0.1)


def test_a_still_face_gets_nothing(mesh, lips, speech):
    seen = visible_speakers(track(mesh, np.full(len(lips), 0.01), lips), speech)
    assert not spans(seen, 0) and spans(seen, 1)


def test_lips_that_move_otherwise_lose_against_those_that_follow_the_sound(mesh, lips, speech):
    seen = visible_speakers(track(mesh, np.roll(lips, 19)[::-1], lips), speech)
    length = [sum(end - start for start, end in spans(seen, face)) for face in (0, 1)]
    assert length[1] > 3.5 and length[0] < 0.3 * length[1]


def test_both_at_once(mesh, lips, speech):
    seen = visible_speakers(track(mesh, lips, 0.9 * lips), speech)
    assert sum(b - a for a, b in spans(seen, 0)) > 3.5 and sum(b - a for a, b in spans(seen, 1)) > 3.5


def test_where_nobody_moves_the_last_speaker_goes_on_and_it_is_said(mesh, lips, speech):
    first, _ = halves(lips)
    seen = visible_speakers(track(mesh, np.full(len(lips), 0.01), first), speech)
    assert not spans(seen, 0) and spans(seen, 1)[-1][1] > 2 * HALF_S - 0.8
    assert "nobody is clearly seen" in seen.warnings[0] and "face 1" in seen.warnings[0]


def test_a_face_out_of_sight_says_nothing(mesh, lips, speech):
    face = track(mesh, *halves(lips))
    landmarks = face.landmarks_px.copy()
    landmarks[:, 0] = np.nan
    seen = visible_speakers(replace(face, landmarks_px=landmarks), speech)
    assert not spans(seen, 0)


def test_a_late_sound_is_followed_as_well(mesh, lips, speech):
    early = [np.concatenate([gap[6:], gap[-6:]]) for gap in halves(lips)]
    seen = visible_speakers(track(mesh, *early), speech)
    assert sum(b - a for a, b in spans(seen, 0)) > 2.0 and sum(b - a for a, b in spans(seen, 1)) > 2.0


def test_a_table_comes_first_and_without_one_a_video_is_needed(mesh, lips, sound):
    face = track(mesh, *halves(lips))
    assert find_turns(sound, "0-1 1", face, PlainHost()).turns[0].face == 1
    for missing in (None, replace(face, video=None)):
        with pytest.raises(InputError, match="neither a table"):
            find_turns(sound, " ", missing, PlainHost())


def test_silence_has_no_turns(mesh, lips, sound):
    silent = Sound(np.zeros_like(sound.samples), sound.rate_hz)
    seen = find_turns(silent, "", track(mesh, *halves(lips)), PlainHost())
    assert not seen.turns and seen.warnings
