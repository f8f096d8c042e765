"""A picture that shows a clip at a glance: frames in equal steps with their times."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from ..models import register_all
from ..pipeline_core.errors import AvatarError
from ..pipeline_core.face.detect import DetectSettings, detect_faces
from ..pipeline_core.host import PlainHost
from ..pipeline_core.media.image import portrait_from_array
from ..pipeline_core.media.video import read_frames
from ..pipeline_core.types import UInt8Array

COLUMNS, ROWS = 5, 3
TILE_PX = 300
MARGIN_PX = 6
FACE_SHARE = 2.2
"""Side of a tile in face heights, so that lips can be judged."""
Box = tuple[int, int, int, int]
INK, PAPER = (210, 210, 214), (24, 24, 27)


def contact_sheet(video: Path, target: Path) -> Path:
    """Write the sheet of a video, close around the face where there is one, and return its path.

    Two passes over the file: the first counts, the second keeps only what is shown.
    """
    count = sum(1 for _ in read_frames(video))
    wanted = np.unique(np.linspace(0, max(0, count - 1), COLUMNS * ROWS).round().astype(int))
    box = _around_face(next(read_frames(video))[1])
    tiles = [_tile(frame, box, time_s) for index, (time_s, frame) in enumerate(read_frames(video)) if index in wanted]
    width, height = tiles[0].size
    rows = -(-len(tiles) // COLUMNS)
    sheet = Image.new("RGB", (COLUMNS * (width + MARGIN_PX) + MARGIN_PX, rows * (height + MARGIN_PX) + MARGIN_PX), PAPER)
    for index, tile in enumerate(tiles):
        row, column = divmod(index, COLUMNS)
        sheet.paste(tile, (MARGIN_PX + column * (width + MARGIN_PX), MARGIN_PX + row * (height + MARGIN_PX)))
    target.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(target, quality=90)
    return target


def _around_face(frame: UInt8Array) -> Box:
    """Return left, top, right, bottom of a square around the face, or of the whole frame."""
    height, width = frame.shape[:2]
    register_all()
    try:
        face = detect_faces(portrait_from_array(frame), DetectSettings(), PlainHost())
    except AvatarError:
        return 0, 0, width, height
    points = face.selected_landmarks_px[:, :2]
    side = min(float(np.ptp(points[:, 1])) * FACE_SHARE, width, height)
    centre = (points.min(axis=0) + points.max(axis=0)) / 2
    left, top = (int(np.clip(c - side / 2, 0, limit - side)) for c, limit in zip(centre, (width, height), strict=True))
    return left, top, left + int(side), top + int(side)


def _tile(frame: UInt8Array, box: Box, time_s: float) -> Image.Image:
    picture = Image.fromarray(frame).crop(box)
    picture = picture.resize((TILE_PX, max(1, round(TILE_PX * picture.height / picture.width))), Image.Resampling.LANCZOS)
    draw = ImageDraw.Draw(picture)
    text = f"{time_s:.2f} s"
    left, top, right, bottom = draw.textbbox((0, 0), text)
    draw.rectangle((0, 0, right - left + 8, bottom - top + 8), fill=PAPER)
    draw.text((4 - left, 4 - top), text, fill=INK)
    return picture
