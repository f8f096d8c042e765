"""Start a real ComfyUI headless with this pack in it, and stop it without leftovers."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
from pathlib import Path
from types import TracebackType

from .comfy_client import ComfyClient
from .comfy_install import ComfyInstall
from .console import ROOT, LauncherError

PACK_NAME = "ComfyUI-TalkingAvatar"
QUIET_PAGE = {
    "Comfy.TutorialCompleted": True,
    "Comfy.InstalledVersion": "1.32.9",
    "Comfy.Notification.ShowVersionUpdates": False,
    "Comfy.Workflow.Persist": False,
}
"""Front end settings that keep first-run dialogs away from a page made for trying."""
NOT_COPIED = shutil.ignore_patterns(".git", ".local", "output", "__pycache__", "tests", ".*_cache")


class ComfyServer:
    """A ComfyUI process of our own; a context manager."""

    def __init__(self, install: ComfyInstall, base: Path, *, port: int = 0, pack_name: str = PACK_NAME,
                 extra_args: tuple[str, ...] = ()) -> None:
        self.install = install
        self.base = base
        self.port = port or free_port()
        self.log_path = base / "comfyui.log"
        self.url = f"http://127.0.0.1:{self.port}"
        self.client = ComfyClient(self.url)
        self._pack_name = pack_name
        self._extra_args = extra_args
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> ComfyServer:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.stop()

    @property
    def output(self) -> Path:
        """ComfyUI's output folder."""
        return self.base / "output"

    @property
    def input(self) -> Path:
        """ComfyUI's input folder."""
        return self.base / "input"

    def start(self, timeout_s: float = 180.0) -> None:
        """Start the server and wait until it answers.

        Raises
        ------
        LauncherError
            If the port is taken, or the process ends, does not answer in time, or did not load the pack.
        """
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 0.5):
            raise LauncherError(f"port {self.port} is taken by another program", hint="Choose another with --port N.")
        self._prepare_base()
        with self.log_path.open("wb") as log:
            self._process = subprocess.Popen(
                self._command(), stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                cwd=self.install.tree, env={**os.environ, "PYTHONUNBUFFERED": "1"},
                start_new_session=os.name == "posix")
        try:
            self._wait_until_ready(timeout_s)
            self._expect_pack()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End the process and its children."""
        process, self._process = self._process, None
        if process is None or process.poll() is not None:
            return
        _signal_tree(process, hard=False)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(10)
            return
        _signal_tree(process, hard=True)
        process.wait(10)

    def wait(self) -> int:
        """Wait for the process to end and return its exit status."""
        return self._process.wait() if self._process else 0

    def log(self) -> str:
        """Return everything the server has written so far."""
        return self.log_path.read_text(encoding="utf-8", errors="replace")

    def _prepare_base(self) -> None:
        for name in ("custom_nodes", "input", "output", "models", "user/default", "temp"):
            (self.base / name).mkdir(parents=True, exist_ok=True)
        settings = self.base / "user" / "default" / "comfy.settings.json"
        if not settings.exists():
            settings.write_text(json.dumps(QUIET_PAGE, indent=2), encoding="utf-8")
        place = self.base / "custom_nodes" / self._pack_name
        if place.is_symlink():
            place.unlink()
        elif place.exists():
            shutil.rmtree(place)
        try:
            place.symlink_to(ROOT, target_is_directory=True)
        except OSError:  # Windows allows links to administrators only
            shutil.copytree(ROOT, place, ignore=NOT_COPIED)

    def _command(self) -> list[str]:
        launcher = [str(ROOT / "cli" / "comfy_launcher.py")] if self.install.shim else []
        cpu = [] if _torch_has_gpu(self.install.python) else ["--cpu"]
        return [str(self.install.python), *launcher, str(self.install.tree / "main.py"), *cpu,
                "--listen", "127.0.0.1", "--port", str(self.port), "--base-directory", str(self.base),
                "--disable-auto-launch", "--disable-api-nodes",
                "--database-url", f"sqlite:///{(self.base / 'user' / 'comfyui.db').as_posix()}",
                *self._extra_args]

    def _wait_until_ready(self, timeout_s: float) -> None:
        end_s = time.monotonic() + timeout_s
        while time.monotonic() < end_s:
            if self._process is None or self._process.poll() is not None:
                raise LauncherError(f"ComfyUI ended while starting: {self._last_error()}",
                                    hint=f"Its log: {self.log_path}")
            with contextlib.suppress(OSError, urllib.error.URLError, ValueError):
                self.client.get("/system_stats", timeout_s=5)
                return
            time.sleep(0.25)
        raise LauncherError(f"ComfyUI did not answer within {timeout_s:.0f} s", hint=f"Its log: {self.log_path}")

    def _expect_pack(self) -> None:
        if any(name.startswith("TA_") for name in self.client.object_info()):
            return
        raise LauncherError(f"ComfyUI runs but could not load Talking Avatar: {self._last_error()}",
                            hint=f"The traceback is in {self.log_path}")

    def _last_error(self) -> str:
        lines = [line for line in self.log().splitlines() if "Error" in line]
        return lines[-1].strip() if lines else "no error in its log"


def free_port() -> int:
    """Return a TCP port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _torch_has_gpu(python: Path) -> bool:
    code = "import torch,sys; sys.exit(0 if torch.cuda.is_available() or torch.backends.mps.is_available() else 1)"
    return subprocess.run([str(python), "-c", code], capture_output=True, check=False).returncode == 0


def _signal_tree(process: subprocess.Popen[bytes], *, hard: bool) -> None:
    if os.name == "posix":
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL if hard else signal.SIGTERM)
    else:
        subprocess.run(["taskkill", "/T", "/F", "/PID", str(process.pid)], capture_output=True, check=False)
