"""What differs between two records: their surroundings first, then every figure that can be compared, then those that cannot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from effaudit.core.reading import Better

How = Literal["counted", "same rows", "same rounds"]
"""Exactly; by the same resamples of the same certify rows; by the ratio of rounds that both were timed in."""

UNREADABLE = 5e-5
"""A smaller change, which readers would see as 0.00 %, is none: other processors round scores otherwise in their last digits."""
SCORES = ("score", "share")


@dataclass(frozen=True)
class Side:
    """One of the two records, in the words that readers know it by."""

    name: str
    created: str
    version: str
    commit: str | None
    plan: str
    """The first characters of the plan's hash."""


@dataclass(frozen=True)
class Setting:
    """Something in the surroundings that is not the same: a package's version, the processor, an option of the plan."""

    name: str
    before: str
    after: str


@dataclass(frozen=True)
class Pair:
    """Two candidates that are compared: the same name in both records, or the two that were asked for."""

    before: str
    after: str
    artifact: Literal["same", "changed", "unknown"]
    """By its hash."""
    failed: str = ""
    """Which of them could not be measured, and why; "" where both were."""

    @property
    def name(self) -> str:
        """One name, or both."""
        return self.after if self.before == self.after else f"{self.before} → {self.after}"


@dataclass(frozen=True)
class Change:
    """One figure of a pair, compared. `change`, `low` and `high` are in `unit`, or a share of `before` where `share`.

    A positive change is a larger figure. `level`: the one-sided level of the interval, at which it was decided beside all the
    other comparisons; None where both were counted.
    """

    pair: Pair
    metric: str
    unit: str
    better: Better
    before: float
    after: float
    change: float
    low: float
    high: float
    share: bool
    how: How
    level: float | None

    @property
    def real(self) -> bool:
        """Does the interval exclude that nothing changed, by as much as can be read?"""
        if self.how != "counted" and abs(self.change) < UNREADABLE * (
            1.0 if self.share or self.unit in SCORES else abs(self.before)
        ):
            return False
        return self.low > 0.0 or self.high < 0.0

    @property
    def way(self) -> Literal["better", "worse", "not shown"]:
        """Whether a real change is for the better."""
        if not self.real:
            return "not shown"
        return "better" if (self.low > 0.0) == (self.better == "higher") else "worse"


@dataclass(frozen=True)
class Apart:
    """One figure of a pair that cannot be compared, and why. None where a side has no such figure."""

    pair: Pair
    metric: str
    unit: str
    before: float | None
    after: float | None
    reason: str


@dataclass(frozen=True)
class Diff:
    """The whole comparison of two records."""

    before: Side
    after: Side
    settings: tuple[Setting, ...]
    pairs: tuple[Pair, ...]
    changes: tuple[Change, ...]
    """All that could be compared, whether it changed or not."""
    apart: tuple[Apart, ...]
    gone: tuple[str, ...] = ()
    """Candidates of the first record only."""
    new: tuple[str, ...] = ()
    """Candidates of the second record only."""

    @property
    def real(self) -> tuple[Change, ...]:
        """The changes whose interval excludes that nothing changed."""
        return tuple(change for change in self.changes if change.real)
