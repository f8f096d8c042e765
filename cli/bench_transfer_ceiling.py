"""What the judge of `bench --transfer` can see at all: motions that are known exactly, drawn and found again."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

import numpy as np

from ..pipeline_core.arkit import INDEX
from ..pipeline_core.types import FloatArray, MotionLayer, MotionTrack

FPS, FRAMES = Fraction(25), 75
WAVES_HZ = {"jaw": 1.7, "smile": 0.67, "brows": 0.93, "gaze across": 0.4, "gaze up": 1.23}
"""No two alike, and none a multiple of another: what is found of one must not come from another."""
SIZES = {"jaw": 0.35, "smile": 0.6, "brows": 0.6, "gaze across": 10.0, "gaze up": 6.0}
BLINKS_S = (0.5, 1.5, 2.4)
BLINK_S = 0.25
_UNITS = {"jaw": ("jawOpen",), "smile": ("mouthSmileLeft", "mouthSmileRight"), "blink": ("eyeBlinkLeft", "eyeBlinkRight")}
_BROWS_UP, _BROWS_DOWN = ("browInnerUp", "browOuterUpLeft", "browOuterUpRight"), ("browDownLeft", "browDownRight")


def known_curves() -> dict[str, FloatArray]:
    """Return what the face is made to do: shapes 0..1, brows -1..1, gaze in degrees [shape=(T,) each]."""
    t = np.arange(FRAMES) / float(FPS)
    curves = {name: SIZES[name] * np.sin(2 * np.pi * hertz * t) for name, hertz in WAVES_HZ.items()}
    for name in ("jaw", "smile"):
        curves[name] = (curves[name] + SIZES[name]) / 2.0
    near = np.min(np.abs(t[:, None] - np.array(BLINKS_S)), axis=1)
    curves["blink"] = np.clip(2.0 - 4.0 * near / BLINK_S, 0.0, 1.0)
    return {name: np.asarray(curve, np.float32) for name, curve in curves.items()}


def known_motion(curves: Mapping[str, FloatArray]) -> MotionTrack:
    """Return the motion of these curves; the head is still."""
    blank = MotionLayer.zeros("driving", FRAMES)
    shapes = np.zeros((FRAMES, len(INDEX)), np.float32)
    parts = {name: np.maximum(curves[part], 0.0) for part, names in _UNITS.items() for name in names}
    parts |= dict.fromkeys(_BROWS_UP, np.maximum(curves["brows"], 0.0)) | dict.fromkeys(_BROWS_DOWN, np.maximum(-curves["brows"], 0.0))
    for name, curve in parts.items():
        shapes[:, INDEX[name]] = curve
    gaze = np.stack([curves["gaze across"], curves["gaze up"]], axis=1)
    layer = MotionLayer("driving", shapes, blank.articulation, blank.head_deg, blank.head_shift, gaze)
    return MotionTrack(FPS, FRAMES / float(FPS), (layer,))
