"""lists the plug-ins: formats, techniques, metrics, outputs, engines"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from effaudit.registry import Kind

KINDS: tuple[Kind, ...] = ("formats", "techniques", "metrics", "outputs", "engines")


def arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's arguments."""
    parser.add_argument("kind", nargs="?", choices=KINDS, metavar="KIND", help=", ".join(KINDS))


def run(options: argparse.Namespace) -> int:
    """Prints each plug-in with the first sentence of its help."""
    from effaudit import registry

    for kind in (options.kind,) if options.kind else KINDS:
        print(f"{kind}:")  # noqa: T201
        for name in registry.names(kind):
            print(f"  {name:<16} {registry.describe(kind, name).splitlines()[0]}")  # noqa: T201
    return 0
