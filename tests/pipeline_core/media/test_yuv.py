import numpy as np
import pytest
from talking_avatar.pipeline_core.media import yuv


def planes(height, width):
    return yuv.split_planes(np.zeros(height * width * 3 // 2, np.uint8), height, width)


def test_known_colours():
    # BT.709 limited range: white 235/128/128, black 16/128/128, red 63/102/240 (ITU-R BT.709-6).
    for colour, expected in (((255, 255, 255), (235, 128, 128)), ((0, 0, 0), (16, 128, 128)),
                             ((255, 0, 0), (63, 102, 240)), ((0, 0, 255), (32, 240, 118))):
        result = planes(2, 2)
        yuv.rgb_to_i420(np.full((2, 2, 3), colour, np.uint8), result)
        assert tuple(int(p[0, 0]) for p in result) == expected


@pytest.mark.parametrize("size", [(2, 2), (16, 18), (48, 70)])
def test_compiled_equals_plain(size):
    pytest.importorskip("numba")
    rgb = np.random.default_rng(1).integers(0, 256, (*size, 3), dtype=np.uint8)
    rgb.flags.writeable = False
    fast, plain = planes(*size), planes(*size)
    assert yuv._compiled() is not None
    yuv.rgb_to_i420(rgb, fast)
    yuv.rgb_to_i420_plain(rgb, plain)
    for a, b in zip(fast, plain, strict=True):
        assert np.abs(a.astype(int) - b).max() <= 1
        assert abs((a.astype(int) - b).mean()) < 0.1


def test_runs_without_numba(monkeypatch):
    monkeypatch.setattr(yuv, "_compiled", lambda: None)
    result = planes(4, 4)
    yuv.rgb_to_i420(np.full((4, 4, 3), 255, np.uint8), result)
    assert (result[0] == 235).all()


def test_chroma_averages_all_four_pixels():
    stripes = np.zeros((2, 2, 3), np.uint8)
    stripes[:, 0, 0] = 255
    result = planes(2, 2)
    yuv.rgb_to_i420(stripes, result)
    assert abs(int(result[2][0, 0]) - 184) <= 1  # half way between 128 and 240
