"""Fit the head to a clip: one identity, and pose and expression in every frame."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from threading import Lock

import numpy as np
import numpy.typing as npt

from ...pipeline_core.arkit import INDEX
from ...pipeline_core.errors import NoFaceFound
from ...pipeline_core.host import Host
from ...pipeline_core.types import LANDMARK_COUNT, FloatArray
from .batch_fit import LANDMARKS, RIDGE, LandmarkBasis, Rigid, align, expression_basis, fit_frames, unit_basis
from .bounded import shared_solve
from .fit import (
    FITTED_UNITS,
    IDENTITY_LIMIT,
    IDENTITY_RIDGE,
    FittedHead,
    Pose,
    lay_on,
    warp_operator,
)
from .head_model import HeadModel
from .steady import neighbours, steady_pose, steady_shape, window

BRIDGE_S = 0.2
"""Gaps up to this long are filled with a straight line: a face hardly does more meanwhile than blink."""
BRIDGE_JUMP_RATIO = 0.3
"""A face that moved by more than this share of its width meanwhile is in another shot."""
CANDIDATES = 160
"""Frames, evenly over the clip, among which those for the identity are chosen."""
SAMPLES = 24
"""Frames that identity is taken from; more change nothing that the eye sees."""
IDENTITY_ROUNDS = 6
MISSED_ROUNDS = 3
DEPTH_PRIOR = 0.1
"""Doubt of depth by parallax, per frame: a head that turns by 18 degrees (sin^2 = 0.1) tells half of it."""
FRONTAL_DEG = 40.0
"""Beyond this turn half of the landmarks are guesses."""
CHUNK = 256
"""Frames that are fitted at a time: about 20 MB."""
BLOCK, BLOCKS = 8, 4
"""Frames whose shapes are made together, and how many such blocks are held: 1.4 MB each."""
PARTED = {"jawOpen": 0.4, "mouthUpperUpLeft": 0.2, "mouthUpperUpRight": 0.2}
"""Expression in which the residual is spread: parted lips, so that each lip has its own."""

BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class HeadClip:
    """One person's head in every frame of a clip."""

    model: HeadModel
    identity: FloatArray
    """[shape=(60,)] standard deviations."""
    expression: FloatArray
    """The clip's own, ARKit order, 0..1 [shape=(T, 52)]."""
    rotation: FloatArray
    """Head frame to camera frame [shape=(T, 3, 3)]; in gaps that of the nearest frame."""
    scale: FloatArray
    """Pixels per centimetre [shape=(T,)]."""
    offset_px: FloatArray
    """Pixel of the head frame's origin [shape=(T, 2)]."""
    landmarks_px: FloatArray
    """Landmarks without tremble [shape=(T, 478, 3)]; NaN in gaps."""
    seen: BoolArray
    """Whether the face was found, or bridged in a short gap [shape=(T,)]."""
    residual_ratio: FloatArray
    """Mean landmark distance before the residual warp, as a share of the face width [shape=(T,)]."""
    neutral_cm: FloatArray
    """The identity as a mesh, without expression and residual [shape=(N, 3)]."""
    spread: FloatArray
    """Residual at the landmarks -> residual at the vertices [shape=(N, 468)]."""

    def pose(self, frame: int) -> Pose:
        """Return where the head is in a frame."""
        return Pose(self.rotation[frame], float(self.scale[frame]), self.offset_px[frame])

    def head_at(self, frame: int) -> FittedHead:
        """Return the head, lying exactly on the landmarks of a frame in which it is seen."""
        shaped_cm, warp_px = self._neighbouring.at(self, frame)
        return lay_on(self.model, self.identity, self.neutral_cm, self.expression[frame], self.pose(frame),
                      self.landmarks_px[frame], lambda *_: warp_px, shaped_cm)

    @cached_property
    def _neighbouring(self) -> _Neighbouring:
        return _Neighbouring()


