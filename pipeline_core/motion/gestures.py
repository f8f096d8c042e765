"""The head and brows of someone who means what they say: the "prosody" layer.

The head takes a new small pose with each phrase, drops a little where a phrase ends, nods on stressed
syllables; brows rise on the strongest ones and where a phrase ends with a rising voice. A slow sway
underneath keeps the head from ever standing quite still.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..arkit import INDEX
from ..types import MotionLayer, SpeechTrack
from .contacts import Span
from .curves import Curve, add_pulse, layer_rng, noise, waypoints

POSE_YAW_DEG = (0.7, 2.5)
"""Smallest and largest turn of a phrase's pose. With the sway this gives about 1.6 degrees rms: lively,
yet within the +-3 degrees in which a still background does not visibly bend."""
POSE_PITCH_DEG = 1.0
POSE_ROLL_DEG = 0.8
POSE_GAP_S = (2.2, 4.2)
"""A pose is changed at least this often, in silence too."""
POSE_TRAVEL_S = (0.5, 1.1)
SWAY_DEG = (0.45, 0.35, 0.20)
"""Rms of the slow sway in yaw, pitch, roll."""
SWAY_HZ = (0.08, 0.55)
NOD_DEG = (1.2, 2.6)
"""Depth of a nod for the weakest and the strongest stress."""
NOD_GAP_S = 0.55
PHRASE_DROP_DEG = 1.1
"""The head sinks this much over the last half second of a phrase and comes back in the pause."""
PHRASE_LIFT_DEG = 0.9
"""The chin is up this much while a phrase runs, so that nods swing about the photo's own pose."""
BROW_INNER, BROW_OUTER = 0.30, 0.24
"""Brow raise of a full stress."""
BROW_GAP_S = 1.3
RISE_RATIO = 1.12
"""Pitch at the end of a phrase over its median from which the phrase sounds like a question."""
EYES_HOLD = 0.7
"""Share of a head turn that the eyes take back to keep looking at the viewer (the reflex is near 1;
less reads better on a photo, whose eyes cannot roll far)."""


@dataclass(frozen=True)
class Beats:
    """What the gestures follow."""

    stresses: Sequence[tuple[float, float]]
    """(time_s, strength 0..1)."""
    phrases: Sequence[Span]


def poses(rng: np.random.Generator, beats: Beats, duration_s: float) -> tuple[list[float], Curve, Curve]:
    """Plan the head's poses.

    Returns
    -------
    at_s : list of float
        When each movement begins.
    pose_deg : Curve
        Yaw, pitch, roll [shape=(K, 3)]; the first is the photo's own pose.
    travel_s : Curve
        Duration of each movement [shape=(K,)].
    """
    wanted = [start - 0.15 for start, _ in beats.phrases]
    at: list[float] = [-1.0]
    while at[-1] < duration_s:
        gap = rng.uniform(*POSE_GAP_S)
        # Prefer the next phrase's start to the clock, if one is about due.
        due = [t for t in wanted if at[-1] + 1.2 < t <= at[-1] + gap]
        at.append(due[-1] if due else at[-1] + gap)
    count = len(at)
    yaw = rng.uniform(*POSE_YAW_DEG, count)
    # Mostly to the other side than before: faces near the camera do not look away for long.
    side = np.cumprod(np.where(rng.random(count) < 0.72, -1.0, 1.0))
    pitch = rng.uniform(-1.0, 1.0, count) * POSE_PITCH_DEG
    roll = 0.25 * yaw * side + rng.uniform(-1.0, 1.0, count) * POSE_ROLL_DEG * 0.6
    pose = np.stack([yaw * side, pitch, roll], axis=1)
    pose[0] = 0.0
    return at, pose, rng.uniform(*POSE_TRAVEL_S, count)


def nods(rng: np.random.Generator, beats: Beats) -> list[tuple[float, float]]:
    """Choose the stresses that the head marks: (time_s, depth_deg)."""
    chosen: list[tuple[float, float]] = []
    for time_s, strength in beats.stresses:
        keep, vary = rng.random(), rng.uniform(0.8, 1.2)
        if keep < 0.35 + 0.6 * strength and (not chosen or time_s - chosen[-1][0] >= NOD_GAP_S):
            chosen.append((time_s, (NOD_DEG[0] + (NOD_DEG[1] - NOD_DEG[0]) * strength) * vary))
    return chosen


