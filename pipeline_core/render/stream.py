"""Work on many frames at once, hand them over in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from ..blas import one_blas_thread

I = TypeVar("I")  # noqa: E741 - item
O = TypeVar("O")  # noqa: E741 - outcome


def ahead(items: Iterable[O], count: int) -> Iterator[O]:
    """Yield the items of an iterable that is run through in a thread, at most `count` of them in advance.

    An exception ends the iteration at its place in the order; closing the generator early ends the thread.
    """
    iterator = iter(items)
    pending: deque[Future[O | None]] = deque()
    pool = ThreadPoolExecutor(1, thread_name_prefix="ahead")
    try:
        pending.extend(pool.submit(next, iterator, None) for _ in range(count))
        while (item := pending.popleft().result()) is not None:
            pending.append(pool.submit(next, iterator, None))
            yield item
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def ordered_map(function: Callable[[I], O], indices: Iterable[I], threads: int) -> Iterator[O]:
    """Yield ``function(i)`` for every index in order, computed in a pool of threads.

    At most ``threads + 1`` results exist at a time, so memory does not grow with the length.
    An exception ends the iteration at its place in the order; closing the generator early drops
    work that has not begun and waits for work that has. Meanwhile numpy's matrix products take one thread each.

    Parameters
    ----------
    function : callable
        Has to be thread-safe; worth it only if it releases the GIL (numba, OpenCV, torch).
    indices : iterable
        What to compute.
    threads : int
        Size of the pool; 1 computes in the caller's thread.
    """
    with one_blas_thread():
        yield from _in_order(function, indices, threads)


def _in_order(function: Callable[[I], O], indices: Iterable[I], threads: int) -> Iterator[O]:
    if threads <= 1:
        for index in indices:
            yield function(index)
        return
    pending: deque[Future[O]] = deque()
    pool = ThreadPoolExecutor(threads, thread_name_prefix="frames")
    try:
        for index in indices:
            pending.append(pool.submit(function, index))
            if len(pending) > threads:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