class _Neighbouring:
    """Shapes of neighbouring frames: several at a time cost hardly more than one, since the operators are read once."""

    def __init__(self) -> None:
        self._lock, self._held = Lock(), dict[int, tuple[FloatArray, FloatArray]]()

    def at(self, clip: HeadClip, frame: int) -> tuple[FloatArray, FloatArray]:
        """Return the head with its expression [shape=(N, 3), cm], and what takes it to the landmarks [shape=(N, 2), px]."""
        block, place = divmod(frame, BLOCK)
        with self._lock:
            if block not in self._held:
                if len(self._held) == BLOCKS:
                    self._held.pop(next(iter(self._held)))
                self._held[block] = self._made(clip, slice(BLOCK * block, min(BLOCK * (block + 1), len(clip.expression))))
            shaped, warp = self._held[block]
        return shaped[place], warp[:, place]

    @staticmethod
    def _made(clip: HeadClip, frames: slice) -> tuple[FloatArray, FloatArray]:
        shaped = clip.neutral_cm + np.tensordot(clip.expression[frames], clip.model.units, 1)
        placed = [clip.pose(frame).project(clip.model.landmarks(one))[:, :2] for frame, one in enumerate(shaped, frames.start)]
        residual = clip.landmarks_px[frames, :LANDMARKS, :2] - np.stack(placed)
        warp = clip.spread @ residual.transpose(1, 0, 2).reshape(LANDMARKS, -1)
        return shaped, warp.reshape(len(warp), len(shaped), 2)


def fit_clip(model: HeadModel, landmarks_px: FloatArray, score_ratio: FloatArray, fps: Fraction, host: Host) -> HeadClip:
    """Fit `model` to the MediaPipe landmarks of a clip.

    Parameters
    ----------
    model : HeadModel
        The head.
    landmarks_px : FloatArray
        Landmarks [shape=(T, 478, 3)]: x right, y down, z away from the viewer, in pixels; NaN where unseen.
    score_ratio : FloatArray
        Face presence [shape=(T,)], 0 where unseen.
    fps : Fraction
        Frame rate.
    host : Host
        Progress and cancel.

    Returns
    -------
    HeadClip
        Every frame on its own landmarks, smoothed without lag.

    Raises
    ------
    NoFaceFound
        If no frame shows the face.
    """
    seen = np.isfinite(landmarks_px).all(axis=(1, 2)) & (score_ratio > 0)
    if not seen.any():
        raise NoFaceFound("the face is not seen in any frame", hint="Choose another face or another clip.")
    points = np.array(landmarks_px, np.float32)
    points[~seen] = np.nan
    basis = expression_basis(model)
    identity, habit = _identity(model, basis, points, np.flatnonzero(seen))
    seen = _bridge(points, seen, fps)
    neutral = np.asarray(model.vertices + np.tensordot(identity, model.identity, 1), np.float32)
    shape = model.landmarks(neutral).astype(np.float64) + habit
    _steady(points, shape, seen, fps, host)
    expression, rigid, residual = _frames(model, shape, basis, points, seen, host)
    return HeadClip(model, identity, expression, rigid.rotation.astype(np.float32), rigid.scale.astype(np.float32),
                    (rigid.offset[:, :2] * [1, -1]).astype(np.float32), points, seen, residual, neutral,
                    _spread(model, neutral))


def _target(points: FloatArray) -> np.ndarray:
    return points[:, :LANDMARKS].astype(np.float64) * [1.0, -1.0, -1.0]


