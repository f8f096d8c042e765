"""run.py bench --transfer: how exactly portraits do what a filmed face does, with what must fail beside it.

Every portrait is moved by every driver and drawn; then the face is looked for and fitted again in the drawn
frames, and its curves are compared with the driver's own. What the judge can see at all is measured too: every
portrait is drawn with a motion that is known exactly.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from ..models import register_all
from ..models.head_tracker import head_angles_deg
from ..models.photo_head.field import rotation_matrix
from ..models.samples import CLIPS, sample_file
from ..pipeline_core.arkit import INDEX
from ..pipeline_core.errors import AvatarError
from ..pipeline_core.face.detect import DetectSettings, detect_faces
from ..pipeline_core.face.video import detect_pictures, detect_video
from ..pipeline_core.host import Host, PlainHost
from ..pipeline_core.media.image import load_portrait, portrait_from_array
from ..pipeline_core.media.video import read_frames
from ..pipeline_core.motion.rest import rest_of
from ..pipeline_core.motion.transfer import HEAD_FREE_DEG, TransferSettings, lids_motion, transfer_motion
from ..pipeline_core.registry import resolve
from ..pipeline_core.render.plan import frames, plan_render
from ..pipeline_core.render.settings import RenderSettings
from ..pipeline_core.types import FaceTrack, FloatArray, HeadTrack, MotionTrack, UInt8Array
from .bench_text import machine, table
from .bench_transfer_ceiling import known_curves, known_motion
from .console import EXIT_OK, LauncherError, emit, say
from .quality import PICTURES, Row
from .sample import sample_portrait

FOLDER = "transfer"
VIDEOS = (".mp4", ".mov", ".mkv", ".webm", ".mpg", ".avi")
SIDE_PX = 448
"""Shorter side of what is drawn: enough for the landmarks, and quick."""
AROUND = 2.2
"""Portraits and frames are cut to a square of this many face heights, so that small faces count as large ones do."""
QUICK_S = 3.0
FOLLOWED, HEAD_DEG = 0.8, 2.0
Box = tuple[int, int, int, int]


def _mean(track: HeadTrack, *names: str) -> FloatArray:
    return np.asarray(track.expression[:, [INDEX[name] for name in names]].mean(axis=1))


def _brows(track: HeadTrack) -> FloatArray:
    outer = _mean(track, "browOuterUpLeft", "browOuterUpRight")
    return _mean(track, "browInnerUp") + outer - _mean(track, "browDownLeft", "browDownRight")


def _blink(track: HeadTrack) -> FloatArray:
    return np.asarray(np.maximum(lids_motion(track.lids_ratio, rest_of(track).lids_ratio), 0.0).mean(axis=1))


MEASURED: dict[str, tuple[Callable[[HeadTrack], FloatArray], float]] = {
    "jaw": (lambda track: _mean(track, "jawOpen"), 0.04),
    "smile": (lambda track: _mean(track, "mouthSmileLeft", "mouthSmileRight"), 0.06),
    "brows": (_brows, 0.25),
    "blink": (_blink, 0.09),
    "gaze across": (lambda track: np.asarray(track.gaze_deg[:, 0]), 1.9),
    "gaze up": (lambda track: np.asarray(track.gaze_deg[:, 1]), 1.8),
    "lips apart": (lambda track: np.asarray(track.lips_ratio[:, 0]), 0.02),
    "mouth width": (lambda track: np.asarray(track.lips_ratio[:, 1]), 0.02),
}
"""What is compared, and the least standard deviation of a driver who moves it: below, there is nothing to follow.
Brows that rest seem to move by up to 0.23 when the head nods; eyes that move by less than 1.9 degrees (1.8 up) were
found again in the drivers' own clips, encoded anew, with 0.4 to 0.7 only."""
GATED = ("jaw", "smile", "brows", "blink", "gaze across", "gaze up")
AMPLITUDE = (0.8, 1.2)
"""A strength of 1 is as much as the driver does."""
SWITCHED = ("jaw", "smile", "brows", "gaze across", "gaze up")
OVER_FLOOR = 2.2
"""Curves of which a fifth of the variance is the judge's own, in the driver and in the portrait alike, correlate at 0.8:
movement must be larger than what the judge sees in parts that rest by the root of five."""
SHUT = 0.35
"""Eyes whose lids are further down do not count for gaze."""


