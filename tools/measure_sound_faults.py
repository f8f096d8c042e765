"""Measure what faults of a recording cost, and whether they are noticed.

    .local/venv/bin/python tools/measure_sound_faults.py

Sentences of the bundled voice, whose phone times are known exactly, are spoilt on purpose and given to
the speech engines, with and without their transcript. Counted are the p/b/m closures whose middle is
found within 40 ms (one frame at 25 frames/s).
"""

from __future__ import annotations

import importlib
import io
import logging
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
from scipy.signal import butter, sosfilt

ROOT = Path(__file__).resolve().parents[1]
SENTENCES = (
    "The birch canoe slid on the smooth planks.", "Glue the sheet to the dark blue background.",
    "It is easy to tell the depth of a well.", "These days a chicken leg is a rare dish.",
    "Rice is often served in round bowls.", "The juice of lemons makes fine punch.",
    "The box was thrown beside the parked truck.", "The hogs were fed chopped corn and garbage.",
    "The boy was there when the sun rose.", "A rod is used to catch pink salmon.",
    "Help the woman get back to her feet.", "A pot of tea helps to pass the evening.",
    "Smoky fires lack flame and heat.", "The soft cushion broke the man's fall.",
    "The salt breeze came across from the sea.", "The girl at the booth sold fifty bonds.",
)
"""Harvard sentences (IEEE 1969)."""
TOLERANCE_S = 0.04


def _package() -> None:
    """Import the pack whatever its folder is called."""
    package = types.ModuleType("talking_avatar")
    package.__path__ = [str(ROOT)]
    sys.modules["talking_avatar"] = package
    importlib.import_module("talking_avatar.models").register_all()


def pink(count: int) -> Any:
    """Noise whose power falls with frequency."""
    spectrum = np.fft.rfft(np.random.default_rng(0).standard_normal(count))
    return np.fft.irfft(spectrum / np.sqrt(np.maximum(np.arange(len(spectrum)), 1.0)), count)


def chords(count: int, rate_hz: int) -> Any:
    """Four struck chords that ring on, over and over: simple music."""
    time_s = np.arange(count) / rate_hz
    beat = time_s % 0.5
    out = np.zeros(count)
    for number, notes in enumerate(((60, 64, 67), (57, 60, 64), (65, 69, 72), (55, 59, 62))):
        on = (time_s // 2).astype(int) % 4 == number
        for note in notes:
            pitch_hz = 440.0 * 2 ** ((note - 69) / 12)
            out += on * sum(np.sin(2 * np.pi * pitch_hz * k * time_s) / k for k in range(1, 6))
    return out * (0.4 + 0.6 * np.exp(-6 * beat))


def loudness(samples: Any, rate_hz: int) -> float:
    """Root mean square of the loud moments."""
    size = rate_hz // 20
    count = len(samples) // size
    return float(np.sqrt(np.percentile((samples[: count * size].reshape(count, size) ** 2).mean(axis=1), 90)))


def through_mp3(samples: Any, rate_hz: int, bit_rate: int, load: Callable[[str], Any], folder: Path) -> Any:
    """Encode and decode."""
    data = io.BytesIO()
    with av.open(data, "w", format="mp3") as container:
        stream = container.add_stream("libmp3lame", rate=rate_hz)
        stream.codec_context.layout, stream.codec_context.bit_rate = "mono", bit_rate
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples[None], np.float32), "fltp", "mono")
        frame.sample_rate = rate_hz
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    path = folder / "spoilt.mp3"
    path.write_bytes(data.getvalue())
    return load(str(path))


def spoilers(folder: Path, other: Any) -> dict[str, Callable[[Any], Any]]:
    """Return what is done to a sound, by name."""
    audio = importlib.import_module("talking_avatar.pipeline_core.media.audio")
    make = importlib.import_module("talking_avatar.pipeline_core.types").Sound

    def added(sound: Any, what: Any, below_db: float) -> Any:
        voice = sound.mono
        what = np.resize(what, len(voice))
        gain = loudness(voice, sound.rate_hz) / np.sqrt((what**2).mean()) * 10 ** (-below_db / 20)
        return make((voice + gain * what)[None].astype(np.float32), sound.rate_hz)

    def telephone(sound: Any) -> Any:
        low = audio.resample(sound, 8000)
        band = butter(4, [300, 3400], "bandpass", fs=8000, output="sos")
        return make(sosfilt(band, low.mono)[None].astype(np.float32), 8000)

    def driven(sound: Any, above_db: float) -> Any:
        return make(np.clip(sound.mono / np.abs(sound.mono).max() * 10 ** (above_db / 20), -1, 1)[None], sound.rate_hz)

    found: dict[str, Callable[[Any], Any]] = {"nothing": lambda s: s}
    for below in (20, 15, 10, 5):
        found[f"noise {below} dB down"] = lambda s, d=below: added(s, pink(s.samples.shape[1]), d)
    for below in (15, 10, 5):
        found[f"music {below} dB down"] = lambda s, d=below: added(s, chords(s.samples.shape[1], s.rate_hz), d)
    for below in (10, 5):
        found[f"another voice {below} dB down"] = lambda s, d=below: added(s, other.mono, d)
    found["telephone"] = telephone
    found["MP3, 16 kbit/s"] = lambda s: through_mp3(audio.resample(s, 16000).mono, 16000, 16000, audio.load_sound, folder)
    found["clipped by 6 dB"] = lambda s: driven(s, 6)
    found["clipped by 12 dB"] = lambda s: driven(s, 12)
    return found


def met(truth: Any, found: Any) -> int:
    """Count closures whose middle has a partner of its own."""
    middles = sorted((c.start_s + c.end_s) / 2 for c in found)
    count = 0
    for closure in truth:
        middle = (closure.start_s + closure.end_s) / 2
        near = [m for m in middles if abs(m - middle) <= TOLERANCE_S]
        if near:
            middles.remove(min(near, key=lambda m: abs(m - middle)))
            count += 1
    return count


def main() -> None:
    """Print the table."""
    import tempfile

    logging.disable(logging.WARNING)
    _package()
    speech = importlib.import_module("talking_avatar.pipeline_core.speech")
    report = importlib.import_module("talking_avatar.pipeline_core.speech.sound_report").sound_report
    host = importlib.import_module("talking_avatar.pipeline_core.host").PlainHost()
    spoken = [(text, *speech.synthesize(text, host=host)) for text in SENTENCES]
    other = speech.synthesize("Four hours of steady work faced us. A large size in stockings is hard to sell.", host=host)[0]
    total = sum(len(track.closures) for _, _, track in spoken)
    print(f"{len(SENTENCES)} sentences, {total} closures\n")
    print("| spoilt by | noticed in | met with the transcript | transcript refused | met from sound alone |")
    print("|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for name, spoil in spoilers(Path(folder), other).items():
            noticed = aligned = refused = alone = 0
            for text, sound, truth in spoken:
                bad = spoil(sound)
                noticed += bool(report(bad).faults)
                track = speech.analyze(bad, transcript=text, host=host)
                refused += track.source != "aligned"
                aligned += met(truth.closures, track.closures)
                alone += met(truth.closures, speech.analyze(bad, engine="articulation", host=host).closures)
            print(f"| {name} | {noticed} of {len(spoken)} | {aligned} | {refused} | {alone} |", flush=True)


if __name__ == "__main__":
    main()
