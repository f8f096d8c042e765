"""Measure head, eyes and expression of a clip by fitting the 3D head to its landmarks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..pipeline_core.blas import one_blas_thread
from ..pipeline_core.host import Host
from ..pipeline_core.registry import Backend, register
from ..pipeline_core.types import FaceTrack, HeadTrack

if TYPE_CHECKING:
    from .photo_head.clip_fit import HeadClip

_EYES = ((362, 263, 386, 374, 473), (133, 33, 159, 145, 468))
"""Inner and outer corner, upper and lower lid, and middle of the iris of the left and the right eye."""
_LIPS = (13, 14, 61, 291)
"""Middle of the upper and lower lip, corners."""
EYEBALL_BEHIND_CM = 0.5
"""The eyeball turns about a point this far behind the line between the corners of the eye: anatomy says 0.4 to 0.6, and
gaze agrees with MediaPipe's own network at 0.97 in clips of heads that turn (0.8 with 1.2; landmarks tell no depth)."""
FOUND_ACROSS_UP = (0.8, 0.5)
"""How much of the way of an iris from the middle of its eye the landmarks show. Across, they show 0.7 to 0.9 of what is
drawn on seven portraits (irises matched pixel by pixel). Up, lids that stay hold them back to 0.4; two people who nod and
keep looking into the lens look up as far as they nod with 0.5."""


class HeadTracker:
    """Implements `interfaces.Tracker`."""

    @one_blas_thread()
    def track(self, face: FaceTrack, host: Host) -> HeadTrack:
        """Return what the selected face does.

        Parameters
        ----------
        face : FaceTrack
            Of a video, or of a photo.
        host : Host
            Progress and cancel.

        Raises
        ------
        NoFaceFound
            If the face is in no frame.
        """
        from ..pipeline_core.cache import shared
        from .photo_head.clip_fit import fit_clip
        from .photo_head.head_model import load_head_model

        model = shared().get(("head_model",), load_head_model)
        column = face.selected
        clip = fit_clip(model, face.landmarks_px[:, column], face.score_ratio[:, column], face.fps, host)
        return head_track(clip, face)


def head_track(clip: HeadClip, face: FaceTrack) -> HeadTrack:
    """Return the measurements of a fitted clip."""
    from .photo_head.expression_fit import expressions

    points = _points_cm(clip)
    centres = [(points[numbers[0]] + points[numbers[1]]) / 2 for numbers in _EYES]
    unit = np.median(np.linalg.norm(centres[0] - centres[1], axis=1))
    upper, lower, right, left = (points[number] for number in _LIPS)
    lips = np.stack([np.linalg.norm(upper - lower, axis=1), np.linalg.norm(left - right, axis=1)], axis=1) / unit
    return HeadTrack(
        fps=face.fps, expression=expressions(clip), head_deg=head_angles_deg(clip.rotation), head_shift=_head_shift(clip),
        gaze_deg=np.mean([_gaze_deg(clip, *numbers[:2], numbers[4]) for numbers in _EYES], axis=0),
        lids_ratio=np.stack([_lids(points, *numbers[:4]) for numbers in _EYES], axis=1),
        lips_ratio=lips, seen=clip.seen, warnings=face.warnings)


def _points_cm(clip: HeadClip) -> dict[int, np.ndarray]:
    """Return the landmarks that count, in the head's frame; in gaps those of the nearest frame [shape=(T, 3) each]."""
    wanted = sorted({number for numbers in (*_EYES, _LIPS) for number in numbers})
    nearest = _nearest(clip)
    offset = np.column_stack([clip.offset_px, np.zeros(len(clip.seen))])[:, None]
    flat = (clip.landmarks_px[nearest[:, None], wanted] - offset[nearest]) * [1.0, -1.0, -1.0]
    local = flat @ (clip.rotation[nearest] / clip.scale[nearest, None, None])
    return {number: local[:, k] for k, number in enumerate(wanted)}


