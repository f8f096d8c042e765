"""Two people in one photo take turns: the wrong one's mouth never moves, as landmarks of the finished file show."""

from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from talking_avatar.models import register_all
from talking_avatar.models.samples import PORTRAITS, sample_portrait
from talking_avatar.pipeline_core.face.detect import DetectSettings, detect_faces, detect_video
from talking_avatar.pipeline_core.face.territory import owners
from talking_avatar.pipeline_core.host import PlainHost
from talking_avatar.pipeline_core.media.encode import EncodeSettings, write_video
from talking_avatar.pipeline_core.motion import MotionSettings, generate_motion
from talking_avatar.pipeline_core.render.join import join
from talking_avatar.pipeline_core.render.plan import frames, plan_render
from talking_avatar.pipeline_core.render.settings import RenderSettings
from talking_avatar.pipeline_core.scoring.landmarks import aperture
from talking_avatar.pipeline_core.speech import analyze, synthesize
from talking_avatar.pipeline_core.speech.speakers import read_turns, sounds_of_faces
from talking_avatar.pipeline_core.types import Sound

TALKS = 0.02
"""Least spread (standard deviation) of the lip gap in eye distances for a face that talks."""
LISTENS = 0.35
"""At most so much of a talker's spread has a face that listens: its head moves, and landmarks of small faces jitter."""
BEFORE_S, AFTER_S = 0.2, 0.6
"""Left out before and after the change of turns: lips open before the first sound, and come to rest after the last."""


@pytest.fixture(scope="module")
def stage():
    register_all()
    host = PlainHost()
    photo = sample_portrait(next(name for name in PORTRAITS if "two" in name))
    parts = [synthesize(text, voice="auto", speed=1.0, host=host)[0] for text in ("Bob may bake.", "We saw a house.")]
    sound = Sound(np.concatenate([part.samples for part in parts], axis=1), parts[0].rate_hz)
    faces = [detect_faces(photo, DetectSettings(face_index=i, order="left-right"), host) for i in (0, 1)]
    return SimpleNamespace(host=host, sound=sound, faces=faces, at_s=parts[0].duration_s, photo=photo)


def joined(stage, first, *, still=False):
    """Return the plan in which face `first` says the first sentence and the other one the second."""
    middle, end = stage.at_s, stage.sound.duration_s
    turns = read_turns(f"0-{middle:.2f} {first} / {middle:.2f}-{end:.2f} {1 - first}", end, 2)
    plans = []
    for face, sound in zip(stage.faces, sounds_of_faces(stage.sound, turns, (0, 1)), strict=True):
        motion = generate_motion(analyze(sound, host=stage.host), MotionSettings(seed=face.selected, still=still), face=face,
                                 host=stage.host)
        plans.append(plan_render(face, motion, RenderSettings()))
    return join(plans)


def spreads(stage, plan, path):
    """Return how much the lips of both people move in both turns, in the written file [shape=(turn, person)]."""
    write_video(frames(plan, 0, None, stage.host), str(path), fps=plan.fps, size=plan.size_px, count=plan.frames, sound=plan.sound,
                settings=EncodeSettings(), metadata={}, host=stage.host)
    seen = detect_video(path, DetectSettings(order="left-right"), stage.host)
    assert len(seen.face_ids) == 2 and np.isfinite(seen.landmarks_px).all()
    gaps = np.array([[aperture(points) for points in faces] for faces in seen.landmarks_px[..., :2].astype(float)])
    fps = float(plan.fps)
    spans = ((BEFORE_S, stage.at_s - BEFORE_S), (stage.at_s + AFTER_S, stage.sound.duration_s))
    return np.array([np.std(gaps[round(a * fps):round(b * fps)], axis=0) for a, b in spans])


@pytest.mark.parametrize("first", [0, 1])
def test_only_the_mouth_of_the_speaker_moves(stage, tmp_path, first):
    """Each of the two runs is the other one's control: with the turns exchanged, the mouths are."""
    found = spreads(stage, joined(stage, first), tmp_path / "two.mp4")
    talk, listen = (found[0, first], found[1, 1 - first]), (found[0, 1 - first], found[1, first])
    assert min(talk) > TALKS, found
    assert max(listen) < LISTENS * min(talk), found


def test_a_silent_mouth_is_the_same_in_every_frame_of_heads_that_keep_still(stage):
    plan = joined(stage, 0, still=True)
    start, stop = round((stage.at_s + AFTER_S) * 25), round(stage.sound.duration_s * 25)
    pictures = np.stack(list(frames(plan, start, stop, stage.host)))
    moved = []
    for face in stage.faces:
        x, y = face.selected_landmarks_px[[13, 14], :2].mean(axis=0).astype(int)
        mouth = pictures[:, y - 14:y + 16, x - 20:x + 20].astype(int)
        moved.append(np.abs(mouth - mouth[0]).max())
    assert moved[0] <= 2 and moved[1] > 40


def test_no_seam_between_the_heads(stage):
    """Where the two heads' frames meet, both show the photo itself."""
    plan = joined(stage, 0)
    places = [face.selected_landmarks_px for face in stage.faces]
    owner = owners(stage.photo.width_px, stage.photo.height_px, places)
    border = cv2.dilate((np.diff(owner, axis=1, append=owner[:, -1:]) != 0).astype(np.uint8), np.ones((3, 3))) > 0
    for index in (8, 20, 40):
        picture = next(frames(plan, index, index + 1, stage.host)).astype(int)
        assert np.abs(picture - stage.photo.image)[border].max() <= 2
        # The control: the heads themselves have moved.
        assert np.abs(picture - stage.photo.image).max() > 40
