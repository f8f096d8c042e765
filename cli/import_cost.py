"""What loading this pack costs ComfyUI and changes in it, measured by ComfyUI's own loader.

``python import_cost.py TREE PACK`` prints one JSON object; `measure` starts it in a process of its own.
Everything that ComfyUI itself imports is there before the pack is.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

MB = 1e6
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
NETWORK = ("socket.__new__", "socket.connect", "socket.bind", "socket.getaddrinfo", "urllib.Request")
FILES = ("os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.truncate", "shutil.copyfile", "shutil.move",
         "subprocess.Popen", "os.system", "os.exec", "os.posix_spawn")


def measure(python: Path, tree: Path, pack: Path, base: Path) -> dict[str, Any]:
    """Load a pack into a fresh ComfyUI without a server.

    Parameters
    ----------
    python, tree : Path
        The interpreter, and the folder with ComfyUI's main.py.
    pack : Path
        Folder of the pack.
    base : Path
        Where ComfyUI may keep its folders.

    Returns
    -------
    dict
        loaded, seconds, memory_mb, packages and modules (new ones), network, files (events), state (what was
        changed in the process), each change as text.
    """
    command = [str(python), str(Path(__file__).resolve()), str(tree), str(pack), str(base)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=base)
    if done.returncode:
        raise RuntimeError(f"loading the pack failed: {done.stderr[-2000:]}")
    return dict(json.loads(done.stdout.splitlines()[-1]))


class Listener:
    """Writes down what a process does to files and networks while it is `on`."""

    def __init__(self) -> None:
        self.on = False
        self.network: list[str] = []
        self.files: list[str] = []
        sys.addaudithook(self._hear)

    def _hear(self, event: str, args: tuple[Any, ...]) -> None:
        if not self.on:
            return
        if event in NETWORK:
            self.network.append(event)
        elif event in FILES:
            self._note(f"{event} {args[0] if args else ''}")
        elif event == "open" and isinstance(args[0], str) and _is_writing(args[1], args[2]):
            self._note(f"open {args[0]}")

    def _note(self, what: str) -> None:
        # Python keeps the byte code of any module that it imports; it does so for every pack.
        if "__pycache__" not in what:
            self.files.append(what)


def _is_writing(mode: str | None, flags: int) -> bool:
    return any(letter in mode for letter in "wax+") if mode else bool(flags & WRITES)


def state() -> dict[str, str]:
    """Return what a process has that all its parts share, as texts that can be compared."""
    getters: dict[str, Callable[[], Any]] = {**_python_state(), **_numeric_state()}
    # One entry for each variable: what is reported must not show the others.
    variables = {f"environment: {name}": value for name, value in os.environ.items()}
    return {name: str(get()) for name, get in getters.items()} | variables


def differences(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """Return what two states differ in."""
    return [f"{name}: {before.get(name, 'nothing')} -> {after.get(name, 'nothing')}"[:300]
            for name in sorted(before.keys() | after.keys()) if before.get(name) != after.get(name)]


def _python_state() -> dict[str, Callable[[], Any]]:
    import gc
    import locale
    import logging
    import random
    import signal
    import socket
    import threading
    import warnings

    loggers = logging.root.manager.loggerDict
    return {
        "logging: root": lambda: (logging.root.level, logging.root.handlers, logging.root.filters, logging.root.disabled),
        "logging: disabled below": lambda: logging.root.manager.disable,
        "logging: handlers and levels": lambda: sorted(
            (name, logger.level, str(logger.handlers), logger.propagate) for name, logger in list(loggers.items())
            if isinstance(logger, logging.Logger) and (logger.handlers or logger.level or not logger.propagate)),
        "warnings: filters": lambda: warnings.filters,
        "warnings: shown by": lambda: warnings.showwarning,
        "signals": lambda: [str(signal.getsignal(number)) for number in sorted(signal.valid_signals())],
        "locale": lambda: locale.setlocale(locale.LC_ALL, None),
        "random": lambda: hash(random.getstate()),
        "threads": lambda: sorted(thread.name for thread in threading.enumerate()),
        "socket time limit": socket.getdefaulttimeout,
        "working folder": os.getcwd,
        "sys.path": lambda: [entry for entry in sys.path if entry],
        "import hooks": lambda: (sys.meta_path, sys.path_hooks),
        "other hooks": lambda: (sys.excepthook, sys.displayhook, sys.stdout, sys.stderr, sys.gettrace()),
        "limits": lambda: (sys.getrecursionlimit(), sys.getswitchinterval(), gc.isenabled(), gc.get_threshold()),
    }


def _numeric_state() -> dict[str, Callable[[], Any]]:
    import numpy as np
    import torch

    return {
        "numpy: random": lambda: np.random.get_state()[1].sum(),  # noqa: NPY002 - the old global state is meant
        "numpy: errors and printing": lambda: (np.geterr(), np.get_printoptions()),
        "torch: random": lambda: hash(torch.get_rng_state().numpy().tobytes()),
        "torch: threads": torch.get_num_threads,
        "torch: defaults": lambda: (torch.get_default_dtype(), torch.get_default_device(), torch.is_grad_enabled()),
        "torch: precision": lambda: (torch.get_float32_matmul_precision(), torch.are_deterministic_algorithms_enabled(),
                                     torch.backends.cudnn.benchmark, torch.backends.cudnn.enabled),
    }


async def _load(pack: str) -> dict[str, Any]:
    """Load the pack as ComfyUI does, and compare before and after."""
    import psutil

    nodes = import_module("nodes")
    await nodes.init_extra_nodes(init_custom_nodes=False, init_api_nodes=False)
    listener, process = Listener(), psutil.Process()
    known, before = set(sys.modules), state()
    memory_bytes, began_s = process.memory_info().rss, time.perf_counter()
    listener.on = True
    loaded = await nodes.load_custom_node(pack)
    listener.on = False
    seconds, grown_bytes = time.perf_counter() - began_s, process.memory_info().rss - memory_bytes
    after, new = state(), sorted(set(sys.modules) - known)
    others = {name.split(".")[0] for name in new} - {name.split(".")[0] for name in known}
    return {
        "loaded": loaded, "seconds": seconds, "memory_mb": grown_bytes / MB, "modules": new,
        "packages": sorted(name for name in others if name not in sys.stdlib_module_names and os.sep not in name),
        "network": listener.network, "files": listener.files,
        "state": differences(before, after),
    }


def main(tree: str, pack: str, base: str) -> None:
    """Become a ComfyUI without a server, and load the pack."""
    from comfy_launcher import declare_missing_operators  # beside this file, which is a script here

    keep_alive = declare_missing_operators()
    sys.path[0] = tree
    sys.argv = ["main.py", "--cpu", "--base-directory", base, "--database-url", "sqlite:///:memory:"]
    # By name, because this process is ComfyUI, as no other part of the launcher is. In main.py's order.
    import_module("comfy.options").enable_args_parsing()
    for name in ("utils.extra_config", "execution", "server"):
        import_module(name)
    result = asyncio.new_event_loop().run_until_complete(_load(pack))
    del keep_alive
    print(json.dumps(result))


if __name__ == "__main__":
    main(*sys.argv[1:4])
