"""In which frames of a clip a new mouth may be drawn, how strongly, and why not in the others.

Everything is judged from the landmarks alone, for all frames at once. Times are those of the source.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from ..speech.runs import equal_runs, true_runs
from ..types import FaceTrack, FloatArray

BoolArray = npt.NDArray[np.bool_]

NO_FACE, OTHER_SHOT = "no face", "no face in this shot"
OUTSIDE, TURNED, SMALL = "the face leaves the picture", "turned away", "the mouth is too small"
IMPLAUSIBLE, BRIEF, COVERED = "the face is not found surely", "seen too briefly", "the mouth is covered"

FADE_S = 0.12
"""How long a mouth takes to appear or to go; it lies inside of the trusted stretch."""
BRIDGE_S = 0.2
"""Longest gap whose landmarks are interpolated: five frames at 25 fps."""


@dataclass(frozen=True)
class Stretch:
    """A part of the source that is left as it is."""

    start_s: float
    end_s: float
    reason: str


@dataclass(frozen=True, eq=False)
class Trust:
    """How strongly a new mouth may be drawn in each frame of a clip."""

    strength: FloatArray
    """0 = leave the frame as it is, 1 = draw in full, fades between [shape=(T,)]."""
    reasons: tuple[str, ...]
    """Why nothing is drawn in each frame, "" where something is; T of them."""
    fps: Fraction

    @property
    def skipped(self) -> tuple[Stretch, ...]:
        """The stretches in which nothing is drawn, in order."""
        return skipped(self.reasons, self.fps)


def trust(face: FaceTrack) -> Trust:
    """Return where a new mouth may be drawn on the selected face.

    Short gaps count as bridged, whether `bridged` has been called or not.
    """
    raise NotImplementedError


def bridged(face: FaceTrack) -> FaceTrack:
    """Return the track with short gaps filled by interpolated landmarks, never across a cut.

    Frames whose landmarks jump out of their neighbours' line count as gaps. All else stays as it is, and a
    second call changes nothing.
    """
    raise NotImplementedError


def skipped(reasons: Sequence[str], fps: Fraction) -> tuple[Stretch, ...]:
    """Return the stretches of equal reasons that are not ""; frame i lasts from i / fps to (i + 1) / fps."""
    raise NotImplementedError


def skipped_lines(stretches: Iterable[Stretch], limit: int = 8) -> tuple[str, ...]:
    """Return lines as "12.3 to 13.1 s: turned away"; the last one sums up what is beyond `limit` lines."""
    raise NotImplementedError
