"""Say before anything is drawn what a picture will cost: too small, blurred, turned, covered, cut.

Thresholds were set on eight portraits (photos, generated faces, paintings, a cartoon) and stills of
seven clips, and on copies of them that were blurred or had parts painted over.
"""

from __future__ import annotations

import numpy as np

from ..lazy import cv2
from ..types import FloatArray, UInt8Array
from .geometry import OVAL, eye_openings, face_box, face_width_px, head_angles, mouth_opening
from .stylised import has_oversized_eyes

SMALL_PX = 100.0
"""Face width below which a mouth has under 40 pixels."""
BLURRED = 0.125
"""`sharpness` of the set: 0.20 and more; with a blur of 2 % of the face width: 0.06 to 0.12."""
_SHARPNESS_WIDTH_PX = 100.0
TURNED_DEG, PROFILE_DEG = 25.0, 35.0
LYING_DEG = 70.0
"""Roll up to 60 degrees is drawn as well as none; at 90 and 180 the mouth opens less."""
EYE_CLOSED = 0.10
"""Lid gap over eye width; open eyes of the set have 0.21 to 0.55."""
MOUTH_OPEN = 0.5
"""Lip gap over mouth width; talking faces of the set reach 0.47."""
UNCERTAIN = 0.6
"""Score below which the landmarks themselves are in doubt; faces of the set have 0.80 to 0.99."""
_CUT_SHARE = 0.02
_UPPER, _LOWER = (151, 50, 280, 4), (199, 207, 427, 164)
"""Forehead, cheeks, nose; chin, both sides of the mouth, upper lip."""
_LIPS = ((0, 13), (14, 17))
_UPPER_CHROMA = 22.0
"""Colour distance (CIELAB a, b) within the upper face; the set has at most 15, a cover 28 to 89."""
_LOWER_CHROMA, _FLAT_CHROMA, _LIP_CHROMA = 26.0, 9.0, 8.0
"""Lower against upper face: beards reach 12. From 9 on the lips must stand out by 8, as they do
from a beard (11 and more) but not from a mask."""


def quality_warnings(image: UInt8Array, points: FloatArray, score_ratio: float, *,
                     still: bool = True) -> tuple[str, ...]:
    """Return what is wrong with a face, each with its cost and what to do.

    Parameters
    ----------
    image : UInt8Array
        The RGB picture [shape=(H, W, 3)].
    points : FloatArray
        Landmarks of the face in pixels [shape=(478, 3)].
    score_ratio : float
        Face presence, 0..1.
    still : bool
        Whether this is all there is of the face: in a video, eyes and mouth open and close.
    """
    checks = [_small(points), _blurred(image, points), _turned(points), _lying(points), _covered(image, points),
              _uncertain(score_ratio), _cut(image, points)]
    if still:
        checks += [_eyes(points), _oversized(image, points), _mouth(points)]
    return tuple(text for text in checks if text)


def _oversized(image: UInt8Array, points: FloatArray) -> str:
    if not has_oversized_eyes(image, points):
        return ""
    return ("the eyes are larger than a human's, as in a cartoon: they will not blink; "
            "use a more natural drawing if it has to blink")


def sharpness(image: UInt8Array, points: FloatArray) -> float:
    """Return the spread of the Laplacian over the contrast of the face, at 100 px face width.

    A larger face is scaled down first: what counts is detail that the viewer can see. 0 where no
    face lies in the picture.
    """
    left, top, right, bottom = (round(v) for v in face_box(points))
    rows, columns = slice(max(top, 0), max(bottom + 1, 0)), slice(max(left, 0), max(right + 1, 0))
    mask = np.zeros(image.shape[:2], np.uint8)[rows, columns]
    if mask.size == 0:
        return 0.0
    outline = points[list(OVAL), :2] - (columns.start, rows.start)
    cv2.fillPoly(mask, [np.round(outline).astype(np.int32)], 255)
    crop = cv2.cvtColor(np.ascontiguousarray(image[rows, columns]), cv2.COLOR_RGB2GRAY)
    scale = min(1.0, _SHARPNESS_WIDTH_PX / max(face_width_px(points), 1.0))
    size = (max(1, round(mask.shape[1] * scale)), max(1, round(mask.shape[0] * scale)))
    grey = np.asarray(cv2.resize(crop.astype(np.float32), size, interpolation=cv2.INTER_AREA))
    inside = cv2.erode(cv2.resize(mask, size, interpolation=cv2.INTER_NEAREST), np.ones((3, 3), np.uint8)) > 0
    if inside.sum() < 16:
        return 0.0
    return float(cv2.Laplacian(grey, cv2.CV_32F)[inside].std() / max(float(grey[inside].std()), 1.0))


