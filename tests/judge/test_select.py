"""Ranking the feasible, breaking ties inside the band only, and the nearest miss."""

from __future__ import annotations

import pytest

from effaudit.core.notes import texts
from effaudit.core.reading import Failure, Measurement, counted
from effaudit.core.record import Floor
from effaudit.judge.decide import decide

P50 = "latency.batch_1.p50"


def verdict(a, *models, rules=(), record=None, **select):
    return decide(a.record(*models, **(record or {})), a.policy(*rules, **select))


def joules(value, name="x"):
    return {"energy.per_1000": Measurement(value, 0.99 * value, 1.01 * value, "J", "lower", "modelled", 60)}


def test_the_smallest_that_passes_is_recommended(a):
    rule = a.rule("ni", "quality.roc_auc", max_drop="1 pp")
    found = verdict(a, a.model("base", size=9e6), a.model("mid", size=5e5), a.model("bad", size=1e5, auc=0.7), rules=[rule])
    assert found.ranking == ("mid", "base")
    assert found.recommended == "mid"


def test_the_simplest_inside_the_band_is_preferred(a):
    models = [
        a.model("net", size=100.0, family="network"),
        a.model("line", size=101.9, family="linear"),
        a.model("dummy", size=102.1, family="constant"),
    ]
    found = verdict(a, *models)
    assert found.equals == ("line", "net")
    assert found.ranking == ("line", "net", "dummy")


def test_simplicity_never_overrides_the_objective_outside_the_band(a):
    found = verdict(a, a.model("net", size=100.0, family="network"), a.model("line", size=103.0, family="linear"))
    assert (found.recommended, found.equals) == ("net", ())


def test_the_band_is_that_of_the_best_and_does_not_chain(a):
    models = [a.model(f"m{n}", size=100.0 + 1.5 * n, family="constant" if n == 4 else "network") for n in range(5)]
    assert verdict(a, *models).equals == ("m0", "m1")


@pytest.mark.parametrize(
    ("families", "expected"),
    [
        (("network", "ensemble"), "b"),
        (("ensemble", "tree"), "b"),
        (("tree", "linear"), "b"),
        (("linear", "constant"), "b"),
        (("other", "network"), "b"),
        (("tree", "tree"), "a"),
    ],
)
def test_simple_first_follows_the_families(a, families, expected):
    models = [a.model(name, size=100.0, family=family) for name, family in zip("ab", families, strict=True)]
    assert verdict(a, *models).recommended == expected


def test_later_tie_breaks_decide_what_earlier_ones_leave_open(a):
    models = [
        a.model("x", readings=joules(5.0)),
        a.model("y", readings=joules(3.0)),
        a.model("z", family="network", readings=joules(1.0)),
    ]
    found = verdict(a, *models, tie_break=("simple_first", "energy.per_1000"))
    assert found.equals == ("y", "x", "z")
    assert verdict(a, *models, tie_break=("energy.per_1000",)).equals == ("z", "y", "x")


def test_a_tie_break_says_nothing_inside_the_noise_of_the_machine(a):
    models = [a.model("x", size=100.0, readings=joules(5.00)), a.model("y", size=101.0, readings=joules(4.97))]
    assert verdict(a, *models, tie_break=("energy.per_1000",)).recommended == "y"
    noisy = {"floors": {"energy.per_1000": Floor(0.014, "A/A")}}
    assert verdict(a, *models, tie_break=("energy.per_1000",), record=noisy).recommended == "x"


def test_what_has_no_figure_loses_the_tie(a):
    models = [a.model("x"), a.model("y", readings=joules(4.0))]
    assert verdict(a, *models, tie_break=("energy.per_1000",)).recommended == "y"


def test_more_is_preferred_where_more_is_better(a):
    def rate(value):
        return {"throughput.batch_1": Measurement(value, value, value, "rows/s", "higher", "measured", 60)}

    models = [a.model("x", readings=rate(100.0)), a.model("y", readings=rate(200.0))]
    assert verdict(a, *models, tie_break=("throughput.batch_1",)).recommended == "y"


def test_equals_in_everything_are_ranked_by_objective_and_then_by_name(a):
    models = [a.model("c", size=100.0), a.model("b", size=101.0), a.model("a", size=101.0)]
    assert verdict(a, *models).equals == ("c", "a", "b")


def test_the_objective_may_be_any_figure(a):
    found = verdict(a, a.model("slow", size=1.0, latency=0.02), a.model("fast", latency=0.01), minimize=P50)
    assert found.recommended == "fast"


def test_inside_the_noise_of_the_machine_models_tie_in_the_objective(a):
    models = [a.model("net", latency=0.0100, family="network"), a.model("line", latency=0.0103, family="linear")]
    assert verdict(a, *models, minimize=P50).recommended == "net"
    noisy = {"floors": {P50: Floor(0.04, "incarnations")}}
    assert verdict(a, *models, minimize=P50, record=noisy).recommended == "line"


def test_an_objective_of_zero_has_a_band_of_zero(a):
    def nodes(count):
        return {"size.nodes": counted(count, "count")}

    models = [a.model("x", family="network", readings=nodes(0)), a.model("y", readings=nodes(1))]
    assert verdict(a, *models, minimize="size.nodes").ranking == ("x", "y")


def test_who_lacks_the_objective_is_ranked_last_and_said(a):
    models = [a.model("x", readings=joules(9.0)), a.model("y", family="constant")]
    found = verdict(a, *models, minimize="energy.per_1000")
    assert found.ranking == ("x", "y")
    assert "energy.per_1000 is not known of y, ranked after those of which it is." in texts(found.notes)


def test_nobody_is_recommended_for_a_figure_that_nobody_has(a):
    found = verdict(a, a.model("x"), a.model("y"), minimize="energy.per_1000")
    assert (found.recommended, found.nearest, set(found.ranking)) == (None, None, {"x", "y"})


RULES = {"floor": ("quality.roc_auc", {"min": "0.85"}), "lat": (P50, {"max": "5 ms"}), "size": ("size.artifact", {"max": "0.9 MB"})}


def nearest(a, *models):
    rules = [a.rule(name, metric, **limits) for name, (metric, limits) in RULES.items()]
    found = verdict(a, *models, rules=rules)
    assert found.recommended is None
    return found.nearest


def test_the_nearest_miss_fails_the_fewest_rules(a):
    assert nearest(a, a.model("one", auc=0.5, latency=0.001, size=1.0), a.model("two", auc=0.84, latency=0.006, size=1.0)) == "one"


def test_undecided_is_nearer_than_failed(a):
    undecided = a.model("undecided", auc=0.849, latency=0.001, size=1.0)
    assert nearest(a, a.model("failed", auc=0.845, latency=0.001, size=1.0), undecided) == "undecided"


def test_among_as_many_failed_rules_the_smallest_shortfall_is_nearest(a):
    assert nearest(a, a.model("far", auc=0.9, latency=0.009, size=1.0), a.model("near", auc=0.9, latency=0.006, size=1.0)) == "near"


def test_what_was_never_measured_is_not_near(a):
    dead = a.model("dead", failure=Failure("refused", "load", "no"), planned=False)
    assert nearest(a, a.model("base", auc=0.1, latency=9.0, size=9e9), dead) == "base"
