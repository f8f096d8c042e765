"""The shipped sample portrait as a file, for commands and for nodes of ComfyUI that read its input folder."""

from __future__ import annotations

import shutil
from pathlib import Path

from ..models.samples import PORTRAITS, sample_file

SAMPLE_NAME = next(iter(PORTRAITS.values())).file


def sample_portrait() -> Path:
    """Return where the picture is."""
    return sample_file(SAMPLE_NAME)


def copy_sample(folder: Path) -> Path:
    """Copy the picture into a folder and return where it is."""
    folder.mkdir(parents=True, exist_ok=True)
    return Path(shutil.copyfile(sample_portrait(), folder / SAMPLE_NAME))
