"""Other voices from one: pitch, length of the vocal tract, whisper, breath and shout, each in the voice's own time."""

from __future__ import annotations

import numpy as np
from scipy import fft, signal

from .acoustics import Sound, active_rms, decibels, filtered, levelled
from .codecs import resampled

WINDOW, HOP = 256, 64  # 16 ms, 4 ms: longer windows smear a release over the closure before it
PITCHLESS = 32  # 2 ms: what the cepstrum holds below is the vocal tract, for voices up to 500 Hz
GRAIN, SEARCH = 400, 72  # 25 ms; 4.5 ms either way, which keeps the timing within 5 ms
_DETOUR = 0.5 * (np.arange(-SEARCH, SEARCH + 1) / SEARCH) ** 2  # else grains run ahead of or behind their time
_HANN = signal.get_window("hann", WINDOW).astype(np.float32)


def _spectra(samples: Sound) -> np.ndarray:
    padded = np.pad(samples, (WINDOW - HOP, WINDOW + -len(samples) % HOP))
    frames = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP]
    return fft.rfft(frames * _HANN, axis=1)


def _overlapped(spectra: np.ndarray, length: int) -> Sound:
    """Return the sound of spectra, whose windows overlap four times (the squared windows add up to 1.5)."""
    frames = fft.irfft(spectra, WINDOW, axis=1) * (_HANN / np.float32(1.5))
    parts = frames.reshape(len(frames), WINDOW // HOP, HOP)
    total = np.zeros((len(frames) + WINDOW // HOP - 1, HOP), np.float32)
    for index in range(WINDOW // HOP):
        total[index : index + len(frames)] += parts[:, index]
    return total.reshape(-1)[WINDOW - HOP :][:length]


def _tract(spectra: np.ndarray) -> np.ndarray:
    """Return the log envelope (frames, bins) without the harmonics."""
    cepstrum = fft.irfft(np.log(np.abs(spectra) + 1e-7), axis=1)
    cepstrum[:, PITCHLESS:-PITCHLESS] = 0
    return fft.rfft(cepstrum, axis=1).real


def tract_scaled(samples: Sound, factor: float) -> Sound:
    """Return the voice with its formants `factor` times as high; pitch stays."""
    spectra = _spectra(samples)
    tract = _tract(spectra)
    place = np.minimum(np.arange(tract.shape[1]) / factor, tract.shape[1] - 1)
    low = np.minimum(place.astype(int), tract.shape[1] - 2)
    part = (place - low).astype(np.float32)
    moved = tract[:, low] * (1 - part) + tract[:, low + 1] * part
    return _overlapped(spectra * np.exp(np.clip(moved - tract, -3, 3)), len(samples))


def _best_start(source: Sound, energy: np.ndarray, ideal: int, follow: int) -> int:
    """Return where the grain starts that best continues at `follow`; without a clear answer, near `ideal`."""
    hop, first = GRAIN // 2, ideal - SEARCH
    match = np.correlate(source[first : ideal + SEARCH + hop], source[follow : follow + hop], "valid")
    power = energy[first + hop : ideal + SEARCH + hop + 1] - energy[first : ideal + SEARCH + 1]
    own = energy[follow + hop] - energy[follow]
    return first + int(np.argmax(match / np.sqrt(power * own + 1e-9) - _DETOUR))


def _stretched(samples: Sound, length: int) -> Sound:
    """Return the sound at another speed by overlapping grains that continue each other (WSOLA)."""
    hop, pace = GRAIN // 2, len(samples) / length
    source = np.pad(samples, (GRAIN, 3 * GRAIN))
    energy = np.concatenate([[0.0], np.cumsum(np.square(source), dtype=np.float64)])
    window = signal.get_window("hann", GRAIN).astype(np.float32)
    total = np.zeros((length // hop + 3) * hop, np.float32)
    start = hop
    for index in range(length // hop + 2):  # on time is the third quarter of a grain: what comes there is kept by the next
        ideal = min(round((index + 0.5) * hop * pace) + hop // 2, len(source) - 2 * GRAIN)
        start = _best_start(source, energy, ideal, start + hop) if index else ideal
        total[index * hop : index * hop + GRAIN] += source[start : start + GRAIN] * window
    return total[hop:][:length]


def shifted(samples: Sound, pitch: float, tract: float) -> Sound:
    """Return the voice with its pitch and its formants `pitch` and `tract` times as high."""
    if abs(pitch - 1) > 0.02:
        faster = resampled(samples, round(len(samples) / pitch))
        samples, tract = _stretched(faster, len(samples)), tract / pitch
    return tract_scaled(samples, tract) if abs(tract - 1) > 0.01 else samples


def whispered(samples: Sound, rng: np.random.Generator, breath: float = 1.0) -> Sound:
    """Return the voice with `breath` of its buzz replaced by noise; 1 is a whisper, with weak lows."""
    spectra = _spectra(samples)
    noise = _spectra(rng.standard_normal(len(samples), np.float32))
    whisper = _overlapped(np.exp(_tract(spectra)) * noise / np.float32(np.sqrt(np.square(_HANN).sum())), len(samples))
    lows_db = -rng.uniform(10, 24)
    whisper = filtered(whisper, np.array([100.0, 400.0, 1500.0]), np.array([lows_db, 0.7 * lows_db, 0.0]))
    level = active_rms(samples)
    return levelled(levelled(whisper, level * breath) + samples * np.float32(1 - breath), level)


def shouted(samples: Sound, rng: np.random.Generator) -> Sound:
    """Return the voice with effort: higher, its first formant raised, brighter, driven into saturation."""
    voice = shifted(samples, rng.uniform(1.1, 1.6), rng.uniform(1.0, 1.1))
    lift_db = rng.uniform(4, 12)
    voice = filtered(voice, np.array([150.0, 500.0, 1200.0, 4000.0, 7000.0]), np.array([-6.0, 0.0, 1.0, 1.0, 0.5]) * lift_db)
    drive = float(decibels(rng.uniform(-6, 6))) / (4 * active_rms(voice))
    return np.tanh(voice * np.float32(drive)).astype(np.float32)
