"""A picture that shows a clip at a glance: frames in equal steps with their times."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from ..models import register_all
from ..pipeline_core.errors import AvatarError
from ..pipeline_core.face.detect import DetectSettings, detect_faces
from ..pipeline_core.host import PlainHost
from ..pipeline_core.media.image import portrait_from_array
from ..pipeline_core.media.video import read_frames
from ..pipeline_core.render.sheet import Box, Tile, around_face, cropped, even_steps, sheet_picture
from ..pipeline_core.types import UInt8Array

COLUMNS, ROWS = 5, 3


def contact_sheet(video: Path, target: Path) -> Path:
    """Write the sheet of a video, close around the face where there is one, and return its path.

    Two passes over the file: the first counts, the second keeps only what is shown.
    """
    wanted = even_steps(sum(1 for _ in read_frames(video)), COLUMNS * ROWS)
    box = _around_face(next(read_frames(video))[1])
    tiles = [Tile(cropped(frame, box), time_s) for index, (time_s, frame) in enumerate(read_frames(video)) if index in wanted]
    target.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(sheet_picture(tiles, COLUMNS)).save(target, quality=90)
    return target


def _around_face(frame: UInt8Array) -> Box:
    """Return a square around the face, or the whole frame."""
    height, width = frame.shape[:2]
    register_all()
    try:
        face = detect_faces(portrait_from_array(frame), DetectSettings(), PlainHost())
    except AvatarError:
        return 0, 0, width, height
    return around_face(face.selected_landmarks_px, (width, height))
