"""The sample portrait: NASA's public-domain picture of astronaut Eileen Collins, from scikit-image's wheel."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

from .console import LauncherError

SAMPLE_NAME = "astronaut.png"


def sample_portrait() -> Path:
    """Return where scikit-image keeps the picture; scikit-image itself is not imported."""
    spec = importlib.util.find_spec("skimage")
    folder = Path(next(iter(spec.submodule_search_locations))) if spec and spec.submodule_search_locations else None
    path = folder / "data" / SAMPLE_NAME if folder else None
    if path is None or not path.is_file():
        raise LauncherError("the sample portrait of scikit-image is not installed",
                            hint="Delete .local/venv and start again, or pip install scikit-image.")
    return path


def copy_sample(folder: Path) -> Path:
    """Copy the picture into ComfyUI's input folder and return where it is."""
    folder.mkdir(parents=True, exist_ok=True)
    return Path(shutil.copyfile(sample_portrait(), folder / SAMPLE_NAME))
