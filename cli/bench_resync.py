"""run.py bench --resync: how good re-voiced clips are, measured on decoded files, with what must fail beside it."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ..models import register_all
from ..pipeline_core.errors import AvatarError
from ..pipeline_core.host import Host, PlainHost
from ..pipeline_core.media.video import read_frames
from ..pipeline_core.scoring import lips, offset
from ..pipeline_core.scoring.dlib_judge import DlibDescriptor, DlibLandmarks
from ..pipeline_core.types import UInt8Array
from .bench_resync_clips import Source, drawn_file, moments, revoice, sources, words_for
from .bench_resync_controls import DELAY_S, stretched
from .bench_resync_cost import SIZES, memory, speed
from .bench_resync_judge import ClipReport, judge
from .bench_resync_lines import READ_FROM, Reading, Said, said_by, scores
from .bench_resync_lips import delayed
from .bench_resync_sheet import Sheet
from .bench_text import machine, table
from .console import EXIT_OK, LauncherError, emit, say
from .quality import Row

FOLDER = "resync"
FPS_WANTED = {(1280, 720): 15.0, (1920, 1080): 8.0}
"""Frames a second on two CPUs, everything included."""
FLAT = 1.15
"""Memory of a clip ten times longer, over that of the clip: what is kept for every frame is small."""
CORRELATED = 0.2


@dataclass(frozen=True)
class Line:
    """A figure of all clips, and of each."""

    row: Row
    clips: tuple[float, ...] = ()


def run(arguments: argparse.Namespace) -> int:
    """Measure, print the table, and return the exit status."""
    register_all()
    most = _count(arguments.faces)
    result = run_resync(arguments.clips, most, Path(arguments.out) / FOLDER, PlainHost(), quick=arguments.quick)
    if arguments.json:
        emit(result, as_json=True)
    return EXIT_OK


def _count(text: str | None) -> int | None:
    if text is None:
        return None
    if not text.isdigit() or not int(text):
        raise LauncherError(f"--faces {text} is no number of clips", hint="With --resync, give for example --faces 3.")
    return int(text)


def run_resync(folder: str | None, most: int | None, out: Path, host: Host, *, quick: bool = False) -> dict[str, Any]:
    """Re-voice clips and measure the files.

    Parameters
    ----------
    folder : str or None
        Of clips; a clip of the sample portrait where None.
    most : int or None
        How many clips; all where None.
    out : Path
        Where results and pictures of them go.
    host : Host
        Device and cancelling.
    quick : bool
        Without the figures of speed and memory.

    Returns
    -------
    dict
        The table as JSON values.
    """
    found = sources(folder, most, out, host)
    reports, said, failed = [], [], []
    for number, source in enumerate(found):
        say(f"Re-voicing and judging {source.name}, {number + 1}/{len(found)}")
        try:
            report = measure(source, number, somebody_else(found, number), out, host)
            said.append(said_by(report, number, out, host))
            reports.append(report)
        except AvatarError as error:
            failed.append(f"{source.name}: {error.message}")
    if not reports:
        raise LauncherError(f"no clip could be re-voiced: {'; '.join(failed)}", hint="Give clips that show a face.")
    lines = [*closure_lines(said), *clip_lines(reports)]
    if not quick:
        lines += cost_lines(out, host)
    names = [report.name for report in reports]
    say("\n" + machine() + "\n\n" + shown(lines, names))
    for text in failed:
        say(f"Not measured: {text}")
    return {"machine": machine(), "clips": names, "failed": failed,
            "rows": [{**asdict(line.row), "passed": line.row.passed, "clips": line.clips} for line in lines]}


def measure(source: Source, number: int, other: UInt8Array, out: Path, host: Host) -> ClipReport:
    """Re-voice one clip, watch it, and leave a picture of it."""
    words = words_for(source.info.duration_s, number, host)
    take = revoice(source, words, out, host)
    sheet = Sheet(take.plan.frames, DlibLandmarks())
    report = judge(take, other, DlibDescriptor(), sheet.over(moments(take, host)))
    sheet.save(out / f"{source.name}.png")
    # Large; where the system does not let go of an open file it stays.
    with suppress(OSError):
        drawn_file(source, out).unlink()
    return report


def somebody_else(found: Sequence[Source], number: int) -> UInt8Array:
    """Return a picture of the next clip's person; of an only clip, the person stretched, who is nobody any more."""
    picture = next(read_frames(found[(number + 1) % len(found)].path))[1]
    return picture if len(found) > 1 else stretched(picture)


