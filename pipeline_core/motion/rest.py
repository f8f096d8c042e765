"""What a face looks like at rest, found in a clip in which it hardly ever rests."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..arkit import BLENDSHAPES
from ..errors import SettingError
from ..types import FloatArray, HeadTrack

SAMPLES = 500
"""Frames, evenly over the clip, among which rest is looked for."""
SHARE = 0.3
"""Share of the frames that must be alike to count as the usual look."""
QUIET_SHARE = 0.25
"""Share of the frames with the most closed lips, among which the mouth's rest is looked for."""
NEARLY_SHUT = 0.08
"""A gap between the lips, in inter-ocular distances, that a mouth at rest may have; open vowels have 0.15 to 0.3."""
AROUND_S = 0.1
"""A chosen instant stands for its neighbourhood, so that tremble does not count."""
_MOUTH = np.array([name.startswith(("jaw", "mouth")) for name in BLENDSHAPES])
_BROWS = np.array([name.startswith("brow") for name in BLENDSHAPES])


@dataclass(frozen=True, eq=False)
class Rest:
    """The driver's own zero."""

    expression: FloatArray
    """[shape=(52,)]"""
    head_deg: FloatArray
    head_shift: FloatArray
    gaze_deg: FloatArray
    lids_ratio: FloatArray
    """Left, right."""
    mouth_width_ratio: float
    """In inter-ocular distances."""
    warnings: tuple[str, ...] = ()


def rest_of(track: HeadTrack, at_s: float = -1.0) -> Rest:
    """Find a face's rest.

    Parameters
    ----------
    track : HeadTrack
        The clip, gaps filled.
    at_s : float
        Instant at which it is at rest; below 0 the usual look is taken: of the head its median, as for recorded
        performances, of gaze, brows and lids the densest cluster, and of the mouth the least effort among the
        frames with the most closed lips.

    Raises
    ------
    SettingError
        If the instant lies outside the clip.
    """
    if at_s >= 0.0:
        return _rest_at(track, at_s)
    seen = np.flatnonzero(track.seen)
    frames = seen[np.unique(np.linspace(0, len(seen) - 1, min(SAMPLES, len(seen))).round().astype(int))]
    gaps = track.lips_ratio[frames, 0]
    quiet = frames[gaps <= max(float(np.quantile(gaps, QUIET_SHARE)), NEARLY_SHUT)]
    # Not the densest: who smiles for the camera holds still with it.
    effort = np.linalg.norm(track.expression[quiet][:, _MOUTH], axis=1)
    mouth = quiet[np.argsort(effort, kind="stable")[: max(1, round(SHARE * len(quiet)))]]
    expression = track.expression[mouth].mean(axis=0)
    brows = frames[_densest(track.expression[frames][:, _BROWS])]
    expression[_BROWS] = track.expression[brows][:, _BROWS].mean(axis=0)
    eyes = frames[_densest(track.gaze_deg[frames])]
    lids = [track.lids_ratio[frames[_densest(track.lids_ratio[frames, k : k + 1])], k].mean() for k in (0, 1)]
    return Rest(expression, np.median(track.head_deg[frames], axis=0), np.median(track.head_shift[frames], axis=0),
                track.gaze_deg[eyes].mean(axis=0), np.array(lids, np.float32), float(track.lips_ratio[mouth, 1].mean()))


def _rest_at(track: HeadTrack, at_s: float) -> Rest:
    rate = float(track.fps)
    middle, reach = round(at_s * rate), max(1, round(AROUND_S * rate))
    if middle >= len(track.seen):
        raise SettingError(f"the driver's rest at {at_s:g} s lies after the end of the clip ({len(track.seen) / rate:.1f} s)",
                           hint="Choose an instant within the clip, or -1 to have it found.")
    part = slice(max(0, middle - reach), middle + reach + 1)
    seen = np.arange(len(track.seen))[part][track.seen[part]]
    at = seen if len(seen) else np.arange(len(track.seen))[part]
    notes = () if len(seen) else (f"the driver's face is not seen at {at_s:g} s: the look before or after it is taken for rest",)
    return Rest(track.expression[at].mean(axis=0), track.head_deg[at].mean(axis=0), track.head_shift[at].mean(axis=0),
                track.gaze_deg[at].mean(axis=0), track.lids_ratio[at].mean(axis=0), float(track.lips_ratio[at, 1].mean()), notes)


def _densest(values: FloatArray) -> np.ndarray:
    """Return the rows of the tightest cluster that holds `SHARE` of all [values: shape=(N, C)]."""
    squares = (values.astype(np.float64) ** 2).sum(axis=1)
    apart = squares[:, None] + squares[None] - 2.0 * values.astype(np.float64) @ values.T.astype(np.float64)
    count = max(1, round(SHARE * len(values)))
    radius = np.partition(apart, count - 1, axis=1)[:, count - 1]
    return np.argsort(apart[np.argmin(radius)], kind="stable")[:count]
