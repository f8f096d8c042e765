"""The rows of the scorecard about lips and sound."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..types import Closure, Phone, SpeechTrack
from . import lips, offset
from .observe import Observation
from .scorecard import Gate, Row, at_least, within

CLOSURES_MIN, VOWELS_MIN = 20, 10
"""Fewer prove nothing: with few closures, chance meets them all now and then."""
CLOSURES = at_least(0.9, 0.75)
OPEN = at_least(0.9, 0.75)
FIT = at_least(0.7, offset.TRUST_CORRELATION)
LAG_MS = within((-45.0, 45.0), (-90.0, 90.0))
"""45 ms of early sound can be noticed and 90 ms are no longer acceptable (ITU-R BT.1359-1); people are
more patient with late sound, but a file has no reason for either."""
LOUDNESS_LAG_MS = within((-80.0, 80.0), (-115.0, 115.0))
"""Loudness says less exactly when a mouth should open: real clips lie within 60 ms."""
REACH_MIN = 0.04
"""Range of the lips' gap in eye distances; less is the noise of the detector."""
SELF_CHECK_S, SELF_CHECK_SLIP_S = 0.08, 0.02
TRUTHS = ("aligned", "imported", "tts")
SEED = 7


@dataclass(frozen=True, eq=False)
class Heard:
    """The lips of a video and what is said in it."""

    clip: lips.LipClip
    by_words: offset.Offset | None
    """None without known words."""
    by_loudness: offset.Offset
    judge: str
    independent: bool

    @property
    def reach(self) -> float:
        """How far the mouth opens, in eye distances."""
        low, high = np.percentile(self.clip.aperture, (lips.LOW_PERCENT, lips.HIGH_PERCENT))
        return float(high - low)

    @property
    def usable(self) -> bool:
        """Whether the lips visibly move with the voice at all."""
        known = self.by_words is not None and self.by_words.measurable
        return known or self.by_loudness.measurable


def hear(seen: Observation, speech: SpeechTrack) -> Heard:
    """Put lips and speech together."""
    series = seen.lips
    knows = speech.source in TRUTHS
    clip = lips.clip_of(seen.times_s.tolist(), np.array(series.gap), np.array(series.width),
                        speech.phones if knows else (), speech.closures if knows else ())
    at = np.arange(len(speech.energy)) / speech.prosody_rate_hz
    loud = offset.best_lag(clip.times_s, clip.aperture, at, np.asarray(speech.energy, np.float64))
    judge = "dlib, 68 points" if seen.independent else "own landmarks (not independent)"
    return Heard(clip, offset.measure_offset(clip) if knows else None, loud, judge, seen.independent)


def lip_rows(seen: Observation, speech: SpeechTrack | None, why_not: str) -> list[Row]:
    """Return the rows about closures, open vowels, offset and correlation.

    Parameters
    ----------
    seen : Observation
        The video.
    speech : SpeechTrack or None
        What is said; None where the video has no sound.
    why_not : str
        Why the words are not known, where they are not.
    """
    blank = [
        Row("closures", "p/b/m closures met within a frame", None, "share", "ours 0.99, real clips 1.0"),
        Row("open_vowels", "open vowels with an open mouth", None, "share", "ours 1.0"),
        Row("offset", "picture late (+) or early (-)", None, "ms", "-45 .. 45; ours within 20"),
        Row("correlation", "mouth opening follows the sounds", None, "r", "ours 0.8 .. 0.9, real clips 0.5 and more"),
    ]
    if speech is None or len(seen.times_s) < seen.fps:
        reason = "the video has no sound" if speech is None else "the video is shorter than a second"
        return [row.but(reason) for row in blank]
    heard = hear(seen, speech)
    blank = [replace(row, judge=heard.judge, independent=heard.independent) for row in blank]
    if seen.lips.seen_share < 0.8:
        return [row.but(f"the face is seen in {seen.lips.seen_share:.0%} of the frames only") for row in blank]
    closures, vowels, lag, fit = blank
    return [_closures(closures, heard, why_not), _vowels(vowels, heard, why_not), _lag(lag, heard), _fit(fit, heard, why_not)]


def _judged(row: Row, value: float, gate: Gate) -> Row:
    return replace(row, value=value, verdict=gate.verdict(value))


