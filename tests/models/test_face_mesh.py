"""The networks and the landmarker against what Google's own graphs and pipeline give."""

import json
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from skimage import data
from talking_avatar.models import face_mesh
from talking_avatar.models.face_mesh import FaceMesh
from talking_avatar.models.net import face_crop
from talking_avatar.pipeline_core.errors import ContractError
from talking_avatar.pipeline_core.host import PlainHost

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = json.loads((ROOT / "tests/golden/face_mesh.json").read_text())
HOST = PlainHost()


def pattern(size):
    y, x = np.mgrid[0:size, 0:size] / size
    waves = [np.sin(7 * x + 3 * y), np.cos(23 * x * y), np.sin(61 * y) * np.cos(47 * x)]
    return (0.5 + 0.5 * np.stack(waves, -1)).astype(np.float32)


@pytest.fixture(scope="module")
def nets():
    return face_mesh._load_nets()


@pytest.fixture(scope="module")
def landmarker():
    return FaceMesh()


@pytest.fixture(scope="module")
def astronaut():
    return data.astronaut()


def sure(faces):
    return [f for f in faces if f.score_ratio >= 0.5]


def run(net, picture):
    with torch.inference_mode():
        return [out[0].numpy() for out in net(torch.from_numpy(picture[None]).permute(0, 3, 1, 2))]


def detector_raw(nets, picture):
    boxes, scores = run(nets.detector, picture)
    anchors = np.tile(nets.detector.anchors.numpy(), (1, 8))
    anchors[:, 2:4] = 0
    return ((boxes - anchors) * 128)[::23], np.log(scores / (1 - scores))[::23]


def test_detector_matches_the_original_graph(nets):
    boxes, logits = detector_raw(nets, pattern(128) * 2 - 1)
    assert np.abs(boxes - GOLDEN["detector_boxes"]).max() < 0.01
    wanted = np.asarray(GOLDEN["detector_logits"])
    # The logit of a float32 probability is exact enough only where it is not saturated.
    inner = np.abs(wanted) < 8
    assert inner.sum() > 15
    assert np.abs(logits - wanted)[inner].max() < 0.02


def test_landmark_network_matches_the_original_graph(nets):
    points, presence = run(nets.landmarks, pattern(256))
    assert np.abs(points - GOLDEN["landmark_points"]).max() < 0.02
    wanted = 1 / (1 + np.exp(-GOLDEN["landmark_presence_logit"]))
    assert abs(float(presence) - wanted) < 1e-4


def test_the_comparison_notices_a_wrong_weight():
    nets = face_mesh._load_nets()
    nets.landmarks.stages[2].residuals[1].depthwise.weight.mul_(1.02)
    points, _ = run(nets.landmarks, pattern(256))
    assert np.abs(points - GOLDEN["landmark_points"]).max() > 0.02


def test_a_batch_gives_what_single_pictures_give(nets):
    one, two = pattern(256), pattern(256)[::-1].copy()
    with torch.inference_mode():
        both = nets.landmarks(torch.from_numpy(np.stack([one, two])).permute(0, 3, 1, 2))[0].numpy()
    assert np.abs(both[0] - run(nets.landmarks, one)[0]).max() < 0.01
    assert np.abs(both[1] - run(nets.landmarks, two)[0]).max() < 0.01


def error_px(face):
    return np.linalg.norm(face.landmarks_px[:, :2] - np.asarray(GOLDEN["astronaut_px"])[:, :2], axis=1)


def test_whole_pipeline_matches_mediapipe(landmarker, astronaut):
    faces = sure(landmarker.detect([astronaut], HOST)[0])
    assert len(faces) == 1
    assert error_px(faces[0]).mean() <= 0.1
    assert error_px(faces[0]).max() <= 0.5
    depth = np.abs(faces[0].landmarks_px[:, 2] - np.asarray(GOLDEN["astronaut_px"])[:, 2])
    assert depth.max() <= 0.5


def test_half_pixel_sampling_would_be_noticed(landmarker, astronaut, monkeypatch):
    def centred(image, region, size, border):
        half = region.side / size / 2
        return face_crop.crop(image, face_crop.Region(region.x + half, region.y + half, region.side, region.angle),
                              size, border)

    monkeypatch.setattr(face_mesh, "crop", centred)
    assert error_px(sure(landmarker.detect([astronaut], HOST)[0])[0]).mean() > 0.1


@pytest.mark.parametrize("shape", [(1, 1), (1, 400), (300, 300)])
def test_flat_pictures_have_no_face(landmarker, shape):
    assert sure(landmarker.detect([np.full((*shape, 3), 128, np.uint8)], HOST)[0]) == []


def test_a_tilted_head_is_cropped_upright(landmarker, astronaut):
    turn = cv2.getRotationMatrix2D((226, 125), 30, 1.0)
    tilted = cv2.warpAffine(astronaut, turn, (512, 512))
    face = sure(landmarker.detect([tilted], HOST)[0])[0]
    back = face.landmarks_px[:, :2] @ turn[:, :2] + (-turn[:, 2] @ turn[:, :2])
    assert np.linalg.norm(back - np.asarray(GOLDEN["astronaut_px"])[:, :2], axis=1).mean() < 3


