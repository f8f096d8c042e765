"""Find what is in front of the lower face: a hand, a microphone, a cup, a strand of hair.

From some frames of the clip it is learnt what each place of this face looks like, how that changes as the head
turns and the mouth opens, and how much is left unexplained. Where a picture is far from it, something is in front.
Beards, lipstick, glasses and shadows are part of what was learnt.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from scipy.spatial import Delaunay

from ...pipeline_core.arkit import INDEX
from ...pipeline_core.face.geometry import CHIN, LIPS_INNER, LIPS_OUTER, OVAL
from ...pipeline_core.types import FloatArray, UInt8Array
from ..photo_head.clip_fit import PARTED, HeadClip
from ..photo_head.fit import turn_and_nod
from ..photo_head.head_model import HeadModel, IntArray
from ..photo_head.layers import Box
from ..photo_head.ramp import smoothstep
from ..photo_head.raster import rasterize
from .region import area_box
from .rest import lip_opening_cm

SAMPLES, SHOT_SAMPLES, MOST_SAMPLES = 28, 12, 60
"""Frames that are learnt from: of a clip in one piece, of each shot of another, and of the longest shots together.
A third of them may show something in front."""
LEAST_SAMPLES = 6
"""With fewer frames nobody can tell what is part of the face."""
COVERED = (0.25, 0.4)
"""Share of the lips that is hidden between which the new mouth fades away: more would only be seen beside a hand."""
TEXEL_CM = 0.14
"""Size of a place; lips are about ten high."""
WORK_PX_PER_CM = 7.0
"""The picture is looked at in this size: a strand of hair has two pixels."""
SMOOTH_CM = 0.4
"""Colours are compared over this much skin (standard deviation), so that noise and landmarks that are off by a
millimetre do not count."""
_FLOOR = np.float32([0.03, 0.015, 0.015, 0.05])
"""Differences that are always forgiven: brightness and two colours over `SMOOTH_CM`, and finer detail, in natural
logarithms: 3 % of light, 1.5 % of colour."""
_SPREADS = 2.0
"""So many standard deviations of what was learnt are forgiven besides."""
_WEAK, _STRONG = 0.2, 1.0
"""Excess over what is forgiven, in units of it. Clean faces: 0.5 is exceeded at 1 in 100 places."""
_LEAST_STRONG_CM2, _LARGE_CM2 = 0.6, 9.0
"""Something in front is at least so large, and comes from outside the face unless it is larger still: the corner of a
laughing mouth with its fold has up to 5."""
_LEAST_OUTSIDE_CM2 = 0.25
"""What comes from outside shows so much of itself there."""
_LEAST_INSIDE = 0.3
"""Share of it that is surely in front of the face: the rest may be neck, or hair beside the face that moves."""
_REACHING_CM2, _REACHING_SHARE = 2.0, 0.25
"""What is surely in front of so much of the face itself, the throat aside, and lies beside both with such a share, reaches in
like a hand: then what lies beside does not count. Collars, necks and the corners of turned faces have less of either."""
_CLOSING_CM = 0.8
_RIM_CM = (0.8, 0.3)
"""What lies this near to the outline of the face, beside it and at the chin, does not decide."""
_THROAT_CM = (2.5, 3.0)
"""But the throat does, so far to either side of the chin and down: there hands come from."""
_THICK_CM = 0.6
"""On the throat, what is not twice as thick is the edge of a collar that has moved."""
_BAND_CM, _NEARBY_PX = 0.6, (15, 15)
_ALIKE, _UNEVEN = 0.4, 6.0
"""A thing whose colour differs less from the skin or whose skin nearby varies, is kept as it was found:
a third of the light, and so many times the variance."""
_LEFT_CM, _TOP_CM, _WIDTH_CM, _HEIGHT_CM = -9.0, 3.0, 18.0, 16.5
"""The part of the mean head that is looked at, seen from the front."""
_DARK = 0.06
"""Added before the logarithm: below, noise decides."""
_NECK_CM = (2.25, 5.0)
"""Rings of points that carry the face's lower edge on over the neck, below it by so much."""
_LOWER_OVAL = OVAL[OVAL.index(323) : OVAL.index(132) + 2]
_ANCHORS = (50, 101, 118, 205, 280, 330, 347, 425, 6, 197, 195, 5, 151, 9, 108, 337, 69, 299, 116, 345, 36, 266, 142,
            371)  # fmt: skip
