"""Comparisons of timings: pairing by round, the spread between incarnations, panels, and the noise floor."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from effaudit.core.reading import Spread
from effaudit.core.stats.estimate import Student, TooFew
from effaudit.core.stats.ratios import Medians, floor_of, location, paired, paired_alike, ratio, spread_of
from effaudit.core.stats.student import t_quantile


def evidence(medians, noise=0.0, rounds=21, rng=None, panel=0):
    """One candidate: an incarnation for each median, rounds spread around it (symmetrically without an rng)."""
    rows = []
    for number, middle in enumerate(medians):
        shifts = rng.normal(0, noise, rounds) if rng else np.linspace(-noise, noise, rounds)
        rows += [(panel * 100 + number, (panel * 100 + number) * 1000 + k, middle + shift) for k, shift in enumerate(shifts)]
    return np.array(rows)


def tails(values):
    return np.array([(number, -1 - number, value) for number, value in enumerate(values)])


BASE = evidence([0.0, 0.0, 0.0])


def test_pairs_are_formed_inside_a_round_only():
    a = np.array([(0, 10, 1.0), (0, 11, 5.0), (0, 13, 2.0), (1, 20, 4.0)])
    b = np.array([(0, 13, 1.5), (0, 10, 0.0), (0, 12, 9.0), (1, 20, 1.0), (1, 21, 7.0)])
    pairs = paired(a, b)
    assert pairs.values == pytest.approx([0.75, 3.0])
    assert list(pairs.rounds) == [2, 1]


@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(1, 30)), min_size=1, max_size=3, unique_by=lambda one: one[0]),
    st.integers(1, 6),
    st.integers(0, 2**32 - 1),
)
def test_many_paired_at_once_are_each_paired_alone(incarnations, count, seed):
    rng = np.random.default_rng(seed)
    numbers = np.repeat(*zip(*incarnations, strict=True))
    keys = rng.permutation(len(numbers)) + numbers * 1000
    base, *many = (np.column_stack([numbers, keys, rng.normal(0, 1, len(numbers))]) for _ in range(count + 1))
    found = paired_alike({str(place): one for place, one in enumerate(many)}, base)
    for place, one in enumerate(many):
        alone, together = paired(one, base), found[str(place)]
        assert together.values == pytest.approx(alone.values, rel=1e-12)
        assert together.errors == pytest.approx(alone.errors, rel=1e-12, nan_ok=True)
        assert together.rounds.tolist() == alone.rounds.tolist()


def test_what_stands_in_other_rounds_or_is_no_figure_is_not_paired_at_once():
    other, endless = BASE.copy(), BASE.copy()
    other[[0, 1]] = other[[1, 0]]
    endless[5, 2] = math.inf
    words = np.full(BASE.shape, "x")
    found = paired_alike({"same": BASE, "other": other, "short": BASE[:-1], "endless": endless, "words": words}, BASE)
    assert list(found) == ["same"]
    assert paired_alike({"same": BASE[:0]}, BASE[:0]) == {}
    with pytest.raises(ValueError, match="no logarithm"):
        paired_alike({"same": BASE}, endless)


def test_what_the_machine_does_to_both_cancels():
    drift = np.random.default_rng(0).normal(0, 0.5, len(BASE))
    a, b = BASE + np.array([0, 0, 0.03]), BASE.copy()
    a[:, 2] += drift
    b[:, 2] += drift
    assert paired(a, b).values == pytest.approx([0.03] * 3)


def test_a_disturbed_round_does_not_move_the_median():
    a = evidence([0.1, 0.1, 0.1], noise=0.01)
    a[3, 2] += 5.0
    assert ratio(a, BASE, None).value == pytest.approx(math.exp(0.1), rel=1e-3)


def test_without_rounds_or_other_candidates_it_is_the_plain_t_of_the_incarnations():
    estimate = ratio(tails([0.1, 0.12, 0.2]), tails([0.0, 0.0, 0.0]), None)
    logs = np.array([0.1, 0.12, 0.2])
    reach = t_quantile(0.975, 2) * logs.std(ddof=1) / math.sqrt(3)
    assert estimate.dof == pytest.approx(2.0)
    expected = (math.exp(logs.mean() - reach), math.exp(logs.mean() + reach))
    assert estimate.interval(0.975) == pytest.approx(expected, rel=1e-12)


def test_the_others_are_taken_in_as_smyth_does():
    estimate = ratio(tails([0.10, 0.11, 0.12]), tails([0.0, 0.0, 0.0]), Spread(0.0002, 2.0))
    assert estimate.se**2 * 3 == pytest.approx((2 * 2 * 0.0002 + 2 * 0.0001) / 4, rel=1e-9)
    assert 2.0 < estimate.dof <= 4.0


def test_the_others_never_count_for_more_than_the_candidate_itself():
    many, few = (ratio(tails([0.10, 0.11, 0.12]), tails([0.0, 0.0, 0.0]), Spread(0.0002, dof)) for dof in (600.0, 2.0))
    assert many == few


def test_it_is_never_narrower_than_its_own_incarnations_or_its_rounds_allow():
    apart = ratio(tails([0.0, 0.1, 0.2]), tails([0.0, 0.0, 0.0]), Spread(1e-8, 4.0))
    assert apart.se >= 0.1 / math.sqrt(3) * (1 - 1e-12)
    noisy = evidence([0.1, 0.1, 0.1], noise=0.3, rng=np.random.default_rng(1))
    pairs = paired(noisy, BASE)
    assert ratio(noisy, BASE, Spread(0.0, 4.0)).se >= math.sqrt(np.mean(pairs.errors**2) / 3) * (1 - 1e-12)


def test_the_error_of_a_median_is_that_of_simulated_medians():
    rng = np.random.default_rng(0)
    medians = [np.median(rng.normal(0, 0.05, 21)) for _ in range(3000)]
    errors = [paired(evidence([0.0], 0.05, rng=rng), evidence([0.0])).errors[0] for _ in range(300)]
    assert np.sqrt(np.mean(np.square(errors))) == pytest.approx(np.std(medians), rel=0.08)


def test_swapping_the_two_turns_the_ratio_round():
    rng = np.random.default_rng(3)
    a, b = evidence([0.1, 0.12, 0.09], 0.02, rng=rng), evidence([0.0, 0.01, 0.0], 0.02, rng=rng)
    forth, back = ratio(a, b, Spread(1e-4, 2.0)), ratio(b, a, Spread(1e-4, 2.0))
    assert forth.value * back.value == pytest.approx(1.0)
    assert forth.interval(0.95)[0] * back.interval(0.95)[1] == pytest.approx(1.0)


def test_one_incarnation_is_too_few_unless_others_tell():
    alone = evidence([0.1], 0.01)
    assert ratio(alone, evidence([0.0]), None) == TooFew(2, 1, "incarnations")
    assert isinstance(ratio(alone, evidence([0.0]), Spread(1e-4, 3.0)), Student)


def test_no_round_together_is_too_few():
    few = ratio(evidence([0.1, 0.1]), evidence([0.0, 0.0], panel=3), None)
    assert few == TooFew(1, 0, "rounds measured together")
    assert str(few) == "0 rounds measured together, where at least 1 are needed"


def test_panels_are_linked_through_the_baseline():
    a, b = evidence([0.30, 0.31, 0.29], panel=1), evidence([0.10, 0.12, 0.11], panel=2)
    baseline = np.vstack([evidence([0.0, 0.01, -0.01], panel=1), evidence([0.05, 0.05, 0.06], panel=2)])
    linked = ratio(a, b, Spread(1e-4, 2.0), baseline)
    first, second = ratio(a, baseline, Spread(1e-4, 2.0)), ratio(b, baseline, Spread(1e-4, 2.0))
    assert linked.value == pytest.approx(first.value / second.value)
    assert linked.se**2 == pytest.approx(first.se**2 + second.se**2)
    assert min(first.dof, second.dof) <= linked.dof <= first.dof + second.dof


def test_rounds_together_are_preferred_to_the_baseline():
    a, b = evidence([0.3, 0.31, 0.29]), evidence([0.1, 0.11, 0.12])
    assert ratio(a, b, None, BASE) == ratio(a, b, None)


def test_a_panel_without_the_baseline_cannot_be_linked():
    assert ratio(evidence([0.1, 0.1], panel=1), evidence([0.0, 0.0], panel=2), None, BASE) == TooFew(
        1, 0, "rounds measured together"
    )


def test_location_is_a_candidates_own_figure():
    estimate = location(evidence([math.log(2.0)] * 3, 0.01), Spread(1e-6, 3.0))
    assert estimate.value == pytest.approx(2.0)
    assert isinstance(location(tails([0.1]), None), TooFew)


def pairs_of(values, errors=None):
    k = len(values)
    return Medians(np.array(values), np.full(k, math.nan) if errors is None else np.array(errors), np.full(k, 20))


def test_the_spread_is_one_candidates_share_of_the_pairs_variance_without_noise():
    rng = np.random.default_rng(0)
    pairs = []
    for _ in range(400):
        inner = rng.normal(0, 0.006, 3) - rng.normal(0, 0.006, 3) + rng.normal(0, 0.01, 3)
        pairs.append(pairs_of(inner, [0.01] * 3))
    assert math.sqrt(spread_of(pairs).variance) == pytest.approx(0.006, rel=0.1)


@pytest.mark.parametrize(("pairs", "dof"), [(0, 0.0), (1, 0.0), (2, 1.2), (3, 2.0), (9, 4.0), (1000, 6.0)])
def test_few_candidates_tell_little(pairs, dof):
    assert spread_of([pairs_of([0.0, 0.01, 0.02])] * pairs).dof == pytest.approx(dof, abs=0.05)


def test_single_incarnations_tell_nothing_of_the_spread():
    assert spread_of([pairs_of([0.1])] * 5) == Spread(0.0, 0.0)
    assert spread_of([]) == Spread(0.0, 0.0)


def test_quiet_incarnations_have_no_spread_beyond_their_noise():
    assert spread_of([pairs_of([0.0, 1e-4, 0.0], [0.02] * 3)] * 3).variance == 0.0


def test_the_floor_is_two_standard_deviations_or_what_the_twin_shows():
    spread = Spread(0.006**2, 4.0)
    assert floor_of(spread, None).share == pytest.approx(0.01207, abs=1e-4)
    assert floor_of(spread, Student(1.001, 0.001, 4.0, log=True)).source == "incarnations"
    wide = floor_of(spread, Student(0.97, 0.01, 30.0, log=True))
    assert wide.source == "A/A"
    assert wide.share == pytest.approx(1 / Student(0.97, 0.01, 30.0, log=True).interval(0.95)[0] - 1)
    assert floor_of(spread, TooFew(1, 0)).source == "incarnations"


def test_one_start_shows_no_noise_and_sets_no_floor():
    once = spread_of([pairs_of([0.01], [0.02])] * 3)
    assert once == Spread(0.0, 0.0)
    assert floor_of(once, None) is None
    assert floor_of(once, TooFew(1, 0)) is None
    assert floor_of(once, Student(1.001, 0.001, 4.0, log=True)).source == "A/A"


@given(st.lists(st.floats(-20, 20), min_size=2, max_size=6), st.floats(0, 1), st.floats(0, 10))
def test_any_incarnations_give_a_finite_interval_round_the_value(values, variance, dof):
    estimate = ratio(tails(values), tails([0.0] * len(values)), Spread(variance, dof))
    low, high = estimate.interval(0.95)
    assert 0.0 <= low <= estimate.value <= high
    assert estimate.floor <= estimate.se


@pytest.mark.parametrize(
    "wrong",
    [
        np.zeros((3, 2)),
        np.zeros(3),
        np.array([(0, 0, math.nan)]),
        np.array([(0, 0, math.inf)]),
        np.array([(0, 0, 1e308)]),
        np.array([(0, 7, 0.0), (0, 7, 1.0)]),
        np.array([(math.nan, 0, 0.0)]),
    ],
)
def test_what_is_no_evidence_is_refused(wrong):
    for ask in (lambda: paired(wrong, BASE), lambda: paired(BASE, wrong), lambda: location(wrong, None)):
        with pytest.raises(ValueError, match=r"evidence|two figures"):
            ask()


def simulated(trials, seed, het=1.0, noise=0.02, candidates=5, effect=0.0):
    """Audits of so many candidates, each with three incarnations (0.6 % apart) of 20 rounds; the first one's ratio."""
    rng = np.random.default_rng(seed)
    for _ in range(trials):
        base = evidence(rng.normal(0, 0.006, 3), noise, 20, rng)
        others = [
            evidence(effect * (i == 0) + rng.normal(0, 0.006 * (het if i == 0 else 1.0), 3), noise, 20, rng)
            for i in range(candidates)
        ]
        yield ratio(others[0], base, spread_of([paired(other, base) for other in others]))


