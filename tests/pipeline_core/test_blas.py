from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from talking_avatar.pipeline_core import blas
from talking_avatar.pipeline_core.blas import one_blas_thread
from talking_avatar.pipeline_core.render.stream import ordered_map


class Library:
    """Counts threads as OpenBLAS does."""

    def __init__(self):
        self.threads = 4
        self.told = []

    def set(self, count):
        self.threads = count
        self.told.append(count)


@pytest.fixture
def library(monkeypatch):
    library = Library()
    monkeypatch.setattr(blas, "_controls", lambda: (lambda: library.threads, library.set))
    return library


def test_inside_there_is_one_thread_and_outside_what_was_before(library):
    with one_blas_thread():
        assert library.threads == 1
        with one_blas_thread():
            assert library.threads == 1
        assert library.threads == 1
    assert library.threads == 4
    assert library.told == [1, 4]


def test_an_error_restores_it(library):
    with pytest.raises(ZeroDivisionError), one_blas_thread():
        raise ZeroDivisionError
    assert library.threads == 4


def test_the_last_of_several_threads_restores_it(library):
    both = Barrier(2)

    def work(_):
        with one_blas_thread():
            both.wait()
            return library.threads

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(work, range(2))) == [1, 1]
    assert library.threads == 4


@pytest.mark.parametrize("threads", [1, 2])
def test_it_holds_while_frames_are_made(library, threads):
    frames = ordered_map(lambda _: library.threads, range(5), threads)
    assert library.threads == 4 and next(frames) == 1
    frames.close()
    assert library.threads == 4
    assert list(ordered_map(lambda _: library.threads, range(5), threads)) == [1] * 5


def test_without_openblas_nothing_happens(monkeypatch):
    monkeypatch.setattr(blas, "_controls", lambda: None)
    with one_blas_thread():
        pass


def test_the_real_library_is_told():
    controls = blas._controls()
    if controls is None:
        pytest.skip("this numpy does not use OpenBLAS")
    before = controls[0]()
    with one_blas_thread():
        assert controls[0]() == 1
    assert controls[0]() == before
