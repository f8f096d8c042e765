from fractions import Fraction

import av
import cv2
import numpy as np
import pytest
from skimage import data
from talking_avatar.pipeline_core.errors import InputError, NoFaceFound, UnreadableMedia
from talking_avatar.pipeline_core.face import people
from talking_avatar.pipeline_core.face.detect import DetectSettings, detect_video
from talking_avatar.pipeline_core.face.video import BATCH
from talking_avatar.pipeline_core.host import PlainHost
from talking_avatar.pipeline_core.interfaces import DetectedFace

HOST = PlainHost()


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    """20 grey frames of 320 x 240 at 25 fps."""
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        for _ in range(20):
            frame = av.VideoFrame.from_ndarray(np.full((240, 320, 3), 110, np.uint8), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return str(path)


def walk(place, frames=20):
    """Two people who come closer; the order of the finds changes, the first is out of sight in 8..11."""
    answers = []
    for t in range(frames):
        left, right = (place(60 + 2 * t, 100), 0.9), (place(260 - 2 * t, 120, 0.7), 0.8)
        found = [right] if 8 <= t < 12 else [left, right]
        answers.append(found[::-1] if t % 2 else found)
    return answers


def test_ids_are_stable_and_gaps_are_known(clip, place, fake):
    landmarker = fake(*walk(place), [])
    track = detect_video(clip, DetectSettings(), HOST, landmarker)
    assert track.landmarks_px.shape == (20, 2, 478, 3)
    assert (track.fps, track.face_ids, track.portrait) == (Fraction(25), (0, 1), None)
    first = track.landmarks_px[:, 0, :, 0].mean(axis=1)
    seen = np.isfinite(first)
    assert (~seen).nonzero()[0].tolist() == [8, 9, 10, 11]
    assert np.allclose(first[seen], 60 + 2 * np.arange(20)[seen], atol=0.01)
    assert (track.score_ratio[:, 0] > 0).tolist() == seen.tolist()
    assert np.isfinite(track.landmarks_px[:, 1]).all()
    assert any("4 of 20 frames" in w for w in track.warnings)
    assert max(landmarker.batches) == BATCH


def test_order_and_choice(clip, place, fake):
    track = detect_video(clip, DetectSettings(order="right-left"), HOST, fake(*walk(place), []))
    assert track.face_ids == (1, 0)
    assert track.landmarks_px[0, track.selected, :, 0].mean() > 200


def test_a_face_that_jumps_is_another_person(clip, place, fake):
    answers = [[(place(60 if t < 10 else 260, 100), 0.9)] for t in range(20)]
    track = detect_video(clip, DetectSettings(), HOST, fake(*answers, []))
    assert len(track.face_ids) == 2
    assert np.isnan(track.landmarks_px[10:, 0]).all()


def test_single_frames_with_a_face_are_false_finds(clip, place, fake):
    answers = [[(place(60, 100), 0.9)] + ([(place(260, 100), 0.9)] if t == 7 else []) for t in range(20)]
    assert len(detect_video(clip, DetectSettings(), HOST, fake(*answers, [])).face_ids) == 1


class Shy:
    """Finds the face when it sees a frame alone, and can follow it."""

    def __init__(self, place, alone=True):
        self.face, self.alone, self.calls = DetectedFace(place(), 0.9), alone, []

    def detect(self, images, host):
        self.calls.append(len(images))
        return [[self.face] if self.alone and len(images) == 1 else [] for _ in images]

    def follow(self, image, faces, host):
        return [self.face] * len(faces)


def test_without_a_face_one_frame_is_looked_at_closely_and_later_again(clip, place):
    landmarker = Shy(place, alone=False)
    with pytest.raises(NoFaceFound, match=r"'clip.mp4' \(320 x 240 px, 20 frames\)"):
        detect_video(clip, DetectSettings(), HOST, landmarker)
    assert landmarker.calls == [8, 1, 8, 4, 1]


def test_a_small_face_found_alone_is_followed_frame_by_frame(clip, place, monkeypatch):
    monkeypatch.setattr(people, "FOLLOWED_LOOKS", -1.0)  # the frames of the clip are plain grey
    landmarker = Shy(place)
    assert np.isfinite(detect_video(clip, DetectSettings(), HOST, landmarker).landmarks_px).all()
    assert landmarker.calls == [8, 1, 8, 4]


def heads():
    """Two people who look different [shape=(120, 120, 3) each]: the sample portrait, and its negative."""
    head = cv2.resize(data.astronaut()[30:230, 120:320], (120, 120), interpolation=cv2.INTER_AREA)
    return head, np.ascontiguousarray(255 - head)


def crossing(path, frames=24, gone=range(0)):
    """Two heads that walk across each other; the second one is behind, and out of the picture in `gone`."""
    first, second = heads()
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"crf": "10"})
        stream.width, stream.height, stream.pix_fmt = 480, 160, "yuv420p"
        for t in range(frames):
            image = np.full((160, 480, 3), 100, np.uint8)
            x, y = 20 + 14 * t, 340 - 14 * t
            if t not in gone:
                image[20:140, y : y + 120] = second
            image[20:140, x : x + 120] = first
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode())


