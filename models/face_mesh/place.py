"""From a candidate to a face: the landmark network, and which way up the head is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...pipeline_core.face.geometry import box_overlap
from ...pipeline_core.host import Host
from ...pipeline_core.interfaces import DetectedFace
from ...pipeline_core.lazy import cv2
from ...pipeline_core.types import FloatArray, UInt8Array
from ..net.face_crop import FLOOR_SCORE, ROI_SCALE, SURE_SCORE, Region, crop
from .look import Found, look_far, look_near
from .nets import nets, run

LANDMARKS_PX = 256
FLOOR_PRESENCE = 0.05
"""Below, the landmark network is sure that there is no face."""
DUPLICATE_IOU = 0.4
"""Boxes around the landmarks of one face, found twice, overlap more than this."""
TILTED_RAD = 0.35
"""If the landmarks stand askew in their crop by more, the crop is turned and they are placed again."""
_STRAIGHT_RAD, _STRAIGHTENINGS = 0.1, 4
"""That is repeated until they stand like this, because a turned crop makes them too upright."""
UNUSUAL_RAD = 0.4
"""Finds that lie further over than this are checked: many have the wrong angle, or the wrong side up."""
PLAUSIBLE = 0.8
"""A find of less is checked: an upside-down face gets up to 0.77, a saucer 0.67, most faces over 0.8."""
CHECK_SCALE, CHECK_SCORE = 2.6, 0.45
"""What the full-range detector says when a find fills 1/2.6 of what it sees, upright: 0.66 and more for 27
faces (photos, paintings, a cartoon, down to 18 px), 0.43 at most for 12 things that were taken for one."""
_MOVED_SHARE = 0.03
"""Landmarks that move by more of the face width, when they are placed again, were badly placed at first."""
_WORTH_TURNING = 0.35
_TURNS = 8
_TURN_SCALE = 2.2
"""Side of what the detector sees around a candidate, as a multiple of the candidate's."""
_TURNS_TRIED = 3
_OUTER_EYES = (33, 263)


def place(images: Sequence[UInt8Array], found: Sequence[Sequence[Found]], host: Host) -> list[list[DetectedFace]]:
    """Run the landmark network over candidates; one list per picture, the surest first."""
    jobs = [(image, candidate) for image, some in zip(images, found, strict=True) for candidate in some]
    faces = iter(_place_all(jobs, host))
    return [without_duplicates([next(faces) for _ in some]) for some in found]


def settle(image: UInt8Array, found: Sequence[Found], host: Host, *, turn: int) -> list[DetectedFace]:
    """Place candidates of one picture and check them; up to `turn` of them are looked at from all sides."""
    faces = _place_all([(image, candidate) for candidate in found], host)
    unclear = [i for i, face in enumerate(faces) if not _is_clear(face)]
    likely = [i for i in unclear if faces[i].score_ratio >= FLOOR_SCORE]
    for i, face in zip(likely, _checked(image, [faces[i] for i in likely], host), strict=True):
        faces[i] = face
    weak = [i for i in unclear if faces[i].score_ratio < PLAUSIBLE and found[i].score >= _WORTH_TURNING]
    for i in sorted(weak, key=lambda i: -found[i].score)[:turn]:
        best = max(_turned(image, found[i], host), key=_score, default=faces[i])
        if best.score_ratio >= FLOOR_SCORE:
            faces[i] = _better(faces[i], _checked(image, [best], host)[0])
    return without_duplicates(faces)


def follow(image: UInt8Array, faces: Sequence[DetectedFace], host: Host) -> list[DetectedFace]:
    """Place the landmarks of faces again that were found in a neighbouring picture."""
    return _place_all([(image, Found(_around(face.landmarks_px), 1.0)) for face in faces], host)


def without_duplicates(faces: Sequence[DetectedFace]) -> list[DetectedFace]:
    """Return the faces, surest first, each once."""
    kept: list[DetectedFace] = []
    for face in sorted(faces, key=lambda f: -f.score_ratio):
        if face.score_ratio >= FLOOR_PRESENCE and is_new(face, kept):
            kept.append(face)
    return kept


def is_new(face: DetectedFace, others: Sequence[DetectedFace]) -> bool:
    """Tell whether a face is none of the others: they do not overlap, and its middle lies outside of them.

    The middle counts because a tile may have cut a known face.
    """
    middle = face.landmarks_px[:, :2].mean(axis=0)
    return not any(box_overlap(face.landmarks_px, other.landmarks_px) > DUPLICATE_IOU
                   or ((other.landmarks_px[:, :2].min(axis=0) <= middle).all()
                       and (middle <= other.landmarks_px[:, :2].max(axis=0)).all()) for other in others)


