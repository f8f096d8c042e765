"""A whole video is watched once, with and without judges, and cancelled."""

from __future__ import annotations

import dataclasses
from fractions import Fraction
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from talking_avatar.pipeline_core.errors import Cancelled, NoFaceFound
from talking_avatar.pipeline_core.host import PlainHost
from talking_avatar.pipeline_core.interfaces import DetectedFace
from talking_avatar.pipeline_core.media.encode import EncodeSettings, write_video
from talking_avatar.pipeline_core.scoring import observe as observing
from talking_avatar.pipeline_core.scoring import score as scoring
from talking_avatar.pipeline_core.scoring.canvas import Canvas, paste_seam, pasted_control, similarity
from talking_avatar.pipeline_core.scoring.landmarks import IBUG_68, MESH_478
from talking_avatar.pipeline_core.scoring.look_rows import MOUTH_SHARP, look_rows
from talking_avatar.pipeline_core.scoring.observe import Judges
from talking_avatar.pipeline_core.scoring.score import score_video
from talking_avatar.pipeline_core.speech import analyze
from talking_avatar.pipeline_core.types import Sound

FPS, SIDE_PX, FRAMES = Fraction(25), 160, 75


def mesh(shift=0.0):
    """A face of 478 points in the middle of the picture."""
    rng = np.random.default_rng(0)
    points = rng.uniform(45, 115, (478, 3))
    layout = MESH_478
    for (outer, inner), lids, x in zip(layout.eyes, layout.lids, (50.0, 90.0), strict=True):
        points[[outer, inner]] = [(x, 65, 4), (x + 20, 65, 0)]
        for upper, lower in lids:
            points[upper], points[lower] = (x + 10, 61, 0), (x + 10, 69, 0)
    for k, index in enumerate(layout.lips):
        angle = 2 * np.pi * k / len(layout.lips)
        points[index] = (80 + 15 * np.cos(angle), 105 + 6 * np.sin(angle), 0)
    return (points + (shift, 0, 0)).astype(np.float32)


class Sees:
    """A landmarker that follows a known movement."""

    def __init__(self, moves=True, blind=False):
        self.count, self.moves, self.blind = 0, moves, blind

    def detect(self, images, host):
        self.count += 1
        if self.blind:
            return [[] for _ in images]
        return [[DetectedFace(mesh(2.0 * np.sin(self.count / 5) if self.moves else 0.0), 0.99)] for _ in images]


def textured(shift=0):
    noise = np.random.default_rng(1).integers(0, 255, (SIDE_PX, SIDE_PX, 3)).astype(np.uint8)
    return np.roll(cv2.GaussianBlur(noise, (0, 0), 2), shift, axis=1)


