"""How a re-voiced picture looks beside its source, frame by frame, to judges that had no part in drawing it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from ..pipeline_core.scoring.canvas import Flags, similarity
from ..pipeline_core.scoring.dlib_judge import DlibLandmarks
from ..pipeline_core.scoring.identity import Embedder
from ..pipeline_core.scoring.landmarks import IBUG_68, Points, aperture, interocular_px, lip_outline
from ..pipeline_core.scoring.look import changed_border, changed_outside, gradient, grey, seam, sharpness
from ..pipeline_core.types import UInt8Array

EYES_PX, SIDE_MAX_PX = 200.0, 2160
"""dlib's points are whole pixels: faces are enlarged until its steps are small, as far as memory is cheap."""
BESIDE_MOUTH = (2, 3, 4, 5, 11, 12, 13, 14, 31, 35)
"""iBUG 68: cheeks at the jaw's edge beside the mouth, and the wings of the nose."""
MOUTH_MARGIN, SKIN_MARGIN = 0.3, 0.06
"""Around the outline of the lips, in eye distances: what is seen as the mouth, and what is lip."""
CHEEK_MARGINS = (0.12, 0.6)
"""Skin in which texture is tracked: not the lips, and not beyond the cheeks."""
SEEDS, SEED_QUALITY, WINDOW_PX = 150, 0.01, 15
HEAD_SEEDS_MIN, CHEEK_SEEDS_MIN = 8, 12
BORDER = 0.10
"""Width of the border of the mask, in eye distances."""
NOISE_LEVELS = 0.25
"""Added to both sides of a ratio of changes, so that a perfectly still border does not divide by zero."""
ALIKE = 5
"""Frames of the source with the most similar opening, whose median a frame is compared with."""
LOOK_EVERY, DESCRIBE_EVERY = 3, 8
"""Frames between two that are looked at for sharpness and seam, and for identity."""

Grey = npt.NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Moment:
    """One frame, before and after."""

    time_s: float
    """Of the finished frame, by the sound's clock."""
    source: UInt8Array
    """As decoded from the clip."""
    drawn: UInt8Array
    """As drawn, before encoding."""
    mask: UInt8Array
    """0 where nothing may differ [shape=(H, W)]."""
    encoded: UInt8Array
    """The source, encoded and decoded again with the settings of the result."""
    finished: UInt8Array
    """Decoded from the result."""


@dataclass(frozen=True, eq=False)
class Sight:
    """A moment and the landmarks that the judge sees in it."""

    moment: Moment
    own: Points | None
    """In the encoded source."""
    points: Points | None
    """In the finished frame."""


class CloseLandmarks:
    """dlib's 68 landmarks to fractions of a pixel: small faces are enlarged first."""

    def __init__(self) -> None:
        self._judge = DlibLandmarks()
        self._factor = 0.0

    def __call__(self, image: UInt8Array) -> Points | None:
        """Return the landmarks in pixels of the picture as it is, or None."""
        if not self._factor:
            found = DlibLandmarks()(image)
            if found is None:
                return None
            most = max(1.0, SIDE_MAX_PX / max(image.shape[:2]))
            self._factor = float(np.clip(EYES_PX / interocular_px(found), 1.0, most))
        large = cv2.resize(image, None, fx=self._factor, fy=self._factor, interpolation=cv2.INTER_CUBIC)
        points = self._judge(np.asarray(large, np.uint8))
        return None if points is None else points / self._factor


def grown_hull(points: Points, shape: tuple[int, ...], margin_px: float = 0.0) -> Flags:
    """Return True within a margin of the convex hull of points, or deeper in it than a negative one [shape=(H, W)]."""
    hull = np.zeros(shape[:2], np.uint8)
    cv2.fillConvexPoly(hull, cv2.convexHull(np.round(points[:, :2]).astype(np.int32)), 1)
    if margin_px > 0:
        return np.asarray(cv2.distanceTransform(1 - hull, cv2.DIST_L2, 5) <= margin_px)
    return np.asarray(cv2.distanceTransform(hull, cv2.DIST_L2, 5) > -margin_px)


def mouth_region(points: Points, shape: tuple[int, ...], inner: float | None = None) -> Flags:
    """Return True around the mouth; with `inner`, less the lips grown by that much [shape=(H, W)]."""
    lips, eyes_px = points[list(lip_outline(points))], interocular_px(points)
    region = grown_hull(lips, shape, MOUTH_MARGIN * eyes_px)
    return region if inner is None else region & ~grown_hull(lips, shape, inner * eyes_px)


class Sharpness:
    """Sharpness around the mouth over the source's there, where its lips are open as far; an encoder has softened both."""

    def __init__(self, inner: float | None = None) -> None:
        self._inner = inner
        self._own: list[tuple[float, float]] = []
        self._seen: list[tuple[float, float]] = []

    def add(self, sight: Sight) -> None:
        """Take the next frame."""
        for found, picture, points in ((self._own, sight.moment.encoded, sight.own),
                                       (self._seen, sight.moment.finished, sight.points)):
            if points is not None:
                region = mouth_region(points, picture.shape, self._inner)
                found.append((aperture(points), sharpness(picture, region)))

    @property
    def value(self) -> float:
        """Median over the frames: teeth are sharper than lips, so that only like is compared with like."""
        if not self._own:
            return np.nan
        gaps, own = np.array(self._own).T
        ratios = [value / max(float(np.median(own[np.argsort(np.abs(gaps - gap))[:ALIKE]])), 1e-9)
                  for gap, value in self._seen]
        return float(np.median(ratios)) if ratios else np.nan


