"""Pose and expression of many frames at a time: what `fit` does for one photo, with Gram matrices made once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...pipeline_core.arkit import BLENDSHAPES
from ...pipeline_core.types import FloatArray
from .bounded import bounded_solves
from .fit import CONTOUR_WEIGHT, DEPTH_WEIGHT, EXPRESSION_RIDGE, FITTED_UNITS, LIDS, LIPS
from .head_model import HeadModel

LANDMARKS = 468
"""Points of the surface; the iris points behind them are no part of the head."""
ROUNDS = 4
"""Pose and expression in turn; with a known identity the residual stops falling after three or four."""
POSE_DEPTH_WEIGHT = 0.05
"""As `fit.DEPTH_WEIGHT` for the pose alone. A clip shows depth by movement; the landmarks' own, a guess that hardly
turns with the head, would let nods pass for brows: with 0.25 these correlated with an actor's at 0.6, with 0.05 at 0.76."""
VAGUE = ("mouthDimpleLeft", "mouthDimpleRight", "mouthStretchLeft", "mouthStretchRight")
"""Units that pull the corners of the mouth as smiles do: they hold back (4 times the ridge), or take part of a smile in
one face and not in another."""
RIDGE = np.array([EXPRESSION_RIDGE * (4.0 if BLENDSHAPES[unit] in VAGUE else 1.0) for unit in FITTED_UNITS]) ** 2
_MOVES = np.array([[[0, 0, 0], [0, 0, -1], [0, 1, 0]], [[0, 0, 1], [0, 0, 0], [-1, 0, 0]],
                   [[0, -1, 0], [1, 0, 0], [0, 0, 0]], [[1, 0, 0], [0, 1, 0], [0, 0, 1]]], float)
"""Where small turns about the axes, and growing, move a point to."""
_WEIGHTED = _MOVES * np.array([1.0, 1.0, POSE_DEPTH_WEIGHT])[:, None]
_DEPTH_LOSS = 1.0 - DEPTH_WEIGHT**2


@dataclass(frozen=True, eq=False)
class Rigid:
    """Weak perspective of T frames: target = scale * R X + offset, with y up and z towards the viewer."""

    rotation: np.ndarray
    """[shape=(T, 3, 3)]"""
    scale: np.ndarray
    """Pixels per centimetre [shape=(T,)]."""
    offset: np.ndarray
    """[shape=(T, 3)]"""

    def apply(self, points: np.ndarray) -> np.ndarray:
        """Return points of the head frame in the picture [shape=(T, L, 3)]."""
        return points @ self._turned() + self.offset[:, None]

    def undo(self, target: np.ndarray) -> np.ndarray:
        """Return points of the picture in the head frame [shape=(T, L, 3)]."""
        return (target - self.offset[:, None]) @ (self.rotation / self.scale[:, None, None])

    def _turned(self) -> np.ndarray:
        return self.rotation.swapaxes(1, 2) * self.scale[:, None, None]

    def part(self, start: int, stop: int) -> Rigid:
        """Return the frames `start` to `stop` - 1."""
        return Rigid(self.rotation[start:stop], self.scale[start:stop], self.offset[start:stop])


