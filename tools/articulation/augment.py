"""The ways in which a voice reaches a microphone and a file, drawn at random; nothing moves in time.

`augment` changes a sound and keeps its length and its timing, so that the phones of the sound stay
where they are: filters have no delay, rooms have their direct sound at lag 0, codecs are shifted
back by the delay that they were measured to have. Speeds are left to the voices themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from scipy.ndimage import uniform_filter1d

from .acoustics import RATE_HZ, Sound, active_rms, coloured, convolved, decibels, filtered, levelled, room
from .background import Backgrounds, hum
from .codecs import low_bit_rate, telephoned
from .voices import shifted, shouted, whispered

CLEAN = 0.3  # part of the draws that are left clean or nearly so
QUIET_LEVEL = 0.02  # what backgrounds are measured against where nobody speaks
Change = Callable[[Sound, np.random.Generator], Sound]


def to_peak(samples: Sound, peak_db: float) -> Sound:
    """Return the sound with its peak at `peak_db` below full scale; silence stays silence."""
    peak = float(np.abs(samples).max(initial=0.0))
    return samples.astype(np.float32) if peak < 1e-7 else (samples * np.float32(decibels(peak_db) / peak)).astype(np.float32)


def other_voice(samples: Sound, rng: np.random.Generator) -> Sound:
    """Return the sound with another pitch, another length of the vocal tract, or both."""
    pitch = float(np.exp(rng.normal(0, 0.15))) if rng.random() < 0.5 else 1.0
    return shifted(samples, float(np.clip(pitch, 0.7, 1.5)), float(np.exp(rng.uniform(-0.17, 0.17))))


def breathy(samples: Sound, rng: np.random.Generator) -> Sound:
    """Return a voice with noise beside its buzz."""
    return whispered(samples, rng, rng.uniform(0.2, 0.7))


def microphone(samples: Sound, rng: np.random.Generator) -> Sound:
    """Return the sound through a tilt, a rough curve with peaks, and the ends of a microphone's range."""
    hz = np.geomspace(60, 8000, 12)
    curve_db = rng.normal(0, rng.uniform(0.5, 4), 12) + np.linspace(0, rng.uniform(-15, 12), 12)
    if rng.random() < 0.4:
        curve_db[hz < rng.uniform(80, 300)] -= rng.uniform(5, 25)
    if rng.random() < 0.3:
        curve_db[hz > rng.uniform(3500, 8000)] -= rng.uniform(15, 50)
    return filtered(samples, hz, curve_db)


def in_a_room(samples: Sound, rng: np.random.Generator) -> Sound:
    """Return the sound as heard in a room."""
    return convolved(samples, room(rng))


def compressed(samples: Sound, rng: np.random.Generator) -> Sound:
    """Return the sound with its dynamics pressed by 2:1 to 8:1, by at most 25 dB."""
    width = int(rng.uniform(0.005, 0.06) * RATE_HZ)
    level = np.sqrt(uniform_filter1d(np.square(samples), width) + 1e-12)
    gain = np.maximum(level / (active_rms(samples) + 1e-8), 0.055) ** (1 / rng.uniform(2, 8) - 1)
    return (samples * gain).astype(np.float32)


def clipped(samples: Sound, rng: np.random.Generator) -> Sound:
    """Return the sound driven into a hard or a soft limit."""
    limit = active_rms(samples) * float(decibels(rng.uniform(0, 10))) + 1e-7
    driven = samples / np.float32(limit)
    return np.clip(driven, -1, 1) if rng.random() < 0.5 else np.tanh(driven)


def steady_noise(length: int, rng: np.random.Generator) -> Sound:
    """Return noise that does not change: white to brown, hum of the mains, or both."""
    noise = coloured(length, rng, rng.choice([0.0, -1.5, -3.0, -4.5, -6.0]))
    return noise + rng.uniform(0.5, 4) * hum(length, rng) if rng.random() < 0.25 else noise


def mixed(samples: Sound, behind: Sound, snr_db: float) -> Sound:
    """Return the voice with a background `snr_db` below it; both levels without pauses."""
    voice = active_rms(samples)
    level = (voice if voice > 1e-5 else QUIET_LEVEL) * float(decibels(-snr_db))
    return samples + levelled(behind, level)


