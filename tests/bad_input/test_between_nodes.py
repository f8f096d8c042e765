"""Files that change, go or come back while a workflow runs."""

import json
import os
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image
from talking_avatar.pipeline_core import registry
from talking_avatar.pipeline_core.errors import InputError, UnreadableMedia
from talking_avatar.pipeline_core.face.detect import DetectSettings, detect_faces
from talking_avatar.pipeline_core.host import PlainHost
from talking_avatar.pipeline_core.interfaces import DetectedFace
from talking_avatar.pipeline_core.media.image import load_portrait
from talking_avatar.pipeline_core.media.video import media_file
from talking_avatar.pipeline_core.motion import MotionSettings, generate_motion
from talking_avatar.pipeline_core.render.plan import blend, frames, plan_render, prepared
from talking_avatar.pipeline_core.render.settings import BlendSettings, RenderSettings
from talking_avatar.pipeline_core.types import FaceTrack, SpeechTrack

FPS = Fraction(10)
GOLDEN = Path(__file__).resolve().parent.parent / "golden" / "face_mesh.json"


class Still:
    def prepare(self, face, settings, host):
        return face.portrait

    def frames(self, state, motion, start, stop, host):
        for _ in range(start, stop):
            yield state.image

    def mask(self, state, motion):
        return np.zeros(state.image.shape[:2], np.uint8)


@pytest.fixture
def world(make, tmp_path, monkeypatch):
    monkeypatch.setattr(registry, "_BACKENDS", {})
    registry.register(registry.Backend("renderer", "still", "Still", Still, "Apache-2.0", True, capabilities={"needs": "photo|video"}))
    photo = tmp_path / "photo.png"
    Image.fromarray(make.smooth(64, 96)).save(photo)
    portrait = load_portrait(photo)
    points = np.zeros((1, 1, 478, 3), np.float32)
    face = FaceTrack(96, 64, points + 30, np.ones((1, 1), np.float32), (0,), portrait=portrait)
    motion = generate_motion(SpeechTrack(1.0, "none", "x"), MotionSettings(fps=FPS))
    clip = make.video_file(tmp_path / "clip.mp4", make.numbered(10), fps=10)
    return SimpleNamespace(photo=photo, face=face, motion=motion, clip=clip, plan=plan_render(face, motion, RenderSettings()))


def change(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    stat = path.stat()
    path.write_bytes(data)
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns + 1))


def test_the_photo_may_go_once_it_is_loaded(world):
    world.photo.unlink()
    assert len(list(frames(world.plan, 0, None, PlainHost()))) == 10


@pytest.mark.parametrize(("harm", "words"), [(change, "has changed"), (lambda path: path.unlink(), "No such file"),
                                             (lambda path: (path.unlink(), path.mkdir()), "not a file")],
                         ids=["changed", "deleted", "now a folder"])
def test_frames_that_were_to_be_taken_are_refused(world, harm, words):
    plan = blend(world.plan, BlendSettings(), replacement=media_file(world.clip))
    assert len(list(frames(plan, 0, None, PlainHost()))) == 10  # control
    harm(world.clip)
    with pytest.raises(InputError, match=words) as caught:
        list(frames(plan, 0, None, PlainHost()))
    assert "clip.mp4" in caught.value.message and caught.value.hint


def test_what_a_replacement_video_loses_is_said(world, make, tmp_path):
    path = make.video_file(tmp_path / "hdr.mkv", make.numbered(10), fps=10, codec="libx265", form="yuv420p10le",
                           options={"x265-params": "log-level=none:pools=none"},
                           context={"colorspace": 9, "color_primaries": 9, "color_trc": 16, "color_range": 1})
    assert any("HDR" in w for w in blend(world.plan, BlendSettings(), replacement=media_file(path)).warnings)
    assert not any("HDR" in w for w in blend(world.plan, BlendSettings(), replacement=media_file(world.clip)).warnings)


def test_what_the_photo_lost_reaches_the_video(world, make, tmp_path):
    moving = tmp_path / "moving.gif"
    first, second = (Image.fromarray(make.smooth(200, 200)), Image.fromarray(make.smooth(200, 200)[::-1].copy()))
    first.save(moving, save_all=True, append_images=[second])
    points = np.asarray(json.loads(GOLDEN.read_text())["astronaut_px"], np.float32)
    points = (points - points.mean(axis=0) + (100, 100, 0)).astype(np.float32)
    finder = SimpleNamespace(detect=lambda images, host: [[DetectedFace(points, 0.99)] for _ in images])
    face = detect_faces(load_portrait(moving), DetectSettings(), PlainHost(), finder)
    assert any("animation" in w for w in face.warnings)
    assert any("animation" in w for w in plan_render(face, world.motion, RenderSettings()).warnings)


def test_a_background_that_changes_is_refused(world, make):
    portrait = load_portrait(world.photo)
    mask = np.full(portrait.image.shape[:2], 255, np.uint8)
    mask[:, 60:] = 0
    plan = blend(world.plan, BlendSettings(), background=media_file(world.clip), mask=mask)
    change(world.clip)
    with pytest.raises(InputError, match=r"clip\.mp4.*has changed"):
        list(frames(plan, 0, None, PlainHost()))


def test_a_video_that_was_analysed_and_changes_is_refused(world):
    face = FaceTrack(96, 64, world.face.landmarks_px, world.face.score_ratio, (0,), video=media_file(world.clip))
    plan = plan_render(face, world.motion, RenderSettings())
    change(world.clip)
    with pytest.raises(InputError, match="has changed since it was analysed"):
        prepared(plan, PlainHost())
    world.clip.unlink()
    with pytest.raises(UnreadableMedia, match="No such file"):
        prepared(plan, PlainHost())


def test_a_file_that_comes_back_unchanged_is_taken(world, tmp_path):
    plan = blend(world.plan, BlendSettings(), replacement=media_file(world.clip))
    world.clip.rename(tmp_path / "away.mp4")
    with pytest.raises(UnreadableMedia):
        list(frames(plan, 0, None, PlainHost()))
    (tmp_path / "away.mp4").rename(world.clip)
    assert len(list(frames(plan, 0, None, PlainHost()))) == 10
