"""The face file for the page."""

import json
import struct
from dataclasses import replace

import numpy as np
import pytest
from talking_avatar.models.photo_head import live
from talking_avatar.models.photo_head.live_mouth import coarse_mouth
from talking_avatar.models.photo_head.live_pack import MAGIC, VERSION, LivePack
from talking_avatar.pipeline_core.cache import Cache
from talking_avatar.pipeline_core.errors import InputError
from talking_avatar.pipeline_core.types import Portrait
from talking_avatar.tests.models.photo_head.motions import HOST

MOST_BYTES = 3_000_000


def taken_apart(payload):
    """Header and arrays, as the page reads them."""
    magic, version, header_bytes, total = struct.unpack("<4sIII", payload[:16])
    assert (magic, version, total) == (MAGIC, VERSION, len(payload))
    start = 16 + header_bytes
    header = json.loads(payload[16:start])
    kinds = {"u8": "<u1", "u16": "<u2", "u32": "<u4", "f32": "<f4", "i16": "<i2"}
    arrays = {}
    for name, about in header["arrays"].items():
        values = np.frombuffer(payload, kinds[about["kind"]], int(np.prod(about["shape"])), start + about["at"])
        if about["kind"] == "i16":
            values = values * about["scale"] + about["offset"]
        arrays[name] = values.reshape(about["shape"])
    return header, arrays


@pytest.fixture(scope="module")
def payload(photographed):
    return live.live_payload(photographed, HOST)


def test_it_is_small_and_always_the_same(photographed, payload, monkeypatch):
    assert len(payload) < MOST_BYTES
    monkeypatch.setattr(live, "shared", Cache)
    assert live.live_payload(photographed, HOST) == payload


def test_it_is_made_once(photographed, payload):
    assert live.live_payload(photographed, HOST) is payload


def test_another_photo_makes_another_file(photographed, payload):
    other = replace(photographed, portrait=Portrait(photographed.portrait.image[:, :, ::-1].copy()))
    assert live.live_payload(other, HOST) != payload


def test_a_large_photo_is_cut_down(photographed, monkeypatch):
    monkeypatch.setattr(live, "FACE_PX", 100)
    scale = 5
    image = np.repeat(np.repeat(photographed.portrait.image, scale, 0), scale, 1)
    large = replace(photographed, portrait=Portrait(image), landmarks_px=photographed.landmarks_px * scale,
                    width_px=image.shape[1], height_px=image.shape[0])
    payload = live.live_payload(large, HOST)
    header, arrays = taken_apart(payload)
    assert len(payload) < MOST_BYTES
    assert header["photo"]["width"] < image.shape[1]
    assert np.ptp(arrays["source"][:, 0]) < 1.3 * live.FACE_PX
    assert decoded(arrays["photo"]).shape[1] <= live.TEXTURE_PX


def decoded(data):
    import cv2

    return cv2.imdecode(data.copy(), cv2.IMREAD_UNCHANGED)


def test_a_cut_out_photo_keeps_its_opacity(photographed):
    alpha = np.full(photographed.portrait.image.shape[:2], 255, np.uint8)
    alpha[:20] = 0
    cut = replace(photographed, portrait=Portrait(photographed.portrait.image, alpha))
    _, arrays = taken_apart(live.live_payload(cut, HOST))
    picture = decoded(arrays["photo"])
    assert picture.shape[2] == 4
    assert picture[0, 0, 3] == 0
    assert picture[-1, picture.shape[1] // 2, 3] == 255


def test_quantised_numbers_come_back(photographed, payload):
    _, arrays = taken_apart(payload)
    parts = live.lay_out(photographed, photographed.portrait, {})
    assert np.abs(arrays["source"] - parts.head.source_px).max() < 0.01
    assert np.abs(arrays["neutral"] - parts.head.neutral_cm).max() < 0.001
    moves = np.zeros_like(parts.model.units)
    starts = arrays["unitStarts"]
    for unit, (start, stop) in enumerate(zip(starts[:-1], starts[1:], strict=True)):
        moves[unit, arrays["unitVertices"][start:stop]] = arrays["unitMoves"][start:stop]
    assert np.abs(moves - parts.model.units).max() < 2 * live.LEAST_MOVE_CM


def test_what_is_shown_lies_within_the_photo(payload, photographed):
    header, _ = taken_apart(payload)
    left, top, right, bottom = header["shown"]
    box = header["texture"]
    assert box[0] <= left < right <= box[2] <= photographed.width_px
    assert box[1] <= top < bottom <= box[3] <= photographed.height_px


def test_a_video_has_no_live_view(photographed):
    with pytest.raises(InputError, match="not a video"):
        live.live_payload(replace(photographed, portrait=None), HOST)


def test_the_coarse_mouth_has_all_tissues_and_sharp_edges(head_model):
    coarse = coarse_mouth(head_model.mouth)
    assert len(coarse["triangles"]) < 0.7 * len(head_model.mouth["triangles"])
    assert coarse["triangles"].max() == len(coarse["vertices"]) - 1
    assert set(coarse["part"]) == set(range(6))
    assert set(coarse["tooth"]) == set(head_model.mouth["tooth"])
    for first in (4, 18):
        front = np.isin(coarse["tooth"], range(first, first + 6)) & (coarse["height"] / 255 > 0.99)
        assert np.count_nonzero(front) > 20, "biting edges of the front teeth"


def test_arrays_begin_at_multiples_of_eight():
    pack = LivePack()
    pack.header["note"] = "é"
    pack.add("a", [1, 2, 3], "u8")
    pack.add_quantised("b", [[-1.0, 2.0]])
    pack.add("c", [0.5], "f32")
    header, arrays = taken_apart(pack.to_bytes())
    assert [header["arrays"][name]["at"] % 8 for name in "abc"] == [0, 0, 0]
    assert header["note"] == "é"
    assert arrays["b"] == pytest.approx(np.array([[-1.0, 2.0]]), abs=1e-4)
    assert arrays["a"].tolist() == [1, 2, 3]
