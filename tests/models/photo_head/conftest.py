"""A synthetic person: the head model itself in a known pose, painted with smooth noise."""

from dataclasses import dataclass

import cv2
import numpy as np
import pytest
from talking_avatar.cli.sample import sample_portrait
from talking_avatar.models import register_all
from talking_avatar.models.photo_head.fit import FittedHead, Pose, fit_head
from talking_avatar.models.photo_head.head_model import HeadModel, load_head_model
from talking_avatar.pipeline_core.face.detect import DetectSettings, detect_faces
from talking_avatar.pipeline_core.host import PlainHost
from talking_avatar.pipeline_core.media.image import load_portrait
from talking_avatar.pipeline_core.render.plan import plan_render, sized_face
from talking_avatar.pipeline_core.render.settings import RenderSettings
from talking_avatar.pipeline_core.types import FaceTrack, Portrait
from talking_avatar.tests.models.photo_head.motions import track


@dataclass
class Person:
    face: FaceTrack
    head: FittedHead
    model: HeadModel


@pytest.fixture(scope="session")
def head_model() -> HeadModel:
    return load_head_model()


def landmarks_of(model: HeadModel, positions: np.ndarray, pose: Pose) -> np.ndarray:
    """Project the model's landmarks; z grows away from the viewer, irises in the lids' middle."""
    points = pose.project(model.landmarks(positions)) * np.float32([1, 1, -1])
    irises = [points[list(lids)].mean(axis=0) for lids in ((33, 133, 159, 145), (263, 362, 386, 374))]
    return np.concatenate([points, np.repeat(irises, 5, axis=0)]).astype(np.float32)


def person(model: HeadModel, expression: dict[int, float] | None = None, size: int = 256) -> Person:
    positions = model.vertices.copy()
    for unit, value in (expression or {}).items():
        positions += value * model.units[unit]
    pose = Pose(np.eye(3, dtype=np.float32), size * 0.031, np.float32([size * 0.5, size * 0.44]))
    rng = np.random.default_rng(3)
    noise = cv2.GaussianBlur(rng.normal(0, 60, (size, size, 3)).astype(np.float32), (0, 0), 2.0) * 3
    image = np.clip(np.float32([190, 150, 130]) + noise, 0, 255).astype(np.uint8)
    landmarks = landmarks_of(model, positions, pose)
    face = FaceTrack(size, size, landmarks[None, None], np.ones((1, 1), np.float32), (0,), portrait=Portrait(image))
    return Person(face, fit_head(model, landmarks), model)


@pytest.fixture(scope="session")
def neutral_person(head_model: HeadModel) -> Person:
    return person(head_model)


@pytest.fixture(scope="session")
def photographed() -> FaceTrack:
    """The sample portrait, cut to a small picture of the face."""
    register_all()
    face = detect_faces(load_portrait(str(sample_portrait())), DetectSettings(), PlainHost())
    return sized_face(plan_render(face, track(1), RenderSettings(width_px=256, height_px=224)))
