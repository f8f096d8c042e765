"""The shipped samples can be used at once: a face is found, the mask is hers, the words are audible."""

import numpy as np
import pytest
from talking_avatar.models import register_all, samples
from talking_avatar.pipeline_core.errors import UnreadableMedia
from talking_avatar.pipeline_core.face.detect import DetectSettings, detect_faces, detect_video
from talking_avatar.pipeline_core.face.looks import likeness, looks_of
from talking_avatar.pipeline_core.face.people import SAME_LOOKS
from talking_avatar.pipeline_core.face.trust import trust
from talking_avatar.pipeline_core.host import PlainHost
from talking_avatar.pipeline_core.interfaces import DetectedFace
from talking_avatar.pipeline_core.media.audio import load_sound
from talking_avatar.pipeline_core.media.video import probe

ASTRONAUT, CUT_OUT, PAIR = samples.PORTRAITS
SPEECH, CLIP = next(iter(samples.RECORDINGS)), next(iter(samples.CLIPS))


def test_every_file_is_there_and_the_pack_stays_small():
    files = {s.file for s in [*samples.PORTRAITS.values(), *samples.RECORDINGS.values()]}
    files |= {s.mask for s in samples.PORTRAITS.values() if s.mask}
    assert sum(samples.sample_file(name).stat().st_size for name in files) < 250_000
    assert all(samples.is_sample(name) for name in [*samples.PORTRAITS, *samples.RECORDINGS])
    assert not samples.is_sample("photo.png") and not samples.is_sample(None)


def test_the_portrait_shows_one_face_and_the_mask_covers_it():
    plain, cut = samples.sample_portrait(ASTRONAUT), samples.sample_portrait(CUT_OUT)
    assert plain.image.shape == cut.image.shape == (512, 512, 3) and plain.alpha is None
    register_all()
    face = detect_faces(plain, DetectSettings(), PlainHost(threads=1))
    assert len(face.face_ids) == 1
    x, y = face.selected_landmarks_px[:, :2].round().astype(int).T
    assert (cut.alpha[y, x] == 255).mean() > 0.97
    assert (cut.alpha[:100, :100] == 0).all() and (cut.alpha[30:200, 380:] == 0).all()
    whole = cut.alpha == 255
    assert np.array_equal(cut.image[whole], plain.image[whole])


def test_the_pair_shows_two_people_who_look_different():
    pair = samples.sample_portrait(PAIR)
    register_all()
    face = detect_faces(pair, DetectSettings(order="left-right"), PlainHost(threads=1))
    assert len(face.face_ids) == 2 and face.score_ratio.min() > 0.7
    first, second = (looks_of(pair.image, DetectedFace(face.landmarks_px[0, i], 1.0)) for i in (0, 1))
    assert likeness(first, second) < SAME_LOOKS


def test_the_recording_is_a_sentence():
    sound, transcript = samples.sample_speech(SPEECH)
    assert 2.0 < sound.duration_s < 5.0 and sound.rate_hz == 16000
    assert np.abs(sound.samples).max() > 0.1 and transcript.endswith(".")


def test_the_clip_shows_one_face_that_talks_in_every_frame():
    path = samples.sample_clip(CLIP)
    info = probe(path)
    assert path.stat().st_size < 500_000 and (info.width_px, info.height_px, info.fps) == (512, 512, 25)
    assert 4.0 < info.duration_s < 6.0 and np.abs(load_sound(path).samples).max() > 0.1
    register_all()
    face = detect_video(path, DetectSettings(), PlainHost(threads=1))
    assert len(face.face_ids) == 1 and (trust(face).strength == 1).all()
    gap = np.linalg.norm(face.landmarks_px[:, 0, 13, :2] - face.landmarks_px[:, 0, 14, :2], axis=1)
    assert gap.max() > gap.min() + 3, "the mouth opens by some pixels"


@pytest.mark.parametrize("load", [samples.sample_portrait, samples.sample_speech, samples.sample_clip])
def test_an_unknown_sample_is_explained(load):
    with pytest.raises(UnreadableMedia, match="sample: zzz.*hint: Choose one of: sample: "):
        load("sample: zzz")


def test_a_missing_file_is_explained():
    with pytest.raises(UnreadableMedia, match="missing from this pack"):
        samples.sample_file("gone.flac")
