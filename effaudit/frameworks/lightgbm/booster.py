"""A loaded LightGBM Booster, asked as its text says."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from effaudit.core.candidate import Contract, Facts, Output
from effaudit.core.plugin import Model, Predictor, Refused
from effaudit.core.store import Array, Inputs
from effaudit.frameworks.inputs import requests
from effaudit.frameworks.inputs.categories import UNKNOWN, finder
from effaudit.frameworks.inputs.frames import frame
from effaudit.frameworks.lightgbm.model import Summary
from effaudit.frameworks.lightgbm.reading import boosted_facts


class Boosted(Model):
    """A loaded Booster and what its text says."""

    def __init__(self, booster: Any, summary: Summary, threads: int) -> None:
        self.native = booster
        self._summary = summary
        self._threads = threads

    def facts(self) -> Facts:
        """Parameters are thresholds, leaf values and the coefficients of linear leaves."""
        return boosted_facts(self._summary, f"Booster ({self._summary.objective.split(' ')[0] or 'own objective'})")

    def contract(self) -> Contract:
        """What the file itself says of how it is asked."""
        names = self._summary.features
        natural = names == tuple(f"Column_{place}" for place in range(len(names)))
        return Contract(columns=() if natural else names, output=_output(self._summary.objective))

    def predictor(self, contract: Contract) -> Predictor:
        """From a request to the raw answer."""
        if contract.output is None:
            raise Refused("its objective is not LightGBM's own; write `output: probabilities`, `logits` or `values`")
        if contract.output == "labels":
            raise Refused("LightGBM's text models answer probabilities; write `output: probabilities` and their `classes`")
        raw = contract.output == "logits" or not self._summary.objective
        read = self._reader(contract)
        booster, threads = self.native, self._threads
        if self._summary.objective.startswith("multiclassova") and contract.output == "probabilities":
            return lambda request: _normalised(booster.predict(read(request), num_threads=threads))
        return lambda request: booster.predict(read(request), raw_score=raw, num_threads=threads)

    def feeder(self, contract: Contract) -> Callable[[Inputs], Sequence[Array]]:
        """From a request to what the library's own object takes."""
        read = self._reader(contract)
        return lambda request: (read(request),)

    def _reader(self, contract: Contract) -> requests.Reader:
        summary = self._summary
        features = self.contract().columns
        if not summary.categories:
            return requests.matrix(contract, features, width=len(summary.features), dtype="float64")
        names = features or summary.features
        known = {names[place] for place in summary.categorical if place < len(names)}
        held = {name for name, form in contract.forms.items() if form.categories is not None and _as_lightgbm_spells(name) in names}
        if len(summary.categorical) != len(summary.categories) or (held and {_as_lightgbm_spells(name) for name in held} != known):
            if len(held) == len(summary.categories):  # LightGBM itself finds them by their order among the categories
                return frame(contract, names)
            raise Refused(
                f"its file lists the categories of {len(summary.categories)} columns but does not say which columns they are; give "
                "the data in a parquet file with categories, or encode them in `preprocess`"
            )
        by_place = dict(zip(summary.categorical, summary.categories, strict=True))
        return _coded(contract, names, by_place)


def _as_lightgbm_spells(name: str) -> str:
    return name.replace(" ", "_")


def _normalised(shares: Array) -> Array:
    """One against all gives each class a probability of its own; together they must make one."""
    return np.asarray(shares / shares.sum(axis=1, keepdims=True))


def _output(objective: str) -> Output | None:
    name = objective.split(" ")[0]
    if name in ("binary", "multiclass", "multiclassova", "cross_entropy"):
        return "probabilities"
    return "values" if name and name != "custom" else None


def _coded(contract: Contract, features: Sequence[str], categories: Mapping[int, Sequence[Any]]) -> requests.Reader:
    """Reads a matrix in which categorical columns are codes into `categories` (by column number), and what is in none is NaN."""

    def build(request: Inputs) -> requests.Reader:
        if requests.whole(request) is not None:
            return requests.matrix(contract, features, width=len(features), dtype="float64")
        names = requests.sources(request, contract, features)
        _check(request, [name for place, name in enumerate(names) if place not in categories])
        plain = [(place, name) for place, name in enumerate(names) if place not in categories]
        coded = [(place, names[place], finder(values, request[names[place]], names[place])) for place, values in categories.items()]

        def read(request: Inputs) -> Array:
            matrix = np.empty((len(request[names[0]]), len(names)))
            for place, name in plain:
                matrix[:, place] = request[name]
            for place, name, find in coded:
                found = find(request[name])
                matrix[:, place] = np.where(found == UNKNOWN, np.nan, found)
            return matrix

        return read

    return requests.settled(build)


def _check(request: Inputs, plain: Sequence[str]) -> None:
    words = [name for name in plain if requests.is_text(request[name])]
    if words:
        raise Refused(f"the model takes numbers in {', '.join(words)}, which hold words; write its `preprocess` or its `columns`")
