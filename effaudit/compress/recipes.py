"""The ladder of simple models, and the rows that making products needs."""

from __future__ import annotations

from collections.abc import Mapping

from effaudit import registry
from effaudit.core.candidate import Step
from effaudit.core.plan import Plan

LADDER: Mapping[str, Step] = {
    family: Step("simple_model", {"family": family}) for family in ("dummy", "linear", "tree", "lightgbm")
}
"""The simple models that are tried first, simplest first, and the step that makes each from data alone."""


def needs(technique: str) -> tuple[str, ...]:
    """The splits whose rows a technique uses."""
    return tuple(registry.find("techniques", technique).needs)


def needs_search(plan: Plan) -> bool:
    """Does anything in a plan use search rows?"""
    used = {split for job in plan.jobs for step in job.steps for split in needs(step.technique)}
    return "search" in used or any(candidate.contract.tune for candidate in plan.candidates)
