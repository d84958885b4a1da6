"""How many rows decide: checked by building the larger sample, or by counting how often a simulated rule passes."""

import math

import numpy as np
import pytest

from effaudit.core.stats.agreement import Tango
from effaudit.core.stats.estimate import Exact, Skewed, Student
from effaudit.core.stats.power import power_of_margin, rows_for_margin, rows_to_decide


def test_that_many_rows_put_the_bound_on_the_limit():
    needed = rows_to_decide(Student(0.005, 0.004), 0.01, 0.95, 1000)
    larger = Student(0.005, 0.004 * math.sqrt(1000 / needed))
    assert larger.interval(0.95)[1] == pytest.approx(0.01, rel=1e-12)


def test_below_and_on_the_log_scale_too():
    needed = rows_to_decide(Student(1.1, 0.08, log=True), 1.0, 0.95, 20)
    larger = Student(1.1, 0.08 * math.sqrt(20 / needed), log=True)
    assert larger.interval(0.95)[0] == pytest.approx(1.0, rel=1e-12)


def test_each_side_of_a_skewed_interval_counts_for_itself():
    estimate = Skewed(10.0, 9.0, 14.0)
    assert rows_to_decide(estimate, 12.0, 0.95, 100) == pytest.approx(400.0)
    assert rows_to_decide(estimate, 8.0, 0.95, 100) == pytest.approx(25.0)


def test_a_score_interval_is_decided_by_about_that_many_rows():
    needed = round(rows_to_decide(Tango(30, 24, 1000), 0.01, 0.95, 1000))
    times = needed / 1000
    assert Tango(round(30 * times), round(24 * times), needed).interval(0.95)[1] == pytest.approx(0.01, abs=5e-4)


def test_the_part_that_rounds_do_not_take_away_stays():
    estimate = Student(1.02, 0.01, log=True, floor=0.008)
    needed = rows_to_decide(estimate, 1.04, 0.95, 60)
    rest = math.sqrt(0.01**2 - 0.008**2) * math.sqrt(60 / needed)
    assert Student(1.02, math.hypot(0.008, rest), log=True).interval(0.95)[1] == pytest.approx(1.04, rel=1e-9)
    assert rows_to_decide(estimate, 1.03, 0.95, 60) == math.inf


@pytest.mark.parametrize(
    ("estimate", "limit", "expected"),
    [
        (Student(0.5, 0.1), 0.5, math.inf),
        (Skewed(1.0, 0.5, math.inf), 2.0, math.inf),
        (Exact(3.0), 3.0, math.inf),
        (Exact(3.0), 4.0, 1.0),
        (Student(2.0, 0.1, log=True), -1.0, 1.0),
    ],
)
def test_what_more_rows_cannot_or_need_not_decide(estimate, limit, expected):
    assert rows_to_decide(estimate, limit, 0.95, 100) == pytest.approx(expected, abs=1.0)


def test_power_is_how_often_an_equal_model_passes():
    rng = np.random.default_rng(0)
    differences = rng.normal(0.0, 0.004, 20_000)
    passed = np.mean([Student(d, 0.004).tail_above(0.01) < 0.05 for d in differences])
    assert power_of_margin(0.01, 0.004, 0.95) == pytest.approx(passed, abs=0.01)


def test_a_margin_of_three_standard_errors_passes_nine_times_in_ten():
    assert power_of_margin(0.03, 0.01, 0.95) == pytest.approx(0.912, abs=0.001)


def test_half_a_point_between_models_that_disagree_on_six_percent_needs_more_than_twenty_thousand_rows():
    level = 1 - 0.05 / 15
    se = math.sqrt(0.065 / 20_000)
    assert power_of_margin(0.005, se, level) == pytest.approx(0.5, abs=0.1)
    assert rows_for_margin(0.005, math.sqrt(0.065), level) > 30_000


def test_rows_for_a_margin_give_the_power_asked_for():
    rows = rows_for_margin(0.01, 0.25, 0.99, power=0.9)
    assert power_of_margin(0.01, 0.25 / math.sqrt(rows), 0.99) == pytest.approx(0.9, rel=1e-9)


def test_no_margin_is_never_passed():
    assert power_of_margin(0.0, 0.01, 0.95) == 0.0
    assert rows_for_margin(0.0, 0.25, 0.95) == math.inf
    assert power_of_margin(0.01, 0.0, 0.95) == 1.0
