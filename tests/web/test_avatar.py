"""The talking head on the page: the same geometry and, to the eye, the same picture as the renderer's."""

import base64
from dataclasses import dataclass

import numpy as np
import pytest
from talking_avatar.cli.sample import sample_portrait
from talking_avatar.models import register_all
from talking_avatar.models.photo_head.instant import FrameMotion
from talking_avatar.models.photo_head.live import live_payload
from talking_avatar.models.photo_head.renderer import FaceParts, lay_out
from talking_avatar.pipeline_core.arkit import ARTICULATION, ARTICULATION_INDEX, BLENDSHAPES, INDEX
from talking_avatar.pipeline_core.face.detect import DetectSettings, detect_faces
from talking_avatar.pipeline_core.host import PlainHost
from talking_avatar.pipeline_core.media.image import load_portrait
from talking_avatar.pipeline_core.types import FaceTrack

pytestmark = [pytest.mark.browser]

MOTIONS = {
    "rest": {},
    "p": {"lipClosure": 1.0, "mouthPressLeft": 0.3, "mouthPressRight": 0.3},
    "ah": {"jawOpen": 0.55, "mouthLowerDownLeft": 0.4, "mouthLowerDownRight": 0.4, "mouthUpperUpLeft": 0.3,
           "mouthUpperUpRight": 0.3},
    "o": {"jawOpen": 0.25, "mouthFunnel": 0.6, "mouthPucker": 0.5},
    "f": {"jawOpen": 0.1, "lipTuck": 1.0, "mouthUpperUpLeft": 0.3, "mouthUpperUpRight": 0.3},
    "smile": {"mouthSmileLeft": 0.7, "mouthSmileRight": 0.7, "cheekSquintLeft": 0.4, "cheekSquintRight": 0.4},
    "blink": {"eyeBlinkLeft": 1.0, "eyeBlinkRight": 0.6, "browInnerUp": 0.5},
    "turned": {"head_deg": (10.0, -4.0, 3.0), "head_shift": (0.05, -0.03, 0.04), "breath": 1.0, "jawOpen": 0.2},
    "looks": {"gaze_deg": (12.0, -6.0), "eyeWideLeft": 0.6, "eyeWideRight": 0.6},
}


@dataclass(frozen=True)
class Shown:
    face: FaceTrack
    parts: FaceParts
    payload: bytes


@pytest.fixture(scope="module")
def shown():
    """The sample portrait as the page gets it, and as the renderer has it."""
    register_all()
    face = detect_faces(load_portrait(str(sample_portrait())), DetectSettings(), PlainHost())
    return Shown(face, lay_out(face, face.portrait, {}), live_payload(face, PlainHost()))


@pytest.fixture
def page(bare, shown):
    bare.files["face.bin"] = shown.payload
    bare.evaluate("""async () => {
        window.file = await (await fetch('/face.bin')).arrayBuffer();
        window.unpack = (text) => new Float32Array(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer);
        window.pack = (array) => {
            let text = '';
            new Uint8Array(array.buffer, array.byteOffset, array.byteLength).forEach((b) => (text += String.fromCharCode(b)));
            return btoa(text);
        };
    }""")
    return bare


def instant(**channels):
    """One instant with named channels."""
    curves, articulation = np.zeros(52, np.float32), np.zeros(4, np.float32)
    rigid = {"head_deg": (0, 0, 0), "head_shift": (0, 0, 0), "gaze_deg": (0, 0)}
    for name, value in channels.items():
        if name in INDEX:
            curves[INDEX[name]] = value
        elif name in ARTICULATION_INDEX:
            articulation[ARTICULATION_INDEX[name]] = value
        else:
            rigid[name] = value
    return FrameMotion(curves, articulation, *(np.float32(rigid[name]) for name in rigid))


def as_js(motion):
    return {"curves": motion.blendshapes.tolist(), "articulation": motion.articulation.tolist(),
            "head_deg": motion.head_deg.tolist(), "head_shift": motion.head_shift.tolist(),
            "gaze_deg": motion.gaze_deg.tolist()}


def posed_by_page(page, motion):
    """Points and texture places that the page's geometry finds."""
    packed = page.evaluate("""async (motion) => {
        const { readPayload } = await import('/lib/avatar/payload.js');
        const { Face } = await import('/lib/avatar/geometry.js');
        window.face ??= new Face(readPayload(window.file));
        const { points, uv } = window.face.pose(motion);
        return [pack(points), pack(uv)];
    }""", as_js(motion))
    points, uv = (np.frombuffer(base64.b64decode(text), np.float32) for text in packed)
    return points.reshape(-1, 3), uv.reshape(-1, 2)


def test_names_are_those_of_python(bare):
    names = bare.evaluate("async () => { const m = await import('/lib/avatar/avatar.js'); return [m.NAMES, m.ARTICULATION_NAMES]; }")
    assert [tuple(part) for part in names] == [BLENDSHAPES, ARTICULATION]


@pytest.mark.parametrize("name", MOTIONS)
def test_geometry_is_that_of_the_renderer(page, shown, name):
    motion = instant(**MOTIONS[name])
    points, uv = posed_by_page(page, motion)
    wanted = shown.parts.deformer.pose(motion)
    assert np.abs(points - wanted.points).max() < 0.5
    assert np.abs(uv - wanted.uv).max() < 0.5


def test_another_expression_has_another_geometry(page, shown):
    points, _ = posed_by_page(page, instant(**MOTIONS["ah"]))
    wanted = shown.parts.deformer.pose(instant(**MOTIONS["o"]))
    assert np.abs(points - wanted.points).max() > 5.0
