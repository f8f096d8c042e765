"""Follow the faces of a video: the same face keeps its number, gaps stay gaps."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from ..blas import one_blas_thread
from ..errors import InputError
from ..host import Host
from ..interfaces import DetectedFace, Follower, Landmarker
from ..media.timing import on_grid
from ..media.video import media_file, probe, read_frames
from ..render.stream import ahead
from ..types import LANDMARK_COUNT, FaceTrack, FloatArray, UInt8Array
from .choice import Box, DetectSettings, backend_of, landmarker_of, no_face, nobody_there, ranked
from .geometry import face_box
from .given import given_boxes, given_frames, meanings, nearest
from .people import People, Person
from .quality import quality_warnings
from .shots import ShotFinder

if TYPE_CHECKING:
    import torch

BATCH = 8
"""Frames that the networks see at a time; also how many frames are held in memory."""
AHEAD = 3
"""Frames that are decoded while the networks work."""
MAX_PAUSE = 7
"""While nobody is seen, at most this many batches go by between two close looks."""
MIN_FRAMES = 3
"""Shorter appearances are taken for false finds, in videos that are longer."""


Batch = list[tuple[float, UInt8Array]]
"""A few frames, each with its time in seconds."""
Found = list[list[DetectedFace]]
"""The faces of each of them."""


class PictureList(Protocol):
    """Pictures that exist when they are asked for."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int, /) -> UInt8Array: ...


class _Placed:
    """The host as the landmarker sees it: its progress is the video's, by the frames that are done with."""

    def __init__(self, host: Host, total: int) -> None:
        self._host, self._done, self._total = host, 0, max(total, 1)
        self.device, self.threads = host.device, host.threads

    def advance(self, frames: int) -> None:
        self._done += frames
        self.progress(0, 1)

    def progress(self, done: int, total: int) -> None:
        self._host.progress(min(self._done, self._total), self._total)

    def status(self, text: str) -> None:
        self._host.status(text)

    def show(self, picture: UInt8Array | None = None, text: str = "") -> None:
        self._host.show(picture, text)

    def load(self, module: torch.nn.Module) -> None:
        self._host.load(module)


class _Given:
    """A landmarker that answers with landmarks which another program found, frame by frame."""

    def __init__(self, frames: list[list[FloatArray]], name: str) -> None:
        self._frames, self._name, self._at = frames, name, 0

    def detect(self, images: Sequence[UInt8Array], host: Host) -> list[list[DetectedFace]]:
        """Return the faces of the next frames."""
        host.progress(0, 1)
        part = self._frames[self._at : self._at + len(images)]
        self._at += len(images)
        if len(part) < len(images):
            raise InputError(f"the landmarks hold {len(self._frames)} frames, and {self._name!r} has more",
                             hint="Find the landmarks in all frames of this video.")
        return [[DetectedFace(points, 1.0) for points in faces] for faces in part]


class _Search:
    """Finds the faces of a few frames at a time, and looks closer where nobody is seen."""

    def __init__(self, landmarker: Landmarker, wanted: float) -> None:
        self.landmarker, self.wanted = landmarker, wanted
        self.people = People()
        self.best = 0.0
        self._pause = self._waited = 0

    def detected(self, batches: Iterable[Batch], host: Host) -> Iterator[tuple[Batch, Found]]:
        """Yield batches with the faces that are seen at once; on the CPU the next batch is looked at meanwhile."""
        found = ((batch, self.landmarker.detect([image for _, image in batch], host)) for batch in batches)
        return ahead(found, 1) if host.device == "cpu" else found

    def take(self, images: Sequence[UInt8Array], found: Found, first: int, host: Host) -> None:
        """Give the faces found in the frames from number `first` on to people."""
        if self._nobody(found, first):
            found[0] = self._closer(images[0], found[0], host)
        for frame, (image, faces) in enumerate(zip(images, found, strict=True), first):
            self.best = max([self.best, *(face.score_ratio for face in faces)])
            self.people.take(image, [face for face in faces if face.score_ratio >= self.wanted], frame)
            if isinstance(self.landmarker, Follower):
                self.people.follow(self.landmarker, image, frame, self.wanted, host)

    def _nobody(self, found: Sequence[Sequence[DetectedFace]], first: int) -> bool:
        known = any(person.last == first - 1 for person in self.people.all)
        return not known and not any(face.score_ratio >= self.wanted for faces in found for face in faces)

    def _closer(self, image: UInt8Array, found: list[DetectedFace], host: Host) -> list[DetectedFace]:
        """Look at one frame alone, which is searched closely; after each failure wait longer."""
        if not isinstance(self.landmarker, Follower) or self._waited < self._pause:
            self._waited += 1
            return found
        closer = self.landmarker.detect([image], host)[0]
        seen = any(face.score_ratio >= self.wanted for face in closer)
        self._pause, self._waited = (0 if seen else min(2 * self._pause + 1, MAX_PAUSE)), 0
        return closer


