import av
import pytest
from talking_avatar.pipeline_core.media import h264
from talking_avatar.tests.pipeline_core.media import making


@pytest.fixture(scope="module")
def record(tmp_path_factory):
    with av.open(str(making.clip(tmp_path_factory.mktemp("h264") / "a.mp4", 3))) as container:
        return bytes(container.streams.video[0].codec_context.extradata)


def test_a_record_is_read_and_written(record):
    config = h264.read_config(record)
    assert config.to_bytes() == record and config.profile == "high" and config.length_size == 4
    assert [h264.set_id(unit) for unit in (*config.sps, *config.pps)] == [0, 0] and config.free_id() == 31


@pytest.mark.parametrize("wrong", [None, b"", b"\0\0\0\1\x67", b"\1", b"\1dd\0\xff\xe1\0\x20abc"])
def test_what_is_no_record(wrong):
    assert h264.read_config(wrong) is None


def test_sets_are_joined(record):
    config = h264.read_config(record)
    more = b"\0\0\0\1" + config.sps[0] + b"\0\0\1" + config.pps[0] + b"\0\0\0\1\x06\x05"
    joined = h264.read_config(config.joined(more).to_bytes())
    assert joined.sps == config.sps * 2 and joined.pps == config.pps * 2 and joined.tail == config.tail


def test_start_codes_become_lengths():
    data = b"\0\0\0\1\x65abc\0\0\1\x41\0\0\3\0\0\1\x41x\0"
    assert h264.annexb_units(data) == [b"\x65abc", b"\x41\0\0\3", b"\x41x"]
    packed = h264.with_lengths(data, 4)
    assert list(h264.units(packed, 4)) == h264.annexb_units(data)
    assert list(h264.units(packed[:-1], 4)) == h264.annexb_units(data)[:-1]  # a damaged end


@pytest.mark.parametrize(("number", "bits"), [(0, "1"), (1, "010"), (6, "00111"), (31, "00000100000")])
def test_numbers_of_sets(number, bits):
    code = int(bits.ljust(16, "0"), 2).to_bytes(2, "big")
    assert h264.set_id(b"\x67\x64\0\x1f" + code + b"\0") == h264.set_id(b"\x68" + code + b"\0") == number
