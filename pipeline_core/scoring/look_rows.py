"""The rows of the scorecard about the look of the face, about life, and about the file."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..lazy import cv2
from ..types import LANDMARK_COUNT, Phone, UInt8Array
from .canvas import Canvas, Flags, paste_seam, pasted_control
from .landmarks import lip_outline
from .life import blinks_in
from .lips import Series
from .look import sharpness
from .observe import Observation
from .scorecard import Gate, Row, at_most, within

SHARP = within((0.75, 1.35), (0.5, 1.7))
"""Fitted to our own clips, like the next two: they tell what falls behind those, not what people find good. Too
sharp is a fault as well: hard edges."""
MOUTH_SHARP = within((0.6, 1.5), (0.45, 2.0))
"""Wide, because the lips' border comes and goes here with every sound: our clips reach from 0.6 to 1.4. A blurred
source, the control, measures 0.01 to 0.35 on six portraits with the eyes 60 px apart or more. On smaller ones it
comes near to 0.5; where it would not be "bad" itself, nothing is judged."""
SHARP_EYES_MIN_PX = 40.0
"""Smaller faces hold too little detail to be compared."""
SEAM = at_most(0.55, 0.7)
"""Share of what a hard step of 25 levels measures. Real clips reach up to 0.5, ours up to 0.66 (where a smile of the
photo fades, edges of its cheeks move: "warn"); clips with such a paste 0.75 to 0.9."""
IDENTITY = at_most(0.35, 0.5)
"""dlib's documentation: the same person is below 0.6."""
BLINKS = within((8.0, 30.0), (4.0, 45.0))
BLINKS_MIN_S = 20.0
YAW = within((0.5, 8.0), (0.2, 20.0))
YAW_MIN_S = 8.0
FROZEN = at_most(0.0, 0.0)
JITTER = at_most(6.0, 12.0)
"""Real clips of still heads measure 4.4 to 5.9, others up to 23."""
JITTER_MIN_FRAMES = 8
PAUSE_MIN_S, PAUSE_EDGE_S = 0.35, 0.15
"""A pause is judged where it is this long, without the time the lips need to shut and open."""
LENGTH_S = 0.1
SEEN = Gate((0.95, math.inf), (0.8, math.inf))
OWN = "own 478 points (not independent)"
NO_SOURCE = "no source given: give the photo or video that it was made from"


def look_rows(seen: Observation) -> list[Row]:
    """Return the rows that compare the face with its source."""
    rows = [
        Row("mouth_sharpness", "sharpness around the mouth over the source's", None, "ratio", "0.6 .. 1.5; ours 0.6 .. 1.4"),
        Row("face_sharpness", "sharpness of the other face over the source's", None, "ratio", "0.75 .. 1.35; ours 0.9 .. 1.2"),
        Row("seam", "border of something pasted, over that of a hard paste", None, "ratio",
            "<= 0.55; real clips 0.2 .. 0.5, ours up to 0.66"),
        Row("identity", "distance to the person in the source", None, "distance", "<= 0.35; same person below 0.6"),
    ]
    # The landmarks of the source decide whose landmarks lay the frames onto it.
    independent = seen.independent if seen.canvas is None else len(seen.canvas.points) != LANDMARK_COUNT
    judge = "dlib, 68 points" if independent else OWN
    rows = [replace(row, judge=judge, independent=independent) for row in rows[:3]] + [
        replace(rows[3], judge="dlib face descriptor")]
    if seen.canvas is None or not seen.laid:
        laid = [row.but(NO_SOURCE if seen.canvas is None else "the face is not seen") for row in rows[:3]]
    else:
        mouth, face = _regions(seen.canvas)
        laid = [_sharp(rows[0], seen.canvas, seen.laid, mouth, MOUTH_SHARP),
                _sharp(rows[1], seen.canvas, seen.laid, face, SHARP),
                _seam(rows[2], seen.canvas, seen.laid)]
    return [*laid, _identity(rows[3], seen)]


