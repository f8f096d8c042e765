"""Find the faces of a picture or a video and choose the one that talks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ..errors import InputError
from ..host import Host
from ..interfaces import DetectedFace, Landmarker
from ..media.image import over
from ..types import LANDMARK_COUNT, FaceTrack, Portrait, UInt8Array
from .choice import ORDERS, DetectSettings, default_landmarker, no_face, ranked
from .geometry import face_box
from .quality import quality_warnings
from .video import detect_video

__all__ = ["ORDERS", "DetectSettings", "detect_faces", "detect_video", "track_from_landmarks", "visible_pixels"]


_GREY_RGB = (127, 127, 127)
"""Behind transparent pixels while looking for faces: their hidden colours are arbitrary."""


def detect_faces(portrait: Portrait, settings: DetectSettings, host: Host,
                 landmarker: Landmarker | None = None) -> FaceTrack:
    """Find the faces of a picture.

    Parameters
    ----------
    portrait : Portrait
        The picture.
    settings : DetectSettings
        Which face to take.
    host : Host
        Device and cancelling.
    landmarker : Landmarker, optional
        The back end; by default the best one that is registered.

    Returns
    -------
    FaceTrack
        One frame with all faces, numbered 0, 1, ... in the order asked for.

    Raises
    ------
    NoFaceFound
        If there is no face of enough confidence.
    SettingError
        If there are fewer faces than `face_index` asks for.
    """
    landmarker = landmarker or default_landmarker()
    found = landmarker.detect([visible_pixels(portrait)], host)[0]
    sure = [face for face in found if face.score_ratio >= settings.min_confidence]
    if not sure:
        best = max((face.score_ratio for face in found), default=0.0)
        raise no_face(f"{portrait.source!r} ({portrait.width_px} x {portrait.height_px} px)", best)
    boxes = [face_box(face.landmarks_px) for face in sure]
    chosen = ranked(boxes, settings)
    return _photo_track(portrait, [sure[i] for i in chosen], settings)


def track_from_landmarks(portrait: Portrait, landmarks: npt.ArrayLike,
                         settings: DetectSettings | None = None) -> FaceTrack:
    """Make a track from landmarks that another program found.

    Parameters
    ----------
    portrait : Portrait
        The picture.
    landmarks : array-like
        MediaPipe mesh points in pixels of the picture [shape=(478, 2 or 3) or (F, 478, 2 or 3)];
        without z the face is taken as flat.
    settings : DetectSettings, optional
        Which face to take.

    Raises
    ------
    InputError
        If the array has another shape, or holds values that are no numbers.
    """
    settings = settings or DetectSettings()
    points = np.asarray(landmarks, dtype=np.float32)
    points = points[None] if points.ndim == 2 else points
    if points.ndim != 3 or not len(points) or points.shape[1] != LANDMARK_COUNT or points.shape[2] not in (2, 3):
        raise InputError(f"landmarks have the shape {points.shape}, not (faces, 478, 2 or 3)",
                         hint="Give the 478 points of the MediaPipe face mesh in pixels.")
    if not np.isfinite(points).all():
        raise InputError("landmarks hold values that are not numbers", hint="Leave out faces that were not found.")
    points = np.pad(points, ((0, 0), (0, 0), (0, 3 - points.shape[2])))
    faces = [DetectedFace(p, 1.0) for p in points]
    chosen = ranked([face_box(p) for p in points], settings)
    return _photo_track(portrait, [faces[i] for i in chosen], settings)


def visible_pixels(portrait: Portrait) -> UInt8Array:
    """Return the picture over grey where it is transparent [shape=(H, W, 3)]."""
    if portrait.alpha is None:
        return portrait.image
    return over(portrait.image, portrait.alpha, _GREY_RGB)


def _photo_track(portrait: Portrait, faces: Sequence[DetectedFace], settings: DetectSettings) -> FaceTrack:
    talker = faces[settings.face_index]
    return FaceTrack(
        width_px=portrait.width_px, height_px=portrait.height_px,
        landmarks_px=np.stack([face.landmarks_px for face in faces])[None],
        score_ratio=np.asarray([[face.score_ratio for face in faces]], np.float32),
        face_ids=tuple(range(len(faces))), selected=settings.face_index, portrait=portrait,
        warnings=(*portrait.warnings,
                  *quality_warnings(visible_pixels(portrait), talker.landmarks_px, talker.score_ratio)))