"""Cheeks, nose and forehead, which tell the light of a frame whatever covers the mouth."""
_ROUNDS, _RIDGE = 3, 0.1
_TRUSTED_SHARE, _TRUSTED_QUANTILE = 0.35, 0.454
"""Share of the frames that tell how much is left over, and what it is of a normal distribution's deviation."""


@dataclass(frozen=True, eq=False)
class _View:
    """A picture's lower face, small, and where each of its pixels lies on the mean head."""

    box: Box
    colours: FloatArray
    """[shape=(h, w, 3)], as `_colours` has them, light taken out."""
    features: FloatArray
    """[shape=(h, w, 4)], as `_FLOOR` lists them."""
    points: FloatArray
    """The places' points in pixels of the small picture [shape=(N, 2)]."""


@dataclass(frozen=True, eq=False)
class _Known:
    """What one shot's lower face looks like."""

    light: FloatArray
    """Colours at the anchors [shape=(A, 3)]."""
    state: FloatArray
    """The usual one, as `_states` has it [shape=(3,)]."""
    model: FloatArray
    """Features, and how they change with the state [shape=(4, H, W, 4)]."""
    forgiven: FloatArray
    """Differences from it that mean nothing [shape=(H, W, 4)]."""


class _Places:
    """The lower face and the neck as a net of points, spread flat."""

    shape = round(_HEIGHT_CM / TEXEL_CM), round(_WIDTH_CM / TEXEL_CM)

    def __init__(self, model: HeadModel) -> None:
        parted = model.vertices + sum(share * model.units[INDEX[name]] for name, share in PARTED.items())
        points = model.landmarks(np.asarray(parted))[:, :2]
        self._used = np.flatnonzero(points[:, 1] < _TOP_CM)
        rings = [points[list(_LOWER_OVAL)] - np.float32([0.0, down]) for down in _NECK_CM]
        self.flat = self._texels(np.concatenate([points[self._used], *rings]))
        self.triangles: IntArray = Delaunay(self.flat).simplices.astype(np.int32)
        face = np.zeros(self.shape, np.uint8)
        cv2.fillPoly(face, [np.round(self._texels(points[list(OVAL)])).astype(np.int32)], 1)
        across, down = (2 * round(cm / TEXEL_CM) + 1 for cm in _RIM_CM)
        inside, throat = cv2.erode(face, np.ones((down, across), np.uint8)), np.zeros(self.shape, np.uint8)
        chin, reach = self._texels(points[[CHIN]])[0], np.float32(_THROAT_CM) / TEXEL_CM
        corners = np.round([chin - reach, chin + reach]).astype(int)
        cv2.rectangle(throat, corners[0].tolist(), corners[1].tolist(), 1, cv2.FILLED)
        whole = np.zeros(self.shape, np.uint8)
        cv2.fillConvexPoly(whole, cv2.convexHull(np.round(self.flat).astype(np.int32)), 1)
        self.zones = np.dstack([inside, throat, cv2.erode(whole, np.ones((1, across), np.uint8))]).astype(np.float32)
        """1 well inside of the outline of the face; on the throat; clear of what is beside both [shape=(H, W, 3)]."""

    @staticmethod
    def _texels(points: FloatArray) -> FloatArray:
        return np.asarray((points - [_LEFT_CM, _TOP_CM]) * [1 / TEXEL_CM, -1 / TEXEL_CM], np.float32)

    def points(self, clip: HeadClip, frame: int) -> tuple[FloatArray, FloatArray]:
        """Return the points in a frame [shape=(N, 2), pixels], and how near they are [shape=(N,)]."""
        all_points, rotation, scale = clip.landmarks_px[frame], clip.rotation[frame], float(clip.scale[frame])
        down = np.float32([-rotation[0, 1] * scale, rotation[1, 1] * scale, scale])
        rim = all_points[list(_LOWER_OVAL)]
        xyz = np.concatenate([all_points[self._used], *(rim + down * np.float32(cm) for cm in _NECK_CM)])
        return np.ascontiguousarray(xyz[:, :2], np.float32), np.ascontiguousarray(-xyz[:, 2], np.float32)


