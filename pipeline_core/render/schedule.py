"""Which frame of a video each output frame shows, and how strongly the new mouth is drawn there.

Everything is counted in frames of the video, so that output frame i shows the instant i / fps at any
rate. "Sound" is what is going to be heard, from its first to its last sample.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from ..errors import SettingError
from ..speech.runs import equal_runs, true_runs
from ..types import FloatArray
from .settings import DubSettings, Length

IntArray = npt.NDArray[np.int64]
Span = tuple[int, int]
"""First frame, and the one after the last."""

FADE_S = 0.1
"""How long the new mouth takes to appear at the beginning of a range and to go at its end: two or
three frames, as long as a vowel's onset, so that neither a jump nor a mixed mouth is seen."""


@dataclass(frozen=True, eq=False)
class Schedule:
    """The order of a video's frames."""

    source: IntArray
    """Frame of the video that each output frame shows [shape=(N,)]."""
    strength: FloatArray
    """0 leaves the frame as it is, 1 draws the new mouth in full [shape=(N,)]."""
    spans: tuple[Span, ...]
    """Output frames in which the new sound is heard."""
    spoken: int
    """The output frame at which the sound is over."""

    @property
    def frames(self) -> int:
        """Number of output frames."""
        return len(self.source)

    @property
    def first(self) -> int:
        """The output frame at which the sound begins."""
        return self.spans[0][0]

    def untouched(self) -> list[tuple[int, int, int]]:
        """Return (start, stop, source_start) of the stretches that follow the video frame by frame, unchanged."""
        offset = self.source - np.arange(self.frames)
        return [(start + a, start + b, int(self.source[start + a]))
                for start, stop in true_runs(self.strength == 0) for a, b in equal_runs(offset[start:stop])]


def make_schedule(spoken: int, fps: Fraction, trusted: FloatArray, settings: DubSettings) -> Schedule:
    """Return the order of frames.

    Parameters
    ----------
    spoken : int
        Frames that the sound needs.
    fps : Fraction
        Rate of the video.
    trusted : FloatArray
        How strongly a mouth may be drawn in each frame of the video [shape=(S,)].
    settings : DubSettings
        Length policy, ranges, and the mouth after the speech.

    Raises
    ------
    SettingError
        If a range begins after the end of the video.
    """
    held = len(trusted)
    spans = _spans(spoken, held, fps, settings)
    count = max(held, spans[-1][1]) if settings.parsed_ranges else spoken
    source = source_order(settings.length, held, count)
    spans = tuple((start, min(stop, len(source))) for start, stop in spans)
    spans = spans if settings.parsed_ranges else ((0, len(source)),)
    end = min(spans[0][0] + spoken, spans[-1][1])
    fade = max(1, round(FADE_S * fps))
    drawn = spans if settings.silent_mouth == "closed" else _cut_at(spans, end + fade)
    strength = _strength(drawn, len(source), fade) * trusted[source]
    return Schedule(source, np.asarray(strength, np.float32), spans, end)


def source_order(length: Length, held: int, spoken: int) -> IntArray:
    """Return which of `held` frames of a video each output frame shows, for a sound of `spoken` frames.

    Parameters
    ----------
    length : str
        What happens where the two are not equally long:

        ============  ==============================  =====================================
        policy        sound shorter than the video    sound longer than the video
        ============  ==============================  =====================================
        pad_silence   the whole video, then silence   as bounce
        cut_off       the video ends with the sound   the sound ends with the video
        loop          the video ends with the sound   the video begins again
        bounce        the video ends with the sound   it plays backwards, then forwards, ...
        hold          the video ends with the sound   its last frame stays
        remap         the video runs faster           the video runs slower
        ============  ==============================  =====================================
    held, spoken : int
        Frames of the video and of the sound.
    """
    if length == "pad_silence":
        length, spoken = "bounce", max(held, spoken)
    elif length == "cut_off":
        spoken = min(held, spoken)
    at = np.arange(spoken, dtype=np.int64)
    if length == "loop":
        return at % held
    if length == "bounce":
        turn = max(1, 2 * (held - 1))
        return np.minimum(at % turn, turn - at % turn) if held > 1 else at * 0
    if length == "remap":
        return at * held // spoken
    return np.minimum(at, held - 1)


def _spans(spoken: int, held: int, fps: Fraction, settings: DubSettings) -> tuple[Span, ...]:
    """Return where the new sound is heard, before the policy has its say; ranges begin and end on a frame."""
    if not settings.parsed_ranges:
        return ((0, spoken),)
    spans = []
    for start_s, end_s in settings.parsed_ranges:
        start, stop = round(Fraction(start_s) * fps), round(Fraction(end_s) * fps)
        if start >= held:
            raise SettingError(f"the range {start_s:g}-{end_s:g} begins after the end of the video ({float(held / fps):.2f} s)",
                               hint="Choose a range within the video.")
        spans.append((start, min(max(stop, start + 1), held)))
    if settings.length != "cut_off":  # sound is cut where the policy is called so, and nowhere else
        spans[-1] = (spans[-1][0], max(spans[-1][1], spans[0][0] + spoken))
    return tuple(spans)


def _cut_at(spans: Sequence[Span], end: int) -> tuple[Span, ...]:
    return tuple((start, min(stop, end)) for start, stop in spans if start < end)


def _strength(spans: Sequence[Span], count: int, fade: int) -> FloatArray:
    """Return 1 inside of the spans with ramps at their ends, which lie inside as well [shape=(count,)]."""
    out = np.zeros(count, np.float32)
    for start, stop in spans:
        up, down = np.arange(1, stop - start + 1), np.arange(stop - start, 0, -1)
        inside = np.minimum(up if start > 0 else fade + 1, down if stop < count else fade + 1)
        out[start:stop] = np.minimum(1.0, inside / (fade + 1))
    return out
