"""Follow the faces of a video: the same face keeps its number, gaps stay gaps."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..errors import InputError
from ..host import Host
from ..interfaces import DetectedFace, Landmarker
from ..media.video import media_file, probe, read_frames
from ..types import LANDMARK_COUNT, FaceTrack, FloatArray, UInt8Array
from .choice import Box, DetectSettings, default_landmarker, no_face, ranked
from .geometry import face_box
from .quality import quality_warnings

if TYPE_CHECKING:
    import torch

BATCH = 8
"""Frames that the networks see at a time; also how many frames are held in memory."""
MIN_IOU = 0.2
"""Boxes of one face in neighbouring frames overlap at least this much."""
MAX_FRAMES = 500_000
"""Over five hours at 25 fps. A single broken time stamp may claim any length: the track would fill
the memory."""
MIN_FRAMES = 3
"""Shorter appearances are taken for false finds, in videos that are longer."""


@dataclass
class _Person:
    """One face over time."""

    box: Box
    seen: dict[int, DetectedFace] = field(default_factory=dict)


class _Placed:
    """The host as the landmarker sees it: its progress is the video's."""

    def __init__(self, host: Host, done: int, total: int) -> None:
        self._host, self._done, self._total = host, done, total
        self.device, self.threads = host.device, host.threads

    def progress(self, done: int, total: int) -> None:
        self._host.progress(min(self._done, self._total), self._total)

    def status(self, text: str) -> None:
        self._host.status(text)

    def load(self, module: torch.nn.Module) -> None:
        self._host.load(module)


