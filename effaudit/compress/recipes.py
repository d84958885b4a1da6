"""From the plan's recipes and its ladder to the products to make, each with a name, a parent and steps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from effaudit import registry
from effaudit.core.candidate import Candidate, Step
from effaudit.core.plan import EVERY, Plan, Recipe

LADDER = ("dummy", "linear", "tree", "lightgbm")
"""The simple models that are tried first, simplest first."""


@dataclass(frozen=True)
class Job:
    """One product to make. `parent` names a candidate or an earlier product; None: it is made from data alone."""

    name: str
    parent: str | None
    steps: tuple[Step, ...]


def of_plan(plan: Plan) -> list[Job]:
    """All that a plan wants made, its ladder first."""

    def accepts(step: Step, given: str) -> bool:
        return not given or registry.a_technique(step.technique, step.options).result_of(given) is not None

    return ladder(plan.ladder) + jobs(plan.compress, plan.candidates, accepts)


def needs(technique: str) -> tuple[str, ...]:
    """The splits whose rows a technique uses."""
    return tuple(registry.find("techniques", technique).needs)


def needs_search(plan: Plan) -> bool:
    """Does anything in a plan use search rows?"""
    used = {split for job in of_plan(plan) for step in job.steps for split in needs(step.technique)}
    return "search" in used or any(candidate.contract.tune for candidate in plan.candidates)


def ladder(rungs: Sequence[str]) -> list[Job]:
    """Simple models, trained on the train split."""
    return [Job(f"ladder-{rung}", None, (Step("simple_model", {"family": rung}),)) for rung in rungs]


def jobs(recipes: Sequence[Recipe], candidates: Sequence[Candidate], accepts: Callable[[Step, str], bool]) -> list[Job]:
    """What to make. `*` stands for every given candidate whose format the first step accepts, or is not known."""
    found = []
    for recipe in recipes:
        parents = [recipe.of]
        if recipe.of == EVERY:
            parents = [c.name for c in candidates if accepts(recipe.steps[0], c.artifact.format)]
        found += [Job(recipe.product_of(parent), parent, recipe.steps) for parent in parents]
    return found
