import subprocess
import sys

import numpy as np
from talking_avatar.pipeline_core.render import rss

ALONE = "import runpy, sys; print(runpy.run_path(sys.argv[1])['peak_rss_mb']())"


def peak_of_a_child(held_mb):
    held = np.ones(held_mb * 125_000)
    out = subprocess.run([sys.executable, "-c", ALONE, rss.__file__], capture_output=True, text=True, check=True)
    del held
    return float(out.stdout)


def test_a_child_does_not_count_what_its_parent_holds():
    assert peak_of_a_child(400) < 200


def test_the_peak_stays_when_the_memory_is_given_back():
    before = rss.peak_rss_mb()
    held = np.ones(int(before + 100) * 125_000)
    del held
    assert rss.peak_rss_mb() > before + 50
    assert rss.rss_mb() < rss.peak_rss_mb()
