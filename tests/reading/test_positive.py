"""Which of two classes is positive is said, understood by everybody, or asked for."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from effaudit.core.candidate import Artifact, Candidate, Contract
from effaudit.core.errors import InputError
from effaudit.core.plan import Data
from effaudit.core.workload import Workload
from effaudit.reading.positive import check_positive, positive_of


@pytest.mark.parametrize(
    ("classes", "numeric", "said", "positive"),
    [
        (("0", "1"), True, None, "1"),
        (("-1", "1"), True, None, "1"),
        (("False", "True"), True, None, "True"),
        (("1", "2"), True, None, ""),
        (("0", "1"), False, None, ""),
        (("leaves", "stays"), False, None, ""),
        (("stays", "leaves"), False, "leaves", "leaves"),
        (("a", "b", "c"), False, None, ""),
        ((), False, None, ""),
    ],
)
def test_it_is_the_last_where_somebody_says_so(classes, numeric, said, positive):
    assert positive_of(classes, numeric, said) == positive


def checked(quality=("roc_auc",), contract=None, classes=("leaves", "stays"), positive=""):
    work = Workload(
        "classification", "", (), ("y",), classes, {}, "row", "independent", {}, {}, {}, quality, (1,), positive=positive
    )
    candidates = (Candidate("m", Artifact("m", "toy"), contract),) if contract else ()
    check_positive(SimpleNamespace(data=Data("classification", {}, ("y",)), candidates=candidates), work)


@pytest.mark.parametrize("name", ["f1", "recall", "precision", "jaccard", "average_precision", "positive_likelihood_ratio"])
def test_scores_of_one_class_ask_for_it_with_both_ways_to_write_it(name):
    with pytest.raises(InputError) as caught:
        checked(quality=("roc_auc", name))
    assert name in caught.value.what
    assert "`positive: leaves` or `positive: stays`" in caught.value.advice
    checked(quality=(name,), positive="leaves")


@pytest.mark.parametrize("contract", [Contract(threshold=0.4), Contract(tune="f1")])
def test_thresholds_ask_for_it_too(contract):
    with pytest.raises(InputError, match="threshold of m"):
        checked(contract=contract)
    checked(contract=contract, positive="stays")


@pytest.mark.parametrize(
    "contract", [Contract(threshold=0.4, threshold_of="leaves"), Contract(tune="balanced_accuracy"), Contract()]
)
def test_a_threshold_that_names_its_class_does_not_ask(contract):
    checked(contract=contract)


def test_scores_that_are_the_same_whichever_is_positive_do_not_ask():
    checked(quality=("roc_auc", "log_loss", "brier_score", "accuracy", "balanced_accuracy", "f1_macro", "matthews_corrcoef"))


def test_several_classes_do_not_ask():
    checked(quality=("average_precision",), classes=("a", "b", "c"))
