"""In which frames of a clip a new mouth may be drawn, how strongly, and why not in the others.

Everything is judged from the track alone, for all frames at once. Times are those of the source.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from ..speech.runs import equal_runs, true_runs
from ..types import FaceTrack, FloatArray
from .geometry import CHIN, FOREHEAD, LEFT_TEMPLE, LIPS_OUTER, OVAL, RIGHT_TEMPLE

BoolArray = npt.NDArray[np.bool_]

NO_FACE, OTHER_SHOT = "no face", "no face in this shot"
OUTSIDE, TURNED, SMALL = "the face leaves the picture", "turned away", "the mouth is too small"
IMPLAUSIBLE, BRIEF, HIDDEN = "the face is not found surely", "seen too briefly", "the mouth is covered"

FADE_S = 0.12
"""How long a mouth takes to appear or to go; it lies inside of the trusted stretch."""
BRIDGE_S = 0.2
"""Longest gap whose landmarks are interpolated: five frames at 25 fps."""
TURNED_DEG, BACK_DEG = 40.0, 36.0
"""A head that turns further is left alone until it is back by this much; the renderer is good to about 35."""
NODDED_DEG, UP_DEG = 45.0, 41.0
"""The same for pitch, which the landmarks tell within 8 degrees; talking heads of seven clips stay within 22."""
_NOSE_LEAD = 1.38
"""Nose out of the middle of the temples, over half their distance, is so many times the tangent of the yaw.
1.2 to 1.47 on seven faces turned by up to 60 degrees, which is 3 degrees of yaw."""
COVERED, FREE = 0.3, 0.2
"""Share of the lips that is hidden from which a mouth is left alone, and below which it is free again."""
SMALL_MOUTH_PX, SMALL_AGAIN_PX = 12.0, 13.0
"""A narrower mouth is left alone until it is this wide again."""
_MOUTH_SHARE = 0.36
"""Width of a resting mouth over that of the face: 0.33 to 0.40 on seven clips. Unlike the mouth's own it does
not change with what is said."""
_OUTSIDE_SHARE = 1 / 3
"""Share of the face's outline that may lie outside of the picture; a forehead that is cut is a quarter."""
_LIPS_OUTSIDE = 0.02
"""How far lips may lie outside, as a share of the face width: the doubt of the landmarks."""
STRANGE = 0.2
"""Distance of a face from the clip's usual shape, both of length 1, from which it is no face; seven clips of
people who talk have 0.07 at most."""
JUMP = 0.2
"""Distance from the middle of five neighbouring frames, in face widths, from which a point has jumped; seven
clips have 0.07 at most, in quick nods."""
_JUMP_POINTS = (33, 263, 1, 61, 291, CHIN)
_SHAPE_POINTS, _SHAPE_FRAMES = range(0, 468, 12), 200
"""Enough to know the usual shape by."""
_BRIDGE_REACH = 1.0
"""Over a gap the face moves by at most this many of its widths."""
_WINDOW = 2


@dataclass(frozen=True)
class Stretch:
    """A part of the source that is left as it is."""

    start_s: float
    end_s: float
    reason: str


@dataclass(frozen=True, eq=False)
class Trust:
    """How strongly a new mouth may be drawn in each frame of a clip."""

    strength: FloatArray
    """0 = leave the frame as it is, 1 = draw in full, fades between [shape=(T,)]."""
    reasons: tuple[str, ...]
    """Why nothing is drawn in each frame, "" where something is; T of them."""
    fps: Fraction

    @property
    def skipped(self) -> tuple[Stretch, ...]:
        """The stretches in which nothing is drawn, in order."""
        return skipped(self.reasons, self.fps)


def trust(face: FaceTrack) -> Trust:
    """Return where a new mouth may be drawn on the selected face.

    Short gaps count as bridged, whether `bridged` has been called or not. A mouth appears and goes within
    `FADE_S`, but at once where a shot begins or ends.
    """
    count, reasons = len(face.landmarks_px), [""] * len(face.landmarks_px)
    points = bridged(face).landmarks_px[:, face.selected]
    for reason, bad in _doubts(points, face):
        for frame in np.flatnonzero(bad):
            reasons[frame] = reasons[frame] or reason
    strength = np.zeros(count, np.float32)
    for start, stop in true_runs(np.array([not reason for reason in reasons])):
        ramp = _ramp(start, stop, count, face)
        if ramp is None:
            reasons[start:stop] = [BRIEF] * (stop - start)
        else:
            strength[start:stop] = ramp
    return Trust(strength, tuple(reasons), face.fps)