@dataclass(frozen=True, eq=False)
class Driver:
    """A clip and what its face does."""

    name: str
    path: Path
    track: HeadTrack
    box: Box = (0, 0, 0, 0)
    """Its face with surroundings: left, top, right, bottom in pixels."""


@dataclass(frozen=True)
class Pair:
    """One portrait moved by one driver."""

    driver: str
    portrait: str
    followed: dict[str, float]
    """Correlation of what was found again with the driver's, for what the driver moves."""
    shuffled: dict[str, float]
    other: dict[str, float]
    """The same with the driver's frames in another order, and with another driver (or this one backwards)."""
    amplitude: dict[str, float]
    """How much was found again of each unit of the driver's."""
    head_deg: tuple[float, float, float]
    """Mean error of yaw, pitch and roll where the head is within +-15 degrees."""
    head_other: float


def run(arguments: argparse.Namespace) -> int:
    """Measure, print the table, and return the exit status."""
    register_all()
    result = run_transfer(arguments.clips, arguments.portraits, Path(arguments.out) / FOLDER, PlainHost(),
                          quick=arguments.quick)
    if arguments.json:
        emit(result, as_json=True)
    return EXIT_OK


def run_transfer(clips: str | None, portraits: str | None, out: Path, host: Host, *, quick: bool = False) -> dict[str, Any]:
    """Move portraits by drivers and measure them.

    Parameters
    ----------
    clips, portraits : str or None
        Folders of videos and of pictures; the samples where None.
    out : Path
        Where a picture of each pair goes, the driver above the portrait.
    host : Host
        Device and cancelling.
    quick : bool
        Only the first seconds of each clip.

    Returns
    -------
    dict
        The figures as JSON values.
    """
    drivers = list(_drivers(clips, host))
    faces = list(_faces(portraits, host))
    if not drivers or not faces:
        raise LauncherError("there is no clip or no portrait with a face", hint="Give --clips and --portraits with folders.")
    pairs, most_s = [], QUICK_S if quick else 1e9
    stills = [stilled(driver, faces[0][1], host, most_s) for driver in drivers]
    for index, (driver, still) in enumerate(zip(drivers, stills, strict=True)):
        other = drivers[(index + 1) % len(drivers)].track if len(drivers) > 1 else None
        for name, face in faces:
            say(f"{driver.name} -> {name}")
            pairs.append(_measure(driver, name, face, other, out, host, most_s, floors(driver.track, still)))
    seen = {name: ceiling(face, host) for name, face in faces}
    rows = [*rows_of(pairs, seen), *off_rows(drivers, stills)]
    say("\n" + machine() + "\n\n" + _text(rows) + "\n\n" + _detail(pairs) + "\n\n" + _ceilings(seen))
    return {"machine": machine(), "rows": [vars(row) | {"passed": row.passed} for row in rows],
            "pairs": [vars(pair) for pair in pairs], "ceilings": seen}


def _measure(driver: Driver, name: str, face: FaceTrack, other: HeadTrack | None, out: Path, host: Host, most_s: float,
             floor: Mapping[str, float]) -> Pair:
    motion = transfer_motion(driver.track, TransferSettings(), face=face)
    count = min(motion.frames, int(most_s * float(motion.fps)))
    drawn = draw(face, motion, count, host)
    again = resolve("tracker").load().track(detect_pictures(drawn, motion.fps, DetectSettings(), host), host)
    _sheet(driver, drawn, out / f"{driver.path.stem}_{name}.jpg")
    return compare(driver, name, motion, again, other, floor)


