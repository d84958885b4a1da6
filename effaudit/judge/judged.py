"""A judged record: findings and checks by candidate, and each candidate's status over its error rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from effaudit.core.policy import Policy
from effaudit.core.verdict import CURABLE, MISSING, Check, Status
from effaudit.judge.checks import Finding
from effaudit.judge.evidence import Evidence

Held = tuple[Finding, Check]


@dataclass(frozen=True)
class Judged:
    """What all later steps look at: the record's evidence, the policy, and what was found of whom."""

    evidence: Evidence
    policy: Policy
    held: Mapping[str, tuple[Held, ...]]
    statuses: Mapping[str, Status]

    @staticmethod
    def of(evidence: Evidence, policy: Policy, findings: Sequence[Finding], checks: Sequence[Check]) -> Judged:
        """Sorts findings and their checks by candidate."""
        held: dict[str, list[Held]] = {name: [] for name in evidence.rows}
        for finding, check in zip(findings, checks, strict=True):
            held[check.candidate].append((finding, check))
        statuses = {name: _status(evidence, name, [check for _, check in of]) for name, of in held.items()}
        return Judged(evidence, policy, {name: tuple(of) for name, of in held.items()}, statuses)

    @property
    def feasible(self) -> tuple[str, ...]:
        """The candidates that meet every error rule, in the record's order."""
        return tuple(name for name, status in self.statuses.items() if status == "pass")

    def broken(self, candidate: str) -> tuple[Held, ...]:
        """The error rules that a candidate does not pass."""
        return tuple(h for h in self.held[candidate] if h[1].rule.severity == "error" and h[1].status != "pass")

    def objective(self, candidate: str) -> float | None:
        """The figure that the policy minimises."""
        return self.evidence.value(candidate, self.policy.select.minimize)


def over_all(checks: Sequence[Check]) -> Status:
    """One status over the error rules among some checks: the worst of them."""
    found = {check.status for check in checks if check.rule.severity == "error"}
    return "fail" if "fail" in found else "inconclusive" if "inconclusive" in found else "pass"


def unmeasured(check: Check) -> bool:
    """Could a figure that the rule needs not be measured?"""
    return check.status == "inconclusive" and check.reason in MISSING


def curable(check: Check) -> bool:
    """Would more measuring decide it?"""
    return check.reason in CURABLE


def _status(evidence: Evidence, name: str, checks: Sequence[Check]) -> Status:
    """What was never measured passes nothing, not even a policy without error rules."""
    found = over_all(checks)
    return "inconclusive" if found == "pass" and evidence.rows[name].failure is not None else found
