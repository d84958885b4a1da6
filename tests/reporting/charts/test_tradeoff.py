"""The trade-off chart: the front, the limits and the points where they belong."""

from __future__ import annotations

from dataclasses import replace

import pytest

from effaudit.core.reading import Measurement
from effaudit.reporting.charts.tradeoff import BOTTOM, LEFT, RIGHT, TOP, tradeoff

COST, QUALITY = "size.artifact", "quality.roc_auc"


@pytest.fixture
def chart(record, verdict):
    chart = tradeoff(record, verdict, COST, QUALITY)
    assert chart
    return chart


def test_the_front_holds_exactly_what_nothing_else_beats(record, chart):
    figures = {row.candidate.name: (row.readings[COST].value, row.readings[QUALITY].value) for row in record.rows if row.readings}
    beaten = {
        name
        for name, (cost, quality) in figures.items()
        for other, (less, more) in figures.items()
        if other != name and less <= cost and more >= quality and (less < cost or more > quality)
    }
    assert set(chart.on_front) == set(figures) - beaten


def test_better_is_up_and_cheaper_is_left(chart):
    marks = {mark.name: mark for mark in chart.marks}
    assert marks["gbm"].y < marks["tree"].y
    assert marks["mlp-to_onnx-static_int8"].x < marks["forest"].x
    assert all(LEFT <= mark.x <= RIGHT and TOP <= mark.y <= BOTTOM for mark in chart.marks)


def test_the_recommended_is_drawn_last_and_always_labelled(chart):
    assert chart.marks[-1].standing == "recommended"
    assert chart.marks[-1].label.text == "mlp-to_onnx-static_int8"


def test_what_is_far_below_the_rest_is_put_at_the_edge_and_marked(chart):
    dummy = next(mark for mark in chart.marks if mark.name == "ladder-dummy")
    assert dummy.below
    assert dummy.y == BOTTOM
    assert dummy.label.text.endswith("↓")
    assert "0.5000" in dummy.told


def test_limits_against_the_baseline_stand_where_they_bind(record, chart):
    zones = {zone.text: zone for zone in chart.zones}
    assert set(zones) == {"min 0.65", "max drop 1 pp", "max 50 MB"}
    marks = {mark.name: mark for mark in chart.marks}
    assert marks["gbm"].y < zones["max drop 1 pp"].top < marks["forest-fewer_trees"].y
    assert marks["forest-to_onnx"].x < zones["max 50 MB"].left < marks["forest"].x
    assert zones["max 50 MB"].left + zones["max 50 MB"].width == pytest.approx(RIGHT, abs=0.2)
    assert zones["min 0.65"].top + zones["min 0.65"].height == pytest.approx(BOTTOM, abs=0.2)


def test_where_less_is_better_the_axis_points_down(record):
    def turned(reading):
        return replace(reading, value=1 - reading.value, low=1 - reading.high, high=1 - reading.low, better="lower", unit="min")

    rows = tuple(
        replace(row, readings={**row.readings, QUALITY: turned(row.readings[QUALITY])}) if row.readings else row
        for row in record.rows
    )
    chart = tradeoff(replace(record, rows=rows), None, COST, QUALITY)
    assert chart
    marks = {mark.name: mark for mark in chart.marks}
    assert marks["gbm"].y < marks["tree"].y
    assert "points down" in chart.y_title


def test_who_has_no_figures_is_named(record, chart):
    assert chart.missing == ("scripted",)


def test_one_candidate_makes_no_chart(record):
    assert tradeoff(replace(record, rows=record.rows[:1]), None, COST, QUALITY) is None


def test_costs_of_zero_are_left_out_and_equal_ones_drawn(record):
    def with_cost(row, value):
        return replace(row, readings={**row.readings, COST: Measurement(value, value, value, "B", "lower", "counted")})

    rows = (with_cost(record.rows[0], 0.0), with_cost(record.rows[1], 7.0), with_cost(record.rows[2], 7.0))
    chart = tradeoff(replace(record, rows=rows), None, COST, QUALITY)
    assert chart
    assert chart.missing == (record.rows[0].candidate.name,)
    assert len(chart.marks) == 2
