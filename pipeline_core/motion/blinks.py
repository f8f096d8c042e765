"""Blinks at the rate, length and moments of people who talk: the "blinks" layer."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from ..arkit import INDEX
from ..types import MotionLayer
from .contacts import nearest_frame
from .curves import Curve, layer_rng, minimum_jerk, window
from .gestures import Beats

MEAN_GAP_S = 3.7
"""About 16 blinks a minute, the middle of the usual 10 to 25 of conversation."""
GAP_SPREAD = 0.42
"""Standard deviation of the logarithm of the gaps."""
GAP_LIMITS_S = (1.3, 6.5)
CLOSE_S, HOLD_S, OPEN_S = (0.06, 0.09), (0.02, 0.05), (0.12, 0.20)
"""Lids shut faster than they open; in all 200 to 340 ms, within the 100 to 400 ms of people."""
PHRASE_REACH_S, STRESS_REACH_S = 0.9, 0.45
"""How far a blink moves to coincide with the end of a phrase, else with a stress."""
DOUBLE_SHARE = 0.07
"""Share of blinks that are followed by a second one at once."""
LID_SQUINT = 0.12
"""The muscle that shuts the lids also tightens the cheek side of the eye a little."""


@dataclass(frozen=True)
class Blink:
    """One blink; lids are shut from `start_s + close_s` for `hold_s`."""

    start_s: float
    close_s: float
    hold_s: float
    open_s: float

    @property
    def end_s(self) -> float:
        """When the eyes are open again."""
        return self.start_s + self.close_s + self.hold_s + self.open_s

    @property
    def shut_s(self) -> float:
        """Middle of the time for which the lids are shut."""
        return self.start_s + self.close_s + 0.5 * self.hold_s


def _snapped(time_s: float, beats: Beats) -> float:
    ends = [end - 0.05 for _, end in beats.phrases if abs(end - 0.05 - time_s) <= PHRASE_REACH_S]
    onsets = [t - 0.10 for t, _ in beats.stresses if abs(t - 0.10 - time_s) <= STRESS_REACH_S]
    near = ends or onsets
    return min(near, key=lambda t: abs(t - time_s)) if near else time_s


def plan_blinks(beats: Beats, duration_s: float, *, seed: int, rate: float = 1.0) -> list[Blink]:
    """Choose all blinks of a clip.

    Parameters
    ----------
    beats : Beats
        Phrase ends and stresses attract blinks.
    duration_s : float
        Length of the clip.
    seed : int
        Makes the choice repeatable.
    rate : float
        Factor on how often; 0 means never.

    Returns
    -------
    list of Blink
        In order of time, never overlapping.
    """
    if rate <= 0.0:
        return []
    rng = layer_rng(seed, "blinks")
    found: list[Blink] = []
    clock = rng.uniform(0.4, 0.75) * MEAN_GAP_S / max(rate, 0.5)
    while clock < duration_s - 0.1:
        start = max(_snapped(clock, beats), found[-1].end_s + 0.25 if found else 0.1)
        for _ in range(2 if rng.random() < DOUBLE_SHARE else 1):
            blink = Blink(start, rng.uniform(*CLOSE_S), rng.uniform(*HOLD_S), rng.uniform(*OPEN_S))
            found.append(blink)
            start = blink.end_s + rng.uniform(0.03, 0.12)
        # The mean of a log-normal lies above its median; this keeps the mean where it is wanted.
        gap = MEAN_GAP_S * float(np.exp(GAP_SPREAD * rng.standard_normal() - 0.5 * GAP_SPREAD**2))
        clock = max(clock, found[-1].start_s) + float(np.clip(gap, *GAP_LIMITS_S)) / rate
    return [b for b in found if b.shut_s < duration_s]


def lid_curve(times_s: Curve, blinks: list[Blink], fps: Fraction) -> Curve:
    """Return how far the lids are shut, 0..1 [shape=(T,)]; each blink has a frame at exactly 1."""
    out = np.zeros_like(times_s)
    for blink in blinks:
        part = window(times_s, blink.start_s, blink.end_s)
        t = times_s[part] - blink.start_s
        shut = minimum_jerk(t / blink.close_s) - minimum_jerk(
            (t - blink.close_s - blink.hold_s) / blink.open_s)
        out[part] = np.maximum(out[part], shut)
        out[nearest_frame(blink.shut_s, fps, len(times_s))] = 1.0
    return out


def blink_layer(times_s: Curve, fps: Fraction, blinks: list[Blink]) -> MotionLayer:
    """Build the "blinks" layer from planned blinks."""
    lids = lid_curve(times_s, blinks, fps)
    blank = MotionLayer.zeros("blinks", len(times_s))
    shapes = np.zeros(blank.blendshapes.shape, np.float32)
    for side in ("Left", "Right"):
        shapes[:, INDEX[f"eyeBlink{side}"]] = lids
        shapes[:, INDEX[f"eyeSquint{side}"]] = LID_SQUINT * lids
    return MotionLayer("blinks", shapes, blank.articulation, blank.head_deg, blank.head_shift, blank.gaze_deg)
