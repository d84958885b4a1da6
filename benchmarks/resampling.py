"""How long shared replicates take: `python benchmarks/resampling.py [CANDIDATES] [ROWS] [RESAMPLES]` makes up candidates' answers.

Each candidate is asked for on its own, as an audit does: accuracy, balanced accuracy, F1, log loss, Brier, and ROC AUC. The
digest of all replicates is the same in every run and on every machine with the same BLAS.
"""

from __future__ import annotations

import hashlib
import sys
import time

import numpy as np
from numpy.typing import NDArray

from effaudit.core.stats.ranking import auc, average_precision_replicates
from effaudit.core.stats.resample import Resamples

Floats = NDArray[np.float64]


def main(candidates: int = 30, rows: int = 50_000, count: int = 2000) -> None:
    """Times the resamples of smooth figures, ROC AUC and (200 of) average precision."""
    rng = np.random.default_rng(0)
    positive = rng.random(rows) < 0.2
    answers = [1 / (1 + np.exp(-rng.normal(-1.5, 1.0, rows) - 2.0 * positive)) for _ in range(candidates)]
    print(f"{candidates} candidates × {rows:,} rows × {count:,} resamples")

    begun = time.perf_counter()
    resamples = Resamples(np.arange(rows), count, seed=0)
    smooth = [figures(resamples.means(columns(positive, scores))) for scores in answers]
    digest = hashlib.sha256(np.round(np.stack(smooth), 9).tobytes()).hexdigest()[:12]
    print(f"accuracy, balanced accuracy, F1, log loss, Brier {time.perf_counter() - begun:6.2f} s   digest {digest}")

    begun = time.perf_counter()
    for scores in answers:
        value, influence = auc(scores, positive)
        value + resamples.means(influence[:, None])[:, 0]
    print(f"ROC AUC                                          {time.perf_counter() - begun:6.2f} s")

    begun = time.perf_counter()
    for scores in answers:
        average_precision_replicates(scores, positive, resamples, 200)
    print(f"average precision, 200 resamples                 {time.perf_counter() - begun:6.2f} s")


def columns(positive: NDArray[np.bool_], scores: Floats) -> Floats:
    """What the five figures are sums of (rows, 6)."""
    labels = scores > 0.5
    log_loss = -np.log(np.where(positive, scores, 1 - scores))
    return np.column_stack(
        [labels == positive, labels & positive, labels & ~positive, positive, log_loss, (scores - positive) ** 2]
    ).astype(np.float64)


def figures(means: Floats) -> Floats:
    """(resamples, 5)."""
    right, hits, alarms, positives, log_loss, brier = means.T
    balanced = (hits / positives + 1 - alarms / (1 - positives)) / 2
    return np.column_stack([right, balanced, 2 * hits / (hits + alarms + positives), log_loss, brier])


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
