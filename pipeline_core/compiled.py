"""Machine code from numba, kept on disk between runs."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from numbers import Number
from typing import Any

from .lazy import UNUSABLE, unusable

try:
    import numba
except UNUSABLE as _error:
    raise unusable("numba", "numba", _error) from _error


def compiled(*signatures: Any, **options: Any) -> Callable[[Callable[..., Any]], Any]:
    """Return a decorator that compiles a function without the GIL and caches the result.

    numba's cache names a file after source file and function only, but stores the module's name
    inside. One checkout has several module names (ComfyUI's is made of the folder's path), and
    code cached under one cannot be loaded under another. So the module's name goes into the
    function's, and with it the numbers and compiled functions that it takes from its module: those
    may be imported, and numba watches the function's own file only. Where no folder can be
    written, the code is compiled in every process.
    """

    njit: Any = numba.njit

    def decorate(function: Callable[..., Any]) -> Any:
        taken = [(name, _meaning(function.__globals__.get(name))) for name in function.__code__.co_names]
        function.__qualname__ += f"_{zlib.crc32(repr((function.__module__, taken)).encode()):08x}"
        try:
            return njit(*signatures, nogil=True, cache=True, **options)(function)
        except RuntimeError:  # "cannot cache function: no locator available"
            return njit(*signatures, nogil=True, **options)(function)

    return decorate


def _meaning(value: Any) -> Any:
    """Return a number itself, and the name of a compiled function, which holds what that one takes; None for all else."""
    return value if isinstance(value, Number) else getattr(getattr(value, "py_func", None), "__qualname__", None)
