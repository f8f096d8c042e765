"""InsightFace's detector behind our mesh: with a stand-in for the package, whose models are non-commercial."""

import json
import sys
import types
from pathlib import Path

import numpy as np
import pytest
from skimage import data
from talking_avatar.models import face_insightface, register_all
from talking_avatar.models.face_insightface import InsightFace
from talking_avatar.pipeline_core import model_files
from talking_avatar.pipeline_core.errors import BackendError, MissingDependency, MissingWeights
from talking_avatar.pipeline_core.host import PlainHost
from talking_avatar.pipeline_core.registry import resolve

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = np.asarray(json.loads((ROOT / "tests/golden/face_mesh.json").read_text())["astronaut_px"])
HOST = PlainHost()


class FakeDetector:
    """Answers like insightface's RetinaFace and SCRFD: boxes with scores, five points, of a BGR picture."""

    def prepare(self, ctx_id, **keywords):
        self.prepared = ctx_id, keywords

    def detect(self, img, input_size=None, max_num=0, metric="default"):
        self.seen = img
        points = GOLDEN[[468, 473, 4, 61, 291], :2]
        box = [*GOLDEN[:, :2].min(axis=0) - (0, 12), *GOLDEN[:, :2].max(axis=0), 0.87]
        return np.asarray([box], np.float32), np.asarray([points], np.float32)


@pytest.fixture
def models(tmp_path, monkeypatch):
    """A models folder with a detector in it."""
    monkeypatch.setattr(model_files, "_SOURCES", [lambda: [tmp_path]])
    monkeypatch.setattr(face_insightface, "_HOME", tmp_path / "home")
    file = tmp_path / "insightface" / "models" / "buffalo_l" / "det_10g.onnx"
    file.parent.mkdir(parents=True)
    file.touch()
    return file


@pytest.fixture
def package(monkeypatch):
    """A stand-in for the package; returns the detector and what it was loaded with."""
    detector, calls = FakeDetector(), []
    zoo = types.ModuleType("insightface.model_zoo")
    zoo.get_model = lambda name, **keywords: calls.append((name, keywords)) or detector
    monkeypatch.setitem(sys.modules, "insightface", types.ModuleType("insightface"))
    monkeypatch.setitem(sys.modules, "insightface.model_zoo", zoo)
    return detector, calls


def test_boxes_become_478_landmarks(models, package):
    detector, calls = package
    faces = InsightFace().detect([data.astronaut()], HOST)[0]
    assert len(faces) == 1
    assert faces[0].score_ratio == pytest.approx(0.87, abs=0.01)
    assert np.linalg.norm(faces[0].landmarks_px[:, :2] - GOLDEN[:, :2], axis=1).mean() < 1.5
    assert (detector.seen == data.astronaut()[..., ::-1]).all()
    assert calls == [(str(models), {"providers": ["CPUExecutionProvider"]})]
    assert detector.prepared == (-1, {"input_size": (640, 640), "det_thresh": 0.2})


def test_it_is_loaded_once_and_follows(models, package):
    landmarker = InsightFace()
    faces = landmarker.detect([data.astronaut()], HOST)[0]
    landmarker.detect([data.astronaut()], HOST)
    assert len(package[1]) == 1
    assert landmarker.follow(data.astronaut(), faces, HOST)[0].score_ratio > 0.9


def test_what_is_missing_is_said_in_one_sentence(models, monkeypatch):
    monkeypatch.setitem(sys.modules, "insightface", None)
    with pytest.raises(MissingDependency, match="insightface.*pip install insightface"):
        InsightFace().detect([data.astronaut()], HOST)
    models.unlink()
    with pytest.raises(MissingWeights, match=r"det_10g.onnx.*models/insightface/models/buffalo_l"):
        InsightFace().detect([data.astronaut()], HOST)


@pytest.mark.parametrize("found", [None, OSError("protobuf parsing failed")])
def test_a_damaged_model_or_one_of_another_kind_is_refused_in_one_sentence(models, package, monkeypatch, found):
    def get_model(name, **keywords):
        if found:
            raise Exception(found)  # noqa: TRY002 - onnxruntime's errors have no nearer base either
        return found

    monkeypatch.setattr(sys.modules["insightface.model_zoo"], "get_model", get_model)
    with pytest.raises(BackendError, match=r"cannot use det_10g.onnx.*insightface/models/buffalo_l"):
        InsightFace().detect([data.astronaut()], HOST)


def test_it_is_never_chosen_by_itself(models, monkeypatch):
    register_all()
    assert resolve("landmarks").id == "face_mesh"
    row = next(r for r in json.loads((ROOT / "models/licences.json").read_text()) if r["id"] == "insightface")
    assert row["commercial_use"] is False
    if not any("insightface" in str(path) for path in sys.path):
        monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "insightface" else object())
    with pytest.raises(MissingDependency, match="non-commercial"):
        resolve("landmarks", "insightface")
