"""What must fail: results spoilt on purpose, one way for each figure of the re-voicing bench."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np

from ..pipeline_core.scoring.landmarks import interocular_px
from ..pipeline_core.scoring.look import hard_paste
from ..pipeline_core.types import UInt8Array
from .bench_resync_look import Sight, mouth_region

BLUR = 0.02
"""Sigma in eye distances: a mouth from a generator of 96 pixels is as soft."""
PASTE_LEVELS = 25.0
JITTER = 0.02
"""Standard deviation of the place of what is drawn, in eye distances."""
DELAY_S = 0.12
STRETCH = 1.6
"""Taller by this, dlib's descriptor still sees a face, and nobody that it knows."""
SEED = 5

Spoil = Callable[[Sight], Sight]


def blurred(sight: Sight) -> Sight:
    """Return the frame with a soft mouth."""
    if sight.points is None:
        return sight
    picture = sight.moment.finished.copy()
    region = mouth_region(sight.points, picture.shape)
    soft = cv2.GaussianBlur(picture, (0, 0), BLUR * interocular_px(sight.points))
    picture[region] = soft[region]
    return replace(sight, moment=replace(sight.moment, finished=picture))


def pasted(sight: Sight) -> Sight:
    """Return the source with the mouth's surroundings in another shade, without any transition."""
    if sight.own is None:
        return sight
    m, region = sight.moment, mouth_region(sight.own, sight.moment.source.shape)
    return replace(sight, moment=replace(m, drawn=hard_paste(m.source, region, PASTE_LEVELS),
                                         finished=hard_paste(m.encoded, region, PASTE_LEVELS)))


def stained(sight: Sight) -> Sight:
    """Return the frame with one pixel outside the mask one level off, before encoding."""
    rows, columns = np.nonzero(sight.moment.mask == 0)
    if not len(rows):
        return sight
    picture = sight.moment.drawn.copy()
    picture[rows[0], columns[0], 0] ^= 1
    return replace(sight, moment=replace(sight.moment, drawn=picture))


class Jittered:
    """Returns frames in which what is drawn trembles; the landmarks must be looked for again."""

    def __init__(self) -> None:
        self._rng = np.random.default_rng(SEED)

    def __call__(self, sight: Sight) -> Sight:
        """Return the next frame."""
        if sight.own is None:
            return sight
        picture = sight.moment.finished
        across, down = self._rng.normal(0.0, JITTER * interocular_px(sight.own), 2)
        moved = cv2.warpAffine(picture, np.array([[1.0, 0.0, across], [0.0, 1.0, down]]), picture.shape[1::-1],
                               borderMode=cv2.BORDER_REPLICATE)
        shown = np.where((sight.moment.mask > 0)[..., None], moved, picture)
        return replace(sight, moment=replace(sight.moment, finished=shown), points=None)


class Swapped:
    """Returns frames that show somebody else."""

    def __init__(self, other: UInt8Array) -> None:
        self._other = other

    def __call__(self, sight: Sight) -> Sight:
        """Return the next frame."""
        return replace(sight, moment=replace(sight.moment, finished=self._other))


def stretched(picture: UInt8Array) -> UInt8Array:
    """Return a picture in which nobody is known again."""
    return np.asarray(cv2.resize(picture, None, fx=1.0, fy=STRETCH), np.uint8)
