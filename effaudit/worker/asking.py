"""A candidate made ready to be asked: its model, preprocessing and contract joined into one function."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from effaudit import registry
from effaudit.core.answer import Vocabulary, answers_of, canonical, check_logits, class_names, finished, width_of
from effaudit.core.candidate import Candidate, Contract
from effaudit.core.classes import ABSENT, class_key, natural, places
from effaudit.core.forms import Form
from effaudit.core.observed import Answers
from effaudit.core.plugin import Model, Refused
from effaudit.core.store import Array, Inputs, Store
from effaudit.core.text import listed
from effaudit.core.workload import Workload

CHUNK = 1000
"""Rows asked at once where nothing is timed."""


@dataclass(frozen=True)
class Calls:
    """What is called with a request. `ask` gives the finished raw answer, `predict` the same before the last step (logits for
    probabilities), `own` the labels of the model's own rule.
    """

    ask: Callable[[Inputs], Any]
    predict: Callable[[Inputs], Any]
    own: Callable[[Inputs], Any] | None


@dataclass(frozen=True)
class Asked:
    """An opened candidate, whose calls know the columns of the split that a request comes from."""

    model: Model
    contract: Contract
    columns: tuple[str, ...]
    calls: Callable[[str], Calls]
    vocabulary: Vocabulary
    workload: Workload
    store: Store

    @property
    def ask(self) -> Callable[[Inputs], Any]:
        """A function from a request of certify rows to the finished raw answer."""
        return self.calls("certify").ask

    def answers(self, split: str, rows: Array | slice) -> Answers:
        """Canonical answers to some rows. Raises BadAnswer."""
        return self.answered(self.store.inputs(split, rows, self.columns), split)

    def answered(self, inputs: Inputs, split: str = "certify") -> Answers:
        """Canonical answers to a request. Raises BadAnswer."""
        count = len(next(iter(inputs.values())))
        contract, workload, calls = self.contract, self.workload, self.calls(split)
        if contract.output == "labels":
            return answers_of(None, self.vocabulary.codes(calls.ask(inputs), count), contract, workload, self.vocabulary.names)
        raw, finish = calls.predict(inputs), finished(contract.output)
        if finish is not None:
            check_logits(raw)
            raw = finish(raw)
        scores = canonical(raw, count, contract, workload)
        if workload.classes:
            self.vocabulary.learn(class_names(contract, workload, width_of(raw)))
        own = None if calls.own is None else self.vocabulary.codes(calls.own(inputs), count)
        return answers_of(scores, own, contract, workload, self.vocabulary.names)

    def requests(self, split: str, count: int, batch: int, start: int, order: Array) -> list[dict[str, Array]]:
        """`count` requests of `batch` rows, along `order` from `start` on, beginning again at its end."""
        places = order[(start + np.arange(count * batch)) % len(order)]
        inputs = self.store.inputs(split, places, self.columns)
        return [{name: values[at : at + batch] for name, values in inputs.items()} for at in range(0, count * batch, batch)]


Transform = Callable[[Contract], Callable[[Inputs], Array]]
"""Opens preprocessing for requests whose columns are as a contract says."""


def opened(candidate: Candidate, workload: Workload, store: Store) -> Asked:
    """Opens a candidate in this process. Raises Refused with what to write."""
    model = registry.a_format(candidate.artifact.format).open(candidate.artifact, candidate.threads)
    before, transform = candidate.preprocess, None
    if before is not None:
        kind = registry.a_format(before.format)
        transform = lambda contract: kind.transformer(before, contract)  # noqa: E731
    return ready(model, candidate.contract, workload, store, transform)


def ready(model: Model, plan: Contract, workload: Workload, store: Store, transform: Transform | None = None) -> Asked:
    """An opened model with what the plan says of it. Raises Refused with what to write."""
    file = model.contract()
    contract = joined(file, plan, workload, preprocessed=transform is not None)
    if contract.input == "frame" and transform is None and not model.takes_frames:
        raise Refused("it takes arrays, and the plan says `input: frame`; leave `input` out")
    contract = _with_rule(model, contract, workload)
    contract = dataclasses.replace(contract, forms=store.forms("certify") if workload.table else {})

    @functools.cache
    def calls(forms: Forms) -> Calls:
        return _calls(model, dataclasses.replace(contract, forms=dict(forms)), transform)

    def of_split(split: str) -> Calls:
        return calls(tuple(store.forms(split).items()) if workload.table else ())

    of_split("certify")  # what the model refuses, it refuses when it is opened
    columns = contract.columns or tuple(column.name for column in workload.inputs)
    return Asked(model, contract, columns, of_split, Vocabulary(workload, _renamed(file, contract, workload)), workload, store)


Forms = tuple[tuple[str, Form], ...]


def _calls(model: Model, contract: Contract, transform: Transform | None) -> Calls:
    # One dtype is that of the features which preprocessing makes, and not of what it is given.
    of_data = contract if len(contract.dtypes) > 1 else dataclasses.replace(contract, dtypes=())
    prepare = None if transform is None else transform(of_data)
    plain = model.predictor(contract)
    own = model.labeller(contract) if contract.labels == "predict" else None
    return Calls(
        _chained(plain, prepare, finished(contract.output)),
        _chained(plain, prepare, None),
        None if own is None else _chained(own, prepare, None),
    )


def joined(file: Contract, plan: Contract, workload: Workload, *, preprocessed: bool) -> Contract:
    """What the plan says, and what it leaves open as the file says it: the one place where both are merged.

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
    said["columns"] = _as_spelt(said["columns"], workload)
    missing = [name for name in said["columns"] if name not in {column.name for column in workload.inputs}]
    if missing:
        raise Refused(
            f"asks for the columns {listed(missing)}, which the data does not have "
            f"(it has {listed(column.name for column in workload.inputs)}); write its `columns`, or its `preprocess`"
        )
    return Contract(**said)


