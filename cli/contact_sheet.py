"""A picture that shows a clip at a glance: frames in equal steps with their times."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from ..pipeline_core.media.video import read_frames
from ..pipeline_core.types import UInt8Array

COLUMNS, ROWS = 5, 3
TILE_PX = 300
MARGIN_PX = 6
INK, PAPER = (210, 210, 214), (24, 24, 27)


def contact_sheet(video: Path, target: Path) -> Path:
    """Write the sheet of a video and return its path.

    Two passes over the file: the first counts, the second keeps only what is shown.
    """
    count = sum(1 for _ in read_frames(video))
    wanted = np.unique(np.linspace(0, max(0, count - 1), COLUMNS * ROWS).round().astype(int))
    tiles = [_tile(frame, time_s) for index, (time_s, frame) in enumerate(read_frames(video)) if index in wanted]
    width, height = tiles[0].size
    rows = -(-len(tiles) // COLUMNS)
    sheet = Image.new("RGB", (COLUMNS * (width + MARGIN_PX) + MARGIN_PX, rows * (height + MARGIN_PX) + MARGIN_PX), PAPER)
    for index, tile in enumerate(tiles):
        row, column = divmod(index, COLUMNS)
        sheet.paste(tile, (MARGIN_PX + column * (width + MARGIN_PX), MARGIN_PX + row * (height + MARGIN_PX)))
    target.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(target, quality=90)
    return target


def _tile(frame: UInt8Array, time_s: float) -> Image.Image:
    picture = Image.fromarray(frame)
    picture = picture.resize((TILE_PX, max(1, round(TILE_PX * picture.height / picture.width))), Image.Resampling.LANCZOS)
    draw = ImageDraw.Draw(picture)
    text = f"{time_s:.2f} s"
    left, top, right, bottom = draw.textbbox((0, 0), text)
    draw.rectangle((0, 0, right - left + 8, bottom - top + 8), fill=PAPER)
    draw.text((4 - left, 4 - top), text, fill=INK)
    return picture
