"""A candidate's contract: what the plan says, and what it leaves open as the model's file says it. It is merged here only."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from effaudit.core.candidate import Contract
from effaudit.core.classes import ABSENT, are_booleans, class_key, natural, places
from effaudit.core.plugin import Model, Refused
from effaudit.core.text import listed
from effaudit.core.workload import Workload


def joined(file: Contract, plan: Contract, workload: Workload, *, preprocessed: bool) -> Contract:
    """What the plan says, and what it leaves open as the file says it.

    Raises Refused where neither says what is needed, or where they contradict each other.
    """
    if preprocessed:  # the file speaks of transformed columns, the plan of the data's
        file = dataclasses.replace(file, columns=(), dtypes=())
    said = {field.name: getattr(plan, field.name) or getattr(file, field.name) for field in dataclasses.fields(Contract)}
    by_plan = plan.threshold is not None or plan.tune is not None
    said["threshold"], said["threshold_of"] = (plan if by_plan else file).threshold, (plan if by_plan else file).threshold_of
    said["labels"] = plan.labels or ("scores" if by_plan else None)
    if said["output"] is None and workload.task == "regression":
        said["output"] = "values"
    if said["output"] is None:
        raise Refused("its file does not say what it answers; write `output: probabilities`, `logits` or `labels`")
    if workload.task == "classification" and not workload.multilabel:
        _check_classes(file.classes, plan.classes, said["output"] == "labels", workload)
    if not plan.columns:
        _check_spelling(said["columns"], workload)
    said["columns"] = _as_spelt(said["columns"], workload)
    known = {column.name for column in workload.inputs}
    missing = [name for name in said["columns"] if name not in known]
    if missing:
        raise Refused(
            f"asks for the columns {listed(missing)}, which the data does not have "
            f"(it has {listed(column.name for column in workload.inputs)}); write its `columns`, or its `preprocess`"
        )
    return Contract(**said)


def with_rule(model: Model, contract: Contract, workload: Workload) -> Contract:
    """With the rule that labels follow: the model's own, where it has one and the plan has not another one."""
    if workload.task == "regression" or contract.output == "labels":
        return contract
    has_own = contract.labels != "scores" and model.labeller(contract) is not None
    return dataclasses.replace(contract, labels="predict" if has_own else "scores")


def _as_spelt(columns: tuple[str, ...], workload: Workload) -> tuple[str, ...]:
    """The data's own spelling: LightGBM and skl2onnx write `_` for a space."""
    names = {column.name for column in workload.inputs}
    spelt = {name.replace(" ", "_"): name for name in (column.name for column in workload.inputs)}
    return tuple(name if name in names else spelt.get(name, name) for name in columns)


def _check_spelling(columns: tuple[str, ...], workload: Workload) -> None:
    """A file that writes `_` for a space does not say which of two columns it means. Raises Refused."""
    alike_by_name: dict[str, list[str]] = {}
    for column in workload.inputs:
        alike_by_name.setdefault(column.name.replace(" ", "_"), []).append(column.name)
    asked = set(columns)
    for name in columns:
        alike = alike_by_name.get(name, [])
        if len(alike) > 1 and not asked.issuperset(alike):
            raise Refused(f"asks for the column {name}, which may be {listed(alike)}; write its `columns`, or `ignore` one of them")


def _check_classes(file: tuple[str, ...], plan: tuple[str, ...], labels: bool, workload: Workload) -> None:
    """Do file, plan and data speak of the same classes? Raises Refused."""
    numeric, own = workload.numeric_classes, plan or file
    if len({class_key(name, numeric) for name in own}) < len(own):
        raise Refused(f"two of its classes are the same one in this data: {listed(own)}; write its `classes`")
    if not own and not labels and not _may_be_numbered(workload):
        raise Refused(
            f"its file does not name its classes; write `classes: [{', '.join(workload.classes)}]` in the order of its outputs"
        )
    if not file or not plan:
        return
    if len(file) != len(plan):
        raise Refused(f"its file has {len(file)} classes ({listed(file)}), the plan names {len(plan)} ({listed(plan)})")
    if places(file, plan, numeric) != list(range(len(file))) and _contradict(file, plan, workload):
        raise Refused(
            f"its file says that its outputs stand for {listed(file)} in this order, the plan says {listed(plan)}; "
            "leave `classes` out, or save the model with the names that it should have"
        )


def _contradict(file: tuple[str, ...], plan: tuple[str, ...], workload: Workload) -> bool:
    """Do a file's classes and those of the plan, which differ, speak of the same ones in another order?

    Names that only one of the two has may be other words for the same class, and numbers that are no classes of the data may
    stand for classes that were encoded; but a word, or `false` and `true`, means the same in both.
    """
    numeric = workload.numeric_classes
    if ABSENT not in places(file, workload.classes, numeric) or ABSENT not in places(file, plan, numeric):
        return True
    if are_booleans(plan) and file == natural(2):
        return places(file, plan, True) == [1, 0]
    words = [class_key(name, numeric).strip().casefold() for name in plan]
    keys = [class_key(name, numeric).strip().casefold() for name in file]
    return any(not _is_number(key) and key in words and words.index(key) != place for place, key in enumerate(keys))


def _is_number(name: str) -> bool:
    try:
        float(name)
    except ValueError:
        return False
    return True


def _may_be_numbered(workload: Workload) -> bool:
    """Could the data's classes be the numbers of outputs: whole numbers, among them 0?"""
    keys = {class_key(name, workload.numeric_classes) for name in workload.classes}
    return "0" in keys and all(key.isascii() and key.isdigit() for key in keys)


def renamed(file: Contract, contract: Contract, workload: Workload) -> Mapping[str, str]:
    """What the model's own labels are called in the plan, where that names them otherwise."""
    own = file.classes or natural(len(contract.classes))
    if not contract.classes or max(places(own, workload.classes, workload.numeric_classes), default=ABSENT) != ABSENT:
        own = file.classes  # labels that the data has too speak for themselves
    return {name: said for name, said in zip(own, contract.classes, strict=False) if name != said}
