"""run.py bench: the performance table of the README, measured on this machine.

Every measurement runs in a process of its own, so that peak memory and cold starts are its own.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from ..models import register_all
from ..pipeline_core.cache import shared
from ..pipeline_core.face.detect import DetectSettings, detect_faces
from ..pipeline_core.host import PlainHost
from ..pipeline_core.media.encode import EncodeSettings, write_video
from ..pipeline_core.media.image import load_portrait, portrait_from_array
from ..pipeline_core.motion import MotionSettings, generate_motion
from ..pipeline_core.pipeline import peak_rss_mb
from ..pipeline_core.render.plan import RenderPlan, frames, plan_render, prepared, sized_face
from ..pipeline_core.render.settings import RenderSettings
from ..pipeline_core.speech import analyze, synthesize
from ..pipeline_core.types import FaceTrack, Portrait, Sound, UInt8Array
from .console import EXIT_OK, ROOT, LauncherError, emit, say
from .quality import run as run_quality_bench
from .sample import sample_portrait

WORKER = "TALKING_AVATAR_BENCH"
"""Holds the JSON of one measurement in the process that makes it."""
THREADS = 2
FPS = Fraction(25)
SIZES = ((1280, 720), (1920, 1080))
SOURCE_WIDTH_PX = 460
"""The sample portrait is cut to this width, so that its face is about 250 and 370 px wide at `SIZES`."""
MEMORY_SIZE = (640, 360)
LOOP_FRAMES = 20
"""Distinct frames that the encode-only run repeats; as many as fit comfortably into memory."""
TEXT = ("The quick brown fox jumps over the lazy dog, and Peter Piper picked a peck of pickled peppers. "
        "Maybe you would rather hear a bit about the weather: warm, with some wind from the west.")


def run(arguments: argparse.Namespace) -> int:
    """Measure, print the table, and return the exit status."""
    if WORKER in os.environ:
        print(json.dumps(_work(json.loads(os.environ[WORKER]))))
        return EXIT_OK
    if arguments.quality:
        return run_quality_bench(arguments)
    seconds = 6 if arguments.quick else 30
    lengths_s = (10, 30) if arguments.quick else (60, 300)
    speed = [_measure(kind="speed", size=size, seconds=seconds) for size in SIZES]
    memory = [_measure(kind="memory", size=MEMORY_SIZE, seconds=length) for length in lengths_s]
    result = {"machine": _machine(), "threads": THREADS, "encoder": "libx264 veryfast crf 18",
              "speed": speed, "memory": memory}
    say(table(result))
    if arguments.json:
        emit(result, as_json=True)
    return EXIT_OK


def table(result: dict[str, Any]) -> str:
    """Return the result as the Markdown tables of the README."""
    rows = ["", f"{result['machine']}; {result['threads']} threads; {result['encoder']}", "",
            "| size | face | drawn and encoded | encoded only | prepare, first | prepare, next |",
            "|---|---|---|---|---|---|"]
    rows += [f"| {s['width_px']} x {s['height_px']} | {s['face_px']:.0f} px | {s['fps']:.1f} frames/s | "
             f"{s['encode_fps']:.1f} frames/s | {s['prepare_first_s']:.2f} s | {s['prepare_next_s']:.2f} s |"
             for s in result["speed"]]
    rows += ["", "| length | peak memory before drawing (sound, curves, face) | at the end |", "|---|---|---|"]
    rows += [f"| {m['seconds']} s | {m['planned_rss_mb']:.0f} MB | {m['peak_rss_mb']:.0f} MB |" for m in result["memory"]]
    return "\n".join(rows)


def _machine() -> str:
    name = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        models = [line.split(":")[1].strip() for line in cpuinfo.read_text().splitlines() if "model name" in line]
        name = models[0] if models else name
    return f"{name}, {os.cpu_count()} CPUs, Python {platform.python_version()}"


def _measure(**job: Any) -> dict[str, Any]:
    width, height = job["size"]
    say(f"Measuring {job['kind']} at {width} x {height}, {job['seconds']} s ...")
    done = subprocess.run([sys.executable, str(ROOT / "run.py"), "bench"], stdout=subprocess.PIPE, text=True,
                          check=False, env={**os.environ, WORKER: json.dumps(job), "OMP_NUM_THREADS": str(THREADS)})
    if done.returncode:
        raise LauncherError(f"the measurement of {job['kind']} failed", hint="See the lines above.")
    return dict(json.loads(done.stdout.splitlines()[-1]))


def _work(job: dict[str, Any]) -> dict[str, Any]:
    register_all()
    host = PlainHost(threads=THREADS)
    measure = _speed if job["kind"] == "speed" else _memory
    with tempfile.TemporaryDirectory() as folder:
        return measure(tuple(job["size"]), job["seconds"], Path(folder) / "bench.mp4", host)


def _speed(size: tuple[int, int], seconds: int, target: Path, host: PlainHost) -> dict[str, Any]:
    portrait = portrait_from_array(load_portrait(sample_portrait()).image[:, :SOURCE_WIDTH_PX])
    first, first_s = _prepare(portrait, size, seconds, host)
    mirrored = portrait_from_array(np.ascontiguousarray(portrait.image[:, ::-1]))
    _, next_s = _prepare(mirrored, size, 1, host)
    # Compiled code is loaded and threads are started before the clock runs.
    _write(frames(first, 0, 10, host), first, 10, target, host)
    wall_s = _write(frames(first, 0, None, host), first, first.frames, target, host)
    some = list(frames(first, 0, LOOP_FRAMES, host))
    # There and back again, so that the repeated frames hold no jump.
    loop = itertools.cycle([*some, *some[-2:0:-1]])
    encode_s = _write(loop, first, first.frames, target, host)
    landmarks = sized_face(first).selected_landmarks_px
    return {"width_px": size[0], "height_px": size[1], "face_px": float(np.ptp(landmarks[:, 0])),
            "frames": first.frames, "fps": first.frames / wall_s, "encode_fps": first.frames / encode_s,
            "prepare_first_s": first_s, "prepare_next_s": next_s, "peak_rss_mb": peak_rss_mb()}


def _memory(size: tuple[int, int], seconds: int, target: Path, host: PlainHost) -> dict[str, Any]:
    plan, _ = _prepare(load_portrait(sample_portrait()), size, seconds, host)
    planned_mb = peak_rss_mb()
    wall_s = _write(frames(plan, 0, None, host), plan, plan.frames, target, host)
    return {"width_px": size[0], "height_px": size[1], "seconds": seconds, "frames": plan.frames,
            "wall_s": wall_s, "planned_rss_mb": planned_mb, "peak_rss_mb": peak_rss_mb()}


def _prepare(portrait: Portrait, size: tuple[int, int], seconds: int,
             host: PlainHost) -> tuple[RenderPlan, float]:
    """Return the plan of a clip, and how long finding and fitting the face took."""
    began = time.perf_counter()
    face = detect_faces(portrait, DetectSettings(), host)
    detect_s = time.perf_counter() - began
    plan = _plan(face, size, seconds, host)
    began = time.perf_counter()
    prepared(plan, host)
    return plan, detect_s + time.perf_counter() - began


def _plan(face: FaceTrack, size: tuple[int, int], seconds: int, host: PlainHost) -> RenderPlan:
    sound = shared().get(("bench", "voice"), lambda: synthesize(TEXT, host=host)[0])
    wanted = seconds * sound.rate_hz
    tiled = np.tile(sound.samples, (1, -(-wanted // sound.samples.shape[1])))[:, :wanted]
    speech = analyze(Sound(tiled, sound.rate_hz), engine="energy", host=host)
    motion = generate_motion(speech, MotionSettings(fps=FPS), face=face, host=host)
    return plan_render(face, motion, RenderSettings(width_px=size[0], height_px=size[1]))


def _write(pictures: Iterator[UInt8Array], plan: RenderPlan, count: int, target: Path, host: PlainHost) -> float:
    began = time.perf_counter()
    write_video(pictures, target, fps=plan.fps, size=plan.size_px, count=count, sound=plan.sound,
                settings=EncodeSettings(), metadata={}, host=host)
    return time.perf_counter() - began
