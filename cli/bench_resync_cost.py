"""What re-voicing a clip takes: frames a second, beside the encoder alone, and memory for a clip and one ten times longer."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
import time
import wave
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from ..models.samples import RECORDINGS, sample_file
from ..pipeline_core.host import Host
from ..pipeline_core.media.audio import load_sound
from ..pipeline_core.media.encode import EncodeSettings, write_video
from ..pipeline_core.media.video import probe, read_frames
from .bench_resync_clips import LINES, sample_clip
from .console import ROOT, LauncherError, say

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

SIZES = ((1280, 720), (1920, 1080))
NEW_TEXT = " ".join(LINES[:2])
MEMORY_SIZE, MEMORY_FPS, LONGER = (640, 360), Fraction(10), 10
"""Memory hardly depends on the frame rate."""
HELD_FRAMES = 20
"""Distinct frames that the encode-only run repeats."""


def speed(size: tuple[int, int], out: Path, host: Host) -> dict[str, Any]:
    """Re-voice a clip of the sample portrait in a process of its own, and encode as many frames alone."""
    clip = sample_clip(out, host, size).path
    # The first run compiles what is not compiled yet.
    _render(clip, out, "--text", NEW_TEXT)
    began_s = _children_s()
    told = _render(clip, out, "--text", NEW_TEXT)
    processor_s = _children_s() - began_s
    alone_s = _encoded_s(clip, told["frames"], out, host)
    fps = told["frames"] / told["wall_s"]
    return {"width_px": size[0], "height_px": size[1], "frames": told["frames"], "fps": fps,
            "encode_fps": told["frames"] / alone_s, "of_encoder": fps * alone_s / told["frames"],
            "processor_ms": 1000.0 * processor_s / told["frames"], "prepare_s": told["prepare_s"],
            "peak_rss_mb": told["peak_rss_mb"]}


def memory(out: Path, host: Host) -> list[dict[str, Any]]:
    """Re-voice a clip and the same clip many times in a row; each in a process of its own."""
    clip = sample_clip(out, host, MEMORY_SIZE, fps=MEMORY_FPS).path
    long = _repeated(clip, LONGER, out / "sample-long.mp4", host)
    found = []
    for path, times in ((clip, 1), (long, LONGER)):
        voice = _repeated_sound(probe(path).duration_s, out / f"voice-{times}.wav")
        told = _render(path, out, "--audio", str(voice))
        found.append({"seconds": told["duration_s"], "frames": told["frames"], "peak_rss_mb": told["peak_rss_mb"]})
    return found


def _render(clip: Path, out: Path, *arguments: str) -> dict[str, Any]:
    say(f"Measuring {clip.name} ...")
    done = subprocess.run([sys.executable, str(ROOT / "run.py"), "render", "--video", str(clip), *arguments, "--out",
                           str(out / "cost.mp4"), "--json"], stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise LauncherError(f"{clip.name} could not be re-voiced", hint="See the lines above.")
    return dict(json.loads(done.stdout.splitlines()[-1]))


def _children_s() -> float:
    """Return the processor time of all processes that were started and have ended; 0 where it is not told."""
    if resource is None:
        return 0.0
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _encoded_s(clip: Path, count: int, out: Path, host: Host) -> float:
    some = [picture for _, picture in itertools.islice(read_frames(clip), HELD_FRAMES)]
    # There and back again, so that the repeated frames hold no jump.
    loop = itertools.cycle([*some, *some[-2:0:-1]])
    info = probe(clip)
    began = time.perf_counter()
    _write(loop, info.fps, (info.width_px, info.height_px), count, out / "cost.mp4", host)
    return time.perf_counter() - began


def _repeated(clip: Path, times: int, target: Path, host: Host) -> Path:
    info = probe(clip)
    count = sum(1 for _ in read_frames(clip))
    pictures = (picture for _ in range(times) for _, picture in read_frames(clip))
    _write(pictures, info.fps, (info.width_px, info.height_px), times * count, target, host)
    return target


def _repeated_sound(seconds: float, target: Path) -> Path:
    """Write the sample recording, repeated to a length."""
    sound = load_sound(sample_file(next(iter(RECORDINGS.values())).file))
    samples = np.resize(sound.samples[0], int(seconds * sound.rate_hz))
    with wave.open(str(target), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(sound.rate_hz)
        file.writeframes((32767 * np.clip(samples, -1.0, 1.0)).astype(np.int16).tobytes())
    return target


def _write(pictures: Any, fps: Fraction, size: tuple[int, int], count: int, target: Path, host: Host) -> None:
    write_video(pictures, target, fps=fps, size=size, count=count, sound=None, settings=EncodeSettings(), metadata={},
                host=host)

