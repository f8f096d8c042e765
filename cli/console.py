"""What the launcher says: human text on stderr, one JSON object as the last line of stdout."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..pipeline_core.errors import AvatarError

ROOT = Path(__file__).resolve().parent.parent
LOCAL = ROOT / ".local"
"""Everything the launcher makes: environment, ComfyUI copy, logs, screenshots. Git ignores it."""

EXIT_OK = 0
EXIT_BUG = 1
EXIT_INPUT = 2
EXIT_STOPPED = 130
"""What shells say of a program that Ctrl-C has ended."""


class LauncherError(AvatarError):
    """The machine lacks something the launcher needs."""


def say(text: str) -> None:
    """Print one line for people."""
    print(text, file=sys.stderr, flush=True)


def one_line(error: AvatarError) -> str:
    """Return the error as the single line the command line contract asks for."""
    message, hint = (" ".join(part.split()) for part in (error.message, error.hint))
    return f"error: {message} | hint: {hint}"


def emit(result: Mapping[str, Any], as_json: bool) -> None:
    """Print the result of a command: as JSON on stdout if asked for, else as text."""
    if as_json:
        print(json.dumps(result, ensure_ascii=False, default=_plain), flush=True)
        return
    for key, value in result.items():
        if value not in ("", [], None):
            say(f"  {key}: {value}")


def _plain(value: Any) -> Any:
    """Return a numpy scalar as Python's own number, without importing numpy here."""
    if hasattr(value, "item"):
        return value.item()
    raise TypeError(f"{type(value).__name__} is no JSON value")


class ProgressLine:
    """One line that is rewritten on a terminal, and sparse lines in a log file."""

    def __init__(self, every_s: float = 2.0) -> None:
        self._live = sys.stderr.isatty()
        self._every_s = 0.1 if self._live else every_s
        self._last_s = 0.0
        self._open = False

    def show(self, stage: str, done: int, total: int, note: str = "") -> None:
        """Show `done` of `total` for a stage; the last step is always shown."""
        now_s = time.monotonic()
        if done < total and now_s - self._last_s < self._every_s:
            return
        self._last_s = now_s
        text = f"  {stage}: {done}/{total}" + (f", {note}" if note else "")
        if self._live:
            print(f"\r{text:<70}", end="", file=sys.stderr, flush=True)
            self._open = True
        else:
            say(text)

    def end(self) -> None:
        """Finish the rewritten line."""
        if self._open:
            print(file=sys.stderr, flush=True)
            self._open = False
