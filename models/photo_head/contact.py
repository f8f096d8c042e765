"""Exact contact: lips that meet, round and tuck, lids that shut, whatever the fit has missed."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ...pipeline_core.arkit import INDEX
from ...pipeline_core.types import FloatArray
from .head_model import HeadModel, IntArray, RingRegion

UPPER_LIP_SHARE = 0.3
"""When lips meet, the upper lip travels 30 % of the gap and the lower lip 70 %."""
LIP_OVERLAP_CM = 0.02
"""Pressed lips overlap a little, so that no background shows between two polylines."""
UPPER_LID_SHARE = 0.92
LID_OVERLAP_CM = 0.015
_LIP_FADE = ((0, 4, 5, 6, 7, 8), (1.0, 1.0, 0.9, 0.6, 0.25, 0.0))
_LID_FADE = ((0, 1, 2, 3, 4, 5), (1.0, 0.8, 0.5, 0.25, 0.08, 0.0))
"""How far the skin outside the margin follows it, by ring."""
SMOOTHING_PLACES = 3.0
TUCK_REVEAL_CM = 0.16
"""Height of tooth left between the lips in f and v."""
TUCK_DEPTH_CM = 0.22
"""The lower lip rolls in by this much; it meets the teeth, 3.5 mm behind it, with its inner side."""


@dataclass(frozen=True, eq=False)
class Chain:
    """One lip or lid from corner to corner, with its partner at equal arc length."""

    vertices: IntArray
    places: IntArray
    """Places of the chain's vertices on the closed margin [shape=(n,)]."""
    partner: IntArray
    """Partner positions are mixed from two neighbours [shape=(n, 2)] in the other chain."""
    mix: FloatArray
    """Weight of the second neighbour [shape=(n, 1)]."""
    arc: FloatArray
    """Arc length from the first corner, 0..1 [shape=(n,)]."""


