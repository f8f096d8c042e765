"""Which face of a frame is which person: by movement from frame to frame, by looks over gaps and cuts."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from ..host import Host
from ..interfaces import DetectedFace, Follower
from ..types import UInt8Array
from .choice import Box
from .covered import hidden_share
from .geometry import box_iou, face_box
from .looks import Looks, likeness, likenesses, looks_of

MIN_IOU = 0.2
"""Boxes of one face in neighbouring frames overlap at least this much."""
SAME_PLACE_IOU = 0.4
"""Two finds of one frame that overlap more are one face."""
SAME_LOOKS = 0.78
"""Likeness from which two appearances are one person's. Measured on 12 people in 111 pictures: 0.77 at most between
two of them; within a clip 0.96 (median), and 0.8 at least to the nearest of a few looks of the same person."""
SAME_PLACE_LOOKS = 0.6
"""The same for somebody who is back at the place where they were lost, in the same shot."""
FOLLOWED_LOOKS = 0.6
"""From this on a face that was followed is still the one it was; neighbouring frames have 0.9 and more."""
CLEARLY = 0.03
"""By so much an appearance must look more like one person than like another who was there at the same time."""
NEW_LOOK, LOOK_FRAMES, MAX_LOOKS = 0.9, 12, 24
"""A look is remembered when it differs from the last one by more, or after so many frames; at most so many of an
appearance: then every second one is forgotten."""
COMPARED_LOOKS = 8
"""Looks of an appearance that are compared with others."""
MAX_APPEARANCES = 400
"""Of more appearances, the shortest are compared with nobody: the work grows with the square of their number."""
_LOOKS_WEIGHT = 0.5
_SPEED_MEMORY = 0.6
_PREDICTED_FRAMES = 8
"""Who is out of sight is expected to go on like before for this long, and found again by looks alone after that."""


@dataclass
class Person:
    """One face over time."""

    box: Box
    looks: Looks
    last: int
    speed: tuple[float, float] = (0.0, 0.0)
    """Movement in pixels per frame."""
    seen: dict[int, DetectedFace] = field(default_factory=dict)
    gallery: list[tuple[int, Looks]] = field(default_factory=list)
    """Looks that differ, by frame."""
    mouths: dict[int, npt.NDArray[np.float16]] = field(default_factory=dict)
    """Colours of the lips, by frame."""

    def expected(self, frame: int) -> Box:
        """Return where the face must be if it goes on moving as before."""
        steps = min(frame - self.last, _PREDICTED_FRAMES)
        dx, dy = self.speed[0] * steps, self.speed[1] * steps
        return self.box[0] + dx, self.box[1] + dy, self.box[2] + dx, self.box[3] + dy

    def add(self, face: DetectedFace, looks: Looks, frame: int) -> None:
        """Take a face of a frame as this person's."""
        box = face_box(face.landmarks_px)
        if frame - self.last == 1:
            step = np.mean([box[:2], box[2:]], axis=0) - np.mean([self.box[:2], self.box[2:]], axis=0)
            speed = _SPEED_MEMORY * np.asarray(self.speed) + (1 - _SPEED_MEMORY) * step
            self.speed = float(speed[0]), float(speed[1])
        elif frame > self.last:
            self.speed = (0.0, 0.0)
        self.box, self.last, self.looks = box, frame, looks
        self.seen[frame] = face
        self.mouths[frame] = looks.mouth
        if looks.known:
            self._remember(looks, frame)

    def _remember(self, looks: Looks, frame: int) -> None:
        if (self.gallery and frame - self.gallery[-1][0] < LOOK_FRAMES
                and likeness(self.gallery[-1][1], looks) >= NEW_LOOK):
            return
        self.gallery.append((frame, looks))
        if len(self.gallery) > MAX_LOOKS:
            self.gallery = [*self.gallery[:-1:2], self.gallery[-1]]

    def hidden(self, cuts: Sequence[int]) -> dict[int, float]:
        """Return how much of the lips is hidden, by frame; `cuts` are frames with which other shots begin."""
        frames = sorted(self.mouths)
        share = hidden_share(np.stack([self.mouths[frame] for frame in frames]),
                             [self.seen[frame].landmarks_px for frame in frames],
                             [bisect_right(cuts, frame) for frame in frames])
        return dict(zip(frames, share.tolist(), strict=True))

    def shots(self, cuts: Sequence[int]) -> list[Person]:
        """Return the person's appearance in each shot: who is at the same place behind a cut may be another one."""
        parts: dict[int, Person] = {}
        for frame, face in self.seen.items():
            number = bisect_right(cuts, frame)
            if number not in parts:
                parts[number] = Person(face_box(face.landmarks_px), self.looks, frame)
            part = parts[number]
            part.seen[frame], part.last, part.box = face, frame, face_box(face.landmarks_px)
            part.mouths[frame] = self.mouths[frame]
        for frame, looks in self.gallery:
            parts[bisect_right(cuts, frame)].gallery.append((frame, looks))
        return list(parts.values())


