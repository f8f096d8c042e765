"""Utterances of flite, through its program: it prints when each phone ends.

Only a tool: `apt install flite` on the machine that trains or measures, nothing of it is shipped.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import wave
from pathlib import Path

import numpy as np

from ...pipeline_core.errors import InputError, MissingDependency, SettingError
from ...pipeline_core.interfaces import Recognition
from ...pipeline_core.speech.phones import ARPABET, SILENCE, arpabet_to_ipa
from ...pipeline_core.speech.track import build_track
from ...pipeline_core.types import FloatArray, Phone, Sound
from .refine import refined
from .utterance import Utterance, at_rate

VOICES = ("kal", "kal16", "slt", "rms", "awb")
_TIMEOUT_S = 60


def phones_of(printed: str) -> tuple[Phone, ...]:
    """Return the phones that `flite -psdur` prints: "pau:0.220 m:0.291 ...", each with its end in seconds.

    Raises
    ------
    InputError
        If the text is something else.
    """
    out: list[Phone] = []
    start_s = 0.0
    for entry in printed.split():
        name, colon, end = entry.partition(":")
        if not colon or name.upper() not in ARPABET or not end.replace(".", "", 1).isdigit():
            raise InputError(f"flite printed {entry!r} where a phone was expected", hint="Use flite 2.2.")
        out.append(Phone(arpabet_to_ipa(name) or SILENCE, start_s, float(end)))
        start_s = float(end)
    return tuple(out)


def speak(text: str, voice: str = "kal16", stretch: float = 1.0, pitch_hz: float = 0.0) -> Utterance:
    """Return what flite says, with its own times fitted to the sound.

    Parameters
    ----------
    text : str
        English text.
    voice : str
        One of `VOICES`.
    stretch : float
        Length of each phone relative to the voice's own.
    pitch_hz : float
        Mean of the voice's pitch, for "kal" and "kal16"; 0 is its own.

    Raises
    ------
    MissingDependency
        If flite is not installed.
    SettingError
        If there is no such voice.
    InputError
        If flite fails.
    """
    if voice not in VOICES:
        raise SettingError(f"flite has no voice {voice!r}", hint=f"Use one of {', '.join(VOICES)}.")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "speech.wav"
        pitch = ["--setf", f"int_f0_target_mean={pitch_hz}"] if pitch_hz else []
        printed = _run("-voice", voice, "--setf", f"duration_stretch={stretch}", *pitch, "-t", text, "-psdur",
                       "-o", str(path))  # fmt: skip
        samples, rate_hz = _read(path)
    phones = phones_of(printed)
    if not any(phone.ipa for phone in phones):
        raise InputError(f"flite says nothing to {text[:40]!r}", hint="Use English words.")
    sound = Sound(samples[None], rate_hz)
    track = build_track(Recognition(phones, ()), sound, source="tts", engine="flite", text=text)
    samples = at_rate(samples, rate_hz)
    return Utterance(samples, refined(track.phones, samples), track.closures, text, "en-us", voice, "flite")


def _run(*arguments: str) -> str:
    program = shutil.which("flite")
    if program is None:
        raise MissingDependency("flite is not installed", hint="Run: apt install flite")
    done = subprocess.run([program, *arguments], capture_output=True, text=True, timeout=_TIMEOUT_S, check=False)
    if done.returncode:
        raise InputError(f"flite failed: {done.stderr.strip()[-200:]}", hint="Use a plain English text.")
    return done.stdout


def _read(path: Path) -> tuple[FloatArray, int]:
    with wave.open(str(path)) as file:
        pcm = np.frombuffer(file.readframes(file.getnframes()), "<i2")
        return (pcm / 32768).astype(np.float32), file.getframerate()
