"""A small version of `run.py bench --quality`: rendered files, judged by dlib, which the renderer never saw."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from talking_avatar.cli.quality_clip import (
    FPS,
    head_and_neck,
    measure_clip,
    measure_still,
    spoken,
    subject_of,
)
from talking_avatar.cli.sample import sample_portrait
from talking_avatar.models import register_all
from talking_avatar.pipeline_core.arkit import INDEX
from talking_avatar.pipeline_core.host import PlainHost
from talking_avatar.pipeline_core.media.image import load_portrait, portrait_from_array
from talking_avatar.pipeline_core.motion import MotionSettings, generate_motion
from talking_avatar.pipeline_core.render.plan import mask, plan_render, preview
from talking_avatar.pipeline_core.render.settings import RenderSettings
from talking_avatar.pipeline_core.scoring import lips, look, offset
from talking_avatar.pipeline_core.scoring.dlib_judge import DlibDescriptor, DlibLandmarks
from talking_avatar.pipeline_core.scoring.landmarks import eye_opening
from talking_avatar.pipeline_core.types import Closure, Phone

SENTENCES = ("The hogs were fed chopped corn and garbage.", "Help the woman get back to her feet.")
PAUSES = "Hello. [pause 1.5] Goodbye. [pause 1.5] And again."


def other_look(image):
    """The same picture mirrored, darker, and cut so that the face sits elsewhere."""
    dark = cv2.convertScaleAbs(image[:430, 60:440, ::1][:, ::-1], alpha=0.72, beta=4)
    return np.ascontiguousarray(dark)


@pytest.fixture(scope="module")
def stage():
    register_all()
    host = PlainHost()
    photo = load_portrait(str(sample_portrait()))
    return SimpleNamespace(host=host, embed=DlibDescriptor(), subjects=[
        subject_of("sample", photo, host), subject_of("darker", portrait_from_array(other_look(photo.image)), host)])


@pytest.fixture(scope="module")
def clips(stage, tmp_path_factory):
    folder = tmp_path_factory.mktemp("clips")
    return [measure_clip(subject, text, "tts", folder, DlibLandmarks(), stage.embed, stage.host)
            for subject in stage.subjects for text in SENTENCES]


def later(clip, by_s):
    """The clip against a sound that comes later: the picture is early."""
    return dataclasses.replace(clip, phones=tuple(Phone(p.ipa, p.start_s + by_s, p.end_s + by_s) for p in clip.phones),
                               closures=tuple(Closure(c.start_s + by_s, c.end_s + by_s) for c in clip.closures))


def test_the_judge_sees_every_frame(clips):
    assert all(clip.lips.seen_share == 1.0 for clip in clips)


def test_lips_shut_and_open_on_time(clips):
    score = lips.score_lips([clip.lips for clip in clips])
    assert score.closures >= 10
    assert score.recall >= 0.97, score.missed
    assert score.shuffled < 0.9 and score.lift > 0.2, "closures at random times must fail"
    assert lips.score_lips([later(clip.lips, 0.16) for clip in clips]).recall < 0.97, "a late sound must fail"
    assert score.open_ok >= 0.9


def test_picture_and_sound_agree(clips):
    found = [offset.measure_offset(clip.lips) for clip in clips]
    assert all(f.measurable for f in found)
    assert abs(np.median([f.offset_s for f in found])) <= 0.020
    assert np.mean([f.correlation for f in found]) >= 0.80
    wrong = [offset.measure_offset(dataclasses.replace(a.lips, phones=b.lips.phones)).correlation
             for a, b in zip(clips, [*clips[1:], clips[0]], strict=True) if a.sentence != b.sentence]
    assert max(wrong) < 0.80, "another sentence must fail"


@pytest.mark.parametrize("lag_ms", [-80, 80])
def test_an_imposed_lag_is_measured(clips, lag_ms):
    for clip in clips:
        moved = offset.measure_offset(later(clip.lips, -lag_ms / 1000)).offset_s - clip.offset.offset_s
        assert 1000 * moved == pytest.approx(lag_ms, abs=10)


def test_pauses_are_silent_to_the_eye(stage, clips, tmp_path):
    # Long pauses, near 100 frames a clip: of lips that are shut, and pixel for pixel the same, the judge reads some as
    # a little open when the eyes beside them look elsewhere, so that a dozen frames would say nothing.
    found = [measure_clip(subject, PAUSES, "tts", tmp_path, DlibLandmarks(), stage.embed, stage.host) for subject in stage.subjects]
    assert np.mean([clip.pause_shut for clip in found]) >= 0.9
    talking = [clip.lips.shut[len(clip.lips.shut) // 3 : 2 * len(clip.lips.shut) // 3].mean() for clip in clips]
    assert max(talking) < 0.6, "a mouth that is always shut must fail"


def test_it_is_still_the_same_person(clips):
    assert all(clip.identity.frames >= 5 for clip in clips)
    assert np.mean([clip.identity.mean for clip in clips]) <= 0.35
    assert max(clip.identity.worst for clip in clips) <= 0.5


def test_identity_sees_a_changed_face(stage):
    photo = stage.subjects[0].portrait.image
    stretched = cv2.resize(photo, None, fx=1.0, fy=1.6)
    assert np.linalg.norm(stage.embed(photo) - stage.embed(stretched)) > 0.35


def test_faces_are_as_sharp_as_the_photo(stage, clips):
    assert all(0.75 <= clip.sharpness <= 1.3 for clip in clips)
    subject = stage.subjects[0]
    region = look.face_region(subject.face.selected_landmarks_px, subject.portrait.image.shape)
    soft = cv2.GaussianBlur(subject.portrait.image, (0, 0), 1.2)
    assert look.sharpness(soft, region) / look.sharpness(subject.portrait.image, region) < 0.75


def test_a_still_head_sits_in_its_photo(stage):
    for subject in stage.subjects:
        report = measure_still(subject, SENTENCES[0], stage.host, every=8)
        assert report.stray_px == 0
        assert report.beyond_px == 0
        assert report.seam <= 0.3 < 2.0 < report.pasted


def test_the_mask_of_a_still_head_has_no_holes(stage):
    # A hole where the photo's mouth or eyes are open would let them show through shut lips and lids.
    for subject in stage.subjects:
        area = mask(plan_of(subject, stage, still=True), stage.host)
        outlines, _ = cv2.findContours(area, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        filled = cv2.drawContours(np.zeros_like(area), outlines, -1, 255, cv2.FILLED)
        assert np.array_equal(filled > 0, area > 0)


def test_stray_pixels_would_be_noticed(stage):
    subject = stage.subjects[0]
    photo = subject.portrait.image
    plan = plan_of(subject, stage, still=True)
    frame = preview(plan, 20, stage.host).copy()
    area = mask(plan, stage.host)
    assert (frame != photo).any() and (area > 0).mean() < 0.5
    frame[2, 2] ^= 255
    assert look.changed_outside(frame, photo, area) == 1
    assert not head_and_neck(subject)[2, 2]


def plan_of(subject, stage, **settings):
    speech = spoken(SENTENCES[0], stage.host)[1]
    motion = generate_motion(speech, MotionSettings(fps=FPS, **settings), face=subject.face, host=stage.host)
    return plan_render(subject.face, motion, RenderSettings())


def test_the_same_seed_gives_the_same_frames(stage):
    subject = stage.subjects[0]
    first, again, other = (plan_of(subject, stage, seed=seed) for seed in (5, 5, 6))
    for index in (7, 31):
        assert np.array_equal(preview(first, index, stage.host), preview(again, index, stage.host))
    assert not np.array_equal(preview(first, 31, stage.host), preview(other, 31, stage.host))


def test_blinks_shut_the_eyes(stage):
    for subject in stage.subjects:
        plan = plan_of(subject, stage, still=True)
        lids = plan.motion.summed().blendshapes[:, INDEX["eyeBlinkLeft"]]
        shut, awake = int(lids.argmax()), int(lids.argmin())
        assert lids[shut] == 1.0
        low, high = (eye_opening(DlibLandmarks()(preview(plan, k, stage.host))) for k in (shut, awake))
        assert low < 0.65 * high
        assert eye_opening(DlibLandmarks()(subject.portrait.image)) > 0.8 * high