def _regions(canvas: Canvas) -> tuple[Flags, Flags]:
    # Around the lips: what lies between them is another picture with every sound.
    mouth = canvas.hull(lip_outline(canvas.points), 0.3) & ~canvas.hull(lip_outline(canvas.points), 0.06)
    return mouth, canvas.hull(margin=-0.05) & ~canvas.hull(lip_outline(canvas.points), 0.3)


def _sharp(row: Row, canvas: Canvas, laid: Sequence[UInt8Array], region: Flags, gate: Gate) -> Row:
    own = max(sharpness(canvas.image, region), 1e-6)
    soft = np.asarray(cv2.GaussianBlur(canvas.image, (0, 0), 0.015 * canvas.eyes_px), np.uint8)
    control = sharpness(soft, region) / own
    value = float(np.median([sharpness(picture, region) for picture in laid])) / own
    row = replace(row, value=value, verdict=gate.verdict(value), control=f"blurred source {control:.2f}")
    if canvas.eyes_px < SHARP_EYES_MIN_PX:
        return row.but(f"the eyes are {canvas.eyes_px:.0f} px apart, {SHARP_EYES_MIN_PX:.0f} are needed")
    if gate.verdict(control) != "bad":
        return row.but("the source is so soft that blur hardly changes it")
    return replace(row, why="" if row.verdict == "ok" else "softer than the source" if value < 1 else "harder edges than the source")


def _seam(row: Row, canvas: Canvas, laid: Sequence[UInt8Array]) -> Row:
    control = pasted_control(canvas)
    plain = paste_seam(canvas, laid)
    value = plain / max(control, 1e-6)
    row = replace(row, value=value, verdict=SEAM.verdict(value), control=f"hard paste 1.00 ({control:.2f} levels a level)")
    if control < 1.0:
        return row.but("the source is so busy that even a hard paste hardly shows")
    return replace(row, why="" if row.verdict == "ok" else "an edge that the source lacks moves with the face")


def _identity(row: Row, seen: Observation) -> Row:
    if seen.judges.embed is None:
        return row.but(f"no face descriptor: {seen.judges.missing}")
    if seen.canvas is None and not seen.distances:
        return row.but(NO_SOURCE)
    if not seen.distances:
        return row.but("the descriptor sees no face in the video or in the source")
    value = float(np.mean(seen.distances))
    control = "" if math.isnan(seen.stretched) else f"; the source stretched by 1.6 {seen.stretched:.2f}"
    row = replace(row, value=value, verdict=IDENTITY.verdict(value),
                  control=f"worst frame {max(seen.distances):.2f}{control}")
    return replace(row, why="" if row.verdict == "ok" else "another person" if value >= 0.6 else "a changed face")


def life_rows(seen: Observation, phones: Sequence[Phone]) -> list[Row]:
    """Return the rows about what moves besides the mouth; `phones` tell the pauses."""
    rows = [
        Row("blinks", "blinks a minute", None, "1/min", "people 10 .. 25; ours 16"),
        Row("head", "head turning sideways, rms", None, "degrees", "0.5 .. 8; ours 1.4"),
        Row("frozen", "frozen seconds", None, "s", "0", control="a repeated picture: each second"),
        Row("jitter", "trembling in pauses, 1/1000 of the eye distance", None, "1/1000", "real clips 4.4 .. 5.9"),
    ]
    whole = replace(rows[2], value=float(seen.frozen_s), verdict=FROZEN.verdict(seen.frozen_s),
                    why="" if not seen.frozen_s else "the picture stands still")
    if seen.duration_s < 1.0:
        whole = whole.but("the video is shorter than a second")
    rows = [replace(row, judge=OWN, independent=False) for row in rows]
    if seen.own.seen_share < 0.8 or len(seen.times_s) < 3:
        reason = f"the own landmarks see the face in {seen.own.seen_share:.0%} of the frames only"
        return [rows[0].but(reason), rows[1].but(reason), whole, rows[3].but(reason)]
    return [_blinks(rows[0], seen), _head(rows[1], seen), whole, _jitter(rows[3], seen, phones)]


