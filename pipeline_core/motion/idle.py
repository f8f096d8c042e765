"""What a living face does while nothing happens: breath, a trace of sway, small twitches."""

from __future__ import annotations

import numpy as np

from ..arkit import ARTICULATION_INDEX, INDEX
from ..types import MotionLayer
from .curves import Curve, layer_rng, noise
from .gestures import eyes_against

BREATHS_PER_MIN = (14.0, 16.0)
"""Quiet breathing of adults is 12 to 20 a minute."""
BREATH_WANDER = 0.6
"""Radians by which the breathing drifts against a clock."""
BREATH_RISE = 0.006
"""Rise of the head at full breath, in inter-ocular distances."""
BREATH_PITCH_DEG = 0.18
SWAY_DEG = (0.25, 0.20, 0.15)
"""Rms of the sway in yaw, pitch, roll."""
SWAY_SHIFT = 0.004
"""Rms of the sway's shift, in inter-ocular distances."""
SWAY_HZ = (0.05, 0.30)
TWITCHES: dict[str, float] = {
    "cheekSquint": 0.020, "mouthSmile": 0.018, "mouthDimple": 0.010, "eyeSquint": 0.025,
}  # fmt: skip
"""Rms of the slow drift of paired shapes; halves move mostly together."""
TWITCH_HZ = (0.05, 0.35)
BROW_DRIFT = 0.018


def breath_curve(times_s: Curve, *, seed: int) -> Curve:
    """Return the chest's expansion, 0..1 [shape=(T,)], about 15 breaths a minute."""
    rng = layer_rng(seed, "idle/breath")
    rate = rng.uniform(*BREATHS_PER_MIN) / 60.0
    wander = BREATH_WANDER * noise(rng, times_s, 0.01, 0.05, parts=6)
    phase = 2.0 * np.pi * rate * times_s + wander + rng.uniform(0.0, 2.0 * np.pi)
    # Skewed: breathing in takes 40 % of the cycle, breathing out the rest.
    return np.asarray(0.5 - 0.5 * np.cos(phase + 0.35 * np.sin(phase)))


def idle_layer(times_s: Curve, *, seed: int, strength: float) -> MotionLayer:
    """Build the "idle" layer.

    Parameters
    ----------
    times_s : Curve
        Frame instants [shape=(T,)].
    seed : int
        Makes it repeatable.
    strength : float
        1 is the default; scales everything.

    Returns
    -------
    MotionLayer
        Breathing, sway of well under a degree, faces that are never quite symmetric. Lips stay shut:
        nothing here opens the mouth.
    """
    count = len(times_s)
    breath = breath_curve(times_s, seed=seed)
    rng = layer_rng(seed, "idle/sway")
    turn = np.stack([size * noise(rng, times_s, *SWAY_HZ) for size in SWAY_DEG], axis=1)
    turn[:, 1] += BREATH_PITCH_DEG * (breath - 0.5)
    shift = np.stack([SWAY_SHIFT * noise(rng, times_s, *SWAY_HZ) for _ in range(3)], axis=1)
    shift[:, 1] -= BREATH_RISE * breath
    rng = layer_rng(seed, "idle/face")
    shapes = np.zeros((count, len(INDEX)))
    for name, size in TWITCHES.items():
        both = noise(rng, times_s, *TWITCH_HZ)
        for side in ("Left", "Right"):
            own = noise(rng, times_s, *TWITCH_HZ)
            shapes[:, INDEX[name + side]] = size * np.clip(1.0 + 0.8 * both + 0.5 * own, 0.0, None)
    shapes[:, INDEX["browInnerUp"]] = BROW_DRIFT * np.clip(1.0 + noise(rng, times_s, *TWITCH_HZ), 0.0, None)
    channels = np.zeros((count, len(ARTICULATION_INDEX)))
    channels[:, ARTICULATION_INDEX["breath"]] = breath
    turn, shift = turn * strength, shift * strength
    return MotionLayer("idle", (shapes * strength).astype(np.float32),
                       np.clip(channels * strength, 0.0, 1.0).astype(np.float32), turn.astype(np.float32),
                       shift.astype(np.float32), eyes_against(turn).astype(np.float32))
