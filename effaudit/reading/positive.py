"""Which of two classes is the positive one: said by the plan, or by answers that are 0 and 1, −1 and 1, or booleans."""

from __future__ import annotations

from collections.abc import Sequence

from effaudit.core.classes import class_key
from effaudit.core.errors import InputError, Place
from effaudit.core.plan import Plan
from effaudit.core.scorers import OF_ONE
from effaudit.core.text import listed
from effaudit.core.workload import Workload

_UNDERSTOOD = ({"0", "1"}, {"-1", "1"})
"""Pairs of answers of which everybody takes 1 for the positive one, scikit-learn among them."""


def positive_of(classes: Sequence[str], numeric: bool, said: str | None) -> str:
    """The positive class of two; empty where there are not two, or nobody says which it is."""
    if len(classes) != 2:
        return ""
    understood = numeric and {class_key(name, numeric) for name in classes} in _UNDERSTOOD
    return classes[1] if said is not None or understood else ""


def check_positive(plan: Plan, workload: Workload) -> None:
    """Raises InputError where a score or a threshold speaks of the positive class and nobody says which it is."""
    if len(workload.classes) != 2 or workload.positive:
        return
    words = [f"`positive: {name}`" for name in workload.classes]
    one_class = [name for name in workload.quality if name in OF_ONE]
    if one_class:
        what = f"the answers are {listed(workload.classes)}, and {listed(one_class)} asks which of them is positive"
        raise InputError(what, plan.data.quality_place or Place(""), f"Write {' or '.join(words)} under `workload`.")
    for candidate in plan.candidates:
        contract = candidate.contract
        if contract.tune in OF_ONE or (contract.threshold is not None and contract.threshold_of is None):
            what = f"the threshold of {candidate.name} speaks of the positive class, and the answers are {listed(workload.classes)}"
            advice = f"Write {' or '.join(words)} under `workload`, or `threshold: {{at: 0.4, of: {workload.classes[1]}}}`."
            raise InputError(what, plan.data.quality_place or Place(""), advice)