def _nearest(clip: HeadClip) -> np.ndarray:
    """Return for every frame the nearest one in which the face is seen."""
    frames = np.flatnonzero(clip.seen)
    return np.asarray(frames[np.searchsorted((frames[:-1] + frames[1:]) / 2.0, np.arange(len(clip.seen)))])


def _gaze_deg(clip: HeadClip, inner: int, outer: int, iris: int) -> np.ndarray:
    """Return where an eye looks in the head, right (for the viewer) and up [shape=(T, 2)]."""
    from .photo_head.plug import EYEBALL_RADIUS_CM

    nearest = _nearest(clip)
    corners, middle = clip.landmarks_px[nearest[:, None], [inner, outer], :2].mean(axis=1), clip.landmarks_px[nearest, iris, :2]
    rotation, scale = clip.rotation[nearest].astype(np.float64), clip.scale[nearest, None]
    away = _whole_way((middle - corners) * [1.0, -1.0] / scale, rotation) + EYEBALL_BEHIND_CM * rotation[:, :2, 2]
    aside = np.clip(away / EYEBALL_RADIUS_CM, -0.7, 0.7)
    look = np.column_stack([aside, np.sqrt(1.0 - (aside**2).sum(axis=1))])
    look = (look[:, None] @ rotation)[:, 0]
    up = np.arcsin(np.clip(look[:, 1], -1.0, 1.0))
    return np.degrees(np.column_stack([np.arctan2(look[:, 0], look[:, 2]), up]))


def _whole_way(shown: np.ndarray, rotation: np.ndarray) -> np.ndarray:
    """Return how far an iris is from the middle of its eye, from how far the landmarks show it [shape=(T, 2)]."""
    across = rotation[:, :2, 0] / np.linalg.norm(rotation[:, :2, 0], axis=1, keepdims=True)
    axes = np.stack([across, across[:, ::-1] * [-1.0, 1.0]], axis=1)
    along = (axes @ shown[:, :, None])[:, :, 0] / FOUND_ACROSS_UP
    return np.asarray((along[:, None] @ axes)[:, 0])


def _lids(points: dict[int, np.ndarray], inner: int, outer: int, upper: int, lower: int) -> np.ndarray:
    """Return how far an eye is open, as a share of its width [shape=(T,)]."""
    gap = np.linalg.norm(points[upper] - points[lower], axis=1)
    return np.asarray(gap / np.linalg.norm(points[inner] - points[outer], axis=1))


def head_angles_deg(rotation: np.ndarray) -> np.ndarray:
    """Return yaw, pitch and roll of rotations, the inverse of `field.rotation_matrix` [shape=(T, 3)]."""
    r = rotation.astype(np.float64)
    yaw = np.arctan2(-r[:, 2, 0], r[:, 2, 2])
    pitch = np.arcsin(np.clip(-r[:, 2, 1], -1.0, 1.0))
    roll = np.arctan2(r[:, 0, 1], r[:, 1, 1])
    return np.degrees(np.stack([yaw, pitch, roll], axis=1))


def _head_shift(clip: HeadClip) -> np.ndarray:
    """Return where the pivot of the head is, the inverse of `field.HeadField.moved` [shape=(T, 3)]."""
    from .photo_head.field import CAMERA_DISTANCE_CM, INTER_OCULAR_CM, PIVOT_CM

    usual = float(np.median(clip.scale[clip.seen]))
    pivot = (clip.rotation @ np.float32(PIVOT_CM))[:, :2] * [1, -1] * clip.scale[:, None] + clip.offset_px
    nearer = CAMERA_DISTANCE_CM * (1.0 - usual / clip.scale)
    return np.column_stack([pivot / usual, nearer]) / INTER_OCULAR_CM


def _load() -> Any:
    return HeadTracker()


register(
    Backend(
        kind="tracker",
        id="head",
        title="3D head fit (no download)",
        load=_load,
        licence="CC0-1.0",
        commercial=True,
        priority=100,
        packages=("cv2", "scipy"),
    )
)
