"""Percentiles from blocks of calls: refusals, unequal blocks, incarnations, and coverage where calls of a block are alike."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from effaudit.core.reading import Spread
from effaudit.core.stats.estimate import TooFew
from effaudit.core.stats.percentiles import Located, least_calls, mean, median, percentile


def blocks(count=60, calls=5, block_sd=0.05, call_sd=0.05, incarnation_sd=0.0, seed=0):
    """(incarnations of the blocks, blocks): three incarnations, log-normal."""
    rng = np.random.default_rng(seed)
    numbers = np.repeat(np.arange(3), count // 3)
    logs = rng.normal(0, incarnation_sd, 3)[numbers][:, None] + rng.normal(0, block_sd, (len(numbers), 1))
    return numbers, list(np.exp(logs + rng.normal(0, call_sd, (len(numbers), calls))))


@pytest.mark.parametrize(("share", "needed"), [(0.5, 6), (0.9, 36), (0.95, 72), (0.99, 368), (0.1, 36)])
def test_least_calls_follow_from_the_order_statistics(share, needed):
    assert least_calls(share) == needed
    q = max(share, 1 - share)
    assert q**needed <= 0.025 < q ** (needed - 1)


@pytest.mark.parametrize(("share", "per_block"), [(0.9, 1), (0.95, 3), (0.99, 18)])
def test_too_few_calls_are_a_value(share, per_block):
    found = percentile([np.arange(1.0, per_block + 1)] * 20, share)
    assert found == TooFew(least_calls(share), 20 * per_block, "calls")


def test_fewer_than_twenty_blocks_are_a_value():
    few = [np.arange(1.0, 101.0)] * 19
    assert percentile(few, 0.5) == TooFew(20, 19, "blocks")
    assert mean(few) == TooFew(20, 19, "blocks")
    assert percentile([], 0.5) == TooFew(20, 0, "blocks")
    assert percentile([np.empty(0)] * 30, 0.5) == TooFew(20, 0, "blocks")


def test_calls_that_are_worth_too_little_together_are_a_value():
    alike = [np.full(40, 1.0 + k) for k in range(20)]  # 800 calls, worth 20
    found = percentile(alike, 0.99)
    assert isinstance(found, TooFew)
    assert found.what == "calls"
    assert found.needed > found.got == 800


def test_the_value_is_the_percentile_of_all_calls():
    _, timed = blocks()
    assert percentile(timed, 0.9).value == np.quantile(np.concatenate(timed), 0.9)
    assert mean(timed).value == pytest.approx(np.mean(timed))
    assert median(timed) == percentile(timed, 0.5)
    assert percentile(timed, 0.9).n == 300


def test_independent_calls_give_the_order_statistics_interval():
    rng = np.random.default_rng(0)
    found = percentile(list(rng.exponential(size=(400, 5))), 0.5, level=0.975)
    reach = 1.96 * math.sqrt(0.25 / 2000)
    assert found.low == pytest.approx(-math.log(0.5 + reach), rel=0.06)
    assert found.high == pytest.approx(-math.log(0.5 - reach), rel=0.06)


def test_the_means_interval_is_the_ratio_estimate_of_block_totals():
    _, timed = blocks(count=60, calls=4)
    means = np.array([block.mean() for block in timed])
    found = mean(timed)
    assert math.log(found.high / found.value) == pytest.approx(1.671 * means.std(ddof=1) / math.sqrt(60) / means.mean(), rel=1e-3)


def test_blocks_of_unequal_length_count_by_their_calls():
    rng = np.random.default_rng(0)
    timed = [rng.exponential(size=n) + 0.1 for n in rng.integers(1, 30, 40)]
    found = percentile(timed, 0.5)
    joined = np.concatenate(timed)
    assert found.value == np.quantile(joined, 0.5)
    empties = percentile([*timed[:5], np.empty(0), *timed[5:]], 0.5)
    assert empties == found


def test_repeating_every_call_of_a_block_makes_nothing_surer():
    _, timed = blocks(calls=5)
    once, thrice = percentile(timed, 0.5), percentile([np.repeat(block, 3) for block in timed], 0.5)
    assert math.log(thrice.high / thrice.low) == pytest.approx(math.log(once.high / once.low), rel=0.15)


def test_a_coarse_timer_gives_no_width_but_a_value():
    found = percentile([np.full(5, 1e-7)] * 30, 0.5)
    assert (found.low, found.value, found.high) == (1e-7, 1e-7, 1e-7)


@given(st.integers(0, 10**6), st.floats(0.0, 0.2), st.sampled_from([0.5, 0.9, None]))
@settings(max_examples=40, deadline=None)
def test_it_is_never_narrower_than_blocks_or_incarnations_show(seed, apart, share):
    numbers, timed = blocks(incarnation_sd=apart, seed=seed)

    def ask(**given):
        return mean(timed, **given) if share is None else percentile(timed, share, **given)

    flat, whole = ask(), ask(incarnations=numbers)
    assert whole.low <= flat.low <= flat.value == whole.value <= flat.high <= whole.high
    parts = [np.concatenate([block for block, n in zip(timed, numbers, strict=True) if n == number]) for number in range(3)]
    logs = np.log([part.mean() if share is None else np.quantile(part, share) for part in parts])
    error = logs.std(ddof=1) / math.sqrt(3)
    assert min(math.log(whole.value / whole.low), math.log(whole.high / whole.value)) >= 1.64 * error * (1 - 1e-9)


def test_incarnations_apart_widen_an_interval_that_no_block_would():
    timed = [np.full(5, 1.0 + 0.1 * (k // 20)) for k in range(60)]
    found = percentile(timed, 0.5, np.repeat([0, 1, 2], 20))
    assert found.low < 1.0 < 1.2 < found.high
    assert found.dof < 10


def test_what_all_candidates_show_is_taken_in():
    numbers, timed = blocks()
    alone, together = percentile(timed, 0.5, numbers), percentile(timed, 0.5, numbers, Spread(0.05**2, 2.0))
    assert together.high / together.low > alone.high / alone.low


def test_one_incarnation_alone_shows_nothing_of_incarnations():
    _, timed = blocks()
    assert percentile(timed, 0.5, [7] * 60) == percentile(timed, 0.5)


@pytest.mark.parametrize("wrong", [0.0, -1.0, math.nan, math.inf])
def test_calls_that_are_no_times_are_refused(wrong):
    for ask in (lambda b: percentile(b, 0.5), mean):
        with pytest.raises(ValueError, match="positive and finite"):
            ask([np.array([1.0, wrong])] * 30)


@pytest.mark.parametrize("share", [0.0, 1.0, -0.1, math.nan])
def test_a_share_is_between_zero_and_one(share):
    with pytest.raises(ValueError, match="share"):
        percentile([np.ones(5)] * 30, share)


def test_every_block_has_an_incarnation():
    with pytest.raises(ValueError, match="30 blocks of 3 incarnations"):
        percentile([np.ones(5)] * 30, 0.5, [0, 1, 2])


@pytest.mark.parametrize("share", [0.5, 0.95, None])
def test_the_interval_covers_the_truth(share):
    """Block sd 5 %, incarnation sd 0.6 %, 20 blocks in each of 3 incarnations: 300 trials at 95 % two-sided."""
    sd = math.sqrt(0.05**2 + 0.05**2 + 0.006**2)
    truth = math.exp(sd**2 / 2) if share is None else math.exp(sd * {0.5: 0.0, 0.95: 1.6449}[share])
    hits = 0
    for seed in range(300):
        numbers, timed = blocks(incarnation_sd=0.006, seed=seed)
        found = mean(timed, numbers, level=0.975) if share is None else percentile(timed, share, numbers, level=0.975)
        assert isinstance(found, Located)
        hits += found.low <= truth <= found.high
    assert hits / 300 >= 0.93 - 2 * math.sqrt(0.07 * 0.93 / 300)
