"""The newest web page of ComfyUI, unpacked beside the environment: tests open it on the same server."""

from __future__ import annotations

import re
import shutil
import sys
import zipfile
from pathlib import Path

from .console import LOCAL, LauncherError
from .environment import pip_install

DISTRIBUTION = "comfyui-frontend-package"
HOME = LOCAL / "front_end"


def prepare() -> None:
    """Obtain the newest page, once; delete the folder to look for a newer one."""
    if newest() is not None:
        return
    HOME.mkdir(parents=True, exist_ok=True)
    # Its companion packages hold templates and pictures; the page alone is what our nodes meet.
    pip_install(Path(sys.executable), ["--no-deps", "--dest", str(HOME), DISTRIBUTION], "the newest page of ComfyUI",
                verb="download")
    wheel = next(iter(HOME.glob("*.whl")), None)
    if wheel is None:
        raise LauncherError("pip has brought no page of ComfyUI", hint=f"Delete {HOME} and start again.")
    unpack(wheel)


def unpack(wheel: Path) -> Path:
    """Unpack a wheel into a folder named by its version, and delete the wheel."""
    version = wheel.name.split("-")[1]
    if not re.fullmatch(r"[\w.]+", version):
        raise LauncherError(f"{wheel.name} has no version in its name", hint=f"Delete {HOME} and start again.")
    partly = HOME / "partly"
    shutil.rmtree(partly, ignore_errors=True)
    with zipfile.ZipFile(wheel) as archive:
        # Maps to the page's own sources are two thirds of it.
        archive.extractall(partly, [name for name in archive.namelist() if not name.endswith(".map")])
    target = HOME / version
    shutil.rmtree(target, ignore_errors=True)
    partly.rename(target)
    wheel.unlink()
    return target


def newest() -> tuple[str, Path] | None:
    """Return version and folder of the page that is there, or None."""
    pages = sorted(HOME.glob("*/comfyui_frontend_package/static/index.html"), key=lambda page: _number(page.parents[2].name))
    return (pages[-1].parents[2].name, pages[-1].parent) if pages else None


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version))
