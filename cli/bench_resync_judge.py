"""One clip of the re-voicing bench: watch it once, with and without what must fail."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from ..pipeline_core.scoring import lips, offset
from ..pipeline_core.scoring.identity import Embedder
from ..pipeline_core.scoring.landmarks import Points
from ..pipeline_core.scoring.lips import LipClip
from ..pipeline_core.speech.phones import is_silence
from ..pipeline_core.types import UInt8Array
from .bench_resync_clips import Take, Timing, moments
from .bench_resync_controls import Jittered, Spoil, Swapped, blurred, pasted, stained
from .bench_resync_lips import Leak, OldSpeech, heard_before, in_new_words, leak, seen_before
from .bench_resync_look import METERS, CloseLandmarks, Identity, Moment, Sight, Stray
from .quality_clip import pauses_of, within

SPOILT_FRAMES = 50
"""Two seconds prove that a fault is seen; the landmarks of trembling frames must be looked for again."""


@dataclass(frozen=True, eq=False)
class Watched:
    """What the meters and the judge saw."""

    values: dict[str, float]
    controls: dict[str, float]
    """The same of what must fail."""
    own: tuple[Points | None, ...]
    points: tuple[Points | None, ...]
    times_s: tuple[float, ...]


@dataclass(frozen=True, eq=False)
class ClipReport:
    """What one re-voiced clip measures."""

    name: str
    take: Take
    watched: Watched
    lips: LipClip
    """Of the result, with the new words."""
    source_lips: LipClip
    """Of the source, with the new words: the control."""
    before: tuple[OldSpeech, OldSpeech | None]
    """The source's own lips, and what its sound asks for."""
    timing: tuple[Timing, Timing]
    """Of the source and of the result."""

    @property
    def offset(self) -> offset.Offset:
        """Of the picture against the new words."""
        return offset.measure_offset(self.lips)

    @property
    def pause_shut(self) -> float:
        """Share of the frames in pauses, and after the speech, with a shut mouth."""
        quiet = within(self.lips.times_s, pauses_of(self.lips.phones)) | (self.lips.times_s > _spoken_until(self.lips))
        return float(self.lips.shut[quiet].mean()) if quiet.any() else np.nan

    @cached_property
    def leaks(self) -> dict[str, tuple[Leak, Leak, Leak]]:
        """How much of the old speech is in the result, in the untouched source, and in lips that are perfect by chance."""
        clips = (self.lips, self.source_lips, in_new_words(self.lips))
        found = {}
        for name, old in zip(("lips", "sound"), self.before, strict=True):
            if old is not None:
                new, source, perfect = (leak(clip, old) for clip in clips)
                found[name] = new, source, perfect
        return found


TAIL_S = 0.3
"""Lips need some time to come to rest after the last word."""


def _spoken_until(clip: LipClip) -> float:
    return max((p.end_s for p in clip.phones if not is_silence(p.ipa)), default=0.0) + TAIL_S


def judge(take: Take, other: UInt8Array, embed: Embedder, seen: Iterable[Moment]) -> ClipReport:
    """Watch a re-voiced clip.

    Parameters
    ----------
    take : Take
        The clip, what it says now, and where the results are.
    other : UInt8Array
        A picture of somebody else.
    embed : callable
        Face descriptor.
    seen : iterable of Moment
        Its frames.
    """
    watched = watch(seen, other, embed)
    words = take.words
    new = lips.lip_clip(watched.times_s, watched.points, words.phones, words.closures, take.source.name)
    own = lips.lip_clip(watched.times_s, watched.own, words.phones, words.closures, take.source.name)
    old = take.source.old
    heard = None if old is None else heard_before(replace(own, phones=old.phones, closures=old.closures))
    return ClipReport(take.source.name, take, watched, new, own, (seen_before(own), heard),
                      (Timing.of(take.source.path), Timing.of(take.finished)))


def watch(seen: Iterable[Moment], other: UInt8Array, embed: Embedder) -> Watched:
    """Run all meters over the frames, and over the same frames spoilt."""
    meters, spoilt = _meters(embed), _meters(embed)
    spoils: dict[str, Spoil] = {"identity": Swapped(other), "sharpness": blurred, "skin_sharpness": blurred,
                                "seam": pasted, "finished_seam": pasted, "stray": stained}
    sights = []
    for index, (sight, shaken) in enumerate(_sights(seen)):
        sights.append((sight.moment.time_s, sight.own, sight.points))
        for name, (_, every) in METERS.items():
            if index % every == 0:
                meters[name].add(sight)
                if shaken is not None:
                    spoilt[name].add(spoils[name](sight) if name in spoils else shaken)
    times, own, points = zip(*sights, strict=True)
    return Watched(_values(meters), _values(spoilt), own, points, times)


def _meters(embed: Embedder) -> dict[str, Any]:
    return {name: make(embed) for name, (make, _) in METERS.items()}


def _values(meters: dict[str, Any]) -> dict[str, float]:
    found = {name: float(meter.levels if isinstance(meter, Stray) else meter.value) for name, meter in meters.items()}
    for name, meter in meters.items():
        if isinstance(meter, Stray):
            found[f"{name}_px"] = float(meter.pixels)
        elif isinstance(meter, Identity):
            found[f"{name}_worst"] = max(meter.found, default=np.nan)
        elif name.endswith("seam"):
            found[f"{name}_worst"] = meter.worst
    return found


def _sights(seen: Iterable[Moment]) -> Iterator[tuple[Sight, Sight | None]]:
    """Yield each frame with its landmarks, and trembling; None once faults were seen long enough."""
    before, after, shaken = CloseLandmarks(), CloseLandmarks(), CloseLandmarks()
    tremble = Jittered()
    for index, moment in enumerate(seen):
        sight = Sight(moment, before(moment.encoded), after(moment.finished))
        bad = None
        if index < SPOILT_FRAMES:
            bad = tremble(sight)
            bad = replace(bad, points=shaken(bad.moment.finished))
        yield sight, bad


__all__ = ["ClipReport", "Watched", "judge", "moments", "watch"]
