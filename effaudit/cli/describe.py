"""prints the help of a plug-in: what it does, and its options"""

from __future__ import annotations

import argparse
import dataclasses


def arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's arguments."""
    parser.add_argument(
        "plugin", metavar="PLUGIN", help="its name, as `effaudit list` prints it; KIND/NAME where two kinds share a name"
    )


def run(options: argparse.Namespace) -> int:
    """Prints its docstring and its fields."""
    from effaudit import registry
    from effaudit.cli.list import KINDS
    from effaudit.core.errors import InputError
    from effaudit.core.text import did_you_mean

    kind, _, name = options.plugin.rpartition("/")
    found = [k for k in KINDS if kind in ("", k) and name in registry.names(k)]
    if not found:
        raise InputError(f"there is no plug-in {name!r}.{did_you_mean(name, {n for k in KINDS for n in registry.names(k)})}")
    for family in found:
        plugin = registry.find(family, name)
        print(f"{name} ({family[:-1]})\n\n{registry.describe(family, name)}")  # noqa: T201
        fields = dataclasses.fields(plugin) if dataclasses.is_dataclass(plugin) else ()
        for field in fields:
            print(f"  {field.name}: {field.type}, default {field.default!r}")  # noqa: T201
        if family == "metrics":
            print("\nids: " + ", ".join(plugin().examples()))  # noqa: T201
    return 0