class Passers:
    """Knows where the two heads of `crossing` are; the covered one is not seen, the order of the finds changes."""

    def __init__(self, mesh, gone=range(0)):
        self.mesh, self.gone, self.at = (mesh - (120, 30, 0)) * 0.6, gone, 0

    def detect(self, images, host):
        found = []
        for _ in images:
            t, self.at = self.at, self.at + 1
            x, y = 20 + 14 * t, 340 - 14 * t
            faces = [DetectedFace((self.mesh + (x, 20, 0)).astype(np.float32), 0.9)]
            if t not in self.gone and abs(x - y) > 45:
                faces.append(DetectedFace((self.mesh + (y, 20, 0)).astype(np.float32), 0.9))
            found.append(faces[::-1] if t % 2 else faces)
        return found


def walks(track):
    """Return the set of directions (-1, 1) in which each face moves from frame to frame, by its number."""
    places = track.landmarks_px[..., 0].mean(axis=2)
    steps = np.sign(np.diff(places, axis=0))
    return {id: set(steps[np.isfinite(steps[:, i]), i]) for i, id in enumerate(track.face_ids)}


def test_people_who_cross_keep_their_numbers(tmp_path, mesh):
    crossing(tmp_path / "cross.mp4")
    track = detect_video(tmp_path / "cross.mp4", DetectSettings(), HOST, Passers(mesh))
    assert sorted(map(tuple, walks(track).values())) == [(-1.0,), (1.0,)]


def test_somebody_who_comes_back_elsewhere_is_known_by_their_looks(tmp_path, mesh, monkeypatch):
    gone = range(4, 20)
    crossing(tmp_path / "gap.mp4", gone=gone)
    track = detect_video(tmp_path / "gap.mp4", DetectSettings(), HOST, Passers(mesh, gone=gone))
    assert len(track.face_ids) == 2
    monkeypatch.setattr(people, "SAME_LOOKS", 2.0)
    assert len(detect_video(tmp_path / "gap.mp4", DetectSettings(), HOST, Passers(mesh, gone=gone)).face_ids) == 3


def test_landmarks_of_another_program_for_every_frame(clip, place):
    frames = [[{"landmarks_xy": place(60 + 2 * t, 100)[:, :2]}] if t != 5 else [] for t in range(20)]
    track = detect_video(clip, DetectSettings(), HOST, landmarks={"frames": frames, "image_size": (240, 320)})
    assert np.isnan(track.landmarks_px[5]).all()
    assert track.landmarks_px[19, 0, :, 0].mean() == pytest.approx(98, abs=0.1)
    with pytest.raises(InputError, match="19 frames"):
        detect_video(clip, DetectSettings(), HOST, landmarks={"frames": frames[:19], "image_size": (240, 320)})
    with pytest.raises(InputError, match="68 points"):
        detect_video(clip, DetectSettings(), HOST, landmarks=place()[:68])


def test_a_box_chooses_who_talks(clip, place, fake):
    track = detect_video(clip, DetectSettings(face_index=7), HOST, fake(*walk(place), []), box=(240, 100, 40, 40))
    assert track.landmarks_px[0, track.selected, :, 0].mean() > 200
    with pytest.raises(NoFaceFound, match="box"):
        detect_video(clip, DetectSettings(), HOST, fake(*walk(place), []), box=(1, 1, 2, 2))


def test_progress_is_the_videos_own_and_can_cancel(clip, place, fake):
    class Watching(PlainHost):
        calls = []

        def progress(self, done, total):
            self.calls.append((done, total))

    detect_video(clip, DetectSettings(), Watching(), fake([(place(), 0.9)]))
    assert Watching.calls[-1] == (20, 20)
    assert Watching.calls == sorted(Watching.calls), "it never goes back, though the next frames are looked at meanwhile"

    class Cancelling(PlainHost):
        def progress(self, done, total):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        detect_video(clip, DetectSettings(), Cancelling(), fake([(place(), 0.9)]))


def test_no_video(tmp_path, fake):
    path = tmp_path / "x.mp4"
    path.write_bytes(b"nothing")
    with pytest.raises(UnreadableMedia):
        detect_video(path, DetectSettings(), HOST, fake([]))
