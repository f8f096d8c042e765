"""Progress on the terminal for work that runs without ComfyUI."""

from __future__ import annotations

from ..pipeline_core.errors import SettingError
from ..pipeline_core.host import PlainHost
from ..pipeline_core.types import UInt8Array
from .console import ProgressLine, say


class ConsoleHost(PlainHost):
    """`pipeline_core.host.Host` that prints on stderr."""

    def __init__(self, device: str = "auto", threads: int | None = None) -> None:
        super().__init__(device=choose_device(device), threads=threads)
        self._line = ProgressLine()
        self._stage = ""
        self._done = False
        self._left = ""

    def progress(self, done: int, total: int) -> None:
        """Show how far the stage is."""
        if self._done:
            return
        self._line.show(self._stage or "working", done, total, self._left)
        if done >= total:
            self._done = True
            self._line.end()

    def status(self, text: str) -> None:
        """Begin a stage; saying it twice changes nothing."""
        if text == self._stage:
            return
        self._line.end()
        self._stage, self._done, self._left = text, False, ""
        say(text)

    def show(self, picture: UInt8Array | None = None, text: str = "") -> None:
        """Keep what the news say beyond the frame's number, for the line of the progress."""
        if text:
            self._left = text.partition(", ")[2]


def choose_device(name: str) -> str:
    """Return the torch device for "auto", "cpu" or "cuda".

    Raises
    ------
    SettingError
        If "cuda" is asked for and no CUDA device answers.
    """
    if name == "cpu":
        return "cpu"
    import torch

    if torch.cuda.is_available():
        return "cuda"
    if name == "cuda":
        raise SettingError("device=cuda, but PyTorch finds no CUDA device",
                           hint="Use --device cpu, or install a CUDA build of PyTorch.")
    return "cpu"