class LandmarkBasis:
    """Displacements of the landmarks, with the Gram matrices that every view of them is made of."""

    def __init__(self, basis: np.ndarray, weight: np.ndarray | None = None) -> None:
        self.flat = basis.reshape(len(basis), -1)
        self.shape = basis.shape
        if weight is None:
            weight = np.ones(LANDMARKS)
            weight[list(LIPS + LIDS)] = CONTOUR_WEIGHT
        self.weight = weight**2
        axes = (basis * self.weight[:, None]).transpose(2, 0, 1)
        self._cross = np.stack([a @ b.transpose(1, 0) for a in axes for b in basis.transpose(2, 0, 1)])
        self._full = self._cross[[0, 4, 8]].sum(axis=0)

    def displace(self, coefficients: np.ndarray) -> np.ndarray:
        """Return what the coefficients move [shape=(T, 468, 3)]."""
        return (coefficients @ self.flat).reshape(-1, *self.shape[1:])

    def normal(self, rotation: np.ndarray, local: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the normal equations of each frame; depth counts less along the viewing axis."""
        count, size = len(rotation), self.shape[0]
        away = rotation[:, 2]
        outer = (away[:, :, None] * away[:, None]).reshape(count, 9)
        gram = self._full - _DEPTH_LOSS * (outer @ self._cross.reshape(9, -1)).reshape(count, size, size)
        deep = (local @ away[:, :, None]) * away[:, None]
        pull = (local - _DEPTH_LOSS * deep) * self.weight[:, None]
        return gram, pull.reshape(count, -1) @ self.flat.T


def unit_basis(model: HeadModel, units: FloatArray) -> np.ndarray:
    """Return shapes of the head at the landmarks [shape=(B, 468, 3)]."""
    corners = units[:, model.landmark_triangles]
    return np.einsum("lk,blkc->blc", model.landmark_weights, corners).astype(np.float64)


def expression_basis(model: HeadModel) -> LandmarkBasis:
    """Return the units that landmarks can tell, in the order of `FITTED_UNITS`."""
    return LandmarkBasis(unit_basis(model, model.units[list(FITTED_UNITS)]))


def fit_frames(shape: np.ndarray, basis: LandmarkBasis, target: np.ndarray) -> tuple[np.ndarray, Rigid]:
    """Fit pose and expression to the frames of a known head.

    Parameters
    ----------
    shape : ndarray
        Landmarks of the head without expression [shape=(468, 3), cm].
    basis : LandmarkBasis
        From `expression_basis`.
    target : ndarray
        Landmarks with y up and z towards the viewer, in pixels [shape=(T, 468, 3)].

    Returns
    -------
    tuple
        Strengths of `FITTED_UNITS`, 0..1 [shape=(T, B)], and the poses.
    """
    size = basis.shape[0]
    low, high = np.zeros(size), np.ones(size)
    strengths = np.zeros((len(target), size))
    rigid = align(np.broadcast_to(shape, target.shape), target)
    for _ in range(ROUNDS):
        gram, right = basis.normal(rigid.rotation, rigid.undo(target) - shape)
        gram[:, range(size), range(size)] += RIDGE
        strengths = bounded_solves(gram, right, low, high, strengths)
        rigid = align(shape + basis.displace(strengths), target, rigid, steps=1)
    return strengths, rigid


def align(points: np.ndarray, target: np.ndarray, start: Rigid | None = None, steps: int = 4) -> Rigid:
    """Do what `fit._procrustes` does for T frames at once [points, target: shape=(T, L, 3)].

    All steps need of the points is their second moments. Around their means no shift is left to be found.
    """
    middle, goal = points.mean(1), target.mean(1)
    a, b = points - middle[:, None], target - goal[:, None]
    own, cross = a.swapaxes(1, 2) @ a, a.swapaxes(1, 2) @ b
    rotation, scale = _umeyama(own, cross) if start is None else (start.rotation, start.scale)
    for _ in range(steps):
        turned = rotation @ own @ rotation.swapaxes(1, 2)
        step = _gauss_newton(turned, rotation @ cross - scale[:, None, None] * turned, scale)
        rotation, scale = _rotations(step[:, :3]) @ rotation, scale + step[:, 3]
    moved = scale[:, None] * (rotation @ middle[:, :, None])[:, :, 0]
    return Rigid(rotation, scale, goal - moved)


def _umeyama(own: np.ndarray, cross: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    u, _, vt = np.linalg.svd(cross.swapaxes(1, 2))
    u[:, :, 2] *= np.sign(np.linalg.det(u @ vt))[:, None]
    rotation = u @ vt
    return rotation, np.trace(rotation @ cross, axis1=1, axis2=2) / np.trace(own, axis1=1, axis2=2)


def _gauss_newton(turned: np.ndarray, apart: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Return the step of turn and scale [shape=(T, 4)].

    Parameters
    ----------
    turned : ndarray
        Second moments of the turned points [shape=(T, 3, 3)].
    apart : ndarray
        Moments of those points with what the target is away from them [shape=(T, 3, 3)].
    scale : ndarray
        [shape=(T,)]
    """
    sizes = np.column_stack([scale, scale, scale, np.ones_like(scale)])
    gram = np.einsum("icd,jce,tde->tij", _WEIGHTED, _MOVES, turned, optimize=True)
    right = np.einsum("icd,tdc->ti", _WEIGHTED, apart)
    return np.asarray(np.linalg.solve(gram * sizes[:, :, None] * sizes[:, None], (right * sizes)[:, :, None])[:, :, 0])


def _rotations(vectors: np.ndarray) -> np.ndarray:
    """Rotations by |vector| radians about each vector (Rodrigues)."""
    angle = np.maximum(np.linalg.norm(vectors, axis=1), 1e-12)[:, None, None]
    x, y, z = vectors.T
    zero = np.zeros_like(x)
    skew = np.stack([zero, -z, y, z, zero, -x, -y, x, zero], axis=1).reshape(-1, 3, 3) / angle
    return np.eye(3) + np.sin(angle) * skew + (1 - np.cos(angle)) * skew @ skew
