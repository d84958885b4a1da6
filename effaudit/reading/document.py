"""A YAML file as a frozen pydantic model: every problem is told with its line, in words, all of them at once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from effaudit.core.errors import InputError, Place
from effaudit.core.text import counted, did_you_mean, one_line, shorten
from effaudit.reading.yaml_text import VALUE_LIMIT, Keys, Spot, parse, path_of

API_VERSION = "effaudit/v1"
SIZE_LIMIT = 256 * 1024
SHOWN_PROBLEMS = 10

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True)
class Document:
    """A YAML file's mapping, and where each part of it stands. `digest` is the SHA-256 of its bytes."""

    file: str
    tree: dict[str, Any]
    spots: Mapping[Keys, Spot]
    digest: str

    def place(self, *keys: str | int) -> Place:
        """Where a value stands; for one that is missing, where the mapping around it does."""
        known = next((keys[:n] for n in range(len(keys), -1, -1) if keys[:n] in self.spots), ())
        spot = self.spots.get(known)
        return Place(self.file, spot.line if spot else None, path_of(keys))

    def written(self, *keys: str | int) -> str:
        """A scalar as the file has it (`0.70`, not 0.7)."""
        spot = self.spots.get(keys)
        return spot.written if spot else ""

    def fault(self, what: str, *keys: str | int, advice: str = "") -> InputError:
        """An error at a value, to be raised or told together with others."""
        return InputError(what, self.place(*keys), advice)

    def model(self, kind: type[M]) -> M:
        """The document as a model. Raises one InputError with all problems."""
        try:
            return kind.model_validate_json(json.dumps(self.tree), strict=True)
        except ValidationError as error:
            raise together(problems(error, self, (), kind.model_json_schema())) from error


@dataclass(frozen=True)
class GivenDocument(Document):
    """A mapping that a caller handed over. `argument` says which argument of the call the value at some keys came from."""

    argument: Callable[[Keys], str]

    def place(self, *keys: str | int) -> Place:
        """The argument that holds a value."""
        return Place(self.argument(keys))


def given_document(tree: dict[str, Any], argument: Callable[[Keys], str]) -> GivenDocument:
    """A caller's values as a document. Raises InputError where one of them could not stand in a file."""
    for key, value in tree.items():
        try:
            json.dumps(value, default=_plain)
        except (TypeError, ValueError) as error:
            raise InputError(f"expected texts, numbers, lists and mappings: {error}", Place(argument((key,)))) from error
    text = json.dumps(tree, default=_plain)
    return GivenDocument("", json.loads(text), {}, hashlib.sha256(text.encode()).hexdigest(), argument)


def _plain(value: Any) -> Any:
    if isinstance(value, Path):
        return str(value)
    if hasattr(value, "tolist"):  # numpy's numbers and arrays
        return value.tolist()
    raise TypeError(f"found a {type(value).__name__}")


def open_document(path: Path, kind: str, most: int = VALUE_LIMIT) -> Document:
    """Reads a file of one `kind` (`AuditPlan`, `EfficiencyPolicy`, `EfficiencyWaivers`).

    Raises InputError, also where it is of another kind, or holds more than `most` values.
    """
    return document_of(_bytes(path), str(path), kind, most)