@one_blas_thread()
def detect_video(path: str | os.PathLike[str], settings: DetectSettings, host: Host,
                 landmarker: Landmarker | None = None, *, landmarks: Any = None, box: Any = None) -> FaceTrack:
    """Find and follow the faces of a video, a few frames at a time.

    Parameters
    ----------
    path : str or path
        The video.
    settings : DetectSettings
        Which face to take; faces are numbered by their mean size or place.
    host : Host
        Device, progress and cancelling.
    landmarker : Landmarker, optional
        The back end; by default the one that the settings name.
    landmarks : optional
        Faces that another program found in every frame, with 478 or 468 points (see `given.given_frames`).
    box : optional
        Where the face that talks is when it is first seen (see `given.given_boxes`).

    Returns
    -------
    FaceTrack
        All frames at the video's mean rate. Ids count the faces by their first appearance. Frames
        in which a face is not seen are NaN with score 0.

    Raises
    ------
    NoFaceFound
        If no frame shows a face of enough confidence, or none is at the box.
    UnreadableMedia
        If the file is no video.
    InputError
        If its time stamps span more than `timing.MAX_FRAMES`, or landmarks or box have an unknown form.
    """
    info, media, name = probe(path), media_file(path), Path(path).name
    found_by = ""
    if landmarks is not None:
        landmarker = _Given(_meshes(landmarks, info.width_px, info.height_px), name)
    elif landmarker is None:
        landmarker, found_by = landmarker_of(settings), backend_of(settings).id
    search, shots = _Search(landmarker, settings.min_confidence), ShotFinder()
    times: list[float] = []
    placed, held = _Placed(host, info.frames), dict[int, UInt8Array]()
    for frames, faces in search.detected(_batches(ahead(read_frames(path), AHEAD)), placed):
        for number, (_, image) in enumerate(frames, len(times)):
            shots.take(image)
            if number == info.frames // 2:
                held[number] = image
        search.take([image for _, image in frames], faces, len(times), placed)
        times += [time_s for time_s, _ in frames]
        placed.advance(len(frames))
    people = [p for p in search.people.settled(shots.cuts()) if len(p.seen) >= min(MIN_FRAMES, len(times))]
    if not people:
        # What was sure in a frame or two is a false find, and no hint for a lower confidence.
        best = search.best if search.best < settings.min_confidence else 0.0
        raise no_face(f"{name!r} ({info.width_px} x {info.height_px} px, {len(times)} frames)", best)
    shown = on_grid(times, info.fps)
    talks = None if box is None else _at(people, given_boxes(box)[0])
    order, position = ranked([_mean_box(person) for person in people], settings, talks)
    people = [people[i] for i in order]
    landmarks_px, scores = _table(people, shown)
    return FaceTrack(
        width_px=info.width_px, height_px=info.height_px, landmarks_px=landmarks_px, score_ratio=scores,
        face_ids=tuple(order), selected=position, fps=info.fps, video=media, found_by=found_by,
        cuts=_begins(shots.cuts(), shown), hidden_ratio=_hidden(people, shown, shots.cuts()),
        warnings=_warnings(path, people[position], scores[:, position], held))


