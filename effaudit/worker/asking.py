"""A candidate made ready to be asked: its model, preprocessing and contract joined into one function."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any

from effaudit import registry
from effaudit.core.answer import (
    BadAnswer,
    Vocabulary,
    answers_of,
    canonical,
    check_logits,
    class_names,
    finished,
    plain_array,
    width_of,
)
from effaudit.core.candidate import Candidate, Contract
from effaudit.core.forms import Form
from effaudit.core.observed import Answers
from effaudit.core.plugin import Format, Model, Refused
from effaudit.core.store import Array, Inputs, Store
from effaudit.core.watch import Tally
from effaudit.core.watch import watching as watched
from effaudit.core.workload import Workload
from effaudit.worker.contracts import joined, renamed, with_rule

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
    watch: Watch
    tally: Tally = field(default_factory=Tally)

    @property
    def ask(self) -> Callable[[Inputs], Any]:
        """A function from a request of certify rows to the finished raw answer."""
        return self.calls("certify").ask

    def answers(self, split: str, rows: Array | slice) -> Answers:
        """Canonical answers to some rows. Raises BadAnswer."""
        return self.answered(self.store.inputs(split, rows, self.columns), split)

    def answered(self, inputs: Inputs, split: str = "certify") -> Answers:
        """Canonical answers to a request; what the model does not know of certify rows is tallied. Raises BadAnswer."""
        count = len(next(iter(inputs.values())))
        contract, workload, calls = self.contract, self.workload, self.calls(split)
        if split == "certify" and not self.tally.begun:  # what settles its layout on the first request is not counted twice
            with self._hinted():
                calls.predict(inputs)
            self.tally.begun = True
        with self.watch(self.tally) if split == "certify" else nullcontext(), self._hinted():
            raw = calls.predict(inputs)
        self.tally.dtype = str(getattr(raw, "dtype", ""))
        if contract.output == "labels":
            return answers_of(None, self.vocabulary.codes(raw, count), contract, workload, self.vocabulary.names)
        finish = finished(contract.output)
        if finish is not None:
            check_logits(raw)
            raw = finish(raw)
        scores = canonical(raw, count, contract, workload)
        if workload.classes:
            self.vocabulary.learn(class_names(contract, workload, width_of(raw)))
        own = None if calls.own is None else self.vocabulary.codes(calls.own(inputs), count)
        return answers_of(scores, own, contract, workload, self.vocabulary.names)

    @contextmanager
    def _hinted(self) -> Iterator[None]:
        """What a model raises, with what may be wrong where it does not say how it is asked."""
        try:
            yield
        except (Refused, BadAnswer):
            raise
        except Exception as error:
            if self.model.hint and self.contract.input is None:
                error.add_note(self.model.hint)
            raise

    def requests(self, rows: Array, batch: int) -> list[dict[str, Array]]:
        """Requests of `batch` certify rows each (requests × batch,)."""
        inputs = self.store.inputs("certify", rows, self.columns)
        return [{name: values[at : at + batch] for name, values in inputs.items()} for at in range(0, len(rows), batch)]

    def taken(self, raw: Any, count: int) -> Answers:
        """Canonical answers from what `ask` gave to `count` rows: scores, or labels where there are no scores. Raises BadAnswer."""
        contract, workload = self.contract, self.workload
        if contract.output == "labels":
            return answers_of(None, self.vocabulary.codes(raw, count), contract, workload, self.vocabulary.names)
        names = class_names(contract, workload, width_of(raw)) if workload.classes else ()
        return Answers(canonical(raw, count, contract, workload), None, names)


Watch = Callable[[Tally], AbstractContextManager[None]]
"""While it holds, what a model does not know of the data is counted."""

Transform = Callable[[Contract], Callable[[Inputs], Array]]
"""Opens preprocessing for requests whose columns are as a contract says."""


def opened(candidate: Candidate, workload: Workload, store: Store) -> Asked:
    """Opens a candidate in this process. Raises Refused with what to write."""
    model = registry.a_format(candidate.artifact.format).open(candidate.artifact, candidate.threads)
    before, transform = candidate.preprocess, None
    if before is not None:
        kind = registry.a_format(before.format)
        transform = lambda contract: kind.transformer(before, contract)  # noqa: E731
    formats = [registry.a_format(artifact.format) for artifact in (candidate.artifact, before) if artifact is not None]
    return ready(model, candidate.contract, workload, store, transform, watching(formats))


def watching(formats: Sequence[Format]) -> Watch:
    """What models and preprocessing of these formats do not know of the data is counted while it holds."""

    @contextmanager
    def watch(tally: Tally) -> Iterator[None]:
        with ExitStack() as stack:
            stack.enter_context(watched(tally))
            for one in {type(kind): kind for kind in formats}.values():
                stack.enter_context(one.watching(tally))
            yield

    return watch


def ready(
    model: Model,
    plan: Contract,
    workload: Workload,
    store: Store,
    transform: Transform | None = None,
    watch: Watch = watched,
) -> Asked:
    """An opened model with what the plan says of it. Raises Refused with what to write."""
    file = model.contract()
    contract = joined(file, plan, workload, preprocessed=transform is not None)
    if contract.input == "frame" and transform is None and not model.takes_frames:
        raise Refused("it takes arrays, and the plan says `input: frame`; leave `input` out")
    contract = dataclasses.replace(contract, forms=store.forms("certify") if workload.table else {})
    contract = with_rule(model, contract, workload)

    @functools.cache
    def calls(forms: Forms) -> Calls:
        return _calls(model, dataclasses.replace(contract, forms=dict(forms)), transform)

    def of_split(split: str) -> Calls:
        return calls(tuple(store.forms(split).items()) if workload.table else ())

    of_split("certify")  # what the model refuses, it refuses when it is opened
    columns = contract.columns or tuple(column.name for column in workload.inputs)
    vocabulary = Vocabulary(workload, renamed(file, contract, workload))
    return Asked(model, contract, columns, of_split, vocabulary, workload, store, watch)


Forms = tuple[tuple[str, Form], ...]


def _calls(model: Model, contract: Contract, transform: Transform | None) -> Calls:
    # One dtype is that of the features which preprocessing makes, and not of what it is given.
    of_data = contract if len(contract.dtypes) > 1 else dataclasses.replace(contract, dtypes=())
    prepare = None if transform is None else transform(of_data)
    plain = model.predictor(contract)
    own = model.labeller(contract) if contract.labels == "predict" else None
    return Calls(
        _chained(plain, prepare, finished(contract.output) or plain_array),
        _chained(plain, prepare, plain_array),
        None if own is None else _chained(own, prepare, plain_array),
    )


def _chained(
    predict: Callable[[Inputs], Any], transform: Callable[[Inputs], Array] | None, finish: Callable[[Any], Array]
) -> Callable[[Inputs], Array]:
    if transform is None:
        return lambda request: finish(predict(request))
    return lambda request: finish(predict({"": transform(request)}))