def document_of(data: bytes, file: str, kind: str, most: int = VALUE_LIMIT) -> Document:
    """The bytes of a file as a document; `file` is how errors name it. Raises InputError."""
    if len(data) > SIZE_LIMIT:
        raise InputError(
            f"more than {SIZE_LIMIT // 1024} KB, which is too much for a plan or policy: is this the right file?", Place(file)
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise InputError("this is not UTF-8 text", Place(file, line), "Save it as UTF-8.") from error
    tree, spots = parse(text, file, most)
    if not isinstance(tree, dict):
        found = "it is empty" if tree is None else f"found {shown(tree)}"
        raise InputError(f"expected a mapping that begins with `apiVersion: {API_VERSION}`; {found}", Place(file, 1))
    document = Document(file, tree, spots, hashlib.sha256(data).hexdigest())
    _check_kind(document, kind)
    return document


def problems(error: ValidationError, document: Document, above: Keys, schema: Mapping[str, Any]) -> list[InputError]:
    """What pydantic found below the keys `above`, one plain sentence each. `schema` is the model's JSON Schema."""
    found = (one for one in error.errors(include_url=False)[:200] if not _echo(one))
    return [_problem(one, document, above, schema) for one in found]


def together(faults: Iterable[InputError]) -> InputError:
    """One error for all: itself when it is alone, else the first ten in the order of their lines."""
    ordered = sorted(faults, key=lambda fault: (fault.place.line or 0) if fault.place else 0)
    if len(ordered) == 1:
        return ordered[0]
    told = "\n".join(f"  {str(fault).replace(chr(10), chr(10) + '  ')}" for fault in ordered[:SHOWN_PROBLEMS])
    more = len(ordered) - SHOWN_PROBLEMS
    rest = f"\n  and {counted(more, 'more problem')}" if more > 0 else ""
    place = ordered[0].place
    return InputError(f"{counted(len(ordered), 'problem')}:\n{told}{rest}", Place(place.file) if place else None)


def shown(value: Any) -> str:
    """A value from a file, short and harmless, for an error."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return "a mapping" if value else "an empty mapping"
    if isinstance(value, (list, tuple)):
        return f"a list of {len(value)}" if value else "an empty list"
    return repr(one_line(value, 80)) if isinstance(value, str) else shorten(str(value), 80)


def _bytes(path: Path) -> bytes:
    place = Place(str(path))
    if str(path) == "-":
        advice = "Write it to a file, and give that one's name: the paths in it are looked for from its folder."
        raise InputError("plans, policies and waivers are not read from the standard input", place, advice)
    try:
        if not path.is_file():  # a pipe or a device would be read for ever
            what = "this is a folder" if path.is_dir() else "there is no such file"
            raise InputError(f"{what}, a YAML file was expected", place)
        with path.open("rb") as file:
            data = file.read(SIZE_LIMIT + 1)
    except (OSError, ValueError) as error:
        raise InputError(f"cannot be read: {error}", place) from error
    return data


def _check_kind(document: Document, kind: str) -> None:
    version, found = document.tree.get("apiVersion"), document.tree.get("kind")
    if version is None:
        raise document.fault(
            "`apiVersion` is missing", advice=f"Begin the file with `apiVersion: {API_VERSION}` and `kind: {kind}`."
        )
    if version != API_VERSION:
        raise document.fault(
            f"this file is written for {shown(version)}; this version of effaudit reads {API_VERSION!r}",
            "apiVersion",
            advice=f"Write `apiVersion: {API_VERSION}`, or install the version that it was written for.",
        )
    if found is None:
        raise document.fault("`kind` is missing", advice=f"Write `kind: {kind}` below `apiVersion`.")
    if found != kind:
        raise document.fault(
            f"this is a file of kind {shown(found)}, where {kind!r} was expected", "kind", advice=_other(found, kind)
        )


def _other(found: Any, kind: str) -> str:
    known = {
        "AuditPlan": "a plan is given to `effaudit audit`",
        "EfficiencyPolicy": "a policy is given to `effaudit gate -p`",
        "EfficiencyWaivers": "waivers are named by their policy: `waivers: {file: FILE}`",
    }
    if isinstance(found, str) and found in known:
        return f"Give the other file here: {known[found]}."
    return f"Write `kind: {kind}`."


def _echo(found: Mapping[str, Any]) -> bool:
    """Is it only said because the items of a list are wrong, each of which is told?"""
    return bool(found["type"] == "too_short" and len(found["input"]) >= found["ctx"]["min_length"])


def _problem(found: Mapping[str, Any], document: Document, above: Keys, schema: Mapping[str, Any]) -> InputError:
    keys: Keys = tuple(found["loc"])
    kind, value, limits = found["type"], found.get("input"), found.get("ctx", {})
    if kind == "extra_forbidden":
        known = _node(schema, keys[:-1]).get("properties", {})
        return document.fault(f"unknown key {shown(keys[-1])}.{did_you_mean(str(keys[-1])[:80], known)}", *above, *keys)
    described = _node(schema, keys, resolve=False).get("description", "")
    advice = f"{keys[-1]}: {described}" if described and keys else ""
    if kind == "missing":
        return document.fault(f"`{keys[-1]}` is missing", *above, *keys, advice=advice)
    if kind == "value_error":
        return document.fault(str(limits["error"]), *above, *keys, advice=advice)
    if kind == "literal_error":
        return document.fault(_choices(limits["expected"], value), *above, *keys, advice=advice)
    return document.fault(f"expected {_expected(kind, limits, found)}, found {shown(value)}", *above, *keys, advice=advice)


def _choices(expected: str, value: Any) -> str:
    words = expected.replace(" or ", ", ").replace("'", "").split(", ")
    near = did_you_mean(value, words) if isinstance(value, str) and len(value) <= 80 else ""
    return f"expected {expected}, found {shown(value)}" + (f".{near}" if "Did you mean" in near else "")


_EXPECTED: dict[str, str | Callable[[Mapping[str, Any]], str]] = {
    "string_type": "text (put numbers and dates in quotes)",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "tuple_type": "a list",
    "list_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "dataclass_type": "a mapping",
    "none_required": "nothing",
    "greater_than_equal": lambda limits: f"at least {limits['ge']}",
    "greater_than": lambda limits: f"more than {limits['gt']}",
    "less_than_equal": lambda limits: f"at most {limits['le']}",
    "less_than": lambda limits: f"less than {limits['lt']}",
    "too_short": lambda limits: f"at least {limits['min_length']} of them",
    "too_long": lambda limits: f"at most {limits['max_length']} of them",
    "string_too_short": lambda limits: f"at least {counted(limits['min_length'], 'character')}",
    "string_too_long": lambda limits: f"at most {counted(limits['max_length'], 'character')}",
}


def _expected(kind: str, limits: Mapping[str, Any], found: Mapping[str, Any]) -> str:
    words = _EXPECTED.get(kind)
    if words is None:
        said = str(found["msg"])
        return said.removeprefix("Input should be ").removeprefix("a valid ")
    return words if isinstance(words, str) else words(limits)


def _node(schema: Mapping[str, Any], keys: Sequence[str | int], *, resolve: bool = True) -> Mapping[str, Any]:
    """The part of a JSON Schema that describes the value at `keys`; empty where it says nothing."""
    node: Any = schema
    for key in keys:
        node = _resolved(schema, node)
        if isinstance(key, int):
            node = node.get("items", {})
        else:
            others = [node.get("additionalProperties"), *node.get("patternProperties", {}).values()]
            node = node.get("properties", {}).get(key) or next((other for other in others if isinstance(other, Mapping)), {})
    return _resolved(schema, node) if resolve else node


def _resolved(schema: Mapping[str, Any], node: Mapping[str, Any]) -> Mapping[str, Any]:
    while "$ref" in node:
        node = schema.get("$defs", {}).get(str(node["$ref"]).rpartition("/")[2], {})
    for choice in node.get("anyOf", ()):
        found = _resolved(schema, choice)
        if found.get("type") in ("object", "array"):
            return found
    return node
