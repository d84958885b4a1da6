"""Figures in sentences."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from effaudit.core.verdict import Check
from effaudit.judge import words


@pytest.mark.parametrize(
    ("limits", "figures", "unit", "expected"),
    [
        ({"max": "25 ms"}, (0.0241, 0.0228, 0.0259), "s", "is 24.1 ms [22.8, 25.9] where at most 25 ms is allowed"),
        ({"min": "0.70"}, (0.694, 0.691, 0.697), "score", "is 0.6940 [0.6910, 0.6970] where at least 0.70 is asked"),
        ({"max_drop": "1 pp"}, (0.019, 0.016, 0.022), "pp", "loses 1.90 pp [1.60, 2.20] where 1 pp is allowed"),
        ({"max_increase": "10 %"}, (0.14, 0.12, 0.16), "%", "grows by 14.0 % [12.0, 16.0] where 10 % is allowed"),
        ({"max": "50 MB"}, (81.4e6, 81.4e6, 81.4e6), "B", "is 81.4 MB where at most 50 MB is allowed"),
        ({"max": "50 MB"}, (81.4e6, 1.0, float("inf")), "B", "is 81.4 MB where at most 50 MB is allowed"),
    ],
)
def test_a_figure_is_told_with_what_is_allowed(a, limits, figures, unit, expected):
    check = Check("x", a.rule("r", "m", **limits), "fail", None, "", *figures, unit)
    assert words.against_limit(check) == expected


@pytest.mark.parametrize(
    ("value", "unit", "up", "expected"),
    [
        (0.02213, "pp", True, 0.023),
        (0.022, "pp", True, 0.022),
        (0.6384, "score", False, 0.638),
        (81_404_100.0, "B", True, 81_500_000.0),
        (0.0259, "s", True, 0.0259),
        (812.0, "count", True, 812.0),
        (-0.0034, "pp", True, -0.0034),
        (-0.00345, "pp", True, -0.0034),
        (0.0, "pp", True, 0.0),
    ],
)
def test_a_limit_is_rounded_outward(value, unit, up, expected):
    assert words.outward(value, unit, up) == expected


@given(st.floats(-1e12, 1e12), st.sampled_from(["pp", "s"]), st.booleans())
def test_rounding_outward_never_cuts_into_the_figure(value, unit, up):
    rounded = words.outward(value, unit, up)
    assert rounded >= value if up else rounded <= value
    assert abs(rounded - value) <= 0.1 * abs(value)


@pytest.mark.parametrize(
    ("value", "metric", "expected"),
    [
        (3.14, "size.artifact", "3.1× larger"),
        (1.21, "latency.batch_1.p50", "1.21× slower"),
        (50.0, "energy.per_1000", "50.0× the energy"),
        (2.0, "toy.figure", "2.0× in toy.figure"),
    ],
)
def test_a_ratio_is_told_in_the_metric_s_words(value, metric, expected):
    assert words.ratio(value, metric) == expected


def test_rules_are_counted():
    assert [words.rules_counted(n) for n in (1, 2, 7)] == ["the error rule", "both error rules", "all 7 error rules"]


def test_the_limit_that_would_pass_is_written_as_a_policy_writes_it(a):
    assert words.would_pass(a.rule("r", "m", max_drop="1 pp"), 0.022, "pp") == "max_drop ≥ 2.2 pp"
    assert words.would_pass(a.rule("r", "m", min="0.7"), 0.638, "score") == "min ≤ 0.638"
