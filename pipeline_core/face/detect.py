"""Find the faces of a picture or a video and choose the one that talks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..errors import InputError, NoFaceFound
from ..host import Host
from ..interfaces import DetectedFace, Landmarker
from ..media.image import over
from ..types import LANDMARK_COUNT, FaceTrack, FloatArray, Portrait, UInt8Array
from .choice import (
    DETECTORS,
    ORDERS,
    Box,
    DetectSettings,
    backend_of,
    landmarker_of,
    no_face,
    nobody_there,
    ranked,
)
from .geometry import face_box
from .given import given_boxes, given_frames, meanings, nearest
from .quality import quality_warnings
from .video import detect_video

__all__ = ["DETECTORS", "ORDERS", "DetectSettings", "detect_faces", "detect_video", "track_from_landmarks", "visible_pixels"]


_GREY_RGB = (127, 127, 127)
"""Behind transparent pixels while looking for faces: their hidden colours are arbitrary."""


def detect_faces(portrait: Portrait, settings: DetectSettings, host: Host, landmarker: Landmarker | None = None, *,
                 landmarks: Any = None, box: Any = None) -> FaceTrack:
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
        The back end; by default the one that the settings name.
    landmarks : optional
        Faces that another program found, in a form that `given.given_frames` knows. With 478 or 468
        points nothing is searched; other landmarks only say where the face that talks is.
    box : optional
        Where the face that talks is, in a form that `given.given_boxes` knows; `face_index` does not count then.

    Returns
    -------
    FaceTrack
        One frame with all faces, numbered 0, 1, ... in the order asked for.

    Raises
    ------
    NoFaceFound
        If there is no face of enough confidence, or none at the box.
    SettingError
        If there are fewer faces than `face_index` asks for.
    InputError
        If landmarks or box have an unknown form.
    """
    image = visible_pixels(portrait)
    numbers = given_boxes(box)[0] if box is not None else None
    notes: tuple[str, ...] = ()
    faces: list[DetectedFace] = []
    found_by = ""
    if landmarks is not None:
        faces, place, notes = _given(given_frames(landmarks, portrait.width_px, portrait.height_px), portrait.source)
        numbers = numbers or place
    if not faces:
        if landmarker is None:
            landmarker, found_by = landmarker_of(settings), backend_of(settings).id
        faces = _search(image, portrait, settings, host, landmarker, may_fail=numbers is not None)
    talker = None
    if numbers is not None:
        faces, talker = _at(image, faces, numbers, settings, host, landmarker)
    order, position = ranked([face_box(face.landmarks_px) for face in faces], settings, talker)
    return _photo_track(portrait, image, [faces[i] for i in order], position, notes, found_by)


def _given(frames: list[list[FloatArray]], source: str
           ) -> tuple[list[DetectedFace], tuple[float, ...] | None, tuple[str, ...]]:
    """Return faces with all landmarks, else where the first face is, and what to say about it."""
    first = frames[0] if frames else []
    if not first:
        raise NoFaceFound(f"the landmarks hold no face for {source!r}",
                          hint="Check the node that finds them, or disconnect it: Detect Face finds faces by itself.")
    whole = [DetectedFace(points, 1.0) for points in first if len(points) == LANDMARK_COUNT]
    if whole:
        return whole, None, ()
    (left, top), (right, bottom) = first[0][:, :2].min(axis=0), first[0][:, :2].max(axis=0)
    note = (f"landmarks with {len(first[0])} points only say where the face is: its {LANDMARK_COUNT} points were found "
            "again there")
    # As a corner and a size: the only meaning of four numbers that always exists.
    return [], (float(left), float(top), float(right - left), float(bottom - top)), (note,)


