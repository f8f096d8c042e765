"""Against a server of a few lines, because the client must survive what a busy one sends."""

import contextlib
import socket
import struct
import threading
import time

import pytest
from talking_avatar.cli.websocket import WebSocket


def frame(kind, payload, final=True):
    size = len(payload)
    length = bytes([size]) if size < 126 else b"\x7e" + struct.pack(">H", size) if size < 65536 \
        else b"\x7f" + struct.pack(">Q", size)
    return bytes([kind | (0x80 if final else 0)]) + length + payload


@pytest.fixture
def serve():
    """A function: pieces to send (a number is a pause) -> (client, what the client sent)."""
    listener = socket.create_server(("127.0.0.1", 0))
    received = bytearray()

    def answer(pieces, status):
        connection, _ = listener.accept()
        while b"\r\n\r\n" not in received:
            received.extend(connection.recv(4096))
        received.clear()
        connection.sendall(f"HTTP/1.1 {status}\r\n\r\n".encode())
        for piece in pieces:
            if isinstance(piece, float):
                time.sleep(piece)
            else:
                connection.sendall(piece)
        connection.settimeout(0.3)
        with contextlib.suppress(TimeoutError):
            received.extend(connection.recv(4096))
        connection.close()

    def start(*pieces, status="101 Switching Protocols"):
        threading.Thread(target=answer, args=(pieces, status), daemon=True).start()
        return WebSocket(f"ws://127.0.0.1:{listener.getsockname()[1]}/ws?clientId=1"), received

    yield start
    listener.close()


def test_messages_of_all_lengths(serve):
    texts = ["a", "b" * 200, "c" * 70_000]
    client, _ = serve(*(frame(1, t.encode()) for t in texts))
    assert [client.receive(2) for _ in texts] == texts


def test_fragments_pings_and_pictures_between(serve):
    client, sent = serve(frame(1, b"he", final=False), frame(9, b"ping"), frame(2, b"picture"), frame(0, b"llo"))
    assert client.receive(2) == "hello"
    time.sleep(0.5)
    assert sent[0] == 0x8A and sent[1] == 0x80 | 4, "the ping was answered with a masked pong"


def test_a_timeout_in_the_middle_of_a_frame_loses_nothing(serve):
    whole = frame(1, b"x" * 300)
    client, _ = serve(whole[:50], 0.4, whole[50:])
    assert client.receive(0.1) is None
    assert client.receive(2) == "x" * 300


def test_the_end_is_an_error_not_a_silence(serve):
    client, _ = serve(frame(8, b""))
    with pytest.raises(ConnectionError):
        client.receive(2)


def test_a_server_without_websocket_is_refused(serve):
    with pytest.raises(ConnectionError, match="no websocket"):
        serve(status="404 Not Found")
