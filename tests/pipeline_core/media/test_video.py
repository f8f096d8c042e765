import struct
from fractions import Fraction

import numpy as np
import pytest
from talking_avatar.pipeline_core.errors import InputError, UnreadableMedia
from talking_avatar.pipeline_core.host import PlainHost
from talking_avatar.pipeline_core.media.audio import save_wav, sound_from_array
from talking_avatar.pipeline_core.media.encode import EncodeSettings, write_video
from talking_avatar.pipeline_core.media.video import media_file, probe, read_frames, verify_unchanged


def clip(path, count=6, sound=None):
    picture = np.full((48, 64, 3), 60, np.uint8)
    picture[:16, :16] = 230  # bright corner at the top left
    write_video([picture] * count, path, fps=Fraction(24000, 1001), size=(64, 48), count=count, sound=sound,
                settings=EncodeSettings(), metadata={}, host=PlainHost())
    return path


def rotated(path, degrees):
    """Set the display matrix of the first track, as phones do (ISO/IEC 14496-12, 8.3.2)."""
    data = bytearray(path.read_bytes())
    cos, sin = {90: (0, 1), 180: (-1, 0), 270: (0, -1)}[degrees]
    at = data.index(b"tkhd") + 4 + 4 + 20 + 8 + 8  # version/flags, times and ids, reserved, layer..volume
    one = 1 << 16
    data[at:at + 36] = struct.pack(">9i", cos * one, sin * one, 0, -sin * one, cos * one, 0, 0, 0, 1 << 30)
    path.write_bytes(data)
    return path


def test_probe_and_frames(tmp_path):
    path = clip(tmp_path / "a.mp4", sound=sound_from_array(np.zeros(8000), 16000))
    info = probe(path)
    assert (info.width_px, info.height_px, info.frames, info.has_sound) == (64, 48, 6, True)
    assert info.fps == Fraction(24000, 1001) and info.duration_s == pytest.approx(6 * 1001 / 24000)
    times = [t for t, rgb in read_frames(path) if rgb.shape == (48, 64, 3)]
    np.testing.assert_allclose(times, [i * 1001 / 24000 for i in range(6)], atol=1e-6)
    assert not probe(clip(tmp_path / "mute.mp4")).has_sound


@pytest.mark.parametrize(("degrees", "corner"), [(90, "top right"), (180, "bottom right"), (270, "bottom left")])
def test_phone_rotation_is_applied(tmp_path, degrees, corner):
    path = rotated(clip(tmp_path / "a.mp4"), degrees)
    info = probe(path)
    (_, rgb), *_ = read_frames(path)
    assert (info.height_px, info.width_px) == rgb.shape[:2] == ((48, 64) if degrees == 180 else (64, 48))
    bright = {"top right": rgb[:14, -14:], "bottom right": rgb[-14:, -14:], "bottom left": rgb[-14:, :14]}
    assert bright[corner].mean() > 200 and rgb[:14, :14].mean() < 90


def test_hash_notices_a_change(tmp_path):
    path = clip(tmp_path / "a.mp4")
    file = media_file(path)
    assert media_file(path) == file
    verify_unchanged(file)
    clip(path, count=7)
    with pytest.raises(InputError, match="changed"):
        verify_unchanged(file)
    path.unlink()
    with pytest.raises(UnreadableMedia):
        verify_unchanged(file)


def test_bad_files(tmp_path):
    (tmp_path / "text.mp4").write_text("no video")
    save_wav(tmp_path / "a.wav", sound_from_array(np.zeros(800), 8000))
    for name, error in (("missing.mp4", UnreadableMedia), ("text.mp4", UnreadableMedia), ("a.wav", InputError)):
        for read in (probe, lambda p: list(read_frames(p))):
            with pytest.raises(error) as caught:
                read(tmp_path / name)
            assert name in caught.value.message and caught.value.hint
    with pytest.raises(UnreadableMedia):
        media_file(tmp_path)