def bridged(face: FaceTrack) -> FaceTrack:
    """Return the track with short gaps filled by interpolated landmarks, never across a cut.

    Frames whose landmarks jump out of their neighbours' line or have no face's shape count as gaps. All else
    stays as it is; a track without such gaps is returned itself.
    """
    gaps = [(i, start, stop) for i in range(len(face.face_ids)) for start, stop in _short_gaps(face, i)]
    if not gaps:
        return face
    landmarks, scores = face.landmarks_px.copy(), face.score_ratio.copy()
    for i, start, stop in gaps:
        part = np.arange(1, stop - start + 1, dtype=np.float32) / (stop - start + 1)
        before, after = landmarks[start - 1, i], landmarks[stop, i]
        landmarks[start:stop, i] = before + part[:, None, None] * (after - before)
        scores[start:stop, i] = scores[start - 1, i] + part * (scores[stop, i] - scores[start - 1, i])
    return replace(face, landmarks_px=landmarks, score_ratio=scores)


def _short_gaps(face: FaceTrack, number: int) -> Iterator[tuple[int, int]]:
    """Yield the stretches of one face that `bridged` fills."""
    points, longest = face.landmarks_px[:, number], max(1, round(BRIDGE_S * float(face.fps)))
    seen = _seen(points)
    gone = ~seen | _jumps(points, seen, face.cuts) | _strange(points, seen)
    for start, stop in true_runs(gone):
        inside = start > 0 and stop < len(points) and stop - start <= longest
        if inside and not any(start <= cut <= stop for cut in face.cuts) and _near(points[start - 1], points[stop]):
            yield start, stop


def skipped(reasons: Sequence[str], fps: Fraction) -> tuple[Stretch, ...]:
    """Return the stretches of equal reasons that are not ""; frame i lasts from i / fps to (i + 1) / fps."""
    return tuple(Stretch(float(start / fps), float(stop / fps), reasons[start])
                 for start, stop in equal_runs(np.asarray(reasons)) if reasons[start])


def skipped_lines(stretches: Iterable[Stretch], limit: int = 8) -> tuple[str, ...]:
    """Return lines as "12.3 to 13.1 s: turned away"; of more than `limit`, the longest, and a sum of the rest."""
    every = list(stretches)
    shown = sorted(sorted(every, key=lambda s: s.start_s - s.end_s)[:limit], key=lambda s: s.start_s)
    lines = [f"{s.start_s:.1f} to {s.end_s:.1f} s: {s.reason}" for s in shown]
    rest = [s for s in every if s not in shown]
    if rest:
        total = sum(s.end_s - s.start_s for s in rest)
        lines.append(f"and {len(rest)} shorter stretch{'es' if len(rest) > 1 else ''}, {total:.1f} s in all")
    return tuple(lines)


def yaw_deg(points: FloatArray) -> FloatArray:
    """Return how far heads are turned, + = to the viewer's right, from the outline in the picture alone.

    Parameters
    ----------
    points : FloatArray
        Landmarks [shape=(T, 478, 2 or 3), pixels]; their depth is not used.
    """
    flat = points[..., :2]
    across = _unit((flat[:, 263] - flat[:, 33]) + (flat[:, LEFT_TEMPLE] - flat[:, RIGHT_TEMPLE]))
    nose = flat[:, [1, 2, 4]].mean(axis=1)
    right = ((nose - flat[:, RIGHT_TEMPLE]) * across).sum(axis=-1)
    left = ((flat[:, LEFT_TEMPLE] - nose) * across).sum(axis=-1)
    return np.asarray(np.degrees(np.arctan2(right - left, _NOSE_LEAD * np.abs(right + left))), np.float32)


def pitch_deg(points: FloatArray) -> FloatArray:
    """Return how far heads are raised from level, from the mesh's depth; 0 without depth [shape=(T,)]."""
    down = points[:, CHIN] - points[:, FOREHEAD]
    length = np.hypot(down[:, 0], down[:, 1])
    return np.asarray(np.degrees(np.arctan2(-down[:, 2], length)), np.float32)


def _doubts(points: FloatArray, face: FaceTrack) -> list[tuple[str, BoolArray]]:
    """Return what speaks against each frame, the first that holds being the reason to name."""
    seen = _seen(points)
    usable = points if seen.all() else np.where(seen[:, None, None], points, 0)
    width = _widths(usable)
    hidden = np.zeros(len(points), np.float32) if face.hidden_ratio is None else face.hidden_ratio[:, face.selected]
    turned = (_beyond(np.abs(yaw_deg(usable)), TURNED_DEG, BACK_DEG)
              | _beyond(np.abs(pitch_deg(usable)), NODDED_DEG, UP_DEG))
    return [(OTHER_SHOT, _empty_shots(seen, face.cuts)),
            (NO_FACE, ~seen),
            (OUTSIDE, _outside(usable, width, face)),
            (SMALL, _beyond(-_MOUTH_SHARE * width, -SMALL_MOUTH_PX, -SMALL_AGAIN_PX)),
            (TURNED, turned),
            (HIDDEN, _beyond(hidden, COVERED, FREE)),
            (IMPLAUSIBLE, _strange(points, seen) | _jumps(points, seen, face.cuts))]


def _seen(points: FloatArray) -> BoolArray:
    return np.asarray(np.isfinite(points).all(axis=(1, 2)))


def _unit(vectors: FloatArray) -> FloatArray:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-6), np.float32)


