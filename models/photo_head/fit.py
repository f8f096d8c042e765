"""Fit the head to 478 landmarks: pose, identity and expression, then warp the rest away."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ...pipeline_core.arkit import INDEX
from ...pipeline_core.face.geometry import LEFT_EYE, LIPS_INNER, LIPS_OUTER, RIGHT_EYE
from ...pipeline_core.types import FloatArray
from .bounded import bounded_solve
from .head_model import HeadModel
from .ramp import smoothstep

ROUNDS = 8
"""Pose and shape are solved in turn; the residual stops falling after six to eight rounds."""
DEPTH_WEIGHT = 0.25
"""Trust in the landmarks' z relative to x and y: it is a guess from one view."""
CONTOUR_WEIGHT = 2.0
"""Extra weight of lip and lid contours, which move most and show most."""
IDENTITY_RIDGE = 0.6
EXPRESSION_RIDGE = 0.25
IDENTITY_LIMIT = 2.5
"""Identity coefficients are in standard deviations."""
RESIDUAL_REACH = 0.22
"""Beyond this share of the face width from the nearest landmark the residual warp has faded."""

FITTED_UNITS = tuple(
    INDEX[name]
    for name in (
        "eyeBlinkLeft", "eyeBlinkRight", "eyeSquintLeft", "eyeSquintRight", "eyeWideLeft", "eyeWideRight",
        "jawOpen", "jawLeft", "jawRight", "mouthFunnel", "mouthPucker", "mouthLeft", "mouthRight",
        "mouthSmileLeft", "mouthSmileRight", "mouthFrownLeft", "mouthFrownRight", "mouthDimpleLeft",
        "mouthDimpleRight", "mouthStretchLeft", "mouthStretchRight", "mouthRollLower", "mouthRollUpper",
        "mouthShrugLower", "mouthShrugUpper", "mouthLowerDownLeft", "mouthLowerDownRight",
        "mouthUpperUpLeft", "mouthUpperUpRight", "browDownLeft", "browDownRight", "browInnerUp",
        "browOuterUpLeft", "browOuterUpRight", "cheekSquintLeft", "cheekSquintRight",
        "noseSneerLeft", "noseSneerRight",
    )
)  # fmt: skip

LIPS = LIPS_OUTER + LIPS_INNER
LIDS = RIGHT_EYE + LEFT_EYE


def turn_and_nod(rotation: FloatArray) -> FloatArray:
    """Return where the face looks, to the viewer's right and up, in radians [rotation: shape=(..., 3, 3)] -> [shape=(..., 2)]."""
    away = rotation[..., 2]
    return np.stack([np.arctan2(away[..., 0], away[..., 2]), np.arcsin(np.clip(away[..., 1], -1, 1))], axis=-1)


@dataclass(frozen=True, eq=False)
class Pose:
    """Weak perspective camera: pixel = scale * (R X) with y down, plus offset."""

    rotation: FloatArray
    """Head frame to camera frame [shape=(3, 3)]."""
    scale: float
    """Pixels per centimetre."""
    offset_px: FloatArray
    """Pixel of the head frame's origin [shape=(2,)]."""

    @property
    def yaw_deg(self) -> float:
        """Turn of the head towards the viewer's right (+) or left."""
        return float(np.degrees(turn_and_nod(self.rotation)[0]))

    def project(self, points_cm: FloatArray) -> FloatArray:
        """Return x right, y down, depth towards the viewer, in pixels [shape=(..., 3)]."""
        turned = points_cm @ (self.rotation.T * np.float32(self.scale))
        turned[..., 1] *= -1
        turned[..., :2] += self.offset_px
        return np.asarray(turned, np.float32)


@dataclass(frozen=True, eq=False)
class FittedHead:
    """One person's head, such that it lies exactly on the photo."""

    neutral_cm: FloatArray
    """Head without expression, residual included [shape=(N, 3)]."""
    expression: FloatArray
    """The photo's own expression, ARKit order [shape=(52,)]."""
    identity: FloatArray
    """[shape=(60,)] standard deviations."""
    pose: Pose
    source_px: FloatArray
    """Where each vertex lies in the photo [shape=(N, 3)]."""
    mouth_affine: FloatArray
    """Places the mouth interior: position + affine @ (x, y, z, 1) [shape=(3, 4), cm]."""
    residual_ratio: float
    """Mean landmark distance before the residual warp, as a share of the face width."""