def with_background(samples: Sound, rng: np.random.Generator, backgrounds: Backgrounds) -> Sound:
    """Return the sound with steady noise, noises, music or babble behind it, at 0 to 30 dB."""
    kind = rng.choice(["steady", "noise", "music", "babble"], p=[0.25, 0.2, 0.28, 0.27])
    behind = None if kind == "steady" else backgrounds.draw(kind, len(samples), rng)
    snr_db = float(np.clip(rng.normal(11.5, 6.5), 0, 30))
    if behind is None:
        return mixed(samples, steady_noise(len(samples), rng), snr_db)
    if rng.random() < 0.2:
        behind = in_a_room(behind, rng)
    return mixed(samples, behind, snr_db)


def nearly_clean(samples: Sound, rng: np.random.Generator) -> Sound:
    """Return the sound at another level, sometimes with a slight tilt or the hiss of a good microphone."""
    if rng.random() < 0.4:
        samples = filtered(samples, np.array([100.0, 1000.0, 8000.0]), np.array([rng.normal(0, 2), 0, rng.normal(0, 3)]))
    if rng.random() < 0.5:
        samples = mixed(samples, coloured(len(samples), rng, rng.choice([0.0, -3.0])), rng.uniform(35, 70))
    return to_peak(samples, rng.uniform(-30, 0))


VOICES: tuple[tuple[float, Change], ...] = ((0.25, other_voice), (0.04, whispered), (0.04, breathy), (0.05, shouted))
CHANNELS: tuple[tuple[float, Change], ...] = ((0.08, low_bit_rate), (0.12, telephoned))


def one_of(samples: Sound, rng: np.random.Generator, changes: Sequence[tuple[float, Change]]) -> Sound:
    """Return the sound after at most one of the changes, each with its probability."""
    left = rng.random()
    for chance, change in changes:
        left -= chance
        if left < 0:
            return change(samples, rng)
    return samples


def recorded(samples: Sound, rng: np.random.Generator) -> Sound:
    """Return the sound through a microphone, its electronics and a channel, at a level from -30 to 0 dBFS."""
    for chance, change in ((0.6, microphone), (0.15, compressed), (0.08, clipped)):
        samples = one_of(samples, rng, ((chance, change),))
    samples = to_peak(samples, rng.uniform(-12, 0))  # codecs want a usual level
    return to_peak(one_of(samples, rng, CHANNELS), rng.uniform(-30, 0))


def augment(samples: Sound, rng: np.random.Generator, backgrounds: Backgrounds) -> Sound:
    """Change a voice as rooms, noises, microphones and codecs do, at random.

    Parameters
    ----------
    samples : Sound
        Float32 (N,) at 16 kHz, in -1..1. Silence stays silence apart from what is behind it.
    rng : np.random.Generator
        All that is random comes from it: same generator, same sound.
    backgrounds : Backgrounds
        What may be behind the voice. A kind without sounds is replaced by steady noise.

    Returns
    -------
    Sound
        Float32 (N,), peak at -30..0 dBFS, every sound where it was within 5 ms.
    """
    if not len(samples):
        return samples
    if rng.random() < CLEAN:
        return nearly_clean(samples, rng)
    samples = one_of(samples, rng, VOICES)
    samples = one_of(samples, rng, ((0.4, in_a_room),))
    if rng.random() < 0.75:
        samples = with_background(samples, rng, backgrounds)
    return recorded(samples, rng)


def without_voice(length: int, rng: np.random.Generator, backgrounds: Backgrounds) -> Sound:
    """Return music, noises, steady noise or digital silence as recorded: sounds at which the mouth stays shut."""
    kind = rng.choice(["music", "noise", "steady", "silence"], p=[0.5, 0.3, 0.15, 0.05])
    if kind == "silence":
        return np.zeros(length, np.float32)
    behind = None if kind == "steady" else backgrounds.draw(kind, length, rng)
    return recorded(steady_noise(length, rng) if behind is None else behind, rng)
