"""Real recordings to measure speech engines with: readings with TextGrids or transcripts, and tracked faces."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ..pipeline_core.arkit import ARTICULATION_INDEX, INDEX
from ..pipeline_core.errors import InputError
from ..pipeline_core.interfaces import Recognition
from ..pipeline_core.media.audio import load_sound
from ..pipeline_core.motion import MotionSettings, generate_motion
from ..pipeline_core.speech.exchange import read_cues
from ..pipeline_core.speech.track import build_track
from ..pipeline_core.types import FloatArray, MotionLayer, Sound, SpeechTrack
from .console import LauncherError
from .speech_sets.utterance import Utterance, at_rate

SOUNDS = (".wav", ".flac", ".mp3", ".ogg")
TEXTS = (".txt", ".lab")
TRACK_FPS = Fraction(30)
"""Of FACEGOOD's tracked faces, by their length."""
JAW_CHANNEL = 74
"""The one of FACEGOOD's 116 channels that follows the jaw."""
MOST_LAG_S = 0.1
SHUT = 0.03
"""Of the range of the blendshapes; a vowel of plain speech opens the mouth about ten times as far."""
_FPS = Fraction(25)

Curve = npt.NDArray[np.float64]
Hear = Callable[[Sound, str], SpeechTrack]


@dataclass(frozen=True, eq=False)
class Recording:
    """A reading and when its phones are said, as somebody else has found."""

    truth: Utterance
    source: str
    """"TextGrid" or "forced alignment"."""


def recordings(folder: Path, align: Hear | None) -> Iterator[Recording]:
    """Yield the recordings of a folder that have a TextGrid, or a transcript that `align` finds in them.

    Raises
    ------
    LauncherError
        If the folder holds none.
    """
    count = 0
    for path in sorted(p for p in folder.glob("*") if p.suffix.lower() in SOUNDS):
        sound, grid = load_sound(path), path.with_suffix(".TextGrid")
        text = next((t.read_text(encoding="utf-8").strip() for t in map(path.with_suffix, TEXTS) if t.is_file()), "")
        if grid.is_file():
            phones = read_cues(grid.read_text(encoding="utf-8")).phones
            track, source = build_track(Recognition(phones, ()), sound, source="imported", engine="TextGrid"), "TextGrid"
        elif text and align is not None:
            try:
                track, source = align(sound, text), "forced alignment"
            except InputError:
                continue
        else:
            continue
        count += 1
        samples = at_rate(sound.mono, sound.rate_hz)
        yield Recording(Utterance(samples, track.phones, track.closures, text, "en", path.stem, "person"), source)
    if not count:
        raise LauncherError(f"{str(folder)!r} holds no sound with a TextGrid or a transcript that fits",
                            hint="Give a folder of NAME.wav with NAME.TextGrid, NAME.txt or NAME.lab.")


def moved(track: SpeechTrack, fps: Fraction = _FPS) -> MotionLayer:
    """Return how speech moves a face, all layers together."""
    return generate_motion(track, MotionSettings(fps=fps)).summed()


def opening(layer: MotionLayer) -> FloatArray:
    """Return how far a mouth is open, 0 where the lips touch [shape=(T,)].

    jawOpen plus the means of mouthLowerDown and mouthUpperUp of both sides, times what lipClosure leaves.
    """
    def shape(name: str) -> FloatArray:
        return layer.blendshapes[:, INDEX[name]]

    apart = shape("jawOpen") + 0.5 * sum(shape(f"mouth{lip}{side}") for lip in ("LowerDown", "UpperUp")
                                         for side in ("Left", "Right"))
    return np.asarray(apart * (1.0 - layer.articulation[:, ARTICULATION_INDEX["lipClosure"]]), np.float32)


def shut_frames(tracks: Sequence[SpeechTrack]) -> tuple[int, int]:
    """Return in how many frames at 25 frames/s the mouth is open by less than `SHUT`, and of how many."""
    curves = [opening(moved(track)) for track in tracks]
    return sum(int((curve < SHUT).sum()) for curve in curves), sum(len(curve) for curve in curves)


def tracked_faces(folder: Path) -> Iterator[tuple[Sound, Curve]]:
    """Yield sounds and how far the jaw of the person was open at 30 frames/s [shape=(T,)].

    Raises
    ------
    LauncherError
        If the folder holds no pairs of NAME.wav and NAME.npy.
    """
    paths = [path for path in sorted(folder.glob("*.wav")) if path.with_suffix(".npy").is_file()]
    if not paths:
        raise LauncherError(f"{str(folder)!r} holds no pairs of .wav and .npy",
                            hint="Give the pairs of FACEGOOD-Audio2Face, code/train.")
    for path in paths:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Python 2 wrote them.
            channels = np.load(path.with_suffix(".npy"), allow_pickle=False)
        yield load_sound(path), channels[:, JAW_CHANNEL]


def jaw_agreement(track: SpeechTrack, jaw: Curve) -> dict[str, float]:
    """Return how well our jaw follows a person's: correlation at lag 0, the best within 100 ms, and its lag.

    A positive lag means that our jaw is late.
    """
    return lagged(np.asarray(moved(track, TRACK_FPS).blendshapes[:, INDEX["jawOpen"]], np.float64), jaw)


def lagged(ours: Curve, theirs: Curve) -> dict[str, float]:
    """Return "r0", "r" and "lag_ms" of two curves at 30 frames/s."""
    count, most = min(len(ours), len(theirs)), round(MOST_LAG_S * float(TRACK_FPS))
    ours, theirs = ours[:count], theirs[:count]
    found = {lag: _correlation(ours[max(lag, 0) : count + min(lag, 0)], theirs[max(-lag, 0) : count - max(lag, 0)])
             for lag in range(-most, most + 1)}
    best = max(found, key=lambda lag: found[lag])
    return {"r0": found[0], "r": found[best], "lag_ms": 1000 * best / float(TRACK_FPS)}


def _correlation(first: Curve, second: Curve) -> float:
    if first.std() < 1e-9 or second.std() < 1e-9:
        return 0.0
    return float(np.corrcoef(first, second)[0, 1])