def clip_lines(reports: Sequence[ClipReport]) -> list[Line]:
    """Return the figures of all clips, pooled."""
    return [*lip_lines(reports), *look_lines(reports), *time_lines(reports)]


def closure_lines(said: Sequence[Said]) -> list[Line]:
    """Return how many closures are met, by dlib, who judges, and by the mesh, for comparison."""
    alike = [clip.alike for clip in said]
    read = [clip for clip, both in zip(said, alike, strict=True) if both >= READ_FROM]
    lines = [_closures("closures within a frame", [clip.dlib for clip in said], 0.95)]
    if read:
        lines.append(_closures(f"the same, {len(read)} clips whose lips dlib reads in the source", [clip.dlib for clip in read]))
    lines.append(Line(Row("gap of the source's lips, correlation of dlib and the mesh", _mean(alike)), tuple(alike)))
    lines.append(_closures("closures by the mesh that drives the drawing", [clip.mesh for clip in said]))
    return lines


def _closures(name: str, clips: Sequence[tuple[Reading, ...]], least: float | None = None) -> Line:
    score, before = scores([reading for clip in clips for reading in clip])
    row = Row(f"{name}, of {score.closures}", score.recall, least, None,
              f"untouched source {before.recall:.2f}, chance {score.chance:.2f}, best shuffle {score.shuffled_top:.2f}",
              least is None or before.recall < least)
    return Line(row, tuple(scores(clip)[0].recall for clip in clips))


def lip_lines(reports: Sequence[ClipReport]) -> list[Line]:
    """Return what else the lips say."""
    score = lips.score_lips([r.lips for r in reports])
    each = [lips.score_lips([r.lips]) for r in reports]
    fits = [r.offset for r in reports]
    known = [fit for fit in fits if fit.measurable]
    late = [offset.measure_offset(delayed(r.lips, DELAY_S)) for r in reports]
    lag_ms = 1000.0 * _median([fit.offset_s for fit in known])
    late_ms = 1000.0 * _median([fit.offset_s for fit in late if fit.measurable])
    return [
        Line(Row("shut moments with a reason", score.precision), tuple(s.precision for s in each)),
        Line(Row("open vowels open", score.open_ok), tuple(s.open_ok for s in each)),
        Line(Row("offset, ms (+ picture late)", lag_ms, -20.0, 20.0,
                 f"late by {1000 * DELAY_S:.0f} ms: {late_ms:+.0f}; {len(known)} of {len(fits)} clips tell",
                 abs(late_ms) > 20.0), tuple(1000.0 * f.offset_s if f.measurable else np.nan for f in fits)),
        Line(Row("correlation with the new words", _mean([f.correlation for f in fits]), None, None,
                 f"untouched source {_mean([offset.measure_offset(r.source_lips).correlation for r in reports]):.2f}"),
             tuple(f.correlation for f in fits)),
        *(_leak_line(reports, key, name) for key, name in
          (("lips", "old speech, as the old lips moved"), ("sound", "old speech, as the old sound asks"))),
        Line(Row("pauses and the end with a shut mouth", _mean([r.pause_shut for r in reports])),
             tuple(r.pause_shut for r in reports)),
    ]


def _leak_line(reports: Sequence[ClipReport], key: str, name: str) -> Line:
    title = f"{name}, correlation above chance"
    known = [r for r in reports if key in r.leaks]
    if not known:
        return Line(Row(title, np.nan, control="not measurable: not even the source's own lips follow its sound"))
    frames = [len(r.lips.times_s) for r in known]
    new, source, perfect = (
        float(np.average([r.leaks[key][which].excess for r in known], weights=frames))
        for which in range(3))
    row = Row(title, new, None, CORRELATED,
              f"untouched source {source:.2f}; perfect lips by coincidence {perfect:.2f}", source > CORRELATED)
    return Line(row, tuple(r.leaks[key][0].excess if key in r.leaks else np.nan for r in reports))


