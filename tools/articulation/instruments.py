"""Synthetic instruments: one note each, and drums. The families "train" and "test" share none."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import fft, signal

from .acoustics import RATE_HZ, Sound, band

Spectrum = Callable[[float], np.ndarray]  # fundamental in Hz -> amplitude of each harmonic
Instrument = Callable[[float, float], Sound]  # pitch in Hz, length in s -> a note, RMS around 0.1
_TABLE = 2048
# Formants of five sung vowels in Hz (a, e, i, o, u), textbook values of Peterson and Barney (1952), rounded.
VOWELS = ((730, 1090, 2440), (530, 1840, 2480), (270, 2290, 3010), (570, 840, 2410), (300, 870, 2240))


def _harmonics(hz: float) -> np.ndarray:
    return np.arange(1, max(int(7600 / hz), 1) + 1)


def falling(power: float, odd_only: bool = False) -> Spectrum:
    """Return a spectrum whose harmonics fall with a power of their number."""
    return lambda hz: _harmonics(hz) ** -power * np.where(_harmonics(hz) % 2 | (not odd_only), 1.0, 0.03)


def drawbars(levels: np.ndarray) -> Spectrum:
    """Return the spectrum of an organ; `levels` are those of its first harmonics."""
    return lambda hz: np.pad(levels, (0, 200))[: len(_harmonics(hz))]


def sung(formants_hz: tuple[int, ...], scale: float) -> Spectrum:
    """Return the spectrum of a held vowel."""
    def spectrum(hz: float) -> np.ndarray:
        heard = _harmonics(hz)[:, None] * hz
        peaks = np.exp(-(((heard - np.array(formants_hz) * scale) / (90 + 0.05 * heard)) ** 2))
        return (peaks * np.array([1.0, 0.5, 0.25])).sum(1) + 0.01 / _harmonics(hz)
    return spectrum


def _period(amplitudes: np.ndarray, rng: np.random.Generator) -> Sound:
    turned = amplitudes * np.exp(1j * rng.uniform(0, 2 * np.pi, len(amplitudes)))
    period = fft.irfft(np.concatenate([[0], turned]), _TABLE)
    return (period / (np.sqrt(np.mean(period**2)) + 1e-12)).astype(np.float32)


def envelope(length: int, attack_s: float, fall_s: float, release_s: float = 0.05) -> Sound:
    """Return a rise over `attack_s`, a fall by 1/e each `fall_s`, and an end without a click."""
    time_s = np.arange(length, dtype=np.float32) / RATE_HZ
    rise = np.minimum(time_s / max(attack_s, 1e-3), 1)
    end = np.minimum((length / RATE_HZ - time_s) / min(release_s, 0.4 * length / RATE_HZ), 1)
    return rise * np.exp(-time_s / np.float32(fall_s)) * end


def waved(rng: np.random.Generator, first: Spectrum, then: Spectrum, *, attack_s: float, fall_s: float,
          change_s: float = 0.3, players: int = 1, vibrato: float = 0.0) -> Instrument:  # fmt: skip
    """Return an instrument that goes from one spectrum to another, played by some at once."""
    def note(hz: float, length_s: float) -> Sound:
        length = int(length_s * RATE_HZ)
        tables = _period(first(hz), rng), _period(then(hz), rng)
        time_s = np.arange(length, dtype=np.float32) / RATE_HZ
        mix = np.exp(-time_s / np.float32(change_s))
        total = np.zeros(length, np.float32)
        for _ in range(players):
            own = hz * (1 + rng.normal(0, 0.004) * (players > 1))
            wobble = vibrato * np.sin(2 * np.pi * rng.uniform(4.5, 6.5) * time_s) / 30
            place = ((own * (time_s + wobble / 6) + rng.random()) * _TABLE).astype(np.int64) % _TABLE
            total += tables[0][place] * mix + tables[1][place] * (1 - mix)
        return total * envelope(length, attack_s, fall_s, 0.1) * np.float32(0.1 / players**0.5)
    return note


def modulated(ratio: float, depth: float, fall_s: float, attack_s: float) -> Instrument:
    """Return an instrument made by frequency modulation."""
    def note(hz: float, length_s: float) -> Sound:
        time_s = np.arange(int(length_s * RATE_HZ), dtype=np.float32) / RATE_HZ
        index = depth * np.exp(-time_s / np.float32(fall_s / 2)) * min(1, 2500 / (hz * ratio))
        inner = index * np.sin(np.float32(2 * np.pi * hz * ratio) * time_s)
        return 0.14 * np.sin(np.float32(2 * np.pi * hz) * time_s + inner) * envelope(len(time_s), attack_s, fall_s)
    return note


def plucked(rng: np.random.Generator, loss: float, softness: int) -> Instrument:
    """Return a plucked string (Karplus and Strong 1983)."""
    def note(hz: float, length_s: float) -> Sound:
        length, period = int(length_s * RATE_HZ), max(round(RATE_HZ / hz - 0.5), 2)
        pluck = np.zeros(length, np.float32)
        pluck[:period] = np.convolve(rng.uniform(-1, 1, period), np.ones(softness) / softness, "same")[: len(pluck)]
        ring = np.zeros(period + 2)
        ring[0], ring[-2:] = 1, -0.5 * loss
        sound = signal.lfilter([1.0], ring, pluck) * envelope(length, 0.001, 30)
        return (0.2 * sound / (np.abs(sound).max() + 1e-9)).astype(np.float32)
    return note


def struck(ratios: np.ndarray, falls_s: np.ndarray) -> Instrument:
    """Return a bar or a bell: partials that are no harmonics, each with its own fall."""
    def note(hz: float, length_s: float) -> Sound:
        time_s = np.arange(int(length_s * RATE_HZ), dtype=np.float32) / RATE_HZ
        total = np.zeros(len(time_s), np.float32)
        for rank, (ratio, fall_s) in enumerate(zip(ratios * hz, falls_s, strict=True)):
            if ratio < 7600:
                total += np.sin(np.float32(2 * np.pi * ratio) * time_s) * np.exp(-time_s / np.float32(fall_s)) / (1 + rank)
        return 0.2 * total * envelope(len(time_s), 0.001, 30)
    return note


def _train(kind: str, rng: np.random.Generator) -> Instrument:
    bright, dark = falling(rng.uniform(0.6, 1.4)), falling(rng.uniform(1.6, 3))
    if kind == "keys":
        return rng.choice([waved(rng, bright, dark, attack_s=0.003, fall_s=rng.uniform(0.3, 1.5)),
                           plucked(rng, rng.uniform(0.985, 0.999), int(rng.integers(1, 6))),
                           modulated(rng.choice([1, 2, 3, 14]), rng.uniform(0.5, 4), rng.uniform(0.3, 2), 0.002)])
    if kind == "bass":
        return rng.choice([waved(rng, falling(1.2), dark, attack_s=0.01, fall_s=rng.uniform(0.3, 2)),
                           plucked(rng, 0.995, 6)])  # fmt: skip
    vowel = sung(VOWELS[rng.integers(3)], rng.uniform(0.95, 1.25))
    return rng.choice([
        waved(rng, bright, dark, attack_s=rng.uniform(0.05, 0.5), fall_s=20, players=3, change_s=2),
        waved(rng, vowel, vowel, attack_s=0.15, fall_s=20, players=int(rng.integers(1, 5)), vibrato=0.2),
        waved(rng, *[drawbars(rng.uniform(0, 1, 8))] * 2, attack_s=0.01, fall_s=30, vibrato=rng.uniform(0, 0.1)),
        waved(rng, bright, bright, attack_s=0.03, fall_s=10, vibrato=rng.uniform(0, 0.3))])  # fmt: skip


def _test(kind: str, rng: np.random.Generator) -> Instrument:
    dark, brassy = falling(2.5), falling(0.9)
    if kind == "keys":
        return rng.choice([struck(np.array([0.5, 1, 1.19, 1.56, 2, 2.51, 3.01]), np.geomspace(3, 0.4, 7)),
                           struck(np.array([1, 3.93, 9.24]), np.array([0.5, 0.15, 0.05])),
                           modulated(rng.choice([1.41, 3.5, 7.1]), rng.uniform(1, 5), rng.uniform(0.5, 2), 0.005)])
    if kind == "bass":
        return waved(rng, falling(1.1, odd_only=True), falling(1.8, odd_only=True), attack_s=0.03, fall_s=3)
    first, then = (sung(VOWELS[index], rng.uniform(0.95, 1.25)) for index in (3, 4))
    return rng.choice([
        waved(rng, dark, brassy, attack_s=0.06, fall_s=15, change_s=0.08, players=2),
        waved(rng, *[falling(1.3, odd_only=True)] * 2, attack_s=0.04, fall_s=20, vibrato=0.1),
        waved(rng, first, then, attack_s=0.1, fall_s=20, change_s=0.5, players=3, vibrato=0.25),
        waved(rng, *[falling(1.0)] * 2, attack_s=0.2, fall_s=20, players=3, vibrato=0.3)])  # fmt: skip


def instrument(kind: str, rng: np.random.Generator, family: str) -> Instrument:
    """Return a random instrument of a kind ("keys", "bass" or "held") of the family "train" or "test"."""
    return {"train": _train, "test": _test}[family](kind, rng)


def drum(name: str, rng: np.random.Generator, family: str) -> Sound:
    """Return one stroke of "kick", "snare" or "hat"; the kit of "test" is longer, lower and more metallic."""
    other = family == "test"
    length_s = {"kick": 0.25, "snare": 0.2, "hat": 0.08}[name] * (1.8 if other else 1)
    time_s = np.arange(int(length_s * RATE_HZ)) / RATE_HZ
    fade = np.exp(-5 * time_s / length_s)
    if name == "kick":
        low_hz = rng.uniform(35, 45) if other else rng.uniform(48, 70)
        phase = 2 * np.pi * (low_hz * time_s + 4 * (1 - np.exp(-time_s / 0.02)))
        return (np.sin(phase) * fade).astype(np.float32)
    noise = rng.standard_normal(len(time_s), np.float32)
    if name == "snare":
        tone = np.sin(2 * np.pi * rng.uniform(150, 250) * time_s)
        body = band(noise, 900, 2500) * 2 if other else noise
        return (0.4 * (body + tone) * fade).astype(np.float32)
    metal = sum(np.sign(np.sin(2 * np.pi * hz * time_s)) for hz in rng.uniform(3000, 7000, 4))
    return (0.2 * (metal if other else band(noise, 5000, 7900)) * fade).astype(np.float32)