def _place_all(jobs: Sequence[tuple[UInt8Array, Found]], host: Host, tilted_rad: float = TILTED_RAD
               ) -> list[DetectedFace]:
    if not jobs:
        return []
    faces, askew = _run_landmarks(jobs, host)
    again = [i for i, angle in enumerate(askew) if abs(angle) > tilted_rad]
    for _ in range(_STRAIGHTENINGS):
        if not again:
            break
        straight = [(jobs[i][0], Found(_around(faces[i].landmarks_px), jobs[i][1].score)) for i in again]
        better, askew = _run_landmarks(straight, host)
        gained = [n for n, i in enumerate(again) if better[n].score_ratio >= min(faces[i].score_ratio, SURE_SCORE)]
        for n in gained:
            faces[again[n]] = better[n]
        again = [again[n] for n in gained if abs(askew[n]) > _STRAIGHT_RAD]
    return faces


def _run_landmarks(jobs: Sequence[tuple[UInt8Array, Found]], host: Host) -> tuple[list[DetectedFace], list[float]]:
    """Return faces, and by which angle their landmarks stand askew in the crop (radians)."""
    crops = [crop(image, found.region, LANDMARKS_PX, cv2.BORDER_REPLICATE) for image, found in jobs]
    points, presence = run(nets().landmarks, crops, 1 / 255, 0.0, host)
    faces = [DetectedFace(found.region.to_picture(points[i], LANDMARKS_PX), min(found.score, float(presence[i])))
             for i, (_, found) in enumerate(jobs)]
    return faces, [_eye_angle(p) for p in points]


def _eye_angle(points: FloatArray) -> float:
    across = points[_OUTER_EYES[1], :2] - points[_OUTER_EYES[0], :2]
    return float(np.arctan2(across[1], across[0]))


def _around(points: FloatArray) -> Region:
    """Return the crop of a face whose landmarks are known [points: shape=(478, 3)]."""
    angle = _eye_angle(points)
    cos, sin = np.cos(angle), np.sin(angle)
    upright = points[:, :2] @ np.array([[cos, -sin], [sin, cos]])
    low, high = upright.min(axis=0), upright.max(axis=0)
    x, y = np.array([[cos, -sin], [sin, cos]]) @ ((low + high) / 2)
    return Region(float(x), float(y), float((high - low).max()) * ROI_SCALE, angle)


def _score(face: DetectedFace) -> float:
    return face.score_ratio


def _is_clear(face: DetectedFace) -> bool:
    return face.score_ratio >= PLAUSIBLE and abs(_eye_angle(face.landmarks_px)) <= UNUSUAL_RAD


def _checked(image: UInt8Array, faces: Sequence[DetectedFace], host: Host) -> list[DetectedFace]:
    """Return the faces with the score that the full-range detector gives their surroundings, seen upright."""
    if not faces:
        return []
    placed = _place_all([(image, Found(_around(face.landmarks_px), 1.0)) for face in faces], host, _STRAIGHT_RAD)
    regions = [_around(face.landmarks_px) for face in placed]
    views = [Region(r.x, r.y, r.side / ROI_SCALE * CHECK_SCALE, r.angle) for r in regions]
    checked = []
    for before, after, view, some in zip(faces, placed, views, look_far([(image, [v]) for v in views], host), strict=True):
        score = max((f.score for f in some if _distance(f, view) < view.side / CHECK_SCALE / 4), default=0.0)
        score = min(after.score_ratio, score if score < CHECK_SCORE else max(score, SURE_SCORE))
        # What was right at once stays exactly what MediaPipe says.
        kept = before if before.score_ratio >= SURE_SCORE and _moved(before, after) < _MOVED_SHARE else after
        checked.append(DetectedFace(kept.landmarks_px, score))
    return checked


def _better(face: DetectedFace, turned: DetectedFace) -> DetectedFace:
    """Return the surer of two; the first one where they agree about the angle and it is sure."""
    apart = _eye_angle(turned.landmarks_px) - _eye_angle(face.landmarks_px)
    if face.score_ratio >= SURE_SCORE and np.cos(apart) > np.cos(TILTED_RAD):
        return face
    return max(face, turned, key=_score)


def _distance(found: Found, region: Region) -> float:
    return float(np.hypot(found.region.x - region.x, found.region.y - region.y))


def _moved(before: DetectedFace, after: DetectedFace) -> float:
    step = np.linalg.norm(after.landmarks_px[:, :2] - before.landmarks_px[:, :2], axis=1).mean()
    return float(step / max(float(np.ptp(after.landmarks_px[:, 0])), 1.0))


def _turned(image: UInt8Array, candidate: Found, host: Host) -> list[DetectedFace]:
    """Look at a candidate from all sides; return those from which it looks most like a face."""
    box = candidate.region.side / ROI_SCALE
    views = [Region(candidate.region.x, candidate.region.y, box * _TURN_SCALE, i * 2 * np.pi / _TURNS)
             for i in range(_TURNS)]
    finds = [f for view, some in zip(views, look_near([(image, [view]) for view in views], host), strict=True)
             for f in [f for f in some if _distance(f, view) < box / 2][:1]]
    best = sorted(finds, key=lambda f: -f.score)[:_TURNS_TRIED]
    return _place_all([(image, found) for found in best], host)
