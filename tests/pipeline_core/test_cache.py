import threading
from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from talking_avatar.pipeline_core.cache import Cache, shared, size_bytes


def kilobyte():
    return np.zeros(1024, np.uint8)


def test_builds_once_and_returns_the_same_object():
    cache = Cache(1 << 20)
    first = cache.get(("net", "a"), kilobyte)
    assert cache.get(("net", "a"), kilobyte) is first
    assert cache.builds == {"net": 1}
    assert cache.get(("net", "b"), kilobyte) is not first
    assert cache.builds["net"] == 2


def test_contention_builds_once_and_other_keys_go_on():
    cache, entered, go = Cache(1 << 20), threading.Event(), threading.Event()
    results = []

    def slow():
        entered.set()
        assert go.wait(10)
        return kilobyte()

    threads = [threading.Thread(target=lambda: results.append(cache.get(("slow",), slow))) for _ in range(8)]
    for thread in threads:
        thread.start()
    assert entered.wait(10)
    assert cache.get(("other",), lambda: 7) == 7  # not blocked by the build in progress
    go.set()
    for thread in threads:
        thread.join(10)
    assert cache.builds["slow"] == 1
    assert len(results) == 8 and all(r is results[0] for r in results)
    assert not cache._building


def test_a_failed_build_is_retried_by_the_next_waiter():
    cache, attempts = Cache(1 << 20), []

    def flaky():
        attempts.append(1)
        if len(attempts) == 1:
            raise RuntimeError("first")
        return "ok"

    with pytest.raises(RuntimeError):
        cache.get(("x",), flaky)
    assert cache.get(("x",), flaky) == "ok"
    assert cache.builds["x"] == 1 and not cache._building


def test_least_recently_used_goes_first():
    cache, gone = Cache(3000), []
    cache.add_release_hook(lambda key, value: gone.append(key))
    cache.get("a", kilobyte)
    cache.get("b", kilobyte)
    cache.get("a", kilobyte)
    cache.get("c", kilobyte)
    assert gone == ["b"] and cache.keys() == ["a", "c"]
    cache.get("b", kilobyte)
    assert cache.builds["b"] == 2


def test_newest_stays_even_beyond_the_budget():
    cache = Cache(10)
    cache.get("a", kilobyte)
    cache.get("b", kilobyte)
    assert cache.keys() == ["b"]


def test_free_discard_and_clear_release():
    cache, gone = Cache(1 << 20), []
    cache.add_release_hook(lambda key, value: gone.append((key, value.nbytes)))
    for name in "abcd":
        cache.get(name, kilobyte)
    assert cache.free(1500) == 2048 and cache.keys() == ["c", "d"]
    cache.discard("d")
    cache.discard("never there")
    cache.clear()
    assert [k for k, _ in gone] == ["a", "b", "d", "c"]
    assert cache.used_bytes == 0 and len(cache) == 0


def test_a_build_may_use_the_cache_but_not_its_own_key():
    cache = Cache(1 << 20)
    assert cache.get("outer", lambda: cache.get("inner", lambda: 1) + 1) == 2

    def own():
        return cache.get("own", own)

    with pytest.raises(RecursionError):
        cache.get("own", own)


@dataclass
class Nested:
    image: np.ndarray
    parts: dict


class Slotted:
    __slots__ = ("array",)

    def __init__(self, array):
        self.array = array


def test_size_finds_nested_arrays_and_counts_shared_ones_once():
    base = np.zeros((100, 100), np.float32)
    value = Nested(base, {"view": base[:10], "same": [base, base.T], "slot": Slotted(np.zeros(50))})
    value.parts["loop"] = value
    assert 40_400 <= size_bytes(value) <= 41_000
    assert size_bytes(SimpleNamespace(cache_bytes=12345)) == 12345
    assert size_bytes(None) == 0 and size_bytes(np) == 0 and size_bytes(len) == 0


def test_size_of_torch_modules():
    torch = pytest.importorskip("torch")
    net = torch.nn.Sequential(torch.nn.Linear(100, 100, bias=False), torch.nn.BatchNorm1d(100))
    assert 41_600 <= size_bytes(net) < 60_000
    weights = torch.zeros(10, 10)
    assert size_bytes([weights, weights.view(100)]) == 400


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 2000)), max_size=40), st.integers(1, 6000))
def test_budget_holds_after_any_sequence(requests, budget):
    cache = Cache(budget)
    for key, size in requests:
        value = cache.get(key, lambda size=size: np.zeros(size, np.uint8))
        assert cache.keys()[-1] == key and value is cache.get(key, kilobyte)
        assert cache.used_bytes <= budget or len(cache) == 1
    assert sum(cache.builds.values()) <= len(requests)


class Result:
    """What a node has put out."""


def test_the_last_result_takes_everything_along():
    cache, first, second = Cache(1 << 20), Result(), Result()
    for user in (first, second, second):
        cache.keep_for(user)
    cache.get("a", kilobyte)
    del first
    assert "a" in cache, "one result is still there"
    del second, user
    assert not len(cache) and not cache.used_bytes
    cache.get("b", kilobyte)
    assert "b" in cache, "a cache without users keeps its values"


def test_a_new_result_keeps_what_the_old_one_used():
    cache, old = Cache(1 << 20), Result()
    cache.keep_for(old)
    cache.get("a", kilobyte)
    new = Result()
    cache.keep_for(new)
    del old
    assert "a" in cache
    del new
    assert "a" not in cache


def test_a_result_that_ends_inside_of_the_cache_does_not_hang_it():
    """Garbage is collected anywhere, also while the cache holds its own lock."""
    cache, users = Cache(1 << 20), [Result()]
    cache.keep_for(users[0])
    cache.get("a", kilobyte)
    with cache._lock:
        users.clear()
    assert "a" in cache
    cache.get("b", kilobyte)
    assert not len(cache)


def test_hooks_hear_of_what_the_last_result_takes_along():
    cache, user, gone = Cache(1 << 20), Result(), []
    cache.add_release_hook(lambda key, value: gone.append(key))
    cache.keep_for(user)
    cache.get("a", kilobyte)
    del user
    assert gone == ["a"]


def test_shared_is_one_object():
    assert shared() is shared()
