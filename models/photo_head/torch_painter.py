"""Draw frames on a graphics card: the processor poses, the card draws whole batches.

Three stages run at the same time: threads pose the frames to come, the device draws a batch, and
threads add mouth and lids to the frames before it. Between batches nothing stays on the device
but `HeadPicture`, which the host may move out.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import torch

from ...pipeline_core.host import Host
from ...pipeline_core.render.stream import ordered_map
from ...pipeline_core.types import FloatArray, UInt8Array
from .deform import PosedFace
from .draw import CONTOUR_JUMP, FramePainter, Region, contour_box
from .head_model import IntArray
from .instant import FrameMotion
from .layers import Box
from .raster import triangle_soup
from .textures import TEXTURE_SCALE
from .torch_picture import HeadPicture, MapPlan, PictureBatch, draw_pictures, snapped, upload
from .torch_raster import CANDIDATE_BYTES, MAX_CANDIDATES, TriangleBatch

log = logging.getLogger("talking_avatar")

BATCH_FRAMES = 16
"""Beyond this a larger batch keeps no card busier."""
BATCH_BYTES = 768 * 2**20
"""Working memory of a batch, which ComfyUI leaves free beside loaded models (it keeps 0.8 GB or more)."""
PIXEL_BYTES = 64
"""Working memory of one pixel: its coordinates, depth, triangle and colours."""


@dataclass(frozen=True, eq=False)
class _Instant:
    """One frame, posed and ready to be drawn."""

    motion: FrameMotion
    posed: PosedFace
    grid: FloatArray | None
    corners: IntArray
    soup: IntArray
    face: Box | None
    """Where contours are smoothed."""

    @property
    def candidates(self) -> int:
        """Pixels in the bounding boxes of all triangles."""
        return int((self.soup[:, 6].astype(np.int64) * self.soup[:, 7]).sum())


class TorchPainter:
    """Implements `draw.Painter` with torch; safe to call from several threads."""

    def __init__(self, details: FramePainter) -> None:
        self._details = details
        canvas = details.canvas
        photo, texture = canvas.photo, canvas.skin
        if canvas.alpha is not None:
            photo = np.dstack([photo, canvas.photo_alpha])
            texture = np.dstack([texture, canvas.alpha])
        self.picture = HeadPicture(photo.copy(), texture, canvas.sheet_rows)

    def frames(self, motions: Iterable[FrameMotion], region: Region, host: Host) -> Iterator[UInt8Array]:
        """Yield one frame per instant, in order."""
        threads = self._details.threads(region, host)
        posed = ordered_map(lambda motion: self._pose(motion, region.box), motions, threads)
        drawn = self._drawn(posed, region, host)
        return ordered_map(lambda pair: self._finish(*pair, region), drawn, threads)

    def _pose(self, motion: FrameMotion, box: Box) -> _Instant:
        details = self._details
        posed = details.deformer.pose(motion)
        xy = np.ascontiguousarray(posed.points[:, :2] - np.float32([box.left, box.top]))
        soup = triangle_soup(xy, details.deformer.triangles, box.right - box.left, box.bottom - box.top, True)
        return _Instant(motion, posed, details.field.source_grid(motion), snapped(xy), soup,
                        contour_box(posed, box, details.canvas.photo.shape))  # fmt: skip

    def _drawn(
        self, instants: Iterable[_Instant], region: Region, host: Host
    ) -> Iterator[tuple[_Instant, UInt8Array | None]]:
        """Draw batch after batch; the device is at work on one while another is handed out."""
        ahead: list[_Job] = []
        for batch in batches(instants, region.mask.size):
            begun = self._begun(batch, region) if self._is_loaded(host) else [_Job(batch, None)]
            for job in ahead:
                yield from job.wait()
            ahead = begun
        for job in ahead:
            yield from job.wait()

    def _is_loaded(self, host: Host) -> bool:
        try:
            host.load(self.picture)
        except torch.cuda.OutOfMemoryError:
            log.warning("the device has no memory for the picture; drawing on the CPU")
            return False
        return True

    def _begun(self, batch: list[_Instant], region: Region) -> list[_Job]:
        """Set the device to work, with smaller batches where it has too little memory."""
        try:
            return [_Job(batch, _Download(self._draw(batch, region)))]
        except torch.cuda.OutOfMemoryError:
            if len(batch) == 1:
                log.warning("the device has no memory for a frame; drawing it on the CPU")
                return [_Job(batch, None)]
        half = len(batch) // 2
        return [*self._begun(batch[:half], region), *self._begun(batch[half:], region)]

    @torch.inference_mode()
    def _draw(self, batch: list[_Instant], region: Region) -> torch.Tensor:
        device, field, box = self.picture.texture.device, self._details.field, region.box
        plan = MapPlan.of(box, field.nodes.shape[:2], field.cell, float(TEXTURE_SCALE), device)
        faces = [instant.face or Box(0, 0, 0, 0) for instant in batch]
        local = np.array([(f.left - box.left, f.top - box.top, f.right - box.left, f.bottom - box.top) for f in faces])
        shown = local[[instant.face is not None for instant in batch]]
        still = np.zeros((*field.nodes.shape[:2], 2), np.float32)
        return draw_pictures(self.picture, PictureBatch(
            triangles=_triangles(batch, device),
            grids=upload(np.stack([still if i.grid is None else i.grid for i in batch]), device),
            mask=upload(region.mask, device)[..., None] > 0,
            faces=upload(local, device),
            faces_box=Box(*shown[:, :2].min(0).tolist(), *shown[:, 2:].max(0).tolist()) if len(shown) else None,
        ), plan, box, CONTOUR_JUMP)  # fmt: skip

    def _finish(self, instant: _Instant, drawn: UInt8Array | None, region: Region) -> UInt8Array:
        details, box = self._details, region.box
        if drawn is None:
            return details.paint(instant.motion, region)
        frame = details.canvas.photo.copy()
        frame[box.top : box.bottom, box.left : box.right] = drawn[..., :3]
        details.paint_details(frame, instant.posed, instant.motion, region)
        alpha = details.canvas.photo_alpha
        if alpha is None:
            return frame
        alpha[box.top : box.bottom, box.left : box.right] = drawn[..., 3]
        return np.dstack([frame, alpha])


def batches(instants: Iterable[_Instant], box_pixels: int) -> Iterator[list[_Instant]]:
    """Group frames so that each group fits into the working memory."""
    batch: list[_Instant] = []
    candidates = 0
    for instant in instants:
        more = candidates + instant.candidates
        needed = (len(batch) + 1) * box_pixels * PIXEL_BYTES + min(more, MAX_CANDIDATES) * CANDIDATE_BYTES
        if batch and (needed > BATCH_BYTES or more > MAX_CANDIDATES or len(batch) == BATCH_FRAMES):
            yield batch
            batch, more = [], instant.candidates
        batch.append(instant)
        candidates = more
    if batch:
        yield batch


def _triangles(batch: list[_Instant], device: torch.device) -> TriangleBatch:
    soup = np.concatenate([instant.soup for instant in batch])
    frame = np.repeat(np.arange(len(batch)), [len(instant.soup) for instant in batch])
    points = np.concatenate([instant.posed.points for instant in batch])
    soup[:, 1:4] += (frame * len(batch[0].posed.points)).astype(np.int32)[:, None]
    uv = np.concatenate([instant.posed.uv for instant in batch]) * np.float32(TEXTURE_SCALE)
    return TriangleBatch(
        soup=upload(soup, device).long(),
        frame=upload(frame, device),
        corners=upload(np.concatenate([instant.corners for instant in batch]), device).long(),
        depth=upload(np.ascontiguousarray(points[:, 2], np.float32), device),
        attributes=upload(uv, device),
        candidates=np.cumsum(soup[:, 6].astype(np.int64) * soup[:, 7]),
    )


class _Download:
    """A copy from the device under way."""

    def __init__(self, source: torch.Tensor) -> None:
        self._event = None
        if source.device.type == "cuda":
            self._target = torch.empty(source.shape, dtype=source.dtype, pin_memory=True)
            self._target.copy_(source, non_blocking=True)
            self._event = torch.cuda.Event()  # type: ignore[no-untyped-call]
            self._event.record(torch.cuda.current_stream(source.device))
        else:
            self._target = source.cpu()

    def wait(self) -> UInt8Array:
        """Return what has arrived."""
        if self._event is not None:
            self._event.synchronize()
        return np.asarray(self._target.numpy())


@dataclass(frozen=True, eq=False)
class _Job:
    """Frames that the device draws; without a download they are left to the CPU."""

    batch: list[_Instant]
    download: _Download | None

    def wait(self) -> Iterator[tuple[_Instant, UInt8Array | None]]:
        """Yield each frame with what was drawn of it."""
        drawn = [None] * len(self.batch) if self.download is None else self.download.wait()
        yield from zip(self.batch, drawn, strict=True)