def brow_raises(rng: np.random.Generator, beats: Beats, speech: SpeechTrack) -> list[tuple[float, float]]:
    """Choose where brows rise: (time_s of the peak, strength)."""
    wanted = [(t, s * rng.uniform(0.75, 1.1)) for t, s in beats.stresses if rng.random() < s]
    wanted += [(end - 0.1, 1.0) for start, end in beats.phrases if _rises(speech, start, end)]
    chosen: list[tuple[float, float]] = []
    for time_s, strength in sorted(wanted):
        if not chosen or time_s - chosen[-1][0] >= BROW_GAP_S:
            chosen.append((time_s, strength))
    return chosen


def _rises(speech: SpeechTrack, start_s: float, end_s: float) -> bool:
    rate = speech.prosody_rate_hz
    part = speech.pitch_hz[int(start_s * rate) : int(end_s * rate) + 1]
    tail = part[-int(0.3 * rate) :]
    voiced, last = part[part > 0], tail[tail > 0]
    return len(voiced) > 30 and len(last) > 5 and bool(np.median(last) > RISE_RATIO * np.median(voiced))


def eyes_against(head_deg: np.ndarray) -> np.ndarray:
    """Return the gaze that keeps looking at the viewer while the head turns [shape=(T, 2)]."""
    return np.asarray(-EYES_HOLD * head_deg[:, :2])


def prosody_layer(speech: SpeechTrack, times_s: Curve, beats: Beats, *, seed: int, head: float,
                  brows: float) -> MotionLayer:
    """Build the "prosody" layer.

    Parameters
    ----------
    speech : SpeechTrack
        Its pitch tells questions from statements.
    times_s : Curve
        Frame instants [shape=(T,)].
    beats : Beats
        Stresses and phrases.
    seed : int
        Makes the choices repeatable.
    head, brows : float
        Strengths, 1 is the default.

    Returns
    -------
    MotionLayer
        Head rotation with a little parallax shift, brows, and eyes that stay on the viewer.
    """
    rng_pose, rng_sway, rng_nod, rng_brow = (
        layer_rng(seed, f"prosody/{part}") for part in ("pose", "sway", "nod", "brow"))
    at, pose, travel = poses(rng_pose, beats, speech.duration_s)
    turn = np.stack([waypoints(times_s, at, pose[:, axis], travel)
                     + SWAY_DEG[axis] * noise(rng_sway, times_s, *SWAY_HZ) for axis in range(3)], axis=1)
    pitch = np.zeros_like(times_s)
    for time_s, depth in nods(rng_nod, beats):
        add_pulse(pitch, times_s, time_s - 0.21, 0.25, 0.02, 0.40, -depth)
    for start, end in beats.phrases:
        add_pulse(pitch, times_s, start - 0.35, 0.5, max(0.0, end - start - 0.35), 0.6, PHRASE_LIFT_DEG)
        add_pulse(pitch, times_s, end - 0.5, 0.5, 0.1, 0.7, -PHRASE_DROP_DEG)
    turn[:, 1] += pitch
    turn *= head
    raise_ = np.zeros_like(times_s)
    for time_s, strength in brow_raises(rng_brow, beats, speech):
        add_pulse(raise_, times_s, time_s - 0.20, 0.18, 0.14, 0.40, strength)
    blank = MotionLayer.zeros("prosody", len(times_s))
    shapes = np.zeros(blank.blendshapes.shape)
    shapes[:, INDEX["browInnerUp"]] = BROW_INNER * raise_ * brows
    for name in ("browOuterUpLeft", "browOuterUpRight"):
        shapes[:, INDEX[name]] = BROW_OUTER * raise_ * brows
    shapes = np.clip(shapes, 0.0, 1.0)
    # The neck's pivot lies behind and below the face: a turn also carries it a little sideways.
    shift = np.stack([0.006 * turn[:, 0], -0.004 * turn[:, 1], 0.003 * turn[:, 1]], axis=1)
    return MotionLayer("prosody", shapes.astype(np.float32), blank.articulation, turn.astype(np.float32),
                       shift.astype(np.float32), eyes_against(turn).astype(np.float32))
