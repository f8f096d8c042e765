"""Do the lips shut, open and round when the sound says so?

A mouth that never opens meets every closure, so recall alone says nothing. Beside it stand: what the
same picture reaches against a sound that is shifted in time (chance), and against closures at random
times (the shuffled control, which must fail the gate); how many shut moments had a reason (precision);
and whether open vowels are open.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from ..speech.phones import classes_of, is_silence, segments_of
from ..types import Closure, Phone
from .landmarks import Points, aperture, mouth_width

Series = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

LOW_PERCENT, HIGH_PERCENT = 3.0, 92.0
"""Percentiles of the aperture that stand for shut and wide open; extremes are the detector's noise."""
SHUT_SHARE = 0.22
"""Shut is what lies in the lowest part of that range. A landmark aperture of shut lips is not zero:
it depends on the face and on the detector, so the threshold is relative to the clip."""
DRAWS = 200
"""Shifts and shuffles that chance is estimated from."""
SHIFT_MIN_S = 0.4
"""A smaller circular shift is no shift: neighbouring closures would still be met."""
REASON_FRAMES = 2
"""A shut moment may lead or trail its reason by this many frames."""
VOWEL_MIN_S = 0.06
"""Shorter vowels undershoot in natural speech and are not judged."""


@dataclass(frozen=True, eq=False)
class LipClip:
    """One clip as a judge sees it, and what is said in it."""

    times_s: Series
    """Instants of the frames [shape=(T,)]."""
    aperture: Series
    """Gap of the inner lips in inter-ocular distances [shape=(T,)]."""
    width: Series
    """Mouth width in inter-ocular distances [shape=(T,)]."""
    phones: tuple[Phone, ...]
    closures: tuple[Closure, ...]
    seen_share: float = 1.0
    """Share of the frames in which a face was found; gaps are interpolated."""
    name: str = ""

    @property
    def frame_s(self) -> float:
        """Time between two frames."""
        return float(np.median(np.diff(self.times_s)))

    @property
    def shut(self) -> Flags:
        """Frames in which the mouth is shut [shape=(T,)]."""
        return np.asarray(self.aperture <= shut_threshold(self.aperture))


@dataclass(frozen=True)
class LipScore:
    """Figures pooled over clips; counts rather than clips weigh."""

    closures: int
    recall: float
    """Share of the closures during which, within one frame, the mouth is shut."""
    recall_2: float
    """The same within two frames; for information, a flapping mouth reaches 0.9 as well."""
    chance: float
    """Mean recall after circular shifts of the closures."""
    shuffled: float
    """Mean recall with closures at random times."""
    shuffled_top: float
    """The best of all shuffles: what luck can reach."""
    precision: float
    """Share of the shut moments with a bilabial, a labiodental or a silence nearby."""
    open_ok: float
    """Share of the open vowels with an open mouth at their centre."""
    width_ratio: float
    """Mouth width in rounded vowels over that in spread vowels, median of the clips that hold both."""
    seen_share: float
    missed: tuple[str, ...] = field(default=(), repr=False)
    """"clip time" of each missed closure."""

    @property
    def lift(self) -> float:
        """How much more closures are met than by chance."""
        return self.recall - self.chance


def lip_clip(times_s: Sequence[float], landmarks: Sequence[Points | None], phones: Sequence[Phone],
             closures: Sequence[Closure], name: str = "") -> LipClip:
    """Measure the mouth in every frame.

    Parameters
    ----------
    times_s : sequence of float
        Instants of the frames.
    landmarks : sequence of array or None
        What a detector found in them, 68 or 478 points each.
    phones, closures : sequence
        What is said when.
    name : str
        For reports.
    """
    gap = np.array([np.nan if p is None else aperture(p) for p in landmarks])
    width = np.array([np.nan if p is None else mouth_width(p) for p in landmarks])
    return clip_of(times_s, gap, width, phones, closures, name)


def clip_of(times_s: Sequence[float], gap: Series, width: Series, phones: Sequence[Phone],
            closures: Sequence[Closure], name: str = "") -> LipClip:
    """Put measured mouths and what is said together; gaps are NaN and become interpolated."""
    seen = np.isfinite(gap)
    if not seen.any():
        raise ValueError(f"no frame of {name!r} shows a face")
    index = np.arange(len(seen))
    return LipClip(np.asarray(times_s, dtype=np.float64), np.interp(index, index[seen], gap[seen]),
                   np.interp(index, index[seen], width[seen]), tuple(phones), tuple(closures),
                   float(seen.mean()), name)


def shut_threshold(values: Series) -> float:
    """Return the aperture up to which the mouth counts as shut."""
    low, high = np.percentile(values, (LOW_PERCENT, HIGH_PERCENT))
    return float(low + SHUT_SHARE * (high - low))


def closures_met(spans_s: Series, clip: LipClip, tolerance_frames: float) -> Flags:
    """Tell for each span (start, end) whether a frame within the tolerance is shut [shape=(spans,)]."""
    reach = tolerance_frames * clip.frame_s + 1e-6
    # Running count of shut frames: a span is met if the count rises within it.
    count = np.concatenate([[0], np.cumsum(clip.shut)])
    first = np.searchsorted(clip.times_s, spans_s[..., 0] - reach, side="left")
    last = np.searchsorted(clip.times_s, spans_s[..., 1] + reach, side="right")
    return np.asarray(count[last] > count[first])


