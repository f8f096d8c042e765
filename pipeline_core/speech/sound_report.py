"""What is wrong with a recording, and what that costs, before anything is rendered.

Thresholds lie between 29 recordings that are good enough (reading, news, acted emotion, a speech of
1961; four languages, 16 to 48 kHz, and synthetic speech) and the same ones spoilt on purpose. What a
fault costs was measured with `tools/measure_sound_faults.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..lazy import ndimage, signal
from ..types import FloatArray, Sound
from .speaker_count import two_voices
from .spectra import at_speech_rate, decibel, excerpt, power_spectra

NOISY_DB = 23.0
"""Voice over noise: good recordings have 25 dB and more; pink noise 15 dB down gives 17 to 22."""
ACCOMPANIED_DB = 20.0
"""The same where the background is music or voices: good recordings, with their echo, have 21 dB and more."""
TONAL_DB = -7.5
"""Flatness of the quiet moments' spectrum: white noise -2.5, pink noise -4, music and voices -8 .. -50."""
MUSIC_DB = -12.5
"""Steady tones over all sound: speech -50 .. -13.6; music alone -5 .. -12 in five of six pieces."""
CLIPPED_RATIO = 0.0006
"""Samples on a flat top: 0 in good recordings, 0.0002 after AAC, 0.0008 when driven 3 dB too loud."""
HOLES_RATIO = 0.012
"""Emptied patches of the spectrum: 0.006 at most in good recordings, 0.01 .. 0.14 in MP3 of 16 to 32 kbit/s."""
NARROW_HZ = 5000.0
"""Upper edge: telephone 3600 .. 4600 Hz, a speech recorded in 1961 just under 5000 Hz, others 6700 Hz and more."""
PRICES = {
    "music": "music is louder than the voice, or there is no voice: lips will follow it poorly; use the voice alone",
    "noise": "noise only {report.background_db:.0f} dB below the voice: without a transcript a fifth to a third "
             "of the p/b/m closures are missed, with one up to a seventh; paste the transcript, or clean the sound first",
    "background": "music or other voices only {report.background_db:.0f} dB below the voice: without a transcript "
                  "a tenth (music) to four fifths (voices) of the p/b/m closures are missed; use a track of the voice "
                  "alone if there is one",
    "voices": "two voices, {report.voices_apart_semitones:.0f} semitones apart: this face speaks for both; cut the "
              "sound by speaker to give each a face",
    "clipped": "the sound is clipped ({report.clipped_ratio:.1%} of it) and will sound harsh in the video; the lips "
               "hardly suffer",
    "telephone": "telephone band, nothing above {khz:.1f} kHz: lips may follow the finer sounds "
                 "less well; a transcript helps",
    "compressed": "compressed to a very low bit rate: without a transcript a fifth of the p/b/m closures are missed, "
                  "with one hardly any",
}
"""What each fault costs: the closures found in `tools/measure_sound_faults.py`."""
_SHORTEST_S = 1.5
"""Below it there is no pause to hear the background in, and every vowel is a steady tone."""
_STEADY_FRAMES = 25
"""0.58 s: a tone that lasts longer is no speech (fundamentals glide)."""


