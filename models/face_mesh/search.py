"""How closely a picture is looked at: once for a portrait, in tiles for a crowd, turned for a head that lies."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from ...pipeline_core.errors import ContractError
from ...pipeline_core.host import Host
from ...pipeline_core.interfaces import DetectedFace
from ...pipeline_core.types import UInt8Array
from ..net.face_crop import FLOOR_SCORE, SURE_SCORE, Region, tiles, whole
from .look import Found, look_far, look_near
from .place import follow, is_new, place, settle, without_duplicates

PORTRAIT_SHARE = 1 / 6
"""One sure face of this share of the longer side is a portrait: nobody else is looked for."""
FAR_SHARE = 1 / 8
"""If the widest face is narrower than this share of the longer side, the picture is searched in tiles."""
MARGIN_SCALE = 1.6
"""Also tried: the picture with a margin, for a face that fills it to the border."""
TILE_PARTS = (2, 4, 8)
"""Squares of this part of the longer side. The full-range detector finds a face of 1/18 of a square."""
TILE_OVERLAP = 0.25
MIN_TILE_PX = 256
"""Smaller squares show faces of 14 px and less: too small to animate."""
QUARTERS = (np.pi / 2, np.pi, -np.pi / 2)
NARROW_SHARE = 0.4
"""A finer search pays if the narrowest known face is below this share of its squares."""
HINT_SCORE = 0.35
"""Another candidate of this score hints at a second person."""
_TILE_FLOOR = 0.35
MAX_TURNED = 6
"""How many doubtful candidates of a look at the whole picture are examined from all sides."""

Wanted = Callable[[Sequence[DetectedFace], float], bool]


class Step(NamedTuple):
    """One further look at a picture."""

    regions: list[Region]
    far: bool
    """Whether the full-range detector looks."""
    turn: int
    """How many doubtful candidates are examined from all sides."""
    floor: float
    """The lowest score of a candidate that counts."""
    wanted: Wanted
    """Tells from the sure faces and the longer side in pixels whether this look is of use."""


class FaceMesh:
    """The `Landmarker` of this pack.

    Pictures are looked at whole, as MediaPipe does in image mode. If that shows one sure face of a
    portrait's size, nothing else happens. Otherwise one picture (not a batch) is searched with the
    full-range detector, turned by quarters while nothing is sure, and in overlapping squares for
    small faces and groups. In a batch (frames of a video) only the full-range detector is added,
    and `follow` keeps what is known.
    """

    def __init__(self, how: str = "auto") -> None:
        """Choose what is done: "auto", "near" (the short-range detector alone), "far" (always everything)."""
        self.how = how

    def detect(self, images: Sequence[UInt8Array], host: Host) -> list[list[DetectedFace]]:
        """Return the faces of each RGB picture, the surest first.

        The score is the smaller of the detector's and the landmark network's; MediaPipe takes 0.5
        and more for a face. Faces down to 0.2 are returned.
        """
        for image in images:
            if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or not image.size:
                raise ContractError(f"picture is {image.shape} {image.dtype}, not (H, W, 3) uint8")
        if not images:
            return []
        found = look_near([(image, [whole(image)]) for image in images], host)
        if self.how == "near":
            return place(images, found, host)
        if len(images) == 1:
            return [self._search(images[0], found[0], host)]
        return _batch(images, place(images, found, host), host)

    def follow(self, image: UInt8Array, faces: Sequence[DetectedFace], host: Host) -> list[DetectedFace]:
        """Return where the faces of a neighbouring picture are in this one; a lost one has a low score."""
        return follow(image, faces, host)

    def _search(self, image: UInt8Array, found: Sequence[Found], host: Host) -> list[DetectedFace]:
        """Look closer until what is there is clear; faces seen already stay as they are."""
        seen = settle(image, found, host, turn=MAX_TURNED)
        if self.how == "auto" and _is_portrait(seen, image):
            return seen
        steps, longer_px = _steps(image), float(max(image.shape[:2]))
        for done, step in enumerate(steps):
            host.progress(done, len(steps))
            if self.how == "far" or step.wanted(_sure(seen), longer_px):
                look = look_far if step.far else look_near
                candidates = [c for c in look([(image, step.regions)], host)[0] if c.score >= step.floor]
                seen = _joined(seen, settle(image, candidates, host, turn=step.turn))
        return _sure(seen) or without_duplicates(seen)


def _batch(images: Sequence[UInt8Array], faces: list[list[DetectedFace]], host: Host) -> list[list[DetectedFace]]:
    """Look with the full-range detector at those pictures of a batch that show no sure face, and at the first."""
    empty = [i for i, some in enumerate(faces) if i == 0 or not _sure(some)]
    if empty:
        some = [images[i] for i in empty]
        found = look_far([(image, [whole(image)]) for image in some], host)
        found = [[f for f in more if not _known(f, faces[i])] for i, more in zip(empty, found, strict=True)]
        for i, more in zip(empty, place(some, found, host), strict=True):
            faces[i] = _joined(faces[i], more)
    return faces


def _known(found: Found, faces: Sequence[DetectedFace]) -> bool:
    """Tell whether a candidate lies where a sure face is: placing it would find that face again."""
    at = np.array([found.region.x, found.region.y])
    return any((face.landmarks_px[:, :2].min(axis=0) <= at).all() and (at <= face.landmarks_px[:, :2].max(axis=0)).all()
               for face in _sure(faces))


def _steps(image: UInt8Array) -> list[Step]:
    """Return all further looks, cheap ones first."""
    full, longer_px = whole(image), max(image.shape[:2])
    parts = [n for n in TILE_PARTS if longer_px / n >= MIN_TILE_PX]
    turned = [Region(full.x, full.y, full.side, angle) for angle in QUARTERS]
    return [
        Step([full], True, MAX_TURNED, FLOOR_SCORE, _always),
        Step([whole(image, MARGIN_SCALE)], False, MAX_TURNED, FLOOR_SCORE, _nothing),
        *(Step(tiles(image, n, TILE_OVERLAP), True, 0, _TILE_FLOOR, _small_or_group(n)) for n in parts),
        *(Step([region], far, 0, SURE_SCORE, _nothing) for far in (False, True) for region in turned),
        *(Step([Region(r.x, r.y, r.side, angle) for r in tiles(image, n, TILE_OVERLAP)], True, 0, SURE_SCORE, _nothing)
          for n in parts[:2] for angle in QUARTERS),
    ]


def _always(sure: Sequence[DetectedFace], longer_px: float) -> bool:
    return True


def _nothing(sure: Sequence[DetectedFace], longer_px: float) -> bool:
    return not sure


def _small_or_group(parts: int) -> Wanted:
    def wanted(sure: Sequence[DetectedFace], longer_px: float) -> bool:
        if not sure:
            return True
        widths = [_width_px(face) for face in sure]
        return ((max(widths) < FAR_SHARE * longer_px or len(sure) > 1)
                and min(widths) < NARROW_SHARE / parts * longer_px)

    return wanted


def _sure(faces: Sequence[DetectedFace]) -> list[DetectedFace]:
    return [face for face in faces if face.score_ratio >= SURE_SCORE]


def _width_px(face: DetectedFace) -> float:
    return float(np.ptp(face.landmarks_px[:, :2], axis=0).max())


def _is_portrait(seen: Sequence[DetectedFace], image: UInt8Array) -> bool:
    likely = [face for face in seen if face.score_ratio >= HINT_SCORE]
    return (len(likely) == 1 and likely[0].score_ratio >= SURE_SCORE
            and _width_px(likely[0]) >= PORTRAIT_SHARE * max(image.shape[:2]))


def _joined(seen: Sequence[DetectedFace], more: Sequence[DetectedFace]) -> list[DetectedFace]:
    """Return known faces and new ones, surest first; a sure find takes the place of doubtful ones."""
    sure = _sure(seen)
    sure += [face for face in _sure(more) if is_new(face, sure)]
    doubtful = [face for face in (*seen, *more) if face.score_ratio < SURE_SCORE]
    return sorted(sure, key=lambda f: -f.score_ratio) + [f for f in without_duplicates(doubtful) if is_new(f, sure)]
