"""run.py test: lint, types and tests."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

from .browser import find_browser
from .comfy_install import find_comfyui
from .console import EXIT_BUG, EXIT_OK, LOCAL, ROOT, LauncherError, emit, say
from .environment import OWN_PYTHON

PACKAGE = "talking_avatar"


def run(arguments: argparse.Namespace) -> int:
    """Run ruff, mypy and pytest; the first failure decides the exit status, pytest always runs."""
    steps = {"ruff": _ruff(), "mypy": _mypy()}
    if not arguments.fast:
        _prepare_comfyui()
    selection = ["-m", "not comfyui and not browser"] if arguments.fast else []
    steps["pytest"] = _call([sys.executable, "-m", "pytest", *selection, *arguments.rest])
    for name in ("ruff", "mypy"):
        if steps[name]:
            # After pytest's closing line, so that a log's end shows every failure.
            say(f"{name} failed (see above)")
    failed = [name for name, status in steps.items() if status]
    if arguments.json:
        emit({"failed": failed, "ok": not failed}, as_json=True)
    return EXIT_BUG if failed else EXIT_OK


def _ruff() -> int:
    return _call([sys.executable, "-m", "ruff", "check", "."])


def _mypy() -> int:
    # mypy wants a package with a proper name; the checkout may be called anything.
    folder = LOCAL / "types"
    folder.mkdir(parents=True, exist_ok=True)
    link = folder / PACKAGE
    if not link.is_symlink():
        shutil.rmtree(link, ignore_errors=True)
        try:
            link.symlink_to(ROOT, target_is_directory=True)
        except OSError:  # Windows allows links to administrators only
            shutil.copytree(ROOT / "pipeline_core", link / "pipeline_core")
    return _call([sys.executable, "-m", "mypy", "--config-file", str(ROOT / "pyproject.toml"), "-p",
                  f"{PACKAGE}.pipeline_core"], folder)


def _prepare_comfyui() -> None:
    """Obtain ComfyUI, a browser and what else tests look at before pytest starts, where a wait is announced."""
    install = find_comfyui()
    say(f"ComfyUI: {install.tree} ({install.origin})")
    try:
        browser = find_browser(install_missing=True)
        say(f"Browser: {browser}")
    except LauncherError as error:
        _can_wait(error, "the browser tests")
    if OWN_PYTHON in os.environ:
        return
    from . import fresh, front_end

    for what, prepare in (("the tests of installing", fresh.prepare), ("the tests with the newest page", front_end.prepare)):
        try:
            prepare()
        except LauncherError as error:
            _can_wait(error, what)


def _can_wait(error: LauncherError, what: str) -> None:
    """Go on without some tests; not on a CI machine, where nobody would notice."""
    if os.environ.get("CI"):
        raise error
    say(f"warning: {error.message}; {what} are skipped. {error.hint}")


def _call(command: list[str], cwd: Path = ROOT) -> int:
    say("$ " + " ".join(Path(part).name if part == sys.executable else part for part in command))
    return subprocess.run(command, cwd=cwd, check=False).returncode