def test_several_faces_in_one_picture(landmarker, astronaut):
    head = astronaut[0:300, 80:380]
    faces = sure(landmarker.detect([np.concatenate([head, head], axis=1)], HOST)[0])
    assert len(faces) == 2
    centres = sorted(float(f.landmarks_px[:, 0].mean()) for f in faces)
    assert abs(centres[1] - centres[0] - 300) < 3


def small_face(astronaut):
    picture = np.full((1500, 2000, 3), 90, np.uint8)
    picture[900:1156, 1400:1656] = cv2.resize(astronaut, (256, 256), interpolation=cv2.INTER_AREA)
    return picture


def test_a_small_face_in_a_large_picture_is_found_by_looking_closer(landmarker, astronaut, monkeypatch):
    face = sure(landmarker.detect([small_face(astronaut)], HOST)[0])[0]
    wanted = np.asarray(GOLDEN["astronaut_px"])[:, :2] / 2 + (1400, 900)
    assert np.linalg.norm(face.landmarks_px[:, :2] - wanted, axis=1).mean() < 1.5
    monkeypatch.setattr(face_mesh, "SEARCH_PARTS", ())
    assert sure(landmarker.detect([small_face(astronaut)], HOST)[0]) == []


def test_a_group_is_searched_for_its_smaller_faces(landmarker, astronaut, monkeypatch):
    picture = np.full((900, 1600, 3), 90, np.uint8)
    picture[100:612, 100:612] = astronaut
    for x in (700, 1000, 1300):
        picture[500:756, x : x + 256] = cv2.resize(astronaut, (256, 256), interpolation=cv2.INTER_AREA)
    faces = sure(landmarker.detect([picture], HOST)[0])
    centres = sorted(round(float(f.landmarks_px[:, 0].mean())) for f in faces)
    assert np.allclose(centres, [326, 813, 1113, 1413], atol=6)
    monkeypatch.setattr(face_mesh, "FAR_SHARE", 0.0)
    assert len(sure(landmarker.detect([picture], HOST)[0])) < 4


def test_batches_do_not_look_closer(landmarker, astronaut):
    small, plain = landmarker.detect([small_face(astronaut), astronaut], HOST)
    assert (len(sure(small)), len(sure(plain))) == (0, 1)


def test_searching_can_be_cancelled(landmarker):
    class Impatient(PlainHost):
        def progress(self, done, total):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        landmarker.detect([np.zeros((300, 300, 3), np.uint8)], Impatient())


def test_wrong_input_is_refused(landmarker):
    with pytest.raises(ContractError):
        landmarker.detect([np.zeros((10, 10), np.uint8)], HOST)
    with pytest.raises(ContractError):
        landmarker.detect([np.zeros((10, 10, 3), np.float32)], HOST)
    assert landmarker.detect([], HOST) == []


def test_tiles_cover_the_picture():
    for shape in ((100, 100, 3), (100, 1000, 3), (700, 300, 3)):
        regions = face_crop.tiles(np.zeros(shape, np.uint8), 4)
        xs, ys = np.mgrid[0:shape[1]:7, 0:shape[0]:7]
        covered = np.zeros(xs.shape, bool)
        for r in regions:
            covered |= (abs(xs - r.x) <= r.side / 2) & (abs(ys - r.y) <= r.side / 2)
        assert covered.all()


def test_doubtful_boxes_do_not_pull_at_sure_ones():
    boxes = np.zeros((3, 16), np.float32)
    boxes[:, :4] = [[50, 50, 20, 20], [53, 50, 20, 20], [200, 50, 20, 20]]
    kept, scores = face_crop.candidates(boxes, np.array([0.9, 0.3, 0.3], np.float32))
    assert kept[:, 0].tolist() == [50, 200]
    assert scores.tolist() == pytest.approx([0.9, 0.3])
    kept, _ = face_crop.candidates(boxes, np.array([0.9, 0.6, 0.1], np.float32))
    assert kept[:, 0].tolist() == pytest.approx([(50 * 0.9 + 53 * 0.6) / 1.5])


def test_the_number_of_torch_threads_is_left_as_it_was(landmarker, astronaut):
    before = torch.get_num_threads()
    seen = []
    torch.set_num_threads(3)
    try:
        with pytest.raises(ZeroDivisionError), face_mesh._one_thread("cpu"):
            seen.append(torch.get_num_threads())
            raise ZeroDivisionError
        landmarker.detect([astronaut], HOST)
        seen.append(torch.get_num_threads())
    finally:
        torch.set_num_threads(before)
    assert seen == [1, 3]


def test_importing_the_back_end_does_not_import_torch():
    code = ("import sys, types; p = types.ModuleType('talking_avatar'); p.__path__ = [sys.argv[1]]; "
            "sys.modules['talking_avatar'] = p; import talking_avatar.models.face_mesh; "
            "sys.exit('torch' in sys.modules)")
    assert subprocess.run([sys.executable, "-c", code, str(ROOT)], check=False).returncode == 0


def test_the_licence_table_knows_the_shipped_file():
    import hashlib

    row = next(r for r in json.loads((ROOT / "models/licences.json").read_text()) if r["id"] == "face_mesh")
    for name in row["files"]:
        assert hashlib.sha256((ROOT / name).read_bytes()).hexdigest() == row["sha256"]
    assert row["commercial_use"] is True


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device on this machine")
def test_cuda_gives_the_same_points(landmarker, astronaut):
    face = sure(landmarker.detect([astronaut], PlainHost("cuda"))[0])[0]
    assert error_px(face).mean() <= 0.1
