"""The one cache for everything that is loaded or prepared: networks, fitted faces, decoded stills.

Nodes and plans hold keys only, so that one budget governs all memory and nothing is built twice.
"""

from __future__ import annotations

import sys
import threading
import weakref
from collections import Counter, OrderedDict
from collections.abc import Callable, Hashable, Mapping
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any, TypeVar, cast

import numpy as np

T = TypeVar("T")
ReleaseHook = Callable[[Hashable, Any], None]

DEFAULT_BUDGET_BYTES = 2 << 30
"""Room for the two face networks and about ten prepared 4K portraits."""

_ATOMS = (type, ModuleType, FunctionType, BuiltinFunctionType, MethodType, int, float, complex, type(None))


def _array_bytes(array: np.ndarray[Any, Any], seen: set[int]) -> int:
    # A view keeps its whole base alive; several views of one base cost it once.
    base: Any = array
    while isinstance(base.base, np.ndarray):
        base = base.base
    if id(base) in seen:
        return 0
    seen.add(id(base))
    return int(base.nbytes)


def _tensor_bytes(tensor: Any, seen: set[int]) -> int:
    pointer = int(tensor.data_ptr())
    if pointer in seen:
        return 0
    seen.add(pointer)
    return int(tensor.element_size() * tensor.nelement())


def _children(value: Any) -> list[Any]:
    if isinstance(value, Mapping):
        return [*value.keys(), *value.values()]
    if isinstance(value, list | tuple | set | frozenset):
        return list(value)
    slots = [getattr(value, name, None) for kind in type(value).__mro__
             for name in _slot_names(kind)]
    return [*getattr(value, "__dict__", {}).values(), *slots]


def _slot_names(kind: type) -> tuple[str, ...]:
    slots = kind.__dict__.get("__slots__", ())
    return (slots,) if isinstance(slots, str) else tuple(slots)


def size_bytes(value: Any) -> int:
    """Estimate the memory held by a value: arrays, tensors and modules wherever they are nested.

    Objects whose memory is out of Python's sight (an ONNX session) may say it themselves in a
    ``cache_bytes`` attribute. Shared arrays count once.
    """
    seen: set[int] = set()
    pending, total = [value], 0
    while pending:
        item = pending.pop()
        if isinstance(item, _ATOMS) or id(item) in seen:
            continue
        if isinstance(item, np.ndarray):
            total += _array_bytes(item, seen)
        elif hasattr(item, "element_size") and hasattr(item, "data_ptr"):
            total += _tensor_bytes(item, seen)
        elif isinstance(item, str | bytes | bytearray):
            total += sys.getsizeof(item)
        elif isinstance(getattr(item, "cache_bytes", None), int):
            total += item.cache_bytes
        else:
            pending.extend(_children(item))
        seen.add(id(item))
    return total


