"""One pass over a video: what every frame says about lips, eyes, head and look, in bounded memory."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import MissingDependency, NoFaceFound
from ..face.choice import DetectSettings, landmarker_of
from ..host import Host
from ..interfaces import Landmarker
from ..lazy import cv2
from ..media.image import load_portrait
from ..media.video import probe, read_frames
from ..types import LANDMARK_COUNT, Portrait, UInt8Array
from .canvas import Canvas
from .dlib_judge import DlibDescriptor, DlibLandmarks
from .identity import Embedder, Embedding
from .landmarks import Detector, Points, aperture, eye_opening, interocular_px, mouth_width
from .life import Frozen, Trembling, turn_deg
from .lips import Series

Source = str | os.PathLike[str] | Portrait
"""What a video was made from: a picture or a video file, or a photo that is loaded."""
SAMPLES = 40
"""Frames that are looked at for sharpness, seam and identity."""
PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff", ".gif", ".heic", ".avif")
SEEN_ENOUGH = 0.5
"""A judge that sees the face in fewer frames is replaced by the other one."""


@dataclass(frozen=True, eq=False)
class Judges:
    """Who looks at the video."""

    lips: Callable[[], Detector] | None
    """Makes the independent judge of the lips; one each for a clip and for its source."""
    embed: Embedder | None
    """Face descriptor."""
    own: Landmarker
    """The pack's own landmarks: dense, three-dimensional, but the renderer was fitted with them."""
    missing: str = ""
    """What to install where a judge is missing."""


def available_judges() -> Judges:
    """Return the judges that are installed: dlib's where it is, and the pack's own landmarks."""
    own = landmarker_of(DetectSettings())
    try:
        DlibLandmarks()
        return Judges(DlibLandmarks, DlibDescriptor(), own)
    except MissingDependency as error:
        return Judges(None, None, own, f"{error.message}: {error.hint}")


@dataclass
class FaceSeries:
    """What one set of landmarks says, frame by frame."""

    gap: list[float] = field(default_factory=list)
    width: list[float] = field(default_factory=list)
    eyes: list[float] = field(default_factory=list)
    turns_deg: list[tuple[float, float, float]] = field(default_factory=list)
    """Three-dimensional landmarks only."""
    jitter: list[float] = field(default_factory=list)
    """Of the frame before."""
    first: Points | None = None
    _meter: Trembling = field(default_factory=Trembling)

    def add(self, points: Points | None) -> None:
        """Take the landmarks of the next frame."""
        self.jitter.append(self._meter.add(points))
        if points is None:
            for values in (self.gap, self.width, self.eyes):
                values.append(float("nan"))
            return
        self.first = points if self.first is None else self.first
        self.gap.append(aperture(points))
        self.width.append(mouth_width(points))
        self.eyes.append(eye_opening(points))
        if len(points) == LANDMARK_COUNT:
            self.turns_deg.append(turn_deg(points, self.first))

    @property
    def seen_share(self) -> float:
        """Share of the frames that show a face."""
        return float(np.isfinite(self.gap).mean()) if self.gap else 0.0


@dataclass(frozen=True, eq=False)
class Observation:
    """What was seen in a whole video."""

    path: str
    fps: Fraction
    size_px: tuple[int, int]
    times_s: Series
    judged: FaceSeries
    """By the independent judge; empty where there is none."""
    own: FaceSeries
    frozen_s: int
    canvas: Canvas | None
    """The source's face; None without a source."""
    laid: tuple[UInt8Array, ...]
    """Some frames on the canvas."""
    distances: tuple[float, ...]
    """Of the face descriptor to the source's."""
    stretched: float
    """The same of the source, stretched: the control."""
    judges: Judges

    @property
    def duration_s(self) -> float:
        """Length of the picture: from the first frame to the end of the last."""
        return float(self.times_s[-1] - self.times_s[0] + self.frame_s)

    @property
    def frame_s(self) -> float:
        """Time between two frames."""
        return float(np.median(np.diff(self.times_s))) if len(self.times_s) > 1 else float(1 / self.fps)

    @property
    def independent(self) -> bool:
        """Whether the lips were judged by landmarks that had no part in making the video."""
        return self.judged.seen_share >= SEEN_ENOUGH or self.judged.seen_share > self.own.seen_share

    @property
    def lips(self) -> FaceSeries:
        """The best view of the lips."""
        return self.judged if self.independent else self.own


class OwnLandmarks:
    """The pack's landmarks as a `Detector`: the face nearest to where it was, else the largest."""

    def __init__(self, landmarker: Landmarker, host: Host) -> None:
        self._landmarker, self._host = landmarker, _Quiet(host)
        self._last: npt.NDArray[np.float32] | None = None

    def __call__(self, image: UInt8Array) -> Points | None:
        """Return the landmarks in pixels [shape=(478, 3)], or None."""
        found = [face.landmarks_px for face in self._landmarker.detect([image], self._host)[0]]
        if not found:
            return None
        last = self._last
        if last is None:
            self._last = max(found, key=lambda p: float(np.ptp(p[:, 0])))
        else:
            self._last = min(found, key=lambda p: float(np.linalg.norm(p[:, :2].mean(0) - last[:, :2].mean(0))))
        return self._last


