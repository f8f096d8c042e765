"""One progress bar over several stages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from .host import Host

if TYPE_CHECKING:
    import torch

    from .types import UInt8Array

STEPS = 1000
"""Resolution of the bar."""


class OverallHost:
    """A host that turns the progress of each stage into that of the whole.

    Parameters
    ----------
    host : Host
        Gets the overall progress, and everything else unchanged.
    shares : mapping of str to float
        The stages by what `status` says when they begin, in their order, and how much of the time
        each takes, relative to the others. Other texts are shown and change nothing.
    """

    def __init__(self, host: Host, shares: Mapping[str, float]) -> None:
        self._host = host
        total, begin = sum(shares.values()), 0.0
        self._spans: dict[str, tuple[float, float]] = {}
        for name, share in shares.items():
            self._spans[name] = (begin, begin + share / total)
            begin += share / total
        self._span = (0.0, 0.0)
        self._reached = 0

    @property
    def device(self) -> str:
        """Torch device for the networks."""
        return self._host.device

    @property
    def threads(self) -> int:
        """How many CPU threads may draw at a time."""
        return self._host.threads

    def progress(self, done: int, total: int) -> None:
        """Report how far the whole is; it never goes back."""
        begin, end = self._span
        self._show(begin + (end - begin) * min(1.0, done / max(1, total)))

    def status(self, text: str) -> None:
        """Begin a stage."""
        self._host.status(text)
        if text in self._spans:
            self._span = self._spans[text]
            self._show(self._span[0])

    def show(self, picture: UInt8Array | None = None, text: str = "") -> None:
        """Pass on what is being made."""
        self._host.show(picture, text)

    def load(self, module: torch.nn.Module) -> None:
        """Make sure that a network's tensors are on `device` now."""
        self._host.load(module)

    def _show(self, share: float) -> None:
        self._reached = max(self._reached, round(share * STEPS))
        self._host.progress(self._reached, STEPS)
