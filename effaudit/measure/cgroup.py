"""What the control group allows this process: processors and memory, by version 1 or 2 of the kernel's interface."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")
OWN = Path("/proc/self/cgroup")
_NO_LIMIT = 1 << 60
"""Version 1 writes about 2**63 for "none"."""


@dataclass(frozen=True)
class Allowed:
    """Processors' worth of time and bytes of memory; None where nothing is limited."""

    processors: float | None = None
    memory: int | None = None


def allowed(root: Path = ROOT, own: Path = OWN) -> Allowed:
    """The tightest limits of the process's own group and those above it. Nothing where the system has no control groups."""
    processors: list[float] = []
    memory: list[int] = []
    for folder in _folders(root, own):
        processors += _quota(folder)
        memory += _bytes(folder)
    return Allowed(min(processors, default=None), min(memory, default=None))


def _folders(root: Path, own: Path) -> Iterator[Path]:
    """Each controller's group and its parents. A container may see its own group as the root: what is missing is passed over."""
    lines: list[str] = []
    with contextlib.suppress(OSError):
        lines = own.read_text().splitlines()
    for line in lines:
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        tops = [root / name for name in controllers.split(",") if name] if controllers else [root, root / "unified"]
        for top in tops:
            yield top
            group = top
            for part in (part for part in path.split("/") if part not in ("", "..", ".")):
                group = group / part
                yield group


def _quota(folder: Path) -> list[float]:
    """From `cpu.max` (version 2: "50000 100000", or "max 100000"), or the two files of version 1."""
    with contextlib.suppress(OSError, ValueError, ZeroDivisionError):
        both = folder / "cpu.max"
        if both.exists():
            quota, period = both.read_text().split()
            return [] if quota == "max" else [float(quota) / float(period)]
        quota, period = ((folder / f"cpu.cfs_{name}_us").read_text() for name in ("quota", "period"))
        return [float(quota) / float(period)] if float(quota) > 0 else []
    return []


def _bytes(folder: Path) -> list[int]:
    for name in ("memory.max", "memory.limit_in_bytes"):
        with contextlib.suppress(OSError, ValueError):
            limit = int((folder / name).read_text())
            return [limit] if 0 < limit < _NO_LIMIT else []
    return []
