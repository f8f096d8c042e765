"""Back ends, one file or package each; every one registers itself when it is imported."""

from __future__ import annotations

import logging
import pkgutil
from importlib import import_module

_NOT_BACK_ENDS = {"assets", "net"}
failed: dict[str, str] = {}
"""Back ends that could not be imported: module name -> reason. The others work without them."""


def register_all() -> None:
    """Import every back end; asking twice costs nothing.

    A broken one is recorded and logged, so that it cannot take the others with it.
    """
    for module in pkgutil.iter_modules(__path__):
        if module.name in _NOT_BACK_ENDS or module.name in failed:
            continue
        try:
            import_module(f".{module.name}", __name__)
        except Exception as error:  # whatever it is, the other back ends must stay usable
            failed[module.name] = f"{type(error).__name__}: {error}"
            logging.getLogger("talking_avatar").warning(
                "back end %s is not available", module.name, exc_info=error)
