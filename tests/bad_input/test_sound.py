"""Sound files that people really have, and those that somebody made to hurt."""

import os
import struct
import tracemalloc
import wave
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image
from talking_avatar.pipeline_core.errors import AudioTooShort, Cancelled, InputError, UnreadableMedia
from talking_avatar.pipeline_core.host import PlainHost
from talking_avatar.pipeline_core.media import audio
from talking_avatar.pipeline_core.media.audio import load_sound, resample, save_wav, sound_from_array
from talking_avatar.pipeline_core.media.downmix import mix_matrix
from talking_avatar.pipeline_core.speech import analyze
from talking_avatar.pipeline_core.speech.envelope import envelope_of


def only(channel, channels, count=8000):
    samples = np.zeros((channels, count), np.float32)
    samples[channel] = 0.5 * np.sin(np.arange(count) / 6)
    return samples


def level(samples):
    return float(np.sqrt((samples.astype(float) ** 2).mean()))


@pytest.mark.parametrize(("channel", "left", "right"), [(0, 1, 0), (1, 0, 1), (2, 0.707, 0.707), (3, 0, 0), (4, 0.707, 0),
                                                        (5, 0, 0.707)])
def test_surround_keeps_its_centre(make, tmp_path, channel, left, right):
    samples = only(channel, 6)
    sound = load_sound(make.sound_file(tmp_path / "a.wav", samples, codec="pcm_f32le", form="flt"))
    assert sound.samples.shape[0] == 2 and "6 channels" in sound.warnings[0]
    for side, share in zip(sound.samples, (left, right), strict=True):
        assert level(side) == pytest.approx(share * level(samples[channel]), abs=0.002)
    by_array = sound_from_array(samples, 16000)
    np.testing.assert_allclose(by_array.samples, sound.samples, atol=1e-6)


def test_loud_surround_does_not_clip_and_keeps_its_shape(make, tmp_path):
    samples = make.tone(channels=6) * 1.9
    sound = load_sound(make.sound_file(tmp_path / "a.wav", samples, codec="pcm_f32le", form="flt"))
    wanted = mix_matrix(6) @ samples
    assert np.abs(wanted).max() > 1.5  # control: without care it would clip
    np.testing.assert_allclose(sound.samples, wanted / np.abs(wanted).max(), atol=1e-5)


@pytest.mark.parametrize("channels", [1, 2, 3, 4, 5, 7, 8, 32])
def test_any_number_of_channels(tmp_path, channels):
    with wave.open(str(tmp_path / "a.wav"), "wb") as out:
        out.setnchannels(channels), out.setsampwidth(2), out.setframerate(16000)
        out.writeframes(np.tile(np.arange(-4000, 4000, dtype="<i2")[:, None], (1, channels)).tobytes())
    sound = load_sound(tmp_path / "a.wav")
    assert sound.samples.shape[0] <= 2 and sound.samples.shape[1] == 8000
    assert np.corrcoef(sound.samples[0], np.arange(8000))[0, 1] > 0.999


@pytest.mark.parametrize(("codec", "form"), [("pcm_u8", "u8"), ("pcm_s16be", "s16"), ("pcm_s24le", "s32"), ("pcm_s32le", "s32"),
                                             ("pcm_f32le", "flt"), ("pcm_f64le", "dbl"), ("pcm_alaw", "s16"),
                                             ("pcm_mulaw", "s16")])
def test_every_sample_format(make, tmp_path, codec, form):
    samples = make.tone(channels=2)
    sound = load_sound(make.sound_file(tmp_path / "a.mov", samples, codec=codec, form=form))
    assert np.abs(sound.samples - samples).max() < 0.03


@pytest.mark.parametrize("rate", [4000, 8000, 11025, 44100, 96000, 192000])
def test_every_rate_keeps_its_length(make, tmp_path, rate):
    sound = load_sound(make.sound_file(tmp_path / "a.wav", make.tone(rate), rate))
    assert sound.rate_hz == rate and sound.duration_s == pytest.approx(0.5, abs=1 / rate)
    assert analyze(sound, engine="energy", host=PlainHost()).duration_s == sound.duration_s


def test_numbers_that_are_none_become_silence_and_are_told(make, tmp_path):
    samples = make.tone()
    samples[0, 100:200], samples[0, 300] = np.nan, np.inf
    sound = load_sound(make.sound_file(tmp_path / "a.wav", samples, codec="pcm_f32le", form="flt"))
    assert not sound.samples[0, 100:200].any() and sound.samples[0, 300] == 0 and np.isfinite(sound.samples).all()
    assert "not numbers" in sound.warnings[0] and "not numbers" in sound_from_array(samples, 16000).warnings[0]
    track = analyze(sound, engine="energy", host=PlainHost())
    assert any("not numbers" in warning for warning in track.warnings) and np.isfinite(track.energy).all()


