"""Files that a drop-down offers: what lies in ComfyUI's input folder, and the shipped samples."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import folder_paths

from ..models.samples import CLIPS, PORTRAITS, RECORDINGS, is_sample, sample_file
from ..pipeline_core.errors import UnreadableMedia
from ..pipeline_core.media.video import media_file

NOUNS = {"image": "picture", "audio": "sound file", "video": "video"}
SAMPLES = {"image": {name: sample.file for name, sample in PORTRAITS.items()},
           "audio": {name: sample.file for name, sample in RECORDINGS.items()}, "video": CLIPS}
"""Shipped files by kind and by their names in drop-downs."""
PHONE_PICTURES = (".heic", ".heif", ".hif", ".avif")


def file_choices(kinds: Iterable[str], samples: Iterable[str]) -> list[str]:
    """Return the samples and the files of some kinds ("image", "audio", "video") in the input folder."""
    folder = folder_paths.get_input_directory()
    names = [entry.name for entry in os.scandir(folder) if entry.is_file()] if os.path.isdir(folder) else []
    known = folder_paths.filter_files_content_types(names, list(kinds))
    # The system's table of types, which ComfyUI asks, lacks these on many machines.
    phone = [name for name in names if "image" in kinds and name.lower().endswith(PHONE_PICTURES)]
    return [*samples, *sorted({*known, *phone})]


def table_choices() -> list[str]:
    """Return the tables in the input folder; ComfyUI has no kind of file for them."""
    folder = folder_paths.get_input_directory()
    names = [entry.name for entry in os.scandir(folder) if entry.is_file()] if os.path.isdir(folder) else []
    return sorted(name for name in names if name.lower().endswith(".csv"))


def expect_table(file: str | None) -> Path:
    """Return where a chosen table is.

    Raises
    ------
    UnreadableMedia
        If nothing is chosen or it is not there.
    """
    path = input_path(file)
    if path is None:
        what = f"no table called {file!r} in ComfyUI's input folder" if file else "no table chosen"
        raise UnreadableMedia(what, hint=f"Copy the .csv file into {folder_paths.get_input_directory()} and press R on the canvas.")
    return path


def input_path(file: str | None) -> Path | None:
    """Return where a chosen file is; None where there is no such file that may be read."""
    if not file or is_sample(file) or not folder_paths.exists_annotated_filepath(file):
        return None
    path = own_path(folder_paths.get_annotated_filepath(file))
    return path if path is not None and path.is_file() else None


def own_path(file: str) -> Path | None:
    """Return a path in ComfyUI's input, output or temp folder; None for any other: a workflow from elsewhere must not read it.

    Links inside the folders are the owner's: they are followed, while ".." is taken out of the name first.
    """
    path = Path(os.path.abspath(file))
    allowed = (folder_paths.get_input_directory(), folder_paths.get_output_directory(), folder_paths.get_temp_directory())
    return path if any(path.is_relative_to(os.path.abspath(folder)) for folder in allowed) else None


def expect_file(file: str | None, kind: str) -> Path | None:
    """Return where a chosen file is, or None for a sample.

    Raises
    ------
    UnreadableMedia
        If nothing is chosen or it is not there: says which file belongs where.
    """
    if file in SAMPLES[kind]:
        return None
    path = input_path(file)
    if path is not None:
        return path
    noun, folder = NOUNS[kind], folder_paths.get_input_directory()
    way = ("press 'choose file to upload' in a Load Audio node" if kind == "audio"
           else "press 'choose file to upload' in the node")
    if not file:
        raise UnreadableMedia(f"no {noun} chosen", hint=f"Choose a sample or a file: {way}.")
    raise UnreadableMedia(
        f"no {noun} called {file!r} in ComfyUI's input folder",
        hint=f"Put {os.path.basename(str(file))} into {folder} and press R on the canvas, or {way}, or choose one of the samples.")


def fingerprint(file: str | None) -> str:
    """Return what changes when the content of a chosen file changes."""
    files = {name: path for group in SAMPLES.values() for name, path in group.items()}
    path = sample_file(files[file]) if file in files else input_path(file)
    return f"{file}:{media_file(path).sha256}" if path else ""
