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


CODINGS = [yuv.Coding(matrix, full) for matrix in (1, 5, 9) for full in (False, True)]


@pytest.mark.parametrize("coding", CODINGS, ids=str)
def test_every_coding_is_undone_by_its_own_inverse_only(coding):
    colours = np.random.default_rng(2).integers(0, 256, (64, 3), dtype=np.uint8)
    colours[:8] = [[(n >> 2 & 1) * 255, (n >> 1 & 1) * 255, (n & 1) * 255] for n in range(8)]
    rgb = np.repeat(np.repeat(colours.reshape(8, 8, 3), 2, 0), 2, 1)

    def undone(by):
        matrix = yuv.coefficients(by)
        codes = np.stack([result[0][::2, ::2], result[1], result[2]], -1).astype(float)
        return np.clip((codes - matrix[:, 3]) @ np.linalg.inv(matrix[:, :3]).T, 0, 255)

    for convert in (yuv.rgb_to_i420, yuv.rgb_to_i420_plain):
        result = planes(16, 16)
        convert(np.ascontiguousarray(rgb), result, coding)
        assert np.abs(undone(coding) - rgb[::2, ::2]).max() <= 2.0  # one code of chroma is up to two levels
        for other in CODINGS:  # control
            assert other == coding or np.abs(undone(other) - rgb[::2, ::2]).max() > 5


def test_deep_full_range_ends_at_the_largest_code():
    result = [np.zeros((2, 2), np.uint16) for _ in range(3)]
    yuv.rgb_to_planes(np.full((2, 2, 3), 255, np.uint8), result, 10, yuv.Coding(1, full_range=True))
    assert (result[0] == 1023).all() and (result[1] == 512).all()
