"""Where faces may be: the two detectors over regions of pictures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ...pipeline_core.host import Host
from ...pipeline_core.lazy import cv2
from ...pipeline_core.types import FloatArray, UInt8Array
from ..net.face_crop import Region, candidates, crop, face_region
from .nets import far_net, nets, run

MAX_FACES = 32
"""Candidates per picture that the landmark network looks at; more is a crowd, not a portrait."""
NEAR_PX, FAR_PX = 128, 192
_FINE = 1.5
"""A picture with more than this many pixels per pixel of a crop is made smaller before it is searched.

Only for the full-range detector: MediaPipe samples bilinearly, which leaves out pixels of large
pictures, and with them small faces."""


class Found(NamedTuple):
    """A candidate: where the landmark network has to look."""

    region: Region
    score: float


def look_near(views: Sequence[tuple[UInt8Array, Sequence[Region]]], host: Host) -> list[list[Found]]:
    """Run the short-range detector over regions of pictures; one list per picture, sure ones first."""
    if not views:
        return []
    crops = [crop(image, region, NEAR_PX, cv2.BORDER_CONSTANT) for image, regions in views for region in regions]
    boxes, scores = run(nets().detector, crops, 1 / 127.5, -1.0, host)
    return _by_picture([regions for _, regions in views], boxes, scores)


def look_far(views: Sequence[tuple[UInt8Array, Sequence[Region]]], host: Host) -> list[list[Found]]:
    """Run the full-range detector likewise; the regions of a picture have one size."""
    if not views:
        return []
    crops = []
    for image, regions in views:
        shrink = min(1.0, FAR_PX * _FINE / regions[0].side)
        small = image if shrink == 1.0 else _smaller(image, shrink)
        crops += [crop(small, Region(r.x * shrink, r.y * shrink, r.side * shrink, r.angle), FAR_PX,
                       cv2.BORDER_CONSTANT) for r in regions]
    boxes, scores = run(far_net(), crops, 1 / 127.5, -1.0, host)
    return _by_picture([regions for _, regions in views], boxes, scores)


def _smaller(image: UInt8Array, scale: float) -> UInt8Array:
    size = (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)


def _by_picture(views: Sequence[Sequence[Region]], boxes: FloatArray, scores: FloatArray) -> list[list[Found]]:
    results, at = [], 0
    for regions in views:
        all_boxes = np.concatenate([_to_picture(boxes[at + i], r) for i, r in enumerate(regions)])
        kept, kept_scores = candidates(all_boxes, scores[at : at + len(regions)].reshape(-1))
        at += len(regions)
        results.append([Found(face_region(b), float(s)) for b, s in zip(kept, kept_scores, strict=True)
                        if max(b[2], b[3]) >= 1][:MAX_FACES])
    return results


def _to_picture(boxes: FloatArray, region: Region) -> FloatArray:
    """Map detector boxes from 0..1 of a region to pixels [shape=(N, 16)]; they stay upright in the region."""
    points = boxes.reshape(len(boxes), -1, 2)
    picture = region.to_picture(points, 1)
    picture[:, 1] = points[:, 1] * region.side
    return picture.reshape(len(boxes), -1)