@pytest.mark.parametrize("count", [0, 1, 2, 100])
def test_sounds_of_a_few_samples(make, tmp_path, count):
    with wave.open(str(tmp_path / "a.wav"), "wb") as out:
        out.setnchannels(1), out.setsampwidth(2), out.setframerate(16000)
        out.writeframes(b"\1\1" * count)
    if count == 0:
        with pytest.raises(UnreadableMedia, match="no decodable sound"):
            load_sound(tmp_path / "a.wav")
        return
    sound = load_sound(tmp_path / "a.wav")
    assert sound.samples.shape == (1, count)
    with pytest.raises(AudioTooShort):
        analyze(sound, host=PlainHost())


@pytest.mark.parametrize("size", [0, 0xFFFFFFFF, 0x7FFFFFFF, 10])
def test_wav_of_a_stream_has_no_length(make, tmp_path, size):
    """Recorders that write to a pipe leave 0 or the largest number in both lengths."""
    path = make.sound_file(tmp_path / "a.wav", make.tone())
    data = bytearray(path.read_bytes())
    at = data.index(b"data") + 4
    data[4:8] = data[at:at + 4] = struct.pack("<I", size)
    path.write_bytes(data)
    sound = load_sound(path)
    assert sound.duration_s == pytest.approx(5 / 16000 if size == 10 else 0.5, abs=1e-4)


def test_a_dc_offset_is_no_sound(make):
    """A microphone's constant voltage is neither loudness nor speech."""
    clean = np.zeros(32000)
    clean[8000:16000] = make.tone(seconds=0.5)[0]
    plain, shifted = (envelope_of(sound_from_array(clean + offset, 16000)) for offset in (0.0, 0.2))
    assert plain is not None and shifted is not None
    energies = [analyze(sound_from_array(clean + offset, 16000), engine="energy", host=PlainHost()).energy for offset in (0, 0.2)]
    assert energies[0].max() > 0.3
    np.testing.assert_allclose(energies[1], energies[0], atol=0.1)


def cut(path, share):
    path.write_bytes(path.read_bytes()[:int(path.stat().st_size * share)])
    return path


def test_a_cut_mp3_keeps_its_beginning(make, tmp_path):
    path = make.sound_file(tmp_path / "a.mp3", make.tone(32000, 4.0), 32000, "libmp3lame", "fltp")
    assert 1.5 < load_sound(cut(path, 0.5)).duration_s < 2.6


def test_a_cut_m4a_says_what_is_missing(make, tmp_path):
    whole = make.sound_file(tmp_path / "a.m4a", make.tone(48000, 4.0), 48000, "aac", "fltp")
    at_front = make.sound_file(tmp_path / "b.m4a", make.tone(48000, 4.0), 48000, "aac", "fltp",
                               options={"movflags": "faststart"})
    assert load_sound(whole).warnings == ()
    with pytest.raises(UnreadableMedia, match="Invalid data|moov"):  # its table of contents is at the end
        load_sound(cut(whole, 0.6))
    sound = load_sound(cut(at_front, 0.6))
    assert 1.0 < sound.duration_s < 3.5 and ("cut off" in sound.warnings[0] or "damaged" in sound.warnings[0])


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.ogg", "a.mp3", "a.mkv", "a.m4a"])
@pytest.mark.parametrize("share", [0.01, 0.1])
def test_containers_cut_at_their_head(make, tmp_path, name, share):
    codec = {"wav": ("pcm_s16le", "s16"), "flac": ("flac", "s16"), "ogg": ("libopus", "flt"), "mp3": ("libmp3lame", "fltp"),
             "mkv": ("flac", "s16"), "m4a": ("aac", "fltp")}[name[2:]]
    path = cut(make.sound_file(tmp_path / name, make.tone(48000), 48000, *codec), share)
    try:
        assert load_sound(path).duration_s < 0.2
    except InputError as error:
        assert name in error.message and error.hint


def test_a_video_a_picture_a_text_and_a_cover_without_sound(make, tmp_path):
    make.video_file(tmp_path / "mute.mp4", make.numbered(3))
    Image.fromarray(make.picture()).save(tmp_path / "photo.png")
    Image.fromarray(make.picture()).save(tmp_path / "photo.jpg")
    for name in ("mute.mp4", "photo.png", "photo.jpg"):
        with pytest.raises(InputError, match="no sound"):
            load_sound(tmp_path / name)
    (tmp_path / "words.wav").write_text("this is what I want to say\n" * 40)
    os.mkfifo(tmp_path / "pipe.wav")
    for name in ("words.wav", "pipe.wav", "."):
        with pytest.raises(UnreadableMedia):
            load_sound(tmp_path / name)


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.mov", "a.ts"])
def test_sound_that_begins_later_keeps_its_place(make, tmp_path, name):
    samples = make.tone(seconds=1.0)
    path = make.video_file(tmp_path / name, make.numbered(50), sound=(samples, 0.5))
    sound = load_sound(path)
    loud = np.flatnonzero(np.abs(sound.samples[0]) > 0.1)
    assert loud[0] / 16000 == pytest.approx(0.5, abs=0.064 if name == "a.ts" else 0.002)
    assert loud[-1] / 16000 == pytest.approx(1.5, abs=0.1)


