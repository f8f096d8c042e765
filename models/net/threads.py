"""How many CPU threads torch may use for small layers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def one_thread(device: str) -> Iterator[None]:
    """Keep torch to one CPU thread for a while.

    The layers of small networks take microseconds each, so threads mostly wait for each other, and
    for another program that uses the same cores.
    """
    before = torch.get_num_threads()
    if device != "cpu" or before == 1:
        yield
        return
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