def _identity(model: HeadModel, basis: LandmarkBasis, points: FloatArray, frames: np.ndarray
              ) -> tuple[FloatArray, np.ndarray]:
    """Fit who it is from frames that differ as much as possible, each with a pose and an expression of its own.

    Returned with what the fit misses in all of them [shape=(468, 3), cm]. Left in, it would hide small movements:
    brows that lie higher than the model's can only rise from where the model has them.
    """
    mean = model.landmarks(model.vertices).astype(np.float64)
    frames = frames[np.unique(np.linspace(0, len(frames) - 1, min(CANDIDATES, len(frames))).round().astype(int))]
    target = _target(points[frames])
    strengths, rigid = fit_frames(mean, basis, target)
    chosen = _varied(strengths, rigid, _misfit(mean, basis, strengths, rigid, target))
    target, strengths, rigid = target[chosen], strengths[chosen], Rigid(*(part[chosen] for part in vars(rigid).values()))
    people = unit_basis(model, model.identity)
    whole = LandmarkBasis(np.concatenate([people, basis.flat.reshape(basis.shape)]))
    identity = np.zeros(len(people))
    for _ in range(IDENTITY_ROUNDS):
        shape = mean + np.tensordot(identity, people, 1)
        rigid = align(shape + basis.displace(strengths), target, rigid if identity.any() else None)
        identity, strengths = _joint(whole, len(people), rigid, rigid.undo(target) - mean)
    return identity.astype(np.float32), _missed(mean + np.tensordot(identity, people, 1), basis, target)


def _missed(shape: np.ndarray, basis: LandmarkBasis, target: np.ndarray) -> np.ndarray:
    """Return what all frames show beyond the head model [shape=(468, 3), cm].

    Seen from several sides it has a depth, by parallax alone: brows that are too far back would seem to
    rise whenever the head nods.
    """
    missed = np.zeros_like(shape)
    for _ in range(MISSED_ROUNDS if len(target) > 1 else 0):
        strengths, rigid = fit_frames(shape + missed, basis, target)
        apart = rigid.undo(target) - shape - missed - basis.displace(strengths)
        away = rigid.rotation[:, 2]
        across = np.eye(3) - away[:, :, None] * away[:, None]
        known = across.sum(axis=0) + np.diag([0.0, 0.0, DEPTH_PRIOR * len(target)])
        missed += np.linalg.solve(known, (apart @ across).sum(axis=0).T).T
    return missed


def _misfit(shape: np.ndarray, basis: LandmarkBasis, strengths: np.ndarray, rigid: Rigid, target: np.ndarray) -> np.ndarray:
    """Return the mean distance of the landmarks as a share of the face width [shape=(T,)]."""
    apart = (rigid.apply(shape + basis.displace(strengths)) - target)[:, :, :2]
    return np.linalg.norm(apart, axis=2).mean(axis=1) / np.ptp(target[:, :, 0], axis=1)


def _varied(strengths: np.ndarray, rigid: Rigid, misfit: np.ndarray) -> np.ndarray:
    """Choose frames that fit well and lie far apart in pose and expression."""
    looks = rigid.rotation[:, :, 2] @ np.diag([1.0, 1.0, 0.0])
    usable = (misfit <= 1.5 * np.median(misfit)) & (rigid.rotation[:, 2, 2] > np.cos(np.radians(FRONTAL_DEG)))
    pool = np.flatnonzero(usable) if usable.any() else np.arange(len(misfit))
    features = np.concatenate([strengths, 3.0 * looks], axis=1)[pool]
    chosen = [int(np.argmax(rigid.rotation[pool, 2, 2]))]
    apart = np.full(len(pool), np.inf)
    while len(chosen) < min(SAMPLES, len(pool)):
        apart = np.minimum(apart, ((features - features[chosen[-1]]) ** 2).sum(axis=1))
        chosen.append(int(np.argmax(apart)))
    return pool[chosen]


