"""The original graph of the voice without its rounding of activations: the reference for comparisons.

The graph rounds every product's input to 256 levels over the range the input happens to have. Last
digits then decide single steps, steps add up over the layers, and the pitch is integrated over the
sentence: onnxruntime disagrees with itself by up to half of full scale when its optimisation level
or its number of threads changes. With the rounding taken out of both sides, every run must agree.
"""

from __future__ import annotations

import numpy as np

from .onnx_weights import fields, read_constants

_GRAPH, _NODE, _INITIALIZER = 7, 1, 5
_INPUT, _OUTPUT, _OP = 1, 2, 4
_FLOAT = 1


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(out + bytes([value]))


def _field(number: int, value: int | bytes) -> bytes:
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value)
    return _varint(number << 3 | 2) + _varint(len(value)) + value


def _node(op: str, inputs: list[str], output: str) -> bytes:
    return b"".join([*(_field(_INPUT, name.encode()) for name in inputs), _field(_OUTPUT, output.encode()),
                     _field(_OP, op.encode())])


def _float_tensor(name: str, array: np.ndarray) -> bytes:
    dims = b"".join(_field(1, size) for size in array.shape)
    return dims + _field(2, _FLOAT) + _field(8, name.encode()) + _field(9, array.astype("<f4").tobytes())


def _strings(node: bytes, number: int) -> list[str]:
    return [bytes(value).decode() for found, value in fields(memoryview(node)) if found == number]


class _Rewriter:
    def __init__(self, constants: dict[str, np.ndarray]) -> None:
        self.constants = constants
        self.unrounded: dict[str, str] = {}
        """Rounded tensor -> what it was made of."""
        self.steps: set[str] = set()
        self.added: list[bytes] = []

    def node(self, node: bytes) -> bytes | None:
        """Return what takes the node's place; None for nothing."""
        (op,), inputs, outputs = (_strings(node, part) for part in (_OP, _INPUT, _OUTPUT))
        if op == "DynamicQuantizeLinear":
            self.unrounded[outputs[0]] = inputs[0]
            self.steps.add(outputs[1])
            return None
        if op == "MatMulInteger":
            weights = inputs[1] + "_float"
            self.added.append(_float_tensor(weights, self.constants[inputs[1]]))
            return _node("MatMul", [self.unrounded[inputs[0]], weights], outputs[0])
        if op == "Mul" and inputs[0] in self.steps:
            return _node("Identity", [inputs[1]], outputs[0])
        return node


def without_rounding(model: bytes) -> bytes:
    """Return the model with its products in float32, the weights unchanged."""
    rewriter = _Rewriter(read_constants(model))
    rest = b"".join(_field(number, value if isinstance(value, int) else bytes(value))
                    for number, value in fields(memoryview(model)) if number != _GRAPH)
    graph = next(value for number, value in fields(memoryview(model)) if number == _GRAPH)
    parts = []
    for number, value in fields(graph):
        data = value if isinstance(value, int) else bytes(value)
        if number == _NODE and isinstance(data, bytes):
            data = rewriter.node(data)
        if data is not None:
            parts.append(_field(number, data))
    # The same weights serve several nodes where the attention layer is repeated.
    parts += [_field(_INITIALIZER, data) for data in dict.fromkeys(rewriter.added)]
    return rest + _field(_GRAPH, b"".join(parts))


def with_output(model: bytes, tensor: str) -> bytes:
    """Return an ONNX model that also puts out one of its inner tensors.

    Protobuf merges a message that occurs twice, so a second `graph` that holds nothing but one
    `output` (field 12 of GraphProto, a ValueInfoProto with its `name`, field 1) adds this output.
    """
    return model + _field(_GRAPH, _field(12, _field(1, tensor.encode())))