@dataclass(frozen=True, eq=False)
class Opening:
    """A mouth or an eye: an upper and a lower chain, and the skin that follows them."""

    region: RingRegion
    upper: Chain
    lower: Chain
    fade: FloatArray
    """How far each region vertex follows the margin [shape=(V, 1)]."""
    roll: FloatArray
    """The same for motion that only the edge itself makes [shape=(V, 1)]."""
    smoothing: FloatArray
    """Evens moves out along the margin [shape=(length, length)]."""
    outside: FloatArray
    """How far a region vertex takes the evened move instead of its own [shape=(V, 1)]."""

    def gap(self, positions: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return (upper vertex - partner, lower vertex - partner) vectors."""
        upper, lower = positions[self.upper.vertices], positions[self.lower.vertices]
        return upper - _mixed(self.upper, lower), lower - _mixed(self.lower, upper)

    def spread(self, positions: FloatArray, upper: FloatArray, lower: FloatArray, fade: FloatArray) -> None:
        """Move the margin by per-vertex displacements and let the skin follow, in place."""
        moves = np.zeros((len(self.region.margin), 3), np.float32)
        moves[self.lower.places] = lower
        moves[self.upper.places] = upper
        even = self.smoothing @ moves
        place = self.region.place
        positions[self.region.vertices] += (moves[place] + self.outside * (even[place] - moves[place])) * fade


def _mixed(chain: Chain, other: FloatArray) -> FloatArray:
    return np.asarray(other[chain.partner[:, 0]] * (1 - chain.mix) + other[chain.partner[:, 1]] * chain.mix)


def build_opening(
    model: HeadModel, region: RingRegion, upper: np.ndarray, lower: np.ndarray, fade: tuple[tuple[float, ...], ...]
) -> Opening:
    """Pair two chains given as places on the margin, each from the first corner to the last."""
    arcs = []
    for places in (upper, lower):
        points = model.vertices[region.margin[places]]
        length = np.r_[0.0, np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))]
        arcs.append(length / length[-1])
    chains = []
    for places, arc, other in ((upper, arcs[0], arcs[1]), (lower, arcs[1], arcs[0])):
        place = np.interp(arc, other, np.arange(len(other)))
        first = np.minimum(place.astype(np.int32), len(other) - 2)
        chains.append(
            Chain(
                region.margin[places],
                np.asarray(places, np.int32),
                np.stack([first, first + 1], axis=1),
                np.asarray(place - first, np.float32)[:, None],
                np.asarray(arc, np.float32),
            )
        )
    follow = np.interp(region.depth, *fade).astype(np.float32)
    edge = np.interp(region.depth, (-4, 0, 1, 2, 3, 4, 6), (1.0, 1.0, 0.9, 0.7, 0.45, 0.2, 0.0)).astype(np.float32)
    outside = np.clip((region.depth - 0.5) / 2.5, 0.0, 1.0).astype(np.float32)
    return Opening(region, chains[0], chains[1], follow[:, None], edge[:, None],
                   _smoothing(len(region.margin)), outside[:, None])  # fmt: skip


def _smoothing(length: int) -> FloatArray:
    """Gaussian mean over the neighbouring places of a closed margin: pairs at equal arc length
    differ from place to place by the meshes' own steps, which a lip's outer border must not show."""
    steps = np.abs(np.arange(length)[:, None] - np.arange(length)[None])
    weights = np.exp(-0.5 * (np.minimum(steps, length - steps) / SMOOTHING_PLACES) ** 2)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True), np.float32)


def mouth_opening(model: HeadModel) -> Opening:
    """Pair the lips: places 0..48 run over the upper lip, 0, 75 .. 48 along the lower one."""
    upper = np.arange(49)
    return build_opening(model, model.lips, upper, np.r_[0, np.arange(75, 47, -1)], _LIP_FADE)


def eye_opening(model: HeadModel, side: str) -> Opening:
    """Pair the lids: places 0..27 run over the upper lid, 0, 55 .. 27 along the lower one.

    The upper lid's skin follows its margin as far as the eyeBlink unit says, which is up to the
    crease; the rings round the eye end long before it.
    """
    region = lid_region(model, side)
    opening = build_opening(model, region, np.arange(28), np.r_[0, np.arange(55, 26, -1)], _LID_FADE)
    upper = region.place < 28
    fade = opening.fade.copy()
    fade[upper, 0] = lid_follow(model, side)[region.vertices[upper]]
    return replace(opening, fade=fade)


def lid_follow(model: HeadModel, side: str) -> FloatArray:
    """How far upper-lid skin follows the margin: 1 at the margin, 0 at the crease [shape=(N,)]."""
    drop = np.maximum(0.0, -model.units[INDEX[f"eyeBlink{side.capitalize()}"], :, 1])
    region = lid_region(model, side)
    upper = region.place < 28
    vertices = region.vertices[upper]
    follow = np.zeros(len(model.vertices), np.float32)
    follow[vertices] = drop[vertices] / np.maximum(drop[region.margin[region.place[upper]]], 0.3 * drop.max())
    # Skin beside the corners stays: only what lies above the margin unrolls with it.
    x = model.vertices[:, 0]
    low, high = x[region.margin[:28]].min(), x[region.margin[:28]].max()
    inside = np.clip((0.5 * (high - low) - np.abs(x - 0.5 * (high + low))) / (0.3 * (high - low)), 0.0, 1.0)
    follow *= np.sqrt(inside)
    follow[region.margin[:28]] = 1.0
    return np.clip(follow, 0.0, 1.0)


def lid_region(model: HeadModel, side: str) -> RingRegion:
    """Widen the rings round an eye by all the skin that a blink moves."""
    rings = model.lids[side]
    drop = np.maximum(0.0, -model.units[INDEX[f"eyeBlink{side.capitalize()}"], :, 1])
    middle = model.vertices[rings.margin, 1].mean()
    moved = np.flatnonzero((drop > 0.02 * drop.max()) & (model.vertices[:, 1] > middle))
    more = np.setdiff1d(moved, rings.vertices)
    margin_x = model.vertices[rings.margin[:28], 0]
    place = np.abs(model.vertices[more, 0][:, None] - margin_x).argmin(axis=1)
    return RingRegion(
        np.r_[rings.vertices, more].astype(np.int32),
        np.r_[rings.place, place].astype(np.int32),
        np.r_[rings.depth, np.full(len(more), 6.0)].astype(np.float32),
        rings.margin,
    )


def round_lips(mouth: Opening, positions: FloatArray, funnel: float, pucker: float) -> None:
    """Turn the diamond-shaped opening of o and u into an ellipse narrower than the mouth.

    The mix of 0.75 (funnel + pucker) and the half width 1 - 0.34 pucker - 0.26 funnel were found
    by eye on the MakeHuman units, whose corners otherwise stay open.
    """
    amount = min(0.8, 0.75 * (funnel + pucker))
    if amount <= 0.0:
        return
    share = max(0.2, 1.0 - 0.34 * pucker - 0.26 * funnel)
    gaps = mouth.gap(positions)
    height = max(0.0, float(gaps[0][:, 1].max()))
    moves = []
    for chain, gap, sign, part in ((mouth.upper, gaps[0], 1.0, 0.4), (mouth.lower, gaps[1], -1.0, 0.6)):
        x = (2.0 * chain.arc - 1.0) / share
        wanted = height * np.sqrt(np.maximum(0.0, 1.0 - x * x))
        move = np.zeros((len(chain.arc), 3), np.float32)
        move[:, 1] = sign * part * amount * (wanted - np.abs(gap[:, 1]))
        moves.append(move)
    mouth.spread(positions, moves[0], moves[1], mouth.fade)


def unclench(mouth: Opening, positions: FloatArray) -> None:
    """Part lips that a sum of units has driven through each other."""
    gaps = mouth.gap(positions)
    moves = []
    for gap, sign, share in ((gaps[0], 1.0, UPPER_LIP_SHARE), (gaps[1], -1.0, 1.0 - UPPER_LIP_SHARE)):
        move = np.zeros_like(gap)
        move[:, 1] = sign * share * np.maximum(0.0, -sign * gap[:, 1])
        moves.append(move)
    mouth.spread(positions, moves[0], moves[1], mouth.fade)


def close_lips(mouth: Opening, positions: FloatArray, amount: float) -> None:
    """Remove `amount` (0..1) of the gap between the lips; 1 is exact contact."""
    if amount <= 0.0:
        return
    above, below = mouth.gap(positions)
    upper = -(amount * UPPER_LIP_SHARE) * above
    lower = -(amount * (1.0 - UPPER_LIP_SHARE)) * below
    upper[:, 1] -= 0.5 * LIP_OVERLAP_CM * amount * _bell(mouth.upper)
    lower[:, 1] += 0.5 * LIP_OVERLAP_CM * amount * _bell(mouth.lower)
    mouth.spread(positions, upper, lower, mouth.fade)


def tuck_lip(mouth: Opening, positions: FloatArray, amount: float) -> None:
    """Bring the lower lip in and up to the edge of the upper teeth (f, v)."""
    if amount <= 0.0:
        return
    _, below = mouth.gap(positions)
    # A wide plateau: the lip meets the six front teeth, the corners stay where they are.
    window = np.clip(1.6 * np.sin(np.pi * mouth.lower.arc), 0.0, 1.0).astype(np.float32)
    lift = np.zeros_like(below)
    lift[:, 1] = amount * window * (-below[:, 1] - TUCK_REVEAL_CM)
    mouth.spread(positions, np.zeros((len(mouth.upper.arc), 3), np.float32), lift, mouth.fade)
    roll = np.zeros_like(below)
    roll[:, 2] = -amount * window * TUCK_DEPTH_CM
    raise_upper = np.zeros((len(mouth.upper.arc), 3), np.float32)
    raise_upper[:, 1] = 0.06 * amount * _bell(mouth.upper)
    mouth.spread(positions, raise_upper, roll, mouth.roll)


def close_lids(eye: Opening, positions: FloatArray, open_gap: FloatArray, amount: float) -> None:
    """Set the gap between the lids to (1 - amount) of `open_gap`; 1 is shut.

    Parameters
    ----------
    eye : Opening
        The eye.
    positions : FloatArray
        Head vertices [shape=(N, 3), cm], changed in place.
    open_gap : FloatArray
        Upper margin minus partner in the photo [shape=(28, 3)].
    amount : float
        0 open as in the photo .. 1 shut.
    """
    above, below = eye.gap(positions)
    excess = above - (1.0 - amount) * open_gap
    upper = -UPPER_LID_SHARE * excess
    lower = np.zeros_like(below)
    lower_excess = np.stack([np.interp(eye.lower.arc, eye.upper.arc, excess[:, c]) for c in range(3)], axis=1)
    lower[:] = (1.0 - UPPER_LID_SHARE) * lower_excess
    upper[:, 1] -= LID_OVERLAP_CM * amount * _bell(eye.upper)
    eye.spread(positions, upper, lower, eye.fade)


def _bell(chain: Chain) -> FloatArray:
    return np.sin(np.pi * chain.arc).astype(np.float32)
