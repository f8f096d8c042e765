"""Which face of a frame is which person: by place, by movement, and by looks after a gap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ..host import Host
from ..interfaces import DetectedFace, Follower
from ..lazy import cv2
from ..types import FloatArray, UInt8Array
from .choice import Box
from .geometry import box_iou, face_box

MIN_IOU = 0.2
"""Boxes of one face in neighbouring frames overlap at least this much."""
SAME_PLACE_IOU = 0.4
"""Two finds of one frame that overlap more are one face."""
SAME_LOOKS = 0.9
"""Correlation of two small upright pictures from which a face that comes back is the same person's.
Measured: 0.94 and more within a clip of a head that turns little (four clips), 0.5 in one that turns far;
0.82 at most between 10 people."""
FOLLOWED_LOOKS = 0.6
"""The same, from which a face that was followed is still the one it was; neighbouring frames have 0.82 and more."""
CLEARLY = 0.05
"""By so much it must look more like one lost person than like the next."""
_LOOKS_WEIGHT = 0.5
_LOOKS_PX = 16
_LOOKS_MEMORY = 0.9
_SPEED_MEMORY = 0.6
_PREDICTED_FRAMES = 8
"""A person out of sight is expected to go on like before for this long."""
_UPRIGHT = np.array([[0.28, 0.38], [0.72, 0.38], [0.5, 0.78]], np.float32)
"""Where both eyes and the mouth are put in the picture of a face's looks, in 0..1."""
_EYES_AND_MOUTH = ((33, 133), (263, 362), (13, 14))


@dataclass
class Person:
    """One face over time."""

    box: Box
    looks: FloatArray
    last: int
    speed: tuple[float, float] = (0.0, 0.0)
    """Movement in pixels per frame."""
    seen: dict[int, DetectedFace] = field(default_factory=dict)

    def expected(self, frame: int) -> Box:
        """Return where the face must be if it goes on moving as before."""
        steps = min(frame - self.last, _PREDICTED_FRAMES)
        dx, dy = self.speed[0] * steps, self.speed[1] * steps
        return self.box[0] + dx, self.box[1] + dy, self.box[2] + dx, self.box[3] + dy

    def add(self, face: DetectedFace, looks: FloatArray, frame: int) -> None:
        """Take a face of a frame as this person's."""
        box = face_box(face.landmarks_px)
        if frame - self.last == 1:
            step = np.mean([box[:2], box[2:]], axis=0) - np.mean([self.box[:2], self.box[2:]], axis=0)
            speed = _SPEED_MEMORY * np.asarray(self.speed) + (1 - _SPEED_MEMORY) * step
            self.speed = float(speed[0]), float(speed[1])
        elif frame > self.last:
            self.speed = (0.0, 0.0)
        self.box, self.last = box, frame
        self.looks = looks_mean(self.looks, looks)
        self.seen[frame] = face


def looks_of(image: UInt8Array, face: DetectedFace) -> FloatArray:
    """Return a small upright picture of a face, zero mean and unit length; zeros where it is flat."""
    points = np.asarray([face.landmarks_px[list(pair), :2].mean(axis=0) for pair in _EYES_AND_MOUTH], np.float32)
    matrix = cv2.getAffineTransform(points, _UPRIGHT * _LOOKS_PX)
    small = cv2.warpAffine(image, matrix, (_LOOKS_PX, _LOOKS_PX), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    values = np.asarray(cv2.GaussianBlur(small, (3, 3), 0), np.float32)
    values = values - values.mean(axis=(0, 1)) * 0.5 - values.mean() * 0.5
    length = float(np.linalg.norm(values))
    return np.asarray(values.reshape(-1) / length if length > 1.0 else np.zeros(values.size), np.float32)


def looks_mean(old: FloatArray, new: FloatArray) -> FloatArray:
    """Return what is remembered of a person's looks."""
    mixed = old * _LOOKS_MEMORY + new * (1 - _LOOKS_MEMORY)
    return np.asarray(mixed / max(float(np.linalg.norm(mixed)), 1e-6), np.float32)


class People:
    """Everybody who was seen so far."""

    def __init__(self) -> None:
        self.all: list[Person] = []

    def take(self, image: UInt8Array, faces: Sequence[DetectedFace], frame: int) -> None:
        """Give each face of a frame to a person, known or new."""
        looks = [looks_of(image, face) for face in faces]
        rest = self._by_place(faces, looks, frame)
        for f in rest:
            person = self._by_looks(looks[f], frame)
            if person is None:
                person = Person(face_box(faces[f].landmarks_px), looks[f], frame)
                self.all.append(person)
            person.add(faces[f], looks[f], frame)

    def follow(self, landmarker: Follower, image: UInt8Array, frame: int, wanted: float, host: Host) -> None:
        """Look again, without a detector, for those who were there a frame ago and are missing now."""
        missing = [person for person in self.all if person.last == frame - 1]
        if not missing:
            return
        for person, face in zip(missing, landmarker.follow(image, [p.seen[p.last] for p in missing], host), strict=True):
            taken = [face_box(other.seen[frame].landmarks_px) for other in self.all if other.last == frame]
            box = face_box(face.landmarks_px)
            looks = looks_of(image, face)
            if (face.score_ratio >= wanted and float(person.looks @ looks) >= FOLLOWED_LOOKS
                    and all(box_iou(box, other) < SAME_PLACE_IOU for other in taken)):
                person.add(face, looks, frame)

    def _by_place(self, faces: Sequence[DetectedFace], looks: Sequence[FloatArray], frame: int) -> list[int]:
        """Match by overlap with the expected place, and by looks where two people meet; return who is left."""
        boxes = [face_box(face.landmarks_px) for face in faces]
        pairs = []
        for p, person in enumerate(self.all):
            for f, box in enumerate(boxes):
                overlap = max(box_iou(person.expected(frame), box), box_iou(person.box, box))
                if overlap >= MIN_IOU:
                    pairs.append((overlap + _LOOKS_WEIGHT * float(person.looks @ looks[f]), p, f))
        taken: set[int] = set()
        for _, p, f in sorted(pairs, reverse=True):
            if self.all[p].last != frame and f not in taken:
                taken.add(f)
                self.all[p].add(faces[f], looks[f], frame)
        return [f for f in range(len(faces)) if f not in taken]

    def _by_looks(self, looks: FloatArray, frame: int) -> Person | None:
        """Return the lost person who looks like this, if it can be nobody else."""
        alike = sorted(((float(person.looks @ looks), i) for i, person in enumerate(self.all) if person.last != frame),
                       reverse=True)
        if not alike or alike[0][0] < SAME_LOOKS or (len(alike) > 1 and alike[0][0] - alike[1][0] < CLEARLY):
            return None
        return self.all[alike[0][1]]
