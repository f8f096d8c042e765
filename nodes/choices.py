"""Values of drop-downs, and their check: ComfyUI does not validate drop-downs of V3 nodes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..pipeline_core.errors import AvatarError
from ..pipeline_core.registry import Kind, backends, resolve


def backend_ids(kind: Kind) -> list[str]:
    """Return "auto" and the ids of all back ends of a kind, the preferred first."""
    return ["auto", *(backend.id for backend in backends(kind))]


def problem_with(check: Callable[..., Any], *arguments: Any, **keywords: Any) -> str | bool:
    """Return the text of the error that `check` raises, or True: what `validate_inputs` has to return.

    Keywords that are None are left out: ComfyUI hands None for an input whose value another node will give.
    """
    try:
        check(*arguments, **{name: value for name, value in keywords.items() if value is not None})
    except AvatarError as error:
        return str(error)
    return True


def check_backend(kind: Kind, id: str | None) -> str | bool:
    """Return why a back end cannot be used, or True. None stands for a linked input."""
    return True if id is None else problem_with(resolve, kind, id)