def _closures(row: Row, heard: Heard, why_not: str) -> Row:
    if heard.by_words is None:
        return row.but(why_not)
    score = lips.score_lips([heard.clip])
    row = replace(_judged(row, score.recall, CLOSURES),
                  control=f"chance {score.chance:.2f}, shuffled {score.shuffled:.2f}, best shuffle {score.shuffled_top:.2f}")
    if score.closures < CLOSURES_MIN:
        return row.but(f"{score.closures} closures are too few: {CLOSURES_MIN} are needed")
    if heard.reach < REACH_MIN:
        return row.but(f"the mouth opens by {heard.reach:.3f} eye distances only: hidden lips, or no lip sync at all")
    if score.recall <= score.shuffled_top:
        # No better than luck: a failure if it is low, no proof if it is high.
        return row.but("closures at random times are met as well: the mouth is nearly always shut") if (
            row.verdict == "ok") else replace(row, verdict="bad", why="met no more often than by chance: other words, or no lip sync")
    missed = f"{round((1 - score.recall) * score.closures)} of {score.closures} missed"
    return replace(row, why="" if row.verdict == "ok" else missed)


def _unseen(heard: Heard) -> str:
    best = max(heard.by_loudness.correlation, heard.by_words.correlation if heard.by_words else -1.0)
    return (f"the lips follow neither the words nor the loudness (correlation {best:.2f}, "
            f"{offset.TRUST_CORRELATION} is needed): hidden lips, or no lip sync at all")


def _vowels(row: Row, heard: Heard, why_not: str) -> Row:
    if heard.by_words is None:
        return row.but(why_not)
    flags = lips.opens(heard.clip)
    shut = float(heard.clip.shut.mean())
    row = replace(_judged(row, float(flags.mean()) if len(flags) else float("nan"), OPEN),
                  control=f"chance {1.0 - shut:.2f}")
    if len(flags) < VOWELS_MIN:
        return row.but(f"{len(flags)} open vowels are too few: {VOWELS_MIN} are needed")
    if not heard.usable:
        return row.but(_unseen(heard))
    # A mouth that never shuts has every vowel open: the closures tell, this row cannot.
    return row if shut > 0.03 else row.but("the mouth never shuts, so that open vowels prove nothing")


def _lag(row: Row, heard: Heard) -> Row:
    found, by = heard.by_words, "words"
    if found is None or not found.measurable:
        found, by = heard.by_loudness, "loudness"
    row = replace(_judged(row, 1000.0 * found.offset_s, LAG_MS if by == "words" else LOUDNESS_LAG_MS),
                  name=f"{row.name}, by {by}", control=f"correlation there {found.correlation:.2f}, without the lag {found.at_zero:.2f}")
    if not found.measurable:
        return row.but(_unseen(heard))
    if by == "words":
        moved = offset.measure_offset(_later(heard.clip, SELF_CHECK_S)).offset_s - found.offset_s
        row = replace(row, control=f"{row.control}; the sound moved by {1000 * SELF_CHECK_S:.0f} ms measures {1000 * moved:+.0f}")
        if abs(moved + SELF_CHECK_S) > SELF_CHECK_SLIP_S:
            return row.but("a sound moved on purpose is not measured as moved")
    late = "late" if found.offset_s > 0 else "early"
    return replace(row, why="" if row.verdict == "ok" else f"the picture is {abs(1000 * found.offset_s):.0f} ms {late}")


def _later(clip: lips.LipClip, by_s: float) -> lips.LipClip:
    return replace(clip, phones=tuple(Phone(p.ipa, p.start_s + by_s, p.end_s + by_s) for p in clip.phones),
                   closures=tuple(Closure(c.start_s + by_s, c.end_s + by_s) for c in clip.closures))


def _fit(row: Row, heard: Heard, why_not: str) -> Row:
    if heard.by_words is None:
        row = replace(row, value=heard.by_loudness.correlation, control="by loudness")
        return row.but(why_not)
    other = offset.measure_offset(replace(heard.clip, phones=shuffled(heard.clip.phones))).correlation
    own = heard.by_words.correlation
    row = replace(_judged(row, own, FIT), control=f"words in another order {other:.2f}")
    if row.verdict != "bad":
        return row if other < own else row.but("words in another order fit as well")
    if heard.by_loudness.measurable:
        return replace(row, why="the mouth follows the loudness but not these words")
    return row.but(_unseen(heard))


def shuffled(phones: Sequence[Phone]) -> tuple[Phone, ...]:
    """Return the same spans with the sounds in another order, silences where they are."""
    spoken = [k for k, p in enumerate(phones) if p.ipa]
    order = dict(zip(spoken, np.random.default_rng(SEED).permutation(spoken).tolist(), strict=True))
    return tuple(replace(p, ipa=phones[order[k]].ipa) if k in order else p for k, p in enumerate(phones))


