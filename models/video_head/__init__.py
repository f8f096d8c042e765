"""Redraws the mouth on finished pictures: the frames of a video, or a photo again and again."""

from __future__ import annotations

from typing import Any

from ...pipeline_core.registry import Backend, register


def _load() -> Any:
    from .renderer import VideoHeadRenderer

    return VideoHeadRenderer()


register(
    Backend(
        kind="renderer",
        id="video_head",
        title="Video head (only the mouth, no download)",
        load=_load,
        licence="CC0-1.0",
        commercial=True,
        priority=90,
        packages=("cv2", "numba", "scipy"),
        capabilities={"needs": "video, photo", "moves": "mouth", "device": "cpu"},
    )
)
