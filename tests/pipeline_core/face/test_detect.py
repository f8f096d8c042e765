import cv2
import numpy as np
import pytest
from skimage import data
from talking_avatar.models import register_all
from talking_avatar.pipeline_core import registry
from talking_avatar.pipeline_core.cache import shared
from talking_avatar.pipeline_core.errors import InputError, NoFaceFound, SettingError
from talking_avatar.pipeline_core.face.detect import (
    DETECTORS,
    ORDERS,
    DetectSettings,
    detect_faces,
    track_from_landmarks,
    visible_pixels,
)
from talking_avatar.pipeline_core.host import PlainHost
from talking_avatar.pipeline_core.interfaces import DetectedFace
from talking_avatar.pipeline_core.types import Portrait

HOST = PlainHost()


def portrait(width=400, height=300, **keywords):
    return Portrait(np.full((height, width, 3), 120, np.uint8), **keywords)


def centres(track):
    return [tuple(np.round(track.landmarks_px[0, i, :, :2].mean(axis=0)).astype(int)) for i in range(len(track.face_ids))]


@pytest.fixture
def three(place, fake):
    """Left small, middle large and low, right medium and high."""
    return fake([(place(60, 150, 0.6), 0.9), (place(200, 200, 1.2), 0.8), (place(330, 100, 0.9), 0.7)])


@pytest.mark.parametrize(("order", "xs"), [
    ("large-small", [200, 330, 60]), ("small-large", [60, 330, 200]), ("left-right", [60, 200, 330]),
    ("right-left", [330, 200, 60]), ("top-bottom", [330, 60, 200]), ("bottom-top", [200, 60, 330]),
])
def test_orders(three, order, xs):
    track = detect_faces(portrait(), DetectSettings(order=order, face_index=1), HOST, three)
    assert [x for x, _ in centres(track)] == xs
    assert (track.face_ids, track.selected) == ((0, 1, 2), 1)
    assert round(float(track.selected_landmarks_px[:, 0].mean())) == xs[1]


def test_all_orders_are_tested():
    assert len(ORDERS) == 6


def test_index_out_of_range_says_how_many_there_are(three):
    with pytest.raises(SettingError, match=r"3 faces found.*0\.\.2"):
        detect_faces(portrait(), DetectSettings(face_index=3), HOST, three)
    with pytest.raises(SettingError, match="2 faces found"):
        detect_faces(portrait(), DetectSettings(face_index=2, min_confidence=0.75), HOST, three)


def test_only_the_largest_faces_are_kept(three):
    track = detect_faces(portrait(), DetectSettings(max_faces=2, order="left-right"), HOST, three)
    assert [x for x, _ in centres(track)] == [200, 330]


def test_doubtful_faces_are_left_out_and_named_in_the_error(place, fake):
    doubtful = [(place(), 0.32)]
    with pytest.raises(NoFaceFound, match=r"0\.32.*min_confidence to 0\.3"):
        detect_faces(portrait(source="aunt.png"), DetectSettings(), HOST, fake(doubtful))
    assert detect_faces(portrait(), DetectSettings(min_confidence=0.3), HOST, fake(doubtful)).face_ids == (0,)


def test_no_face_names_the_picture_and_its_size(fake):
    with pytest.raises(NoFaceFound, match=r"'aunt.png' \(400 x 300 px\)") as caught:
        detect_faces(portrait(source="aunt.png"), DetectSettings(), HOST, fake([]))
    assert caught.value.hint


@pytest.mark.parametrize("wrong", [{"order": "best"}, {"detector": "eyes"}, {"face_index": -1}, {"min_confidence": 0.0}, {"max_faces": 0},
                                   {"min_confidence": 1.5}, {"face_index": 64}])
def test_settings_are_checked(wrong):
    with pytest.raises(SettingError, match=next(iter(wrong))):
        DetectSettings(**wrong)


def test_transparent_pixels_are_grey_for_the_landmarker(place, fake):
    image = np.zeros((20, 20, 3), np.uint8)
    image[:, :10] = 255
    alpha = np.full((20, 20), 255, np.uint8)
    alpha[:10] = 0
    mixed = visible_pixels(Portrait(image, alpha))
    assert (mixed[:10] == 127).all()
    assert (mixed[10:] == image[10:]).all()
    opaque = Portrait(image)
    assert visible_pixels(opaque) is opaque.image


def test_the_default_landmarker_is_loaded_once():
    register_all()
    picture = Portrait(data.astronaut(), source="astronaut")
    detect_faces(picture, DetectSettings(), HOST)
    before = shared().builds["landmarker"]
    track = detect_faces(picture, DetectSettings(), HOST)
    assert shared().builds["landmarker"] == before
    assert registry.resolve("landmarks").id == "face_mesh"
    assert abs(track.selected_landmarks_px[:, 0].mean() - 226) < 8


def test_two_people_and_the_second_one_talks():
    register_all()
    head = data.astronaut()[0:300, 80:380]
    small = np.full_like(head, 60)
    small[60:270, 60:270] = cv2.resize(head, (210, 210), interpolation=cv2.INTER_AREA)
    picture = Portrait(np.concatenate([small, head], axis=1))
    track = detect_faces(picture, DetectSettings(order="left-right", face_index=0), HOST)
    assert len(track.face_ids) == 2
    assert track.selected_landmarks_px[:, 0].mean() < 300
    assert any("px wide" in w for w in track.warnings)
    assert detect_faces(picture, DetectSettings(), HOST).selected_landmarks_px[:, 0].mean() > 300


