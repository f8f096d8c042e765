"""A stand-in face whose 478 points are plausible, and a stand-in landmarker."""

import json
from pathlib import Path

import numpy as np
import pytest
from talking_avatar.pipeline_core.interfaces import DetectedFace

GOLDEN = Path(__file__).resolve().parents[2] / "golden" / "face_mesh.json"


@pytest.fixture(scope="session")
def mesh():
    """Landmarks of a smiling woman who looks at the camera, face 89 px wide [shape=(478, 3)]."""
    return np.asarray(json.loads(GOLDEN.read_text())["astronaut_px"], np.float32)


@pytest.fixture
def place(mesh):
    """Return the mesh moved and scaled about its middle."""
    def placed(x=100.0, y=100.0, scale=1.0):
        points = mesh - mesh.mean(axis=0)
        return (points * scale + (x, y, 0)).astype(np.float32)
    return placed


class FakeLandmarker:
    """Returns prepared answers, one list of faces per picture, in turn."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.batches = []

    def detect(self, images, host):
        self.batches.append(len(images))
        return [self.answers.pop(0) if len(self.answers) > 1 else self.answers[0] for _ in images]


@pytest.fixture
def fake():
    """Return a maker of stand-in landmarkers from (points, score) pairs per picture."""
    def make(*pictures):
        return FakeLandmarker(*[[DetectedFace(p, s) for p, s in faces] for faces in pictures])
    return make
