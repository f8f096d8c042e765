"""Environments as users have them, to prove that installing this pack changes nothing in them.

Made once by `run.py test` and kept in `.local/harm`. What a full ComfyUI brings along is linked from
the launcher's own environment file by file (hard links: pip replaces files, it never writes into
them), so that an environment of 2 GB costs seconds. What the proof is about is installed by pip.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from .comfy_install import COMFY_HOME
from .console import LOCAL, ROOT, LauncherError, say
from .environment import python_of

HOME = LOCAL / "harm"
RECIPE = 1
LIST = ROOT / "requirements.txt"
BESIDE_OPENCV = ("numba",)
"""What README tells those to install who have OpenCV already."""
OLD = ("numpy==1.26.4", "opencv-contrib-python-headless==4.10.0.84")
TESTING = ("pytest", "hypothesis", "scikit-image")
Files = dict[str, tuple[int, int]]


@dataclass(frozen=True)
class Fresh:
    """One environment: where it lies and what was found out while it was made."""

    name: str
    folder: Path
    record: Mapping[str, Any]

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return python_of(self.folder)


def prepare() -> None:
    """Make the environments that are not there yet; needs a network the first time."""
    for name, build in BUILDERS.items():
        if not is_ready(name):
            say(f"Making the environment '{name}' to install into ...")
            _build(name, build)


def fresh(name: str) -> Fresh:
    """Return an environment that `prepare` has made.

    Raises
    ------
    LauncherError
        If it is not there, or was made for other requirements.
    """
    if not is_ready(name):
        raise LauncherError(f"the environment '{name}' is not made yet", hint="Run: python run.py test")
    record = json.loads((HOME / name / "record.json").read_text(encoding="utf-8"))
    return Fresh(name, HOME / name, record)


def is_ready(name: str) -> bool:
    """Tell whether an environment fits the present requirements."""
    with contextlib.suppress(OSError, ValueError):
        record = json.loads((HOME / name / "record.json").read_text(encoding="utf-8"))
        return bool(record["stamp"] == _stamp())
    return False


def moved(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """Return the packages that were there before and are not there as they were."""
    return [f"{name} {version} -> {after.get(name, 'gone')}" for name, version in sorted(before.items())
            if after.get(name) != version]


def changed(before: Files, after: Files) -> list[str]:
    """Return the files that were there before and are not there as they were."""
    return [path for path, state in sorted(before.items()) if after.get(path) != state]


def files_of(folder: Path) -> Files:
    """Return size and time of every file below a folder, byte code left out."""
    found: Files = {}
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name != "__pycache__"]
        for name in names:
            stat = os.lstat(os.path.join(place, name))
            found[os.path.relpath(os.path.join(place, name), folder)] = (stat.st_size, stat.st_mtime_ns)
    return found


def _stamp() -> str:
    tree = COMFY_HOME / "tree" / "requirements.txt"
    texts = [path.read_text(encoding="utf-8") for path in (LIST, tree) if path.exists()]
    made_for = [RECIPE, sys.version, BESIDE_OPENCV, OLD, _extras(), texts]
    return hashlib.sha256(json.dumps(made_for).encode()).hexdigest()


def _build(name: str, build: Callable[[Path], dict[str, Any]]) -> None:
    folder = HOME / name
    shutil.rmtree(folder, ignore_errors=True)
    _run([sys.executable, "-m", "venv", str(folder)])
    # Older ones cannot report what they would do.
    _pip(folder, "install", "pip>=23")
    record = build(folder)
    (folder / "record.json").write_text(json.dumps({"stamp": _stamp(), **record}, indent=1), encoding="utf-8")


def _of_comfyui(folder: Path) -> dict[str, Any]:
    """Everything that ComfyUI asks for, in its newest versions; then requirements.txt."""
    link_distributions(folder, comfyui_requirements())
    return _installed(folder, "-r", str(LIST))


def _of_old_numpy(folder: Path) -> dict[str, Any]:
    """numpy 1 with a flavour of OpenCV that nobody asks for; then what README says for OpenCV owners."""
    link_distributions(folder, [*comfyui_requirements(), *TESTING], without=("numpy",))
    _pip(folder, "install", *OLD)
    plain = _would_install(folder, "-r", str(LIST))
    return {**_installed(folder, *BESIDE_OPENCV), "with_the_whole_list": plain}


def _of_onnxruntime_gpu(folder: Path) -> dict[str, Any]:
    """A stand-in of onnxruntime-gpu: the real one is hundreds of megabytes, and only its name matters here."""
    _pip(folder, "install", "--no-deps", str(_stub_wheel(folder, "onnxruntime-gpu", "1.23.0", "onnxruntime")))
    asked = {"requirements": [f"-r{LIST}"], "control": ["onnxruntime"], **_extras()}
    would = {name: _would_install(folder, *packages) for name, packages in asked.items()}
    return {"before": _packages(folder), "would": would}


BUILDERS: dict[str, Callable[[Path], dict[str, Any]]] = {
    "comfyui": _of_comfyui, "old_numpy": _of_old_numpy, "onnxruntime_gpu": _of_onnxruntime_gpu}


def _installed(folder: Path, *arguments: str) -> dict[str, Any]:
    """Install, and return what was there before and after."""
    place = _site_packages(folder)
    before, files = _packages(folder), files_of(place)
    _pip(folder, "install", *arguments)
    return {"arguments": arguments, "before": before, "after": _packages(folder),
            "changed_files": changed(files, files_of(place))[:50]}


def comfyui_requirements() -> list[str]:
    """Return the requirement lines of the ComfyUI tree from PyPI."""
    text = (COMFY_HOME / "tree" / "requirements.txt").read_text(encoding="utf-8")
    return [line.split("#")[0].strip() for line in text.splitlines() if line.split("#")[0].strip()]


def link_distributions(folder: Path, requirements: Iterable[str], without: tuple[str, ...] = ()) -> list[str]:
    """Give an environment the running one's packages for some requirements, with all they need."""
    target, linked = _site_packages(folder), []
    for name in sorted(_closure(requirements) - set(without)):
        linked.append(name)
        for file in importlib.metadata.distribution(name).files or ():
            if ".." in file.parts or "__pycache__" in file.parts:
                continue
            _link(Path(str(file.locate())), target / file)
    return linked


