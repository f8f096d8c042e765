"""What a long run will take, said before it begins: time, memory and disk; and how long it will still take."""

from __future__ import annotations

import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..host import Host
from ..media.encode import Continued, EncodeSettings, Format, estimate_bytes, find_format
from ..media.encode.limits import waiting_pictures
from ..media.encode.space import check_space
from ..types import Sound, UInt8Array
from .continuation import QuietHost
from .plan import RenderPlan, prepared
from .plan import frames as drawn
from .rss import available_mb, rss_mb

if TYPE_CHECKING:
    import torch

BASE_MB = 25.0
"""What begins with the first frame whatever its size: thread stacks, the encoder's tables, the sound's pieces."""
THREAD_BYTES_PER_PX = 26.0
"""A drawing thread's coordinates, depth, triangle numbers and colours."""
FRAME_BYTES_PER_PX = 3.0
QUEUE_FRAMES = 5
"""Frames that wait for the encoder, and the one it works on."""
LOOKAHEAD = {"ultrafast": 4, "superfast": 8, "veryfast": 22, "faster": 34, "fast": 44, "medium": 54, "slow": 66,
             "slower": 76, "veryslow": 84}
"""Frames that the encoder holds at two threads: what it looks ahead plus its references."""
LOOKAHEAD_BYTES_PER_PX = 2.6
"""A frame of halved colour, its half-size copy, and what is known about its blocks."""
REFERENCES = 40
"""Held beside what is waiting where that is bounded: a 4K clip takes 0.7 GB more with veryslow than with veryfast."""
MEASURED_FROM = 12
"""Frames until a speed is believed: the first ones also start threads and fill queues."""
LONG_RUN_FRAMES = 250
"""Shorter runs tell their speed soon enough; before longer ones a few frames are drawn to learn it."""
TRIAL_FRAMES = 4
"""So many for each thread, the first of which also fills the queue. Together they take as long as these few alone."""
SAME_SIZE = 4.0
"""A speed holds for frames of up to this many times the pixels, or as many times fewer: part of the work goes with no size."""
SAID_EVERY_S = 1.0
"""The time left changes no faster than people read it."""
MEMORY_SHARE = 0.9

_SPEEDS: dict[tuple[Any, ...], tuple[float, float]] = {}
"""Seconds per megapixel of earlier runs of this process and the megapixels of their frames, by what decides them."""
_LOCK = threading.Lock()


@dataclass(frozen=True)
class Estimate:
    """What drawing and writing will take."""

    frames: int
    seconds: float | None
    """None where no run of this kind has been measured yet; the first frames then tell."""
    memory_mb: float
    """Largest memory of the whole process, in megabytes (10**6 bytes)."""
    disk_mb: float
    warnings: tuple[str, ...] = ()
    copied_frames: int = 0
    """How many of the frames are copied from a video as they are, which takes no time."""

    @property
    def text(self) -> str:
        """The estimate in a line."""
        need = f"{_size(self.memory_mb)} memory, {_size(self.disk_mb)} on disk for {self.frames} frames"
        need += f", {self.copied_frames} of them copied" if self.copied_frames else ""
        begin = "About " if self.seconds is None else f"About {spoken_time(self.seconds)}, "
        return begin + need + (" (the time is known soon)" if self.seconds is None else "")

    def to_dict(self) -> dict[str, Any]:
        """Return the estimate as JSON values."""
        return {**asdict(self), "warnings": list(self.warnings)}


def estimate(plan: RenderPlan, settings: EncodeSettings, host: Host, *, form: Format | None = None,
             sound: Sound | None = None, count: int | None = None, folder: str | None = None,
             continued: Continued | None = None) -> Estimate:
    """Tell what drawing a plan and writing it will take. Prepares the face, if that has not happened.

    Parameters
    ----------
    plan : RenderPlan
        What is drawn.
    settings : EncodeSettings
        How it is written.
    host : Host
        Its threads draw.
    form : Format, optional
        The format, where `settings` leave it to the name of the file.
    sound : Sound, optional
        What is heard; the plan's own by default.
    count : int, optional
        Number of frames, where the sound is longer than the plan.
    folder : str, optional
        Where it is written: a disk that may be too full is warned of.
    continued : Continued, optional
        The video that is shown again: what is copied from it takes no time.

    Raises
    ------
    OutputError
        If the disk is clearly too full.
    """
    form = form or (settings.format if isinstance(settings.format, Format) else _named(settings.format))
    frames, size = count or plan.frames, plan.size_px
    for part in plan.parts if plan.replacement is None else ():
        prepared(part, host)
    disk = estimate_bytes(form, settings.crf, size=size, fps=plan.fps, count=frames, sound=sound or plan.sound)
    room = check_space(Path(folder) / "result", disk) if folder else ()
    splice = "" if continued is None else continued.splice(form, size)
    copied = 0 if isinstance(splice, str) else splice.copied_frames
    seconds = _remembered_s(_kind(plan, form, settings, host), frames - copied, size[0] * size[1] / 1e6)
    if seconds is None and frames - copied >= LONG_RUN_FRAMES:
        seconds = _tried_s(plan, frames - copied, host)
    more = drawing_mb(size, host.threads * len(plan.parts), form, settings.preset)
    return Estimate(frames, seconds, rss_mb() + more, disk / 1e6, (*_warnings(more), *room), copied)