@pytest.mark.parametrize("size", [(1, 1), (64, 64)])
def test_grey_and_tiny_pictures_have_no_face(size):
    register_all()
    with pytest.raises(NoFaceFound):
        detect_faces(portrait(*size), DetectSettings(), HOST)


def test_landmarks_from_elsewhere(place):
    one = track_from_landmarks(portrait(), place()[:, :2])
    assert one.landmarks_px.shape == (1, 1, 478, 3)
    assert (one.landmarks_px[..., 2] == 0).all()
    two = track_from_landmarks(portrait(), np.stack([place(100), place(300, 100, 1.5)]), DetectSettings(face_index=1))
    assert [x for x, _ in centres(two)] == [300, 100]
    assert two.selected == 1
    assert two.score_ratio.tolist() == [[1.0, 1.0]]


@pytest.mark.parametrize("wrong", [np.zeros((467, 3)), np.zeros((0, 478, 3)), np.full((478, 3), np.nan), np.zeros(3),
                                   np.ones((68, 2)), {"points": []}, {"frames": []}, "face", {"frames": [[{"x": 1}]]}])
def test_unusable_landmarks_are_refused(wrong):
    with pytest.raises((InputError, NoFaceFound)) as caught:
        track_from_landmarks(portrait(), wrong)
    assert caught.value.hint


def core_landmarks(*faces, size=(300, 400)):
    """What MediaPipe Face Landmarker of ComfyUI gives for one frame; its third axis has the units of its crop."""
    table = [{"landmarks_xy": p[:, :2], "landmarks_3d": (p - p.mean(axis=0)) * 1.7 + 96, "score": 0.9} for p in faces]
    return {"frames": [table], "image_size": size, "connection_sets": {}}


def test_landmarks_of_comfyui_are_used_as_they_are(place, fake):
    faces = place(100), place(300, 200, 1.5)
    nobody = fake([])
    track = detect_faces(portrait(), DetectSettings(order="left-right"), HOST, nobody, landmarks=core_landmarks(*faces))
    assert np.allclose(track.landmarks_px[0, 1, :, :2], faces[1][:, :2], atol=1e-3)
    depth = track.landmarks_px[0, 1, :, 2]
    assert np.allclose(depth - depth.mean(), faces[1][:, 2] - faces[1][:, 2].mean(), atol=0.05)
    assert nobody.batches == []
    half = detect_faces(portrait(), DetectSettings(), HOST, nobody, landmarks=core_landmarks(faces[0], size=(600, 800)))
    assert np.allclose(half.selected_landmarks_px[:, :2], faces[0][:, :2] / 2, atol=1e-3)


def test_468_points_get_irises_and_shares_of_the_picture_get_pixels(place):
    whole = place(200, 150, 2.0)
    surface = track_from_landmarks(portrait(), whole[:468]).selected_landmarks_px
    assert np.linalg.norm(surface[468:, :2] - whole[468:, :2], axis=1).max() < 5
    shares = track_from_landmarks(portrait(), whole[:, :2] / (400, 300)).selected_landmarks_px
    assert np.allclose(shares[:, :2], whole[:, :2], atol=0.01)


def test_other_landmarks_only_say_where_the_face_is(three, place):
    left = place(60, 150, 0.6)[:68, :2]
    track = detect_faces(portrait(), DetectSettings(), HOST, three, landmarks=left)
    assert round(float(track.selected_landmarks_px[:, 0].mean())) == 60
    assert any("68 points" in w for w in track.warnings)


@pytest.mark.parametrize("box", [
    (40, 130, 40, 40), [40, 130, 80, 170], {"x": 40, "y": 130, "width": 40, "height": 40}, [[40, 130, 40, 40]],
    [[{"x": 40.0, "y": 130.0, "width": 40.0, "height": 40.0, "label": "face", "score": 0.9}]], (60, 150),
    np.array([[40, 130, 40, 40]])])
def test_a_box_or_point_chooses_the_face(three, box):
    track = detect_faces(portrait(), DetectSettings(face_index=9), HOST, three, box=box)
    assert round(float(track.selected_landmarks_px[:, 0].mean())) == 60
    assert [x for x, _ in centres(track)] == [200, 330, 60]
    assert track.selected == 2


@pytest.mark.parametrize("box", [[], {}, "here", [1, 2, 3], {"x": 1}])
def test_boxes_of_unknown_form_are_refused(three, box):
    with pytest.raises(InputError):
        detect_faces(portrait(), DetectSettings(), HOST, three, box=box)


def test_a_box_without_a_face_names_where_faces_are(three):
    with pytest.raises(NoFaceFound, match=r"\(1, 1, 9, 9\).*\(61, 15"):
        detect_faces(portrait(), DetectSettings(), HOST, three, box=(1, 1, 9, 9))


def test_a_face_that_is_missed_in_the_whole_picture_is_found_at_its_box(place):
    class Shy:
        def detect(self, images, host):
            return [[DetectedFace(place(30, 30, 0.3), 0.9)] if images[0].shape[1] < 400 else []]

    track = detect_faces(portrait(), DetectSettings(), HOST, Shy(), box=(280, 180, 30, 30))
    assert np.allclose(track.selected_landmarks_px[:, :2].mean(axis=0), (295, 195), atol=1.5)


def test_the_detector_is_chosen_by_its_name():
    register_all()
    picture = Portrait(data.astronaut(), source="astronaut")
    for name, id in DETECTORS.items():
        if id in ("auto", "face_mesh_near"):
            assert detect_faces(picture, DetectSettings(detector=name), HOST).found_by == id.replace("auto", "face_mesh")