def _closure(requirements: Iterable[str]) -> set[str]:
    """Return the installed distributions behind some requirements."""
    pending, found = [Requirement(line) for line in requirements], set[str]()
    while pending:
        wanted = pending.pop()
        name = canonicalize_name(wanted.name)
        if name in found or (wanted.marker and not wanted.marker.evaluate({"extra": ""})):
            continue
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            needs = importlib.metadata.distribution(name).requires or []
            found.add(name)
            pending += [Requirement(line) for line in needs]
    return found


def _link(source: Path, target: Path) -> None:
    if not source.is_file() or target.exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except OSError:  # another file system, or one without links
        shutil.copy2(source, target)


def _extras() -> dict[str, list[str]]:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    table = text.split("[project.optional-dependencies]")[1].split("\n[")[0]
    # By hand: Python 3.10 has no tomllib.
    lines = re.findall(r"^([\w-]+) = (\[.*\])$", table, re.MULTILINE)
    return {f"extra {name}": json.loads(packages) for name, packages in lines if name != "dev"}


def _stub_wheel(folder: Path, name: str, version: str, module: str) -> Path:
    """Write an empty wheel of some name."""
    path = folder / f"{name.replace('-', '_')}-{version}-py3-none-any.whl"
    info = f"{name.replace('-', '_')}-{version}.dist-info"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr(f"{module}/__init__.py", f"__version__ = {version!r}\n")
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")
    return path


def _packages(folder: Path) -> dict[str, str]:
    listed = json.loads(_pip(folder, "list", "--format=json"))
    return {canonicalize_name(entry["name"]): entry["version"] for entry in listed}


def _would_install(folder: Path, *arguments: str) -> dict[str, str]:
    """Return what pip would install, by name, without doing it."""
    report = folder / "report.json"
    _pip(folder, "install", "--dry-run", "--report", str(report), *arguments)
    entries = json.loads(report.read_text(encoding="utf-8"))["install"]
    return {canonicalize_name(entry["metadata"]["name"]): entry["metadata"]["version"] for entry in entries}


def _site_packages(folder: Path) -> Path:
    code = "import sysconfig; print(sysconfig.get_paths()['purelib'])"
    return Path(_run([str(python_of(folder)), "-c", code]).strip())


def _pip(folder: Path, *arguments: str) -> str:
    return _run([str(python_of(folder)), "-m", "pip", "--disable-pip-version-check", "--no-input", *arguments])


def _run(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise LauncherError(f"{' '.join(command[1:6])} failed: {done.stderr.strip()[-300:]}",
                            hint="Check the network and the pip configuration.")
    return done.stdout
