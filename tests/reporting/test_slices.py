"""The worst slice of each candidate and column, in every output that tells it."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace

import pytest

from effaudit.core.policy import Limit, Policy, Rule
from effaudit.core.reading import Failure, Measurement
from effaudit.core.slices import Slice, key_apart, key_of, sliced
from effaudit.core.verdict import Check, Verdict
from effaudit.outputs.csv import Csv
from effaudit.outputs.html import Html
from effaudit.outputs.json import Json
from effaudit.outputs.markdown import Markdown
from effaudit.outputs.terminal import Terminal
from effaudit.reporting.decision import decision
from effaudit.reporting.formatting import title
from effaudit.reporting.slices import CAUTION, worst
from effaudit.reporting.story import by_rule

HOSTILE = "</script>|`x`@o\n[a=b]\x1b[31m"


@pytest.fixture(scope="module")
def told(record):
    """The sampled record with slices of two columns, one with a hostile value and name."""
    slices = (
        Slice("carrier", key_of("carrier", "UA"), "UA", 30_000, 77),
        Slice("carrier", key_of("carrier", HOSTILE), "</script>|`x`@o [a=b]", 21_302, 77),
        Slice("carrier", key_apart("carrier", "(missing)"), "missing", 10_000, 60),
        Slice("dist|ance", key_of("dist|ance", "Q1"), "80 to 502", 15_000, 77),
        Slice("dist|ance", key_of("dist|ance", "Q2"), "503 to 900", 15_000, 77),
    )
    values = (0.71, 0.62, None, 0.66, 0.69)
    rows = []
    for row in record.rows:
        more = {}
        for place, (one, value) in enumerate(zip(slices, values, strict=True)):
            reading = _read(value, one.rows) if value else Failure("undefined", "score", "all rows are of one class")
            more |= {
                sliced("quality.roc_auc", one.key): reading,
                sliced("quality.average_precision", one.key): _read(0.4, place + 1),
            }
        rows.append(row if row.failure else replace(row, readings={**row.readings, **more}))
    return replace(record, workload=replace(record.workload, slices=slices), rows=tuple(rows))


def _read(value, rows):
    return Measurement(value, value - 0.01, value + 0.01, "score", "higher", "measured", rows)


def test_the_worst_slice_of_each_column_is_found_with_its_interval_and_rows(told):
    carrier, distance = worst(told, told.row("gbm"))
    assert (carrier.column, carrier.slice, carrier.text, carrier.interval) == (
        "carrier",
        "</script>|`x`@o [a=b]",
        "0.620",
        "[0.610, 0.630]",
    )
    assert (carrier.rows, carrier.of) == (21_302, "3 slices, 1 without a figure")
    assert (distance.slice, distance.of) == ("80 to 502 (Q1)", "2 slices")


def test_the_worst_error_is_the_largest(told):
    row = told.row("gbm")
    readings = {metric: replace(r, better="lower") if isinstance(r, Measurement) else r for metric, r in row.readings.items()}
    assert worst(told, replace(row, readings=readings))[0].slice == "UA"


def test_a_record_without_slices_tells_of_none(record, verdict):
    assert worst(record, record.rows[0]) == ()
    for output in (Terminal(verbose=True), Markdown(), Html()):
        assert "Worst slices" not in output.render(record, verdict)


def test_the_terminal_lists_them_when_asked_for_more(told, verdict):
    text = Terminal(verbose=True, width=140).render(told, verdict)
    assert "Worst slices, ROC AUC" in text
    line = next(line for line in text.splitlines() if "dist|ance: 80 to 502 (Q1)" in line)
    assert "0.660 [0.650, 0.670]" in line
    assert "15,000 rows · of 2 slices" in line
    assert "extreme by selection" in text
    assert "\x1b" not in text
    assert "Worst slices" not in Terminal(width=140).render(told, verdict)


def test_markdown_has_a_table_whose_cells_stay_in_their_columns(told, verdict):
    text = Markdown().render(told, verdict)
    part = text[text.index("<summary>Worst slices") :].split("</details>")[0]
    rows = [line for line in part.splitlines() if line.startswith("|")]
    widths = {line.replace("\\|", "").count("|") for line in rows}
    assert widths == {7}
    assert len(rows) == 2 + 2 * sum(not row.failure for row in told.rows)
    assert "</script>" not in part
    assert "extreme by selection" in part


def test_the_report_has_them_with_every_scorer_and_the_caution(told, verdict):
    page = Html().render(told, verdict)
    assert page.count("<caption>Worst slices") == sum(not row.failure for row in told.rows)
    assert CAUTION in page
    assert "carrier: &lt;/script&gt;|`x`@o [a=b]" in page
    assert page.count("dist|ance: 80 to 502 (Q1)") == 2 * sum(not row.failure for row in told.rows)


def test_readings_of_slices_do_not_crowd_the_other_readings(told, record, verdict):
    plain, with_slices = Html().render(record, verdict), Html().render(told, verdict)
    assert with_slices.count("<dt>") == plain.count("<dt>")


def test_csv_and_json_have_every_slice(told, verdict):
    rows = list(csv.DictReader(io.StringIO(Csv().render(told, verdict))))
    metric = sliced("quality.roc_auc", key_of("carrier", HOSTILE))
    assert sum(row["metric"] == metric for row in rows) == sum(not row.failure for row in told.rows)
    found = next(one for one in json.loads(Json().render(told, verdict))["candidates"] if one["name"] == "gbm")
    assert found["readings"][metric]["value"] == 0.62


def test_ids_of_slices_have_readable_titles():
    assert title("quality.roc_auc[carrier=UA]") == "ROC AUC, carrier UA"
    assert title(sliced("quality.f1", key_apart("sex", "(missing)"))) == "F1, sex missing"
    assert title(sliced("quality.f1", key_of("c", "a\nb"))) == "F1, c a b"


@pytest.fixture(scope="module")
def judged(told):
    """A verdict in which one rule was judged in each slice of a column."""
    keys = [one.key for one in told.workload.slices if one.column == "carrier"]
    rule = Rule("fair", "quality.roc_auc", "min", Limit(0.65, "", "0.65"), hint="look at the data")
    each = tuple(replace(rule, id=sliced("fair", key), metric=sliced("quality.roc_auc", key), of="fair") for key in keys)
    size = Rule("size", "size.artifact", "max", Limit(1e9, "B", "1 GB"))
    checks = []
    for row in told.rows:
        for place, one in enumerate(each):
            low = 0.70 if place == 0 else 0.60
            status = "pass" if place == 0 else "fail" if place == 1 else "inconclusive"
            reason = "metric_missing" if place == 2 else None
            checks.append(
                Check(row.candidate.name, one, status, reason, value=None if reason else low + 0.02, low=low, high=low + 0.04)
            )
        checks.append(Check(row.candidate.name, size, "pass", value=1e6, low=1e6, high=1e6, unit="B"))
    statuses = {row.candidate.name: "fail" for row in told.rows}
    policy = Policy("fair", (*each, size))
    return Verdict(policy, "gbm", "infeasible", 1, None, "None passes.", (), (), "gbm", tuple(checks), statuses=statuses)


def test_a_rule_over_slices_is_one_column_that_shows_the_worst_of_them(told, judged):
    found = decision(told, judged)
    assert [(head.id, head.metric) for head in found.heads] == [("fair", "ROC AUC, worst of 3 slices"), ("size", "size")]
    cell = next(row for row in found.rows if row.line.name == "gbm").cells[0]
    assert (cell.status, cell.text, cell.why) == ("fail", "0.620", "carrier </script>|`x`@o [a=b]")
    assert cell.rank == 0


def test_checks_of_all_slices_stand_under_their_rule(told, judged):
    [group] = by_rule(told, judged, "fail")
    assert {check.rule.of for check in group} == {"fair"}
    text = Terminal(width=140, verbose=True).render(told, judged)
    assert text.count("✗ fail  fair") == 1
    assert "gbm in carrier UA" in text
    assert "look at the data" in text
    assert "fair[carrier=UA]" in Markdown().render(told, judged)
