"""Boosted trees: models that add stages, of which the last can go."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from effaudit.core.candidate import Output
from effaudit.core.store import Array
from effaudit.frameworks.lightgbm.reading import summary
from effaudit.frameworks.sklearn.pipelines import kinds_of

_SCORES = ("train_score_", "oob_improvement_", "oob_scores_", "validation_score_")


def is_boosting(model: Any) -> bool:
    """Is it gradient boosting of scikit-learn or LightGBM?"""
    return bool(kinds_of(model) & {"BaseGradientBoosting", "BaseHistGradientBoosting", "LGBMModel", "Booster"})


@dataclass(frozen=True)
class Boosting:
    """Fitted boosted trees, asked for `output`. A stage holds a tree, or one for each class."""

    model: Any
    output: Output

    @property
    def count(self) -> int:
        """How many stages it predicts with."""
        kinds = kinds_of(self.model)
        if kinds & {"Booster", "LGBMModel"}:
            booster = _booster(self.model)
            return int(booster.best_iteration) if booster.best_iteration > 0 else int(booster.current_iteration())
        return len(self.model._predictors) if "BaseHistGradientBoosting" in kinds else len(self.model.estimators_)

    def order(self, features: Any, truth: Array) -> list[int]:
        """Stages as they were trained: each corrects those before it."""
        return list(range(self.count))

    def answers(self, features: Any, order: Sequence[int], counts: Sequence[int]) -> Iterator[tuple[int, Array]]:
        """The raw answers of the first stages only, for each of `counts`."""
        model = self.model
        method = {"probabilities": "predict_proba", "logits": "decision_function"}.get(self.output, "predict")
        if "Booster" in kinds_of(model):
            objective = summary(model.model_to_string(num_iteration=1)).objective.split(" ")[0]
            raw = self.output == "logits" or not objective
            for count in counts:
                scores = np.asarray(model.predict(features, num_iteration=count, raw_score=raw, num_threads=1))
                yield count, scores / scores.sum(axis=1, keepdims=True) if objective == "multiclassova" and not raw else scores
        elif "LGBMModel" in kinds_of(model):
            for count in counts:
                yield count, np.asarray(getattr(model, method)(features, num_iteration=count))
        else:
            for count, answers in enumerate(getattr(model, f"staged_{method}")(features), 1):
                if count in counts:
                    yield count, np.asarray(answers)

    def kept(self, chosen: Sequence[int]) -> Any:
        """A copy with as many of its first stages."""
        count, kinds = len(chosen), kinds_of(self.model)
        if "Booster" in kinds:
            return _cut(self.model, count)
        smaller = copy.copy(self.model)
        if "LGBMModel" in kinds:
            smaller._Booster, smaller._best_iteration = _cut(self.model.booster_, count), count
            smaller.n_estimators = count
        elif "BaseHistGradientBoosting" in kinds:
            smaller._predictors = self.model._predictors[:count]
            smaller.max_iter = count
        else:
            smaller.estimators_ = self.model.estimators_[:count]
            smaller.n_estimators = smaller.n_estimators_ = count
        for name in _SCORES:
            if getattr(smaller, name, None) is not None:
                setattr(smaller, name, getattr(smaller, name)[: count + ("Hist" in type(smaller).__name__)])
        return smaller


def _booster(model: Any) -> Any:
    return model.booster_ if "LGBMModel" in kinds_of(model) else model


def _cut(booster: Any, count: int) -> Any:
    import lightgbm

    return lightgbm.Booster(model_str=booster.model_to_string(num_iteration=count))
