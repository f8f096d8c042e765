"""Landmarks "face_mesh": MediaPipe's 478 points without MediaPipe, with the networks in torch."""

from __future__ import annotations

from ...pipeline_core.registry import Backend, register
from .nets import FAR_WEIGHTS, WEIGHTS
from .search import FaceMesh

__all__ = ["FaceMesh"]

_FILES = (WEIGHTS, FAR_WEIGHTS)


def _register(id: str, title: str, how: str, priority: int) -> None:
    register(Backend(
        kind="landmarks", id=id, title=title, load=lambda: FaceMesh(how), licence="Apache-2.0", commercial=True,
        priority=priority, packages=("torch", "safetensors"),
        files=lambda: tuple(path.name for path in _FILES if not path.is_file()),
    ))


_register("face_mesh", "Face mesh (478 points)", "auto", 10)
_register("face_mesh_near", "Face mesh (478 points), short range", "near", 2)
_register("face_mesh_far", "Face mesh (478 points), full range", "far", 1)