def _widths(points: FloatArray) -> FloatArray:
    """Return the width of the faces from temple to temple, turned or not [shape=(T,), pixels]."""
    return np.asarray(np.linalg.norm(points[:, RIGHT_TEMPLE] - points[:, LEFT_TEMPLE], axis=-1), np.float32)


def _beyond(values: FloatArray, enter: float, leave: float) -> BoolArray:
    """Return the stretches above `leave` that reach `enter`, so that a value near a limit does not flicker."""
    found = np.zeros(len(values), bool)
    for start, stop in true_runs(values > leave):
        found[start:stop] = values[start:stop].max() > enter
    return found


def _shots(count: int, cuts: Sequence[int]) -> list[tuple[int, int]]:
    edges = [0, *cuts, count]
    return list(zip(edges, edges[1:], strict=False))


def _empty_shots(seen: BoolArray, cuts: Sequence[int]) -> BoolArray:
    """Return the frames of shots that never show the face; without a cut there are none."""
    empty = np.zeros(len(seen), bool)
    for start, stop in _shots(len(seen), cuts) if cuts else ():
        empty[start:stop] = not seen[start:stop].any()
    return empty


def _outside(points: FloatArray, width: FloatArray, face: FaceTrack) -> BoolArray:
    """Return where the lips, or much of the outline, lie outside of the picture [shape=(T,)]."""
    far = [np.stack([-points[:, part, 0], points[:, part, 0] - (face.width_px - 1),
                     -points[:, part, 1], points[:, part, 1] - (face.height_px - 1)]).max(axis=0)
           for part in (list(LIPS_OUTER), list(OVAL))]
    return np.asarray((far[0].max(axis=1) > _LIPS_OUTSIDE * width) | ((far[1] > 0).mean(axis=1) > _OUTSIDE_SHARE))


def _strange(points: FloatArray, seen: BoolArray) -> BoolArray:
    """Return the frames whose mesh is far from the clip's usual shape, whatever its place, size and turn."""
    strange = np.zeros(len(points), bool)
    if seen.any():
        shapes = points[:, list(_SHAPE_POINTS)][seen]
        shapes -= shapes.mean(axis=1, keepdims=True)
        shapes /= np.maximum(np.linalg.norm(shapes, axis=(1, 2), keepdims=True), 1e-6)
        sample = shapes[:: len(shapes) // _SHAPE_FRAMES + 1]
        usual = sample[len(sample) // 2]
        for _ in range(3):
            usual = np.median(_turned_like(sample, usual), axis=0)
        strange[seen] = np.linalg.norm(_turned_like(shapes, usual) - usual, axis=(1, 2)) > STRANGE
    return strange


def _turned_like(shapes: FloatArray, usual: FloatArray) -> FloatArray:
    """Return shapes in the rotation that brings each nearest to the usual one [shape=(T, N, 3)]."""
    u, _, vt = np.linalg.svd(shapes.transpose(0, 2, 1) @ usual)
    u[..., -1] *= np.sign(np.linalg.det(u @ vt))[:, None]
    return np.asarray(shapes @ (u @ vt))


def _jumps(points: FloatArray, seen: BoolArray, cuts: Sequence[int]) -> BoolArray:
    """Return the frames that leave their neighbours' line for a frame or two; neighbours are of the same shot."""
    jumped = np.zeros(len(points), bool)
    for first, last in _shots(len(points), cuts):
        for start, stop in true_runs(seen[first:last]):
            part = slice(first + start, first + stop)
            if stop - start > 2 * _WINDOW:
                x = points[part][:, list(_JUMP_POINTS), :2]
                padded = np.pad(x, ((_WINDOW, _WINDOW), (0, 0), (0, 0)), mode="reflect")
                around = np.stack([padded[k : k + len(x)] for k in range(2 * _WINDOW + 1)])
                away = np.linalg.norm(x - np.median(around, axis=0), axis=-1).max(axis=1)
                jumped[part] = away > JUMP * np.median(_widths(points[part]))
    return jumped


def _near(before: FloatArray, after: FloatArray) -> bool:
    """Return whether one face can be in both places, and of both sizes, within a short gap."""
    small, large = sorted(float(w) for w in _widths(np.stack([before, after])))
    way = float(np.linalg.norm((after - before)[:, :2].mean(axis=0)))
    return way < _BRIDGE_REACH * large and large < 1.5 * small


def _ramp(start: int, stop: int, count: int, face: FaceTrack) -> FloatArray | None:
    """Return the strength over a trusted stretch, or None where it is over before it has become full."""
    fade = max(1, round(FADE_S * float(face.fps)))
    steps = np.arange(1, stop - start + 1, dtype=np.float32) / (fade + 1)
    ramp = np.ones(stop - start, np.float32)
    if start > 0 and start not in face.cuts:
        ramp = np.minimum(ramp, steps)
    if stop < count and stop not in face.cuts:
        ramp = np.minimum(ramp, steps[::-1])
    return np.asarray(ramp, np.float32) if ramp.max() == 1 else None