class _Quiet:
    """The host without its progress: that belongs to the whole video."""

    def __init__(self, host: Host) -> None:
        self._host, self.device, self.threads = host, host.device, host.threads

    def progress(self, done: int, total: int) -> None:
        """Do nothing."""

    def status(self, text: str) -> None:
        """Do nothing."""

    def show(self, picture: UInt8Array | None = None, text: str = "") -> None:
        """Do nothing."""

    def load(self, module: Any) -> None:
        """Make sure a network is on the device."""
        self._host.load(module)


def observe(video: str | os.PathLike[str], source: Source | None, judges: Judges,
            host: Host) -> Observation:
    """Watch a video once.

    Parameters
    ----------
    video : path
        What is judged.
    source : path or Portrait, optional
        The photo, or the video, that it was made from; of a video its first frame with a face counts.
    judges : Judges
        Who looks.
    host : Host
        Progress and cancel.

    Raises
    ------
    UnreadableMedia
        If a file cannot be read.
    NoFaceFound
        If no judge sees a face in the video, or in the source.
    """
    info = probe(video)
    total = max(info.frames, 1)
    own = OwnLandmarks(judges.own, host)
    lips = judges.lips() if judges.lips else None
    look = None if source is None else _Look(source, judges, host)
    judged, meshed, frozen, times = FaceSeries(), FaceSeries(), Frozen(), []
    every = max(1, total // SAMPLES)
    for index, (time_s, frame) in enumerate(read_frames(video)):
        host.show(frame)
        host.progress(min(index, total), total)
        times.append(time_s)
        dense = own(frame)
        meshed.add(dense)
        seen = lips(frame) if lips else None
        if lips:
            judged.add(seen)
        first = meshed.first if meshed.first is not None else judged.first
        if first is not None:
            frozen.add(time_s, _cut(frame, first))
        if look is not None and index % every == 0:
            look.add(frame, seen, dense)
            if len(look.laid) >= 2 * SAMPLES:
                # The header told fewer frames than there are: half of the samples will do.
                every *= 2
                del look.laid[::2]
    host.progress(total, total)
    if meshed.first is None and judged.first is None:
        raise NoFaceFound(f"no judge sees a face in {Path(video).name!r} ({len(times)} frames)",
                          hint="Score a video that shows a face, large and from the front.")
    return Observation(
        os.fspath(video), info.fps, (info.width_px, info.height_px), np.array(times), judged, meshed,
        frozen.seconds, look.canvas if look else None, tuple(look.laid) if look else (),
        tuple(look.distances) if look else (), look.stretched if look else float("nan"), judges)


def _cut(frame: UInt8Array, points: Points) -> UInt8Array:
    """Return the part in which the face was first seen: pictures of one size, whatever moves around it."""
    (left, top), (right, bottom) = (edge.astype(int) for edge in (points[:, :2].min(axis=0), points[:, :2].max(axis=0)))
    part = frame[max(0, top) : max(1, bottom), max(0, left) : max(1, right)]
    return part if part.size else frame


class _Look:
    """Compares frames with the source."""

    def __init__(self, source: Source, judges: Judges, host: Host) -> None:
        self.canvas: Canvas | None = None
        self.laid: list[UInt8Array] = []
        self.distances: list[float] = []
        self.stretched = float("nan")
        self._image, self._points, self._dense = _source_face(source, judges, host)
        self._embed = judges.embed
        self._wanted: Embedding | None = judges.embed(self._image) if judges.embed else None
        if judges.embed and self._wanted is not None:
            tall = judges.embed(np.asarray(cv2.resize(self._image, None, fx=1.0, fy=1.6), np.uint8))
            self.stretched = float("nan") if tall is None else float(np.linalg.norm(tall - self._wanted))

    def add(self, frame: UInt8Array, seen: Points | None, dense: Points | None) -> None:
        """Take a frame with its landmarks."""
        points = seen if self._points is not None else dense
        if points is not None:
            own = self._points if self._points is not None else self._dense
            assert own is not None
            if self.canvas is None:
                self.canvas = Canvas.of(self._image, own, interocular_px(points))
            self.laid.append(self.canvas.lay(frame, points))
        if self._embed is not None and self._wanted is not None and (found := self._embed(frame)) is not None:
            self.distances.append(float(np.linalg.norm(found - self._wanted)))


def _source_face(source: Source, judges: Judges,
                 host: Host) -> tuple[UInt8Array, Points | None, Points | None]:
    """Return a picture of the source with the landmarks of both judges."""
    for image in _pictures(source):
        points = judges.lips()(image) if judges.lips else None
        dense = OwnLandmarks(judges.own, host)(image)
        if points is not None or dense is not None:
            return image, points, dense
    raise NoFaceFound(f"no judge sees a face in the source {name_of(source)!r}",
                      hint="Give the photo that the video was made from.")


def name_of(source: Source) -> str:
    """Return what a source is called."""
    return source.source if isinstance(source, Portrait) else Path(source).name


def _pictures(source: Source) -> Iterator[UInt8Array]:
    if isinstance(source, Portrait):
        yield source.image
        return
    if Path(source).suffix.lower() in PICTURES:
        yield load_portrait(os.fspath(source)).image
        return
    for _, frame in read_frames(source):
        yield frame


