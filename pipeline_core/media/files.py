"""Files at the border: what can be read, and results that appear only when they are complete."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import OutputError, UnreadableMedia

WRITE_HINT = "Choose a folder that can be written to and has free space."


def existing_file(path: str | os.PathLike[str], kind: str) -> str:
    """Return the path of a file that is there; `kind` names it in messages, as "picture".

    Raises
    ------
    UnreadableMedia
        If there is no such file, or a folder has that name.
    """
    name = os.fspath(path)
    if os.path.isdir(name):
        raise UnreadableMedia(f"{kind} {name!r} is a folder", hint="Choose a file.")
    if not os.path.isfile(name):
        raise UnreadableMedia(f"{kind} {name!r} does not exist", hint="Check the path.")
    return name


def check_target(path: str | os.PathLike[str]) -> None:
    """Refuse a name under which no file can be written, before any work is spent on it.

    Raises
    ------
    OutputError
        If the name is empty or no name, or a folder has it.
    """
    name = os.fspath(path)
    if not name or "\0" in name:
        raise OutputError(f"cannot write {name!r}: this is no file name", hint="Choose another name.")
    if os.path.isdir(name):
        raise OutputError(f"cannot write {name!r}: a folder has that name", hint="Choose another name.")


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield a temporary name to write to; when the block succeeds, that file becomes `path`.

    Missing folders are made. Whatever happens, no half-written file stays behind.

    Raises
    ------
    OutputError
        If the system refuses to write.
    """
    check_target(path)
    target = Path(path)
    part = target.with_name(f".{uuid.uuid4().hex}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        yield part
        os.replace(part, target)
    except OSError as error:
        raise OutputError(f"cannot write {os.fspath(path)!r}: {error.strerror or error}", hint=WRITE_HINT) from error
    finally:
        if part.exists():
            part.unlink()
