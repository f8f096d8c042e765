"""How many CPU threads torch may use for small layers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

import torch


class _Limit:
    """Counts who wants one thread; the first notes what was before.

    torch counts threads for each thread, and what is set last is also what a thread begins with that asks for the
    first time: one that begins while another is inside would take 1 for its own and keep it.
    """

    def __init__(self) -> None:
        self._lock, self._inside, self._before = Lock(), 0, 1

    def enter(self) -> None:
        with self._lock:
            if self._inside == 0:
                self._before = torch.get_num_threads()
            self._inside += 1
            torch.set_num_threads(1)

    def leave(self) -> None:
        with self._lock:
            self._inside -= 1
            torch.set_num_threads(self._before)


_limit = _Limit()


@contextmanager
def one_thread(device: str) -> Iterator[None]:
    """Keep torch to one CPU thread for a while; several threads may be inside at a time.

    The layers of small networks take microseconds each, so threads mostly wait for each other, and
    for another program that uses the same cores: the face networks take 9.4 instead of 7.5 ms with
    two idle cores, but not the 100 ms and more that threads cost when another program uses one of them.
    """
    if device != "cpu":
        yield
        return
    _limit.enter()
    try:
        yield
    finally:
        _limit.leave()
