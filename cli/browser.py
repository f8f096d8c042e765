"""Find a Chromium for the page tests, or install one where that is allowed."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

from .console import LauncherError, say

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
MAC = ("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
       "/Applications/Chromium.app/Contents/MacOS/Chromium")
SOFTWARE_3D = ("--disable-gpu", "--enable-unsafe-swiftshader")
"""Arguments for WebGL2 as on a machine without a graphics card, the same picture on every machine.

The page itself is then put together by the browser's own software, in parts, as Chrome does it there. Forcing Chrome to do
that with SwiftShader as well (--ignore-gpu-blocklist) costs 60 ms of processor time for every change of the page."""
_HINT = "Install Chromium or Chrome, or run: python -m playwright install chromium"


def find_browser(*, install_missing: bool = False) -> Path:
    """Return the executable of a Chromium.

    Raises
    ------
    LauncherError
        If there is none and none can be installed here.
    """
    found = _on_path() or _of_playwright()
    if not found and install_missing:
        found = _from_debian()
    if not found:
        raise LauncherError("no Chromium browser was found", hint=_HINT)
    return found


def _on_path() -> Path | None:
    candidates = [shutil.which(name) for name in NAMES] + [path for path in MAC if Path(path).exists()]
    return next((Path(path) for path in candidates if path), None)


def _of_playwright() -> Path | None:
    if importlib.util.find_spec("playwright") is None:
        return None
    code = ("from playwright.sync_api import sync_playwright as s\n"
            "with s() as p: print(p.chromium.executable_path)")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    path = Path(done.stdout.strip() or "/nonexistent")
    return path if done.returncode == 0 and path.exists() else None


def _from_debian() -> Path | None:
    """Install Debian's package where we are root; containers and CI machines are."""
    apt = shutil.which("apt-get")
    if not apt or os.name != "posix" or os.geteuid() != 0:
        return None
    say("Installing Chromium with apt-get ...")
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run([apt, "update"], check=False, env=environment, **quiet)
    done = subprocess.run([apt, "install", "-y", "--no-install-recommends", "chromium"], check=False,
                          env=environment, **quiet)
    return _on_path() if done.returncode == 0 else None
