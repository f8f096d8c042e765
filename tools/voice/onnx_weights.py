"""Read the constants of an ONNX file by name. Standard library and NumPy only.

An ONNX file is a protobuf message; the field numbers below are those of the public `onnx.proto`.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

_GRAPH = 7
_INITIALIZER = 5
_DIMS, _DATA_TYPE, _FLOATS, _INTS, _NAME, _RAW = 1, 2, 4, 5, 8, 9
_DTYPES = {1: np.dtype("<f4"), 3: np.dtype("i1"), 7: np.dtype("<i8")}
_VARINT, _EIGHT_BYTES, _BYTES, _FOUR_BYTES = 0, 1, 2, 5


def _varint(data: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7


def fields(data: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """Yield (number, value) of every field of a message; strings and messages as bytes."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        kind = key & 7
        if kind == _VARINT:
            value, at = _varint(data, at)
            yield key >> 3, value
            continue
        if kind == _BYTES:
            size, at = _varint(data, at)
        elif kind in (_EIGHT_BYTES, _FOUR_BYTES):
            size = 8 if kind == _EIGHT_BYTES else 4
        else:
            raise ValueError(f"field of kind {kind} at {at}: this is no protobuf message")
        yield key >> 3, data[at : at + size]
        at += size


def _packed(data: memoryview) -> list[int]:
    found, at = [], 0
    while at < len(data):
        value, at = _varint(data, at)
        found.append(value)
    return found


def _tensor(data: memoryview) -> tuple[str, np.ndarray]:
    dims: list[int] = []
    dtype, name, raw = np.dtype("<f4"), "", b""
    for number, value in fields(data):
        if number == _DIMS:
            dims += [value] if isinstance(value, int) else _packed(value)
        elif number == _DATA_TYPE:
            dtype = _DTYPES[int(value)]
        elif number == _NAME:
            name = bytes(value).decode()
        elif number in (_RAW, _FLOATS):
            raw = bytes(value)
        elif number == _INTS:
            ints = [value] if isinstance(value, int) else _packed(value)
            raw = np.asarray(ints, np.uint64).astype(np.int64).astype(dtype).tobytes()
    return name, np.frombuffer(raw, dtype).reshape(dims)


def read_constants(model: bytes) -> dict[str, np.ndarray]:
    """Return every initializer of the model's graph by its name."""
    graph = next(value for number, value in fields(memoryview(model)) if number == _GRAPH)
    return dict(_tensor(value) for number, value in fields(graph) if number == _INITIALIZER)