class Seam:
    """Visibility of the edit's border before encoding, mean over the frames."""

    def __init__(self) -> None:
        self._found: list[float] = []

    def add(self, sight: Sight) -> None:
        """Take the next frame."""
        self._found.append(self._of(sight.moment))

    def _of(self, m: Moment) -> float:
        return seam(m.drawn, m.source)

    @property
    def value(self) -> float:
        """0 is no seam, a hard paste gives above 2."""
        return _mean(self._found)

    @property
    def worst(self) -> float:
        """Of the worst frame."""
        return max(self._found, default=np.nan)


class FinishedSeam(Seam):
    """The same in the decoded file, where the border is before encoding; what the encoder adds is in it."""

    def _of(self, m: Moment) -> float:
        ring = changed_border(m.drawn, m.source)
        if not ring.any():
            return 0.0
        own, seen = (np.asarray(cv2.GaussianBlur(grey(p), (3, 3), 0), np.float32) for p in (m.encoded, m.finished))
        return float(gradient(seen - own)[ring].mean() / (gradient(own)[ring].mean() + 1.0))


class Stray:
    """What differs from the source outside the mask, before encoding."""

    def __init__(self) -> None:
        self.pixels = 0
        """Of the worst frame."""
        self.levels = 0
        """Largest difference."""

    def add(self, sight: Sight) -> None:
        """Take the next frame."""
        m = sight.moment
        self.pixels = max(self.pixels, changed_outside(m.drawn, m.source, m.mask))
        off = cv2.absdiff(m.drawn[..., :3], m.source[..., :3])[m.mask == 0]
        self.levels = max(self.levels, int(off.max(initial=0)))


class Flicker:
    """Change from frame to frame in the mask's border, over the source's own change there."""

    def __init__(self) -> None:
        self._last: tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]] | None = None
        self._own: list[float] = []
        self._seen: list[float] = []

    def add(self, sight: Sight) -> None:
        """Take the next frame."""
        m = sight.moment
        here = (grey(m.encoded), grey(m.finished))
        border = mask_border(m.mask, interocular_px(sight.own)) if sight.own is not None else np.zeros(m.mask.shape, bool)
        if self._last is not None and border.any():
            for found, now, before in zip((self._own, self._seen), here, self._last, strict=True):
                found.append(float(np.abs(now - before)[border].mean()))
        self._last = here

    @property
    def value(self) -> float:
        """1 where the border changes as the source does."""
        return _ratio(_mean(self._seen) + NOISE_LEVELS, _mean(self._own) + NOISE_LEVELS)


def mask_border(mask: UInt8Array, eyes_px: float) -> Flags:
    """Return True in the mask within a share of the eye distance of its edge [shape=(H, W)]."""
    reach = max(2, round(BORDER * eyes_px))
    # The picture's own edge is no border of the mask.
    inside = cv2.copyMakeBorder((mask > 0).astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_REPLICATE)
    depth = cv2.distanceTransform(inside, cv2.DIST_L2, 5)[1:-1, 1:-1]
    return np.asarray((depth > 0) & (depth <= reach))


class Swim:
    """Jitter of landmarks beside the mouth over the source's: second differences, head movement taken out."""

    def __init__(self) -> None:
        self._paths: tuple[list[Points | None], list[Points | None]] = ([], [])
        self._first: Points | None = None

    def add(self, sight: Sight) -> None:
        """Take the next frame."""
        self._first = self._first if self._first is not None else sight.own
        for path, points in zip(self._paths, (sight.own, sight.points), strict=True):
            path.append(None if points is None or self._first is None else self._laid(points))

    def _laid(self, points: Points) -> Points:
        assert self._first is not None
        matrix = similarity(points, self._first)
        beside = points[list(BESIDE_MOUTH), :2] @ matrix[:, :2].T + matrix[:, 2]
        return np.asarray(beside / interocular_px(self._first))

    @property
    def value(self) -> float:
        """1 where the points are as steady as the source's."""
        own, seen = (_jitter(path) for path in self._paths)
        return _ratio(seen, own)


def _jitter(path: list[Points | None]) -> float:
    """Return the median over the frames of the rms second difference."""
    found = [float(np.sqrt(((a - 2 * b + c) ** 2).sum(axis=1).mean()))
             for a, b, c in zip(path, path[1:], path[2:], strict=False) if a is not None and b is not None and c is not None]
    return float(np.median(found)) if found else np.nan


