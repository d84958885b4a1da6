"""A policy resolved: everything that it inherits in one text, each value with the file and line where it was written."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from effaudit.core.text import one_line
from effaudit.reading.document import API_VERSION
from effaudit.reading.policy_cells import OFF
from effaudit.reading.policy_layers import KIND, Layered
from effaudit.reading.yaml_text import Keys, plain

WIDTH = 56
DEFAULTS: Mapping[Keys, str] = {
    ("evidence", "confidence_level"): "0.95",
    ("evidence", "multiple_comparisons"): "holm",
    ("evidence", "on_inconclusive"): "fail",
    ("baseline",): "plan",
    ("select", "minimize"): "size.artifact",
    ("select", "equal_within"): "2 %",
    ("select", "tie_break"): "[simple_first]",
}
"""What holds where no file says otherwise."""

_SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9 _./%+-]*")
_ORDER = ("metadata", "valid_on", "evidence", "baseline", "rules", "overrides", "select", "waivers")


def resolved_text(document: Layered) -> str:
    """The policy as YAML that can be read again, a comment at each value saying where it comes from."""
    names = [one_line(document.names[each.file], 120) for each in document.files]
    head = [
        f"# {names[0]}, with all that it extends: {', '.join(names[1:])}" if names[1:] else f"# {names[0]}, which extends no other"
    ]
    head += [f"apiVersion: {API_VERSION}", f"kind: {KIND}"]
    return "\n".join([*head, *_body(document)]) + "\n"


def _body(document: Layered) -> Iterator[str]:
    tree = document.tree
    for key in (*_ORDER, *(other for other in tree if other not in _ORDER and other not in ("apiVersion", "kind"))):
        missing = {keys: text for keys, text in DEFAULTS.items() if keys[0] == key and not _there(tree, keys)}
        if key in tree:
            yield from _entry(document, (key,), tree[key], "")
        elif missing and (key,) not in missing:
            yield f"{key}:"
        for keys, text in missing.items():
            yield _commented(f"{'  ' * (len(keys) - 1)}{keys[-1]}: {text}", "default")


def _there(tree: Mapping[str, Any], keys: Keys) -> bool:
    value: Any = tree
    for key in keys:
        if not isinstance(value, Mapping) or key not in value:
            return False
        value = value[key]
    return True


def _entry(document: Layered, keys: Keys, value: Any, indent: str) -> Iterator[str]:
    """One key with its value, on as many lines as it takes."""
    name = f"{indent}{_scalar(str(keys[-1]))}:"
    if isinstance(value, dict) and (value or _off(document, keys)):
        yield name
        for key, inner in value.items():
            yield from _entry(document, (*keys, key), inner, indent + "  ")
        yield from (f"{_commented(f'{indent}  {_scalar(rule)}: {OFF}', place)}" for rule, place in _off(document, keys))
    elif isinstance(value, list) and any(isinstance(item, (dict, list)) for item in value):
        yield name
        for number, item in enumerate(value):
            yield from _item(document, (*keys, number), item, indent + "  ")
    else:
        yield _commented(f"{name} {_flow(document, keys, value)}", _place(document, keys))


def _item(document: Layered, keys: Keys, value: Any, indent: str) -> Iterator[str]:
    """One item of a list of mappings."""
    lines = [line for key, inner in value.items() for line in _entry(document, (*keys, key), inner, indent + "  ")]
    yield f"{indent}- {lines[0].strip()}" if lines else f"{indent}- {{}}"
    yield from lines[1:]


def _flow(document: Layered, keys: Keys, value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(_flow(document, (*keys, number), item) for number, item in enumerate(value))}]"
    if isinstance(value, dict):
        return "{}"
    if isinstance(value, str):
        return _scalar(value)
    return document.written(*keys) if value is not None else "null"


def _scalar(text: str) -> str:
    """Plain where it reads back as itself, else in quotes."""
    if _SAFE.fullmatch(text) and not text.endswith(" ") and plain(text):
        return text
    return '"' + "".join(_escaped(character) for character in text) + '"'


def _escaped(character: str) -> str:
    if character in '"\\':
        return "\\" + character
    if character.isprintable() and character not in "\u2028\u2029\ufeff":
        return character
    return f"\\U{ord(character):08x}"


def _off(document: Layered, keys: Keys) -> Iterator[tuple[str, str]]:
    """The rules that an override switches off, with the place where it says so."""
    if len(keys) == 3 and keys[0] == "overrides" and keys[2] == "rules":
        for (number, rule), cell in document.off.items():
            if number == keys[1]:
                yield rule, f"{one_line(document.names[cell.document.file], 120)}:{cell.document.place(*cell.keys).line}"


def _place(document: Layered, keys: Keys) -> str:
    line = document.place(*keys).line
    return f"{one_line(document.shown(*keys), 120)}:{line}"


def _commented(text: str, comment: str) -> str:
    return f"{text:<{WIDTH}}  # {comment}"
