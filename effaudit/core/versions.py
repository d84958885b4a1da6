"""Versions of the packages that a process has imported: what was answered or made with others is not gone on with."""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, packages_distributions, version

from effaudit.core.version import __version__

HARNESS = frozenset({"effaudit", "psutil", "zstandard", "pip", "setuptools"})
"""Distributions that a worker imports for itself."""


def interpreter() -> dict[str, str]:
    """What every worker runs on: this program and Python."""
    return {"effaudit": __version__, "python": platform.python_version()}


def imported() -> tuple[str, ...]:
    """The distributions of which this process has imported something, sorted."""
    top_level = {name.partition(".")[0] for name in sys.modules}
    owners = _owners()
    return tuple(sorted({owner for module in top_level for owner in owners.get(module, ())} - HARNESS))


def versions(names: Iterable[str]) -> dict[str, str]:
    """What is installed now, by name; "" for what is not."""
    return {name: _version(name) for name in names}


def change(before: Mapping[str, str]) -> str:
    """The first package that has another version now, in words; "" where there is none."""
    for name, now in versions(before).items():
        if now != before[name]:
            return f"{name} was {before[name]} and is {now or 'not installed'} now"
    return ""


@cache
def _owners() -> Mapping[str, list[str]]:
    return packages_distributions()


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""