def draw(face: FaceTrack, motion: MotionTrack, count: int, host: Host) -> list[UInt8Array]:
    """Return the first frames of a portrait in motion, small."""
    share = min(1.0, SIDE_PX / min(face.width_px, face.height_px))
    size = {"width_px": 2 * round(face.width_px * share / 2), "height_px": 2 * round(face.height_px * share / 2)}
    plan = plan_render(face, motion, RenderSettings(**size))
    return [np.ascontiguousarray(frame[..., :3]) for frame in frames(plan, 0, count, host)]


def compare(driver: Driver, portrait: str, motion: MotionTrack, again: HeadTrack, other: HeadTrack | None,
            floor: Mapping[str, float] | None = None) -> Pair:
    """Compare what was found again in the first frames with the driver's, and with what it must not resemble.

    Parts count that the driver moves by more than the judge sees in parts that rest (`floors`).
    """
    count = len(again.seen)
    order = np.random.default_rng(0).permutation(count)
    followed, shuffled, strange, amplitude = {}, {}, {}, {}
    for name, (curve, least) in MEASURED.items():
        wanted, found = curve(driver.track)[:count], curve(again)
        counts = _visible(name, driver.track, again)
        if counts.sum() < 2 or wanted[counts].std() < max(least, OVER_FLOOR * (floor or {}).get(name, 0.0)):
            continue
        followed[name] = correlation(wanted[counts], found[counts])
        shuffled[name] = correlation(wanted[order][counts], found[counts])
        strange[name] = correlation(_fitting(wanted[::-1] if other is None else curve(other), count)[counts], found[counts])
        amplitude[name] = gain(wanted[counts], found[counts])
    head, wrong = motion.summed().head_deg[:count], motion.summed().head_deg[:count][order]
    return Pair(driver.name, portrait, followed, shuffled, strange, amplitude,
                head_error(head, again.head_deg), max(head_error(wrong, again.head_deg)))


def _visible(name: str, driver: HeadTrack, again: HeadTrack) -> np.ndarray:
    """Return the frames that count: where somebody looks is seen in open eyes only [shape=(T,)]."""
    count = len(again.seen)
    if not name.startswith("gaze"):
        return np.ones(count, bool)
    lids = [lids_motion(track.lids_ratio, rest_of(track).lids_ratio).max(axis=1)[:count] for track in (driver, again)]
    return np.asarray(np.maximum(*lids) < SHUT)


def ceiling(face: FaceTrack, host: Host) -> dict[str, float]:
    """Return how well the judge sees a known motion of a portrait: no driver can be followed better."""
    curves = known_curves()
    motion = known_motion(curves)
    again = resolve("tracker").load().track(detect_pictures(draw(face, motion, motion.frames, host), motion.fps, DetectSettings(), host), host)
    counts = {name: (curves["blink"] == 0.0) if name.startswith("gaze") else np.ones(motion.frames, bool) for name in GATED}
    return {name: correlation(curves[name][counts[name]], MEASURED[name][0](again)[counts[name]]) for name in GATED}


def stilled(driver: Driver, face: FaceTrack, host: Host, most_s: float) -> HeadTrack:
    """Return what the judge finds where mouth, brows and gaze are switched off, and only head and lids do what the driver does."""
    motion = transfer_motion(driver.track, TransferSettings(mouth=0.0, brows=0.0, gaze=0.0), face=face)
    drawn = draw(face, motion, min(motion.frames, int(most_s * float(motion.fps))), host)
    return resolve("tracker").load().track(detect_pictures(drawn, motion.fps, DetectSettings(), host), host)


def floors(driver: HeadTrack, still: HeadTrack) -> dict[str, float]:
    """Return by how much parts that are switched off seem to move."""
    return {name: float(MEASURED[name][0](still)[_visible(name, driver, still)].std()) for name in SWITCHED}