class OccluderFinder:
    """Knows one clip's lower face; safe to call from several threads.

    Parameters
    ----------
    clip : HeadClip
        The head in every frame.
    pictures : mapping
        RGB frames by number, well spread (see `sample_frames`).
    cuts : sequence of int
        Frames that begin another shot. Each shot is learnt for itself: another light or side of the face is no
        thing. In shots with fewer than `LEAST_SAMPLES` pictures nothing is found.
    """

    def __init__(self, clip: HeadClip, pictures: Mapping[int, UInt8Array], cuts: Sequence[int] = ()) -> None:
        self._clip, self._cuts, self._places = clip, tuple(cuts), _Places(clip.model)
        self._states = _states(clip)
        shots: dict[int, list[int]] = {}
        for frame in sorted(pictures):
            shots.setdefault(bisect_right(self._cuts, frame), []).append(frame)
        self._known = {shot: self._learn({frame: pictures[frame] for frame in frames})
                       for shot, frames in shots.items() if len(frames) >= LEAST_SAMPLES}  # fmt: skip

    def _learn(self, pictures: Mapping[int, UInt8Array]) -> _Known:
        frames = list(pictures)
        light = np.median([self._anchors(pictures[frame], frame) for frame in frames], axis=0)
        state = np.median(self._states[frames], axis=0)
        looks = np.stack([self._spread_flat(self._view(pictures[frame], frame, light)) for frame in frames])
        model, deviation = _explained(looks, self._states[frames] - state)
        return _Known(light, state, model, _FLOOR + np.float32(_SPREADS) * deviation)

    def mask(self, picture: UInt8Array, frame: int) -> FloatArray:
        """Return how surely something is in front of the face, 0..1.

        The box is that of `region.area_box`: the area in which the renderer may draw.

        Parameters
        ----------
        picture : UInt8Array
            RGB(A) frame [shape=(H, W, 3 or 4)].
        frame : int
            Its number in the clip, in which the face is seen.
        """
        known = self._known.get(bisect_right(self._cuts, frame))
        if known is None:
            return np.zeros(area_box(self._clip, frame, picture.shape[:2]).shape, np.float32)
        view = self._view(picture, frame, known.light)
        found = self._coherent(*self._excess(view, frame, known))
        if not found.any():
            return np.zeros(view.box.shape, np.float32)
        return cv2.resize(_edged(found, view.colours), view.box.shape[::-1], interpolation=cv2.INTER_LINEAR)

    def shown(self, mask: FloatArray, frame: int, shape: tuple[int, int]) -> float:
        """Return how strongly a mouth can be drawn behind a mask: 1 beside it, 0 where much of the lips is hidden.

        Parameters
        ----------
        mask : FloatArray
            Of `mask`.
        frame : int
            Its frame.
        shape : tuple of int
            Rows and columns of the picture.
        """
        box = area_box(self._clip, frame, shape)
        at = np.round(self._clip.landmarks_px[frame, [*LIPS_OUTER, *LIPS_INNER], :2]).astype(int) - [box.left, box.top]
        rows, columns = np.clip(at[:, 1], 0, box.shape[0] - 1), np.clip(at[:, 0], 0, box.shape[1] - 1)
        hidden = float(mask[rows, columns].mean())
        return 1.0 - float(smoothstep(np.float32((hidden - COVERED[0]) / (COVERED[1] - COVERED[0]))))

    def _anchors(self, picture: UInt8Array, frame: int) -> FloatArray:
        at = np.round(self._clip.landmarks_px[frame, list(_ANCHORS), :2]).astype(int)
        height, width = picture.shape[:2]
        near = [picture[np.clip(at[:, 1] + y, 0, height - 1), np.clip(at[:, 0] + x, 0, width - 1), :3]
                for y in (-1, 0, 1) for x in (-1, 0, 1)]
        return _colours(np.mean(near, axis=0)[None])[0]

    def _view(self, picture: UInt8Array, frame: int, usual_light: FloatArray) -> _View:
        box, scale = area_box(self._clip, frame, picture.shape[:2]), float(self._clip.scale[frame])
        low, extent = np.array([box.left, box.top]), np.array(box.shape[::-1])
        part = np.ascontiguousarray(picture[box.top : box.bottom, box.left : box.right, :3])
        size = np.maximum(np.round(extent * (WORK_PX_PER_CM / scale)).astype(int), 3)
        small = cv2.resize(part, tuple(int(v) for v in size), interpolation=cv2.INTER_AREA)
        light = np.median(self._anchors(picture, frame) - usual_light, axis=0)
        colours = _colours(small) - light.astype(np.float32)
        smooth = cv2.GaussianBlur(colours, (0, 0), SMOOTH_CM * WORK_PX_PER_CM)
        detail = colours[..., :1] - smooth[..., :1]
        points = (self._places.points(self._clip, frame)[0] - low + 0.5) * (size / extent) - 0.5
        return _View(box, colours, np.concatenate([smooth, detail], axis=2), points.astype(np.float32))

    def _spread_flat(self, view: _View) -> FloatArray:
        """Return the features at every place of the mean head [shape=(H, W, 4)]."""
        at = _drawn(self._places.flat, np.zeros(len(view.points), np.float32), self._places.triangles, view.points,
                    self._places.shape)  # fmt: skip
        return np.asarray(cv2.remap(view.features, at, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE))

    def _excess(self, view: _View, frame: int, known: _Known) -> tuple[FloatArray, FloatArray]:
        """Return how far the picture is from what was learnt, and the place of each pixel, outside of it -9."""
        usual = np.tensordot(np.r_[1.0, self._states[frame] - known.state].astype(np.float32), known.model, 1)
        where = _drawn(view.points, self._places.points(self._clip, frame)[1], self._places.triangles,
                       self._places.flat, view.features.shape[:2])  # fmt: skip
        forgiven = cv2.remap(known.forgiven, where, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        usual = cv2.remap(usual, where, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        excess = np.abs(view.features - usual)
        excess /= forgiven
        excess = np.maximum(excess - 1, 0) @ np.ones(excess.shape[2], np.float32)
        return np.where(where[..., 0] > -9, excess, np.float32(0.0)), where

    def _coherent(self, excess: FloatArray, where: FloatArray) -> np.ndarray:
        """Return the pixels of things that are large and come from outside [shape=(h, w), bool]."""
        zones = cv2.remap(self._places.zones, where, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT) > 0.5
        inside, throat, judged = (zones[..., k] for k in range(3))
        strong = excess > _STRONG
        thick = cv2.morphologyEx(strong.astype(np.uint8), cv2.MORPH_OPEN, _disc(_THICK_CM)) > 0
        strong = (strong & inside) | (thick & throat)
        cm2 = WORK_PX_PER_CM**2
        if strong.sum() < _LEAST_STRONG_CM2 * cm2:
            return np.zeros(excess.shape, bool)
        weak = cv2.morphologyEx(((excess > _WEAK) & judged).astype(np.uint8), cv2.MORPH_CLOSE, _disc(_CLOSING_CM))
        weak = cv2.morphologyEx(weak, cv2.MORPH_OPEN, np.ones((2, 2), np.uint8))
        count, labels = cv2.connectedComponents(weak, connectivity=4)
        area, sure, outer, front = (np.bincount(labels.ravel(), weights.ravel(), count)
                                    for weights in (np.ones(labels.shape), strong, ~(inside | throat), strong & inside))
        reaching = (front > _REACHING_CM2 * cm2) & (outer > _REACHING_SHARE * area)
        judged_area = np.where(reaching, area - outer, area)
        kept = (sure > np.maximum(_LEAST_STRONG_CM2 * cm2, _LEAST_INSIDE * judged_area)) & (
            (outer > _LEAST_OUTSIDE_CM2 * cm2) | (area > _LARGE_CM2 * cm2))
        kept[0] = False
        found = kept[labels].astype(np.uint8)
        outlines, _ = cv2.findContours(found, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        return np.asarray(cv2.drawContours(found, outlines, -1, 1, cv2.FILLED) > 0)


def _edged(found: np.ndarray, colours: FloatArray) -> FloatArray:
    """Return found things with their true edge, 0..1: what was found is as much too large as colours were smoothed.

    In a band along the edge a pixel is the thing's as far as its colour lies between that of the skin nearby and
    that of the thing nearby.
    """
    mask = found.astype(np.uint8)
    core = cv2.erode(mask, _disc(_BAND_CM), borderValue=1)
    own = cv2.dilate(mask, _disc(0.15)) == 0
    skin, known = _nearby(colours, own.astype(np.float32))
    away = ((colours - skin) ** 2).sum(axis=2)
    uneven = cv2.blur(away * own, _NEARBY_PX, borderType=cv2.BORDER_CONSTANT) / np.maximum(known, 1e-9)
    thing, _ = _nearby(colours, away * away * mask)
    across = thing - skin
    length = (across**2).sum(axis=2)
    share = ((colours - skin) * across).sum(axis=2) / np.maximum(length, 1e-6)
    share = np.clip((share - 0.1) / 0.5, 0, 1)
    sure = (core > 0) | (known < 1e-3) | (length < np.maximum(_ALIKE**2, _UNEVEN * uneven))
    return np.asarray(np.where(sure, 1.0, share) * mask, np.float32)


def _nearby(colours: FloatArray, weight: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the weighted mean of the colours around each pixel, and the mean weight there."""
    total = cv2.blur(np.dstack([colours * weight[..., None], weight]), _NEARBY_PX, borderType=cv2.BORDER_CONSTANT)
    return total[..., :3] / np.maximum(total[..., 3:], 1e-9), total[..., 3]


def _disc(radius_cm: float) -> UInt8Array:
    side = 2 * round(radius_cm * WORK_PX_PER_CM) + 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)), np.uint8)


def sample_frames(clip: HeadClip, cuts: Sequence[int] = ()) -> list[int]:
    """Choose the frames to learn from, evenly over each shot that shows the face, the longest shots first."""
    edges = [0, *cuts, len(clip.seen)]
    shots = [first + np.flatnonzero(clip.seen[first:last]) for first, last in zip(edges, edges[1:], strict=False)]
    each, chosen = SHOT_SAMPLES if cuts else SAMPLES, set[int]()
    for seen in sorted(shots, key=len, reverse=True):
        if len(seen) >= LEAST_SAMPLES and len(chosen) + each <= MOST_SAMPLES:
            places = np.linspace(0, len(seen) - 1, min(each, len(seen))).round().astype(int)
            chosen |= {int(frame) for frame in seen[places]}
    return sorted(chosen)


def _states(clip: HeadClip) -> FloatArray:
    """Return what changes the look of a face from frame to frame: turn, nod, opening [shape=(T, 3)]."""
    return np.column_stack([turn_and_nod(clip.rotation) / 0.2, lip_opening_cm(clip)]).astype(np.float32)


def _colours(rgb: FloatArray | UInt8Array) -> FloatArray:
    """Return log brightness, red over green, blue over green [shape=(H, W, 3)]."""
    if rgb.dtype == np.uint8:
        return np.asarray(cv2.transform(_LOGS[rgb], _MIXED))
    logs = np.log(rgb.astype(np.float32) * np.float32(1 / 255) + np.float32(_DARK))
    return logs @ _MIXED.T


_LOGS = np.log(np.arange(256, dtype=np.float32) * np.float32(1 / 255) + np.float32(_DARK))
_MIXED = np.float32([[0.299, 0.587, 0.114], [1, -1, 0], [0, -1, 1]])


def _drawn(xy: FloatArray, near: FloatArray, triangles: IntArray, values: FloatArray, shape: tuple[int, int]) -> FloatArray:
    out = np.full((*shape, 2), -10.0, np.float32)
    rasterize(xy, near, triangles, values, np.full(shape, -np.inf, np.float32), out, np.zeros(shape, np.int32), 0, False)
    return out


def _explained(looks: FloatArray, states: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Explain looks by states, robustly; return the model [shape=(4, H, W, C)] and what it leaves over [(H, W, C)]."""
    count, *shape = looks.shape
    values = looks.reshape(count, -1, shape[-1])
    inputs = np.column_stack([np.ones(len(states), np.float32), states])
    pairs = (inputs[:, :, None] * inputs[:, None, :]).reshape(count, -1)
    ridge = np.diag([0.0, 1.0, 1.0, 1.0]).astype(np.float32) * _RIDGE * count
    model = np.zeros((4, *values.shape[1:]), np.float32)
    model[0] = np.median(values, axis=0)
    for _ in range(_ROUNDS):
        rest = values - np.tensordot(inputs, model, 1)
        usual = _deviation(rest) + _FLOOR / 2
        weight = 1 / (1 + ((rest / usual) ** 2).mean(axis=2) / 4)
        gram = (weight.T @ pairs).reshape(-1, 4, 4) + ridge
        right = np.einsum("ni,np,npc->pic", inputs, weight, values, optimize=True)
        model = np.linalg.solve(gram, right).transpose(1, 0, 2)
    left = _deviation(values - np.tensordot(inputs, model, 1))
    return model.reshape(4, *shape).astype(np.float32), left.reshape(shape).astype(np.float32)


def _deviation(rest: FloatArray) -> FloatArray:
    """Return the standard deviation, judged by the frames that fit best, so that the others may be covered."""
    nearest = np.quantile(np.abs(rest), _TRUSTED_SHARE, axis=0)
    return np.asarray(nearest / _TRUSTED_QUANTILE, np.float32)
