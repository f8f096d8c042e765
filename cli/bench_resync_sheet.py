"""A picture of a re-voiced clip at a glance: each pair of mouths is one frame, before above, after below."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from ..pipeline_core.scoring.landmarks import Detector, Points, interocular_px, lip_outline
from ..pipeline_core.types import UInt8Array
from .bench_resync_look import Moment

COLUMNS, ROWS = 8, 2
TILE_PX, MARGIN_PX = 220, 4
REACH = 0.95
"""Half a tile's side in eye distances, around the mouth."""
PAPER = (24, 24, 27)


class Sheet:
    """Passes moments through and keeps what the picture shows."""

    def __init__(self, count: int, detect: Detector) -> None:
        self._detect = detect
        self._wanted = set(np.linspace(0, max(0, count - 1), COLUMNS * ROWS).round().astype(int).tolist())
        self._pairs: list[tuple[Image.Image, Image.Image]] = []

    def over(self, seen: Iterable[Moment]) -> Iterator[Moment]:
        """Yield the moments as they are."""
        for index, moment in enumerate(seen):
            if index in self._wanted and (points := self._detect(moment.encoded)) is not None:
                box = _around_mouth(points, moment.encoded)
                first, second = (Image.fromarray(picture).resize((TILE_PX, TILE_PX), Image.Resampling.LANCZOS, box=box)
                                 for picture in (moment.encoded, moment.finished))
                self._pairs.append((first, second))
            yield moment

    def save(self, target: Path) -> None:
        """Write the picture."""
        step = TILE_PX + MARGIN_PX
        sheet = Image.new("RGB", (COLUMNS * step + MARGIN_PX, ROWS * (2 * step + MARGIN_PX)), PAPER)
        for index, pair in enumerate(self._pairs):
            row, column = divmod(index, COLUMNS)
            for below, tile in enumerate(pair):
                sheet.paste(tile, (MARGIN_PX + column * step, MARGIN_PX + row * (2 * step + MARGIN_PX) + below * step))
        sheet.save(target)


def _around_mouth(points: Points, picture: UInt8Array) -> tuple[float, float, float, float]:
    """Return left, top, right, bottom of a square; at the picture's edge it moves inwards."""
    height, width = picture.shape[:2]
    side = min(2.0 * REACH * interocular_px(points), width, height)
    middle = points[list(lip_outline(points)), :2].mean(axis=0)
    left, top = np.clip(middle - side / 2, 0.0, np.array([width, height]) - side)
    return float(left), float(top), float(left + side), float(top + side)
