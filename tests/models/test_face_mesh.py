"""The networks and the landmarker against what Google's own graphs and pipeline give."""

import json
import subprocess
import sys
from pathlib import Path
from threading import Event, Thread

import cv2
import numpy as np
import pytest
import torch
from skimage import data
from talking_avatar.models.face_mesh import FaceMesh, look, place, search
from talking_avatar.models.face_mesh import nets as face_nets
from talking_avatar.models.net import face_crop
from talking_avatar.models.net.threads import one_thread
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
    return face_nets.load_nets()


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


def far_raw(net):
    boxes, scores = run(net, pattern(192) * 2 - 1)
    anchors = np.tile(net.anchors.numpy(), (1, 8))
    anchors[:, 2:4] = 0
    return ((boxes - anchors) * 192)[::23], np.log(scores / (1 - scores))[::23]


def test_full_range_detector_matches_the_original_graph():
    net = face_nets.load_far_net()
    boxes, logits = far_raw(net)
    assert np.abs(boxes - GOLDEN["far_boxes"]).max() < 0.01
    assert np.abs(logits - GOLDEN["far_logits"]).max() < 0.01
    net.finer[1].blocks[0].second.weight.mul_(1.02)
    assert np.abs(far_raw(net)[0] - GOLDEN["far_boxes"]).max() > 0.01


def test_landmark_network_matches_the_original_graph(nets):
    points, presence = run(nets.landmarks, pattern(256))
    assert np.abs(points - GOLDEN["landmark_points"]).max() < 0.02
    wanted = 1 / (1 + np.exp(-GOLDEN["landmark_presence_logit"]))
    assert abs(float(presence) - wanted) < 1e-4


def test_the_comparison_notices_a_wrong_weight():
    nets = face_nets.load_nets()
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

    monkeypatch.setattr(look, "crop", centred)
    monkeypatch.setattr(place, "crop", centred)
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


def with_faces(astronaut, *places, size=(3000, 4000)):
    """Return a picture of coffee with the portrait at (x, y) of the face's middle, scaled to a face width."""
    picture = cv2.resize(data.coffee(), size[::-1], interpolation=cv2.INTER_CUBIC)
    for x, y, width in places:
        small = cv2.resize(astronaut[0:300, 80:380], None, fx=width / 89, fy=width / 89, interpolation=cv2.INTER_AREA)
        left, top = round(x - 146 * width / 89), round(y - 125 * width / 89)
        picture[top : top + small.shape[0], left : left + small.shape[1]] = small
    return picture


def matched(faces, places):
    """Return how many places have a face, and how many faces have no place."""
    middles = [f.landmarks_px[:, :2].mean(axis=0) for f in sure(faces)]
    hits = [[np.hypot(*(m - (x, y))) < width / 3 for x, y, width in places] for m in middles]
    return sum(any(column) for column in zip(*hits, strict=True)), sum(not any(row) for row in hits)


def test_64_px_faces_in_12_megapixels_are_found_by_tiles_of_the_full_range_detector(landmarker, astronaut, monkeypatch):
    places = [(300, 400, 64), (2100, 1500, 64), (3700, 2700, 64)]
    picture = with_faces(astronaut, *places)
    monkeypatch.setattr(search, "TILE_PARTS", (4,))  # the only size of squares that shows them
    assert matched(landmarker.detect([picture], HOST)[0], places) == (3, 0)
    monkeypatch.setattr(search, "TILE_PARTS", ())
    monkeypatch.setattr(search, "QUARTERS", ())
    assert matched(landmarker.detect([picture], HOST)[0], places)[0] < 3


def test_a_group_is_searched_for_its_smaller_faces(landmarker, astronaut, monkeypatch):
    places = [(300, 300, 130), (700, 600, 130), (1150, 350, 40), (1300, 700, 30)]
    picture = with_faces(astronaut, *places, size=(900, 1600))
    assert matched(landmarker.detect([picture], HOST)[0], places) == (4, 0)
    monkeypatch.setattr(search, "NARROW_SHARE", 0.0)
    monkeypatch.setattr(search, "FAR_SHARE", 0.0)
    assert matched(landmarker.detect([picture], HOST)[0], places)[0] < 4


def test_a_portrait_is_looked_at_once(astronaut, monkeypatch):
    monkeypatch.setattr(search, "look_far", None)
    monkeypatch.setattr(place, "look_far", None)
    assert len(sure(FaceMesh().detect([astronaut], HOST)[0])) == 1
    assert len(sure(FaceMesh("near").detect([small_face(astronaut)], HOST)[0])) == 0
    with pytest.raises(TypeError):
        FaceMesh("far").detect([astronaut], HOST)


@pytest.mark.parametrize("picture", [data.coffee, data.colorwheel])
def test_pictures_without_people_have_no_face(landmarker, picture):
    assert sure(landmarker.detect([np.ascontiguousarray(np.broadcast_to(np.atleast_3d(picture()), (*picture().shape[:2], 3)))],
                                  HOST)[0]) == []


