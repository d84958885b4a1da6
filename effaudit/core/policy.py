"""What a model must meet: rules with limits, and which of the candidates that meet them all is preferred."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from effaudit.core.record import Record

Bound = Literal["min", "max", "max_drop", "max_increase"]
Severity = Literal["error", "warn"]


@dataclass(frozen=True)
class Limit:
    """A limit in a base unit: `%` is a share of the baseline's figure, `pp` an absolute share of a score."""

    amount: float
    unit: str
    written: str


@dataclass(frozen=True)
class Rule:
    """One target. `metric` is the full id of a reading, with its aggregate."""

    id: str
    metric: str
    bound: Bound
    limit: Limit
    severity: Severity = "error"
    versus: str | None = None
    """`baseline`, or a candidate's name; None for absolute limits."""
    warn_above: Limit | None = None
    method: Literal["measured"] | None = None
    hint: str = ""
    line: int | None = None
    waivable: bool = True
    """May a waiver move its limit?"""
    for_each: tuple[str, ...] = ()
    """Columns of the plan's slices: the rule must hold in each of their slices, and judging makes one rule of each."""
    of: str = ""
    """The id of the rule that was written, where this one is made for a slice of it."""
    file: str = ""
    """The file in which its limit stands, at `line`: the policy's own, or one that it extends."""
    alternatives: tuple[Rule, ...] = ()
    """Of a rule with `any`: the limits of which one is enough. Its own metric and limit are then those of the first."""

    @property
    def relative(self) -> bool:
        """Is the limit a difference to another candidate?"""
        return self.bound in ("max_drop", "max_increase")


@dataclass(frozen=True)
class Select:
    """Among the feasible: minimise a figure, call those within `equal_within` (a share) equal, and break ties in order."""

    minimize: str = "size.artifact"
    equal_within: float = 0.02
    tie_break: tuple[str, ...] = ("simple_first",)


@dataclass(frozen=True)
class Match:
    """Which candidates an override is for: those that fit all that is said. `candidate` is a glob on names."""

    candidate: str = "*"
    format: str | None = None
    family: str | None = None


@dataclass(frozen=True)
class Change:
    """What an override makes of one rule: the rule as it then stands, of which `changed` names the fields; None: it is off.

    Without any `changed`, it is a rule that only these candidates have.
    """

    id: str
    rule: Rule | None
    changed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Override:
    """Other limits for some candidates. Of several that fit, later ones win, field by field."""

    match: Match
    changes: tuple[Change, ...]


@dataclass(frozen=True)
class Stored:
    """A candidate of another record, to compare with. `file` is how the user names that record."""

    candidate: str
    file: str
    record: Record = field(repr=False, compare=False, metadata={"packed": False})

    @property
    def name(self) -> str:
        """How verdicts name it: no candidate of the judged record can be called so."""
        return f"{self.candidate}@{self.record.name}"


@dataclass(frozen=True)
class WaiverSource:
    """Where a policy's waivers stand, and how many days one may last. `file` is absolute, and stays out of reports."""

    file: str = field(metadata={"packed": False})
    max_days: int = 90


MACHINE_FACTS = ("os", "arch", "cpu", "cores", "memory_bytes", "python", "governor", "hypervisor", "power")
"""What a record knows of the machine it was made on, and `valid_on` may ask for."""


@dataclass(frozen=True)
class Policy:
    """A reviewed set of rules."""

    name: str
    rules: tuple[Rule, ...]
    select: Select = Select()
    title: str = ""
    confidence_level: float = 0.95
    """One-sided: a false pass happens at most 1 − this often per rule."""
    multiple_comparisons: Literal["holm", "none"] = "holm"
    on_inconclusive: Literal["fail", "warn"] = "fail"
    valid_on: dict[str, str | int] = field(default_factory=dict)
    file: str = ""
    digest: str = ""
    waivers: WaiverSource | None = None
    """None: no waiver is looked at."""
    overrides: tuple[Override, ...] = ()
    """Other limits for some candidates, in the order in which they apply."""
    baseline: Stored | str | None = None
    """What relative rules compare with: None for the plan's baseline, the name of another candidate, or a stored one."""

    @property
    def every_rule(self) -> tuple[Rule, ...]:
        """The rules, and behind them those that only overrides have."""
        own = {rule.id for rule in self.rules}
        changes = (change for override in self.overrides for change in override.changes)
        others = {change.id: change.rule for change in changes if change.rule is not None and change.id not in own}
        return (*self.rules, *others.values())
