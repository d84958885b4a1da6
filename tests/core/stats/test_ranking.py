"""ROC AUC and average precision against scikit-learn and DeLong's formula, ties included."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.metrics import average_precision_score, roc_auc_score

from effaudit.core.stats.ranking import auc, average_precision, average_precision_replicates
from effaudit.core.stats.resample import Resamples


@st.composite
def ranked(draw):
    rows = draw(st.integers(2, 60))
    scores = draw(hnp.arrays(float, rows, elements=st.one_of(st.sampled_from([0.0, 0.1, 0.5, 1.0]), st.floats(-1e6, 1e6))))
    positive = draw(hnp.arrays(bool, rows))
    positive[0], positive[-1] = True, False
    return scores, positive


def rows(n=2000, seed=0, ties=None, shift=1.0):
    rng = np.random.default_rng(seed)
    positive = rng.random(n) < 0.3
    scores = rng.normal(size=n) + shift * positive
    return (np.round(scores, ties) if ties is not None else scores), positive


@given(ranked())
def test_auc_equals_scikit_learn_with_ties(data):
    assert auc(*data)[0] == pytest.approx(roc_auc_score(data[1], data[0]), abs=1e-12)


@given(ranked(), st.booleans())
def test_average_precision_equals_scikit_learn_with_ties_and_weights(data, weighed):
    scores, positive = data
    weights = np.random.default_rng(len(scores)).integers(0, 4, len(scores)).astype(float) if weighed else None
    if weights is not None:
        weights[0] = 1.0
    expected = average_precision_score(positive, scores, sample_weight=weights)
    assert average_precision(scores, positive, weights) == pytest.approx(expected, abs=1e-12)


def delong_variance(scores, positive):
    """DeLong et al. (1988), written out pair by pair."""
    ups, downs = scores[positive], scores[~positive]
    wins = (ups[:, None] > downs) + 0.5 * (ups[:, None] == downs)
    return np.var(wins.mean(axis=1), ddof=1) / len(ups) + np.var(wins.mean(axis=0), ddof=1) / len(downs)


@pytest.mark.parametrize("ties", [None, 0])
def test_the_influence_has_delongs_variance(ties):
    scores, positive = rows(1500, ties=ties)
    _, influence = auc(scores, positive)
    assert influence.mean() == pytest.approx(0.0, abs=1e-12)
    assert np.sqrt((influence**2).sum()) / len(scores) == pytest.approx(np.sqrt(delong_variance(scores, positive)), rel=0.005)


@pytest.mark.parametrize("seed", range(3))
def test_the_spread_of_auc_replicates_is_delongs(seed):
    scores, positive = rows(3000, seed)
    value, influence = auc(scores, positive)
    replicates = value + Resamples(np.arange(3000), 2000, seed).means(influence[:, None])[:, 0]
    assert replicates.std() == pytest.approx(np.sqrt(delong_variance(scores, positive)), rel=0.05)


def test_auc_replicates_follow_the_resampled_auc():
    scores, positive = rows(1000)
    resamples = Resamples(np.arange(1000), 60)
    value, influence = auc(scores, positive)
    replicates = value + resamples.means(influence[:, None])[:, 0]
    direct = [roc_auc_score(positive, scores, sample_weight=w) for w in resamples.row_weights(60)]
    assert np.corrcoef(replicates, direct)[0, 1] > 0.995


def test_grouped_replicates_have_obuchowskis_variance():
    """Obuchowski (1997), Biometrics 53:567, with her sums over clusters written out."""
    rng = np.random.default_rng(2)
    groups = np.repeat(np.arange(80), 10)
    lift = rng.normal(size=80)[groups]
    positive = rng.random(800) < 1 / (1 + np.exp(-lift))
    scores = rng.normal(size=800) + positive + lift
    value, influence = auc(scores, positive)
    ups, downs = scores[positive], scores[~positive]
    wins = (ups[:, None] > downs) + 0.5 * (ups[:, None] == downs)
    first = np.bincount(groups[positive], wins.mean(axis=1) - value, 80)
    second = np.bincount(groups[~positive], wins.mean(axis=0) - value, 80)
    m, n, clusters = len(ups), len(downs), 80
    variance = clusters / (clusters - 1) * ((first @ first) / m**2 + (second @ second) / n**2 + 2 * (first @ second) / (m * n))
    replicates = Resamples(groups, 4000).means(influence[:, None])[:, 0]
    assert replicates.std() * np.sqrt(80 / 79) == pytest.approx(np.sqrt(variance), rel=0.05)


def test_average_precision_replicates_are_scikit_learns_with_sample_weights():
    scores, positive = rows(400, ties=1)
    resamples = Resamples(np.arange(400) // 2, 30)
    expected = [average_precision_score(positive, scores, sample_weight=w) for w in resamples.row_weights(30)]
    assert average_precision_replicates(scores, positive, resamples, 30) == pytest.approx(expected, abs=1e-12)


def test_a_resample_without_positives_has_no_average_precision():
    positive = np.zeros(100, bool)
    positive[7] = True
    replicates = average_precision_replicates(np.arange(100.0), positive, Resamples(np.arange(100), 50), 50)
    weights = np.array(list(Resamples(np.arange(100), 50).row_weights(50)))[:, 7]
    assert (np.isnan(replicates) == (weights == 0)).all()
    assert 0 < np.isnan(replicates).sum() < 50


def test_infinite_scores_are_ranked():
    assert auc(np.array([np.inf, 0.0, -np.inf]), np.array([True, False, False]))[0] == 1.0


@pytest.mark.parametrize("positive", [np.ones(3, bool), np.zeros(3, bool)])
def test_auc_needs_both_classes(positive):
    with pytest.raises(ValueError, match="both classes"):
        auc(np.arange(3.0), positive)


@pytest.mark.parametrize(
    ("scores", "positive", "weights"),
    [
        (np.arange(3.0), np.zeros(3, bool), None),
        (np.arange(3.0), np.array([True, False, False]), np.array([0.0, 1.0, 1.0])),
    ],
)
def test_average_precision_needs_positives(scores, positive, weights):
    with pytest.raises(ValueError, match="positive rows"):
        average_precision(scores, positive, weights)


@pytest.mark.parametrize("function", [auc, average_precision])
def test_nan_and_wrong_shapes_are_refused(function):
    with pytest.raises(ValueError, match="NaN"):
        function(np.array([0.0, np.nan]), np.array([True, False]))
    with pytest.raises(ValueError, match="shape"):
        function(np.zeros((2, 2)), np.array([True, False]))
