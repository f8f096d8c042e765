"""run.py bench --quality: how good the videos are, measured on the files by judges of another family."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ..models import register_all
from ..pipeline_core.errors import AvatarError
from ..pipeline_core.host import Host, PlainHost
from ..pipeline_core.media.image import load_portrait
from ..pipeline_core.scoring import lips, offset
from ..pipeline_core.scoring.dlib_judge import DlibDescriptor, DlibLandmarks
from .console import EXIT_OK, LauncherError, emit, say
from .quality_clip import (
    SOURCES,
    ClipReport,
    LifeReport,
    StillReport,
    Subject,
    measure_clip,
    measure_life,
    measure_still,
    subject_of,
)
from .sample import sample_portrait
from .speech_sets.held_out import HARVARD as SENTENCES

QUICK_SENTENCES = 4
PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".bmp")
CLOSURE_GATE = {"tts": 0.97, "aligned": 0.93, "acoustic": None}


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    name: str
    value: float
    low: float | None = None
    high: float | None = None
    control: str = ""
    """What chance or a bad picture reaches."""
    good_control: bool = True
    """Whether the control fails the gate, as it must."""

    @property
    def passed(self) -> bool | None:
        """Whether the value is within its gate and the control is not; None without a gate."""
        if self.low is None and self.high is None:
            return None
        low, high = (-math.inf if self.low is None else self.low), (math.inf if self.high is None else self.high)
        return self.good_control and low <= self.value <= high

    @property
    def gate(self) -> str:
        """The gate in words."""
        if self.low is None:
            return "" if self.high is None else f"<= {self.high:g}"
        return f">= {self.low:g}" if self.high is None else f"{self.low:g} .. {self.high:g}"


def run(arguments: argparse.Namespace) -> int:
    """Measure, print the tables, and return the exit status."""
    register_all()
    result = run_quality(arguments.faces, Path(arguments.out), PlainHost(), quick=arguments.quick)
    if arguments.json:
        emit(result, as_json=True)
    return EXIT_OK


def run_quality(faces: str | None, out: Path, host: Host, *, quick: bool = False) -> dict[str, Any]:
    """Render faces times sentences from every source of lip times and measure the files.

    Parameters
    ----------
    faces : str or None
        Folder of portraits; the sample portrait where None.
    out : Path
        Where the clips go.
    host : Host
        Device and cancelling.
    quick : bool
        Fewer sentences, and one source.

    Returns
    -------
    dict
        The tables as JSON values.
    """
    embed = DlibDescriptor()
    subjects = list(_subjects(faces, host))
    if not subjects:
        raise LauncherError("no portrait shows a face that the judge sees", hint="Give a folder of portraits.")
    texts = SENTENCES[:QUICK_SENTENCES] if quick else SENTENCES
    tables: dict[str, Any] = {}
    for source in SOURCES[:1] if quick else SOURCES:
        clips = [measure_clip(subject, text, source, out / "clips", DlibLandmarks(), embed, host)
                 for subject, text in said(f"Rendering and judging: {source}", pairs(subjects, texts))]
        tables[source] = show(f"Lips and looks, times from: {source}", clip_rows(clips, source))
    still = [measure_still(s, texts[0], host) for s in said("Comparing still heads", subjects)]
    tables["still"] = show("Still head, before encoding", still_rows(still))
    lives = [measure_life(s, "\n".join(SENTENCES[: 5 if quick else 20]), out / "clips", DlibLandmarks(), host)
             for s in said("Watching a minute", subjects[:1] if quick else subjects[:2])]
    tables["life"] = show("A minute with default settings", life_rows(lives))
    return {"faces": [s.name for s in subjects], "sentences": len(texts), "tables": tables}


def pairs(subjects: Sequence[Subject], texts: Sequence[str], faces_per_text: int = 3) -> list[tuple[Subject, str]]:
    """Give each sentence to a few faces in turn, so that all are seen and all are said."""
    count = min(faces_per_text, len(subjects))
    return [(subjects[(i * count + k) % len(subjects)], text) for i, text in enumerate(texts) for k in range(count)]


def said(what: str, items: Iterable[Any]) -> Iterator[Any]:
    """Yield the items, telling how far it is."""
    listed = list(items)
    for index, item in enumerate(listed, 1):
        say(f"{what} {index}/{len(listed)}")
        yield item


def _subjects(faces: str | None, host: Host) -> Iterator[Subject]:
    if faces is not None and not Path(faces).is_dir():
        raise LauncherError(f"--faces {faces} is no folder", hint="Give a folder of portraits.")
    paths = [sample_portrait()] if faces is None else sorted(
        p for p in Path(faces).iterdir() if p.suffix.lower() in PICTURES)
    for path in paths:
        try:
            subject = subject_of(path.stem, load_portrait(str(path)), host)
        except AvatarError as error:
            say(f"left out: {path.name}: {error.message}")
            continue
        if DlibLandmarks()(subject.portrait.image) is None:
            say(f"left out: {path.name}: the judge sees no face")
            continue
        yield subject


def clip_rows(clips: Sequence[ClipReport], source: str) -> list[Row]:
    """Return the figures of all clips of one source, pooled."""
    score = lips.score_lips([c.lips for c in clips])
    fits = np.array([c.offset.correlation for c in clips])
    lags = 1000.0 * np.array([c.offset.offset_s for c in clips])
    # The control: every clip against the phones of another sentence.
    wrong = [offset.measure_offset(replace(c.lips, phones=d.lips.phones)).correlation
             for c, d in zip(clips, _another(clips), strict=True)]
    exact = source == "tts"
    recall_gate = CLOSURE_GATE[source]
    people = [c.identity for c in clips if c.identity.frames]
    pause = [c.pause_shut for c in clips if not math.isnan(c.pause_shut)]
    return [
        Row(f"closures met within a frame, of {score.closures}", score.recall, recall_gate, None,
            f"chance {score.chance:.2f}, shuffled {score.shuffled:.2f}, best shuffle {score.shuffled_top:.2f}",
            recall_gate is None or score.shuffled_top < recall_gate),
        Row("shut moments with a reason", score.precision, 0.9 if exact else None),
        Row("open vowels open", score.open_ok, 0.9 if exact else None),
        Row("offset, ms (+ picture late)", float(np.median(lags)), -20.0 if exact else None, 20.0 if exact else None,
            f"clips {lags.min():+.0f} .. {lags.max():+.0f}"),
        Row("correlation with the phones, mean", float(fits.mean()), 0.85 if exact else None, None,
            f"worst clip {fits.min():.2f}; another sentence {np.mean(wrong):.2f}", float(np.mean(wrong)) < 0.85),
        Row("rounded over spread mouth width", score.width_ratio, None, 0.85 if exact else None),
        Row("pauses with a shut mouth", float(np.mean(pause)) if pause else math.nan, 0.9 if exact else None),
        Row("identity distance, mean", float(np.mean([p.mean for p in people])), None, 0.35,
            f"worst clip {max(p.mean for p in people):.2f}"),
        Row("identity distance, worst frame", max(p.worst for p in people), None, 0.5),
        Row("face sharpness over the encoded photo's", float(np.median([c.sharpness for c in clips])), 0.8, 1.25,
            f"clips {min(c.sharpness for c in clips):.2f} .. {max(c.sharpness for c in clips):.2f}; "
            f"over the plain photo's {np.median([c.plain_sharpness for c in clips]):.2f}"),
        Row("frames in which the judge sees the face", score.seen_share, 0.95),
    ]


def _another(clips: Sequence[ClipReport]) -> Iterator[ClipReport]:
    for index, clip in enumerate(clips):
        yield next((d for d in [*clips[index:], *clips] if d.sentence != clip.sentence), clip)


def still_rows(reports: Sequence[StillReport]) -> list[Row]:
    """Return the figures of still heads."""
    pasted = min(r.pasted for r in reports)
    worst = max(reports, key=lambda r: r.seam)
    return [
        Row("seam, mean", float(np.mean([r.seam for r in reports])), None, 0.3,
            f"worst {worst.seam:.2f} ({worst.subject}); hard paste from {pasted:.2f}", pasted > 0.3),
        Row("pixels outside the mask that differ", max(r.stray_px for r in reports), None, 0),
        Row("pixels of the mask beyond head and neck", max(r.beyond_px for r in reports), None, 0),
    ]


def life_rows(reports: Sequence[LifeReport]) -> list[Row]:
    """Return the figures of the long clips; each row takes the worst face."""
    def worst(value: Callable[[LifeReport], float], middle: float) -> float:
        return max((value(r) for r in reports), key=lambda v: abs(v - middle))

    lengths = [1000.0 * d for r in reports for d in r.blinks.durations_s] or [0.0]
    return [
        Row("yaw, rms degrees", worst(lambda r: r.yaw_rms_deg, 2.0), 0.7, 4.0),
        Row("pitch, rms degrees", worst(lambda r: r.pitch_rms_deg, 1.5)),
        Row("blinks a minute", worst(lambda r: r.blinks.per_minute, 17.0), 10.0, 25.0,
            f"the judge sees {', '.join(f'{r.judged_blinks.per_minute:.0f}' for r in reports)}"),
        Row("shortest blink, ms", round(min(lengths), 3), 80.0),
        Row("longest blink, ms", max(lengths), None, 400.0),
        Row("eye opening in a blink", worst(lambda r: r.blinks.depth, 0.0), None, 0.6),
        Row("frozen seconds", worst(lambda r: r.frozen_s, 0.0), None, 0.0),
        Row("jitter in pauses, IOD / 1000", worst(lambda r: r.jitter, 0.0), None, 5.9),
    ]


def show(title: str, rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Print a Markdown table and return it as JSON values."""
    say(f"\n{title}\n\n| figure | value | gate | control | verdict |\n|---|---|---|---|---|")
    for row in rows:
        verdict = {True: "pass", False: "FAIL", None: ""}[row.passed]
        say(f"| {row.name} | {row.value:.3f} | {row.gate} | {row.control} | {verdict} |")
    return [{**asdict(row), "passed": row.passed} for row in rows]