def _search(image: UInt8Array, portrait: Portrait, settings: DetectSettings, host: Host, landmarker: Landmarker, *,
            may_fail: bool) -> list[DetectedFace]:
    found = landmarker.detect([image], host)[0]
    sure = [face for face in found if face.score_ratio >= settings.min_confidence]
    if not sure and not may_fail:
        best = max((face.score_ratio for face in found), default=0.0)
        raise no_face(f"{portrait.source!r} ({portrait.width_px} x {portrait.height_px} px)", best)
    return sure


def _at(image: UInt8Array, faces: list[DetectedFace], numbers: tuple[float, ...], settings: DetectSettings, host: Host,
        landmarker: Landmarker | None) -> tuple[list[DetectedFace], int]:
    """Return the faces and which of them is at a box or point; where there is none, that place is searched."""
    wanted = meanings(numbers)
    boxes = [face_box(face.landmarks_px) for face in faces]
    hit = nearest(boxes, wanted)
    if hit is not None:
        return faces, hit[0]
    for box in wanted if landmarker is not None and len(numbers) == 4 else []:
        more = _search_box(image, box, settings, host, landmarker) if landmarker else []
        hit = nearest([face_box(face.landmarks_px) for face in more], [box])
        if hit is not None:
            return [*faces, more[hit[0]]], len(faces)
    raise nobody_there(numbers, boxes)


def _search_box(image: UInt8Array, box: Box, settings: DetectSettings, host: Host, landmarker: Landmarker
                ) -> list[DetectedFace]:
    """Look at a box and its surroundings alone."""
    height, width = image.shape[:2]
    reach = max(box[2] - box[0], box[3] - box[1])
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    columns = slice(max(0, int(x - reach)), max(0, min(width, int(x + reach) + 1)))
    rows = slice(max(0, int(y - reach)), max(0, min(height, int(y + reach) + 1)))
    part = np.ascontiguousarray(image[rows, columns])
    if not part.size:
        return []
    shift = np.array([columns.start, rows.start, 0], np.float32)
    return [DetectedFace(face.landmarks_px + shift, face.score_ratio) for face in landmarker.detect([part], host)[0]
            if face.score_ratio >= settings.min_confidence]


def track_from_landmarks(portrait: Portrait, landmarks: Any, settings: DetectSettings | None = None) -> FaceTrack:
    """Make a track from landmarks that another program found.

    Parameters
    ----------
    portrait : Portrait
        The picture.
    landmarks : Any
        All forms of `given.given_frames` with 478 or 468 points; without z the face is taken as flat.
    settings : DetectSettings, optional
        Which face to take.

    Raises
    ------
    InputError
        If they have an unknown form, too few points, or hold values that are no numbers.
    """
    settings = settings or DetectSettings()
    faces, _, notes = _given(given_frames(landmarks, portrait.width_px, portrait.height_px), portrait.source)
    if not faces:
        raise InputError(notes[0], hint="Give the 478 or 468 points of the MediaPipe face mesh.")
    order, position = ranked([face_box(face.landmarks_px) for face in faces], settings)
    return _photo_track(portrait, visible_pixels(portrait), [faces[i] for i in order], position)


def visible_pixels(portrait: Portrait) -> UInt8Array:
    """Return the picture over grey where it is transparent [shape=(H, W, 3)]."""
    if portrait.alpha is None:
        return portrait.image
    return over(portrait.image, portrait.alpha, _GREY_RGB)


def _photo_track(portrait: Portrait, image: UInt8Array, faces: Sequence[DetectedFace], selected: int,
                 notes: tuple[str, ...] = (), found_by: str = "") -> FaceTrack:
    talker = faces[selected]
    return FaceTrack(
        width_px=portrait.width_px, height_px=portrait.height_px,
        landmarks_px=np.stack([face.landmarks_px for face in faces])[None],
        score_ratio=np.asarray([[face.score_ratio for face in faces]], np.float32),
        face_ids=tuple(range(len(faces))), selected=selected, portrait=portrait, found_by=found_by,
        warnings=(*portrait.warnings, *notes, *quality_warnings(image, talker.landmarks_px, talker.score_ratio)))
