import pytest

from effaudit.core.errors import InputError
from effaudit.reading.plan import read_plan

BASE = """\
apiVersion: effaudit/v1
kind: AuditPlan
name: flights
task: classification
candidates: [{name: forest, path: forest.skops}]
workload:
"""


def workload(write, known, lines, task="classification"):
    text = BASE.replace("task: classification", f"task: {task}") + "".join(f"  {line}\n" for line in lines)
    return read_plan(write(text), known).data


def test_splits_are_files_or_named_arrays(write, known, folder):
    data = workload(write, known, ["certify: {x: train.csv, y: test.csv}", "answer: y"])
    assert data.sources == {"certify": {"x": folder / "train.csv", "y": folder / "test.csv"}}


def test_roles_units_and_scorers_are_kept(write, known):
    lines = [
        "data: test.csv",
        "answer: [a, b]",
        "inputs: [c, d]",
        "ignore: e",
        "time: t",
        "positive: 1",
        "quality: f1",
        "unit: token",
    ]
    data = workload(write, known, lines)
    assert (data.answer, data.inputs, data.ignore, data.time, data.positive) == (("a", "b"), ("c", "d"), ("e",), "t", "1")
    assert (data.quality, data.unit, data.independent) == (("f1",), "token", False)
    assert workload(write, known, ["data: test.csv", "answer: a", "rows: independent"]).independent
    assert workload(write, known, ["data: test.csv", "answer: a", "answer_unit: min"], "regression").answer_unit == "min"


@pytest.mark.parametrize(
    ("lines", "line", "said"),
    [
        (["train: train.csv", "answer: a"], 6, "there are no rows to certify on"),
        (["data: test.csv", "certify: train.csv", "answer: a"], 8, "certify is given too"),
        (["data: test.csv", "search: train.csv", "answer: a"], 8, "search is given too"),
        (["certify: test.csv", "train: test.csv", "answer: a"], 7, "train and certify are the same file"),
        (["certify: ./test.csv", "search: ../plans/test.csv", "answer: a"], 7, "search and certify are the same file"),
        (["certify: none.csv", "answer: a"], 7, "there is no such file"),
        (["certify: {x: none.npy}", "answer: a"], 7, "there is no such file"),
        (["data: test.csv", "answer: a", "groups: g", "time: t"], 10, "`groups` and `time` are given"),
        (["data: test.csv", "answer: a", "time: t", "rows: independent"], 10, "`time` and `rows` are given"),
        (["data: test.csv", "answer: a", "rows: dependent"], 9, "expected 'independent'"),
        (["data: test.csv", "answer: []"], 8, "`answer` is empty"),
        (["data: test.csv", "answer: [a, a]"], 8, "the column 'a' is named twice"),
        (["data: test.csv", "answer: a", "inputs: [a, b]"], 9, "'a' is the answer"),
        (["data: test.csv", "answer: a", "inputs: [b]", "ignore: [b]"], 10, "'b' is among `inputs` and among `ignore`"),
        (["data: test.csv", "answer: a", "groups: a"], 9, "the answer cannot be `groups` too"),
        (["data: test.csv", "answer: a", "quality: [roc_acu]"], 9, "Did you mean 'roc_auc'?"),
        (["data: test.csv", "answer: a", "quality: neg_log_loss"], 9, "without `neg_`: log_loss"),
        (["data: test.csv", "answer: a", "quality: [f1, f1]"], 9, "the scorer 'f1' is named twice"),
        (["data: test.csv", "answer: a", "slices: [b, b]"], 9, "the column 'b' is named twice"),
        (["data: test.csv", "answer: a", f"slices: [{', '.join('abcdefghijk')}]"], 9, "at most 10 of them"),
        (["data: test.csv", "answer: a", "slice_min_rows: 50"], 9, "`slice_min_rows` without `slices`"),
        (["data: test.csv", "answer: a", "slices: b", "slice_min_rows: 0"], 10, "expected at least 1, found 0"),
        (["data: test.csv", "answer: a", "slice: b"], 9, "Did you mean 'slices'?"),
        (["data: test.csv", "answer: a", "batch_sizes: []"], 9, "found nothing"),
        (["data: test.csv", "answer: a", "batch_sizes: [0]"], 9, "from 1 to 1,000,000, such as [1, 256], or `sweep`; found 0"),
        (["data: test.csv", "answer: a", "answer_unit: min"], 9, "`answer_unit` is for regressions"),
    ],
)
def test_what_does_not_go_together_is_told_with_its_line(write, known, lines, line, said):
    with pytest.raises(InputError) as caught:
        workload(write, known, lines)
    assert said in str(caught.value)
    assert caught.value.place.line == line


def test_a_regression_has_no_positive_answer(write, known):
    with pytest.raises(InputError, match="`positive` is for classifications"):
        workload(write, known, ["data: test.csv", "answer: a", "positive: 1"], "regression")


def test_slices_are_kept_with_their_places(write, known):
    data = workload(write, known, ["data: test.csv", "answer: a", "slices:", "  - b", "  - c", "slice_min_rows: 50"])
    assert (data.slices, data.slice_min_rows) == (("b", "c"), 50)
    assert [place.line for place in data.slice_places] == [10, 11]
    assert workload(write, known, ["data: test.csv", "answer: a", "slices: b"]).slice_min_rows == 100
