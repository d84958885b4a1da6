"""The text of a waivers' file with one more waiver in it; comments, quotes and order stay as they are."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ruamel.yaml import YAML

HEAD = """\
# Waivers move a limit of the policy for some candidates, for a time: `effaudit waiver list` shows them.
apiVersion: effaudit/v1
kind: EfficiencyWaivers
waivers: []
"""
_NUMBER = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,15})?")
_WIDE = 10_000
"""No line is folded: a reason stays on its line."""


def with_waiver(text: str, entry: Mapping[str, str | date]) -> str:
    """A valid file's text with an entry added at the end. Everything else in it stays as it is written."""
    yaml = _writer(text)
    tree: Any = yaml.load(text)
    if not tree["waivers"]:
        tree["waivers"] = []
    elif tree["waivers"].fa.flow_style():
        tree["waivers"].fa.set_block_style()
    tree["waivers"].append({key: _number(value, yaml) if key == "limit" else value for key, value in entry.items()})
    written = io.StringIO()
    yaml.dump(tree, written)
    return written.getvalue()


def _number(value: str | date, yaml: YAML) -> Any:
    """A bare number as the number that it is, with its digits; all else as text."""
    return yaml.load(value) if isinstance(value, str) and _NUMBER.fullmatch(value) else value


def _writer(text: str) -> YAML:
    from ruamel.yaml import YAML

    yaml = YAML(typ="rt")
    yaml.preserve_quotes = True
    yaml.width = _WIDE
    found = re.search(r"^( *)- ", text, re.MULTILINE)
    offset = len(found[1]) if found else 2
    yaml.indent(mapping=2, sequence=offset + 2, offset=offset)
    return yaml
