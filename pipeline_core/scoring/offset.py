"""How far the picture is early or late: the mouth's opening against what the sounds ask for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..speech.phones import segments_of
from ..types import Phone
from .lips import LipClip, Series

STEP_S = 0.005
SPAN_S = 0.26
"""Lags are searched this far to both sides: farther ones meet the neighbouring syllable."""
HIGHPASS_S = 1.0
"""Slower movement is phrasing, which would rule the lag."""
SMOOTH_S = 0.09
"""Width of the window that turns steps between sounds into movements of natural speed."""
TRUST_CORRELATION = 0.5
"""Below it, or at the end of the span, the lag is not a measurement: on real clips every wrong
value came with a correlation of at most 0.39, every right one with at least 0.52."""

CONSONANT_OPENING = (("closure", 0.0), ("labiodental", 0.12), ("velar", 0.4), ("uvular", 0.4), ("glottal", 0.4),
                     ("rounded", 0.45), ("palatal", 0.45))
"""First class that fits; other consonants are made at the teeth with the jaw nearly shut."""
DENTAL_OPENING = 0.3
OPEN_OPENING, MID_OPENING, OTHER_OPENING = 1.0, 0.5, 0.45
"""Openings follow vowel height (IPA chart): an open vowel is 1, shut lips 0."""


@dataclass(frozen=True)
class Offset:
    """The lag at which picture and sound fit best."""

    offset_s: float
    """Positive where the picture is late."""
    correlation: float
    """At that lag."""
    at_zero: float
    """Correlation without any lag."""

    @property
    def measurable(self) -> bool:
        """Whether the lag may be believed."""
        return self.correlation >= TRUST_CORRELATION and abs(self.offset_s) < SPAN_S - STEP_S


def opening_of(ipa: str) -> float:
    """Return how far the mouth opens for a sound, 0..1; of a diphthong its first vowel counts."""
    parts = segments_of(ipa)
    if not parts:
        return 0.0
    classes = parts[0].classes
    if "vowel" in classes:
        central = "mid" in classes and not classes & {"spread", "rounded"}
        return OPEN_OPENING if "open" in classes else MID_OPENING if central else OTHER_OPENING
    if "alveolar" in classes:
        return DENTAL_OPENING
    return next((value for name, value in CONSONANT_OPENING if name in classes), DENTAL_OPENING)


def expected_opening(phones: Sequence[Phone], duration_s: float) -> tuple[Series, Series]:
    """Return instants every 5 ms and the opening expected there, smoothed [shape=(N,) each]."""
    times = np.arange(0.0, duration_s + SPAN_S, STEP_S)
    curve = np.zeros_like(times)
    for phone in phones:
        curve[(times >= phone.start_s) & (times < phone.end_s)] = opening_of(phone.ipa)
    return times, _moving_mean(curve, SMOOTH_S / STEP_S)


def measure_offset(clip: LipClip) -> Offset:
    """Correlate a clip's aperture with the opening that its phones ask for."""
    times, curve = expected_opening(clip.phones, float(clip.times_s[-1]) + clip.frame_s)
    return best_lag(clip.times_s, clip.aperture, times, curve)


def best_lag(times_s: Series, values: Series, curve_times_s: Series, curve: Series) -> Offset:
    """Find the lag of `values` behind `curve`, to a fraction of a step by a parabola."""
    seen, asked = _levelled(times_s, values, curve_times_s, curve)
    lags = np.arange(-round(SPAN_S / STEP_S), round(SPAN_S / STEP_S) + 1) * STEP_S
    fit = np.array([seen @ _unit(np.interp(times_s - lag, curve_times_s, asked)) for lag in lags])
    top = int(fit.argmax())
    lag = float(lags[top])
    if 0 < top < len(lags) - 1:
        bend = fit[top - 1] - 2.0 * fit[top] + fit[top + 1]
        lag += float(STEP_S * 0.5 * (fit[top - 1] - fit[top + 1]) / bend) if bend else 0.0
    return Offset(lag, float(fit[top]), float(fit[len(lags) // 2]))


def correlation_without_lag(times_s: Series, values: Series, curve_times_s: Series, curve: Series) -> float:
    """Return how well `values` fit `curve` where they are; slower movement than syllables is left out."""
    seen, asked = _levelled(times_s, values, curve_times_s, curve)
    return float(seen @ _unit(np.interp(times_s, curve_times_s, asked)))


def _levelled(times_s: Series, values: Series, curve_times_s: Series, curve: Series) -> tuple[Series, Series]:
    """Return values, of unit length, and curve without what is slower than syllables."""
    seen = _unit(_highpass(values, HIGHPASS_S / float(np.median(np.diff(times_s)))))
    return seen, _highpass(curve, HIGHPASS_S / float(curve_times_s[1] - curve_times_s[0]))


def _unit(values: Series) -> Series:
    centred = values - values.mean()
    return np.asarray(centred / max(float(np.linalg.norm(centred)), 1e-9))


def _moving_mean(values: Series, width: float) -> Series:
    """Average with a Hann window of about `width` samples; the ends are held."""
    half = max(1, round(width / 2))
    window = np.hanning(2 * half + 1)
    return np.convolve(np.pad(values, half, mode="edge"), window / window.sum(), mode="valid")


def _highpass(values: Series, width: float) -> Series:
    return np.asarray(values - _moving_mean(values, width))