def _joint(whole: LandmarkBasis, people: int, rigid: Rigid, local: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Solve one identity and all expressions together, within their bounds."""
    grams, rights = whole.normal(rigid.rotation, local)
    # Frames of one clip repeat each other's errors: more of them must not weaken the prior on identity.
    return shared_solve(grams, rights, people, np.r_[np.full(people, IDENTITY_RIDGE**2), RIDGE], IDENTITY_LIMIT)


def _bridge(points: FloatArray, seen: BoolArray, fps: Fraction) -> BoolArray:
    """Fill short gaps with straight lines, in place; return what is seen then."""
    seen = seen.copy()
    frames = np.flatnonzero(seen)
    for a, b in zip(frames[:-1], frames[1:], strict=True):
        if b - a < 2 or (b - a - 1) / float(fps) > BRIDGE_S:
            continue
        if np.linalg.norm((points[b] - points[a]).mean(axis=0)[:2]) > BRIDGE_JUMP_RATIO * np.ptp(points[a, :, 0]):
            continue
        share = (np.arange(a + 1, b) - a)[:, None, None] / np.float32(b - a)
        points[a + 1 : b] = points[a] * (1 - share) + points[b] * share
        seen[a + 1 : b] = True
    return seen


def _chunks(count: int) -> Iterator[tuple[int, int]]:
    for start in range(0, count, CHUNK):
        yield start, min(start + CHUNK, count)


def _nearest(seen: BoolArray) -> np.ndarray:
    """Return for every frame the nearest one in which the face is seen."""
    frames = np.flatnonzero(seen)
    between = np.searchsorted((frames[:-1] + frames[1:]) / 2.0, np.arange(len(seen)))
    return np.asarray(frames[between])


def _steady(points: FloatArray, shape: np.ndarray, seen: BoolArray, fps: Fraction, host: Host) -> None:
    """Smooth the landmarks in place: the head as a whole, and the face in the head's own frame."""
    stand_in = _nearest(seen)
    parts = []
    for start, stop in _chunks(len(points)):
        host.progress(start, 3 * len(points))
        target = _target(points[stand_in[start:stop]])
        parts.append(align(np.broadcast_to(shape, target.shape), target))
    rigid = Rigid(*(np.concatenate([vars(part)[name] for part in parts]) for name in vars(parts[0])))
    calm = steady_pose(rigid, seen, fps)
    flip = np.array([1.0, -1.0, -1.0])
    places = rigid.part(stand_in[0], stand_in[0] + 1).undo(points[stand_in[:1]] * flip)[0]
    near, margin = neighbours(places), window(fps)
    before = np.zeros((0, LANDMARK_COUNT, 3), np.float32)
    for start, stop in _chunks(len(points)):
        host.progress(len(points) + start, 3 * len(points))
        last = min(stop + margin, len(points))
        raw = np.nan_to_num(points[start:last])
        first = start - len(before)
        local = rigid.part(first, last).undo(np.concatenate([before, raw]) * flip).astype(np.float32)
        before = raw[max(0, stop - start - margin) : stop - start]
        calmed = steady_shape(local, seen[first:last], near, fps)[start - first : stop - first]
        points[start:stop] = calm.part(start, stop).apply(calmed) * flip
    points[~seen] = np.nan


def _frames(model: HeadModel, shape: np.ndarray, basis: LandmarkBasis, points: FloatArray, seen: BoolArray,
            host: Host) -> tuple[FloatArray, Rigid, FloatArray]:
    """Fit pose and expression; where the face is not seen those of the nearest frame stand."""
    frames = np.flatnonzero(seen)
    expression = np.zeros((len(frames), len(INDEX)), np.float32)
    parts, misfits = [], []
    for start, stop in _chunks(len(frames)):
        host.progress(2 * len(frames) + start, 3 * len(frames))
        target = _target(points[frames[start:stop]])
        strengths, rigid = fit_frames(shape, basis, target)
        expression[start:stop, list(FITTED_UNITS)] = strengths
        misfits.append(_misfit(shape, basis, strengths, rigid, target))
        parts.append(rigid)
    host.progress(3 * len(frames), 3 * len(frames))
    back = np.searchsorted(frames, _nearest(seen))
    rigid = Rigid(*(np.concatenate([vars(part)[name] for part in parts])[back] for name in vars(parts[0])))
    return expression[back], rigid, np.concatenate(misfits)[back].astype(np.float32)


def _spread(model: HeadModel, neutral: FloatArray) -> FloatArray:
    parted = neutral + sum(share * model.units[INDEX[name]] for name, share in PARTED.items())
    points = np.asarray(parted)[:, :2]
    centres = model.landmarks(np.asarray(parted))[:, :2]
    return warp_operator(points, centres, float(np.ptp(centres[:, 0])))
