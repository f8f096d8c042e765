"""Read a TensorFlow Lite file: operators in order, tensors, constants. Standard library and NumPy only.

A tflite file is a flatbuffer; the field numbers below are those of the public `schema.fbs` (v3).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np

OPERATORS = {0: "add", 3: "conv", 4: "depthwise", 6: "dequantize", 14: "logistic", 17: "max_pool", 19: "relu",
             2: "concatenation", 22: "reshape", 23: "resize", 34: "pad", 54: "prelu"}  # fmt: skip
"""BuiltinOperator numbers that occur in the three face networks; "resize" is bilinear."""
DTYPES = {0: np.dtype("<f4"), 1: np.dtype("<f2"), 2: np.dtype("<i4")}
PADDINGS = ("same", "valid")
ACTIVATIONS = ("none", "relu")


class Table:
    """One flatbuffer table: typed access to its numbered fields."""

    def __init__(self, data: bytes, position: int) -> None:
        self.data = data
        self.position = position
        self.vtable = position - struct.unpack_from("<i", data, position)[0]
        self.vtable_bytes = struct.unpack_from("<H", data, self.vtable)[0]

    def offset(self, number: int) -> int:
        """Return the position of a field, or 0 where it has its default."""
        entry = 4 + 2 * number
        if entry >= self.vtable_bytes:
            return 0
        relative = struct.unpack_from("<H", self.data, self.vtable + entry)[0]
        return self.position + relative if relative else 0

    def scalar(self, number: int, kind: str = "i", default: int = 0) -> int:
        """Return a number; `kind` is its `struct` letter."""
        at = self.offset(number)
        return struct.unpack_from("<" + kind, self.data, at)[0] if at else default

    def _target(self, at: int) -> int:
        return at + struct.unpack_from("<I", self.data, at)[0]

    def table(self, number: int) -> Table | None:
        """Return a nested table."""
        at = self.offset(number)
        return Table(self.data, self._target(at)) if at else None

    def vector(self, number: int) -> tuple[int, int]:
        """Return (position of the first element, count) of a vector."""
        at = self.offset(number)
        if not at:
            return 0, 0
        start = self._target(at)
        return start + 4, struct.unpack_from("<I", self.data, start)[0]

    def tables(self, number: int) -> list[Table]:
        """Return the tables of a vector of tables."""
        start, count = self.vector(number)
        return [Table(self.data, self._target(start + 4 * i)) for i in range(count)]

    def ints(self, number: int) -> list[int]:
        """Return a vector of int32."""
        start, count = self.vector(number)
        return list(struct.unpack_from(f"<{count}i", self.data, start)) if count else []

    def text(self, number: int) -> str:
        """Return a string."""
        start, count = self.vector(number)
        return self.data[start : start + count].decode()


@dataclass(frozen=True)
class Operator:
    """One step of a network; numbers refer to `Network.shapes` and `Network.constants`."""

    kind: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    padding: str = ""
    stride: int = 1
    activation: str = "none"


@dataclass(frozen=True)
class Network:
    """A parsed network without its `dequantize` steps: half-precision constants are used directly."""

    operators: tuple[Operator, ...]
    shapes: dict[int, tuple[int, ...]]
    names: dict[int, str]
    constants: dict[int, np.ndarray]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]

    def describe(self) -> str:
        """Return one line per operator, for people who want to read a network."""
        return "\n".join(
            f"{i:3d} {op.kind:10s} {op.padding:5s} s{op.stride} {op.activation:4s} "
            + " ".join(f"{'#' if n in self.constants else ''}{n}{list(self.shapes[n])}" for n in op.inputs if n >= 0)
            + " -> " + " ".join(f"{n}{list(self.shapes[n])}" for n in op.outputs)
            for i, op in enumerate(self.operators))


def _operator(table: Table, kind: str) -> Operator:
    ends = tuple(table.ints(1)), tuple(table.ints(2))
    options = table.table(4)
    if options is None or kind not in ("conv", "depthwise", "max_pool", "add"):
        return Operator(kind, *ends)
    if kind == "add":
        return Operator(kind, *ends, activation=ACTIVATIONS[options.scalar(0, "b")])
    if options.scalar(1) != options.scalar(2):
        raise ValueError("strides differ by direction")
    activation = options.scalar({"conv": 3, "depthwise": 4, "max_pool": 5}[kind], "b")
    return Operator(kind, *ends, PADDINGS[options.scalar(0, "b")], options.scalar(1), ACTIVATIONS[activation])


def _constants(graph: Table, buffers: list[Table]) -> dict[int, np.ndarray]:
    found = {}
    for i, tensor in enumerate(graph.tables(0)):
        start, count = buffers[tensor.scalar(2, "I")].vector(0)
        if count:
            flat = np.frombuffer(tensor.data, DTYPES[tensor.scalar(1, "b")], offset=start,
                                 count=count // DTYPES[tensor.scalar(1, "b")].itemsize)
            found[i] = flat.reshape(tensor.ints(0))
    return found


def parse(data: bytes) -> Network:
    """Parse a tflite file that uses nothing but `OPERATORS`; anything else raises KeyError."""
    model = Table(data, struct.unpack_from("<I", data, 0)[0])
    codes = [max(c.scalar(0, "b"), c.scalar(3)) for c in model.tables(1)]
    graph = model.tables(2)[0]
    constants = _constants(graph, model.tables(4))
    operators = []
    for table in graph.tables(3):
        op = _operator(table, OPERATORS[codes[table.scalar(0, "I")]])
        if op.kind == "dequantize":
            constants[op.outputs[0]] = constants[op.inputs[0]]
        else:
            operators.append(op)
    tensors = graph.tables(0)
    return Network(tuple(operators), {i: tuple(t.ints(0)) for i, t in enumerate(tensors)},
                   {i: t.text(3) for i, t in enumerate(tensors)}, constants,
                   tuple(graph.ints(1)), tuple(graph.ints(2)))