def off_rows(drivers: Sequence[Driver], stills: Sequence[HeadTrack]) -> list[Row]:
    """Return what is found again of parts that are switched off: hardly anything, or the gates mean nothing."""
    rows = []
    for name in SWITCHED:
        pairs = [(MEASURED[name][0](driver.track)[: len(still.seen)], MEASURED[name][0](still), _visible(name, driver.track, still))
                 for driver, still in zip(drivers, stills, strict=True)]
        found = [gain(wanted[counts], found[counts]) for wanted, found, counts in pairs
                 if counts.sum() > 1 and wanted[counts].std() >= MEASURED[name][1]]
        if found:
            middle = float(np.median(found))
            rows.append(Row(f"amplitude of {name}, switched off", middle, None, None, "", abs(middle) < AMPLITUDE[0]))
    return rows


def gain(wanted: FloatArray, found: FloatArray) -> float:
    """Return how much was found for each unit of what was wanted."""
    if len(wanted) < 2 or wanted.std() < 1e-6:
        return 0.0
    return float(np.cov(wanted, found)[0, 1] / wanted.var(ddof=1))


def _fitting(curve: FloatArray, count: int) -> FloatArray:
    return np.asarray(np.resize(curve, count))


def correlation(a: FloatArray, b: FloatArray) -> float:
    """Return how alike two curves run, -1..1; 0 where one does not move."""
    if len(a) < 2 or min(a.std(), b.std()) < 1e-6:
        return 0.0
    return float(np.corrcoef(a, b)[0, 1])


def head_error(wanted: FloatArray, found: FloatArray) -> tuple[float, float, float]:
    """Return the mean error of yaw, pitch and roll within +-15 degrees, the portrait's own direction taken off.

    As rotations, because angles do not add up: a head that looks down a little and turns also tilts.
    """
    near = np.abs(wanted).max(axis=1) <= HEAD_FREE_DEG
    turns, seen = (np.stack([rotation_matrix(angles) for angles in part[near]]) for part in (wanted, found))
    u, _, vt = np.linalg.svd((turns.swapaxes(1, 2) @ seen).mean(axis=0))
    error = np.abs(head_angles_deg(seen @ (u @ vt).T) - wanted[near]).mean(axis=0)
    return float(error[0]), float(error[1]), float(error[2])


def rows_of(pairs: Sequence[Pair], seen: Mapping[str, Mapping[str, float]] | None = None) -> list[Row]:
    """Return the figures over all pairs; `seen` are the portraits' ceilings."""
    rows = []
    for name in MEASURED:
        told = [pair for pair in pairs if name in pair.followed]
        if not told:
            continue
        values = [pair.followed[name] for pair in told]
        wrong = [float(np.mean([controls[name] for controls in (getattr(pair, kind) for pair in told)])) for kind in ("shuffled", "other")]
        rows.append(Row(f"{name} follows the driver, mean of {len(told)}", float(np.mean(values)),
                        FOLLOWED if name in GATED else None, None,
                        f"worst {min(values):.2f}; shuffled {wrong[0]:.2f}, another driver {wrong[1]:.2f}"
                        + _where_seen(name, told, seen or {}), max(wrong) < FOLLOWED))
        if name in GATED:
            rows.append(Row(f"amplitude of {name}, median", float(np.median([pair.amplitude[name] for pair in told])), *AMPLITUDE))
    for axis, what in enumerate(("turn", "nod", "tilt")):
        errors = [pair.head_deg[axis] for pair in pairs]
        rows.append(Row(f"error of the head's {what} within 15 degrees, mean", float(np.mean(errors)), None, HEAD_DEG,
                        f"worst {max(errors):.2f}"))
    shuffled = max(pair.head_other for pair in pairs)
    return [*rows, Row("the same in another order, largest", shuffled, None, None, "", shuffled > HEAD_DEG)]