def _blinks(row: Row, seen: Observation) -> Row:
    found = blinks_in(seen.times_s, np.array(seen.own.eyes))
    row = replace(row, value=found.per_minute, verdict=BLINKS.verdict(found.per_minute),
                  control=f"{len(found.durations_s)} blinks, eyes open to {found.depth:.2f} in them")
    if seen.duration_s < BLINKS_MIN_S:
        return row.but(f"{seen.duration_s:.0f} s are too short: {BLINKS_MIN_S:.0f} s are needed")
    often = "rarely" if found.per_minute < BLINKS.ok[0] else "often"
    return replace(row, why="" if row.verdict == "ok" else f"the eyes blink too {often}")


def _head(row: Row, seen: Observation) -> Row:
    turns = np.array(seen.own.turns_deg)
    rms = float(turns[:, 0].std())
    row = replace(row, value=rms, verdict=YAW.verdict(rms), control="a still picture 0.0")
    if seen.duration_s < YAW_MIN_S:
        return row.but(f"{seen.duration_s:.1f} s are too short: {YAW_MIN_S:.0f} s are needed")
    return replace(row, why="" if row.verdict == "ok" else "the head hardly moves" if rms < 1 else "the head swings")


def _jitter(row: Row, seen: Observation, phones: Sequence[Phone]) -> Row:
    # A value is known one frame later than its frame.
    values = np.append(np.array(seen.own.jitter)[1:], np.nan)
    quiet = in_pauses(seen.times_s, phones) & np.isfinite(values)
    if int(quiet.sum()) < JITTER_MIN_FRAMES:
        return row.but("no pause is long enough")
    value = float(np.median(values[quiet]))
    # A second difference, 1 -2 1, adds up 6 times the variance of each of a point's two coordinates.
    shaken = float(np.sqrt(value**2 + 6.0 * 2.0 * 2.0**2))
    verdict = JITTER.verdict(value)
    return replace(row, value=value, verdict=verdict, why="" if verdict == "ok" else "the face trembles where it should rest",
                   control=f"with noise of 2/1000 on each point about {shaken:.1f}")


def in_pauses(times_s: Series, phones: Sequence[Phone]) -> Flags:
    """Tell which frames lie in the inner part of a long pause [shape=(T,)]."""
    inside = np.zeros(len(times_s), bool)
    for phone in phones:
        if not phone.ipa and phone.end_s - phone.start_s >= PAUSE_MIN_S:
            inside |= (times_s >= phone.start_s + PAUSE_EDGE_S) & (times_s <= phone.end_s - PAUSE_EDGE_S)
    return inside


def file_rows(seen: Observation, sound_s: float | None) -> list[Row]:
    """Return the rows about the file: length of sound and picture, and how often the face is seen."""
    length = Row("length", "sound minus picture", None, "s", "within one frame", control=f"one frame is {seen.frame_s:.3f} s")
    if sound_s is None:
        length = length.but("the video has no sound")
    else:
        gap = sound_s - seen.duration_s
        frame_s = seen.frame_s + 1e-3
        verdict = within((-frame_s, frame_s), (-LENGTH_S, LENGTH_S)).verdict(gap)
        length = replace(length, value=gap, verdict=verdict, why="" if verdict == "ok" else f"sound {sound_s:.2f} s, picture {seen.duration_s:.2f} s")
    share = seen.lips.seen_share
    visible = Row("seen", "frames in which a face is seen", share, "share", ">= 0.95", verdict=SEEN.verdict(share),
                  why="" if SEEN.verdict(share) == "ok" else "the other rows know nothing of the frames without a face",
                  judge="dlib, 68 points" if seen.independent else OWN, independent=seen.independent)
    return [length, visible]
