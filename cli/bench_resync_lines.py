"""Further lines for each clip of the re-voicing bench, and a second reader of lips: one line a clip has few closures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..pipeline_core.face.detect import DetectSettings
from ..pipeline_core.face.video import detect_video
from ..pipeline_core.host import Host
from ..pipeline_core.media.encode import EncodeSettings, write_video
from ..pipeline_core.media.video import read_frames
from ..pipeline_core.render.plan import frames
from ..pipeline_core.scoring import lips
from ..pipeline_core.scoring.landmarks import Points
from ..pipeline_core.scoring.lips import LipClip, LipScore
from ..pipeline_core.types import FaceTrack
from .bench_resync_clips import LINES, Source, Words, plan_of, sound_start_s, words_for
from .bench_resync_judge import ClipReport
from .bench_resync_look import CloseLandmarks

LINES_EACH = 3
"""Lines that each clip is made to say in turn: seven clips then hold 50 to 60 closures."""
READ_FROM = 0.5
"""Correlation of the gaps that two readers see between the source's own lips, from which dlib counts as reading them:
what it says about offsets is trusted from there as well."""


@dataclass(frozen=True, eq=False)
class Reading:
    """The lips of a clip that says one line, as one reader sees them."""

    new: LipClip
    source: LipClip
    """Of the untouched source, with the same words: the control."""


@dataclass(frozen=True, eq=False)
class Said:
    """All lines of one clip, by both readers."""

    dlib: tuple[Reading, ...]
    mesh: tuple[Reading, ...]
    """By the landmarks that drive the drawing: no independent judge, but they read lips under a moustache."""

    @property
    def alike(self) -> float:
        """Correlation of the gaps that the readers see in the untouched source."""
        dlib, mesh = self.dlib[0].source.aperture, self.mesh[0].source.aperture
        count = min(len(dlib), len(mesh))
        return float(np.corrcoef(dlib[:count], mesh[:count])[0, 1])


def said_by(report: ClipReport, number: int, out: Path, host: Host) -> Said:
    """Let a clip that has said its first line say the others, and read all of them twice."""
    take, watched = report.take, report.watched
    source, own = take.source, _by_mesh(take.encoded, host)
    dlib = [Reading(report.lips, report.source_lips)]
    mesh = [_reading(source, take.words, watched.times_s, _by_mesh(take.finished, host), own)]
    for words in further_words(take.words, source.info.duration_s, number, host):
        path = out / f"{source.name}-line{len(dlib) + 1}.mp4"
        _say_in_file(take.plan.face, words, path, host)
        times, points = _by_dlib(path)
        dlib.append(_reading(source, words, times, points, watched.own))
        mesh.append(_reading(source, words, times, _by_mesh(path, host), own))
    return Said(tuple(dlib), tuple(mesh))


def further_words(first: Words, duration_s: float, number: int, host: Host) -> Iterator[Words]:
    """Yield what a clip says after its first words: nothing twice."""
    words, left = first, LINES
    for _ in range(1, LINES_EACH):
        left = tuple(line for line in left if line not in words.text)
        if not left:
            return
        words = words_for(duration_s, number, host, left)
        yield words


def scores(readings: Sequence[Reading]) -> tuple[LipScore, LipScore]:
    """Return what lips say after, and in the untouched sources."""
    return lips.score_lips([r.new for r in readings]), lips.score_lips([r.source for r in readings])


def _say_in_file(face: FaceTrack, words: Words, path: Path, host: Host) -> None:
    plan = plan_of(face, words, host)
    pictures = (picture[..., :3] for picture in frames(plan, 0, None, host))
    write_video(pictures, path, fps=plan.fps, size=plan.size_px, count=plan.frames, sound=plan.sound,
                settings=EncodeSettings(), metadata={}, host=host)


def _by_dlib(path: Path) -> tuple[tuple[float, ...], tuple[Points | None, ...]]:
    start_s, find = sound_start_s(path), CloseLandmarks()
    times, points = zip(*((time_s - start_s, find(picture)) for time_s, picture in read_frames(path)), strict=True)
    return times, points


def _by_mesh(path: Path, host: Host) -> list[Points | None]:
    face = detect_video(path, DetectSettings(), host)
    return [points if np.isfinite(points).all() else None for points in face.landmarks_px[:, face.selected]]


def _reading(source: Source, words: Words, times_s: Sequence[float], new: Sequence[Points | None],
             own: Sequence[Points | None]) -> Reading:
    count = min(len(times_s), len(new), len(own))
    read = [lips.lip_clip(times_s[:count], points[:count], words.phones, words.closures, source.name) for points in (new, own)]
    return Reading(read[0], read[1])