class People:
    """Everybody who was seen so far."""

    def __init__(self) -> None:
        self.all: list[Person] = []

    def take(self, image: UInt8Array, faces: Sequence[DetectedFace], frame: int) -> None:
        """Give each face of a frame to somebody who was just there, or to somebody new."""
        looks = [looks_of(image, face) for face in faces]
        for f in self._by_place(faces, looks, frame):
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
            if (face.score_ratio >= wanted and likeness(person.looks, looks) >= FOLLOWED_LOOKS
                    and all(box_iou(box, other) < SAME_PLACE_IOU for other in taken)):
                person.add(face, looks, frame)

    def settled(self, cuts: Sequence[int] = ()) -> list[Person]:
        """Return everybody once: who was lost, or is seen again in another shot, is known by their looks.

        Parameters
        ----------
        cuts : sequence of int
            Frames with which other shots begin.
        """
        parts = sorted((part for person in self.all for part in person.shots(cuts)), key=lambda p: min(p.seen))
        return _joined(parts, [bisect_right(cuts, min(part.seen)) for part in parts])

    def _by_place(self, faces: Sequence[DetectedFace], looks: Sequence[Looks], frame: int) -> list[int]:
        """Match by overlap with the expected place, and by looks where two people meet; return who is left."""
        boxes = [face_box(face.landmarks_px) for face in faces]
        pairs = []
        for p, person in enumerate(self.all):
            if frame - person.last > _PREDICTED_FRAMES:
                continue
            for f, box in enumerate(boxes):
                overlap = max(box_iou(person.expected(frame), box), box_iou(person.box, box))
                like = likeness(person.looks, looks[f])
                unlike = person.looks.known and looks[f].known and like < FOLLOWED_LOOKS
                if overlap >= MIN_IOU and not unlike:
                    pairs.append((overlap + _LOOKS_WEIGHT * like, p, f))
        taken: set[int] = set()
        for _, p, f in sorted(pairs, reverse=True):
            if self.all[p].last != frame and f not in taken:
                taken.add(f)
                self.all[p].add(faces[f], looks[f], frame)
        return [f for f in range(len(faces)) if f not in taken]


def _joined(parts: Sequence[Person], shots: Sequence[int]) -> list[Person]:
    """Join appearances that look alike, the most alike first; who is seen at the same time is never one person."""
    alike = _alike(parts, shots)
    groups = {i: [i] for i in range(len(parts))}
    while True:
        i, j = (int(n) for n in np.unravel_index(int(alike.argmax()), alike.shape)) if len(groups) > 1 else (0, 0)
        if i == j or alike[i, j] < SAME_LOOKS:
            break
        frames = [set().union(*(parts[n].seen for n in groups[g])) for g in (i, j)]
        rivals = [k for k in groups if k not in (i, j) and max(alike[i, k], alike[j, k]) > alike[i, j] - CLEARLY
                  and any(not set(parts[n].seen).isdisjoint(frames[0] | frames[1]) for n in groups[k])]
        if not frames[0].isdisjoint(frames[1]) or rivals:
            alike[i, j] = alike[j, i] = -1.0
            continue
        groups[i] += groups.pop(j)
        alike[i] = alike[:, i] = np.maximum(alike[i], alike[j])
        alike[j] = alike[:, j] = -1.0
        alike[i, i] = -1.0
    return [_whole([parts[n] for n in sorted(group)]) for group in groups.values()]


def _alike(parts: Sequence[Person], shots: Sequence[int]) -> npt.NDArray[np.float64]:
    """Return how alike the most alike looks of any two appearances are [shape=(N, N)]; -1 where nothing is compared."""
    alike = np.full((len(parts), len(parts)), -1.0)
    compared = [i for i in sorted(range(len(parts)), key=lambda i: -len(parts[i].seen))[:MAX_APPEARANCES] if parts[i].gallery]
    if not compared:
        return alike
    chosen = [[looks for _, looks in parts[i].gallery[:: -(-len(parts[i].gallery) // COMPARED_LOOKS)]] for i in compared]
    every = likenesses([looks for some in chosen for looks in some])
    starts = np.cumsum([0, *map(len, chosen)])[:-1]
    best = np.maximum.reduceat(np.maximum.reduceat(every, starts, axis=0), starts, axis=1)
    alike[np.ix_(compared, compared)] = best
    for i, j in zip(*np.nonzero(np.triu((alike >= SAME_PLACE_LOOKS) & (alike < SAME_LOOKS), 1)), strict=True):
        if shots[i] == shots[j] and _is_back(parts[i], parts[j]):
            alike[i, j] = alike[j, i] = SAME_LOOKS
    np.fill_diagonal(alike, -1.0)
    return alike


def _is_back(first: Person, second: Person) -> bool:
    """Tell whether one appearance begins where another has ended before."""
    begin = min(second.seen)
    return first.last < begin and box_iou(first.box, face_box(second.seen[begin].landmarks_px)) >= SAME_PLACE_IOU


def _whole(parts: Sequence[Person]) -> Person:
    if len(parts) == 1:
        return parts[0]
    whole = Person(parts[-1].box, parts[-1].looks, parts[-1].last)
    for part in parts:
        whole.seen.update(part.seen)
        whole.gallery += part.gallery
        whole.mouths.update(part.mouths)
    return whole
