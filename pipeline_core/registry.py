"""Back ends as data: what there is, what it needs, and which one to take.

A back end registers itself from its own file in `models/`. Whether it can run is checked
without importing its packages, so that a list of choices costs nothing.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from .errors import MissingDependency, MissingWeights, UnknownBackend

Kind = Literal["landmarks", "speech", "voice", "renderer", "tracker"]


@dataclass(frozen=True)
class Backend:
    """One way to do one job."""

    kind: Kind
    id: str
    title: str
    """Shown to users."""
    load: Callable[[], Any]
    """Build the object described in `interfaces`; imports its packages only when called."""
    licence: str
    """SPDX identifier of the weights, or a short name."""
    commercial: bool
    """Whether the licence allows commercial use."""
    priority: int = 0
    """"auto" takes the highest priority among those that can run."""
    packages: tuple[str, ...] = ()
    """Import names that must be installed."""
    extra: str = ""
    """Name of the optional extra of this project that installs `packages`."""
    distributions: tuple[str, ...] = ()
    """What to pip install, where that differs from the import names."""
    files: Callable[[], tuple[str, ...]] = tuple
    """Return the names of model files that are not on this machine."""
    where: str = "ComfyUI/models/talking_avatar/"
    """Folder that users put those files into."""
    get_files: str = ""
    """What the user can do to get `files`; the folder to put them into is said anyway."""
    capabilities: Mapping[str, Any] = field(default_factory=dict)
    """For renderers: needs (photo, video), moves (mouth, face, head), device."""

    def missing_packages(self) -> tuple[str, ...]:
        """Return the import names that are not installed."""
        return tuple(p for p in self.packages if importlib.util.find_spec(p) is None)

    def is_available(self) -> bool:
        """Tell whether `load` can be expected to work."""
        return not self.missing_packages() and not self.files()


_BACKENDS: dict[tuple[str, str], Backend] = {}


def register(backend: Backend) -> Backend:
    """Add a back end; an id that is taken is a bug in the caller."""
    key = (backend.kind, backend.id)
    if key in _BACKENDS:
        raise ValueError(f"back end {key} is registered twice")
    _BACKENDS[key] = backend
    return backend


def backends(kind: Kind) -> list[Backend]:
    """Return all back ends of a kind, the preferred first."""
    found = [b for b in _BACKENDS.values() if b.kind == kind]
    return sorted(found, key=lambda b: (-b.priority, b.id))


def resolve(kind: Kind, id: str = "auto") -> Backend:
    """Return the back end with that id, or the best available one for "auto".

    Raises
    ------
    UnknownBackend
        If no such back end is registered.
    MissingDependency
        If a needed package is not installed.
    MissingWeights
        If a needed model file is not on this machine.
    """
    known = backends(kind)
    if id == "auto":
        found = next((b for b in known if b.is_available()), known[0] if known else None)
    else:
        found = next((b for b in known if b.id == id), None)
    if found is None:
        choices = ", ".join(["auto", *(b.id for b in known)])
        raise UnknownBackend(f"unknown {kind} back end {id!r}", hint=f"Choose one of: {choices}.")
    packages = found.missing_packages()
    if packages:
        raise MissingDependency(
            f"{found.title} needs the package(s) {', '.join(packages)}",
            hint="Install them into ComfyUI's Python with: pip install "
                 + " ".join(found.distributions or [p.replace("_", "-") for p in packages]),
        )
    files = found.files()
    if files:
        raise MissingWeights(
            f"{found.title} needs the model file(s) {', '.join(files)}",
            hint=f"Put them into {found.where}{f', or {found.get_files}' if found.get_files else ''}.",
        )
    return found
