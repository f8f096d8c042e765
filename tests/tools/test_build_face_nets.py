"""The converter of the face networks: its flatbuffer reader, and that the asset can be rebuilt."""

import struct

import numpy as np
import pytest
from talking_avatar.tests.tools.loading import load, needs

build_face_nets = load("build_face_nets.py")
WHEEL, needs_wheel = needs(build_face_nets.REQUIREMENT)


@needs_wheel
def test_rebuilding_gives_the_shipped_bytes():
    task = build_face_nets.read_task(WHEEL)
    assert build_face_nets.build(task) == build_face_nets.OUTPUT.read_bytes()


def test_a_changed_source_is_refused(tmp_path):
    path = tmp_path / "face_landmarker.task"
    path.write_bytes(b"something else")
    with pytest.raises(SystemExit, match="sha256"):
        build_face_nets.read_task(path)


def test_the_shipped_file_is_half_precision_and_small():
    from safetensors.numpy import load_file

    tensors = load_file(build_face_nets.OUTPUT)
    assert {t.dtype for t in tensors.values()} == {np.dtype(np.float16)}
    assert build_face_nets.OUTPUT.stat().st_size < 3_000_000
    assert {name.split(".")[0] for name in tensors} == {"detector", "landmarks"}


def test_flatbuffer_tables_give_fields_and_defaults():
    # vtable: size 8, table size 8, field 0 at offset 4, field 1 absent; table: distance back to it, 42.
    data = struct.pack("<HHHH", 8, 8, 4, 0) + struct.pack("<ii", 8, 42)
    table = load("face_nets/tflite.py").Table(data, 8)
    assert table.scalar(0) == 42
    assert table.scalar(1, default=7) == 7
    assert table.scalar(9, default=5) == 5
    assert table.table(1) is None
    assert table.ints(1) == []
    assert table.tables(1) == []


def network(*operators, constants=None):
    tflite = load("face_nets/tflite.py")
    ops = tuple(tflite.Operator(*op) for op in operators)
    return tflite.Network(ops, {}, {}, constants or {}, (0,), (1,))


def test_an_unexpected_step_stops_the_conversion():
    walk = build_face_nets.Walker(network(("conv", (0,), (1,))))
    with pytest.raises(ValueError, match="expected a plain relu"):
        walk.skip("relu")
    fused = build_face_nets.Walker(network(("conv", (0,), (1,), "same", 1, "relu")))
    with pytest.raises(ValueError, match="expected a plain conv"):
        fused.take("conv")


def test_axes_and_biases():
    weight, bias = np.arange(24, dtype="<f2").reshape(2, 2, 2, 3), np.zeros(2, "<f2")
    walk = build_face_nets.Walker(network(("conv", (0, 8, 9), (1,)), constants={8: weight, 9: bias}))
    walk.conv("a")
    assert walk.weights["a.weight"].shape == (2, 3, 2, 2)
    assert walk.weights["a.weight"][1, 2, 0, 1] == weight[1, 0, 1, 2]
    walk = build_face_nets.Walker(network(("depthwise", (0, 8, 9), (1,)), constants={8: weight[:1], 9: bias + 1}))
    with pytest.raises(ValueError, match="has a bias"):
        walk.depthwise("b")
