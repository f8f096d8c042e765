"""Synthetic music without words: harmony, melody, bass and drums, for what may play behind a voice."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .acoustics import RATE_HZ, Sound, convolved, filtered, room
from .instruments import Instrument, drum, instrument

# Steps of the scale in semitones, and chords as degrees of it. No progression or scale is in both families.
SCALES = {"train": ((0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10)),
          "test": ((0, 2, 3, 5, 7, 9, 10), (0, 1, 3, 5, 7, 8, 10), (0, 2, 4, 6, 7, 9, 11))}  # fmt: skip
PROGRESSIONS = {"train": ((0, 4, 5, 3), (1, 4, 0, 0), (0, 3, 4, 4), (5, 3, 0, 4), (0, 5, 1, 4), (0, 0, 3, 0, 4, 3, 0, 4)),
                "test": ((0, 6, 3, 0), (0, 1, 0, 6), (2, 5, 3, 6), (0, 2, 6, 3, 5), (3, 2, 1))}  # fmt: skip


class Song:
    """Tempo, key and chords, and the sound so far."""

    def __init__(self, duration_s: float, rng: np.random.Generator, family: str) -> None:
        self.rng, self.family = rng, family
        self.beat_s = 60 / rng.uniform(60, 170)
        self.beats = int(duration_s / self.beat_s) + 1
        self.root = int(rng.integers(40, 52))
        self.scale = SCALES[family][rng.integers(len(SCALES[family]))]
        self.chords = PROGRESSIONS[family][rng.integers(len(PROGRESSIONS[family]))]
        self.per_chord = int(rng.choice([2, 4, 8]))
        self.sound = np.zeros(int(duration_s * RATE_HZ), np.float32)
        self.rests: tuple[int, ...] = ()

    def hz(self, degree: int, octave: int = 0) -> float:
        """Return the pitch of a degree of the scale, which may go beyond an octave."""
        turn, step = divmod(degree, len(self.scale))
        return 440 * 2 ** ((self.root + self.scale[step] + 12 * (turn + octave) - 69) / 12)

    def chord(self, beat: float) -> int:
        """Return the degree on which the chord of a beat stands."""
        return self.chords[int(beat / self.per_chord) % len(self.chords)]

    def rests_at(self, beat: float) -> bool:
        """Whether the player of the moment rests in this quarter of every sixteen chords."""
        return int(beat / self.per_chord / 4) % 4 in self.rests

    def note(self, play: Instrument, hz: float, beats: float, beat: float, gain: float) -> None:
        """Play a note from a beat on."""
        if not self.rests_at(beat):
            self._mix(play(hz, beats * self.beat_s), beat, gain)

    def stroke(self, sound: Sound, name: str, beat: float, gain: float) -> None:
        """Strike a drum."""
        self._mix(sound, beat, gain)

    def _mix(self, sound: Sound, beat: float, gain: float) -> None:
        start = int(beat * self.beat_s * RATE_HZ)
        place = self.sound[start : start + len(sound)]
        place += sound[: len(place)] * np.float32(gain)


def _harmony(song: Song, play: Instrument, gain: float) -> None:
    rng, broken = song.rng, song.rng.random() < 0.5
    tones, step = (0, 2, 4, 6)[: rng.integers(2, 5)], float(rng.choice([0.5, 1.0]))
    octave = int(rng.integers(0, 2))
    for start in range(0, song.beats, song.per_chord):
        degree = song.chord(start)
        if not broken:
            for tone in tones:
                song.note(play, song.hz(degree + tone, octave), song.per_chord, start, gain)
            continue
        for index in range(int(song.per_chord / step)):
            tone = tones[index % len(tones)]
            song.note(play, song.hz(degree + tone, octave), 2 * step, start + index * step, gain)


def _bass(song: Song, play: Instrument, gain: float) -> None:
    step = float(song.rng.choice([0.5, 1.0, 2.0]))
    for beat in np.arange(0, song.beats, step):
        tone = song.rng.choice([0, 0, 0, 4, 2])
        song.note(play, song.hz(song.chord(beat) + tone, -1), step, beat, gain)


def _melody(song: Song, play: Instrument, gain: float) -> None:
    rng, beat, degree = song.rng, 0.0, 0
    octave = int(rng.integers(1, 3))
    while beat < song.beats:
        length = float(rng.choice([0.25, 0.5, 0.5, 1.0, 1.0, 2.0]))
        degree += int(rng.choice([-2, -1, -1, 0, 1, 1, 2]))
        if beat == int(beat):
            degree = song.chord(beat) + 2 * round((degree - song.chord(beat)) / 2)
        degree = degree - 7 if degree > 12 else degree + 7 if degree < -3 else degree
        if rng.random() > 0.15:
            song.note(play, song.hz(degree, octave), length * rng.uniform(0.8, 1.2), beat, gain)
        beat += length


def _drums(song: Song, gain: float) -> None:
    rng, steps = song.rng, 16
    chance = {"kick": rng.uniform(0.1, 0.3), "snare": rng.uniform(0.05, 0.2), "hat": rng.uniform(0.2, 0.9)}
    for name, strong in (("kick", (0, 8)), ("snare", (4, 12)), ("hat", (0, 4, 8, 12))):
        stroke = drum(name, rng, song.family)
        pattern = rng.random(steps) < chance[name]
        pattern[list(strong)] = True
        for index in range(song.beats * 4):
            if pattern[index % steps]:
                song.stroke(stroke, name, index / 4, gain * rng.uniform(0.7, 1))


def perform(song: Song, instrument_of: Callable[[str], Instrument]) -> None:
    """Let a random band play a song; `instrument_of` gives an instrument of a kind."""
    rng = song.rng
    played, drums_only = False, rng.random() < 0.05
    for chance, kind, part in ((0.8, "held", _harmony), (0.4, "keys", _harmony), (0.7, "bass", _bass),
                               (0.4, "keys", _melody), (0.4, "held", _melody)):  # fmt: skip
        if not drums_only and rng.random() < chance:
            song.rests = tuple(np.flatnonzero(rng.random(4) < 0.15))
            played = True
            part(song, instrument_of(kind), rng.uniform(0.3, 1))
    if drums_only or rng.random() < 0.5 or not played:
        song.rests = ()
        _drums(song, rng.uniform(0.05, 0.3))


def music(duration_s: float, rng: np.random.Generator, family: str = "train") -> Sound:
    """Return music that nobody has written: float32 (duration_s x 16000,), peak 0.5.

    Instruments, scales, progressions and drums of the family "test" do not occur in "train".
    """
    song = Song(duration_s, rng, family)
    perform(song, lambda kind: instrument(kind, rng, family))
    song.sound = filtered(song.sound, np.array([60.0, 600.0, 8000.0]), np.array([0, 0, -rng.uniform(0, 30)]))
    sound = convolved(song.sound, room(rng)) if rng.random() < 0.6 else song.sound
    return (sound * np.float32(0.5 / (np.abs(sound).max() + 1e-9))).astype(np.float32)
