"""What the timeline in the node draws (web/timeline.js): a speech track before and after its edits, as one bounded JSON."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from .arkit import ARTICULATION_INDEX, INDEX
from .media.audio import resample
from .motion import articulation, contacts, targets
from .motion.articulation import speech_layer
from .speech.cells import Cell, cells_of
from .speech.edits import Edited
from .types import FloatArray, Phone, Sound, SpeechTrack

PEAKS_HZ = 200
"""Extremes of the waveform: a pixel at a zoom of 5 s across 1000 pixels."""
CURVES_HZ = 50
"""Lips move with at most about 15 Hz."""
MOST = 1 << 17
"""Values of a curve at most: longer sounds get coarser ones, so that 20 minutes of speech stay below 2 MB."""
FULL_ENERGY, FULL_JAW = 1.5, 0.6
"""What the top of each lane means: a loud vowel, and a mouth open wider than speech opens it."""
SOUND_HZ = 24_000
"""Enough for every speech sound."""
SOUND_S = 1800.0
"""Longer sounds are heard up to here: a browser holds them decoded, 23 MB for two minutes."""


def timeline_json(found: SpeechTrack, edited: Edited, edits: str) -> bytes:
    """Return the JSON of a timeline.

    Parameters
    ----------
    found : SpeechTrack
        What the analysis found.
    edited : Edited
        The same with the edits carried out.
    edits : str
        Their text.

    Returns
    -------
    bytes
        duration_s, source, engine, words [[text, start, end]], base and edited {cells [[viseme, start,
        end, weight, ipa, phone, shut from, shut to]], phones [[ipa, start, end]]} (edited is null without
        edits), edits, stale, keyframes [[time, emotion, strength]] that came with the track, rules (by
        which sounds become a mouth), and the curves of the edited track: peaks {rate_hz, low, high}, energy,
        jaw, closure {rate_hz, full, data} as base64 of one byte a value.
    """
    track = edited.track
    rate = Fraction(min(CURVES_HZ, max(1, int(MOST / track.duration_s))))
    layer = speech_layer(track, rate)
    data = {
        "version": 1, "duration_s": round(track.duration_s, 4), "source": track.source, "engine": track.engine,
        "words": [[w.text, round(w.start_s, 4), round(w.end_s, 4)] for w in track.words],
        "base": _lanes(cells_of(found), found.phones),
        "edited": None if track is found else _lanes(edited.cells, track.phones),
        "edits": edits, "stale": list(edited.stale),
        "keyframes": [[round(k.time_s, 4), k.emotion, k.strength] for k in found.keyframes], "rules": _rules(),
        "peaks": _peaks(track.sound), "energy": _energy(track),
        "jaw": _curve(layer.blendshapes[:, INDEX["jawOpen"]], rate, FULL_JAW),
        "closure": _curve(layer.articulation[:, ARTICULATION_INDEX["lipClosure"]], rate, 1.0),
    }
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()


def _rules() -> dict[str, Any]:
    """Return by which rules sounds become a mouth: web/lib/timeline/mouth.js follows them for what was just edited."""
    rows: dict[int, list[str]] = {}
    for ipa, target in targets.TARGETS.items():
        rows.setdefault(id(target), []).append(ipa)
    return {
        "channels": targets.CHANNELS, "groups": targets.GROUP_OF, "drives": targets.DRIVES,
        "before_s": targets.REACH_BEFORE_S, "after_s": targets.REACH_AFTER_S,
        "targets": [_target(names, targets.TARGETS[names[0]]) for names in rows.values()],
        "bilabials": sorted(targets.BILABIALS), "labiodentals": sorted(targets.LABIODENTALS),
        "rate_hz": articulation.RATE_HZ, "smooth_s": articulation.SMOOTH_S, "core": articulation.CORE_SHARE,
        "power": articulation.FALL_POWER, "rest": articulation.REST_DOMINANCE, "neighbours": articulation.NEIGHBOURS,
        "phone_s": articulation.TYPICAL_PHONE_S, "jaw_shut": articulation.BILABIAL_JAW_MAX, "opened": articulation.OPENED,
        "loudness": articulation.LOUDNESS, "loud_at": articulation.LOUD_PERCENT / 100,
        "tempo_phones": articulation.TEMPO_PHONES, "tempo_power": articulation.TEMPO_POWER, "tempo": articulation.TEMPO,
        "gains": articulation.GAINS, "yields": articulation.YIELDS, "tuck_shut": articulation.TUCK_SHUT_MAX,
        "presence": articulation.PRESENCE,
        "ramp_s": contacts.RAMP_MIN_S, "lead": contacts.LEAD_SHARE, "trail": contacts.TRAIL_SHARE,
        "contact_s": [contacts.CLOSING_LEAD_S, contacts.RELEASE_TRAIL_S, contacts.CONTACT_INSET_S],
        "tuck_s": [contacts.TUCK_LEAD_S, contacts.TUCK_TRAIL_S, contacts.TUCK_INSET_S],
        "pause_s": [contacts.PAUSE_MIN_S, contacts.PAUSE_FULL_S], "shut_after_s": contacts.SHUT_AFTER_S,
        "open_before_s": contacts.OPEN_BEFORE_S, "edge_s": contacts.EDGE_S,
    }


def _target(names: Sequence[str], target: targets.Target) -> list[Any]:
    """Return a row of the table: the sounds, their gestures, the dominance of each group, whether it is a vowel."""
    dominance = [round(float(target.dominance[targets.GROUP_OF.index(g)]), 3) for g in range(len(targets.GROUPS))]
    return [" ".join(names), [round(float(value), 3) for value in target.values], dominance, target.vowel]


def timeline_sound(sound: Sound) -> Sound:
    """Return what is heard in the timeline: mono, and no larger than a page can hold."""
    part = sound.samples[:, : int(SOUND_S * sound.rate_hz)].mean(axis=0, keepdims=True)
    return resample(Sound(part, sound.rate_hz), min(sound.rate_hz, SOUND_HZ))


def _lanes(cells: Sequence[Cell], phones: Sequence[Phone]) -> dict[str, Any]:
    return {"cells": [[c.viseme, round(c.start_s, 4), round(c.end_s, 4), round(c.weight, 3), c.ipa, c.phone,
                       *(round(t, 4) for t in c.shut or ())] for c in cells],
            "phones": [[p.ipa, round(p.start_s, 4), round(p.end_s, 4)] for p in phones]}


def _curve(values: FloatArray, rate: Fraction, full: float) -> dict[str, Any]:
    steps = np.clip(np.round(values / full * 255), 0, 255).astype(np.uint8)
    return {"rate_hz": float(rate), "full": full, "data": base64.b64encode(steps.tobytes()).decode()}


def _energy(track: SpeechTrack) -> dict[str, Any]:
    every = max(1, math.ceil(track.prosody_rate_hz / CURVES_HZ), math.ceil(len(track.energy) / MOST))
    return _curve(track.energy[::every], Fraction(track.prosody_rate_hz) / every, FULL_ENERGY)


def _peaks(sound: Sound | None) -> dict[str, Any]:
    """Return the lowest and highest sample of each stretch, the loudest of the clip being 127."""
    if sound is None or not sound.samples.shape[1]:
        return {"rate_hz": float(PEAKS_HZ), "low": "", "high": ""}
    rate_hz = min(PEAKS_HZ, MOST / sound.duration_s)
    mono = np.nan_to_num(sound.mono)
    edges = np.arange(0, len(mono), max(1.0, sound.rate_hz / rate_hz)).astype(np.intp)
    low, high = np.minimum.reduceat(mono, edges), np.maximum.reduceat(mono, edges)
    loudest = max(float(np.abs(low).max()), float(np.abs(high).max()), 1e-6)
    encoded = [base64.b64encode(np.round(part / loudest * 127).astype(np.int8).tobytes()).decode() for part in (low, high)]
    return {"rate_hz": min(rate_hz, float(sound.rate_hz)), "low": encoded[0], "high": encoded[1]}
