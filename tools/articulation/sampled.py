"""Music of recorded instruments, through fluidsynth and a General MIDI sound font, for tests only.

Optional: Debian's fluidsynth and fluid-soundfont-gm (MIT). Synthetic music of the family "test" needs neither.
"""

from __future__ import annotations

import shutil
import struct
import subprocess
import tempfile
import wave
from pathlib import Path

import numpy as np

from .acoustics import RATE_HZ, Sound
from .music import Instrument, Song, perform

FONT = Path("/usr/share/sounds/sf2/FluidR3_GM.sf2")
# Programs of General MIDI, from 0. Those that sing (52-54, 85, 91) and the sound effects are left out.
PROGRAMS = {"keys": (0, 2, 4, 6, 8, 11, 12, 13, 24, 25, 27, 46, 104, 106, 108),
            "bass": (32, 33, 34, 36, 38, 43, 58),
            "held": (16, 19, 21, 22, 29, 30, 40, 42, 48, 50, 56, 57, 60, 61, 65, 66, 68, 71, 73, 75, 80, 81, 88, 89, 95, 109)}  # fmt: skip
DRUMS = {"kick": 36, "snare": 38, "hat": 42}
DRUM_CHANNEL = 9
_TICKS_PER_S = 960  # 480 to a beat of half a second, MIDI's default tempo


def available() -> bool:
    """Whether fluidsynth and its sound font are installed."""
    return FONT.is_file() and shutil.which("fluidsynth") is not None


class _Score(Song):
    """A song that is written down instead of played: (second, bytes of a MIDI event)."""

    def __init__(self, duration_s: float, rng: np.random.Generator) -> None:
        super().__init__(duration_s, rng, "test")
        self.events: list[tuple[float, bytes]] = []
        self.channel = -1

    def player(self, kind: str) -> Instrument:
        """Give the next channel an instrument; what it returns only stands for it."""
        self.channel += 1
        self.events.append((0.0, bytes([0xC0 + self.channel, int(self.rng.choice(PROGRAMS[kind]))])))
        return lambda hz, length_s: np.zeros(0, np.float32)

    def _write(self, channel: int, key: int, beats: float, beat: float, gain: float) -> None:
        strength = int(np.clip(50 + 70 * gain, 1, 127))
        self.events += [(beat * self.beat_s, bytes([0x90 + channel, key, strength])),
                        ((beat + beats) * self.beat_s, bytes([0x80 + channel, key, 0]))]  # fmt: skip

    def note(self, play: Instrument, hz: float, beats: float, beat: float, gain: float) -> None:
        """Write a note."""
        if not self.rests_at(beat):
            self._write(self.channel, int(np.clip(round(69 + 12 * np.log2(hz / 440)), 0, 127)), beats, beat, gain)

    def stroke(self, sound: Sound, name: str, beat: float, gain: float) -> None:
        """Write a stroke of a drum."""
        self._write(DRUM_CHANNEL, DRUMS[name], 0.2, beat, gain)


def _number(value: int) -> bytes:
    """Return a number of variable length, as MIDI files have them."""
    found = [value & 0x7F]
    while value := value >> 7:
        found.append(value & 0x7F | 0x80)
    return bytes(reversed(found))


def midi_file(events: list[tuple[float, bytes]]) -> bytes:
    """Return a MIDI file of one track from (second, event)."""
    track, now = b"", 0
    for second, event in sorted(events, key=lambda pair: pair[0]):
        tick = round(second * _TICKS_PER_S)
        track, now = track + _number(tick - now) + event, tick
    track += b"\x00\xff\x2f\x00"
    return b"MThd" + struct.pack(">IHHH", 6, 0, 1, _TICKS_PER_S // 2) + b"MTrk" + struct.pack(">I", len(track)) + track


def _rendered(midi: bytes) -> Sound:
    with tempfile.TemporaryDirectory() as folder:
        score, sound = Path(folder) / "score.mid", Path(folder) / "score.wav"
        score.write_bytes(midi)
        subprocess.run(["fluidsynth", "-niq", "-r", str(RATE_HZ), "-F", str(sound), str(FONT), str(score)],
                       check=True, capture_output=True)  # fmt: skip
        with wave.open(str(sound)) as file:
            return np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2).mean(1).astype(np.float32)


def sampled_music(duration_s: float, rng: np.random.Generator) -> Sound:
    """Return music of recorded instruments, float32 (duration_s x 16000,), peak 0.5; only where `available`."""
    score, length = _Score(duration_s, rng), int(duration_s * RATE_HZ)
    perform(score, score.player)
    sound = np.pad(_rendered(midi_file(score.events)), (0, length))[:length]
    return (sound * np.float32(0.5 / (np.abs(sound).max() + 1e-9))).astype(np.float32)
