"""Packages that are absent or cannot be imported: the pack loads, and one sentence says what to do."""

import subprocess
import sys
from pathlib import Path

import pytest
from talking_avatar.pipeline_core import lazy
from talking_avatar.pipeline_core.errors import MissingDependency

ROOT = Path(__file__).resolve().parents[2]
TOO_NEW = 'raise ImportError("Numba needs NumPy 2.5 or less. Got NumPy 2.6.")'
HALF = "import numpy\nnumpy.no_such_name_zzz"

START = """
import asyncio, sys, types
sys.path[:0] = [{planted!r}, {fakes!r}]
package = types.ModuleType("talking_avatar")
package.__path__ = [{root!r}]
sys.modules["talking_avatar"] = package
from talking_avatar.nodes import TalkingAvatarExtension
print("nodes:", len(asyncio.run(TalkingAvatarExtension().get_node_list())))
from talking_avatar.pipeline_core.errors import AvatarError
try:
    {work}
except AvatarError as error:
    print(type(error).__name__, "|", error)
"""
LOAD = 'from talking_avatar.pipeline_core.registry import resolve; print(resolve("renderer").load())'
CONVERT = ("import numpy as np; from talking_avatar.pipeline_core.media import yuv;"
           "yuv.rgb_to_i420(np.zeros((4, 4, 3), np.uint8), tuple(np.ones(s, np.uint8) for s in ((4, 4), (2, 2), (2, 2))));"
           "print('converted')")


def run(tmp_path, package, code, work):
    """Start a process in which a package is `code`."""
    (tmp_path / f"{package}.py").write_text(code)
    start = START.format(planted=str(tmp_path), fakes=str(ROOT / "tests" / "fakes"), root=str(ROOT), work=work)
    done = subprocess.run([sys.executable, "-c", start], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    nodes, said = done.stdout.strip().splitlines()
    assert nodes.startswith("nodes: ") and int(nodes.split()[1]) >= 8
    return said


@pytest.mark.parametrize(("package", "code", "says"), [
    ("numba", TOO_NEW, "Numba needs NumPy 2.5 or less. Got NumPy 2.6."),
    ("numba", HALF, "no_such_name_zzz"),
    ("cv2", "raise ImportError('libGL.so.1: cannot open shared object file')", "libGL.so.1"),
], ids=["numpy too new", "numba broken", "opencv without libraries"])
def test_the_renderer_says_what_is_wrong(tmp_path, package, code, says):
    work = LOAD if package == "numba" else "from talking_avatar.pipeline_core.lazy import cv2; cv2.resize"
    said = run(tmp_path, package, code, work)
    assert said.startswith("MissingDependency |") and says in said
    assert "hint: Run with ComfyUI's Python: python -m pip install --upgrade" in said


def test_nothing_is_wrong_with_what_is_there(tmp_path):
    """The control."""
    assert "PhotoHeadRenderer" in run(tmp_path, "unrelated", "", LOAD)


def test_without_numba_pictures_are_still_converted(tmp_path):
    assert run(tmp_path, "numba", TOO_NEW, CONVERT) == "converted"


def test_a_package_that_is_absent_is_named():
    absent = lazy._LazyModule("no_such_module_zzz", "no-such-package")
    with pytest.raises(MissingDependency, match="no-such-package, which is not installed") as caught:
        absent.anything  # noqa: B018 - asking for it is what is tested
    assert caught.value.hint.endswith("python -m pip install no-such-package")


def test_a_package_is_imported_when_it_is_first_used():
    stand_in = lazy._LazyModule("colorsys", "none")
    assert not hasattr(stand_in, "__wrapped__") and stand_in._module is None
    assert stand_in.rgb_to_hsv(0, 0, 1)[2] == 1
    assert not hasattr(stand_in, "no_such_name")
