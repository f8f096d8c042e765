import threading
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from talking_avatar.pipeline_core.render.stream import ahead, ordered_map


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(), max_size=30), st.integers(1, 6))
def test_same_as_map(items, threads):
    assert list(ordered_map(lambda i: i * 2, items, threads)) == [i * 2 for i in items]


def test_order_holds_when_later_ones_finish_first():
    assert list(ordered_map(lambda i: time.sleep(0.002 * (8 - i)) or i, range(8), 4)) == list(range(8))


@pytest.mark.parametrize("threads", [1, 3])
def test_look_ahead_is_bounded(threads):
    started, worst, lock = [0], 0, threading.Lock()

    def work(index):
        with lock:
            started[0] += 1
        return index

    for handed_over, _ in enumerate(ordered_map(work, range(100), threads), start=1):
        time.sleep(0.0005)
        worst = max(worst, started[0] - handed_over)
    assert worst <= threads


@pytest.mark.parametrize("threads", [1, 4])
def test_an_exception_comes_at_its_place(threads):
    def work(index):
        if index == 5:
            raise ValueError("five")
        return index

    seen = []
    with pytest.raises(ValueError, match="five"):
        for result in ordered_map(work, range(100), threads):
            seen.append(result)
    assert seen == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("threads", [1, 4])
def test_closing_stops_the_work(threads):
    started = []
    results = ordered_map(lambda i: started.append(i) or i, range(10_000), threads)
    assert [next(results) for _ in range(3)] == [0, 1, 2]
    results.close()
    count = len(started)
    time.sleep(0.02)
    assert len(started) == count <= 3 + threads + 1
    assert not [t for t in threading.enumerate() if t.name.startswith("frames")]


def test_an_endless_source_is_read_lazily():
    def numbers():
        n = 0
        while True:
            yield n
            n += 1

    results = ordered_map(lambda i: i, numbers(), 3)
    assert [next(results) for _ in range(5)] == [0, 1, 2, 3, 4]
    results.close()


@given(st.lists(st.integers(), max_size=30), st.integers(1, 6))
@settings(max_examples=20, deadline=None)
def test_what_is_run_through_ahead_is_the_same(items, count):
    assert list(ahead(iter(items), count)) == items


def test_ahead_is_bounded_and_ends_with_its_reader():
    taken = []
    items = ahead((taken.append(i) or i for i in range(10_000)), 3)
    assert [next(items) for _ in range(5)] == [0, 1, 2, 3, 4]
    time.sleep(0.02)
    assert len(taken) <= 5 + 3
    items.close()
    assert not [t for t in threading.enumerate() if t.name.startswith("ahead")]


def test_an_exception_ahead_comes_at_its_place():
    def broken():
        yield from range(3)
        raise ValueError("three")

    seen = []
    with pytest.raises(ValueError, match="three"):
        for item in ahead(broken(), 5):
            seen.append(item)
    assert seen == [0, 1, 2]
