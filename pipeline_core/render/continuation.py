"""What a result takes over from the video that its plan shows again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from ..host import Host
from ..media.encode import Continued, ContinueSettings
from ..media.source import source_clip
from ..types import UInt8Array
from .plan import RenderPlan, frames

if TYPE_CHECKING:
    import torch


def continued_clip(plan: RenderPlan, count: int, settings: ContinueSettings, host: Host) -> Continued | None:
    """Return what is taken over; None where the plan shows a photo.

    Parameters
    ----------
    plan : RenderPlan
        What is drawn.
    count : int
        Frames of the result: after the plan's own, its last one is held.
    settings : ContinueSettings
        What users say about it.
    host : Host
        Draws the frames between those that are copied.
    """
    if plan.face.video is None:
        return None
    shown = plan.timing.schedule.source
    shown = np.pad(shown, (0, max(0, count - len(shown))), mode="edge")[:count]
    quiet = QuietHost(host)

    def draw(start: int, stop: int) -> Iterator[UInt8Array]:
        return held(frames(plan, min(start, plan.frames - 1), min(stop, plan.frames), quiet), stop - start)

    return Continued(source_clip(plan.face.video), shown, tuple(plan.untouched_spans()), draw, settings)


def held(pictures: Iterator[UInt8Array], count: int) -> Iterator[UInt8Array]:
    """Yield `count` pictures, holding the last one."""
    last = None
    for _ in range(count):
        last = next(pictures, last)
        if last is None:
            return
        yield last


class QuietHost:
    """The host as the parts of a result see it: whoever puts them together knows how far the whole is."""

    def __init__(self, host: Host) -> None:
        self._host, self.device, self.threads = host, host.device, host.threads

    def progress(self, done: int, total: int) -> None:
        """Do nothing."""

    def status(self, text: str) -> None:
        """Pass the stage on."""
        self._host.status(text)

    def show(self, picture: UInt8Array | None = None, text: str = "") -> None:
        """Do nothing."""

    def load(self, module: torch.nn.Module) -> None:
        """Pass the network on."""
        self._host.load(module)
