"""How the values of a policy's files lie over each other: key by key, a limit of another kind taking the earlier one's place."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from effaudit.core.errors import InputError
from effaudit.core.text import did_you_mean, one_line
from effaudit.reading.document import Document, together
from effaudit.reading.yaml_text import Keys

OFF = "off"
LIMITS = ("min", "max", "max_drop", "max_increase")
_OF_A_LIMIT = (*LIMITS, "versus", "warn_above")
_OF_ONE_TARGET = (*_OF_A_LIMIT, "metric", "aggregate", "method")
_SECTIONS = ("evidence", "valid_on", "select", "waivers")
_OWN = ("apiVersion", "kind", "metadata", "extends")
"""What each file says of itself, and hands on to none."""
GUESSES = 12
"""So many faults are told with what was perhaps meant, which takes long; few more are shown."""
CELLS_LIMIT = 50_000
"""A policy has no more values than this once each override's rules are made whole."""


@dataclass(frozen=True)
class Cell:
    """Where a value was written. A mapping that was put together from several files is no `leaf`: its own cells make it."""

    document: Document
    keys: Keys
    leaf: bool = True

    @property
    def value(self) -> Any:
        """As it stands in its file."""
        value: Any = self.document.tree
        for key in self.keys:
            value = value[key]
        return value


@dataclass(frozen=True)
class Layer:
    """Values by the keys under which they stand in the whole policy, and the inherited rules that were dropped on the way."""

    cells: Mapping[Keys, Cell]
    dropped: frozenset[str] = frozenset()

    @property
    def rules(self) -> list[str]:
        """The names of its rules."""
        return [str(keys[1]) for keys in self.cells if len(keys) == 2 and keys[0] == "rules"]

    def then(self, later: Layer) -> Layer:
        """Itself with a later one of the same list over it. What the later one has dropped goes here, too."""
        handed_on = {keys: cell for keys, cell in later.cells.items() if keys[0] not in _OWN}
        return Layer(
            laid_over(_without(self.cells, later.dropped), handed_on), self.dropped - frozenset(later.rules) | later.dropped
        )

    def under(self, document: Document) -> Layer:
        """Itself with a file's own values over it. Raises InputError where it drops rules that are not there."""
        inherited = self.rules
        rules = document.tree.get("rules")
        off = {name for name, rule in rules.items() if rule == OFF} if isinstance(rules, dict) else set()
        unknown = sorted(off - set(inherited))
        if unknown:
            raise together(_nothing_to_drop(document, name, inherited, place < GUESSES) for place, name in enumerate(unknown))
        own = Layer(_own_cells(document, off))
        return Layer(laid_over(_without(self.cells, off), own.cells), self.dropped - frozenset(own.rules) | off)


def laid_over(below: Mapping[Keys, Cell], above: Mapping[Keys, Cell]) -> dict[Keys, Cell]:
    """Later values over earlier ones. Overrides are all kept, the later ones behind the others."""
    shift = sum(len(keys) == 2 and keys[0] == "overrides" for keys in below)
    replaces = any(keys == ("overrides",) and cell.leaf for keys, cell in above.items())
    if shift and not replaces:
        above = {_shifted(keys, shift): cell for keys, cell in above.items()}
    gone = _replaced(below, above)
    kept = {keys: cell for keys, cell in below.items() if not any(keys[:n] in gone for n in range(1, len(keys) + 1))}
    return {keys: cell for keys, cell in {**kept, **above}.items() if not _unset(keys, cell, below)}


def with_overrides(layer: Layer) -> tuple[dict[Keys, Cell], dict[tuple[int, str], Cell]]:
    """Each override's rules made whole, what it says being laid over the rule itself; and the rules that each switches off.

    Raises InputError where an override changes a rule that is not there.
    """
    if any(cell.leaf for keys, cell in layer.cells.items() if keys == ("rules",)):  # no mapping, as will be told
        return {keys: cell for keys, cell in layer.cells.items() if keys[0] != "overrides"}, {}
    rules: dict[str, dict[Keys, Cell]] = {}
    for keys, cell in layer.cells.items():
        if keys[0] == "rules" and len(keys) > 1:
            rules.setdefault(str(keys[1]), {})[keys] = cell
    whole: dict[Keys, Cell] = {}
    off: dict[tuple[int, str], Cell] = {}
    faults: list[InputError] = []
    for keys, cell in layer.cells.items():
        whole[keys] = cell
        entry = cell.value if keys[0] == "overrides" and len(keys) == 2 else None
        if not isinstance(entry, dict) or not isinstance(entry.get("rules"), dict):
            continue
        at_rules = (*keys, "rules")
        whole[keys] = Cell(cell.document, cell.keys, leaf=False)
        whole |= {(*keys, key): Cell(cell.document, (*cell.keys, key), leaf=key != "rules") for key in entry}
        for name, rule in entry["rules"].items():
            written: Keys = (*cell.keys, "rules", name)
            if name not in rules and not _complete(rule):
                if name not in layer.dropped:
                    faults.append(_nothing_to_change(cell.document, written, name, rules if len(faults) < GUESSES else ()))
            elif rule == OFF:
                off[int(keys[1]), name] = Cell(cell.document, written)
            else:
                merged = laid_over(rules.get(name, {}), _parts(cell.document, ("rules", name), written, rule))
                whole.update({(*at_rules, *part[1:]): one for part, one in merged.items()})
            if len(whole) > CELLS_LIMIT:
                raise cell.document.fault(
                    "the overrides repeat too much of the rules", *cell.keys, advice="Is this the right file?"
                )
    if faults:
        raise together(faults)
    return whole, off