class Cache:
    """Built values by key: least recently used go first when the byte budget is exceeded.

    Parameters
    ----------
    budget_bytes : int
        Upper bound on the estimated size of all values together. The newest value always stays,
        even when it exceeds the budget alone: it is in use, so dropping it would save nothing.
    """

    def __init__(self, budget_bytes: int = DEFAULT_BUDGET_BYTES) -> None:
        self.budget_bytes = budget_bytes
        self.builds: Counter[Hashable] = Counter()
        self._values: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()
        self._building: dict[Hashable, tuple[threading.RLock, int]] = {}
        self._hooks: list[ReleaseHook] = []
        self._lock = threading.Lock()
        self._users: set[int] = set()
        self._abandoned = False

    def get(self, key: Hashable, build: Callable[[], T]) -> T:
        """Return the value of `key`, building it when it is not there.

        Several threads that ask for one key at a time cause one build. When a build fails, the
        next waiter tries itself: a cancelled neighbour must not cancel others.
        """
        found, value = self._lookup(key)
        if found:
            return cast(T, value)
        lock = self._join(key)
        try:
            with lock:
                found, value = self._lookup(key)
                if not found:
                    value = build()
                    self._store(key, value)
                return cast(T, value)
        finally:
            self._leave(key)

    def free(self, wanted_bytes: int) -> int:
        """Drop the least recently used values until `wanted_bytes` are freed; return the bytes freed."""
        dropped: list[tuple[Hashable, Any]] = []
        freed = 0
        with self._lock:
            while self._values and freed < wanted_bytes:
                freed += self._pop_oldest(dropped)
        self._release(dropped)
        return freed

    def clear(self) -> None:
        """Drop everything; `builds` keeps counting."""
        dropped: list[tuple[Hashable, Any]] = []
        with self._lock:
            while self._values:
                self._pop_oldest(dropped)
        self._release(dropped)

    def discard(self, key: Hashable) -> None:
        """Drop one value, if it is there."""
        with self._lock:
            value, size = self._values.pop(key, (None, -1))
        if size >= 0:
            self._release([(key, value)])

    def keep_for(self, user: object) -> None:
        """Note that somebody has a result of ours, and may soon want the next one.

        When the last of these objects is gone, everything is dropped. ComfyUI keeps the outputs of
        nodes while they may be of use, and lets go of them when the workflow changes or when
        "free memory" is pressed: this way our memory goes with them. A cache for which this was
        never called keeps its values.
        """
        if id(user) in self._users:
            return
        self._abandoned = False
        self._users.add(id(user))
        weakref.finalize(user, self._user_gone, id(user)).atexit = False

    def add_release_hook(self, hook: ReleaseHook) -> None:
        """Call ``hook(key, value)`` after a value was dropped, outside of any lock."""
        self._hooks.append(hook)

    @property
    def used_bytes(self) -> int:
        """Estimated size of all values."""
        with self._lock:
            return sum(size for _, size in self._values.values())

    def keys(self) -> list[Hashable]:
        """Return the keys, the least recently used first."""
        with self._lock:
            return list(self._values)

    def __contains__(self, key: Hashable) -> bool:
        with self._lock:
            return key in self._values

    def __len__(self) -> int:
        with self._lock:
            return len(self._values)

    def _user_gone(self, user: int) -> None:
        self._users.discard(user)
        self._abandoned = not self._users
        self._clear_if_abandoned()

    def _clear_if_abandoned(self) -> None:
        # Called while garbage is collected, which may happen in the middle of any of these methods,
        # also in this very thread: waiting for the lock could last for ever. Its holder calls again.
        dropped: list[tuple[Hashable, Any]] = []
        if not self._abandoned or not self._lock.acquire(blocking=False):
            return
        try:
            self._abandoned = False
            while self._values:
                self._pop_oldest(dropped)
        finally:
            self._lock.release()
        self._release(dropped)

    def _lookup(self, key: Hashable) -> tuple[bool, Any]:
        with self._lock:
            if key not in self._values:
                return False, None
            self._values.move_to_end(key)
            return True, self._values[key][0]

    def _join(self, key: Hashable) -> threading.RLock:
        # Re-entrant, so that a build which asks for its own key fails loudly instead of hanging.
        with self._lock:
            lock, users = self._building.get(key, (threading.RLock(), 0))
            self._building[key] = (lock, users + 1)
            return lock

    def _leave(self, key: Hashable) -> None:
        with self._lock:
            lock, users = self._building.pop(key)
            if users > 1:
                self._building[key] = (lock, users - 1)

    def _store(self, key: Hashable, value: Any) -> None:
        size = size_bytes(value)
        dropped: list[tuple[Hashable, Any]] = []
        with self._lock:
            self.builds[key[0] if isinstance(key, tuple) and key else key] += 1
            self._values[key] = (value, size)
            total = sum(s for _, s in self._values.values())
            while total > self.budget_bytes and len(self._values) > 1:
                total -= self._pop_oldest(dropped)
        self._release(dropped)
        self._clear_if_abandoned()

    def _pop_oldest(self, dropped: list[tuple[Hashable, Any]]) -> int:
        key, (value, size) = self._values.popitem(last=False)
        dropped.append((key, value))
        return size

    def _release(self, dropped: list[tuple[Hashable, Any]]) -> None:
        for key, value in dropped:
            for hook in self._hooks:
                hook(key, value)


_SHARED = Cache()


def shared() -> Cache:
    """Return the cache of this process."""
    return _SHARED
