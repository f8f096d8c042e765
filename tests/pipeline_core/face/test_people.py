"""Who is who in clips in which two people meet, leave, and are cut; by movement alone they are mixed up."""

import cv2
import numpy as np
import pytest
from skimage import data
from talking_avatar.pipeline_core.face import people
from talking_avatar.pipeline_core.face.looks import likeness, looks_of
from talking_avatar.pipeline_core.interfaces import DetectedFace

FRAMES, GONE = 40, 2000


@pytest.fixture(scope="module")
def two():
    """Pictures of two people [shape=(150, 120, 3) each]: the sample photo, and another face, hair and suit."""
    first = cv2.resize(data.astronaut()[30:280, 120:320], (120, 150), interpolation=cv2.INTER_AREA)
    second = first[..., [2, 0, 1]].copy()
    second[:100] = 255 - cv2.GaussianBlur(second[:100], (0, 0), 2)
    return first, np.ascontiguousarray(second[:, ::-1])


def numbers(two, mesh, places, cuts=(), hidden=range(0)):
    """Return for each settled person which of the two heads it shows, frame by frame.

    `places` gives x of both heads in each frame; the second one is not found in the frames `hidden`.
    """
    found = people.People()
    for frame, at in enumerate(places):
        image = np.full((190, 640, 3), 100, np.uint8)
        faces = []
        for who in (1, 0):
            x = int(at[who])
            if 0 <= x <= 520:
                image[20:170, x : x + 120] = two[who]
                if who == 0 or frame not in hidden:
                    faces.append(DetectedFace(((mesh - (120, 30, 0)) * 0.6 + (x, 20, 0)).astype(np.float32), 0.9))
        found.take(image, faces[:: 1 - 2 * (frame % 2)], frame)
    mesh_x = float((mesh[:, 0].mean() - 120) * 0.6)
    return [{int(np.argmin([abs(face.landmarks_px[:, 0].mean() - mesh_x - x) for x in places[frame]]))
             for frame, face in person.seen.items()} for person in found.settled(cuts)]


def crossing():
    return [(20 + 12 * t, 488 - 12 * t) for t in range(FRAMES)]


def turning():
    """Both go to the middle, where the first one covers the second, and back to where they came from."""
    return [(20 + 12 * min(t, FRAMES - 1 - t), 488 - 12 * min(t, FRAMES - 1 - t)) for t in range(FRAMES)]


def leaving():
    return [(260, 480 + 12 * t if t < 4 else GONE if t < 25 else 20) for t in range(FRAMES)]


def changing():
    return [((40, 460) if t < 10 else (460, 40) if t < 20 else (40, GONE) if t < 30 else (GONE, 40)) for t in range(FRAMES)]


HIDDEN = range(16, 24)
SCENES = {"crossing": (crossing(), (), HIDDEN), "turning back": (turning(), (), HIDDEN), "leaving": (leaving(), (), range(0)),
          "cuts": (changing(), (10, 20, 30), range(0))}


@pytest.mark.parametrize("name", SCENES)
def test_two_people_keep_their_numbers(two, mesh, name):
    assert sorted(map(tuple, numbers(two, mesh, *SCENES[name]))) == [(0,), (1,)]


@pytest.mark.parametrize("name", ["turning back", "leaving", "cuts"])
def test_movement_alone_mixes_them_up(two, mesh, monkeypatch, name):
    monkeypatch.setattr(people, "likeness", lambda one, two: 1.0)
    monkeypatch.setattr(people, "likenesses", lambda looks: np.zeros((len(looks), len(looks))))
    places, _, hidden = SCENES[name]
    assert sorted(map(tuple, numbers(two, mesh, places, (), hidden))) != [(0,), (1,)]


def test_looks_tell_people_apart_and_know_them_again(two, mesh):
    points = ((mesh - (120, 30, 0)) * 0.6).astype(np.float32)
    first, second = (looks_of(picture, DetectedFace(points, 1.0)) for picture in two)
    darker = looks_of((two[0] * 0.8).astype(np.uint8), DetectedFace(points, 1.0))
    assert likeness(first, darker) > people.SAME_LOOKS > likeness(first, second)


def test_a_uniform_does_not_make_two_people_one(two, mesh):
    points = ((mesh - (120, 30, 0)) * 0.6).astype(np.float32)
    dressed = two[0].copy()
    dressed[20:95, 25:90] = two[1][20:95, 25:90]  # another face, the same suit and hair
    first, second = (looks_of(picture, DetectedFace(points, 1.0)) for picture in (two[0], dressed))
    assert float(first.clothes @ second.clothes) > 0.9
    assert likeness(first, second) < people.SAME_LOOKS


def test_nothing_to_compare_is_nobody_known(mesh):
    grey = np.full((200, 300, 3), 100, np.uint8)
    assert not looks_of(grey, DetectedFace(mesh.astype(np.float32), 1.0)).known
