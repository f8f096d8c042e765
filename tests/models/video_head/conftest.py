"""A small clip of a person who talks and turns: the sample portrait, drawn by photo_head."""

from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from talking_avatar.cli.sample import sample_portrait
from talking_avatar.models import register_all
from talking_avatar.models.photo_head.renderer import PhotoHeadRenderer
from talking_avatar.models.video_head.renderer import PreparedClip, VideoHeadRenderer
from talking_avatar.pipeline_core.arkit import ARTICULATION_INDEX, INDEX
from talking_avatar.pipeline_core.face.detect import DetectSettings, detect_faces
from talking_avatar.pipeline_core.face.geometry import face_box
from talking_avatar.pipeline_core.face.video import detect_video
from talking_avatar.pipeline_core.host import PlainHost
from talking_avatar.pipeline_core.interfaces import BaseFrame
from talking_avatar.pipeline_core.media.image import load_portrait
from talking_avatar.pipeline_core.media.video import read_frames
from talking_avatar.pipeline_core.render.settings import RenderSettings
from talking_avatar.pipeline_core.types import FaceTrack, MotionLayer, MotionTrack, Portrait, UInt8Array

HOST = PlainHost(threads=2)
FRAMES = 24
SIZE = 272
OPEN, SHUT = (4, 12, 20), (0, 8, 16)
"""Frames in which the clip's own mouth is widest open, and shut."""


def motion(frames: int = FRAMES, **channels) -> MotionTrack:
    """A motion whose named channels are constant, or as given frame by frame."""
    layer = MotionLayer.zeros("test", frames)
    names = ("blendshapes", "articulation", "head_deg", "head_shift", "gaze_deg")
    arrays = {name: np.array(getattr(layer, name)) for name in names}
    for name, value in channels.items():
        if name in INDEX:
            arrays["blendshapes"][:, INDEX[name]] = value
        elif name in ARTICULATION_INDEX:
            arrays["articulation"][:, ARTICULATION_INDEX[name]] = value
        else:
            arrays[name][:] = value
    return MotionTrack(Fraction(25), frames / 25, (MotionLayer("test", **arrays),))


@dataclass
class Talker:
    face: FaceTrack
    pictures: list[UInt8Array]
    renderer: VideoHeadRenderer
    state: PreparedClip

    def bases(self, frames=range(FRAMES), strength=1.0):
        return [BaseFrame(frame, frame, self.pictures[frame], strength) for frame in frames]

    def drawn(self, track, frames=range(FRAMES), strength=1.0, host=HOST):
        return list(self.renderer.redraw(self.state, track, self.bases(frames, strength), host))


@pytest.fixture(scope="session")
def portrait() -> FaceTrack:
    """The sample portrait, cut to the head."""
    register_all()
    whole = load_portrait(str(sample_portrait()))
    left, top, right, bottom = face_box(detect_faces(whole, DetectSettings(), HOST).selected_landmarks_px)
    x, y, reach = (left + right) / 2, (top + bottom) / 2, 0.85 * (bottom - top)
    part = whole.image[round(max(y - reach, 0)) : round(y + reach), round(max(x - reach, 0)) : round(x + reach)]
    small = cv2.resize(np.ascontiguousarray(part), (SIZE, SIZE), interpolation=cv2.INTER_AREA)
    return detect_faces(Portrait(small), DetectSettings(), HOST)


@pytest.fixture(scope="session")
def talker(portrait, tmp_path_factory) -> Talker:
    phase = np.arange(FRAMES) * np.pi / 8
    own = motion(jawOpen=0.45 * np.sin(phase) ** 2, lipClosure=np.cos(phase) ** 8,
                 head_deg=np.stack([6 * np.sin(phase / 3), 3 * np.sin(phase / 2), 0 * phase], axis=1))
    photo_head = PhotoHeadRenderer()
    frames = photo_head.frames(photo_head.prepare(portrait, RenderSettings(), HOST), own, 0, FRAMES, HOST)
    path = tmp_path_factory.mktemp("clip") / "talker.mp4"
    write_clip(path, list(frames))
    face = detect_video(path, DetectSettings(), HOST)
    renderer = VideoHeadRenderer()
    return Talker(face, [picture for _, picture in read_frames(path)], renderer,
                  renderer.prepare(face, RenderSettings(), HOST))


@pytest.fixture(scope="session")
def interrupted(talker) -> Talker:
    """The same, but for a third of a second nobody sees the face."""
    landmarks, scores = np.array(talker.face.landmarks_px), np.array(talker.face.score_ratio)
    landmarks[8:16], scores[8:16] = np.nan, 0
    face = replace(talker.face, landmarks_px=landmarks, score_ratio=scores)
    return Talker(face, talker.pictures, talker.renderer, talker.renderer.prepare(face, RenderSettings(), HOST))


def write_clip(path: Path, frames: list[UInt8Array]) -> None:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt, stream.options = "yuv420p", {"crf": "12", "preset": "veryfast"}
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode())