@one_blas_thread()
def detect_pictures(pictures: PictureList, fps: Fraction, settings: DetectSettings, host: Host,
                    landmarker: Landmarker | None = None, *, landmarks: Any = None) -> FaceTrack:
    """Find and follow the faces of pictures that follow each other, as `detect_video` does in a file.

    Parameters
    ----------
    pictures : PictureList
        RGB or RGBA, all of one size.
    fps : Fraction
        Their rate.
    settings, host, landmarker, landmarks
        As for `detect_video`.

    Raises
    ------
    NoFaceFound
        If no picture shows a face of enough confidence.
    InputError
        If the landmarks have an unknown form or fewer frames than there are pictures.
    """
    height, width = pictures[0].shape[:2]
    count, name, found_by = len(pictures), "the pictures", ""
    if landmarks is not None:
        landmarker = _Given(_meshes(landmarks, width, height), name)
    elif landmarker is None:
        landmarker, found_by = landmarker_of(settings), backend_of(settings).id
    search, placed = _Search(landmarker, settings.min_confidence), _Placed(host, count)
    for start in range(0, count, BATCH):
        part = [np.ascontiguousarray(pictures[i][..., :3]) for i in range(start, min(start + BATCH, count))]
        search.take(part, landmarker.detect(part, placed), start, placed)
        placed.advance(len(part))
    people = [p for p in search.people.settled() if len(p.seen) >= min(MIN_FRAMES, count)]
    if not people:
        best = search.best if search.best < settings.min_confidence else 0.0
        raise no_face(f"{name} ({width} x {height} px, {count} of them)", best)
    order, position = ranked([_mean_box(person) for person in people], settings, None)
    landmarks_px, scores = _table([people[i] for i in order], range(count))
    return FaceTrack(width_px=width, height_px=height, landmarks_px=landmarks_px, score_ratio=scores,
                     face_ids=tuple(order), selected=position, fps=fps, found_by=found_by)


def _meshes(landmarks: Any, width_px: int, height_px: int) -> list[list[FloatArray]]:
    frames = given_frames(landmarks, width_px, height_px)
    few = next((len(points) for faces in frames for points in faces if len(points) != LANDMARK_COUNT), None)
    if few is not None:
        raise InputError(f"landmarks with {few} points are not enough for a video",
                         hint="Give 478 or 468 points, or disconnect them: Detect Face finds faces by itself.")
    return frames


def _at(people: Sequence[Person], numbers: tuple[float, ...]) -> int:
    firsts = [face_box(person.seen[min(person.seen)].landmarks_px) for person in people]
    hit = nearest(firsts, meanings(numbers))
    if hit is None:
        raise nobody_there(numbers, firsts)
    return hit[0]


def _batches(frames: Iterator[tuple[float, UInt8Array]]) -> Iterator[Batch]:
    while batch := list(islice(frames, BATCH)):
        yield batch


def _begins(cuts: Sequence[int], shown: Sequence[int]) -> tuple[int, ...]:
    """Return at which multiples of the frame time the shots begin that begin at decoded frames."""
    first = {int(i) for i in np.searchsorted(shown, cuts)}
    return tuple(sorted(first - {0, len(shown)}))


def _table(people: Sequence[Person], shown: Sequence[int]) -> tuple[FloatArray, FloatArray]:
    landmarks = np.full((len(shown), len(people), LANDMARK_COUNT, 3), np.nan, np.float32)
    scores = np.zeros((len(shown), len(people)), np.float32)
    for i, person in enumerate(people):
        for t, frame in enumerate(shown):
            face = person.seen.get(frame)
            if face is not None:
                landmarks[t, i], scores[t, i] = face.landmarks_px, face.score_ratio
    return landmarks, scores


def _hidden(people: Sequence[Person], shown: Sequence[int], cuts: Sequence[int]) -> FloatArray:
    """Return how much of each mouth is hidden in each frame, 0 where the face is not seen [shape=(T, F)]."""
    known = [person.hidden(cuts) for person in people]
    return np.array([[by_frame.get(frame, 0.0) for by_frame in known] for frame in shown], np.float32)


def _mean_box(person: Person) -> Box:
    left, top, right, bottom = np.mean([face_box(face.landmarks_px) for face in person.seen.values()], axis=0)
    return float(left), float(top), float(right), float(bottom)


def _warnings(path: str | os.PathLike[str], talker: Person, scores: FloatArray, held: Mapping[int, UInt8Array]
              ) -> tuple[str, ...]:
    """Judge a held frame that shows the face, else the middle one that does, and say how long it is out of sight."""
    frames = sorted(talker.seen)
    wanted = next((frame for frame in held if frame in talker.seen), frames[len(frames) // 2])
    image = held[wanted] if wanted in held else next(read_frames(path, wanted))[1]
    face = talker.seen[wanted]
    gaps = int((scores == 0).sum())
    missing = (f"the face is not seen in {gaps} of {len(scores)} frames: nothing is drawn there; "
               "cut the video to the part that shows it",) if gaps else ()
    return (*probe(path).warnings, *quality_warnings(image, face.landmarks_px, face.score_ratio, still=False), *missing)
