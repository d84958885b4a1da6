"""Training LightGBM: stopped when rows set aside no longer gain, or when time is up."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from effaudit.core.store import Array

PATIENCE = 30
"""Stages without a gain after which training stops."""


@dataclass(frozen=True)
class Examples:
    """Rows to learn from: features (rows, columns), and what they should answer; `start` (rows,) or (rows, classes): raw scores
    that training begins with.
    """

    features: Array
    answers: Array
    start: Array | None = None


@dataclass(frozen=True)
class Terms:
    """How to train. `objective` is LightGBM's name of one, or a function to (gradient, curvature) of raw scores; `loss` names or
    computes what is watched on the rows set aside (lower is better).
    """

    objective: str | Callable[..., tuple[Array, Array]]
    loss: str | Callable[..., tuple[str, float, bool]]
    trees: int
    leaves: int
    rate: float
    seed: int
    threads: int
    seconds: float
    categorical: Sequence[int] = ()
    more: Mapping[str, Any] = field(default_factory=dict)


def trained(learnt: Examples, aside: Examples, terms: Terms, tell: Callable[[float], None]) -> Any:
    """A Booster with the stages up to the best one. The same seed and threads give the same trees."""
    import lightgbm

    settings = {
        "objective": terms.objective,
        "learning_rate": terms.rate,
        "num_leaves": terms.leaves,
        "min_data_in_leaf": max(5, min(20, len(learnt.features) // 100)),
        "num_threads": terms.threads,
        "seed": terms.seed,
        "deterministic": True,
        "force_col_wise": True,
        "verbosity": -1,
        "metric": terms.loss if isinstance(terms.loss, str) else "None",
        **terms.more,
    }
    free = {"free_raw_data": True, "categorical_feature": list(terms.categorical)}
    data = lightgbm.Dataset(learnt.features, learnt.answers, init_score=learnt.start, params={"verbosity": -1}, **free)
    watched = lightgbm.Dataset(aside.features, aside.answers, init_score=aside.start, reference=data, **free)
    booster = lightgbm.train(
        settings,
        data,
        num_boost_round=terms.trees,
        valid_sets=[watched],
        feval=None if isinstance(terms.loss, str) else terms.loss,
        callbacks=[lightgbm.early_stopping(PATIENCE, verbose=False), _clock(terms, tell)],
    )
    best = booster.best_iteration if booster.best_iteration > 0 else booster.current_iteration()
    return lightgbm.Booster(model_str=booster.model_to_string(num_iteration=best))


def _clock(terms: Terms, tell: Callable[[float], None]) -> Callable[[Any], None]:
    """Tells how far it is, and stops when time is up."""
    from lightgbm.callback import EarlyStopException

    begun = time.monotonic()

    def look(environment: Any) -> None:
        done = (environment.iteration + 1) / environment.end_iteration
        spent = (time.monotonic() - begun) / max(terms.seconds, 1e-9)
        if environment.iteration % 10 == 9:
            tell(min(1.0, max(done, spent)))
        if spent > 1.0:
            raise EarlyStopException(environment.iteration, environment.evaluation_result_list)

    return look
