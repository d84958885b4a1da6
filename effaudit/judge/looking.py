"""What more timing could still decide: for audits that stop when every verdict is settled."""

from __future__ import annotations

from effaudit.core.verdict import CURABLE, Verdict
from effaudit.judge.checks import Meanings, depends_on_machine


def still_open(verdict: Verdict, meaning: Meanings | None = None) -> frozenset[str]:
    """The candidates whose verdict more timing could change, and those that they are held against.

    That is who has an undecided rule on a figure of the machine, and fails no error rule: what fails one is settled, whatever
    its other rules would say.
    """
    failed = {check.candidate for check in verdict.checks if check.status == "fail" and check.rule.severity == "error"}
    undecided = [
        check
        for check in verdict.checks
        if check.candidate not in failed
        and check.status == "inconclusive"
        and check.reason in CURABLE
        and depends_on_machine(check.rule.metric, meaning)
    ]
    rivals = {check.rule.versus for check in undecided} - {None, "baseline"}
    return frozenset({check.candidate for check in undecided} | {name for name in rivals if name is not None})
