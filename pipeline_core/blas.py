"""How many CPU threads numpy's matrix products may use."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from threading import Lock

import numpy as np

_NAMES = ("scipy_openblas_{}_num_threads64_", "scipy_openblas_{}_num_threads", "openblas_{}_num_threads64_",
          "openblas_{}_num_threads")
"""What OpenBLAS calls these functions: numpy 2, the same built for 32 bits, numpy 1, other builds."""


class _Limit:
    """Counts who wants one thread: the first sets it, the last restores what was before."""

    def __init__(self) -> None:
        self._lock, self._inside, self._before = Lock(), 0, 1

    def enter(self) -> None:
        found = _controls()
        with self._lock:
            self._inside += 1
            if found is not None and self._inside == 1:
                self._before = found[0]()
                found[1](1)

    def leave(self) -> None:
        found = _controls()
        with self._lock:
            self._inside -= 1
            if found is not None and self._inside == 0:
                found[1](self._before)


_limit = _Limit()


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Keep numpy's matrix products to one CPU thread for a while; several threads may be inside at a time.

    Also a decorator, but not of generators: those use it inside.

    Products of a face's points take well under a millisecond, and OpenBLAS lets its threads spin while they wait for each
    other. Where frames are drawn on all cores, or another program uses one, that is most of the time: 300 products
    of 300 x 300 take 13 s with two threads on two busy cores, and 1 s with one.
    """
    _limit.enter()
    try:
        yield
    finally:
        _limit.leave()


@cache
def _controls() -> tuple[Callable[[], int], Callable[[int], None]] | None:
    """Return what asks for and sets the number of threads; None where numpy does not use OpenBLAS."""
    for library in _libraries():
        for name in _NAMES:
            if hasattr(library, name.format("set")):
                return getattr(library, name.format("get")), getattr(library, name.format("set"))
    return None


def _libraries() -> Iterator[ctypes.CDLL]:
    """Yield what numpy has loaded; asked for a function, all but Windows search what a library depends on too."""
    loaded = [sys.modules[name].__file__ for name in ("numpy._core._multiarray_umath", "numpy.core._multiarray_umath")
              if name in sys.modules]
    beside = Path(np.__file__).parents[1] / "numpy.libs"
    for path in (*loaded, *sorted(beside.glob("*openblas*.dll"))):
        try:
            yield ctypes.CDLL(str(path))
        except OSError:
            continue
