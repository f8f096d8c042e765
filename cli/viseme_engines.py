"""The engines that `run.py bench --visemes` compares: ours, and other programs where they are installed."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from ..pipeline_core.cache import shared
from ..pipeline_core.errors import InputError
from ..pipeline_core.host import Host, PlainHost
from ..pipeline_core.interfaces import Recognition, SpeechEngine
from ..pipeline_core.registry import Backend, backends
from ..pipeline_core.speech import analyze
from ..pipeline_core.speech.energy_engine import ENGINE_ID
from ..pipeline_core.speech.track import build_track
from ..pipeline_core.types import Sound, SpeechTrack
from .console import LauncherError
from .speech_sets.utterance import RATE_HZ
from .viseme_baselines import Aligner, PhoneLoop, Rhubarb, find_rhubarb

Hear = Callable[[Sound, str], SpeechTrack]
HOST = PlainHost(threads=1)


def processor_s() -> float:
    """Return the processor time of this process and of those that have ended in it."""
    return sum(os.times()[:4])


@dataclass(eq=False)
class Timed:
    """An engine, and the processor time for which it has listened."""

    engine: SpeechEngine
    seconds: float = 0.0

    def recognize(self, sound: Sound, transcript: str, host: Host) -> Recognition:
        """Pass on; see `interfaces.SpeechEngine`."""
        began_s = processor_s()
        try:
            return self.engine.recognize(sound, transcript, host)
        finally:
            self.seconds += processor_s() - began_s


@dataclass(frozen=True, eq=False)
class Engine:
    """Something that hears speech."""

    id: str
    title: str
    needs_text: bool
    hear: Hear
    """Gets the text if it needs one. A track of another engine means that the text was refused."""
    timed: Timed | None = None
    load_s: float | None = None
def find_engines(wanted: Sequence[str] | None, rhubarb: str | None) -> tuple[list[Engine], list[str]]:
    """Return the engines that can run, and in words those that cannot.

    Raises
    ------
    LauncherError
        If an engine is asked for that nobody knows.
    """
    program = find_rhubarb(rhubarb)
    known: dict[str, Callable[[], Engine] | str] = {}
    for backend in backends("speech"):
        lacks = ", ".join(backend.missing_packages() or backend.files())
        known[backend.id] = partial(_product, backend) if not lacks else f"{backend.title}: needs {lacks}"
    for baseline in (PhoneLoop, Aligner):
        known[baseline.id] = (partial(_pocketsphinx, baseline) if _has_pocketsphinx() else
                              f"{baseline.title}: pip install pocketsphinx")
    for needs_text in (False, True):
        other = Rhubarb(program or Path(), needs_text=needs_text)
        known[other.id] = (partial(_other, other) if program else
                           f"{other.title}: no program rhubarb on the PATH; give it with --rhubarb")
    known[ENGINE_ID] = lambda: Engine(ENGINE_ID, "loudness", False, partial(_analyzed, ENGINE_ID))
    if unknown := set(wanted or ()) - set(known):
        raise LauncherError(f"no engine {', '.join(sorted(unknown))}", hint=f"Choose from: {', '.join(known)}.")
    chosen = [entry for id, entry in known.items() if not wanted or id in wanted]
    return [entry() for entry in chosen if callable(entry)], [entry for entry in chosen if isinstance(entry, str)]


def _has_pocketsphinx() -> bool:
    return importlib.util.find_spec("pocketsphinx") is not None


def _analyzed(id: str, sound: Sound, text: str) -> SpeechTrack:
    return analyze(sound, transcript=text, engine=id, host=HOST)


def _loaded(load: Callable[[], SpeechEngine]) -> tuple[Timed, float]:
    """Return an engine and how long it takes until it has heard its first tenth of a second."""
    noise = np.random.default_rng(0).standard_normal((1, RATE_HZ // 10)).astype(np.float32)
    began_s = time.perf_counter()
    engine = load()
    # Some load when they listen first; what they say to noise and a text that is not there does not matter.
    with contextlib.suppress(InputError):
        engine.recognize(Sound(0.1 * noise, RATE_HZ), "a", HOST)
    return Timed(engine), time.perf_counter() - began_s


def _product(backend: Backend) -> Engine:
    """Return one of our engines, put where `analyze` looks for it."""
    timed, load_s = _loaded(backend.load)
    shared().get(("speech", backend.id), lambda: timed)
    needs_text = bool(backend.capabilities.get("needs_transcript"))
    return Engine(backend.id, backend.title, needs_text, partial(_analyzed, backend.id), timed, load_s)


def _pocketsphinx(kind: type[PhoneLoop] | type[Aligner]) -> Engine:
    timed, load_s = _loaded(kind)
    return Engine(kind.id, kind.title, kind.needs_text, partial(_listened, timed), timed, load_s)


def _listened(timed: Timed, sound: Sound, text: str) -> SpeechTrack:
    """Do with a baseline what `analyze` does with an engine."""
    try:
        found, id = timed.recognize(sound, text, HOST), getattr(timed.engine, "id", "")
    except InputError:
        found, id = PhoneLoop().recognize(sound, "", HOST), PhoneLoop.id
    return build_track(found, sound, source="acoustic", engine=id)


def _other(baseline: Rhubarb) -> Engine:
    return Engine(baseline.id, baseline.title, baseline.needs_text, baseline.hear)


def pocketsphinx_aligner() -> Hear | None:
    """Return what places a text in a recording of a person; None where pocketsphinx is not installed.

    It raises InputError where the text does not fit.
    """
    if not _has_pocketsphinx():
        return None
    aligner = Aligner()

    def hear(sound: Sound, text: str) -> SpeechTrack:
        return build_track(aligner.recognize(sound, text, HOST), sound, source="aligned", engine=Aligner.id)

    return hear