def fit_head(model: HeadModel, landmarks_px: FloatArray) -> FittedHead:
    """Fit `model` to MediaPipe landmarks.

    Parameters
    ----------
    model : HeadModel
        The head.
    landmarks_px : FloatArray
        Landmarks [shape=(478, 3)], x right, y down, z away from the viewer, in pixels.

    Returns
    -------
    FittedHead
        Whose `source_px` agrees with the landmarks to a fraction of a pixel.
    """
    target = np.asarray(landmarks_px[:468], np.float64) * [1.0, -1.0, -1.0]
    basis = np.concatenate([model.identity, model.units[list(FITTED_UNITS)]])
    corners = basis[:, model.landmark_triangles]
    at_landmarks = np.einsum("lk,blkc->blc", model.landmark_weights, corners).astype(np.float64)
    mean = model.landmarks(model.vertices).astype(np.float64)
    coefficients = _alternate(mean, at_landmarks, target)
    rotation, scale, offset = _procrustes(mean + np.tensordot(coefficients, at_landmarks, 1), target)
    pose = Pose(rotation.astype(np.float32), float(scale), np.array([offset[0], -offset[1]], np.float32))
    count = len(model.identity)
    identity = coefficients[:count].astype(np.float32)
    expression = np.zeros(len(model.units), np.float32)
    expression[list(FITTED_UNITS)] = coefficients[count:]
    neutral = np.asarray(model.vertices + np.tensordot(identity, model.identity, 1))
    width = float(np.ptp(landmarks_px[:468, 0]))

    def warp(shaped_px: FloatArray, residual_px: FloatArray) -> FloatArray:
        return _residual_warp(shaped_px, landmarks_px[:468, :2], residual_px, width)

    return lay_on(model, identity, neutral, expression, pose, landmarks_px, warp)


def lay_on(model: HeadModel, identity: FloatArray, neutral_cm: FloatArray, expression: FloatArray, pose: Pose,
           landmarks_px: FloatArray, warp: Callable[[FloatArray, FloatArray], FloatArray],
           shaped_cm: FloatArray | None = None) -> FittedHead:
    """Move a fitted head so that it lies exactly on the landmarks.

    Parameters
    ----------
    model : HeadModel
        The head.
    identity, neutral_cm : FloatArray
        Who it is, in standard deviations [shape=(60,)] and as a mesh [shape=(N, 3)].
    expression : FloatArray
        ARKit order [shape=(52,)].
    pose : Pose
        Where it is.
    landmarks_px : FloatArray
        Where it shall be [shape=(478, 3)].
    warp : callable
        Spreads what is missing at the landmarks [shape=(468, 2)] over the vertices, given their places in the
        picture [shape=(N, 2)].
    shaped_cm : FloatArray, optional
        The mesh with its expression, where it is known [shape=(N, 3)].

    Returns
    -------
    FittedHead
        The head, whose neutral shape holds the warp.
    """
    shaped = neutral_cm + np.tensordot(expression, model.units, 1) if shaped_cm is None else shaped_cm
    residual_px = np.asarray(landmarks_px[:468, :2] - pose.project(model.landmarks(shaped))[:, :2])
    warp_px = warp(pose.project(shaped)[:, :2], residual_px)
    back = np.column_stack([warp_px[:, 0], -warp_px[:, 1], np.zeros(len(warp_px))]) / pose.scale
    warp_cm = (back @ pose.rotation).astype(np.float32)
    lip_shift = (np.append([1, -1] * residual_px[list(LIPS)].mean(axis=0), 0.0) / pose.scale) @ pose.rotation
    affine = np.tensordot(identity, model.mouth_identity, 1)
    affine[:, 3] += lip_shift
    return FittedHead(
        neutral_cm=np.asarray(neutral_cm + warp_cm, np.float32),
        expression=expression,
        identity=identity,
        pose=pose,
        source_px=pose.project(np.asarray(shaped + warp_cm, np.float32)),
        mouth_affine=affine.astype(np.float32),
        residual_ratio=float(np.linalg.norm(residual_px, axis=1).mean() / np.ptp(landmarks_px[:468, 0])),
    )


