"""What telephones and low bit rates leave of a voice, through PyAV; the delay of each codec is taken out."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import av
import numpy as np
from scipy import fft

from .acoustics import RATE_HZ, Sound, band

MU = 255.0  # ITU-T G.711


class Codec(NamedTuple):
    """An encoder and decoder of FFmpeg at one rate."""

    encoder: str
    decoder: str
    rate_hz: int
    bit_rates: tuple[int, ...]  # bit/s


WIDE = (Codec("libmp3lame", "mp3", 16000, (16000, 24000, 32000)),
        Codec("libopus", "libopus", 16000, (8000, 12000, 16000)),
        Codec("aac", "aac", 16000, (16000, 24000, 32000)))  # fmt: skip
TELEPHONE = (Codec("libopencore_amrnb", "amrnb", 8000, (4750, 5900, 7950, 12200)),
             Codec("g723_1", "g723_1", 8000, (6300,)))  # fmt: skip


@lru_cache
def available() -> tuple[tuple[Codec, ...], tuple[Codec, ...]]:
    """Return the wide and the telephone codecs that this build of FFmpeg has."""
    wide, telephone = ([codec for codec in codecs if {codec.encoder, codec.decoder} <= av.codecs_available]
                       for codecs in (WIDE, TELEPHONE))  # fmt: skip
    return tuple(wide), tuple(telephone)


def resampled(samples: Sound, length: int) -> Sound:
    """Return the sound stretched to `length` samples."""
    edge = 400  # silence, so that the end does not wrap around to the start
    if not len(samples):
        return np.zeros(length, np.float32)
    goal = fft.next_fast_len(round((len(samples) + edge) * length / len(samples)), real=True)
    padded = np.zeros(round(goal * len(samples) / length), np.float32)
    padded[: len(samples)] = samples[: len(padded)]
    stretched = fft.irfft(fft.rfft(padded)[: goal // 2 + 1], goal) * np.float32(goal / len(padded))
    return stretched[:length].astype(np.float32)


def _opened(codec: Codec, bit_rate: int) -> av.CodecContext:
    encoder = av.CodecContext.create(codec.encoder, "w")
    formats = [known.name for known in encoder.codec.audio_formats or ()]
    encoder.format = next((kind for kind in ("fltp", "flt") if kind in formats), "s16")
    encoder.sample_rate, encoder.layout, encoder.bit_rate = codec.rate_hz, "mono", bit_rate
    encoder.thread_count = 1
    encoder.open()
    return encoder


def _encoded(encoder: av.CodecContext, samples: Sound) -> list[av.Packet]:
    size, kind, found = encoder.frame_size or encoder.sample_rate // 50, encoder.format.name, []
    padded = np.pad(samples, (0, -len(samples) % size + 4 * size))
    if kind == "s16":
        padded = np.round(np.clip(padded, -1, 1) * 32767).astype(np.int16)
    for start in range(0, len(padded), size):
        frame = av.AudioFrame.from_ndarray(padded[None, start : start + size], kind, "mono")
        frame.sample_rate, frame.pts = encoder.sample_rate, start
        found += encoder.encode(frame)
    return found + encoder.encode(None)


def _decoded(codec: Codec, packets: list[av.Packet], extradata: bytes | None) -> Sound:
    decoder = av.CodecContext.create(codec.decoder, "r")
    decoder.thread_count, decoder.sample_rate, decoder.layout = 1, codec.rate_hz, "mono"
    if extradata:
        decoder.extradata = extradata
    frames = [frame for packet in packets for frame in decoder.decode(packet)]
    sound = np.concatenate([frame.to_ndarray()[0] for frame in frames])
    sound = sound / np.float32(32768) if sound.dtype.kind == "i" else sound
    factor = frames[0].sample_rate // codec.rate_hz  # Opus always decodes to 48 kHz
    return resampled(sound, len(sound) // factor) if factor > 1 else sound.astype(np.float32)


def _passed(codec: Codec, samples: Sound, bit_rate: int) -> Sound:
    encoder = _opened(codec, bit_rate)
    return _decoded(codec, _encoded(encoder, samples), encoder.extradata)


def lag_of(changed: Sound, samples: Sound, most: int) -> int:
    """Return by how many samples `changed` comes after `samples`, at most `most` either way."""
    size = fft.next_fast_len(len(samples) + len(changed), real=True)
    match = fft.irfft(np.conj(fft.rfft(samples, size)) * fft.rfft(changed, size), size)
    lags = np.arange(-most, most + 1)
    return int(lags[np.argmax(match[lags])])


def _buzz(rate_hz: int) -> Sound:
    """A buzzing vowel whose pitch and level never repeat, so that only one lag fits."""
    time_s = np.arange(rate_hz) / rate_hz
    phase = 2 * np.pi * (90 * time_s + 60 * time_s**2)
    level = 0.02 * (1.2 + np.sin(2 * np.pi * 3 * time_s**1.5))
    return (level * sum(np.cos(k * phase) for k in range(1, 14))).astype(np.float32)


@lru_cache
def _delay(codec: Codec, bit_rate: int) -> int:
    buzz = _buzz(codec.rate_hz)
    return lag_of(_passed(codec, buzz, bit_rate), buzz, codec.rate_hz // 5)


def through(codec: Codec, samples: Sound, bit_rate: int) -> Sound:
    """Return what the codec leaves of the sound, in its own time."""
    narrow = resampled(samples, len(samples) * codec.rate_hz // RATE_HZ)
    delay = _delay(codec, bit_rate)
    passed = np.pad(_passed(codec, narrow, bit_rate), (max(-delay, 0), len(narrow)))
    return resampled(passed[max(delay, 0) :][: len(narrow)], len(samples))


def companded(samples: Sound) -> Sound:
    """Return the sound after eight bits of G.711 at 8 kHz."""
    narrow = np.clip(resampled(samples, max(len(samples) // 2, 1)), -1, 1)
    coded = np.round(np.sign(narrow) * np.log1p(MU * np.abs(narrow)) / np.log1p(MU) * 127) / 127
    return resampled((np.sign(coded) * np.expm1(np.abs(coded) * np.log1p(MU)) / MU).astype(np.float32), len(samples))


def low_bit_rate(samples: Sound, rng: np.random.Generator) -> Sound:
    """Return the sound after MP3, Opus or AAC at a low bit rate."""
    codec = available()[0][rng.integers(len(available()[0]))]
    return through(codec, samples, int(rng.choice(codec.bit_rates)))


def telephoned(samples: Sound, rng: np.random.Generator) -> Sound:
    """Return the sound of a telephone: 300-3400 Hz, G.711 or a codec of mobile phones."""
    narrow = band(samples, rng.uniform(200, 350), rng.uniform(3000, 3600))
    codecs = available()[1]
    if not codecs or rng.random() < 0.6:
        return companded(narrow)
    codec = codecs[rng.integers(len(codecs))]
    return through(codec, narrow, int(rng.choice(codec.bit_rates)))
