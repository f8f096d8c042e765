"""The tables of the bench: what is compared stands in one line; each measurement has a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
from types import SimpleNamespace

import pytest
from talking_avatar.cli import bench
from talking_avatar.cli.console import LauncherError

RESULT = {
    "machine": "A CPU", "encoder": "x264",
    "speed": [{"width_px": 640, "height_px": 360, "face_px": 125.4, "encode_fps": 400.0, "peak_rss_mb": 600.0,
               "runs": [{"threads": 1, "fps": 50.0}, {"threads": 2, "fps": 90.0}]}],
    "prepare": [{"side_px": 4000, "first_s": 2.5, "next_s": 0.5, "peak_rss_mb": 760.0}],
    "speech": {"times_real_time": {"speaking a text": 30.0}, "missing": ["hearing: aligned"]},
    "detect": {"next_s": 0.0123}, "import": {"seconds": 0.12, "mb": 20.0},
    "memory": [{"width_px": 640, "height_px": 360, "minutes": m, "planned_rss_mb": 500.0, "peak_rss_mb": peak,
                "estimated_mb": 590.0} for m, peak in ((1, 600.0), (10, 660.0))],
}


def measured(kind):
    return RESULT[kind][0] if isinstance(RESULT[kind], list) else RESULT[kind]


def test_threads_are_compared_in_one_line():
    text = bench._speed_table(RESULT["speed"])
    assert "| 640 x 360 | 125 px | 50.0 frames/s | 90.0 frames/s | 1.80 | 400.0 frames/s | 600 MB |" in text
    assert "| 1 thread " in text and "| 2 threads " in text


def test_memory_is_compared_with_the_shortest_clip():
    lines = bench._memory_table(RESULT["memory"]).splitlines()
    assert [line.split("|")[5].strip() for line in lines[2:]] == ["1.00", "1.10"]
    assert len({len(line) for line in lines}) == 1, "columns are aligned"


def test_thread_counts_are_not_repeated():
    assert [bench.thread_counts(n) for n in (1, 2, 8)] == [[1], [1, 2], [1, 2, 8]]


def test_every_measurement_has_its_own_process(monkeypatch):
    jobs = []

    def run(command, env, **more):
        jobs.append(json.loads(env[bench.WORKER]))
        assert command[-1] == "bench"
        return SimpleNamespace(returncode=0, stdout="noise\n" + json.dumps(measured(jobs[-1]["kind"])) + "\n")

    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setattr(bench, "machine", lambda: "A CPU")
    monkeypatch.setattr(bench, "import_cost", lambda: RESULT["import"], raising=False)
    found = bench.measure_all(quick=False)
    assert [job["size"] for job in jobs if job["kind"] == "speed"] == [list(s) for s in bench.SPEED]
    lengths = {size: [job["minutes"] for job in jobs if job["kind"] == "memory" and job["size"] == list(size)]
               for size in (bench.MEMORY_SIZE, bench.LARGE_SIZE)}
    assert lengths == {bench.MEMORY_SIZE: list(bench.MEMORY_MIN), bench.LARGE_SIZE: list(bench.LARGE_MIN)}
    assert [job["side_px"] for job in jobs if job["kind"] == "prepare"] == list(bench.PHOTO_SIDES_PX)
    text = bench.tables(found)
    assert "4000 x 4000" in text or "2.50 s" in text
    assert "hearing: aligned: not installed" in text and "12 ms a picture" in text
    json.dumps(found, allow_nan=False)


def test_a_failed_measurement_is_said(monkeypatch):
    monkeypatch.setattr(subprocess, "run", lambda *args, **more: SimpleNamespace(returncode=1, stdout=""))
    with pytest.raises(LauncherError, match="speed"):
        bench._measure("speed", size=(64, 64))
    assert bench.WORKER not in os.environ