@pytest.fixture
def video(tmp_path):
    def write(frozen=False, sound=True):
        path = tmp_path / ("frozen.mp4" if frozen else "moving.mp4")
        frames = (textured(0 if frozen else k // 3) for k in range(FRAMES))
        tone = np.sin(np.arange(3 * 24_000) * 0.05) * np.repeat(np.tile([0.0, 0.4], 15), 2400)
        write_video(frames, path, fps=FPS, size=(SIDE_PX, SIDE_PX), count=FRAMES,
                    sound=Sound(tone[None].astype(np.float32), 24_000) if sound else None,
                    settings=EncodeSettings(), metadata={}, host=PlainHost())
        return path

    return write


def scored(path, landmarker, **more):
    return score_video(path, judges=Judges(None, None, landmarker, "install a judge"), host=PlainHost(), **more)


def test_a_foreign_video_without_a_source(video):
    card = scored(video(), Sees())
    assert card.frames == FRAMES and card.duration_s == pytest.approx(3.0)
    assert card.row("length").verdict == "ok" and card.row("frozen").verdict == "ok"
    assert card.row("seen").verdict == "ok" and not card.row("seen").independent
    assert card.row("closures").why == "the words are not known: give a transcript"
    for name in ("seam", "identity", "face_sharpness"):
        assert card.row(name).verdict == "not measurable"
    assert any("install a judge" in remark for remark in card.remarks)


def test_a_refused_transcript_is_told_from_what_else_is_said_of_transcripts(video, monkeypatch):
    def refuses(sound, *, host, **_):
        return dataclasses.replace(analyze(sound, engine="energy", host=host), warnings=(
            "telephone band: without a transcript half is missed", "the transcript was not used: other words are spoken"))

    monkeypatch.setattr(scoring, "analyze", refuses)
    card = scored(video(), Sees(), transcript="Hello.")
    assert card.row("closures").why == "the transcript was not used: other words are spoken"


def test_the_judge_of_the_look_is_the_one_whose_landmarks_were_compared(video, tmp_path):
    class OnlyVideo:
        """Sees the video, but not the source, which is looked at by one of its own."""

        made = 0

        def __init__(self):
            OnlyVideo.made += 1
            self.sees = OnlyVideo.made == 1

        def __call__(self, image):
            return mesh()[:68, :2].astype(np.float64) if self.sees else None

    source = tmp_path / "source.png"
    cv2.imwrite(str(source), textured())
    card = score_video(video(), source=source, judges=Judges(OnlyVideo, None, Sees()), host=PlainHost())
    assert card.row("seen").independent
    assert not card.row("seam").independent and "own 478" in card.row("seam").judge


def test_a_frozen_clip_fails_idle(video):
    card = scored(video(frozen=True), Sees(moves=False))
    assert card.row("frozen").verdict == "bad" and card.row("frozen").value >= 2
    assert card.verdict == "bad"


def test_a_header_that_lies_does_not_fill_the_memory(video, tmp_path, monkeypatch):
    monkeypatch.setattr(observing, "SAMPLES", 4)
    told = observing.probe(video())
    monkeypatch.setattr(observing, "probe", lambda path: dataclasses.replace(told, frames=1))
    source = tmp_path / "source.png"
    cv2.imwrite(str(source), textured())
    seen = observing.observe(video(), source, Judges(None, None, Sees()), PlainHost())
    assert 4 <= len(seen.laid) < 8 and len(seen.times_s) == FRAMES
    assert seen.canvas.eyes_px == pytest.approx(40, abs=1)


def test_a_silent_video_has_no_lips(video):
    card = scored(video(sound=False), Sees())
    assert {card.row(name).why for name in ("closures", "offset", "length")} == {"the video has no sound"}


def test_no_face_is_said(video):
    with pytest.raises(NoFaceFound, match="no judge sees a face"):
        scored(video(), Sees(blind=True))


def test_cancel_stops_the_watching(video):
    class Stops(PlainHost):
        def progress(self, done, total):
            if done >= 5:
                raise Cancelled

    sees = Sees()
    with pytest.raises(Cancelled):
        score_video(video(), judges=Judges(None, None, sees), host=Stops())
    assert sees.count < 10


def test_frames_are_laid_onto_the_source():
    source, points = textured(), mesh()
    canvas = Canvas.of(source, points)
    angle, scale, moved = 0.1, 1.3, np.array([20.0, -8.0])
    matrix = np.column_stack([scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]), moved])
    frame = cv2.warpAffine(source, matrix, (260, 260))
    there = points.copy()
    there[:, :2] = points[:, :2] @ matrix[:, :2].T + matrix[:, 2]
    back = similarity(there, points)
    assert np.abs(there[:, :2] @ back[:, :2].T + back[:, 2] - points[:, :2]).max() < 1e-3
    inside = canvas.hull()
    difference = np.abs(canvas.lay(frame, there).astype(int) - canvas.image)[inside]
    assert difference.mean() < 4 < np.abs(canvas.lay(frame, points).astype(int) - canvas.image)[inside].mean()


def test_a_pasted_border_shows_and_moving_skin_does_not():
    smooth = cv2.GaussianBlur(textured(), (0, 0), 4)
    canvas = Canvas.of(smooth, mesh())
    moving = [np.roll(canvas.image, k % 3 - 1, axis=1) for k in range(9)]
    assert paste_seam(canvas, moving) < 0.4 * pasted_control(canvas)
    pasted = [picture.copy() for picture in moving]
    for picture in pasted:
        picture[74:102, 42:86] = np.clip(picture[74:102, 42:86].astype(int) + 25, 0, 255)
    assert paste_seam(canvas, pasted) > 0.6 * pasted_control(canvas)


def test_sharpness_is_judged_only_where_blur_would_be_bad():
    judged = {}
    noise = np.random.default_rng(1).integers(0, 255, (2 * SIDE_PX, 2 * SIDE_PX, 3)).astype(np.uint8)
    for softness in (0.5, 1.0, 1.5, 2.0, 3.0, 4.0):
        canvas = Canvas.of(cv2.GaussianBlur(noise, (0, 0), softness), 2 * mesh())
        row = look_rows(SimpleNamespace(
            canvas=canvas, laid=(canvas.image,), independent=True, distances=(), judges=Judges(None, None, Sees())))[0]
        control = float(row.control.removeprefix("blurred source "))
        judged[softness] = row.verdict != "not measurable"
        assert not judged[softness] or MOUTH_SHARP.verdict(control) == "bad", (softness, control)
    assert judged[0.5] and not judged[2.0]


def test_both_layouts_name_their_lips():
    assert len(IBUG_68.lips) == 12 == len(set(MESH_478.lips))
