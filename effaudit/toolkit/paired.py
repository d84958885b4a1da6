"""How much a product loses against its parent in the primary quality figure, on the same rows that steer."""

from __future__ import annotations

import contextlib
import warnings
from dataclasses import dataclass

import numpy as np

from effaudit.core import units
from effaudit.core.answer import finished, scored
from effaudit.core.candidate import Contract
from effaudit.core.observed import Answers
from effaudit.core.plugin import Refused, Workbench
from effaudit.core.store import Array

BLOCKS = 20
DEFAULT = {"higher": "0.1 pp", "lower": "0.5 %"}
"""What may be lost where nothing is said, by which way the figure is better."""


@dataclass(frozen=True)
class Paired:
    """Some search rows with their truth, and the parent's answers to them."""

    bench: Workbench
    contract: Contract
    rows: Array
    before: Answers

    def loss(self, after: Answers) -> float:
        """How much worse the product's answers are, in the figure's own unit; negative when they are better."""
        return self._worse(after, np.ones(len(self.rows), dtype=bool))

    def error(self, after: Answers) -> float:
        """The standard error of the loss: a jackknife that leaves out one of 20 blocks of whole groups at a time.

        (Efron & Stein 1981; with blocks, Kott 2001.) Blocks without which the figure is not defined are passed over.
        """
        groups = np.asarray(self.bench.store.groups("search"))[self.rows]
        numbered = np.unique(groups, return_inverse=True)[1]
        blocks = np.random.default_rng(self.bench.seed).permutation(int(numbered.max()) + 1)[numbered] % BLOCKS
        losses = []
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for block in np.unique(blocks):
                with contextlib.suppress(Refused):
                    losses.append(self._worse(after, blocks != block))
        count = len(losses)
        if count < 2:
            return float("inf")
        return float(np.sqrt((count - 1) / count * np.sum((np.asarray(losses) - np.mean(losses)) ** 2)))

    def score(self, answers: Answers) -> float:
        """The primary quality figure of answers to these rows."""
        return self.bench.score(answers, self._truth)

    def plain_loss(self, answers: Answers) -> float:
        """The mean log loss of scores of these rows, or the mean squared error of values."""
        truth, scores = self._truth, np.asarray(answers.scores)
        if self.bench.workload.task == "regression":
            return float(np.mean((scores - truth) ** 2))
        if scores.ndim == 2 and truth.ndim == 1:
            own = np.take_along_axis(scores, truth[:, None].astype(np.int64), axis=1)
        else:
            own = np.where(truth == 1, scores, 1.0 - scores)
        return float(-np.mean(np.log(np.maximum(own, 1e-6))))

    def read(self, raw: Array) -> Answers:
        """Raw scores of these rows in the form that is compared."""
        finish = finished(self.contract.output)
        return scored(raw if finish is None else finish(raw), len(self.rows), self.contract, self.bench.workload)

    @property
    def _truth(self) -> Array:
        return np.asarray(self.bench.store.answers("search")[self.rows])

    def _worse(self, after: Answers, kept: Array) -> float:
        truth = self._truth[kept]
        first, second = (self.bench.score(answers.of(kept), truth) for answers in (self.before, after))
        return first - second if self.bench.better == "higher" else second - first


def checked_tolerance(written: str) -> None:
    """Raises ValueError, in words, unless it is `auto`, points or a share."""
    if written != "auto" and units.parse(written).unit not in ("pp", "%"):
        raise ValueError(f"tolerance is auto, points such as '0.1 pp', or a share of the figure such as '1 %', not {written!r}")


def tolerated(written: str, bench: Workbench, figure: float) -> float:
    """The loss that is tolerated, in the unit of the figure, which the parent has on the same rows."""
    quantity = units.parse(DEFAULT[bench.better] if written == "auto" else written)
    return quantity.amount * abs(figure) if quantity.unit == "%" else quantity.amount
