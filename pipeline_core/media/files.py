"""Files at the border: what can be read, and results that appear only when they are complete."""

from __future__ import annotations

import os
import re
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from ..errors import OutputError, UnreadableMedia

WRITE_HINT = "Choose a folder that can be written to and has free space."
MAX_NAME_BYTES = 255
"""Longest file name of ext4, NTFS, APFS and most others."""
_ON_WINDOWS = os.name == "nt"
_WINDOWS_DEVICES = re.compile(r"(con|prn|aux|nul|com[1-9]|lpt[1-9])(\..*)?", re.IGNORECASE)
_WINDOWS_FORBIDDEN = re.compile(r'[<>:"|?*\x00-\x1f]|[ .]$')


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


def check_target(path: str | os.PathLike[str], *, folder: bool = False) -> None:
    """Refuse a name under which nothing can be written, before any work is spent on it.

    Parameters
    ----------
    path : path
        The name of the result.
    folder : bool
        Whether the result is a folder: it may exist while it is empty.

    Raises
    ------
    OutputError
        If the name is no name, is too long, is taken, or lies where nothing can be written.
    """
    name = os.fspath(path)
    _check_name(name)
    if folder and os.path.isdir(name):
        if _is_filled(name):
            raise OutputError(f"cannot write {name!r}: the folder is not empty",
                              hint="Choose another name, or empty the folder.")
    elif os.path.isdir(name):
        raise OutputError(f"cannot write {name!r}: a folder has that name", hint="Choose another name.")
    elif folder and os.path.lexists(name):
        raise OutputError(f"cannot write {name!r}: a file has that name", hint="Choose another name.")
    _check_place(name)


def refuse_own_source(path: str | os.PathLike[str], *sources: object) -> None:
    """Refuse to write a result over a file that it is made from.

    Parameters
    ----------
    path : path
        The name of the result.
    sources : object
        What the result is made from; those that are no paths are left alone.

    Raises
    ------
    OutputError
        If `path` is one of the sources, under whatever name.
    """
    for source in sources:
        if isinstance(source, (str, os.PathLike)) and _is_same_file(path, source):
            raise OutputError(f"cannot write {os.fspath(path)!r}: the result is made from this file",
                              hint="Choose another name.")


def _is_same_file(one: str | os.PathLike[str], other: str | os.PathLike[str]) -> bool:
    with suppress(OSError, ValueError):  # missing ones, and names that no system takes
        return os.path.samefile(one, other)
    return False


def _check_name(name: str) -> None:
    if not name or "\0" in name:
        raise OutputError(f"cannot write {name!r}: this is no file name", hint="Choose another name.")
    last = os.path.basename(os.path.normpath(name))
    if len(os.fsencode(last)) > MAX_NAME_BYTES:
        raise OutputError(f"cannot write {last[:40]!r}...: the name has more than {MAX_NAME_BYTES} bytes",
                          hint="Choose a shorter name.")
    if _ON_WINDOWS and (_WINDOWS_DEVICES.fullmatch(last) or _WINDOWS_FORBIDDEN.search(last)):
        raise OutputError(f"cannot write {last!r}: Windows does not allow that name", hint="Choose another name.")


def _is_filled(folder: str) -> bool:
    with os.scandir(folder) as entries:
        return any(True for _ in entries)


def _check_place(name: str) -> None:
    """Refuse a place in which nothing can be made; missing folders are made later."""
    place = Path(name).absolute().parent
    while not place.exists() and place != place.parent:
        place = place.parent
    if not place.is_dir() or not os.access(place, os.W_OK | os.X_OK):
        reason = "cannot be written to" if place.is_dir() else "is no folder"
        raise OutputError(f"cannot write {name!r}: {str(place)!r} {reason}", hint=WRITE_HINT)


@dataclass
class Appearing:
    """A result in the making."""

    part: Path
    """Write here; it is a file to be made, or a folder to be made."""
    path: Path
    """Where it will be, and after the block where it is."""


@contextmanager
def appearing(path: str | os.PathLike[str], *, folder: bool = False, overwrite: bool = True) -> Iterator[Appearing]:
    """Yield a temporary name to write to; when the block succeeds, what is there becomes `path`.

    Missing folders are made. Whatever happens, nothing half-written stays behind.

    Parameters
    ----------
    path : path
        The name of the result.
    folder : bool
        Whether the result is a folder, which must be new or empty.
    overwrite : bool
        Whether an older file of that name is replaced; otherwise the next free number is taken.
        Folders are never replaced.

    Raises
    ------
    OutputError
        If the system refuses to write.
    """
    if overwrite:
        check_target(path, folder=folder)
    else:
        _check_name(os.fspath(path))
        _check_place(os.fspath(path))
    target = Path(os.path.normpath(path))
    result = Appearing(target.with_name(f".{uuid.uuid4().hex}.part"), target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        yield result
        _settle(result, folder, overwrite)
    except OSError as error:
        raise OutputError(f"cannot write {os.fspath(path)!r}: {error.strerror or error}", hint=WRITE_HINT) from error
    finally:
        _remove(result.part)


def _settle(result: Appearing, folder: bool, overwrite: bool) -> None:
    """Give the finished result its name."""
    while not overwrite and not _claimed(result.path, folder):
        result.path = next_name(result.path)
    if folder and _ON_WINDOWS and result.path.is_dir():
        result.path.rmdir()  # Windows renames to free names only
    try:
        os.replace(result.part, result.path)
    except OSError:  # a folder that somebody has filled meanwhile, or a file that Windows holds
        if not overwrite:
            with suppress(OSError):  # what was put into it by others stays
                result.path.rmdir() if folder else result.path.unlink()
        raise


def _claimed(path: Path, folder: bool) -> bool:
    """Make an empty file or folder of that name, unless there is one: of two writers one succeeds."""
    try:
        if folder:
            path.mkdir()
        else:
            path.open("x").close()
    except FileExistsError:
        return False
    return True


def next_name(path: Path) -> Path:
    """Return the name with the next number: "a_00001_.mp4" -> "a_00002_.mp4", "a.mp4" -> "a_2.mp4"."""
    found = re.fullmatch(r"(.*_)(\d+)(_?)", path.stem)
    if found is None:
        return path.with_name(f"{path.stem}_2{path.suffix}")
    number = f"{int(found[2]) + 1:0{len(found[2])}}"
    return path.with_name(f"{found[1]}{number}{found[3]}{path.suffix}")


def _remove(part: Path) -> None:
    if part.is_dir():
        shutil.rmtree(part, ignore_errors=True)
    else:
        part.unlink(missing_ok=True)


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield a temporary name to write to; when the block succeeds, that file becomes `path`.

    Missing folders are made. Whatever happens, no half-written file stays behind.

    Raises
    ------
    OutputError
        If the system refuses to write.
    """
    with appearing(path) as result:
        yield result.part
