"""What `run.py bench --visemes` compares our engines with: other programs, where they are installed.

Nothing of this is part of the product. pocketsphinx (BSD-2-Clause) brings an English acoustic model in its
wheel: its phone loop hears phones without a text, its forced alignment places the phones of a text. Rhubarb
Lip Sync (MIT) says mouth shapes; it uses pocketsphinx as well.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ..pipeline_core.errors import InputError
from ..pipeline_core.host import Host
from ..pipeline_core.interfaces import Recognition
from ..pipeline_core.lazy import signal
from ..pipeline_core.media.audio import resample, save_wav
from ..pipeline_core.speech.exchange import read_cues
from ..pipeline_core.speech.phones import SILENCE, arpabet_to_ipa, has_closure
from ..pipeline_core.speech.text import letters_to_sounds, spoken_words
from ..pipeline_core.speech.timing import contiguous
from ..pipeline_core.speech.track import build_track
from ..pipeline_core.types import Closure, Phone, Sound, SpeechTrack
from .console import LauncherError

RATE_HZ = 16_000
FRAME_S = 0.01
_PEAK, _RUMBLE_HZ = 0.5, 60.0
LOOP_DITHER, TEXT_DITHER = 4e-4, 1e-3
"""Noise below full scale, without which digital silence gives features that the model has never seen."""
_SILENCE_SHARE = 0.3
"""Prior of a pause between two words."""
_LOOP = {"lw": 2.0, "beam": 1e-20, "pbeam": 1e-20}
_BEAMS: tuple[dict[str, float], ...] = ({}, {"beam": 1e-80, "pbeam": 1e-80, "wbeam": 1e-80})
"""The normal search, then a wider one where the normal one lost the end of the text."""
_PIECE_S = 30
_NODE_SCRIPT = """
const { Rhubarb } = await import(process.argv[1]);
const { readFileSync } = await import("fs");
const write = console.log;
console.log = console.error;
const text = process.argv[3];
write(JSON.stringify(await Rhubarb.getLipSync(readFileSync(process.argv[2]), text ? { dialogText: text } : {})));
"""

Samples = np.ndarray[Any, np.dtype[np.int16]]


def _prepared(sound: Sound, dither: float) -> Samples:
    """16 kHz mono 16-bit with even loudness and a trace of noise [shape=(N,)]."""
    mono = resample(Sound(np.nan_to_num(sound.mono)[None], sound.rate_hz), RATE_HZ).samples[0]
    sections = signal.butter(2, _RUMBLE_HZ, "highpass", fs=RATE_HZ, output="sos")
    mono, _ = signal.sosfilt(sections, mono, zi=signal.sosfilt_zi(sections) * float(mono[0]))
    peak = float(np.abs(mono).max())
    noise = np.random.default_rng(0).standard_normal(len(mono), dtype=np.float32) * dither
    return np.asarray(np.clip(mono * (_PEAK / peak if peak > 1e-4 else 1.0) + noise, -1, 1) * 32767, dtype="<i2")


def _segments(decoder: Any, samples: Samples) -> list[Any]:
    decoder.start_utt()
    decoder.process_raw(samples.tobytes(), full_utt=True)
    try:
        decoder.end_utt()
    except RuntimeError:
        return []
    return list(decoder.seg() or [])


def _phone(segment: Any, offset_s: float = 0.0) -> Phone:
    ipa = SILENCE if segment.word == "_sil" else arpabet_to_ipa(segment.word)
    return Phone(ipa, offset_s + segment.start_frame * FRAME_S, offset_s + (segment.end_frame + 1) * FRAME_S)


class PhoneLoop:
    """pocketsphinx without a text."""

    id, title, needs_text = "pocketsphinx_loop", "pocketsphinx phone loop", False

    def __init__(self) -> None:
        import pocketsphinx

        self._new = pocketsphinx.Decoder
        self._model = pocketsphinx.get_model_path("en-us/en-us-phone.lm.bin")

    def recognize(self, sound: Sound, transcript: str, host: Host) -> Recognition:
        """Return the phones of a sound; see `interfaces.SpeechEngine`."""
        samples, size = _prepared(sound, LOOP_DITHER), _PIECE_S * RATE_HZ
        phones: list[Phone] = []
        for start in range(0, len(samples), size):
            decoder = self._new(allphone=self._model, samprate=RATE_HZ, dict=None, loglevel="FATAL", **_LOOP)
            phones += [_phone(s, start / RATE_HZ) for s in _segments(decoder, samples[start : start + size])]
        return Recognition(tuple(phones), ())


class Aligner:
    """pocketsphinx with the text: one search over its phones, with optional silence between words."""

    id, title, needs_text = "pocketsphinx_aligned", "pocketsphinx forced alignment", True

    def __init__(self) -> None:
        import pocketsphinx

        self._new = pocketsphinx.Decoder
        self._readings: dict[str, list[list[str]]] = {}
        path = Path(pocketsphinx.get_model_path("en-us/cmudict-en-us.dict"))
        for line in path.read_text(encoding="utf-8").splitlines():
            word, *phones = line.split()
            self._readings.setdefault(re.sub(r"\(\d+\)$", "", word), []).append(phones)

    def recognize(self, sound: Sound, transcript: str, host: Host) -> Recognition:
        """Return the phones of a sound; see `interfaces.SpeechEngine`.

        Raises
        ------
        InputError
            If the text holds no words, or is not found in the sound.
        """
        words = spoken_words(transcript)
        readings = [self._readings.get(w) or self._readings.get(w.replace("'", "")) or [letters_to_sounds(w)]
                    for w in words]
        samples = _prepared(sound, TEXT_DITHER)
        for beams in _BEAMS if words else ():
            found = [s for s in _segments(self._search(readings, beams), samples)
                     if s.end_frame >= s.start_frame and not s.word.startswith(("<", "("))]
            if _is_whole([s.word for s in found], readings):
                return Recognition(tuple(_phone(s) for s in found), ())
        raise InputError("pocketsphinx did not find the text in the sound", hint="Give the exact words, in English.")

    def _search(self, readings: Sequence[Sequence[Sequence[str]]], beams: dict[str, float]) -> Any:
        """Return a decoder whose only paths are those of this text."""
        decoder = self._new(lm=None, dict=None, samprate=RATE_HZ, loglevel="FATAL", fsgusefiller=False,
                            fsgusealtpron=False, **beams)
        for phone in sorted({p for word in readings for reading in word for p in reading}):
            decoder.add_word(phone, phone, False)
        decoder.add_word("_sil", "SIL", False)
        arcs, state = [*_pause(0, 1)], 1
        for word in readings:
            end, free = state + 1, state + 2
            for reading in word:
                stops = [state, *range(free, free + len(reading) - 1), end]
                free += len(reading) - 1
                shares = [1 / len(word), *[1.0] * (len(reading) - 1)]
                arcs += list(zip(stops[:-1], stops[1:], shares, reading, strict=True))
            arcs, state = [*arcs, *_pause(end, free)], free
        decoder.add_fsg("text", decoder.create_fsg("text", 0, state, arcs))
        decoder.activate_search("text")
        return decoder


def _pause(start: int, end: int) -> Iterator[tuple[Any, ...]]:
    yield start, end, _SILENCE_SHARE, "_sil"
    yield start, end, 1 - _SILENCE_SHARE


def _is_whole(names: Sequence[str], readings: Sequence[Sequence[Sequence[str]]]) -> bool:
    """Tell whether phones are those of the whole text; a search that lost its way ends early."""
    words = ("|".join(" ".join(reading) + " " for reading in word) for word in readings)
    spoken = "".join(name + " " for name in names if name != "_sil")
    return re.fullmatch("".join(f"(?:{word})" for word in words), spoken) is not None


class Rhubarb:
    """Rhubarb Lip Sync, which is made for English."""

    def __init__(self, program: Path, *, needs_text: bool) -> None:
        self.needs_text = needs_text
        self.id = "rhubarb_text" if needs_text else "rhubarb"
        self.title = "Rhubarb with text" if needs_text else "Rhubarb"
        self._program = program

    def hear(self, sound: Sound, text: str = "") -> SpeechTrack:
        """Return its mouth shapes as typical phones, at exactly its times."""
        with tempfile.TemporaryDirectory() as folder:
            cues = sorted(json.loads(self._run(Path(folder), sound, text))["mouthCues"], key=lambda cue: cue["start"])
        starts = [cue["start"] for cue in cues]
        # In the port to JavaScript cues overlap, and some stand behind later ones.
        cut = [{**cue, "end": min([cue["end"], *starts[k + 1 : k + 2]])} for k, cue in enumerate(cues)]
        phones = contiguous(read_cues(json.dumps({"mouthCues": cut})).phones, sound.duration_s)
        shut = tuple(Closure(p.start_s, p.end_s) for p in phones if has_closure(p.ipa))
        track = build_track(Recognition(phones, ()), sound, source="imported", engine=self.id)
        return replace(track, phones=phones, closures=shut)

    def _run(self, folder: Path, sound: Sound, text: str) -> str:
        mono = resample(Sound(sound.mono[None], sound.rate_hz), RATE_HZ)
        sound_file, text_file = folder / "sound", folder / "text.txt"
        if self._program.is_dir():
            sound_file.write_bytes(np.asarray(np.clip(mono.samples[0], -1, 1) * 32767, "<i2").tobytes())
            entry = (self._program / "dist" / "index.js").resolve().as_uri()
            command = ["node", "--input-type=module", "-e", _NODE_SCRIPT, entry, str(sound_file), *[text] * bool(text)]
        else:
            save_wav(sound_file.with_suffix(".wav"), mono)
            text_file.write_text(text, encoding="utf-8")
            command = [str(self._program), "-q", "-f", "json", *(["-d", str(text_file)] if text else []),
                       str(sound_file.with_suffix(".wav"))]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise InputError(f"Rhubarb failed: {done.stderr.strip()[-200:]}", hint="Try it by hand on this sound.")
        return done.stdout


def find_rhubarb(given: str | None) -> Path | None:
    """Return the program, or the folder of the npm package rhubarb-lip-sync-wasm; None where there is none.

    Raises
    ------
    LauncherError
        If the one that was asked for is not there.
    """
    if given is None:
        found = shutil.which("rhubarb")
        return Path(found) if found else None
    path = Path(given)
    if path.is_dir() and (path / "dist" / "index.js").is_file() and shutil.which("node"):
        return path
    if not path.is_file():
        raise LauncherError(f"there is no Rhubarb at {given!r}",
                            hint="Give its program, or the folder of the npm package rhubarb-lip-sync-wasm (with node).")
    return path
