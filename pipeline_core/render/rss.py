"""How much memory this process has, and how much is free."""

from __future__ import annotations

from typing import Any


def rss_mb() -> float:
    """Return the memory of this process now, in megabytes; 0 where the system does not tell."""
    try:
        with open("/proc/self/statm", encoding="ascii") as handle:
            import resource

            return int(handle.read().split()[1]) * resource.getpagesize() / 1e6
    except (OSError, ImportError):
        psutil = _psutil()
        return float(psutil.Process().memory_info().rss) / 1e6 if psutil else 0.0


def available_mb() -> float | None:
    """Return the main memory that is free for programs, in megabytes; None where the system does not tell."""
    psutil = _psutil()
    return float(psutil.virtual_memory().available) / 1e6 if psutil else None


def _psutil() -> Any:
    """Return psutil, which ComfyUI brings along, or None."""
    try:
        import psutil
    except ImportError:
        return None
    return psutil
