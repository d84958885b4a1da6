"""Warm-ups are left out of the figures and said; what all do together is nobody's fault."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from effaudit.core.observed import Block, Seen
from effaudit.measure.steady import steadied


def seen(slow=lambda number: 0.0, *, common=None, seed=0, rounds=40, incarnations=3, batch=1):
    """Blocks of a candidate; `slow(round)` is added to the log of its time, `common` to everybody's."""
    rng = np.random.default_rng(seed)
    blocks = tuple(
        Block(
            k, k * 100_000 + r, batch, np.array([1e6 * np.exp(slow(r) + (common(r) if common else 0) + rng.normal(0, 0.01))]), 1, 1
        )
        for k in range(incarnations)
        for r in range(rounds)
    )
    blank = dict.fromkeys(("candidate", "facts", "sizes", "workload", "store", "settings", "assumptions", "resamples", "answers"))
    return Seen(**{**blank, "workload": SimpleNamespace()}, blocks=blocks)


def test_steady_candidates_are_given_back_as_they_are():
    given = {name: seen(seed=place) for place, name in enumerate(("base", "a"))}
    found = steadied(given, "base")
    assert all(own.blocks == given[name].blocks and own.steadiness == {} for name, own in found.items())


def test_a_warm_up_is_left_out_and_said_with_its_size():
    given = {"base": seen(seed=1), "a": seen(lambda r: 0.3 * (r < 8), seed=2)}
    found = steadied(given, "base")["a"]
    assert {block.key % 100_000 for block in found.blocks} == set(range(8, 40))
    assert found.steadiness[1].text == (
        "warm-up: its first 8 rounds after each start took +35 % time beside the baseline's, and are left out"
    )


def test_a_warm_up_stays_where_too_few_rounds_would_be_left():
    given = {"base": seen(seed=1, rounds=24, incarnations=1), "a": seen(lambda r: 0.5 * (r < 8), seed=2, rounds=24, incarnations=1)}
    found = steadied(given, "base")["a"]
    assert len(found.blocks) == 24
    assert "too few without them" in found.steadiness[1].text


def test_a_slowdown_is_said_and_nothing_left_out():
    given = {"base": seen(seed=1), "a": seen(lambda r: 0.2 * (r >= 25), seed=2)}
    found = steadied(given, "base")["a"]
    assert len(found.blocks) == 120
    assert found.steadiness[1].text.startswith("slowdown: after 25 rounds")


def test_what_the_machine_does_to_all_is_nobodys_fault():
    def slower(r):
        return 0.5 * (r > 20)

    given = {name: seen(common=slower, seed=place) for place, name in enumerate(("base", "a", "b", "c"))}
    assert all(own.steadiness == {} for own in steadied(given, "base").values())


def test_a_baseline_that_warms_up_is_seen_beside_the_others():
    given = {"base": seen(lambda r: 0.3 * (r < 8), seed=9)} | {name: seen(seed=place) for place, name in enumerate("abc")}
    found = steadied(given, "base")
    assert found["base"].steadiness[1].text.startswith("warm-up: its first 8 rounds")
    assert [found[name].steadiness for name in "abc"] == [{}, {}, {}]


def test_callers_at_once_are_not_looked_at_but_leave_with_their_round():
    warm = seen(lambda r: 0.3 * (r < 8), seed=2)
    several = tuple(replace(block, callers=2) for block in warm.blocks)
    found = steadied({"base": seen(seed=1), "a": replace(warm, blocks=(*warm.blocks, *several))}, "base")["a"]
    assert all(block.key % 100_000 >= 8 for block in found.blocks)


@pytest.mark.parametrize("baseline", [None, "base", "gone"])
def test_nothing_timed_and_no_baseline_are_no_trouble(baseline):
    given = {"base": seen(rounds=0), "a": seen(rounds=3)}
    assert steadied(given, baseline)["a"].steadiness == {}
