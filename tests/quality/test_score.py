"""The scorecard passes a good clip and catches each way of spoiling it."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from talking_avatar.cli.sample import sample_portrait
from talking_avatar.models import register_all
from talking_avatar.pipeline_core.host import PlainHost
from talking_avatar.pipeline_core.media.image import load_portrait
from talking_avatar.pipeline_core.media.video import read_frames
from talking_avatar.pipeline_core.motion import MotionSettings
from talking_avatar.pipeline_core.pipeline import AvatarRequest, render_avatar
from talking_avatar.pipeline_core.render.settings import RenderSettings
from talking_avatar.pipeline_core.scoring import observe as observing
from talking_avatar.pipeline_core.scoring.dlib_judge import DlibDescriptor, DlibLandmarks
from talking_avatar.pipeline_core.scoring.landmarks import interocular_px
from talking_avatar.pipeline_core.scoring.lip_rows import lip_rows, shuffled
from talking_avatar.pipeline_core.scoring.look_rows import life_rows, look_rows
from talking_avatar.pipeline_core.scoring.observe import available_judges, observe
from talking_avatar.pipeline_core.speech import synthesize
from talking_avatar.pipeline_core.types import Closure, Phone, Sound

TEXT = ("Bob took a map of the big park to Amy. Papa has opened the last apple jam for them. "
        "Maybe they stop at the shop and buy a lamp.")
SIDE_PX = 360


class Blind:
    """Dense landmarks are slow, and lips and looks do not need them."""

    def detect(self, images, host):
        return [[] for _ in images]


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    """One rendered clip, watched once; spoiled views of it cost little."""
    register_all()
    host, folder = PlainHost(), tmp_path_factory.mktemp("score")
    speech = synthesize(TEXT, host=host)[1]
    clip, photo = str(folder / "clip.mp4"), load_portrait(str(sample_portrait()))
    face = photo.image[0:300, 70:370]
    source = str(folder / "source.png")
    cv2.imwrite(source, cv2.resize(face, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_CUBIC)[..., ::-1])
    made = render_avatar(AvatarRequest(portrait=source, out_path=clip, text=TEXT, motion=MotionSettings(seed=1),
                                       render=RenderSettings()), host)
    monkeypatch = pytest.MonkeyPatch()
    monkeypatch.setattr(observing, "SAMPLES", 15)
    seen = observe(clip, source, dataclasses.replace(available_judges(), own=Blind()), host)
    monkeypatch.undo()
    return SimpleNamespace(host=host, speech=speech, clip=clip, source=source, seen=seen, made=made)


def test_the_size_on_disk_was_known_before(stage):
    written, said = Path(stage.clip).stat().st_size / 1e6, stage.made.estimate.disk_mb
    assert said / 2 < written < 2 * said
    # The control: what a format without loss would take.
    assert written < 0.1 * stage.made.frames * SIDE_PX**2 * 1.5 / 1e6


def rows_of(rows):
    return {row.id: row for row in rows}


def delayed(speech, by_s):
    """What is said, later than the picture shows it."""
    quiet = np.zeros(round(by_s * speech.prosody_rate_hz), np.float32)
    return dataclasses.replace(
        speech, energy=np.concatenate([quiet, speech.energy]), pitch_hz=np.concatenate([quiet, speech.pitch_hz]),
        phones=tuple(Phone(p.ipa, p.start_s + by_s, p.end_s + by_s) for p in speech.phones),
        closures=tuple(Closure(c.start_s + by_s, c.end_s + by_s) for c in speech.closures))


def test_a_good_clip_passes(stage):
    lips = rows_of(lip_rows(stage.seen, stage.speech, ""))
    looks = rows_of(look_rows(stage.seen))
    life = rows_of(life_rows(stage.seen, stage.speech.phones))
    assert stage.seen.independent and all(row.independent for row in lips.values())
    for row in [*lips.values(), *looks.values()]:
        # The smile of this photo fades, which moves edges of its cheeks.
        assert row.verdict == "ok" or row.id == "seam" and row.verdict == "warn", (row.id, row.value, row.why)
    assert life["frozen"].verdict == "ok" and life["blinks"].verdict == "not measurable"


def test_a_sound_that_is_late_is_flagged(stage):
    spoiled = rows_of(lip_rows(stage.seen, delayed(stage.speech, 0.12), ""))
    assert spoiled["offset"].verdict == "bad" and "early" in spoiled["offset"].why
    good = rows_of(lip_rows(stage.seen, stage.speech, ""))
    assert spoiled["offset"].value == pytest.approx(good["offset"].value - 120, abs=15)
    assert spoiled["closures"].value < good["closures"].value and spoiled["closures"].verdict != "ok"


def test_the_offset_is_found_without_words_as_well(stage):
    silent = dataclasses.replace(stage.speech, source="acoustic")
    plain, spoiled = (rows_of(lip_rows(stage.seen, s, "no words")) for s in (silent, delayed(silent, 0.12)))
    assert "loudness" in plain["offset"].name
    assert plain["closures"].value is None and plain["closures"].why == "no words"
    assert abs(plain["offset"].value) < 80 < abs(spoiled["offset"].value)


def test_other_words_fail(stage):
    phones = shuffled(stage.speech.phones)
    closures = tuple(Closure(p.start_s, p.end_s) for p in phones if p.ipa in ("p", "b", "m"))
    spoiled = rows_of(lip_rows(stage.seen, dataclasses.replace(stage.speech, phones=phones, closures=closures), ""))
    assert spoiled["closures"].verdict == "bad", spoiled["closures"]
    assert spoiled["correlation"].verdict in ("bad", "not measurable") and spoiled["correlation"].value < 0.5


def test_few_closures_are_not_judged(stage):
    few = dataclasses.replace(stage.speech, closures=stage.speech.closures[:6])
    row = rows_of(lip_rows(stage.seen, few, ""))["closures"]
    assert row.verdict == "not measurable" and row.value is not None and "6 closures" in row.why


def spoiled_looks(stage, spoil):
    """Return the rows about looks after `spoil(frame, landmarks)` changed every frame."""
    detect, laid = DlibLandmarks(), []
    for index, (_, frame) in enumerate(read_frames(stage.clip)):
        if index % 8 == 0 and (points := detect(frame)) is not None:
            laid.append(stage.seen.canvas.lay(spoil(frame, points), points))
    return rows_of(look_rows(dataclasses.replace(stage.seen, laid=tuple(laid))))


def mouth_box(points, margin):
    lips = points[48:60]
    reach = margin * interocular_px(points)
    (left, top), (right, bottom) = (lips.min(axis=0) - reach).astype(int), (lips.max(axis=0) + reach).astype(int)
    return slice(top, bottom), slice(left, right)


def test_a_blurred_mouth_fails_sharpness(stage):
    def blur(frame, points):
        out, box = frame.copy(), mouth_box(points, 0.2)
        out[box] = cv2.GaussianBlur(frame, (0, 0), 2.0)[box]
        return out

    rows = spoiled_looks(stage, blur)
    assert rows["mouth_sharpness"].verdict == "bad" and "softer" in rows["mouth_sharpness"].why
    assert rows["face_sharpness"].verdict == "ok"


def test_a_pasted_rectangle_fails_seam(stage):
    def paste(frame, points):
        out = frame.astype(np.int16)
        out[mouth_box(points, 0.25)] -= 25
        return np.clip(out, 0, 255).astype(np.uint8)

    rows = spoiled_looks(stage, paste)
    assert rows["seam"].verdict == "bad" and "moves with the face" in rows["seam"].why


def test_another_face_fails_identity(stage):
    embed = DlibDescriptor()
    wanted = embed(cv2.imread(stage.source)[..., ::-1])
    # A long face: the descriptor takes it for somebody else.
    frames = [cv2.resize(frame, None, fx=1.0, fy=1.6) for k, (_, frame) in enumerate(read_frames(stage.clip)) if k % 40 == 0]
    distances = tuple(float(np.linalg.norm(found - wanted)) for frame in frames if (found := embed(frame)) is not None)
    row = rows_of(look_rows(dataclasses.replace(stage.seen, distances=distances)))["identity"]
    assert row.verdict in ("warn", "bad") and row.value > 0.4 and "face" in row.why
    stranger = dataclasses.replace(stage.seen, distances=(0.84, 0.8))
    assert rows_of(look_rows(stranger))["identity"].why == "another person"


def test_without_a_source_nothing_is_compared(stage):
    rows = rows_of(look_rows(dataclasses.replace(stage.seen, canvas=None, laid=(), distances=())))
    assert {row.verdict for row in rows.values()} == {"not measurable"}
    assert all("no source given" in row.why for row in rows.values())


def test_a_sound_is_needed_for_lips(stage):
    assert {row.verdict for row in lip_rows(stage.seen, None, "")} == {"not measurable"}
    assert isinstance(stage.speech.sound, Sound)
