"""The sustainability part: figures with their method, nothing guessed."""

from __future__ import annotations

from dataclasses import replace

from effaudit.core.reading import Failure, Measurement
from effaudit.core.settings import Assumptions
from effaudit.reporting.footprint import footprint


def test_the_recommended_comes_first_then_the_baseline(record, verdict):
    found = footprint(record, verdict)
    assert [row.name for row in found.rows][:2] == [verdict.recommended, "gbm"]
    assert found.heads == ("energy per 1,000", "carbon per 1,000", "cost per 1,000")
    assert {amount.method for row in found.rows for amount in row.amounts} == {"modelled from stated assumptions"}


def test_codecarbons_figure_stands_beside_the_models(record, verdict):
    row = footprint(record, verdict).rows[0]
    assert len(row.beside) == 1
    assert row.beside[0].startswith("CodeCarbon's energy per 1,000: 134.4 mJ [130.6, 141.1] (CodeCarbon 3.3.2, process mode")


def test_a_year_is_that_of_the_declared_traffic(record, verdict):
    row = footprint(record, verdict).rows[0]
    reading = record.row(row.name).readings["energy.per_1000"]
    assert row.amounts[0].yearly == "35.04 kJ [34.79, 35.29]"
    assert abs(reading.value * 365_000 - 35_040) < 10
    silent = footprint(replace(record, assumptions=replace(record.assumptions, requests_per_day=None)), verdict)
    assert silent.yearly == ""
    assert {amount.yearly for row in silent.rows for amount in row.amounts} == {""}


def test_what_was_assumed_is_said_and_what_was_not_stated_too(record, verdict):
    told = dict(footprint(record, verdict).assumptions)
    assert told["power"] == "4 W for each busy virtual core, stated in the plan"
    assert told["grid"] == "56 gCO2e/kWh (CodeCarbon 3.3.2, France, 2023)"
    bare = replace(record, assumptions=Assumptions(), intensity=Failure("not_stated", "assume", "nothing says where it runs"))
    told = dict(footprint(bare, verdict).assumptions)
    assert told == {"power": "not stated", "grid": "nothing says where it runs", "PUE": "1 (nothing is added for the site)"}


def test_without_any_figure_the_reason_is_given(record, verdict):
    def silenced(reading):
        return (
            Failure("not_stated", "assume", "nothing says what a busy core draws") if isinstance(reading, Measurement) else reading
        )

    rows = tuple(
        replace(
            row, readings={m: silenced(r) if m.startswith(("energy", "carbon", "cost")) else r for m, r in row.readings.items()}
        )
        for row in record.rows
    )
    found = footprint(replace(record, rows=rows), verdict)
    assert found.missing == "nothing says what a busy core draws"
    assert found.heads == ()


def test_the_audits_own_cost_is_told(record, verdict):
    told = dict(footprint(record, verdict).audit)
    assert told["energy"] == "1.61 kJ, modelled"
    assert told["time"].startswith("4.52 min (reading 3.10 s")
    poor = dict(footprint(replace(record, spent=replace(record.spent, joules=None, grams=None)), verdict).audit)
    assert poor["energy"] == "no power is stated to model it with"
    assert "carbon" not in poor
