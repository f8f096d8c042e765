"""Small clips whose frames carry their number, the face track of one, and a renderer that only marks the mouth."""

import json
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from talking_avatar.pipeline_core.media.video import media_file
from talking_avatar.pipeline_core.types import FaceTrack, MotionLayer, MotionTrack, Sound

GOLDEN = Path(__file__).resolve().parent / "golden" / "face_mesh.json"
SIDE_PX = 16
BITS = 12
WIDTH, HEIGHT = BITS * SIDE_PX, 160
MARK = (slice(96, 128), slice(80, 112))
"""Where the renderer draws."""


def picture_of(number):
    """A picture whose first row of blocks is a number in binary; the rest changes with it."""
    picture = np.full((HEIGHT, WIDTH, 3), 60 + number % 5 * 20, np.uint8)
    for bit in range(BITS):
        picture[:SIDE_PX, bit * SIDE_PX:(bit + 1) * SIDE_PX] = 235 if number >> bit & 1 else 20
    return picture


def number_of(picture):
    """Read the number back, whatever a codec did to the blocks."""
    middles = picture[SIDE_PX // 2, SIDE_PX // 2::SIDE_PX][:BITS, 0]
    return sum(1 << bit for bit, value in enumerate(middles) if value > 128)


def write_clip(path, count, fps=Fraction(25), *, gop=12, times=None, sound=None, codec="libx264"):
    """Write a clip of numbered frames; `times` are time stamps in ms, `sound` mono samples at 16 kHz."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=fps, options={"g": str(gop), "preset": "ultrafast"} if codec == "libx264" else {})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        base = Fraction(1, 1000) if times else 1 / fps
        stream.codec_context.time_base = base
        track = container.add_stream("pcm_s16le" if str(path).endswith("mkv") else "aac", rate=16000, layout="mono") if sound is not None else None
        for i in range(count):
            frame = av.VideoFrame.from_ndarray(picture_of(i), format="rgb24")
            frame.pts, frame.time_base = times[i] if times else i, base
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
        if track is not None:
            block = av.AudioFrame.from_ndarray((np.asarray(sound) * 32767).astype(np.int16)[None], format="s16", layout="mono")
            block.sample_rate, block.pts = 16000, 0
            for part in (block, None):
                container.mux(track.encode(part))
    return media_file(path)


def track_of(video, count, fps=Fraction(25), unseen=()):
    """A face that looks at the camera in every frame but some."""
    mesh = np.asarray(json.loads(GOLDEN.read_text())["astronaut_px"], np.float32)
    mesh = (mesh - mesh.mean(axis=0)) + (WIDTH / 2, HEIGHT / 2, 0)
    points = np.repeat(mesh[None, None].astype(np.float32), count, axis=0)
    scores = np.ones((count, 1), np.float32)
    points[list(unseen)], scores[list(unseen)] = np.nan, 0
    return FaceTrack(WIDTH, HEIGHT, points, scores, (0,), fps=fps, video=video)


def motion_of(count, fps=Fraction(25), rate_hz=16000):
    """A mouth that opens more and more, with a sound of the same length that is 0.5 throughout."""
    layer = MotionLayer.zeros("speech", count)
    shapes = np.zeros((count, 52), np.float32)
    shapes[:, 0] = np.linspace(0.1, 0.9, count)
    layer = MotionLayer("speech", shapes, layer.articulation, layer.head_deg, layer.head_shift, layer.gaze_deg)
    seconds = float(count / fps)
    sound = Sound(np.full((1, round(seconds * rate_hz)), 0.5, np.float32), rate_hz)
    return MotionTrack(fps, seconds, (layer,), sound=sound)


class MarkRenderer:
    """Blends a white square over the mouth, as strongly as it is told; keeps what it was handed."""

    def __init__(self):
        self.bases = []

    def prepare(self, face, settings, host):
        return face

    def redraw(self, state, motion, bases, host):
        assert motion.frames > 0
        for base in bases:
            self.bases.append(base)
            if base.strength == 0:
                yield base.picture
                continue
            picture = base.picture.copy()
            picture[MARK] = np.round(picture[MARK] * (1 - base.strength) + 255.0 * base.strength)
            yield picture

    def mask(self, state, motion):
        out = np.zeros((state.height_px, state.width_px), np.uint8)
        out[MARK] = 255
        return out

    def frame_mask(self, state, source):
        return self.mask(state, None)
