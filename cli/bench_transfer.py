"""run.py bench --transfer: how exactly portraits do what a filmed face does, with what must fail beside it.

Every portrait is moved by every driver and drawn; then the face is looked for and fitted again in the drawn
frames, and its curves are compared with the driver's own.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
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
    "jaw": (lambda track: _mean(track, "jawOpen"), 0.03),
    "smile": (lambda track: _mean(track, "mouthSmileLeft", "mouthSmileRight"), 0.04),
    "brows": (_brows, 0.15),
    "blink": (_blink, 0.09),
    "lips apart": (lambda track: np.asarray(track.lips_ratio[:, 0]), 0.02),
    "mouth width": (lambda track: np.asarray(track.lips_ratio[:, 1]), 0.02),
}
"""What is compared, and the least standard deviation of a driver who moves it: below, there is nothing to follow.
Brows that rest seem to move by up to 0.14 when the head nods."""
GATED = ("jaw", "smile", "brows", "blink")


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
    pairs = []
    for index, driver in enumerate(drivers):
        other = drivers[(index + 1) % len(drivers)].track if len(drivers) > 1 else None
        for name, face in faces:
            say(f"{driver.name} -> {name}")
            pairs.append(_measure(driver, name, face, other, out, host, QUICK_S if quick else 1e9))
    rows = rows_of(pairs)
    say("\n" + machine() + "\n\n" + _text(rows) + "\n\n" + _detail(pairs))
    return {"machine": machine(), "rows": [vars(row) | {"passed": row.passed} for row in rows],
            "pairs": [vars(pair) for pair in pairs]}


def _measure(driver: Driver, name: str, face: FaceTrack, other: HeadTrack | None, out: Path, host: Host, most_s: float
             ) -> Pair:
    motion = transfer_motion(driver.track, TransferSettings(), face=face)
    count = min(motion.frames, int(most_s * float(motion.fps)))
    drawn = draw(face, motion, count, host)
    again = resolve("tracker").load().track(detect_pictures(drawn, motion.fps, DetectSettings(), host), host)
    _sheet(driver, drawn, out / f"{driver.path.stem}_{name}.jpg")
    return compare(driver, name, motion, again, other)


def draw(face: FaceTrack, motion: MotionTrack, count: int, host: Host) -> list[UInt8Array]:
    """Return the first frames of a portrait in motion, small."""
    share = min(1.0, SIDE_PX / min(face.width_px, face.height_px))
    size = {"width_px": 2 * round(face.width_px * share / 2), "height_px": 2 * round(face.height_px * share / 2)}
    plan = plan_render(face, motion, RenderSettings(**size))
    return [np.ascontiguousarray(frame[..., :3]) for frame in frames(plan, 0, count, host)]


def compare(driver: Driver, portrait: str, motion: MotionTrack, again: HeadTrack, other: HeadTrack | None) -> Pair:
    """Compare what was found again in the first frames with the driver's, and with what it must not resemble."""
    count = len(again.seen)
    order = np.random.default_rng(0).permutation(count)
    followed, shuffled, strange = {}, {}, {}
    for name, (curve, least) in MEASURED.items():
        wanted, found = curve(driver.track)[:count], curve(again)
        if wanted.std() < least:
            continue
        followed[name] = correlation(wanted, found)
        shuffled[name] = correlation(wanted[order], found)
        strange[name] = correlation(_fitting(wanted[::-1] if other is None else curve(other), count), found)
    head, wrong = motion.summed().head_deg[:count], motion.summed().head_deg[:count][order]
    return Pair(driver.name, portrait, followed, shuffled, strange,
                head_error(head, again.head_deg), max(head_error(wrong, again.head_deg)))


def _fitting(curve: FloatArray, count: int) -> FloatArray:
    return np.asarray(np.resize(curve, count))


def correlation(a: FloatArray, b: FloatArray) -> float:
    """Return how alike two curves run, -1..1; 0 where one does not move."""
    if min(a.std(), b.std()) < 1e-6:
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


def rows_of(pairs: Sequence[Pair]) -> list[Row]:
    """Return the figures over all pairs."""
    rows = []
    for name in MEASURED:
        told = [pair for pair in pairs if name in pair.followed]
        if not told:
            continue
        values = [pair.followed[name] for pair in told]
        wrong = [float(np.mean([controls[name] for controls in (getattr(pair, kind) for pair in told)])) for kind in ("shuffled", "other")]
        rows.append(Row(f"{name} follows the driver, mean of {len(told)}", float(np.mean(values)),
                        FOLLOWED if name in GATED else None, None,
                        f"worst {min(values):.2f}; shuffled {wrong[0]:.2f}, another driver {wrong[1]:.2f}", max(wrong) < FOLLOWED))
    for axis, what in enumerate(("turn", "nod", "tilt")):
        errors = [pair.head_deg[axis] for pair in pairs]
        rows.append(Row(f"error of the head's {what} within 15 degrees, mean", float(np.mean(errors)), None, HEAD_DEG,
                        f"worst {max(errors):.2f}"))
    shuffled = max(pair.head_other for pair in pairs)
    return [*rows, Row("the same in another order, largest", shuffled, None, None, "", shuffled > HEAD_DEG)]


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
