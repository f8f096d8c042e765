import wave
from fractions import Fraction

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from talking_avatar.pipeline_core.errors import InputError, SettingError, UnreadableMedia
from talking_avatar.pipeline_core.media.audio import load_sound, resample, save_wav, sound_from_array


def tone(rate_hz=16000, seconds=0.5, channels=1, hz=440.0):
    t = np.arange(round(rate_hz * seconds)) / rate_hz
    return np.stack([0.5 * np.sin(2 * np.pi * hz * (c + 1) * t) for c in range(channels)]).astype(np.float32)


def encoded(path, samples, rate_hz, codec, fmt):
    layout = {1: "mono", 2: "stereo", 6: "5.1"}[len(samples)]
    with av.open(str(path), "w") as out:
        stream = out.add_stream(codec, rate=rate_hz)
        stream.codec_context.layout = layout
        stream.codec_context.format = fmt
        frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout=layout)
        frame.sample_rate, frame.pts, frame.time_base = rate_hz, 0, Fraction(1, rate_hz)
        resampler = av.AudioResampler(fmt, layout, rate_hz, frame_size=stream.codec_context.frame_size or None)
        for part in [*resampler.resample(frame), *resampler.resample(None)]:
            out.mux(stream.encode(part))
        out.mux(stream.encode(None))
    return path


@pytest.mark.parametrize(("name", "codec", "fmt", "rate", "channels", "slack"), [
    ("a.wav", "pcm_s16le", "s16", 16000, 1, 0), ("b.wav", "pcm_u8", "u8", 8000, 1, 0),
    ("c.wav", "pcm_s24le", "s32", 44100, 2, 0), ("d.wav", "pcm_f32le", "flt", 96000, 2, 0),
    ("e.wav", "pcm_f64le", "dbl", 11025, 2, 0), ("f.flac", "flac", "s16", 22050, 2, 0),
    ("g.mp3", "libmp3lame", "fltp", 32000, 1, 2400), ("h.m4a", "aac", "fltp", 48000, 2, 1024),
    ("i.ogg", "libopus", "flt", 48000, 1, 1000), ("j.mkv", "flac", "s16", 37123, 1, 0),
])
def test_every_container_rate_and_format(tmp_path, name, codec, fmt, rate, channels, slack):
    samples = tone(rate, 0.5, channels)
    sound = load_sound(encoded(tmp_path / name, samples, rate, codec, fmt))
    assert sound.rate_hz == rate and sound.samples.shape[0] == channels
    assert abs(sound.samples.shape[1] - samples.shape[1]) <= slack
    common = min(sound.samples.shape[1], samples.shape[1]) - 2 * slack
    level = np.sqrt((sound.samples[:, :common] ** 2).mean())
    assert abs(level - 0.5 / np.sqrt(2)) < 0.05
    if not slack:
        tolerance = 0.01 if codec == "pcm_u8" else 1e-3
        np.testing.assert_allclose(sound.samples, samples, atol=tolerance)


def test_twentieth_of_a_second_and_silence(tmp_path):
    path = tmp_path / "short.wav"
    save_wav(path, sound_from_array(np.zeros(800), 16000))
    assert load_sound(path).duration_s == pytest.approx(0.05)
    assert not load_sound(path).samples.any()


def test_bad_files(tmp_path):
    (tmp_path / "text.wav").write_text("no sound")
    (tmp_path / "empty.mp3").write_bytes(b"")
    for name in ("missing.wav", "text.wav", "empty.mp3"):
        with pytest.raises(UnreadableMedia) as caught:
            load_sound(tmp_path / name)
        assert name in caught.value.message and caught.value.hint
    with wave.open(str(tmp_path / "none.wav"), "wb") as out:
        out.setnchannels(1), out.setsampwidth(2), out.setframerate(8000)
    with pytest.raises(InputError):
        load_sound(tmp_path / "none.wav")


def test_a_video_without_sound_says_so(tmp_path):
    with av.open(str(tmp_path / "mute.mp4"), "w") as out:
        stream = out.add_stream("libx264", rate=25)
        stream.width = stream.height = 32
        stream.pix_fmt = "yuv420p"
        out.mux(stream.encode(av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8))))
        out.mux(stream.encode(None))
    with pytest.raises(InputError, match="no sound"):
        load_sound(tmp_path / "mute.mp4")


def test_a_cut_file_keeps_its_good_beginning(tmp_path):
    path = encoded(tmp_path / "a.flac", tone(16000, 2.0), 16000, "flac", "s16")
    data = path.read_bytes()
    path.write_bytes(data[:len(data) // 2])
    assert 0.3 < load_sound(path).duration_s < 1.5


def test_arrays_of_every_kind():
    assert sound_from_array(np.array([0, 16384, -32768], np.int16), 8000).samples.tolist() == [[0, 0.5, -1]]
    assert sound_from_array(np.array([128, 255, 0], np.uint8), 8000).samples[0, 2] == -1
    loud = sound_from_array(np.array([[0.0, 3.0, -2.0]]), 8000)
    assert loud.samples.tolist() == [[0, 3, -2]]  # clipping is the encoder's business
    holes = sound_from_array(np.array([np.nan, np.inf, -np.inf, 0.25]), 8000)
    assert holes.samples.tolist() == [[0, 0, 0, 0.25]]
    for bad, rate in ((np.zeros((1, 0)), 8000), (np.zeros((2, 2, 2)), 8000), (np.zeros(5), 0), (np.zeros(5), -1)):
        with pytest.raises(InputError):
            sound_from_array(bad, rate)


@settings(max_examples=25, deadline=None)
@given(st.sampled_from([8000, 11025, 16000, 22050, 24000, 37123]), st.sampled_from([16000, 44100, 48000]))
def test_resampling_keeps_time_and_length(old, new):
    sound = sound_from_array(np.pad(tone(old, 0.2, hz=500), ((0, 0), (old // 10, old // 10))), old)
    result = resample(sound, new)
    assert result.rate_hz == new and abs(result.duration_s - sound.duration_s) < 2 / min(old, new)
    energy = result.mono.astype(float) ** 2
    middle = (np.arange(energy.size) * energy).sum() / energy.sum() / new
    assert abs(middle - 0.2) < 0.0005  # no delay
    np.testing.assert_array_equal(resample(sound, new).samples, result.samples)


def test_resample_rejects_nonsense_and_returns_equal_rates_unchanged():
    sound = sound_from_array(tone(), 16000)
    assert resample(sound, 16000) is sound
    with pytest.raises(SettingError):
        resample(sound, 0)


def test_save_wav_clips_instead_of_wrapping(tmp_path):
    save_wav(tmp_path / "a.wav", sound_from_array(np.array([[0.0, 2.0], [-2.0, 0.5]]), 8000))
    with wave.open(str(tmp_path / "a.wav")) as handle:
        pcm = np.frombuffer(handle.readframes(2), "<i2").reshape(2, 2)
    assert pcm.tolist() == [[0, -32768], [32767, 16384]]
