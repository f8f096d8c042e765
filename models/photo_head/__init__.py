"""The default renderer: a 3D head fitted to the photo, textured with it, driven by curves."""

from __future__ import annotations

from typing import Any

from ...pipeline_core.registry import Backend, register


def _load() -> Any:
    from .renderer import PhotoHeadRenderer

    return PhotoHeadRenderer()


register(
    Backend(
        kind="renderer",
        id="photo_head",
        title="Photo head (3D, no download)",
        load=_load,
        licence="CC0-1.0",
        commercial=True,
        priority=100,
        packages=("cv2", "numba", "scipy"),
        capabilities={"needs": "photo", "moves": "head", "device": "cpu, cuda"},
    )
)
