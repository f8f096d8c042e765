"""The three networks: loading them, and running them over crops in batches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ...pipeline_core.cache import shared
from ...pipeline_core.host import Host
from ...pipeline_core.render.stream import ordered_map
from ...pipeline_core.types import FloatArray, UInt8Array

if TYPE_CHECKING:
    import torch

_ASSETS = Path(__file__).resolve().parents[1] / "assets"
WEIGHTS, FAR_WEIGHTS = _ASSETS / "face_nets.safetensors", _ASSETS / "far_face_net.safetensors"
_PART = 4
"""Crops that a network sees at a time on the CPU, each part in a thread of its own: 8 frames of a video take two threads
0.6 of the time of one. On another device all are seen together, at most `_BATCH` of them."""
_BATCH = 32


class Nets(NamedTuple):
    """The networks that every picture needs; `Host.load` brings them to the device."""

    detector: torch.nn.Module
    landmarks: torch.nn.Module


def nets() -> Nets:
    """Return the short-range detector and the landmark network, loaded once per process."""
    loaded: Nets = shared().get(("face_nets",), load_nets)
    return loaded


def far_net() -> torch.nn.Module:
    """Return the full-range detector, loaded when a picture first needs it."""
    loaded: torch.nn.Module = shared().get(("far_face_net",), load_far_net)
    return loaded


def load_nets() -> Nets:
    """Read both networks from the shipped file."""
    from safetensors.torch import load_file

    from ..net.face_landmarks import FaceLandmarks
    from ..net.short_range_detector import ShortRangeDetector

    weights = load_file(str(WEIGHTS))
    both = Nets(ShortRangeDetector(), FaceLandmarks())
    for part, net in zip(both._fields, both, strict=True):
        _fill(net, {name[len(part) + 1 :]: array for name, array in weights.items() if name.startswith(part + ".")})
    return both


def load_far_net() -> torch.nn.Module:
    """Read the full-range detector from the shipped file."""
    from safetensors.torch import load_file

    from ..net.full_range_detector import FullRangeDetector

    net = FullRangeDetector()
    _fill(net, load_file(str(FAR_WEIGHTS)))
    return net


def _fill(net: torch.nn.Module, weights: Mapping[str, torch.Tensor]) -> None:
    import torch

    net.load_state_dict({name: array.float() for name, array in weights.items()})
    net.eval().requires_grad_(False).to(memory_format=torch.channels_last)


def run(net: Any, crops: Sequence[UInt8Array], scale: float, shift: float, host: Host
        ) -> tuple[FloatArray, FloatArray]:
    """Run a network over crops in batches; returns both outputs as float32 arrays."""
    import torch

    from ..net.threads import one_thread

    device = host.device
    size = _PART if device == "cpu" else _BATCH

    def forward(start: int) -> list[FloatArray]:
        batch = np.ascontiguousarray(np.stack(crops[start : start + size]))
        host.load(net)
        with torch.inference_mode(), one_thread(device):
            # NHWC memory seen as NCHW is torch's channels-last layout: nothing is copied.
            x = torch.from_numpy(batch).to(device).permute(0, 3, 1, 2).float().mul_(scale).add_(shift)
            return [out.float().cpu().numpy() for out in net(x)]

    starts = range(0, len(crops), size)
    parts = list(ordered_map(forward, starts, min(host.threads, len(starts)) if device == "cpu" else 1))
    first, second = (np.concatenate(column) for column in zip(*parts, strict=True))
    return first, second
