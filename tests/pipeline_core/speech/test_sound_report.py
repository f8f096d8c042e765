import io

import av
import numpy as np
import pytest
from scipy.signal import butter, sosfilt
from talking_avatar.models import register_all
from talking_avatar.pipeline_core.host import PlainHost
from talking_avatar.pipeline_core.media.audio import resample
from talking_avatar.pipeline_core.speech import analyze, synthesize
from talking_avatar.pipeline_core.speech.sound_report import PRICES, sound_report
from talking_avatar.pipeline_core.types import Sound

HOST = PlainHost()
TEXT = "The birch canoe slid on the smooth planks. A pot of tea helps to pass the evening. Pam buys big apples."


@pytest.fixture(scope="module")
def voice():
    register_all()
    return synthesize(TEXT, host=HOST)


def level(samples):
    return float(np.sqrt(np.percentile(samples**2, 99)) / 2)


def with_noise(sound, below_db, colour=1.0):
    count = sound.samples.shape[1]
    spectrum = np.fft.rfft(np.random.default_rng(0).standard_normal(count))
    noise = np.fft.irfft(spectrum / np.maximum(np.arange(len(spectrum)), 1.0) ** (colour / 2), count)
    noise *= level(sound.mono) * 10 ** (-below_db / 20) / noise.std()
    return Sound((sound.mono + noise)[None].astype(np.float32), sound.rate_hz)


def with_music(sound, below_db):
    time_s = np.arange(sound.samples.shape[1]) / sound.rate_hz
    struck = np.exp(-3 * (time_s % 0.4))
    music = struck * sum(np.sin(2 * np.pi * pitch * k * time_s) / k
                         for pitch in (261.6, 329.6, 392.0) for k in range(1, 5))
    music *= level(sound.mono) * 10 ** (-below_db / 20) / music.std()
    return Sound((sound.mono + music)[None].astype(np.float32), sound.rate_hz)


def by_telephone(sound):
    band = butter(4, [300, 3400], "bandpass", fs=8000, output="sos")
    return Sound(sosfilt(band, resample(sound, 8000).mono)[None].astype(np.float32), 8000)


def driven(sound, above_db, scale=1.0):
    gain = 10 ** (above_db / 20) / np.abs(sound.mono).max()
    return Sound(scale * np.clip(sound.mono * gain, -1, 1)[None], sound.rate_hz)


def through_mp3(sound, bit_rate=16_000):
    data = io.BytesIO()
    samples = np.ascontiguousarray(resample(sound, 16_000).samples)
    with av.open(data, "w", format="mp3") as container:
        stream = container.add_stream("libmp3lame", rate=16_000)
        stream.codec_context.layout, stream.codec_context.bit_rate = "mono", bit_rate
        frame = av.AudioFrame.from_ndarray(samples, "fltp", "mono")
        frame.sample_rate = 16_000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    with av.open(io.BytesIO(data.getvalue())) as container:
        return Sound(np.concatenate([f.to_ndarray() for f in container.decode(audio=0)], axis=1), 16_000)


def deeper(sound):
    """The same words from a larger throat: everything lower by 7 semitones."""
    return Sound(resample(Sound(sound.samples, 2), 3).samples, sound.rate_hz)


def in_turns(one, two, seconds=2.5):
    size = int(seconds * one.rate_hz)
    parts = [s.mono[k * size : (k + 1) * size] for k in range(3) for s in (one, two)]
    return Sound(np.concatenate(parts)[None], one.rate_hz)


def test_a_good_recording_has_no_faults(voice):
    assert sound_report(voice[0]).faults == ()


@pytest.mark.parametrize(("spoil", "fault"), [
    (lambda s: with_noise(s, 10), "noise"),
    (lambda s: with_noise(s, 10, colour=0.0), "noise"),
    (lambda s: with_music(s, 14), "background"),
    (lambda s: with_music(s, -10), "music"),
    (by_telephone, "telephone"),
    (lambda s: resample(by_telephone(s), 44100), "telephone"),
    (lambda s: driven(s, 9), "clipped"),
    (lambda s: driven(s, 9, scale=0.3), "clipped"),
    (through_mp3, "compressed"),
    (lambda s: in_turns(s, deeper(s)), "voices"),
])  # fmt: skip
def test_each_fault_is_named_with_its_price(voice, spoil, fault):
    report = sound_report(spoil(voice[0]))
    assert fault in report.faults
    assert PRICES[fault].split("{")[0] in " ".join(report.warnings)


@pytest.mark.parametrize("harmless", [
    lambda s: with_noise(s, 35), lambda s: driven(s, -1), lambda s: in_turns(s, s),
    lambda s: resample(s, 16000), lambda s: resample(s, 48000),
    lambda s: Sound(np.concatenate([s.samples, 0.5 * s.samples]), s.rate_hz),
])  # fmt: skip
def test_what_costs_nothing_is_not_mentioned(voice, harmless):
    assert sound_report(harmless(voice[0])).faults == ()


def test_a_single_vowel_is_no_music(voice):
    found = (voice[0].mono**2).cumsum()
    loud = int(np.searchsorted(found, found[-1] / 2))
    half = voice[0].samples[:, loud - 6000 : loud + 6000]
    assert sound_report(Sound(half, voice[0].rate_hz)).faults == ()


@pytest.mark.parametrize("samples", [np.zeros(100), np.zeros(48000), np.full(48000, 0.5), np.ones(60)])
def test_sounds_without_speech_are_survived(samples):
    sound_report(Sound(samples[None].astype(np.float32), 24000))


def test_hours_are_judged_by_an_excerpt(voice):
    once = with_noise(voice[0], 10)
    long = Sound(np.tile(once.samples, (1, 20)), once.rate_hz)
    assert sound_report(long).faults == sound_report(once).faults == ("noise",)


def test_the_faults_are_said_before_rendering_and_the_sound_is_kept(voice):
    noisy = with_noise(voice[0], 12)
    said = []

    class Host(PlainHost):
        def status(self, text):
            said.append(text)

    track = analyze(noisy, transcript=TEXT, host=Host())
    assert track.sound is noisy
    assert any("noise only" in w for w in track.warnings) and any("noise only" in text for text in said)
