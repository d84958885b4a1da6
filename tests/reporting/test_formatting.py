"""What metrics, limits and checks are called."""

from __future__ import annotations

from dataclasses import replace

import pytest

from effaudit.core.policy import Limit, Rule
from effaudit.core.reading import Failure, Measurement, counted
from effaudit.core.verdict import Check
from effaudit.reporting import formatting

TIME = Measurement(0.0241, 0.0228, 0.0259, "s", "lower", "measured")
SCORE = Measurement(0.69, 0.68, 0.70, "score", "higher", "measured")


@pytest.mark.parametrize(
    ("metric", "title"),
    [
        ("latency.batch_1.p95", "latency p95, batch 1"),
        ("throughput.batch_1024", "throughput, batch 1,024"),
        ("quality.roc_auc", "ROC AUC"),
        ("quality.balanced_accuracy", "balanced accuracy"),
        ("memory.peak.max", "peak memory"),
        ("memory.peak", "peak memory"),
        ("size.artifact", "size"),
        ("someone.elses.figure", "someone.elses.figure"),
    ],
)
def test_an_id_has_a_title_and_an_unknown_one_stands_for_itself(metric, title):
    assert formatting.title(metric) == title


def test_a_reading_is_found_with_and_without_its_aggregate():
    readings = {"latency.batch_1.p50": TIME, "latency.batch_16.p50": SCORE, "size.artifact": counted(1, "B")}
    assert formatting.find(readings, "latency.batch_1") is TIME
    assert formatting.find(readings, "latency.batch_1.p50") is TIME
    assert formatting.find(readings, "latency.batch_2") is None


def test_no_figure_is_a_dash_and_a_failed_one_says_so():
    assert formatting.figure(None) == "–"
    assert formatting.figure(Failure("not_timed", "time", "hung")) == "not measured"
    assert formatting.figure(TIME) == "24.1 ms [22.8, 25.9]"
    assert formatting.figure(TIME, interval=False) == "24.1 ms"


@pytest.mark.parametrize(
    ("reading", "base", "change"),
    [
        (SCORE, replace(SCORE, value=0.70), "−1.0 pp"),
        (TIME, replace(TIME, value=0.0482), "−50 %"),
        (TIME, replace(TIME, value=0.0), ""),
        (TIME, SCORE, ""),
        (TIME, None, ""),
        (Failure("a", "b", "c"), TIME, ""),
    ],
)
def test_a_change_is_in_points_for_scores_and_per_cent_for_the_rest(reading, base, change):
    assert formatting.change(reading, base) == change


@pytest.mark.parametrize(
    ("reading", "base", "floor", "better"),
    [
        (SCORE, replace(SCORE, value=0.68), 0.0, True),
        (TIME, replace(TIME, value=0.0230), 0.0, False),
        (TIME, replace(TIME, value=0.0240), 0.014, None),
        (TIME, TIME, 0.0, None),
        (TIME, None, 0.0, None),
        (replace(TIME, value=float("nan")), TIME, 0.0, None),
    ],
)
def test_better_is_said_only_beyond_what_the_machine_resolves(reading, base, floor, better):
    assert formatting.is_better(reading, base, floor) is better


def _check(bound, value, low, high, unit, versus=None):
    rule = Rule("r", "quality.roc_auc", bound, Limit(0.01, unit, "1 pp"), versus=versus)
    return Check("a", rule, "fail", None, "", value, low, high, unit)


def test_a_loss_is_shown_with_a_minus_and_an_increase_with_a_plus():
    assert formatting.checked(_check("max_drop", 0.019, 0.016, 0.022, "pp", "baseline")) == "−1.90 pp [−2.20, −1.60]"
    assert formatting.checked(_check("max_increase", 0.12, 0.10, 0.14, "%", "baseline")) == "+12.0 % [+10.0, +14.0]"
    assert formatting.checked(_check("max", 0.0241, 0.0228, 0.0259, "s")) == "24.1 ms [22.8, 25.9]"
    assert formatting.checked(_check("max_drop", 0.0, 0.0, 0.0, "pp", "baseline")) == "0 pp"


def test_a_check_without_a_figure_says_whether_it_is_missing():
    check = replace(_check("max", None, None, None, "s"), status="inconclusive", reason="metric_missing")
    assert formatting.checked(check) == "not measured"
    assert formatting.why(check) == "there is no such figure"
    assert formatting.why(replace(check, detail="no watts are stated")) == "no watts are stated"


def test_a_limit_is_as_its_author_wrote_it():
    rule = Rule("r", "size.artifact", "max_increase", Limit(0.1, "%", "10 %"), versus="baseline")
    assert formatting.limit(rule) == "max increase 10 %"
    assert formatting.limit(replace(rule, versus="gbm")) == "max increase 10 % against gbm"


def test_a_difference_that_is_shown_as_none_is_neither_better_nor_worse():
    before = Measurement(0.669, 0.66, 0.68, "score", "higher", "measured")
    assert formatting.is_better(replace(before, value=0.669 - 2e-8), before) is None
    assert formatting.is_better(replace(before, value=0.660), before) is False
