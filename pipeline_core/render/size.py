"""How large the frames of a plan are."""

from __future__ import annotations

from ..types import FaceTrack
from .settings import RenderSettings

MAX_SOURCE_SIDE_PX = 3840
"""Longest side taken over from the source: UHD; phone photos are larger than any video."""


def source_size(face: FaceTrack) -> tuple[int, int]:
    """Return width and height of the photo or video."""
    return (face.portrait.width_px, face.portrait.height_px) if face.portrait else (face.width_px, face.height_px)


def drawn_size(face: FaceTrack, settings: RenderSettings) -> tuple[int, int]:
    """Return width and height that are drawn: what is asked for, else the source's; one side alone keeps the shape."""
    width, height = source_size(face)
    if settings.width_px and settings.height_px:
        return settings.width_px, settings.height_px
    if settings.width_px:
        return settings.width_px, max(1, round(height * settings.width_px / width))
    if settings.height_px:
        return max(1, round(width * settings.height_px / height)), settings.height_px
    scale = min(1.0, MAX_SOURCE_SIDE_PX / max(width, height)) if face.video is None else 1.0
    return round(width * scale), round(height * scale)
