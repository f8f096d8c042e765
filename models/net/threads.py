"""How many CPU threads torch may use for small layers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def one_thread(device: str) -> Iterator[None]:
    """Keep torch to one CPU thread for a while.

    The layers of small networks take microseconds each, so threads mostly wait for each other, and
    for another program that uses the same cores: the face networks take 9.4 instead of 7.5 ms with
    two idle cores, but not the 100 ms and more that threads cost when another program uses one of them.
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
