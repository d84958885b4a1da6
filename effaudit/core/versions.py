"""Versions of the packages that a process has imported: what was answered or made with others is not gone on with."""

from __future__ import annotations

import platform
import site
import sys
import sysconfig
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution, packages_distributions, version
from pathlib import Path

from effaudit.core.version import __version__

_SITES = tuple(sysconfig.get_paths()[name] for name in ("purelib", "platlib"))
HARNESS = frozenset({"effaudit", "psutil", "zstandard", "pip", "setuptools"})
"""Distributions that a worker imports for itself."""


def interpreter() -> dict[str, str]:
    """What every worker runs on: this program and Python."""
    return {"effaudit": __version__, "python": platform.python_version()}


def imported() -> tuple[str, ...]:
    """The installed distributions of which this process has imported something, sorted. What lies beside a plan is none."""
    top_level = {name.partition(".")[0] for name in sys.modules}
    owners = _owners()
    found = {owner for module in top_level for owner in owners.get(module, ())} - HARNESS
    return tuple(sorted(name for name in found if _is_installed(name)))


def versions(names: Iterable[str]) -> dict[str, str]:
    """What is installed now, by name; "" for what is not."""
    return {name: _version(name) for name in names}


def change(before: Mapping[str, str], now: Mapping[str, str]) -> str:
    """The first package whose version was another one `before`, in words; "" where there is none."""
    for name, was in before.items():
        if now.get(name, "") != was:
            return f"{name} was {was} and is {now.get(name) or 'not installed'} now"
    return ""


@cache
def _owners() -> Mapping[str, list[str]]:
    return packages_distributions()


def _is_installed(name: str) -> bool:
    folder = Path(str(distribution(name).locate_file(""))).resolve()
    return folder in {Path(path).resolve() for path in (*_SITES, *site.getsitepackages(), site.getusersitepackages())}


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""