def _where_seen(name: str, pairs: Sequence[Pair], seen: Mapping[str, Mapping[str, float]]) -> str:
    """Return the mean over the portraits on which the judge can follow a known motion."""
    values = [pair.followed[name] for pair in pairs if seen.get(pair.portrait, {}).get(name, 0.0) >= FOLLOWED]
    return f"; where the judge follows a known motion {np.mean(values):.2f} of {len(values)}" if values else ""


def _ceilings(seen: Mapping[str, Mapping[str, float]]) -> str:
    return table(("known motion found again", *GATED),
                 [(name, *(f"{values[part]:.2f}" for part in GATED)) for name, values in seen.items()])


def _text(rows: Sequence[Row]) -> str:
    verdict = {True: "yes", False: "NO", None: ""}
    return table(("figure", "value", "gate", "met", "beside it"),
                 [(row.name, f"{row.value:.2f}", row.gate, verdict[row.passed], row.control) for row in rows])


def _detail(pairs: Sequence[Pair]) -> str:
    head = ("driver", "portrait", *GATED, "turn, nod, tilt")
    return table(head, [(p.driver, p.portrait, *(f"{p.followed[n]:.2f}" if n in p.followed else "-" for n in GATED),
                         ", ".join(f"{e:.1f}" for e in p.head_deg)) for p in pairs])


def _drivers(folder: str | None, host: Host) -> Iterator[Driver]:
    paths = [sample_file(file) for file in CLIPS.values()] if folder is None else _files(folder, VIDEOS, "--clips")
    for path in paths:
        say(f"measuring {path.name}")
        try:
            found = detect_video(path, DetectSettings(), host)
            yield Driver(path.stem, path, resolve("tracker").load().track(found, host), around(found))
        except AvatarError as error:
            say(f"left out: {path.name}: {error.message}")


def _faces(folder: str | None, host: Host) -> Iterator[tuple[str, FaceTrack]]:
    for path in [sample_portrait()] if folder is None else _files(folder, PICTURES, "--portraits"):
        try:
            portrait = load_portrait(str(path))
            left, top, right, bottom = around(detect_faces(portrait, DetectSettings(), host))
            close = portrait_from_array(portrait.image[top:bottom, left:right], source=path.name)
            yield path.stem, detect_faces(close, DetectSettings(), host)
        except AvatarError as error:
            say(f"left out: {path.name}: {error.message}")


def around(face: FaceTrack) -> Box:
    """Return the square around the selected face, as far as the picture goes."""
    points = np.nanmedian(face.landmarks_px[:, face.selected], axis=0)
    centre, half = points[:, :2].mean(axis=0), AROUND / 2 * float(np.ptp(points[:, 1]))
    left, top = np.maximum(centre - half, 0.0).astype(int)
    return int(left), int(top), min(int(centre[0] + half), face.width_px), min(int(centre[1] + half), face.height_px)


def _files(folder: str, endings: Sequence[str], option: str) -> list[Path]:
    if not Path(folder).is_dir():
        raise LauncherError(f"{option} {folder} is no folder", hint="Give a folder.")
    return sorted(path for path in Path(folder).iterdir() if path.suffix.lower() in endings)


def _sheet(driver: Driver, drawn: Sequence[UInt8Array], target: Path, columns: int = 8, side_px: int = 220) -> None:
    """Write frames of the driver above those of the portrait."""
    wanted = np.unique(np.linspace(0, len(drawn) - 1, columns).round().astype(int))
    sources = {k: image for k, (_, image) in enumerate(islice(read_frames(driver.path), len(drawn))) if k in wanted}
    sheet = Image.new("RGB", (side_px * len(wanted), 2 * side_px))
    left, top, right, bottom = driver.box
    for column, k in enumerate(wanted):
        for row, image in enumerate((sources.get(int(k)), drawn[k])):
            if image is not None:
                small = Image.fromarray(image if row else image[top:bottom, left:right])
                small.thumbnail((side_px, side_px))
                sheet.paste(small, (column * side_px, row * side_px))
    target.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(target, quality=90)
