"""Installing this pack changes nothing in the environments that users have, and it works there.

The environments are made by `run.py test` (cli/fresh.py), because that takes a network.
"""

import json
import os
import subprocess
import sys

import pytest
from talking_avatar.cli import fresh
from talking_avatar.cli.console import ROOT, LauncherError

pytestmark = pytest.mark.comfyui
QUICK = ("tests/pipeline_core/face", "tests/pipeline_core/motion", "tests/models/test_face_mesh.py")
"""Tests of the core that call numpy and OpenCV most."""


def environment(name):
    try:
        return fresh.fresh(name)
    except LauncherError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))


@pytest.fixture(params=["comfyui", "old_numpy"])
def installed(request):
    return environment(request.param)


@pytest.fixture
def old_numpy():
    return environment("old_numpy")


def test_no_package_that_was_there_is_moved(installed):
    before, after = installed.record["before"], installed.record["after"]
    assert fresh.moved(before, after) == []
    assert {"numpy", "torch", "scipy", "av", "safetensors"} <= set(before)
    assert "numba" in set(after) - set(before), "something was installed"


def test_no_file_of_a_package_that_was_there_is_changed(installed):
    """Two flavours of OpenCV share one folder: pip would overwrite one with the other and tell nobody."""
    assert installed.record["changed_files"] == []


def test_beside_an_old_numpy_the_whole_list_would_do_harm(old_numpy):
    """The control of the two tests above, and why README has two lines."""
    would = old_numpy.record["with_the_whole_list"]
    assert fresh.moved(old_numpy.record["before"], {**old_numpy.record["before"], **would})
    assert "opencv-python-headless" in would and "opencv-contrib-python-headless" in old_numpy.record["before"]


def test_the_line_for_owners_of_opencv_is_readmes(old_numpy):
    assert tuple(old_numpy.record["arguments"]) == fresh.BESIDE_OPENCV
    assert f"`python -m pip install {' '.join(fresh.BESIDE_OPENCV)}`" in (ROOT / "README.md").read_text("utf-8")


def test_no_second_onnxruntime_is_installed_beside_onnxruntime_gpu():
    record = environment("onnxruntime_gpu").record
    assert "onnxruntime-gpu" in record["before"]
    assert {what for what, would in record["would"].items() if "onnxruntime" in would} == {"control"}
    assert "requirements" in record["would"]


def test_moved_and_changed_find_planted_faults(tmp_path):
    before = {"numpy": "1.26.4", "torch": "2.13.0", "yarl": "1.18"}
    assert fresh.moved(before, {**before, "numba": "0.68"}) == []
    assert fresh.moved(before, {"numpy": "2.4.6", "torch": "2.13.0"}) == ["numpy 1.26.4 -> 2.4.6", "yarl 1.18 -> gone"]
    (tmp_path / "cv2").mkdir()
    for name in ("a.so", "b.so", "c.so"):
        (tmp_path / "cv2" / name).write_bytes(b"1")
    files = fresh.files_of(tmp_path)
    (tmp_path / "cv2" / "a.so").write_bytes(b"22")
    (tmp_path / "cv2" / "b.so").unlink()
    (tmp_path / "cv2" / "new.so").touch()
    assert fresh.changed(files, fresh.files_of(tmp_path)) == [os.path.join("cv2", "a.so"), os.path.join("cv2", "b.so")]


def own(environment):
    """Return the variables under which run.py uses that environment and installs nothing."""
    # Machine code made beside numpy 1 must not be taken for that of the other environments, which are alike.
    cache = {"NUMBA_CACHE_DIR": str(environment.folder / "compiled")} if environment.name == "old_numpy" else {}
    return {**os.environ, "TALKING_AVATAR_PYTHON": str(environment.python), **cache}


def test_a_video_is_made_there(installed, tmp_path):
    sys_python = [sys.executable, str(ROOT / "run.py"), "render", "--json", "--text", "Bob may.", "--size", "192x192",
                  "--portrait", str(sample(tmp_path)), "--out", str(tmp_path / "out.mp4")]
    done = subprocess.run(sys_python, env=own(installed), capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stderr[-2000:]
    result = json.loads(done.stdout.splitlines()[-1])
    assert result["frames"] > 10 and (tmp_path / "out.mp4").stat().st_size > 5000


def sample(folder):
    from talking_avatar.cli.sample import copy_sample

    return copy_sample(folder)


def test_that_environment_is_old(old_numpy):
    code = "import cv2, numpy; print(numpy.__version__, cv2.__version__, hasattr(cv2, 'ximgproc'))"
    said = subprocess.run([str(old_numpy.python), "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.split() == ["1.26.4", "4.10.0", "True"]


def test_the_tests_of_the_core_pass_on_numpy_1_and_opencv_4(old_numpy):
    command = [str(old_numpy.python), "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *QUICK]
    done = subprocess.run(command, cwd=ROOT, env=own(old_numpy), capture_output=True, text=True, check=False, timeout=900)
    assert done.returncode == 0, done.stdout[-3000:]