def tree_of(cells: Mapping[Keys, Cell]) -> dict[str, Any]:
    """The values that cells stand for, nested. Overrides, which are kept by their number, are a list."""
    tree: dict[str, Any] = {}
    for keys, cell in cells.items():
        level: Any = tree
        for key in keys[:-1]:
            level = level.setdefault(key, {})
        if cell.leaf:
            level[keys[-1]] = cell.value
        else:
            level.setdefault(keys[-1], {})
    overrides = cells.get(("overrides",))
    if overrides is not None and not overrides.leaf:
        tree["overrides"] = list(tree["overrides"].values())
    return tree


def _without(cells: Mapping[Keys, Cell], rules: Collection[str]) -> dict[Keys, Cell]:
    return {keys: cell for keys, cell in cells.items() if keys[0] != "rules" or len(keys) < 2 or keys[1] not in rules}


def _own_cells(document: Document, off: set[str]) -> dict[Keys, Cell]:
    own: dict[Keys, Cell] = {}
    for key, value in document.tree.items():
        keys: Keys = (key,)
        if key == "rules" and isinstance(value, dict):
            own[keys] = Cell(document, keys, leaf=False)
            for name in value:
                own |= {} if name in off else _parts(document, (key, name), (key, name), value[name])
        elif key == "overrides" and isinstance(value, list):
            own[keys] = Cell(document, keys, leaf=False)
            own |= {(key, number): Cell(document, (key, number)) for number in range(len(value))}
        elif key in _SECTIONS:
            own |= _parts(document, keys, keys, value)
        elif key != "extends":
            own[keys] = Cell(document, keys)
    return own


def _parts(document: Document, keys: Keys, written: Keys, value: Any) -> dict[Keys, Cell]:
    """A mapping's keys one by one; anything else as it is."""
    if not isinstance(value, dict):
        return {keys: Cell(document, written)}
    parts = {(*keys, key): Cell(document, (*written, key)) for key in value}
    return {keys: Cell(document, written, leaf=False), **parts}


def _shifted(keys: Keys, by: int) -> Keys:
    return ("overrides", int(keys[1]) + by, *keys[2:]) if keys[0] == "overrides" and len(keys) > 1 else keys


def _replaced(below: Mapping[Keys, Cell], above: Mapping[Keys, Cell]) -> set[Keys]:
    """What goes from below: what a whole value replaces, and what belongs to a limit that gives way to another kind."""
    gone: set[Keys] = {keys for keys, cell in above.items() if cell.leaf and keys in below}
    for keys in above:
        if keys[0] != "rules" or len(keys) != 3:
            continue
        rule, word = keys[:2], keys[2]
        if word in LIMITS and keys not in below:
            gone |= {(*rule, other) for other in _OF_A_LIMIT}
        if word == "any":
            gone |= {(*rule, other) for other in _OF_ONE_TARGET}
        elif word == "metric" or word in LIMITS:
            gone.add((*rule, "any"))
    return gone


def _unset(keys: Keys, cell: Cell, below: Mapping[Keys, Cell]) -> bool:
    """Does `off` unset what a rule inherits, such as its `warn_above`?"""
    return keys[0] == "rules" and len(keys) == 3 and keys[2] != "metric" and keys in below and cell.value == OFF


def _complete(rule: Any) -> bool:
    """Can it stand alone?"""
    return isinstance(rule, dict) and ("metric" in rule or "any" in rule)


def _nothing_to_drop(document: Document, name: str, inherited: Sequence[str], guess: bool) -> InputError:
    if not inherited:
        what = "`off` drops an inherited rule, and this policy inherits none"
        return document.fault(what, "rules", name, advice="Leave the rule out, or say what the policy `extends`.")
    near = did_you_mean(name[:80], inherited) if guess else ""
    return document.fault(f"there is no inherited rule {one_line(name, 80)!r} to drop.{near}", "rules", name)


def _nothing_to_change(document: Document, written: Keys, name: str, rules: Iterable[str]) -> InputError:
    what = f"there is no rule {one_line(name, 80)!r} that this could change.{did_you_mean(name[:80], rules)}"
    return document.fault(what, *written, advice="A rule for these candidates only needs a `metric` and a limit.")