def _alternate(mean: np.ndarray, basis: np.ndarray, target: np.ndarray) -> np.ndarray:
    count = len(basis)
    expressions = len(FITTED_UNITS)
    ridge = np.r_[np.full(count - expressions, IDENTITY_RIDGE), np.full(expressions, EXPRESSION_RIDGE)] ** 2
    low = np.r_[np.full(count - expressions, -IDENTITY_LIMIT), np.zeros(expressions)]
    high = np.r_[np.full(count - expressions, IDENTITY_LIMIT), np.ones(expressions)]
    weights = np.ones((len(mean), 1))
    weights[list(LIPS + LIDS)] = CONTOUR_WEIGHT
    weights = weights * [1.0, 1.0, DEPTH_WEIGHT]
    coefficients = np.zeros(count)
    for _ in range(ROUNDS):
        rotation, scale, offset = _procrustes(mean + np.tensordot(coefficients, basis, 1), target)
        local = (target - offset) @ rotation / scale - mean
        # Depth is only weak along the viewing axis: weigh in camera axes.
        turned = (basis @ rotation.T) * weights
        wanted = (local @ rotation.T) * weights
        matrix = turned.reshape(count, -1)
        # One centimetre is about 7 % of a face; the ridge is stated for millimetre-like residuals.
        gram, right = matrix @ matrix.T + np.diag(ridge), matrix @ wanted.ravel()
        coefficients = bounded_solve(gram, right, low, high)
    return coefficients


def _procrustes(points: np.ndarray, target: np.ndarray) -> tuple[np.ndarray, float, np.ndarray]:
    """Similarity that maps points onto target, depth trusted less.

    Umeyama (1991) gives the start; Gauss-Newton steps then honour the weights of the axes, which
    a closed form cannot (weighing its covariance would turn three-quarter views to the front).
    """
    a, b = points - points.mean(0), target - target.mean(0)
    u, _, vt = np.linalg.svd(b.T @ a)
    rotation = u @ np.diag([1.0, 1.0, np.sign(np.linalg.det(u @ vt))]) @ vt
    turned = a @ rotation.T
    scale = float((turned * b).sum() / (turned * turned).sum())
    offset = np.zeros(3)
    weight = np.tile([1.0, 1.0, DEPTH_WEIGHT], len(a))
    for _ in range(4):
        turned = a @ rotation.T
        residual = (b - offset - scale * turned).ravel()
        turns = [scale * np.cross(axis, turned).ravel() for axis in np.eye(3)]
        moves = [np.tile(axis, len(a)) for axis in np.eye(3)]
        matrix = np.stack([*turns, turned.ravel(), *moves], axis=1)
        step = np.linalg.solve((matrix * weight[:, None]).T @ matrix, matrix.T @ (residual * weight))
        rotation = _rotation(step[:3]) @ rotation
        scale, offset = scale + float(step[3]), offset + step[4:]
    return rotation, scale, target.mean(0) + offset - scale * rotation @ points.mean(0)


def _rotation(vector: np.ndarray) -> np.ndarray:
    """Rotation by |vector| radians about vector (Rodrigues)."""
    angle = float(np.linalg.norm(vector))
    if angle < 1e-12:
        return np.eye(3)
    x, y, z = vector / angle
    skew = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.eye(3) + np.sin(angle) * skew + (1 - np.cos(angle)) * skew @ skew


def _residual_warp(points: FloatArray, centres: FloatArray, residual: FloatArray, width: float) -> FloatArray:
    """Thin-plate interpolation of the residual, fading outside the landmarks."""
    from scipy.interpolate import RBFInterpolator
    from scipy.spatial import cKDTree

    unit = 200.0 / width  # so that the smoothing means the same on every picture size
    spline = RBFInterpolator(centres * unit, residual, kernel="thin_plate_spline", smoothing=0.5)
    warp = spline(points * unit)
    distance = cKDTree(centres).query(points)[0] / (RESIDUAL_REACH * width)
    return np.asarray(warp * smoothstep(1.0 - distance)[:, None], np.float32)


def warp_operator(points: FloatArray, centres: FloatArray, width: float) -> FloatArray:
    """Return the matrix that spreads any residual at `centres` over `points` [shape=(N, 468)]."""
    return _residual_warp(points, centres, np.eye(len(centres), dtype=np.float32), width)
