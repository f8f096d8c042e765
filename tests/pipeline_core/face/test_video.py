from fractions import Fraction

import av
import numpy as np
import pytest
from talking_avatar.pipeline_core.errors import InputError, NoFaceFound, UnreadableMedia
from talking_avatar.pipeline_core.face.detect import DetectSettings, detect_video
from talking_avatar.pipeline_core.face.video import BATCH, _on_grid
from talking_avatar.pipeline_core.host import PlainHost

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


def test_without_a_face_the_batch_is_looked_at_more_closely_once(clip, fake):
    landmarker = fake([])
    with pytest.raises(NoFaceFound, match=r"'clip.mp4' \(320 x 240 px, 20 frames\)"):
        detect_video(clip, DetectSettings(), HOST, landmarker)
    assert landmarker.batches == [8, 1, 8, 1, 4, 1]


def test_a_small_face_found_alone_is_followed_frame_by_frame(clip, place):
    class Shy:
        def detect(self, images, host):
            from talking_avatar.pipeline_core.interfaces import DetectedFace

            return [[DetectedFace(place(), 0.9)] if len(images) == 1 else [] for _ in images]

    track = detect_video(clip, DetectSettings(), HOST, Shy())
    assert np.isfinite(track.landmarks_px).all()


def test_progress_is_the_videos_own_and_can_cancel(clip, place, fake):
    class Watching(PlainHost):
        calls = []

        def progress(self, done, total):
            self.calls.append((done, total))

    detect_video(clip, DetectSettings(), Watching(), fake([(place(), 0.9)]))
    assert Watching.calls[-1] == (20, 20)

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


def test_the_time_grid():
    constant = [i / 30 for i in range(10)]
    assert _on_grid(constant, Fraction(30)) == list(range(10))
    rounded = [round(t, 3) for t in constant]
    assert _on_grid(rounded, Fraction(30)) == list(range(10))
    assert _on_grid([0.0, 0.04, 0.16, 0.20], Fraction(25)) == [0, 1, 1, 1, 2, 3]
    assert _on_grid([0.0], Fraction(25)) == [0]


def test_a_broken_time_stamp_does_not_fill_the_memory():
    with pytest.raises(InputError, match="frames"):
        _on_grid([0.0, 0.04, 1e12], Fraction(25))
