"""Landmarks "face_mesh": MediaPipe's 478 points without MediaPipe, with the two networks in torch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..pipeline_core.cache import shared
from ..pipeline_core.errors import ContractError
from ..pipeline_core.host import Host
from ..pipeline_core.interfaces import DetectedFace
from ..pipeline_core.lazy import cv2
from ..pipeline_core.registry import Backend, register
from ..pipeline_core.types import FloatArray, UInt8Array
from .net.face_crop import SURE_SCORE, Region, candidates, crop, face_region, tiles, whole

if TYPE_CHECKING:
    import torch

WEIGHTS = Path(__file__).resolve().parent / "assets" / "face_nets.safetensors"
MAX_FACES = 32
"""Candidates per picture that the landmark network looks at; more is a crowd, not a portrait."""
SEARCH_PARTS = (2, 4, 8)
"""When nothing is found: squares of this part of the longer side. The detector needs a face that
fills about a fifth of what it sees."""
FAR_SHARE = 1 / 8
"""If the widest face is narrower than this share of the picture, smaller ones may have been missed."""
MARGIN_SCALE = 1.6
"""Also tried then: the picture with a margin, for a face that fills it to the border."""
MIN_TILE_PX = 96
"""Smaller squares show faces too small to animate."""
FLOOR_PRESENCE = 0.05
"""Below, the landmark network is sure that there is no face."""
_BATCH = 32
_DUPLICATE_IOU = 0.5
_DETECTOR_PX = 128
_LANDMARKS_PX = 256


class Nets(NamedTuple):
    """Both networks; `Host.load` brings them to the device."""

    detector: torch.nn.Module
    landmarks: torch.nn.Module


class Found(NamedTuple):
    """A candidate: where the landmark network has to look."""

    region: Region
    score: float


def _load_nets() -> Nets:
    import torch
    from safetensors.torch import load_file

    from .net.face_landmarks import FaceLandmarks
    from .net.short_range_detector import ShortRangeDetector

    weights = load_file(str(WEIGHTS))
    nets = Nets(ShortRangeDetector(), FaceLandmarks())
    for part, net in zip(nets._fields, nets, strict=True):
        net.load_state_dict({name[len(part) + 1 :]: array.float() for name, array in weights.items()
                             if name.startswith(part + ".")})
        net.eval().requires_grad_(False).to(memory_format=torch.channels_last)
    return nets


@contextmanager
def _one_thread(device: str) -> Iterator[None]:
    """Keep torch to one CPU thread for a while.

    The layers take microseconds each, so threads mostly wait for each other: 9.4 instead of 7.5 ms
    with two idle cores, 100 ms and more when another program uses one of them.
    """
    import torch

    before = torch.get_num_threads()
    if device != "cpu" or before == 1:
        yield
        return
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _run(net: Any, crops: Sequence[UInt8Array], scale: float, shift: float, host: Host
         ) -> tuple[FloatArray, FloatArray]:
    """Run a network over crops in batches; returns both outputs as float32 arrays."""
    import torch

    parts, device = [], host.device
    for start in range(0, len(crops), _BATCH):
        batch = np.ascontiguousarray(np.stack(crops[start : start + _BATCH]))
        host.load(net)
        with torch.inference_mode(), _one_thread(device):
            # NHWC memory seen as NCHW is torch's channels-last layout: nothing is copied.
            x = torch.from_numpy(batch).to(device).permute(0, 3, 1, 2).float().mul_(scale).add_(shift)
            parts.append([out.float().cpu().numpy() for out in net(x)])
    first, second = (np.concatenate(column) for column in zip(*parts, strict=True))
    return first, second


def _box_overlap(a: FloatArray, b: FloatArray) -> float:
    low = np.maximum(a[:, :2].min(0), b[:, :2].min(0))
    high = np.minimum(a[:, :2].max(0), b[:, :2].max(0))
    common = float(np.prod(np.maximum(high - low, 0)))
    areas = sum(float(np.prod(np.ptp(points[:, :2], axis=0))) for points in (a, b))
    return common / max(areas - common, 1e-9)


class FaceMesh:
    """The `Landmarker` of this pack.

    Pictures are looked at whole, as MediaPipe does in image mode. Where one picture is given and
    no sure face is found, or only small ones (a group), it is searched again in overlapping
    squares, which finds faces down to about 1/40 of its longer side. In a batch (frames of a video) that search is left out: a frame without a
    face would cost a hundred times one with a face.
    """

    def detect(self, images: Sequence[UInt8Array], host: Host) -> list[list[DetectedFace]]:
        """Return the faces of each RGB picture, the surest first.

        The score is the smaller of the detector's and the landmark network's; MediaPipe takes 0.5
        and more for a face. Faces down to 0.2 are returned.
        """
        for image in images:
            if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or not image.size:
                raise ContractError(f"picture is {image.shape} {image.dtype}, not (H, W, 3) uint8")
        if not images:
            return []
        nets = shared().get(("face_nets",), _load_nets)
        found = self._look(nets, [(image, [whole(image)]) for image in images], host)
        faces = self._place(nets, images, found, host)
        return [self._search(nets, images[0], faces[0], host)] if len(images) == 1 else faces

    def _search(self, nets: Nets, image: UInt8Array, seen: list[DetectedFace], host: Host) -> list[DetectedFace]:
        """Look closer and closer until there is a sure face that is not small, or no closer view.

        Faces seen already stay as they are. Only if there is no sure one, doubtful ones are returned.
        """
        kept, doubtful = [f for f in seen if f.score_ratio >= SURE_SCORE], list(seen)
        rounds = [[whole(image, MARGIN_SCALE)], *_closer(image)]
        for done, regions in enumerate(rounds):
            if any(np.ptp(f.landmarks_px[:, 0]) >= FAR_SHARE * max(image.shape[:2]) for f in kept):
                break
            host.progress(done, len(rounds))
            found = self._look(nets, [(image, regions)], host)
            for face in self._place(nets, [image], found, host)[0]:
                if face.score_ratio < SURE_SCORE:
                    doubtful.append(face)
                elif _is_new(face, kept):
                    kept.append(face)
        return sorted(kept, key=lambda f: -f.score_ratio) or _without_duplicates(doubtful)

    def _look(self, nets: Nets, views: Sequence[tuple[UInt8Array, list[Region]]], host: Host) -> list[list[Found]]:
        """Run the detector over regions of pictures; one list per picture, sure ones first."""
        crops = [crop(image, region, _DETECTOR_PX, cv2.BORDER_CONSTANT) for image, regions in views
                 for region in regions]
        boxes, scores = _run(nets.detector, crops, 1 / 127.5, -1.0, host)
        results, at = [], 0
        for _, regions in views:
            all_boxes = np.concatenate([_to_picture(boxes[at + i], r) for i, r in enumerate(regions)])
            kept, kept_scores = candidates(all_boxes, scores[at : at + len(regions)].reshape(-1))
            at += len(regions)
            results.append([Found(face_region(b), float(s)) for b, s in zip(kept, kept_scores, strict=True)
                            if max(b[2], b[3]) >= 1][:MAX_FACES])
        return results

    def _place(self, nets: Nets, images: Sequence[UInt8Array], found: list[list[Found]], host: Host
               ) -> list[list[DetectedFace]]:
        """Run the landmark network over candidates; one list per picture, the surest first."""
        crops = [crop(image, f.region, _LANDMARKS_PX, cv2.BORDER_REPLICATE)
                 for image, some in zip(images, found, strict=True) for f in some]
        if not crops:
            return [[] for _ in images]
        points, presence = _run(nets.landmarks, crops, 1 / 255, 0.0, host)
        results, at = [], 0
        for some in found:
            faces = [DetectedFace(f.region.to_picture(points[at + i], _LANDMARKS_PX),
                                  min(f.score, float(presence[at + i]))) for i, f in enumerate(some)]
            at += len(some)
            results.append(_without_duplicates(faces))
        return results


def _to_picture(boxes: FloatArray, region: Region) -> FloatArray:
    """Map detector boxes from 0..1 of an upright region to pixels [shape=(N, 16)]."""
    picture = boxes * region.side
    picture[:, 0::2] += region.x - region.side / 2
    picture[:, 1::2] += region.y - region.side / 2
    picture[:, 2:4] = boxes[:, 2:4] * region.side
    return picture


def _closer(image: UInt8Array) -> list[list[Region]]:
    """Return squares to search, finer and finer."""
    return [tiles(image, parts) for parts in SEARCH_PARTS if max(image.shape[:2]) / parts >= MIN_TILE_PX]


def _is_new(face: DetectedFace, others: Sequence[DetectedFace]) -> bool:
    """Tell whether the middle of a face lies outside of all others: a tile may have cut a known one."""
    middle = face.landmarks_px[:, :2].mean(axis=0)
    return not any((other.landmarks_px[:, :2].min(axis=0) <= middle).all()
                   and (middle <= other.landmarks_px[:, :2].max(axis=0)).all() for other in others)


def _without_duplicates(faces: list[DetectedFace]) -> list[DetectedFace]:
    kept: list[DetectedFace] = []
    for face in sorted(faces, key=lambda f: -f.score_ratio):
        if face.score_ratio >= FLOOR_PRESENCE and all(
                _box_overlap(face.landmarks_px, other.landmarks_px) < _DUPLICATE_IOU for other in kept):
            kept.append(face)
    return kept


register(Backend(
    kind="landmarks", id="face_mesh", title="Face mesh (478 points)", load=FaceMesh, licence="Apache-2.0",
    commercial=True, priority=10, packages=("torch", "safetensors"),
    files=lambda: () if WEIGHTS.is_file() else (WEIGHTS.name,),
))
