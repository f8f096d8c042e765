"""Drawing and encoding overlap.

The caller's thread pulls the frames (so that cancelling works where the host expects it) and
hands them to an encoder thread through a short queue.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterable

from ...errors import ContractError
from ...host import Host
from ...types import UInt8Array
from .container import Writer

_QUEUE_FRAMES = 4
_POLL_S = 0.05


def feed(frames: Iterable[UInt8Array], writer: Writer, count: int, host: Host, stop: threading.Event) -> None:
    """Pull frames here, encode them in a second thread; end both whatever happens."""
    inbox: queue.Queue[UInt8Array | None] = queue.Queue(_QUEUE_FRAMES)
    failure: list[BaseException] = []
    thread = threading.Thread(target=_drain, args=(writer, inbox, stop, failure), name="encoder", daemon=True)
    thread.start()
    iterator = iter(frames)
    try:
        _pull(iterator, inbox, count, host, stop)
        while thread.is_alive():  # finishing can take as long as drawing did
            thread.join(_POLL_S)
            if thread.is_alive():
                host.progress(count, count)
    finally:
        stop.set()
        thread.join()
        writer.close(complete=False)
        close = getattr(iterator, "close", None)
        if close is not None:
            close()
    if failure:
        raise failure[0]


def _pull(iterator: Iterable[UInt8Array], inbox: queue.Queue[UInt8Array | None], count: int, host: Host,
          stop: threading.Event) -> None:
    source = iter(iterator)
    for index in range(count):
        frame = next(source, None)
        if frame is None:
            raise ContractError(f"only {index} of {count} frames were drawn")
        if not _put(inbox, frame, stop):
            return
        host.show(frame)
        host.progress(index + 1, count)
    _put(inbox, None, stop)


def _put(inbox: queue.Queue[UInt8Array | None], frame: UInt8Array | None, stop: threading.Event) -> bool:
    while not stop.is_set():
        try:
            inbox.put(frame, timeout=_POLL_S)
            return True
        except queue.Full:
            continue
    return False


def _drain(writer: Writer, inbox: queue.Queue[UInt8Array | None], stop: threading.Event,
           failure: list[BaseException]) -> None:
    try:
        while not stop.is_set():
            try:
                frame = inbox.get(timeout=_POLL_S)
            except queue.Empty:
                continue
            if frame is None:
                writer.close(complete=True)
                return
            writer.write(frame)
    except BaseException as error:  # noqa: BLE001 - handed to the caller's thread, which raises it
        failure.append(error)
    finally:
        stop.set()
