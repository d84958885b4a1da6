"""What binds a worker: it leaves no core file, and cannot ask for more memory than it may."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path


def bind_memory(limit: int) -> None:
    """Refuses address space beyond what is mapped now plus `limit` bytes, and turns core files off."""
    with contextlib.suppress(ImportError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if sys.platform.startswith("linux"):
            mapped = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
            resource.setrlimit(resource.RLIMIT_AS, (mapped + limit, mapped + limit))