def detect_video(path: str | os.PathLike[str], settings: DetectSettings, host: Host,
                 landmarker: Landmarker | None = None) -> FaceTrack:
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
        The back end; by default the best one that is registered.

    Returns
    -------
    FaceTrack
        All frames at the video's mean rate. Ids count the faces by their first appearance. Frames
        in which a face is not seen are NaN with score 0.

    Raises
    ------
    NoFaceFound
        If no frame shows a face of enough confidence.
    UnreadableMedia
        If the file is no video.
    InputError
        If its time stamps span more than `MAX_FRAMES`.
    """
    landmarker = landmarker or default_landmarker()
    info, media = probe(path), media_file(path)
    people: list[_Person] = []
    times: list[float] = []
    best = 0.0
    for frames in _batches(read_frames(path)):
        faces = _detect([image for _, image in frames], landmarker,
                        _Placed(host, len(times), max(info.frames, 1)), settings.min_confidence)
        for (time_s, _), found in zip(frames, faces, strict=True):
            best = max([best, *(face.score_ratio for face in found)])
            sure = [face for face in found if face.score_ratio >= settings.min_confidence]
            _assign(people, sure, len(times))
            times.append(time_s)
        host.progress(min(len(times), info.frames), max(info.frames, 1))
    people = [p for p in people if len(p.seen) >= min(MIN_FRAMES, len(times))]
    name = Path(path).name
    if not people:
        raise no_face(f"{name!r} ({info.width_px} x {info.height_px} px, {len(times)} frames)", best)
    shown = _on_grid(times, info.fps)
    landmarks, scores = _table(people, shown)
    chosen = ranked([_mean_box(landmarks[:, i]) for i in range(len(people))], settings)
    talker = people[chosen[settings.face_index]]
    return FaceTrack(
        width_px=info.width_px, height_px=info.height_px, landmarks_px=landmarks[:, chosen],
        score_ratio=scores[:, chosen], face_ids=tuple(chosen), selected=settings.face_index, fps=info.fps,
        video=media, warnings=_warnings(path, talker, scores[:, chosen[settings.face_index]]))


def _batches(frames: Iterator[tuple[float, UInt8Array]]) -> Iterator[list[tuple[float, UInt8Array]]]:
    while batch := list(islice(frames, BATCH)):
        yield batch


def _detect(images: Sequence[UInt8Array], landmarker: Landmarker, host: Host, wanted: float
            ) -> list[list[DetectedFace]]:
    """Detect in a batch; where it shows nobody, look at its first frame alone, which looks closer."""
    faces = landmarker.detect(images, host)
    if len(images) == 1 or any(f.score_ratio >= wanted for found in faces for f in found):
        return faces
    first = landmarker.detect(images[:1], host)[0]
    if not any(f.score_ratio >= wanted for f in first):
        return faces
    return [first, *(landmarker.detect([image], host)[0] for image in images[1:])]


def _iou(a: Box, b: Box) -> float:
    wide = min(a[2], b[2]) - max(a[0], b[0])
    high = min(a[3], b[3]) - max(a[1], b[1])
    common = max(wide, 0.0) * max(high, 0.0)
    areas = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (a, b))
    return common / max(areas - common, 1e-9)


def _assign(people: list[_Person], faces: Sequence[DetectedFace], frame: int) -> None:
    """Give each face to the person whose last place it overlaps most, or to a new person."""
    boxes = [face_box(face.landmarks_px) for face in faces]
    pairs = sorted(((_iou(person.box, box), p, f) for p, person in enumerate(people)
                    for f, box in enumerate(boxes)), reverse=True)
    taken_people: set[int] = set()
    taken_faces: set[int] = set()
    for overlap, p, f in pairs:
        if overlap >= MIN_IOU and p not in taken_people and f not in taken_faces:
            taken_people.add(p)
            taken_faces.add(f)
            people[p].box = boxes[f]
            people[p].seen[frame] = faces[f]
    for f, face in enumerate(faces):
        if f not in taken_faces:
            people.append(_Person(boxes[f], {frame: face}))


def _on_grid(times: Sequence[float], fps: Fraction) -> list[int]:
    """Return which decoded frame is shown at each multiple of the frame time.

    With a constant rate that is every frame once; a variable rate repeats and drops frames.
    """
    at = np.asarray(times)
    count = max(1, round((at[-1] - at[0]) * float(fps)) + 1)
    if count > MAX_FRAMES:
        raise InputError(f"the video claims to run over {count} frames at {float(fps):g} fps",
                         hint="Cut it to the part that is needed, or save it again with a constant frame rate.")
    # Half a frame of tolerance: container times are rounded to a millisecond or worse.
    grid = np.arange(count) / float(fps) + 0.5 / float(fps)
    return [int(i) for i in np.clip(np.searchsorted(at, grid, side="right") - 1, 0, len(at) - 1)]


def _table(people: Sequence[_Person], shown: Sequence[int]) -> tuple[FloatArray, FloatArray]:
    landmarks = np.full((len(shown), len(people), LANDMARK_COUNT, 3), np.nan, np.float32)
    scores = np.zeros((len(shown), len(people)), np.float32)
    for i, person in enumerate(people):
        for t, frame in enumerate(shown):
            face = person.seen.get(frame)
            if face is not None:
                landmarks[t, i], scores[t, i] = face.landmarks_px, face.score_ratio
    return landmarks, scores


def _mean_box(landmarks_px: FloatArray) -> Box:
    seen = landmarks_px[np.isfinite(landmarks_px[:, 0, 0])]
    left, top, right, bottom = np.mean([face_box(points) for points in seen], axis=0)
    return float(left), float(top), float(right), float(bottom)


def _warnings(path: str | os.PathLike[str], talker: _Person, scores: FloatArray) -> tuple[str, ...]:
    """Judge the middle frame of those that show the face, and say how long it is out of sight."""
    frames = sorted(talker.seen)
    wanted = frames[len(frames) // 2]
    _, image = next(read_frames(path, wanted))
    face = talker.seen[wanted]
    gaps = int((scores == 0).sum())
    missing = (f"the face is not seen in {gaps} of {len(scores)} frames: nothing is drawn there; "
               "cut the video to the part that shows it",) if gaps else ()
    return (*probe(path).warnings, *quality_warnings(image, face.landmarks_px, face.score_ratio, still=False), *missing)
