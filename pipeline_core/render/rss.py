"""How much memory this process has, and how much is free."""

from __future__ import annotations

import sys
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


def peak_rss_mb() -> float:
    """Return the largest resident memory of this process so far, in megabytes (10**6 bytes)."""
    try:
        with open("/proc/self/status", encoding="ascii") as handle:
            # Linux: getrusage would count what the parent held when it started this process.
            return next(int(line.split()[1]) * 1024 / 1e6 for line in handle if line.startswith("VmHWM"))
    except (OSError, StopIteration):
        return _peak_elsewhere_mb()


def _peak_elsewhere_mb() -> float:
    try:
        import resource
    except ImportError:  # Windows
        psutil = _psutil()
        info = psutil.Process().memory_info() if psutil else None
        return float(getattr(info, "peak_wset", info.rss)) / 1e6 if info else 0.0
    # ru_maxrss is in bytes on macOS and in kibibytes elsewhere (getrusage(2)).
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e6


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
