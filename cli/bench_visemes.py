"""run.py bench --visemes: how well lips are found in sound, by our engines and by other programs, in one run.

Every engine hears every set; the tables give percentages of 10 ms frames and of lip closures (see
`viseme_metrics`), and processor time per second of sound with one thread: of everything that
`pipeline_core.speech.analyze` does, and of the engine alone.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ..models import register_all
from ..pipeline_core.errors import AvatarError, InputError
from ..pipeline_core.types import Sound, SpeechTrack
from .bench_text import machine, table
from .console import EXIT_OK, LOCAL, emit, say
from .speech_sets.utterance import RATE_HZ, Utterance
from .viseme_baselines import Aligner
from .viseme_engines import Engine, find_engines, pocketsphinx_aligner, processor_s
from .viseme_metrics import Counts, pooled, score_phones
from .viseme_recordings import jaw_agreement, recordings, shut_frames, tracked_faces
from .viseme_sets import CONDITIONS, LINES, NATURAL, QUIET, TITLES, Store

SETS_FOLDER = "viseme_sets"
"""In `LOCAL`."""
CLEAN, SPOILT, SILENT, REAL, ALIGNED, FACES = "clean", "spoilt", "quiet", "real", "real_aligned", "facegood"
COLUMNS = {
    "acc9_all": "9 classes", "acc9_speech": "in speech", "acc6_speech": "of 6", "recall40": "closures 40 ms",
    "recall80": "80 ms", "precision80": "precision", "offset_ms": "late by", "fv_recall80": "f/v 80 ms",
    "fv_precision80": "precision", "boundary_ms": "boundaries", "x_real_time": "x real time",
    "x_listening": "engine alone", "refused": "text refused",
}  # fmt: skip
GOALS: dict[str, dict[str, dict[str, float]]] = {
    "sound alone": {
        **dict.fromkeys(NATURAL, {"acc9_speech": 85, "recall40": 92, "recall80": 96, "precision80": 92}),
        "espeak": {"acc9_speech": 70, "recall80": 88}, "languages": {"recall80": 85, "precision80": 90},
        **dict.fromkeys((REAL, ALIGNED), {"recall40": 90}),
    },
    "with text": dict.fromkeys((*NATURAL, REAL, ALIGNED), {"acc9_speech": 90, "recall40": 98, "boundary_ms": 12}),
}
"""What we want to reach, and where."""
QUICK_CONDITIONS = ("music", "babble", "telephone")
WARM_UP = Utterance(0.1 * np.random.default_rng(0).standard_normal(RATE_HZ).astype(np.float32), (), (), "a", "", "", "")
"""The first sound makes packages load."""
MOST_X_REAL_TIME = 0.03
MOST_LOST, MOST_LOST_IN = 10.0, ("music", "babble")
LEAST_SHUT = {"silence": 99.0, "room noise": 99.0, "music": 99.0}
"""Percent of frames."""


def run(arguments: argparse.Namespace) -> int:
    """Measure, print the tables, and return the exit status."""
    register_all()
    engines, absent = find_engines(arguments.engines, arguments.rhubarb)
    store = Store(Path(arguments.sets) if arguments.sets else LOCAL / SETS_FOLDER, quick=arguments.quick)
    sets: dict[str, Any] = {}
    for engine in engines:
        _hear(engine, WARM_UP)
    for name, title, speech in wanted_sets(arguments, store):
        try:
            truths = speech()
        except AvatarError as error:
            absent.append(f"{title}: {error.message} ({error.hint})")
            continue
        say(f"\n{title}: {len(truths)} utterances, {sum(u.duration_s for u in truths):.0f} s")
        # What was aligned by pocketsphinx cannot judge it.
        judged = [e for e in engines if name != ALIGNED or e.id != Aligner.id]
        sets[name] = {"title": title, **measured(truths, judged)}
        say("\n" + set_table(name, sets[name]["engines"], judged))
    if CLEAN in sets:
        say("\nPoints lost: of 9 classes in speech; of closures within 80 ms\n\n" + lost_table(sets, engines))
    result = {"machine": machine(), "sets": sets, "load_s": {e.id: e.load_s for e in engines}, "absent": absent}
    if _wants(arguments, SILENT):
        result[SILENT] = silences(store, engines)
        say("\nShare of frames with a shut mouth where nobody speaks\n\n" + share_table(result[SILENT], engines))
    if arguments.facegood:
        result[FACES] = faces(Path(arguments.facegood), engines, quick=arguments.quick)
        say("\nJaw of tracked faces\n\n" + faces_table(result[FACES], engines))
    say("\n" + load_table(engines))
    for line in absent:
        say(f"Not compared: {line}")
    if arguments.json:
        emit(result, as_json=True)
    return EXIT_OK


def _wants(arguments: argparse.Namespace, name: str) -> bool:
    return not arguments.only or name in arguments.only


def wanted_sets(arguments: argparse.Namespace, store: Store) -> Iterator[tuple[str, str, Callable[[], list[Utterance]]]]:
    """Yield name, title and speech of each set that was asked for."""
    for name in filter(partial(_wants, arguments), LINES):
        yield name, TITLES[name], partial(store.speech, name)
    if _wants(arguments, SPOILT):
        clean = store.natural([name for name in NATURAL if store.can_make(name)])
        yield CLEAN, "natural voices in turn, clean", lambda: clean
        for kind in QUICK_CONDITIONS if arguments.quick else CONDITIONS:
            yield kind, f"the same, {CONDITIONS[kind]}", partial(store.spoilt, kind, clean)
    if arguments.real:
        found = [r for folder in arguments.real for r in recordings(Path(folder), pocketsphinx_aligner())]
        for name, source in ((REAL, "TextGrid"), (ALIGNED, "forced alignment")):
            if some := [r.truth for r in found if r.source == source]:
                yield name, f"recordings of people, times from {source}", partial(list, some)


def measured(truths: Sequence[Utterance], engines: Iterable[Engine]) -> dict[str, Any]:
    """Return the figures of every engine on a set, and those of each voice."""
    found = {engine.id: _heard(engine, truths) for engine in engines}
    return {"utterances": len(truths), "seconds": sum(u.duration_s for u in truths), "engines": found}


def _heard(engine: Engine, truths: Sequence[Utterance]) -> dict[str, Any]:
    listened_s, took_s, refused = engine.timed.seconds if engine.timed else 0.0, 0.0, 0
    counts: dict[str, list[Counts]] = {}
    for truth in truths:
        began_s = processor_s()
        track = _hear(engine, truth)
        took_s += processor_s() - began_s
        refused += track is None or track.engine != engine.id
        phones, closures = (track.phones, track.closures) if track else ((), ())
        counts.setdefault(truth.voice, []).append(score_phones(truth, phones, closures))
    seconds = sum(u.duration_s for u in truths)
    return {**pooled(c for some in counts.values() for c in some).figures(), "refused": refused,
            "x_real_time": took_s / seconds,
            "x_listening": (engine.timed.seconds - listened_s) / seconds if engine.timed else None,
            "voices": {voice: pooled(some).figures() for voice, some in counts.items()}}


def _hear(engine: Engine, truth: Utterance) -> SpeechTrack | None:
    """Return what an engine hears; None where it gives up, which leaves the mouth shut."""
    try:
        return engine.hear(_sound(truth), truth.text if engine.needs_text else "")
    except InputError:
        return None


def _sound(truth: Utterance) -> Sound:
    return Sound(truth.samples[None], RATE_HZ)


def silences(store: Store, engines: Iterable[Engine]) -> dict[str, dict[str, float]]:
    """Return by engine and kind of sound the percentage of frames in which the mouth stays shut."""
    sounds = {kind: store.quiet(kind) for kind in QUIET}
    return {engine.id: {kind: _shut_percent(engine, some) for kind, some in sounds.items()}
            for engine in engines if not engine.needs_text}


def _shut_percent(engine: Engine, truths: Sequence[Utterance]) -> float:
    shut, frames = shut_frames([track for track in (_hear(engine, truth) for truth in truths) if track])
    return 100.0 * shut / max(1, frames)


def faces(folder: Path, engines: Iterable[Engine], *, quick: bool = False) -> dict[str, dict[str, float]]:
    """Return by engine how well the jaw follows tracked faces: means over the files."""
    pairs = list(tracked_faces(folder))[: 1 if quick else None]
    found = {}
    for engine in engines:
        if not engine.needs_text:
            each = [jaw_agreement(engine.hear(sound, ""), jaw) for sound, jaw in pairs]
            found[engine.id] = {name: float(np.mean([one[name] for one in each])) for name in each[0]}
    return found


def set_table(name: str, figures: dict[str, Any], engines: Sequence[Engine]) -> str:
    """Return one line for each engine and for what we want to reach."""
    rows = [[engine.title, *(_cell(column, _shown(engine, column, figures[engine.id])) for column in COLUMNS)]
            for engine in engines]
    for kind, goals in GOALS.items():
        if name in goals:
            goal = {"x_listening": MOST_X_REAL_TIME, **goals[name]}
            rows.append([f"wanted, {kind}", *(_cell(column, goal.get(column)) for column in COLUMNS)])
    return table(["engine", *COLUMNS.values()], rows)


def _shown(engine: Engine, column: str, figures: dict[str, Any]) -> float | None:
    # Sequences that differ much have no boundaries that can be compared, and nothing to be refused.
    return figures[column] if engine.needs_text or column not in ("boundary_ms", "refused") else None


def _cell(column: str, value: float | None) -> str:
    if value is None:
        return "-"
    if column == "offset_ms":
        return f"{value:+.0f} ms"
    if column == "boundary_ms":
        return f"{value:.0f} ms"
    return f"{value:.3f}" if column.startswith("x_") else f"{value:g}" if column == "refused" else f"{value:.1f}"


def lost_table(sets: dict[str, Any], engines: Sequence[Engine]) -> str:
    """Return what each of `CONDITIONS` costs each engine."""
    def lost(id: str, kind: str) -> str:
        clean, spoilt = (sets[name]["engines"][id] for name in (CLEAN, kind))
        return "; ".join(f"{clean[column] - spoilt[column]:.1f}" for column in ("acc9_speech", "recall80"))

    kinds = [kind for kind in CONDITIONS if kind in sets]
    rows = [[engine.title, *(lost(engine.id, kind) for kind in kinds)] for engine in engines]
    most = f"{MOST_LOST:g}; {MOST_LOST:g}"
    rows.append(["wanted at most", *(most if kind in MOST_LOST_IN else "-" for kind in kinds)])
    return table(["engine", *kinds], rows)


def share_table(found: dict[str, dict[str, float]], engines: Sequence[Engine]) -> str:
    """Return the table of `silences`."""
    rows = [[e.title, *(f"{found[e.id][kind]:.1f}" for kind in QUIET)] for e in engines if e.id in found]
    return table(["engine", *QUIET], [*rows, ["wanted", *(_cell(kind, LEAST_SHUT.get(kind)) for kind in QUIET)]])


def faces_table(found: dict[str, dict[str, float]], engines: Sequence[Engine]) -> str:
    """Return the table of `faces`."""
    rows = [[e.title, f"{f['r0']:.3f}", f"{f['r']:.3f}", f"{f['lag_ms']:+.0f} ms"]
            for e in engines if (f := found.get(e.id))]
    return table(["engine", "correlation", "best within 100 ms", "late by"], rows)


def load_table(engines: Sequence[Engine]) -> str:
    """Return how long the engines take to load."""
    return table(["engine", "loading"], [[e.title, f"{e.load_s:.2f} s"] for e in engines if e.load_s is not None])
