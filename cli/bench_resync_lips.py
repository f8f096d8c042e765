"""What the lips of a re-voiced clip say: the new words, and nothing of the old ones."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..pipeline_core.scoring import lips, offset
from ..pipeline_core.scoring.lips import LipClip, Series

DRAWS = 60
"""Shifts of the old curve that chance is estimated from."""


@dataclass(frozen=True, eq=False)
class OldSpeech:
    """What the lips did, or should have done, before."""

    times_s: Series
    opening: Series
    """Any unit: it is correlated [shape=(N,)]."""


@dataclass(frozen=True)
class Leak:
    """How much of the old speech is left."""

    correlation: float
    """Of the measured lip gap with the old curve, without a lag."""
    chance: float
    """Mean of the same with the old curve shifted in time."""
    luck: float
    """What one shift in twenty exceeds."""

    @property
    def excess(self) -> float:
        """Correlation above chance."""
        return self.correlation - self.chance


def leak(clip: LipClip, old: OldSpeech, seed: int = 0) -> Leak:
    """Correlate the lips with old speech, and with the same speech at other times."""
    rng = np.random.default_rng(seed)
    step_s = float(old.times_s[1] - old.times_s[0])
    least = round(lips.SHIFT_MIN_S / step_s)
    by = rng.integers(least, max(len(old.opening) - least, least + 1), DRAWS)
    found = [_at_zero(clip, replace(old, opening=np.roll(old.opening, k))) for k in by]
    return Leak(_at_zero(clip, old), float(np.mean(found)), float(np.percentile(found, 95)))


def _at_zero(clip: LipClip, old: OldSpeech) -> float:
    return offset.correlation_without_lag(clip.times_s, clip.aperture, old.times_s, old.opening)


def seen_before(source: LipClip) -> OldSpeech:
    """Return the gap of the source's own lips: the surest curve of its speech."""
    return OldSpeech(source.times_s, source.aperture)


def heard_before(source: LipClip) -> OldSpeech | None:
    """Return what the old sound asks for; None where even the source's own lips do not follow it.

    `source` holds the old words.
    """
    if not offset.measure_offset(source).measurable:
        return None
    length_s = float(source.times_s[-1]) + source.frame_s
    return OldSpeech(*offset.expected_opening(source.phones, length_s))


def in_new_words(clip: LipClip) -> LipClip:
    """Return lips that do what the new words ask for and nothing else: what is left here is coincidence."""
    times, opening = offset.expected_opening(clip.phones, float(clip.times_s[-1]) + clip.frame_s)
    return replace(clip, aperture=np.interp(clip.times_s, times, opening))


def delayed(clip: LipClip, by_s: float) -> LipClip:
    """Return a clip whose picture is late."""
    return replace(clip, times_s=clip.times_s + by_s)
