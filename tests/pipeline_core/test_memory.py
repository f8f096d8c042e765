"""Memory grows with a clip's length by its sound and its curves only."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tracemalloc
from fractions import Fraction
from pathlib import Path

import numpy as np
from talking_avatar.pipeline_core.host import PlainHost
from talking_avatar.pipeline_core.motion import MotionSettings, generate_motion
from talking_avatar.pipeline_core.speech import analyze
from talking_avatar.pipeline_core.types import MotionLayer, MotionTrack, Sound

ROOT = Path(__file__).resolve().parents[2]
RATE_HZ = 24_000
KEPT_MB_PER_MIN = 3.0
"""Curves and phones of a minute at 25 frames/s; its sound at 24 kHz takes 5.8."""
PEAK_MB_PER_MIN = 4.0
RATIO = 1.15
LENGTHS_MIN = (1, 6)
MARK = "MEMORY "

WORKER = """
import json, sys, types
package = types.ModuleType("talking_avatar")
package.__path__ = [sys.argv[1]]
sys.modules["talking_avatar"] = package
sys.path[:] = [p for p in sys.path if p != sys.argv[1]]
from fractions import Fraction
from pathlib import Path
import numpy as np
from talking_avatar.models import register_all
from talking_avatar.cli.sample import sample_portrait
from talking_avatar.pipeline_core.host import PlainHost
from talking_avatar.pipeline_core.motion import MotionSettings
from talking_avatar.pipeline_core.pipeline import AvatarRequest, render_avatar
from talking_avatar.pipeline_core.render.settings import RenderSettings
from talking_avatar.pipeline_core.types import Sound
register_all()
second = (0.2 * np.sin(2 * np.pi * 150 * np.arange(24000) / 24000) *
          np.hanning(8000).repeat(3)).astype(np.float32)
hoard = []


class Hoarding(PlainHost):
    def progress(self, done, total):
        hoard.append(np.ones(700_000))


def peak_mb(minutes, host):
    result = render_avatar(AvatarRequest(
        portrait=str(sample_portrait()), out_path=str(Path(sys.argv[2]) / "clip.mp4"),
        audio=Sound(np.tile(second, 60 * minutes)[None], 24000), engine="energy",
        motion=MotionSettings(fps=Fraction(1)), render=RenderSettings(width_px=160, height_px=90)), host)
    assert result.frames == 60 * minutes
    return result.peak_rss_mb, result.estimate.memory_mb


found = [peak_mb(int(sys.argv[3]), PlainHost(threads=2))]
if sys.argv[4] == "hoard":
    found.append(peak_mb(1, Hoarding(threads=2)))
print("MEMORY " + json.dumps(found))
"""


def voice(minutes: float) -> Sound:
    second = 0.2 * np.sin(2 * np.pi * 150 * np.arange(RATE_HZ) / RATE_HZ) * np.hanning(RATE_HZ)
    return Sound(np.tile(second.astype(np.float32), int(60 * minutes))[None], RATE_HZ)


def planned(sound: Sound, careless: bool = False) -> tuple[float, float, MotionTrack]:
    """Return how many MB stay and are taken at most, besides the sound, when a clip is planned."""
    tracemalloc.start()
    try:
        hoard = np.repeat(sound.samples, 6) if careless else None
        speech = analyze(sound, engine="energy", host=PlainHost())
        motion = generate_motion(speech, MotionSettings(fps=Fraction(25)), host=PlainHost())
        motion.summed()
        del hoard
        kept, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    return kept / 1e6, peak / 1e6, motion


def test_planning_grows_by_curves_only():
    planned(voice(0.05))  # what is made once per process must not count
    # Up to 100 s of a sound are searched for faults: beyond them nothing but the curves may grow.
    short, long, careless = planned(voice(1.7)), planned(voice(2.7)), planned(voice(2.7), careless=True)
    assert long[0] - short[0] < KEPT_MB_PER_MIN
    assert long[1] - short[1] < PEAK_MB_PER_MIN
    # The control holds the whole sound six more times for a while.
    assert careless[1] - short[1] > PEAK_MB_PER_MIN


def test_no_layer_holds_what_it_does_not_move():
    blank = MotionLayer.zeros("blank", 10_000)
    assert all(getattr(blank, name).strides[0] == 0 for name in ("blendshapes", "articulation", "head_deg"))
    assert blank.scaled(2.0).blendshapes.shape == (10_000, 52)


def started(folder: Path, minutes: int, hoard: str = "") -> subprocess.Popen[str]:
    folder.mkdir()
    return subprocess.Popen([sys.executable, "-c", WORKER, str(ROOT), str(folder), str(minutes), hoard],
                            stdout=subprocess.PIPE, text=True, cwd=folder, env={**os.environ, "OMP_NUM_THREADS": "1"})


def peaks_mb(process: subprocess.Popen[str]) -> list[tuple[float, float]]:
    """Return the peaks of a process after each of its clips, which can only rise, and what was said before."""
    output, _ = process.communicate()
    assert process.returncode == 0
    line = next(line for line in output.splitlines() if line.startswith(MARK))
    return [(peak, said) for peak, said in json.loads(line[len(MARK):])]


def test_six_minutes_take_hardly_more_than_one(tmp_path):
    processes = [started(tmp_path / "short", LENGTHS_MIN[0]), started(tmp_path / "long", LENGTHS_MIN[1], "hoard")]
    ((short, said),), ((long, _), (hoarding, said_of_hoard)) = (peaks_mb(process) for process in processes)
    assert short > 200
    assert long <= RATIO * short
    assert hoarding > RATIO * short
    # What a run takes is known before, unless it takes more than it should.
    assert said / 1.25 < short < 1.25 * said
    assert hoarding > 1.25 * said_of_hoard
