"""Contract, preprocessing and model become one function, and what is missing is said."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from effaudit.core.candidate import Contract
from effaudit.core.plugin import Refused
from effaudit.core.store import StoreWriter
from effaudit.core.workload import Column, Workload
from effaudit.worker.asking import Asked
from effaudit.worker.contracts import joined


def workload(classes=("0", "1"), task="classification", multilabel=False):
    columns = (Column("a", "float64"), Column("b", "float64"))
    return Workload(task, "", columns, ("y",), classes, {}, "row", "independent", {}, {}, {}, (), (1,), multilabel=multilabel)


def test_the_plan_goes_before_the_file_and_the_file_fills_the_rest():
    file = Contract(columns=("a", "b"), dtypes=("float32",), output="probabilities", classes=("0", "1"))
    found = joined(file, Contract(columns=("b",), threshold=0.0), workload(), preprocessed=False)
    assert found == Contract(("b",), ("float32",), None, "probabilities", ("0", "1"), 0.0, labels="scores")


def test_a_threshold_of_zero_is_a_threshold():
    found = joined(Contract(threshold=0.7, output="labels"), Contract(threshold=0.0), workload(), preprocessed=False)
    assert found.threshold == 0.0


def test_behind_preprocessing_the_files_columns_are_not_the_datas():
    file = Contract(columns=("x0", "x1"), output="probabilities", classes=("0", "1"))
    assert joined(file, Contract(), workload(), preprocessed=True).columns == ()


def test_a_regression_answers_values_unless_said_otherwise():
    assert joined(Contract(), Contract(), workload((), "regression"), preprocessed=False).output == "values"


@pytest.mark.parametrize(
    ("file", "plan", "classes", "words"),
    [
        (Contract(), Contract(), ("0", "1"), "write `output:"),
        (Contract(output="probabilities"), Contract(), ("no", "yes"), r"write `classes: \[no, yes\]`"),
        (Contract(output="labels"), Contract(columns=("town",)), ("0", "1"), "asks for the columns town"),
    ],
)
def test_what_neither_says_is_refused_with_what_to_write(file, plan, classes, words):
    with pytest.raises(Refused, match=words):
        joined(file, plan, workload(classes), preprocessed=False)


@pytest.mark.parametrize(
    ("file", "plan", "data", "words"),
    [
        (
            ("no", "yes"),
            ("yes", "no"),
            ("no", "yes"),
            "says that its outputs stand for no, yes in this order, the plan says yes, no",
        ),
        (("a", "b"), ("b", "a"), ("no", "yes"), "in this order"),
        (("no", "yes"), ("no", "yes", "maybe"), ("no", "yes"), "has 2 classes .* the plan names 3"),
        (("0", "1"), ("1", "0"), ("0", "1"), "in this order"),
        (("No", "Yes"), ("yes", "no"), ("no", "yes"), "in this order"),
        (("cat", "dog", "hen"), ("dog", "cat", "bird"), ("bird", "cat", "dog"), "in this order"),
        (("late", "on_time"), ("on_time", "delayed"), ("delayed", "on_time"), "in this order"),
        (("0", "1"), ("True", "False"), ("False", "True"), "in this order"),
        (("1", "1.0"), (), ("0", "1"), "two of its classes are the same one"),
    ],
)
def test_a_file_that_knows_its_classes_otherwise_than_the_plan_is_refused(file, plan, data, words):
    said = [Contract(output="probabilities", classes=classes) for classes in (file, plan)]
    with pytest.raises(Refused, match=words):
        joined(*said, replace(workload(data), numeric_classes=data == ("0", "1")), preprocessed=False)


@pytest.mark.parametrize(
    ("file", "plan", "data"),
    [
        (("0", "1"), ("no", "yes"), ("no", "yes")),
        (("0", "1", "2"), ("1", "2", "3"), ("1", "2", "3")),
        (("False", "True"), ("0", "1"), ("0", "1")),
        (("0", "1"), ("False", "True"), ("False", "True")),
        (("1", "2", "3"), ("0", "1", "2"), ("0", "1", "2")),
        (("late", "on_time"), ("delayed", "on_time"), ("delayed", "on_time")),
        (("no", "yes"), ("no", "yes"), ("no", "yes")),
    ],
)
def test_codes_may_be_called_by_the_datas_names(file, plan, data):
    work = replace(workload(data), numeric_classes=data[0].isdigit())
    assert joined(Contract(output="probabilities", classes=file), Contract(classes=plan), work, preprocessed=False).classes == plan


def test_what_was_merged_once_stays_as_it_is():
    file = Contract(columns=("a",), output="probabilities", classes=("0", "1"), threshold=0.7, threshold_of="0")
    for plan in (Contract(), Contract(threshold=0.3), Contract(tune="f1"), Contract(threshold=0.0, threshold_of="1")):
        once = joined(file, plan, workload(), preprocessed=False)
        decided = replace(once, labels=once.labels or "predict")
        assert joined(file, decided, workload(), preprocessed=False) == decided


def test_numbered_classes_need_no_names():
    for classes in (("0", "1"), ("False", "True"), ("0", "1", "2")):
        numbered = replace(workload(classes), numeric_classes=True)
        assert joined(Contract(output="probabilities"), Contract(), numbered, preprocessed=False).classes == ()


def test_requests_hold_the_rows_they_are_told_in_their_order(tmp_path):
    writer = StoreWriter(tmp_path / "s", ["a"], {})
    writer.add("certify", {"a": np.arange(5.0)}, np.zeros(5), np.arange(5))
    asked = Asked(None, Contract(), ("a",), None, None, workload(), writer.close(), None)
    requests = asked.requests(np.array([0, 4, 3, 2, 1, 0]), 2)
    assert [list(request["a"]) for request in requests] == [[0.0, 4.0], [3.0, 2.0], [1.0, 0.0]]


def test_a_column_that_a_file_spells_with_an_underscore_is_not_guessed_where_two_could_be_meant():
    two = replace(workload(), inputs=(Column("a b", "float64"), Column("a_b", "float64"), Column("c", "float64")))
    file = Contract(columns=("a_b", "c"), output="probabilities", classes=("0", "1"))
    with pytest.raises(Refused, match=r"may be a b, a_b; write its `columns`"):
        joined(file, Contract(), two, preprocessed=False)
    assert joined(file, Contract(columns=("a b", "c")), two, preprocessed=False).columns == ("a b", "c")
    both = replace(file, columns=("a b", "a_b"))
    assert joined(both, Contract(), two, preprocessed=False).columns == ("a b", "a_b")
    one = replace(two, inputs=(Column("a b", "float64"), Column("c", "float64")))
    assert joined(file, Contract(), one, preprocessed=False).columns == ("a b", "c")
