"""The border of a cut-out person does not flicker when the head moves."""

from fractions import Fraction

import cv2
import numpy as np
import pytest
from talking_avatar.models import register_all, samples
from talking_avatar.pipeline_core.face.detect import DetectSettings, detect_faces
from talking_avatar.pipeline_core.host import PlainHost
from talking_avatar.pipeline_core.media.image import over
from talking_avatar.pipeline_core.motion import MotionSettings, generate_motion
from talking_avatar.pipeline_core.render.backdrop import without_person
from talking_avatar.pipeline_core.render.plan import blend, frames, plan_render, sized_face
from talking_avatar.pipeline_core.render.settings import BlendSettings, RenderSettings
from talking_avatar.pipeline_core.speech import analyze

HOST = PlainHost(threads=1)
FRAMES = 30
LIMIT = 1.1
"""Times the flicker of the same pixels of the drawn photo itself."""


def flicker(pictures, ring):
    """Return the mean second difference over time in a region, in grey levels: movement cancels, jumps stay."""
    grey = np.stack(pictures).astype(np.float32).mean(-1)[:, ring]
    return float(np.abs(grey[:-2] - 2 * grey[1:-1] + grey[2:]).mean())


@pytest.fixture(scope="module")
def clip():
    """Frames of the photo as it is, the same with opacity, and the border that the moving mask crosses."""
    register_all()
    sound, _ = samples.sample_speech(next(iter(samples.RECORDINGS)))
    speech = analyze(sound, transcript="", engine="energy", host=HOST)
    plain, cut = (samples.sample_portrait(name) for name in list(samples.PORTRAITS)[:2])
    face = detect_faces(plain, DetectSettings(), HOST)
    motion = generate_motion(speech, MotionSettings(fps=Fraction(25)), face=face, host=HOST)
    plan = plan_render(face, motion, RenderSettings(width_px=320, height_px=320))
    clear = blend(plan, BlendSettings(background="transparent"), mask=np.array(cut.alpha))
    drawn, masked = (list(frames(p, 20, 20 + FRAMES, HOST)) for p in (plan, clear))
    alpha = np.stack([frame[..., 3] for frame in masked])
    ring = cv2.dilate(((alpha.min(0) < 248) & (alpha.max(0) > 7)).astype(np.uint8), np.ones((3, 3))) > 0
    return drawn, masked, ring, without_person(sized_face(clear).portrait)


def in_front_of(frames, plate, change=lambda alpha: alpha):
    return [over(frame[..., :3], change(frame[..., 3]), plate) for frame in frames]


def test_the_border_flickers_no_more_than_the_photo_does(clip):
    drawn, masked, ring, plate = clip
    assert ring.sum() > 500
    # In front of what was there before, so that the contrast at the border is the same.
    assert flicker(in_front_of(masked, plate), ring) <= LIMIT * flicker(drawn, ring)


def test_a_hard_border_and_a_jumping_one_would_be_seen(clip):
    drawn, masked, ring, plate = clip
    own = flicker(drawn, ring)
    hard = in_front_of(masked, plate, lambda alpha: np.where(alpha > 127, 255, 0).astype(np.uint8))
    assert flicker(hard, ring) > 1.5 * own
    rng = np.random.default_rng(0)
    jumping = in_front_of(masked, plate, lambda alpha: np.roll(alpha, tuple(rng.integers(-1, 2, 2)), (0, 1)))
    assert flicker(jumping, ring) > 5 * own
