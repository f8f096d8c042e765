"""Motions to draw, and how the tests draw them."""

from fractions import Fraction

import numpy as np
from talking_avatar.pipeline_core.arkit import ARTICULATION_INDEX, INDEX
from talking_avatar.pipeline_core.host import PlainHost
from talking_avatar.pipeline_core.types import MotionLayer, MotionTrack

HOST = PlainHost(threads=2)
TALK = {"jawOpen": 0.3, "mouthPucker": 0.4, "eyeBlinkLeft": 1.0, "eyeBlinkRight": 1.0}


def track(frames=6, **channels):
    """A motion whose named channels ramp from 0 to the given value."""
    layer = MotionLayer.zeros("test", frames)
    arrays = {n: np.array(getattr(layer, n)) for n in ("blendshapes", "articulation", "head_deg", "head_shift", "gaze_deg")}
    ramp = np.linspace(0, 1, frames)
    for name, value in channels.items():
        if name in INDEX:
            arrays["blendshapes"][:, INDEX[name]] = ramp * value
        elif name in ARTICULATION_INDEX:
            arrays["articulation"][:, ARTICULATION_INDEX[name]] = ramp * value
        else:
            arrays[name] = ramp[:, None] * np.float32(value)
    return MotionTrack(Fraction(25), frames / 25, (MotionLayer("test", **arrays),))


def drawn(renderer, state, motion, start=0, stop=None):
    return list(renderer.frames(state, motion, start, motion.frames if stop is None else stop, HOST))