def _named(name: str) -> Format:
    return find_format("mp4-h264" if name == "auto" else name)


def drawing_mb(size_px: tuple[int, int], threads: int, form: Format, preset: str) -> float:
    """Return the memory that drawing and writing add to a prepared face, in megabytes."""
    per_px = threads * THREAD_BYTES_PER_PX + (threads + 1 + QUEUE_FRAMES) * FRAME_BYTES_PER_PX
    if form.container_name not in ("gif", "webp", "folder"):
        held = min(LOOKAHEAD.get(preset, 54), waiting_pictures(size_px) + REFERENCES) if form.video.max_crf else 4
        per_px += LOOKAHEAD_BYTES_PER_PX * held
    return BASE_MB + per_px * size_px[0] * size_px[1] / 1e6


def _kind(plan: RenderPlan, form: Format, settings: EncodeSettings, host: Host) -> tuple[Any, ...]:
    renderer = "" if plan.replacement is not None else " ".join(part.backend.id for part in plan.parts)
    return renderer, host.device, host.threads, form.name, settings.preset


def _remembered_s(kind: tuple[Any, ...], count: int, megapixels: float) -> float | None:
    """Return how long a run takes by an earlier one of its kind, None where there was none of about this size."""
    speed, of_megapixels = _SPEEDS.get(kind, (0.0, 0.0))
    if not of_megapixels / SAME_SIZE <= megapixels <= of_megapixels * SAME_SIZE:
        return None
    return speed * count * megapixels


def _tried_s(plan: RenderPlan, count: int, host: Host) -> float | None:
    """Return how long a run will draw, from a few frames of its middle; None where there are too few."""
    start = plan.frames // 2
    stop = min(plan.frames, start + TRIAL_FRAMES * host.threads)
    if stop - start < 2 * host.threads:
        return None
    pictures = drawn(plan, start, stop, QuietHost(host))
    began_s = 0.0
    for number, _ in enumerate(pictures, 1):
        if number == host.threads:
            began_s = time.monotonic()
    return count * (time.monotonic() - began_s) / (stop - start - host.threads)


def _warnings(more_mb: float) -> tuple[str, ...]:
    free = available_mb()
    if free is None or more_mb <= MEMORY_SHARE * free:
        return ()
    return (f"about {_size(more_mb)} more memory is needed and {_size(free)} are free: choose a smaller size, "
            "or close other programs",)


class Forecast:
    """A host that also says how long the run will still take, and remembers its speed.

    Parameters
    ----------
    host : Host
        Gets everything.
    plan, settings, form
        What is drawn and written; they decide the speed.
    """

    def __init__(self, host: Host, plan: RenderPlan, settings: EncodeSettings, form: Format) -> None:
        self._host, self.device, self.threads = host, host.device, host.threads
        self._key = _kind(plan, form, settings, host)
        self._megapixels = plan.size_px[0] * plan.size_px[1] / 1e6
        self._began_s = self._said_s = 0.0
        self._done = self._base = 0

    def progress(self, done: int, total: int) -> None:
        """Report the progress; now and then say the time that is left."""
        self._host.progress(done, total)
        now_s = time.monotonic()
        self._done = done
        if done <= MEASURED_FROM:
            self._began_s, self._base, self._said_s = now_s, done, now_s
            return
        each_s = (now_s - self._began_s) / (done - self._base)
        with _LOCK:
            _SPEEDS[self._key] = each_s / self._megapixels, self._megapixels
        if done < total and now_s - self._said_s >= SAID_EVERY_S:
            self._said_s = now_s
            self._host.show(text=f"frame {done} of {total}, {spoken_time(each_s * (total - done))} left, "
                                 f"{_rate(1.0 / max(each_s, 1e-6))} frames/s")

    def status(self, text: str) -> None:
        """Pass the stage on."""
        self._host.status(text)

    def show(self, picture: UInt8Array | None = None, text: str = "") -> None:
        """Pass on what is being made."""
        self._host.show(picture, text)

    def load(self, module: torch.nn.Module) -> None:
        """Pass the network on."""
        self._host.load(module)


def spoken_time(seconds: float) -> str:
    """Return a time as people say it: "40 s", "3 min", "2 h 10 min"."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def _rate(per_s: float) -> str:
    return f"{per_s:.0f}" if per_s >= 10 else f"{per_s:.1f}"


def _size(megabytes: float) -> str:
    if megabytes >= 950:
        return f"{megabytes / 1000:.1f} GB"
    return f"{megabytes:.0f} MB" if megabytes >= 1 else f"{megabytes:.1f} MB"