def test_sound_alone_that_begins_later_keeps_its_place(make, tmp_path):
    for name, codec, form in (("a.mka", "flac", "s16"), ("a.mkv", "pcm_s16le", "s16")):
        sound = load_sound(make.sound_file(tmp_path / name, make.tone(), codec=codec, form=form, start_s=0.25))
        assert sound.duration_s == pytest.approx(0.75, abs=0.002)
        assert not sound.samples[:, :int(0.249 * 16000)].any() and sound.samples[:, 4010:4100].any()


def test_a_broken_start_does_not_become_hours_of_silence(make, tmp_path):
    sound = load_sound(make.sound_file(tmp_path / "a.mka", make.tone(), codec="pcm_s16le", start_s=7200))
    assert sound.duration_s == pytest.approx(0.5, abs=0.01)


def test_tags_of_another_age_do_not_matter(make, tmp_path):
    """INFO chunks of old recorders hold Latin-1."""
    path = make.sound_file(tmp_path / "a.wav", make.tone())
    tag = b"INAM" + struct.pack("<I", 8) + b"caf\xe9 \xff\xfe\0"
    info = b"LIST" + struct.pack("<I", 4 + len(tag)) + b"INFO" + tag
    data = bytearray(path.read_bytes())
    data[36:36] = info
    data[4:8] = struct.pack("<I", len(data) - 8)
    path.write_bytes(data)
    with pytest.raises(UnicodeDecodeError):  # control: what strict reading does
        av.open(str(path))
    assert load_sound(path).duration_s == pytest.approx(0.5)


@pytest.mark.parametrize("content", [
    b"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:9,\n%s\n#EXT-X-ENDLIST\n", b"ffconcat version 1.0\nfile '%s'\n",
    b"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 5004 RTP/AVP 0\n",
])
def test_files_that_name_other_files_open_none(make, tmp_path, content):
    secret = make.sound_file(tmp_path / "secret.ts", make.tone(48000), 48000, "mp2", "s16")
    path = tmp_path / "song.mp3"
    path.write_bytes(content.replace(b"%s", str(secret).encode()))
    with pytest.raises(UnreadableMedia):
        load_sound(path)
    assert load_sound(secret).duration_s > 0.4  # control: what they name can be read


def test_a_name_that_looks_like_an_address_is_a_file(make, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    make.sound_file(tmp_path / "plain.wav", make.tone())
    (tmp_path / "plain.wav").rename(tmp_path / "http:talk.wav")
    assert load_sound("http:talk.wav").duration_s == pytest.approx(0.5)


def long_wav(path, seconds, rate=8000):
    """A wav of silence that takes no disk: the system makes the zeros up."""
    save_wav(path, sound_from_array(np.zeros((1, rate)), rate))
    data = bytearray(path.read_bytes()[:44])
    size = seconds * rate * 2
    data[4:8], data[40:44] = struct.pack("<I", size + 36), struct.pack("<I", size)
    path.write_bytes(data)
    os.truncate(path, size + 44)
    return path


@pytest.mark.skipif(not os.access("/proc/self/clear_refs", os.W_OK), reason="Linux only")
def test_a_long_sound_is_held_once(tmp_path):
    path = long_wav(tmp_path / "a.wav", 3600)
    load_sound(long_wav(tmp_path / "b.wav", 1))
    before = resident("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # forget the largest size so far (proc(5))
    sound = load_sound(path)
    assert sound.duration_s == 3600
    assert resident("VmHWM") - before < 1.4 * sound.samples.nbytes  # two copies would be 2.0
    twice = sound.samples + 1.0
    assert resident("VmHWM") - before > 1.8 * twice.nbytes  # control


def resident(name):
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(name))


def test_more_than_four_hours_are_refused_while_decoding(tmp_path, monkeypatch):
    monkeypatch.setattr(audio, "MAX_DURATION_S", 600)
    with pytest.raises(InputError, match="hours"):
        load_sound(long_wav(tmp_path / "a.wav", 700))
    monkeypatch.setattr(audio, "MAX_SAMPLES", 10_000)
    with pytest.raises(InputError, match="million samples"):
        load_sound(long_wav(tmp_path / "a.wav", 20))


def test_loading_can_be_stopped(make, tmp_path):
    host = make.Host(stop_at=5)
    with pytest.raises(Cancelled):
        load_sound(long_wav(tmp_path / "a.wav", 600), host)
    assert host.calls == 5


def test_resampling_makes_one_copy_in_32_bits(make):
    sound = sound_from_array(np.zeros((1, 4_000_000)), 48000)
    tracemalloc.start()
    half = resample(sound, 16000)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert half.samples.dtype == np.float32 and peak < 2.6 * half.samples.nbytes + 20e6


def test_rate_and_channels_that_change_half_way(tmp_path, make):
    """Recordings of television switch between stereo and surround."""
    parts = [make.sound_file(tmp_path / f"{n}.ts", make.tone(48000, 1.0, n), 48000, "ac3", "fltp") for n in (2, 6)]
    (tmp_path / "a.ts").write_bytes(b"".join(p.read_bytes() for p in parts))
    sound = load_sound(tmp_path / "a.ts")
    assert sound.samples.shape[0] == 2 and sound.duration_s == pytest.approx(2.0, abs=0.2)
    assert Fraction(sound.rate_hz) == 48000
