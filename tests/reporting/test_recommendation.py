"""What stands first in the report."""

from __future__ import annotations

from dataclasses import replace

from effaudit.core.policy import Select
from effaudit.core.reading import Failure
from effaudit.reporting.recommendation import chosen


def test_the_recommended_has_four_figures_each_with_interval_change_and_rules(record, verdict):
    found = chosen(record, verdict)
    assert found.name == verdict.recommended
    assert [card.title for card in found.cards] == ["ROC AUC", "latency p95, batch 1", "size", "carbon per 1,000"]
    quality, latency, size, _ = found.cards
    assert (quality.text, quality.interval, quality.change) == ("0.6911", "[0.6880, 0.6942]", "−0.31 pp")
    assert quality.rules == (("min 0.65", "pass"), ("max drop 1 pp", "pass"))
    assert quality.share is None
    assert latency.better is True
    assert size.interval == ""
    assert 0.06 < size.share < 0.07
    assert (size.own, size.whole) == (6.6, 100.0)


def test_what_is_larger_than_the_baseline_has_the_longer_bar(record, verdict):
    size = chosen(record, replace(verdict, recommended="forest-to_onnx")).cards[2]
    assert size.own == 100.0
    assert size.whole < 5


def test_another_objective_is_shown_as_a_fifth_figure(record, verdict):
    other = replace(verdict, policy=replace(verdict.policy, select=Select("memory.peak.max")))
    assert [card.title for card in chosen(record, other).cards][-1] == "peak memory"


def test_without_carbon_energy_is_shown(record, verdict):
    row = record.row(verdict.recommended)
    readings = {**row.readings, "carbon.per_1000": Failure("not_stated", "assume", "no country")}
    rows = tuple(replace(one, readings=readings) if one is row else one for one in record.rows)
    assert chosen(replace(record, rows=rows), verdict).cards[3].title == "energy per 1,000"


def test_the_nearest_miss_takes_the_place_and_else_there_is_nothing(record, verdict):
    miss = chosen(record, replace(verdict, recommended=None, nearest="gbm-distillation"))
    assert (miss.name, miss.standing, miss.tied) == ("gbm-distillation", "inconclusive", "")
    assert chosen(record, replace(verdict, recommended=None, nearest=None)) is None
    assert chosen(record, None) is None
