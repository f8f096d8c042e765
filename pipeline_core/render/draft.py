"""A quick look at a plan: a few seconds of it, drawn small."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..cache import shared
from ..errors import SettingError
from ..host import Host
from ..interfaces import MouthRenderer
from ..lazy import cv2
from ..media.image import over
from ..types import UInt8Array
from .excerpt import Excerpt
from .plan import RenderPlan, effective_motion, frames, preview, sized_face
from .settings import MIN_SIDE_PX as MIN_DRAWN_PX
from .sheet import TILE_PX, Box, Tile, around_face, cropped, sheet_picture, telling_moments

MIN_SIDE_PX, MAX_SIDE_PX = 128, 1024
SHEET_COLUMNS, SHEET_TILES = 3, 9
_SOFT = 0.7
"""A tile may be enlarged by one over this; from softer ones lips cannot be judged."""
_LOOKED_AT = 100
"""Frames that tell where a face usually is."""
_CHECK_PX = 12
_CHECK_GREYS = (150, 190)
"""What editors show behind clear pixels: told from every flat background."""


@dataclass(frozen=True)
class DraftSettings:
    """Which part is looked at, and how large."""

    start_s: float = 0.0
    seconds: float = 3.0
    side_px: int = 384
    """Longest side at most; never larger than the plan's own. On one core 3 s at 25 frames/s take 2.2 s in 1536 px,
    0.8 s in 512, 0.67 s in 384 and 0.55 s in 256: so every frame is drawn, and none is left out."""

    def __post_init__(self) -> None:
        if not self.start_s >= 0.0:
            raise SettingError(f"start_s={self.start_s} is negative", hint="Use 0 for the beginning.")
        if not self.seconds > 0.0:
            raise SettingError(f"seconds={self.seconds} is not above 0", hint="Use for example 3.")
        if not MIN_SIDE_PX <= self.side_px <= MAX_SIDE_PX:
            raise SettingError(f"size={self.side_px} is outside {MIN_SIDE_PX}..{MAX_SIDE_PX} px", hint="Use for example 384.")


def draft(plan: RenderPlan, settings: DraftSettings) -> Excerpt:
    """Return the stretch of the plan to look at, drawn small where that can be done.

    A stretch that begins too late ends with the last frame.
    """
    count = min(plan.frames, max(1, round(settings.seconds * plan.fps)))
    start = min(round(settings.start_s * plan.fps), plan.frames - count)
    return Excerpt(smaller(plan, settings.side_px), start, start + count)


def smaller(plan: RenderPlan, side_px: int) -> RenderPlan:
    """Return the plan with a longest side of `side_px`, where that is less and a photo is drawn.

    The photo is scaled before anything is fitted to it. Videos and given frames have one size: `drafted` scales
    what is drawn.
    """
    width, height = plan.size_px
    scale = side_px / max(width, height)
    if scale >= 1.0 or plan.replacement is not None or plan.face.video is not None:
        return plan
    across, down = (max(MIN_DRAWN_PX, 2 * round(n * scale / 2)) for n in (width, height))
    return replace(plan, settings=replace(plan.settings, width_px=across, height_px=down))


def drafted(part: Excerpt, side_px: int, host: Host) -> Iterator[UInt8Array]:
    """Yield the frames of a stretch, RGB, within a square of `side_px`; clear pixels show a chequered ground."""
    for frame in frames(part.plan, part.start, part.stop, host):
        yield opaque(within(frame, side_px))


def within(picture: UInt8Array, side_px: int) -> UInt8Array:
    """Return a picture scaled down so that its longest side is `side_px` at most."""
    height, width = picture.shape[:2]
    if max(height, width) <= side_px:
        return picture
    size = (max(1, round(n * side_px / max(height, width))) for n in (width, height))
    return np.asarray(cv2.resize(np.ascontiguousarray(picture), tuple(size), interpolation=cv2.INTER_AREA), np.uint8)


def opaque(picture: UInt8Array) -> UInt8Array:
    """Return a picture without transparency: what is clear shows a chequered ground [shape=(H, W, 3)]."""
    if picture.shape[2] == 3:
        return picture
    y, x = (np.arange(n) // _CHECK_PX for n in picture.shape[:2])
    ground = np.asarray(_CHECK_GREYS, np.uint8)[(y[:, None] + x[None]) % 2]
    return over(picture[..., :3], picture[..., 3], np.repeat(ground[..., None], 3, axis=2))


def drafted_size(part: Excerpt, side_px: int) -> tuple[int, int]:
    """Return width and height of what `drafted` yields."""
    width, height = part.plan.size_px
    scale = min(1.0, side_px / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def contact_sheet(plan: RenderPlan, side_px: int, host: Host) -> UInt8Array:
    """Draw frames that tell how good a plan is, close around the faces that talk, and put them together.

    Parameters
    ----------
    plan : RenderPlan
        All of it is looked at, however long.
    side_px : int
        Longest side of what is drawn; more where a face would be too small to be judged.
    host : Host
        Progress and cancel.
    """
    moments = telling_moments([effective_motion(part) for part in plan.parts], SHEET_TILES, eyes=_moves_eyes(plan))
    shown = smaller(plan, side_px)
    wide = _boxes(shown, [0])[0][2] - _boxes(shown, [0])[0][0]
    if wide < _SOFT * TILE_PX:
        shown = smaller(plan, round(max(shown.size_px) * TILE_PX / wide))
    tiles = []
    for moment, box in zip(moments, _boxes(shown, [moment.frame for moment in moments]), strict=True):
        picture = opaque(preview(shown, moment.frame, host))
        host.show(picture)
        tiles.append(Tile(cropped(picture, box), float(moment.frame / plan.fps), moment.label))
    return sheet_picture(tiles, SHEET_COLUMNS)


def _moves_eyes(plan: RenderPlan) -> bool:
    """Return whether more than a mouth is drawn."""
    backends = [part.backend for part in plan.parts]
    return any(not isinstance(shared().get(("renderer", backend.id), backend.load), MouthRenderer) for backend in backends)


def _boxes(plan: RenderPlan, at: Sequence[int]) -> list[Box]:
    """Return a square around those who talk in some frames, of one size in all of them."""
    faces = [sized_face(part) if part.face.video is None else part.face for part in plan.parts]
    scale = np.array(plan.size_px) / (faces[0].width_px, faces[0].height_px)
    points = np.concatenate([face.landmarks_px[:, face.selected, :, :2] for face in faces], axis=1)
    some = np.linspace(0, len(points) - 1, min(len(points), _LOOKED_AT)).astype(int)
    usual = np.nanmedian(points[some], axis=0)
    shown = plan.timing.schedule.source[list(at)] if plan.face.video is not None else np.zeros(len(at), int)
    moved = points[shown].mean(axis=1) - usual.mean(axis=0)
    return [around_face((usual + np.nan_to_num(shift)) * scale, plan.size_px) for shift in moved]
