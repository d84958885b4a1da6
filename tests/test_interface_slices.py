"""Slices from Python to the report: one small audit of real models."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

import effaudit
from effaudit.core.errors import InputError
from effaudit.core.reading import Failure
from effaudit.reading.record_file import read_record

RULES = """\
apiVersion: effaudit/v1
kind: EfficiencyPolicy
metadata: {name: fair}
rules:
  whole: {metric: quality.roc_auc, min: 0.7}
  fair: {metric: quality.roc_auc, min: 0.7, for_each: {slice: [sex, age]}}
"""


@pytest.fixture(scope="module")
def rows():
    """Rows in which `x` tells the answer of women and hardly that of men."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"x": rng.normal(size=4000), "age": rng.integers(18, 90, 4000)})
    sex = rng.choice(["F", "M", None], 4000, p=[0.75, 0.2, 0.05])
    truth = np.where(rng.random(4000) < 1 / (1 + np.exp(-3 * frame["x"] * (sex != "M"))), "yes", "no")
    return frame, truth, sex


@pytest.fixture(scope="module")
def audited(rows, tmp_path_factory):
    from sklearn.linear_model import LogisticRegression

    frame, truth, sex = rows
    model = LogisticRegression().fit(frame[:2000], truth[:2000])
    folder = tmp_path_factory.mktemp("sliced")
    record = effaudit.audit(
        {"linear": model},
        frame[2000:].reset_index(drop=True),
        truth[2000:],
        slices={"sex": sex[2000:]},
        workload={"quality": ["roc_auc", "accuracy"], "slice_min_rows": 50},
        measure={"budget": "1 s", "restarts": 1, "codecarbon": "off"},
        out=folder,
    )
    return record, model, folder


def test_a_column_that_no_model_sees_tells_slices_apart(audited, rows):
    record, model, _ = audited
    frame, truth, sex = (part[2000:] for part in rows)
    assert [column.name for column in record.workload.inputs] == ["x", "age"]
    assert [one.key for one in record.workload.slices] == ["sex=F", "sex=M", "sex=(missing)"]
    for value in "FM":
        expected = roc_auc_score(truth[sex == value] == "yes", model.predict_proba(frame)[sex == value, 1])
        assert record.row("linear").readings[f"quality.roc_auc[sex={value}]"].value == pytest.approx(expected)


def test_the_record_keeps_its_slices_on_disk(audited):
    record, _, folder = audited
    again = read_record(folder)
    assert again.workload == record.workload
    assert again.row("linear").readings == record.row("linear").readings
    metric = "quality.accuracy[sex=(missing)]"
    np.testing.assert_array_equal(again.arrays[f"linear/{metric}"], record.arrays[f"linear/{metric}"])


def test_a_model_that_passes_on_the_whole_fails_in_a_slice_and_misses_one_that_was_not_asked_for(audited, tmp_path):
    record, _, folder = audited
    (tmp_path / "fair.yaml").write_text(RULES)
    verdict = effaudit.decide(read_record(folder), tmp_path / "fair.yaml")
    found = {check.rule.id: (check.status, check.reason) for check in verdict.of("linear")}
    assert found["whole"][0] == found["fair[sex=F]"][0] == "pass"
    assert found["fair[sex=M]"][0] == "fail"
    assert found["fair[age=*]"] == ("inconclusive", "metric_missing")
    page = effaudit.report(record, verdict, tmp_path / "report.html").read_text()
    assert "sex: M" in page
    assert not isinstance(record.row("linear").readings["quality.roc_auc[sex=M]"], Failure)


def test_a_name_that_is_taken_or_unknown_is_told(rows, tmp_path):
    frame, truth, sex = (part[:300] for part in rows)
    with pytest.raises(InputError, match="'answer' already"):
        effaudit.audit({"m": None}, frame, truth, slices={"answer": sex}, out=tmp_path)
    with pytest.raises(InputError, match="Did you mean 'age'"):
        effaudit.audit({"m": None}, frame, truth, slices="aeg", out=tmp_path)
    with pytest.raises(InputError, match="'age' stands twice"):
        effaudit.audit({"m": None}, frame, truth, slices={"age": sex}, out=tmp_path)
