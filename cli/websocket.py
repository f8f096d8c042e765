"""Just enough of RFC 6455 to listen to ComfyUI's progress without a further package."""

from __future__ import annotations

import base64
import os
import socket
import struct
from urllib.parse import urlsplit

TEXT, CLOSE, PING, PONG = 0x1, 0x8, 0x9, 0xA


class WebSocket:
    """A client that receives text messages."""

    def __init__(self, url: str, timeout_s: float = 10.0) -> None:
        parts = urlsplit(url)
        self._socket = socket.create_connection((parts.hostname or "127.0.0.1", parts.port or 80), timeout_s)
        key = base64.b64encode(os.urandom(16)).decode()
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        self._socket.sendall(
            f"GET {path} HTTP/1.1\r\nHost: {parts.netloc}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode())
        self._buffer = b""
        self._message = b""
        head = self._until(b"\r\n\r\n")
        if b" 101 " not in head.split(b"\r\n")[0]:
            raise ConnectionError(f"no websocket at {url}: {head[:80]!r}")

    def receive(self, timeout_s: float) -> str | None:
        """Return the next text message, or None when none came in time.

        Raises
        ------
        ConnectionError
            If the server closed the connection.
        """
        self._socket.settimeout(timeout_s)
        try:
            while True:
                final, kind, payload = self._frame()
                if kind == CLOSE:
                    raise ConnectionError("the server closed the websocket")
                if kind == PING:
                    self._send(PONG, payload)
                elif kind in (0, TEXT):
                    self._message += payload
                    if final:
                        text, self._message = self._message.decode(), b""
                        return text
                # Binary frames are preview pictures: not for us.
        except TimeoutError:
            return None

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()

    def _frame(self) -> tuple[bool, int, bytes]:
        # A frame is taken from the buffer only when it is complete, so that a timeout loses nothing.
        head = self._peek(2)
        size, offset = head[1] & 0x7F, 2
        if size == 126:
            size, offset = struct.unpack(">H", self._peek(4)[2:])[0], 4
        elif size == 127:
            size, offset = struct.unpack(">Q", self._peek(10)[2:])[0], 10
        payload = self._peek(offset + size)[offset:]
        self._buffer = self._buffer[offset + size:]
        return bool(head[0] & 0x80), head[0] & 0x0F, payload

    def _peek(self, count: int) -> bytes:
        while len(self._buffer) < count:
            self._more()
        return self._buffer[:count]

    def _until(self, mark: bytes) -> bytes:
        while mark not in self._buffer:
            self._more()
        head, self._buffer = self._buffer.split(mark, 1)
        return head

    def _more(self) -> None:
        received = self._socket.recv(65536)
        if not received:
            raise ConnectionError("the server closed the websocket")
        self._buffer += received

    def _send(self, kind: int, payload: bytes) -> None:
        mask = os.urandom(4)
        masked = bytes(b ^ mask[i % 4] for i, b in enumerate(payload))
        self._socket.sendall(bytes([0x80 | kind, 0x80 | len(payload)]) + mask + masked)