def covered_part(image: UInt8Array, points: FloatArray) -> str:
    """Return "the mouth", "part of the face" or "": what something of another colour seems to cover."""
    upper, lower = _chroma(image, points, _UPPER), _chroma(image, points, _LOWER)
    lips = _chroma(image, points, _LIPS)
    if min(len(upper), len(lower), len(lips)) == 0:
        return ""
    skin, chin = np.median(upper, axis=0), np.median(lower, axis=0)
    if np.linalg.norm(upper - skin, axis=1).max() > _UPPER_CHROMA:
        return "part of the face"
    apart = np.linalg.norm(chin - skin)
    flat = np.linalg.norm(lips - chin, axis=1).max() < _LIP_CHROMA
    return "the mouth" if apart > _LOWER_CHROMA or (apart > _FLAT_CHROMA and flat) else ""


def _chroma(image: UInt8Array, points: FloatArray, places: tuple[int | tuple[int, ...], ...]) -> FloatArray:
    """Return the median colour (a, b) of small patches that lie in the picture [shape=(N, 2)]."""
    found = []
    for place in places:
        numbers = list(place) if isinstance(place, tuple) else [place]
        x, y = points[numbers, :2].mean(axis=0)
        reach = max(1, round(face_width_px(points) * (0.02 if isinstance(place, tuple) else 0.035)))
        patch = image[max(0, int(y) - reach) : max(0, int(y) + reach + 1),
                      max(0, int(x) - reach) : max(0, int(x) + reach + 1)]
        if patch.size:
            lab = cv2.cvtColor(np.ascontiguousarray(patch), cv2.COLOR_RGB2LAB).reshape(-1, 3)
            found.append(np.median(lab[:, 1:], axis=0))
    return np.asarray(found, np.float32).reshape(-1, 2)


def _small(points: FloatArray) -> str:
    width = face_width_px(points)
    if width >= SMALL_PX:
        return ""
    return (f"the face is only {width:.0f} px wide: lips and teeth will look soft; "
            "use a larger picture or crop closer (300 px and more are good)")


def _blurred(image: UInt8Array, points: FloatArray) -> str:
    if sharpness(image, points) >= BLURRED:
        return ""
    return ("the face is blurred: the drawn mouth will look sharper than the rest; "
            "use a sharper picture or restore it first")


def _turned(points: FloatArray) -> str:
    yaw = abs(head_angles(points).yaw_deg)
    if yaw > PROFILE_DEG:
        return (f"the face is turned by {yaw:.0f} degrees: its far side is not in the picture and will be "
                "stretched; use a picture that looks towards the camera")
    if yaw > TURNED_DEG:
        return (f"the face is turned by {yaw:.0f} degrees: keep the head motion small, "
                "or use a picture that looks towards the camera")
    return ""


def _lying(points: FloatArray) -> str:
    roll = abs(head_angles(points).roll_deg)
    if roll < LYING_DEG:
        return ""
    return (f"the head lies over by {roll:.0f} degrees: the mouth will open less than it should; "
            "use the picture turned upright")


def _covered(image: UInt8Array, points: FloatArray) -> str:
    part = covered_part(image, points)
    if not part:
        return ""
    return (f"something seems to cover {part} (hand, mask, microphone, hair): it will move with the skin; "
            "use a picture with a free face")


def _uncertain(score_ratio: float) -> str:
    if score_ratio >= UNCERTAIN:
        return ""
    return (f"the face is uncertain (score {score_ratio:.2f}): the mouth may be drawn in the wrong place; "
            "check the overlay, or use a clearer picture")


def _eyes(points: FloatArray) -> str:
    if max(eye_openings(points)) >= EYE_CLOSED:
        return ""
    return "the eyes are closed: blinks and gaze are left out; use a picture with open eyes"


def _mouth(points: FloatArray) -> str:
    if mouth_opening(points) <= MOUTH_OPEN:
        return ""
    return ("the mouth is wide open: the closed lips must be made up from stretched skin; "
            "use a picture with a closed mouth")


def _cut(image: UInt8Array, points: FloatArray) -> str:
    left, top, right, bottom = face_box(points)
    allowed = _CUT_SHARE * face_width_px(points)
    height, width = image.shape[:2]
    if min(left, top, width - 1 - right, height - 1 - bottom) >= -allowed:
        return ""
    return ("the picture border cuts the face: the missing part cannot move; "
            "use a picture that shows the whole head with some space around it")
