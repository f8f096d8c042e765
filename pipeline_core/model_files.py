"""Where users keep model files: folders are told by the host, files are found by name."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path

PACK = Path(__file__).resolve().parents[1]
Folders = Callable[[], Iterable[str | Path]]


def _around_the_pack() -> list[Path]:
    """Return the folders `models` of ComfyUI and of this pack, where they are known without ComfyUI."""
    comfyui = os.environ.get("COMFYUI_PATH")
    roots = [Path(comfyui)] if comfyui else []
    if PACK.parent.name == "custom_nodes":
        roots.append(PACK.parents[1])
    return [*(root / "models" for root in roots), PACK / ".local" / "models"]


_SOURCES: list[Folders] = [_around_the_pack]


def add_folders(folders: Folders) -> None:
    """Search further folders; ComfyUI's side calls this with what its settings say."""
    _SOURCES.append(folders)


def model_folders() -> list[Path]:
    """Return every folder that holds models, in the order of search; those that do not exist are left out."""
    listed = (Path(folder) for source in reversed(_SOURCES) for folder in source())
    return list(dict.fromkeys(folder for folder in listed if folder.is_dir()))


def find_file(subfolders: Iterable[str], patterns: Iterable[str]) -> Path | None:
    """Return the first file that fits.

    Parameters
    ----------
    subfolders : iterable of str
        Relative to each model folder; "" is the folder itself.
    patterns : iterable of str
        Names with wildcards, the preferred first.
    """
    folders = [folder / sub for folder in model_folders() for sub in subfolders]
    folders = [folder for folder in folders if folder.is_dir()]
    for pattern in patterns:
        for folder in folders:
            found = sorted(path for path in folder.glob(pattern) if path.is_file())
            if found:
                return found[0]
    return None


def default_folder() -> Path:
    """Return where a file that the user asked for is put: ComfyUI's models folder if known, else .local."""
    known = _around_the_pack()
    return next((folder for folder in known[:-1] if folder.is_dir()), known[-1]) / "talking_avatar"
