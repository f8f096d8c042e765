"""The frame of a video that stands for the person."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from talking_avatar.models import register_all
from talking_avatar.pipeline_core.face import still
from talking_avatar.pipeline_core.face.detect import DetectSettings, detect_faces
from talking_avatar.pipeline_core.host import PlainHost
from talking_avatar.pipeline_core.media.image import portrait_from_array
from talking_avatar.pipeline_core.types import FaceTrack, MediaFile


@pytest.fixture(scope="module")
def photo():
    register_all()
    data = pytest.importorskip("skimage.data")
    return detect_faces(portrait_from_array(data.astronaut()[:300, 80:380]), DetectSettings(), PlainHost())


def film(photo, frames):
    """A track of a video with these landmarks of two people, the second of whom talks."""
    points = np.stack([np.stack([photo.selected_landmarks_px + 7, frame]) for frame in frames])
    return FaceTrack(300, 300, points, np.full(points.shape[:2], 0.9, np.float32), (4, 6), selected=1, fps=Fraction(25),
                     video=MediaFile("clip.mp4", "x"))


def opened(points, gap_px):
    lower = points.copy()
    lower[14, 1] += gap_px
    return lower


def test_a_photo_stays(photo):
    assert still.as_photo(photo) is photo


def test_the_frame_with_the_mouth_shut_is_taken(photo, monkeypatch):
    asked = []
    monkeypatch.setattr(still, "background", lambda face, frame: asked.append(frame) or photo.portrait.image)
    shut, gone = photo.selected_landmarks_px, np.full((478, 3), np.nan, np.float32)
    found = still.as_photo(film(photo, [opened(shut, 20), gone, opened(shut, 12), shut, opened(shut, 16)]))
    assert asked == [3] and found.portrait is not None and found.face_ids == (0,)
    assert np.array_equal(found.selected_landmarks_px, shut)


def test_who_is_never_seen_has_no_photo(photo):
    gone = np.full((478, 3), np.nan, np.float32)
    assert still.as_photo(film(photo, [gone, gone])) is None
    assert still.as_photo(replace(photo, portrait=None)) is None
