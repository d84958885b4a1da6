"""A threshold chosen on search rows, which steer and certify nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from effaudit.core.answer import label, threshold_place
from effaudit.core.candidate import Contract
from effaudit.core.observed import Answers
from effaudit.core.plugin import Refused
from effaudit.core.store import Array
from effaudit.core.workload import Workload
from effaudit.metrics import quality

TRIED = 200
"""So many quantiles of the scores are tried."""


def tuned(
    answers: Mapping[str, Answers], truth: Array, contract: Contract, workload: Workload
) -> tuple[Contract, dict[str, Answers]]:
    """The contract with the threshold that serves its scorer `tune` best on search rows, and all answers labelled by it.

    `truth`: the true answers of search. Raises Refused and BadAnswer.
    """
    scores = answers["search"].scores
    if scores is None:
        raise Refused("a threshold is tuned on probabilities, and this candidate gives labels only; leave `threshold` out")
    chosen = replace(contract, threshold=best_threshold(scores, truth, contract, workload))
    return chosen, {split: _labelled(own, chosen, workload) for split, own in answers.items()}


def best_threshold(scores: Array, truth: Array, contract: Contract, workload: Workload) -> float:
    """From which probability of its class on a label serves the scorer `contract.tune` best.

    `scores` are canonical. Of equally good thresholds the one nearest to 0.5. Raises Refused and BadAnswer.
    """
    scorer = str(contract.tune)
    positive = scores[:, threshold_place(contract, workload)]
    tried = np.unique(np.quantile(positive, np.linspace(0.0, 1.0, TRIED + 1)))
    sign = 1.0 if quality.direction(scorer) == "higher" else -1.0
    labels = [label(scores, replace(contract, threshold=float(cut)), workload) for cut in tried]
    figures = [sign * quality.figure(scorer, Answers(scores, own), truth, workload) for own in labels]
    best = max(figures)
    return float(min(tried[np.isclose(figures, best)], key=lambda threshold: abs(threshold - 0.5)))


def _labelled(answers: Answers, contract: Contract, workload: Workload) -> Answers:
    return answers if answers.scores is None else replace(answers, labels=label(answers.scores, contract, workload))
