"""A binary file of one header and many small arrays, as `web/lib/avatar/payload.js` reads it.

Four bytes "TALV", then version, length of the header and length of the file as uint32, then the
header (JSON, filled up to eight bytes with spaces), then the arrays, each at a multiple of eight
bytes. All numbers are little-endian.
"""

from __future__ import annotations

import json
import struct
from typing import Any

import numpy as np

MAGIC, VERSION = b"TALV", 1
_KINDS = {"u8": "<u1", "u16": "<u2", "u32": "<u4", "f32": "<f4", "i16": "<i2"}


class LivePack:
    """Gathers arrays and what else the header says."""

    def __init__(self) -> None:
        self.header: dict[str, Any] = {}
        self._arrays: dict[str, dict[str, Any]] = {}
        self._body = bytearray()

    def add(self, name: str, array: Any, kind: str) -> None:
        """Add numbers as they are: `kind` is one of u8, u16, u32, f32."""
        self._store(name, np.asarray(array), kind, 1.0, 0.0)

    def add_quantised(self, name: str, array: Any) -> None:
        """Add numbers in 65535 even steps between the least and the largest."""
        values = np.asarray(array, np.float64)
        low, high = (float(values.min()), float(values.max())) if values.size else (0.0, 0.0)
        scale, offset = max(high - low, 1e-9) / 65535, (low + high) / 2
        steps = np.clip(np.round((values - offset) / scale), -32768, 32767)
        self._store(name, steps, "i16", scale, offset)

    def add_bytes(self, name: str, data: bytes) -> None:
        """Add a picture file."""
        self._store(name, np.frombuffer(data, np.uint8), "u8", 1.0, 0.0)

    def _store(self, name: str, array: np.ndarray[Any, Any], kind: str, scale: float, offset: float) -> None:
        self._body += b"\0" * (-len(self._body) % 8)
        self._arrays[name] = {"kind": kind, "shape": list(array.shape), "at": len(self._body),
                              "scale": scale, "offset": offset}  # fmt: skip
        self._body += np.ascontiguousarray(array, _KINDS[kind]).tobytes()

    def to_bytes(self) -> bytes:
        """Return the file."""
        header = json.dumps({**self.header, "arrays": self._arrays}, sort_keys=True).encode()
        header += b" " * (-len(header) % 8)
        total = 16 + len(header) + len(self._body)
        return MAGIC + struct.pack("<III", VERSION, len(header), total) + header + bytes(self._body)