def test_equal_candidates_are_called_different_in_at_most_five_percent():
    alarms = [not low <= 1.0 <= high for low, high in (estimate.interval(0.975) for estimate in simulated(400, 11))]
    assert np.mean(alarms) <= 0.05 + 2 * math.sqrt(0.05 * 0.95 / 400)


def test_a_candidate_that_varies_four_times_as_much_is_still_covered():
    covered = [low <= 1.0 <= high for low, high in (estimate.interval(0.975) for estimate in simulated(400, 12, het=4.0))]
    assert np.mean(covered) >= 0.90 - 2 * math.sqrt(0.1 * 0.9 / 400)


def test_a_slowdown_of_ten_percent_is_found():
    found = [estimate.tail_below(1.0) < 0.05 for estimate in simulated(150, 13, noise=0.05, effect=math.log(1.1))]
    assert np.mean(found) >= 0.95


def test_one_bad_start_of_four_does_not_move_a_ratio_but_widens_it():
    base = evidence([0.0] * 4)
    good, bad = (ratio(evidence([0.01, 0.02, 0.03, last]), base, None) for last in (0.02, 0.6))
    assert good.value == pytest.approx(math.exp(0.02))
    assert bad.value == pytest.approx(math.exp(0.025))
    assert bad.se > 10 * good.se
    three = ratio(evidence([0.01, 0.02, 0.6]), BASE, None)
    assert three.value == pytest.approx(math.exp(0.21))


@pytest.mark.parametrize("starts", [3, 4, 5, 7, 12])
def test_the_standard_error_is_that_of_the_middle_of_the_starts(starts):
    rng = np.random.default_rng(starts)
    base = evidence([0.0] * starts, rounds=1)
    found = [ratio(evidence(rng.normal(0, 0.01, starts), rounds=1), base, None) for _ in range(3000)]
    told = math.sqrt(np.mean([one.se**2 for one in found]))
    assert told == pytest.approx(np.std([math.log(one.value) for one in found]), rel=0.05)