class TextureSwim:
    """The same of skin texture, tracked by optical flow: skin that slides moves without any landmark."""

    def __init__(self) -> None:
        self._last: list[Sight] = []
        self._own: list[float] = []
        self._seen: list[float] = []

    def add(self, sight: Sight) -> None:
        """Take the next frame."""
        self._last = [*self._last[-2:], sight]
        if len(self._last) < 3:
            return
        middle = self._last[1]
        for found, pick, points in ((self._own, "encoded", middle.own), (self._seen, "finished", middle.points)):
            if points is not None:
                found.append(texture_jitter([_eight_bit(getattr(s.moment, pick)) for s in self._last], points))

    @property
    def value(self) -> float:
        """1 where the skin is as steady as the source's."""
        return _ratio(float(np.nanmedian(self._seen)), float(np.nanmedian(self._own))) if self._own and self._seen else np.nan


def texture_jitter(three: list[Grey], points: Points) -> float:
    """Return the median second difference of skin beside the mouth, in eye distances, less the head's own.

    Parameters
    ----------
    three : list of array
        Three frames in a row, grey [shape=(H, W)].
    points : Points
        68 landmarks of the middle one.
    """
    eyes_px, shape = interocular_px(points), three[1].shape
    lips = points[list(lip_outline(points))]
    cheeks = grown_hull(points, shape, -0.05 * eyes_px) & grown_hull(lips, shape, CHEEK_MARGINS[1] * eyes_px)
    cheeks &= ~grown_hull(lips, shape, CHEEK_MARGINS[0] * eyes_px)
    skull = grown_hull(points[[*range(17, 27), *IBUG_68.rigid]], shape)
    skull &= ~grown_hull(lips, shape, CHEEK_MARGINS[1] * eyes_px)
    head, skin = (_seeds(three[1], region) for region in (skull, cheeks))
    if len(head) < HEAD_SEEDS_MIN or len(skin) < CHEEK_SEEDS_MIN:
        return np.nan
    off = np.zeros_like(skin)
    known = np.ones(len(skin), bool)
    for other in (three[0], three[2]):
        moved, found = _tracked(three[1], other, skin)
        off, known = off + moved - _carried(three[1], other, head, skin), known & found
    return float(np.median(np.linalg.norm(off[known], axis=1)) / eyes_px) if known.sum() >= CHEEK_SEEDS_MIN else np.nan


def _seeds(picture: Grey, region: Flags) -> Points:
    found = cv2.goodFeaturesToTrack(picture, SEEDS, SEED_QUALITY, 3, mask=region.astype(np.uint8))
    return np.zeros((0, 2), np.float32) if found is None else found.reshape(-1, 2)


def _tracked(here: Grey, there: Grey, seeds: Points) -> tuple[Points, Flags]:
    moved, found, _ = cv2.calcOpticalFlowPyrLK(here, there, seeds.reshape(-1, 1, 2), None,  # type: ignore[call-overload]
                                               winSize=(WINDOW_PX, WINDOW_PX), maxLevel=3)
    return moved.reshape(-1, 2), found.ravel() > 0


def _carried(here: Grey, there: Grey, head: Points, skin: Points) -> Points:
    """Return where the head's own movement takes points of the skin."""
    moved, found = _tracked(here, there, head)
    matrix, _ = cv2.estimateAffinePartial2D(head[found], moved[found], method=cv2.LMEDS)
    return skin if matrix is None else np.asarray(skin @ matrix[:, :2].T + matrix[:, 2])


def _eight_bit(picture: UInt8Array) -> Grey:
    return np.asarray(cv2.cvtColor(np.ascontiguousarray(picture[..., :3]), cv2.COLOR_RGB2GRAY), np.uint8)


class Identity:
    """Distance of the finished face to the same frame of the source."""

    def __init__(self, embed: Embedder) -> None:
        self._embed = embed
        self.found: list[float] = []

    def add(self, sight: Sight) -> None:
        """Take the next frame."""
        pair = [self._embed(picture) for picture in (sight.moment.source, sight.moment.finished)]
        if pair[0] is not None and pair[1] is not None:
            self.found.append(float(np.linalg.norm(pair[0] - pair[1])))

    @property
    def value(self) -> float:
        """Mean; dlib's documentation: the same person is below 0.6."""
        return _mean(self.found)


METERS: dict[str, tuple[Callable[[Embedder], Any], int]] = {
    "identity": (Identity, DESCRIBE_EVERY), "sharpness": (lambda _: Sharpness(), LOOK_EVERY),
    "skin_sharpness": (lambda _: Sharpness(SKIN_MARGIN), LOOK_EVERY), "seam": (lambda _: Seam(), LOOK_EVERY),
    "finished_seam": (lambda _: FinishedSeam(), LOOK_EVERY), "stray": (lambda _: Stray(), 1),
    "flicker": (lambda _: Flicker(), 1), "swim": (lambda _: Swim(), 1), "texture_swim": (lambda _: TextureSwim(), 1),
}
"""How each meter is made, and how many frames lie between two that it takes."""


def _mean(values: list[float]) -> float:
    return float(np.mean(values)) if values else np.nan


def _ratio(value: float, own: float) -> float:
    return value / max(own, 1e-9)
