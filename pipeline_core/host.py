"""What the surrounding program lends to the core: progress, cancel and the compute device."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import torch

    from .types import UInt8Array


class Host(Protocol):
    """Implemented by ComfyUI's side in `nodes/host.py` and by `PlainHost` elsewhere."""

    @property
    def device(self) -> str:
        """Torch device for the networks: "cpu", "cuda", "cuda:1", "mps"."""

    @property
    def threads(self) -> int:
        """How many CPU threads may draw at a time, at least 1."""

    def progress(self, done: int, total: int) -> None:
        """Report progress; raises `Cancelled` (or the host's own interrupt) to stop the work."""

    def status(self, text: str) -> None:
        """Say in a few words which stage has begun."""

    def show(self, picture: UInt8Array | None = None, text: str = "") -> None:
        """Show the frame that is being made [shape=(H, W, 3 or 4)], or passing news, to whoever watches.

        Called for every frame, so it must cost next to nothing; nothing of it is kept.
        """

    def load(self, module: torch.nn.Module) -> None:
        """Make sure that a network's tensors are on `device` now.

        Call it right before each batch of work, and keep networks nowhere but in the cache: between
        two calls the host may move them out, because others need the memory.
        """


class PlainHost:
    """The default host: no progress display, never cancelled, CPU."""

    def __init__(self, device: str = "cpu", threads: int | None = None) -> None:
        self.device = device
        self.threads = threads or max(1, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)

    def progress(self, done: int, total: int) -> None:
        """Do nothing."""

    def status(self, text: str) -> None:
        """Do nothing."""

    def show(self, picture: UInt8Array | None = None, text: str = "") -> None:
        """Do nothing."""

    def load(self, module: torch.nn.Module) -> None:
        """Move the network to `device`; where it is there already, nothing happens."""
        first = next(module.parameters(), None)
        if first is None or str(first.device) != self.device:  # to look at all of them takes 2 ms
            module.to(self.device)