LOOKS = {
    "identity": ("identity distance to the same frame", None, 0.3, "another person"),
    "identity_worst": ("identity distance, worst frame", None, None, ""),
    "sharpness": ("mouth sharpness over the source's", 0.85, 1.2, "blurred"),
    "skin_sharpness": ("sharpness of the skin around the lips", 0.85, 1.2, "blurred"),
    "seam": ("seam before encoding", None, 0.3, "hard paste"),
    "seam_worst": ("seam, worst frame", None, None, ""),
    "finished_seam": ("seam in the file", None, None, "hard paste"),
    "flicker": ("flicker of the mask's border", None, 1.1, "trembling"),
    "swim": ("swim: jitter of landmarks beside the mouth", None, 1.15, "trembling"),
    "texture_swim": ("swim: jitter of the skin's texture", None, 1.15, "trembling"),
    "stray": ("levels off outside the mask", None, 0.0, "one stained pixel"),
}
"""Name of the row, least, most, and what its control is."""
WORST = ("identity_worst", "seam_worst", "stray")
"""Of these the worst clip counts, of the others the mean."""


def look_lines(reports: Sequence[ClipReport]) -> list[Line]:
    """Return how the pictures look."""
    return [_look_line(reports, key, *about) for key, about in LOOKS.items()]


def _look_line(reports: Sequence[ClipReport], key: str, name: str, low: float | None, high: float | None, control: str) -> Line:
    each = tuple(r.watched.values[key] for r in reports)
    spoilt = [r.watched.controls[key] for r in reports]
    row = Row(name, max(each) if key in WORST else _mean(each), low, high)
    bad = _mean(spoilt)
    return Line(replace(row, control=f"{control} {bad:.2f}" if control else "",
                        good_control=not control or (np.isfinite(bad) and replace(row, value=bad).passed is not True)), each)


def time_lines(reports: Sequence[ClipReport]) -> list[Line]:
    """Return how far frames, rate and length are from the source's."""
    pairs = [r.timing for r in reports]
    frames = [abs(new.frames - old.frames) for old, new in pairs]
    rates = [abs(float(new.fps - old.fps)) for old, new in pairs]
    lengths = [1000.0 * abs(new.duration_s - old.duration_s) for old, new in pairs]
    sounds = [1000.0 * abs(new.sound_s - new.duration_s) for _, new in pairs]
    return [
        Line(Row("frames more or fewer", max(frames), None, 0.0, "one dropped: 1"), tuple(map(float, frames))),
        Line(Row("frames a second off", max(rates), None, 0.0), tuple(rates)),
        Line(Row("length off, ms", max(lengths), None, 1.0), tuple(lengths)),
        Line(Row("sound longer or shorter than the picture, ms", max(sounds), None, 23.0), tuple(sounds)),
    ]


def cost_lines(out: Path, host: Host) -> list[Line]:
    """Return speed and memory."""
    lines = []
    for size in SIZES:
        told = speed(size, out, host)
        lines.append(Line(Row(
            f"frames/s, all included, {size[0]} x {size[1]}", told["fps"], FPS_WANTED[size], None,
            f"encoder alone {told['encode_fps']:.1f} ({told['of_encoder']:.2f} of it); processor "
            f"{told['processor_ms']:.0f} ms a frame; {told['peak_rss_mb']:.0f} MB")))
    short, long = memory(out, host)
    lines.append(Line(Row("memory of a clip ten times longer, over the clip's", long["peak_rss_mb"] / short["peak_rss_mb"],
                          None, FLAT, f"{short['seconds']:.0f} s: {short['peak_rss_mb']:.0f} MB; "
                          f"{long['seconds']:.0f} s: {long['peak_rss_mb']:.0f} MB")))
    return lines


def shown(lines: Sequence[Line], names: Sequence[str]) -> str:
    """Return the table, targets and controls beside the figures, and each clip's own."""
    verdicts = {True: "pass", False: "FAIL", None: ""}
    rows = [[line.row.name, f"{line.row.value:.3f}", line.row.gate, verdicts[line.row.passed], line.row.control,
             *(f"{value:.2f}" for value in line.clips), *[""] * (len(names) - len(line.clips))] for line in lines]
    return table(["figure", "measured", "target", "verdict", "control", *names], rows)


def _mean(values: Sequence[float]) -> float:
    known = [value for value in values if np.isfinite(value)]
    return float(np.mean(known)) if known else np.nan


def _median(values: Sequence[float]) -> float:
    return float(np.median(values)) if len(values) else np.nan