def test_unchecked_finds_would_be_wrong(landmarker, monkeypatch):
    monkeypatch.setattr(place, "_checked", lambda image, faces, host: list(faces))
    finds = [landmarker.detect([np.ascontiguousarray(picture)], HOST)[0] for picture in
             (data.coffee(), data.colorwheel(), np.broadcast_to(data.moon()[..., None], (512, 512, 3)))]
    assert any(sure(faces) for faces in finds)


def rolled(astronaut, degrees):
    """Return the portrait turned clockwise about its face, and the transform of points [shape=(2, 3)]."""
    turn = cv2.getRotationMatrix2D((226, 125), -degrees, 1.0)
    turn[:, 2] += (30, 131)
    return cv2.warpAffine(astronaut, turn, (512, 512), borderValue=(128, 128, 128)), turn


def roll_error(faces, turn):
    """Return the distance of the landmarks from where they must be, in face widths."""
    wanted = np.asarray(GOLDEN["astronaut_px"])[:, :2] @ turn[:, :2].T + turn[:, 2]
    return np.linalg.norm(faces[0].landmarks_px[:, :2] - wanted, axis=1).mean() / 89


@pytest.mark.parametrize("degrees", [60, 90, 180, 225])
def test_a_head_that_lies_is_found_the_right_way_up(landmarker, astronaut, degrees):
    picture, turn = rolled(astronaut, degrees)
    faces = sure(landmarker.detect([picture], HOST)[0])
    assert len(faces) == 1
    assert roll_error(faces, turn) < 0.04


def test_without_looking_from_all_sides_a_head_upside_down_is_missed(landmarker, astronaut, monkeypatch):
    picture, turn = rolled(astronaut, 180)
    monkeypatch.setattr(place, "_turned", lambda *arguments: [])
    monkeypatch.setattr(search, "QUARTERS", ())
    monkeypatch.setattr(search, "TILE_PARTS", ())
    faces = sure(landmarker.detect([picture], HOST)[0])
    assert not faces or roll_error(faces, turn) > 0.04


def small_face(astronaut):
    return with_faces(astronaut, (1500, 1000, 64), size=(1500, 2000))


def test_batches_look_once_more_but_not_in_tiles(landmarker, astronaut):
    medium = with_faces(astronaut, (900, 700, 120), size=(1500, 2000))
    small, plain, middle = landmarker.detect([small_face(astronaut), astronaut, medium], HOST)
    assert (len(sure(small)), len(sure(plain)), len(sure(middle))) == (0, 1, 1)


def test_a_known_face_is_followed_without_a_detector(landmarker, astronaut, monkeypatch):
    face = sure(landmarker.detect([astronaut], HOST)[0])[0]
    monkeypatch.setattr(search, "look_near", None)
    step = np.roll(astronaut, (6, 9), axis=(0, 1))
    moved, lost = landmarker.follow(step, [face], HOST)[0], landmarker.follow(np.full_like(step, 90), [face], HOST)[0]
    assert moved.score_ratio > 0.9
    assert np.allclose((moved.landmarks_px - face.landmarks_px)[:, :2].mean(axis=0), (9, 6), atol=0.7)
    assert lost.score_ratio < 0.5


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
        regions = face_crop.tiles(np.zeros(shape, np.uint8), 4, 0.25)
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
        with pytest.raises(ZeroDivisionError), one_thread("cpu"):
            seen.append(torch.get_num_threads())
            raise ZeroDivisionError
        landmarker.detect([astronaut], HOST)
        seen.append(torch.get_num_threads())
    finally:
        torch.set_num_threads(before)
    assert seen == [1, 3]


def test_a_thread_that_begins_while_another_is_inside_keeps_its_number():
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    inside, seen = Event(), []

    def other():  # it asks torch for the first time while the number is 1
        inside.wait()
        with one_thread("cpu"):
            seen.append(torch.get_num_threads())
        seen.append(torch.get_num_threads())

    thread = Thread(target=other)
    thread.start()
    try:
        with one_thread("cpu"):
            inside.set()
            thread.join()
        seen.append(torch.get_num_threads())
    finally:
        torch.set_num_threads(before)
    assert seen == [1, 3, 3]


def test_importing_the_back_end_does_not_import_torch():
    code = ("import sys, types; p = types.ModuleType('talking_avatar'); p.__path__ = [sys.argv[1]]; "
            "sys.modules['talking_avatar'] = p; import talking_avatar.models.face_mesh; "
            "sys.exit('torch' in sys.modules)")
    assert subprocess.run([sys.executable, "-c", code, str(ROOT)], check=False).returncode == 0


def test_the_licence_table_knows_the_shipped_file():
    import hashlib

    table = json.loads((ROOT / "models/licences.json").read_text())
    for row in (r for r in table if "landmarks:face_mesh" in r["used_by"]):
        for name in row["files"]:
            assert hashlib.sha256((ROOT / name).read_bytes()).hexdigest() == row["sha256"]
        assert row["commercial_use"] is True


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device on this machine")
def test_cuda_gives_the_same_points(landmarker, astronaut):
    face = sure(landmarker.detect([astronaut], PlainHost("cuda"))[0])[0]
    assert error_px(face).mean() <= 0.1