@dataclass(frozen=True)
class SoundReport:
    """Measures of a recording."""

    background_db: float
    """Level of the loud moments over that of the quiet ones."""
    tonal: bool
    """The background is music or voices rather than noise."""
    music: bool
    """Steady tones dominate the whole sound."""
    voices_apart_semitones: float
    """Distance in pitch between two speakers; 0 where one speaks, or two of alike pitch."""
    clipped_ratio: float
    """Share of samples cut off at the top."""
    holes_ratio: float
    """Share of the spectrum emptied by lossy compression."""
    bandwidth_hz: float
    """Upper edge of what is there."""

    @property
    def faults(self) -> tuple[str, ...]:
        """Names of what is wrong, keys of `PRICES`."""
        noise = self.background_db < NOISY_DB and not self.tonal
        behind = self.tonal and self.background_db < ACCOMPANIED_DB
        clipped = self.clipped_ratio > CLIPPED_RATIO
        found = {
            "music": self.music, "noise": noise and not self.music, "background": behind and not self.music,
            # Pitch and timbre of what is not the voice would be taken for a second speaker.
            "voices": self.voices_apart_semitones > 0 and not (self.music or noise or behind),
            "clipped": clipped, "telephone": self.bandwidth_hz < NARROW_HZ,
            "compressed": self.holes_ratio > HOLES_RATIO and not clipped,
        }
        return tuple(name for name, is_there in found.items() if is_there)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the user should know, in plain words with its price."""
        return tuple(PRICES[name].format(report=self, khz=self.bandwidth_hz / 1000) for name in self.faults)


def sound_report(sound: Sound) -> SoundReport:
    """Listen to up to 100 s of a sound for what spoils lip sync.

    Parameters
    ----------
    sound : Sound
        Any rate and number of channels; in less than 1.5 s only clipping is looked for.
    """
    whole = excerpt(sound)
    if sound.duration_s < _SHORTEST_S:
        return SoundReport(90.0, False, False, 0.0, _clipped(whole), 0.0, sound.rate_hz / 2)
    mono, rate_hz = at_speech_rate(whole, sound.rate_hz)
    power, frequency_hz = power_spectra(mono, rate_hz, 0.032, 0.016)
    edge_hz = _upper_edge(power, frequency_hz)
    return SoundReport(
        background_db=_background_db(mono, rate_hz), tonal=_flatness_of_quiet(mono, rate_hz) < TONAL_DB,
        music=_steadiness(mono, rate_hz) > MUSIC_DB, voices_apart_semitones=two_voices(mono, rate_hz),
        clipped_ratio=_clipped(whole), holes_ratio=_holes(power, frequency_hz, edge_hz), bandwidth_hz=edge_hz)


def _background_db(mono: FloatArray, rate_hz: int) -> float:
    """Loud (95th percentile) over quiet (8th) 30 ms, without rumble below 80 Hz."""
    voice = signal.sosfilt(signal.butter(2, 80.0, "highpass", fs=rate_hz, output="sos"), mono)
    size = int(0.03 * rate_hz)
    count = max(1, len(voice) // size)
    level = decibel((np.resize(voice, count * size).reshape(count, size) ** 2).mean(axis=1))
    level = np.maximum(level, -90.0)
    return float(np.percentile(level, 95) - np.percentile(level, 8))


def _flatness_of_quiet(mono: FloatArray, rate_hz: int) -> float:
    """Geometric over arithmetic mean of the spectrum in the quietest fifth, dB."""
    power, frequency_hz = power_spectra(mono, rate_hz, 0.093, 0.023)
    power = power[:, (frequency_hz > 100) & (frequency_hz < 4000)]
    level = ndimage.uniform_filter1d(decibel(power.sum(axis=1)), 5)
    quiet = power[level <= np.percentile(level, 20)]
    return float(np.median(decibel(quiet).mean(axis=1) - decibel(quiet.mean(axis=1))))


def _steadiness(mono: FloatArray, rate_hz: int) -> float:
    """Power of tones that stand for half a second, over the power of the loud moments, dB.

    A running median over time keeps what stays and drops what glides (Fitzgerald 2010).
    """
    power, frequency_hz = power_spectra(mono, rate_hz, 0.093, 0.023)
    power = power[:, (frequency_hz > 120) & (frequency_hz < 4500)]
    steady = ndimage.median_filter(power, (_STEADY_FRAMES, 1), mode="nearest")
    base = ndimage.median_filter(steady, (1, 25))
    tones = np.where(steady > 3 * base, steady - base, 0.0).sum(axis=1)
    return float(np.median(decibel(tones / (np.percentile(power.sum(axis=1), 90) + 1e-12))))


def _clipped(mono: FloatArray) -> float:
    """Share of samples that stand still within 3 % of the peak."""
    size = np.abs(mono)
    peak = float(size.max(initial=0.0))
    if peak < 1e-3:
        return 0.0
    return float(np.mean((size[1:] >= 0.97 * peak) & (np.abs(np.diff(mono)) < 0.002 * peak)))


def _upper_edge(power: FloatArray, frequency_hz: FloatArray) -> float:
    """Highest frequency within 60 dB of the loudest, in the louder half of the sound."""
    energy = power.sum(axis=1)
    level = decibel(np.percentile(power[energy >= np.median(energy)], 95, axis=0))
    voice = level[(frequency_hz > 300) & (frequency_hz < 3000)].max()
    return float(frequency_hz[np.flatnonzero(level > voice - 60.0)[-1]])


def _holes(power: FloatArray, frequency_hz: FloatArray, edge_hz: float) -> float:
    """Share of stretches of six neighbouring bins that are 40 dB emptier than they usually are."""
    level = decibel(power)
    top = level.max(axis=1)
    band = (frequency_hz > 800) & (frequency_hz < min(0.9 * edge_hz, 7000.0))
    spoken = level[top > np.percentile(top, 95) - 25.0][:, band]
    if spoken.size < 100 or spoken.shape[1] < 6:
        return 0.0
    empty = (spoken < np.percentile(spoken, 60, axis=0) - 40.0).astype(np.float32)
    return float(np.mean(ndimage.uniform_filter1d(empty, 6, axis=1) > 0.99))