def score_lips(clips: Sequence[LipClip], seed: int = 0) -> LipScore:
    """Pool all clips.

    Parameters
    ----------
    clips : sequence of LipClip
        At least one.
    seed : int
        Of the shifts and shuffles.
    """
    rng = np.random.default_rng(seed)
    met, met_2 = [], []
    by_shift, by_shuffle = np.zeros(DRAWS), np.zeros(DRAWS)
    missed: list[str] = []
    for clip in clips:
        spans = np.array([(c.start_s, c.end_s) for c in clip.closures]).reshape(-1, 2)
        hits = closures_met(spans, clip, 1)
        met.append(hits)
        met_2.append(closures_met(spans, clip, 2))
        missed += [f"{clip.name} {s:.2f}" for s, hit in zip(spans[:, 0], hits, strict=True) if not hit]
        by_shift += closures_met(_shifted(spans, clip, rng), clip, 1).sum(axis=1)
        by_shuffle += closures_met(_shuffled(spans, clip, rng), clip, 1).sum(axis=1)
    total = sum(len(hits) for hits in met)
    per = max(total, 1)
    return LipScore(
        closures=total, recall=_mean(np.concatenate(met)), recall_2=_mean(np.concatenate(met_2)),
        chance=float(by_shift.mean() / per), shuffled=float(by_shuffle.mean() / per),
        shuffled_top=float(by_shuffle.max() / per), precision=_mean(np.concatenate([_reasons(c) for c in clips])),
        open_ok=_mean(np.concatenate([opens(c) for c in clips])), width_ratio=_width_ratio(clips),
        seen_share=float(np.mean([c.seen_share for c in clips])), missed=tuple(missed),
    )


def _mean(values: npt.NDArray[np.generic]) -> float:
    return float(values.mean()) if len(values) else float("nan")


def _shifted(spans: Series, clip: LipClip, rng: np.random.Generator) -> Series:
    """Move all closures of a clip together around its circle of time [shape=(DRAWS, K, 2)]."""
    length = float(clip.times_s[-1] + clip.frame_s)
    most = max(length - SHIFT_MIN_S, SHIFT_MIN_S)
    by = rng.uniform(SHIFT_MIN_S, most, DRAWS)[:, None]
    start = (spans[:, 0] + by) % length
    return np.stack([start, start + (spans[:, 1] - spans[:, 0])], axis=-1)


def _shuffled(spans: Series, clip: LipClip, rng: np.random.Generator) -> Series:
    """Put each closure at a random time of the spoken part [shape=(DRAWS, K, 2)]."""
    spoken = [p for p in clip.phones if not is_silence(p.ipa)]
    low, high = (spoken[0].start_s, spoken[-1].end_s) if spoken else (0.0, float(clip.times_s[-1]))
    start = rng.uniform(low, high, (DRAWS, len(spans)))
    return np.stack([start, start + (spans[:, 1] - spans[:, 0])], axis=-1)


def _reasons(clip: LipClip) -> Flags:
    """Tell for each shut moment whether the sound gives a reason for it."""
    reach = REASON_FRAMES * clip.frame_s + 1e-6
    reasons = [(p.start_s - reach, p.end_s + reach) for p in clip.phones
               if is_silence(p.ipa) or {"closure", "labiodental"} & classes_of(p.ipa)]
    edges = np.diff(np.concatenate([[0], clip.shut.astype(int), [0]]))
    moments = zip(clip.times_s[np.flatnonzero(edges == 1)], clip.times_s[np.flatnonzero(edges == -1) - 1], strict=True)
    return np.array([any(first <= high and last >= low for low, high in reasons) for first, last in moments], dtype=bool)


def _centre_frame(clip: LipClip, start_s: float, end_s: float) -> int:
    return int(np.abs(clip.times_s - 0.5 * (start_s + end_s)).argmin())


def opens(clip: LipClip) -> Flags:
    """Tell for each long enough open vowel whether the mouth is open at its centre."""
    wide = [p for p in clip.phones if p.end_s - p.start_s >= VOWEL_MIN_S
            and (parts := segments_of(p.ipa)) and {"vowel", "open"} <= parts[0].classes]
    return np.array([not clip.shut[_centre_frame(clip, *_first_part(p))] for p in wide], dtype=bool)


def _first_part(phone: Phone) -> tuple[float, float]:
    """Return the span of the first sound of a diphthong, or of the whole phone."""
    count = max(1, len(segments_of(phone.ipa)))
    return phone.start_s, phone.start_s + (phone.end_s - phone.start_s) / count


def _width_ratio(clips: Sequence[LipClip]) -> float:
    """Return the median over clips of the mean rounded width over the mean spread width."""
    ratios = []
    for clip in clips:
        rounded, spread = (_widths(clip, kind) for kind in ("rounded", "spread"))
        if len(rounded) and len(spread):
            ratios.append(float(rounded.mean() / spread.mean()))
    return float(np.median(ratios)) if ratios else float("nan")


def _widths(clip: LipClip, kind: str) -> Series:
    """Return the mouth's width at the centre of each long enough vowel of a kind, open vowels left out."""
    found = []
    for phone in clip.phones:
        parts = segments_of(phone.ipa)
        step = (phone.end_s - phone.start_s) / max(1, len(parts))
        for k, part in enumerate(parts):
            if {"vowel", kind} <= part.classes and "open" not in part.classes and step >= VOWEL_MIN_S:
                start = phone.start_s + k * step
                found.append(clip.width[_centre_frame(clip, start, start + step)])
    return np.array(found)
