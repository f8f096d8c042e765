"""run.py bench: the tables of the README about speed and memory, measured on this machine.

Every measurement runs in a process of its own, so that peak memory and cold starts are its own;
what is compared is measured in one run.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .bench_text import available_threads, machine, table
from .bench_work import WORKER, work
from .comfy_install import find_comfyui
from .console import EXIT_OK, ROOT, LauncherError, emit, say
from .environment import is_ready
from .import_cost import measure

SPEED = {(640, 360): 200, (1280, 720): 125, (1920, 1080): 75, (3840, 2160): 20}
"""Sizes, and how many frames are drawn with each number of threads."""
PHOTO_SIDES_PX = (512, 1024, 2048, 4000)
MEMORY_SIZE, LARGE_SIZE = (640, 360), (3840, 2160)
MEMORY_MIN, LARGE_MIN = (1, 5, 10), (1, 5)
MEMORY_FPS, LARGE_FPS = 10, 1
"""Memory hardly depends on the frame rate, and the long clips would take an hour at 25."""
QUICK_SHARE = 0.2
QUICK_MEMORY_MIN = (0.2, 1)
QUICK_PHOTO_SIDES_PX = (512, 4000)


def run(arguments: argparse.Namespace) -> int:
    """Measure, print the tables, and return the exit status."""
    if WORKER in os.environ:
        print(json.dumps(work(json.loads(os.environ[WORKER]))))
        return EXIT_OK
    if arguments.visemes:
        from .bench_visemes import run as run_viseme_bench

        return run_viseme_bench(arguments)
    if arguments.transfer:
        from .bench_transfer import run as run_transfer_bench

        return run_transfer_bench(arguments)
    if arguments.resync:
        from .bench_resync import run as run_resync_bench

        return run_resync_bench(arguments)
    if arguments.quality:
        # Not at the top: a worker must not have imported what it measures.
        from .quality import run as run_quality_bench

        return run_quality_bench(arguments)
    result = measure_all(arguments.quick)
    say(tables(result))
    if arguments.json:
        emit(result, as_json=True)
    return EXIT_OK


def measure_all(quick: bool) -> dict[str, Any]:
    """Return all measurements as JSON values."""
    threads = thread_counts(available_threads())
    frames = {size: max(8, round(count * (QUICK_SHARE if quick else 1))) for size, count in SPEED.items()}
    large = [] if quick else [
        _measure("memory", size=LARGE_SIZE, minutes=m, fps=LARGE_FPS) for m in LARGE_MIN]
    return {
        "machine": machine(), "encoder": "libx264 veryfast crf 18",
        "speed": [_measure("speed", size=size, frames=count, threads=threads) for size, count in frames.items()],
        "prepare": [_measure("prepare", side_px=side) for side in (QUICK_PHOTO_SIDES_PX if quick else PHOTO_SIDES_PX)],
        "speech": _measure("speech"),
        "detect": _measure("detect", frames=10 if quick else 40),
        "import": import_cost(),
        "memory": [_measure("memory", size=MEMORY_SIZE, minutes=m, fps=MEMORY_FPS)
                   for m in (QUICK_MEMORY_MIN if quick else MEMORY_MIN)] + large,
    }


def import_cost() -> dict[str, Any]:
    """Load the pack by ComfyUI's own loader; where no ComfyUI is installed yet, beside the packages it has."""
    if not is_ready("core", "comfyui"):
        return _measure("import")
    install = find_comfyui()
    with tempfile.TemporaryDirectory() as base:
        (Path(base) / "custom_nodes").mkdir()
        # The first one writes Python's byte code.
        found = [measure(install.python, install.tree, ROOT, Path(base)) for _ in range(2)][-1]
    return {"seconds": found["seconds"], "mb": found["memory_mb"]}


def thread_counts(available: int) -> list[int]:
    """Return 1, 2 and all threads, as far as they differ."""
    return sorted({1, min(2, available), available})


def _measure(kind: str, **job: Any) -> dict[str, Any]:
    about = ", ".join(f"{name} {value}" for name, value in job.items())
    say(f"Measuring {kind} {about} ...")
    done = subprocess.run([sys.executable, str(ROOT / "run.py"), "bench"], stdout=subprocess.PIPE, text=True,
                          check=False, env={**os.environ, WORKER: json.dumps({"kind": kind, **job})})
    if done.returncode:
        raise LauncherError(f"the measurement of {kind} failed", hint="See the lines above.")
    return dict(json.loads(done.stdout.splitlines()[-1]))


def tables(result: dict[str, Any]) -> str:
    """Return the result as the Markdown tables of the README."""
    parts = [f"\n{result['machine']}; {result['encoder']}", _speed_table(result["speed"]), _prepare_table(result["prepare"]),
             _other_table(result["speech"], result["detect"], result["import"]), _memory_table(result["memory"])]
    return "\n\n".join(parts)


def _size(row: dict[str, Any]) -> str:
    return f"{row['width_px']} x {row['height_px']}"


def _speed_table(rows: Sequence[dict[str, Any]]) -> str:
    threads = [each["threads"] for each in rows[0]["runs"]]
    head = ["size", "face", *(f"{n} thread{'s' if n > 1 else ''}" for n in threads), "gain", "encoded only", "memory"]
    return table(head, [[
        _size(row), f"{row['face_px']:.0f} px", *(f"{each['fps']:.1f} frames/s" for each in row["runs"]),
        f"{row['runs'][-1]['fps'] / row['runs'][0]['fps']:.2f}", f"{row['encode_fps']:.1f} frames/s",
        f"{row['peak_rss_mb']:.0f} MB"] for row in rows])


def _prepare_table(rows: Sequence[dict[str, Any]]) -> str:
    return table(["photo", "read, found and fitted: first", "next", "memory"], [
        [f"{row['side_px']} x {row['side_px']}", f"{row['first_s']:.2f} s", f"{row['next_s']:.2f} s",
         f"{row['peak_rss_mb']:.0f} MB"] for row in rows])


def _other_table(speech: dict[str, Any], detect: dict[str, Any], imports: dict[str, Any]) -> str:
    rows = [[f"{name}", f"{value:.1f} times real time"] for name, value in speech["times_real_time"].items()]
    rows += [[f"{name}: not installed", "-"] for name in speech["missing"]]
    rows += [["finding a face again, 1280 x 720", f"{1000 * detect['next_s']:.0f} ms a picture"],
             ["importing the pack's core and back ends, over torch, PyAV and Pillow",
              f"{imports['seconds']:.2f} s, {imports['mb']:.0f} MB"]]
    return table(["step", "figure"], rows)


def _memory_table(rows: Sequence[dict[str, Any]]) -> str:
    first: dict[str, float] = {}
    lines = []
    for row in rows:
        base = first.setdefault(_size(row), row["peak_rss_mb"])
        lines.append([_size(row), f"{row['minutes']:g} min", f"{row['planned_rss_mb']:.0f} MB",
                      f"{row['peak_rss_mb']:.0f} MB", f"{row['peak_rss_mb'] / base:.2f}", f"{row['estimated_mb']:.0f} MB"])
    return table(["size", "length", "before drawing", "peak", "over the first", "said before"], lines)
