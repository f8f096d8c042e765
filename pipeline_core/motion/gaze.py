"""Eyes that look at the viewer, away for a moment, and back: the "gaze" layer."""

from __future__ import annotations

import numpy as np

from ..arkit import INDEX
from ..types import MotionLayer
from .curves import Curve, layer_rng, waypoints

CAMERA_HOLD_S = (1.2, 3.0)
AWAY_HOLD_S = (0.5, 1.4)
AWAY_DEG = (1.8, 4.0)
"""Size of a look away, sideways; up and down it is half of that."""
FIXATION_DEG = 0.35
"""Tiny re-fixations while looking at the viewer."""
SACCADE_S = 0.040
"""A saccade of 2 to 4 degrees takes about 30 to 45 ms (2.2 ms a degree above 21 ms, Carpenter 1988)."""
LOOK_FULL_DEG = 30.0
"""Gaze angle at which the eyeLook shapes, which move the lids, are at 1."""


def plan_gaze(duration_s: float, *, seed: int) -> tuple[list[float], Curve]:
    """Choose the fixations: when each begins and where it looks (right, up) in degrees [shape=(K, 2)]."""
    rng = layer_rng(seed, "gaze")
    at, look = [-1.0], [(0.0, 0.0)]
    clock = rng.uniform(0.8, 2.0)
    while clock < duration_s:
        kind = rng.random()
        if kind < 0.45:
            size = rng.uniform(*AWAY_DEG)
            side = -1.0 if rng.random() < 0.5 else 1.0
            at.append(clock)
            look.append((side * size, rng.uniform(-0.5, 0.5) * size))
            clock += rng.uniform(*AWAY_HOLD_S)
        at.append(clock)
        look.append((rng.normal(0.0, FIXATION_DEG), rng.normal(0.0, FIXATION_DEG)))
        clock += rng.uniform(*CAMERA_HOLD_S)
    return at, np.array(look)


def lids_following(gaze_deg: np.ndarray) -> np.ndarray:
    """Return the eyeLook blendshapes for a gaze (right for the viewer, up) [shape=(T, 52)]."""
    right, up = gaze_deg[:, 0] / LOOK_FULL_DEG, gaze_deg[:, 1] / LOOK_FULL_DEG
    shapes = np.zeros((len(gaze_deg), len(INDEX)))
    # The viewer's right is the subject's left: the left eye turns outwards, the right eye inwards.
    for name, value in (("eyeLookOutLeft", right), ("eyeLookInRight", right), ("eyeLookInLeft", -right),
                        ("eyeLookOutRight", -right), ("eyeLookUpLeft", up), ("eyeLookUpRight", up),
                        ("eyeLookDownLeft", -up), ("eyeLookDownRight", -up)):
        shapes[:, INDEX[name]] = np.clip(value, 0.0, 1.0)
    return shapes


def gaze_layer(times_s: Curve, duration_s: float, *, seed: int, strength: float) -> MotionLayer:
    """Build the "gaze" layer; `strength` scales how far the eyes wander."""
    at, look = plan_gaze(duration_s, seed=seed)
    travel = np.full(len(at), SACCADE_S)
    gaze = np.stack([waypoints(times_s, at, look[:, k], travel) for k in (0, 1)], axis=1) * strength
    blank = MotionLayer.zeros("gaze", len(times_s))
    return MotionLayer("gaze", lids_following(gaze).astype(np.float32), blank.articulation, blank.head_deg,
                       blank.head_shift, gaze.astype(np.float32))