def _with_rule(model: Model, contract: Contract, workload: Workload) -> Contract:
    """With the rule that labels follow: the model's own, where it has one and the plan has not another one."""
    if workload.task == "regression" or contract.output == "labels":
        return contract
    has_own = contract.labels != "scores" and model.labeller(contract) is not None
    return dataclasses.replace(contract, labels="predict" if has_own else "scores")


def _as_spelt(columns: tuple[str, ...], workload: Workload) -> tuple[str, ...]:
    """The data's own spelling: LightGBM and skl2onnx write `_` for a space."""
    names = [column.name for column in workload.inputs]
    spelt = {name.replace(" ", "_"): name for name in names}
    return tuple(name if name in names else spelt.get(name, name) for name in columns)


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
    if places(file, plan, numeric) == list(range(len(file))):
        return
    if ABSENT not in places(file, workload.classes, numeric) or ABSENT not in places(file, plan, numeric):
        raise Refused(
            f"its file says that its outputs stand for {listed(file)} in this order, the plan says {listed(plan)}; "
            "leave `classes` out, or save the model with the names that it should have"
        )


def _may_be_numbered(workload: Workload) -> bool:
    """Could the data's classes be the numbers of outputs: whole numbers, among them 0?"""
    keys = {class_key(name, workload.numeric_classes) for name in workload.classes}
    return "0" in keys and all(key.isascii() and key.isdigit() for key in keys)


def _renamed(file: Contract, contract: Contract, workload: Workload) -> Mapping[str, str]:
    """What the model's own labels are called in the plan, where that names them otherwise."""
    own = file.classes or natural(len(contract.classes))
    if not contract.classes or max(places(own, workload.classes, workload.numeric_classes), default=ABSENT) != ABSENT:
        own = file.classes  # labels that the data has too speak for themselves
    return {name: said for name, said in zip(own, contract.classes, strict=False) if name != said}


def _chained(
    predict: Callable[[Inputs], Any], transform: Callable[[Inputs], Array] | None, finish: Callable[[Any], Any] | None
) -> Any:
    if transform is None and finish is None:
        return predict
    if transform is None:
        return lambda request: finish(predict(request))  # type: ignore[misc]
    if finish is None:
        return lambda request: predict({"": transform(request)})
    return lambda request: finish(predict({"": transform(request)}))
