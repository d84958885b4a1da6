"""Losses and figures of quality: which estimate is used, and when rows are too few."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from effaudit.core.reading import Measurement
from effaudit.core.stats.agreement import Tango
from effaudit.core.stats.replicates import FewDiscordant
from effaudit.judge.compare import figure, loss
from effaudit.judge.estimates import Moved, Share, Within
from effaudit.judge.evidence import Evidence, Undecidable


def compared(record, metric, candidate="other", versus="base", relative=False):
    return loss(Evidence.of(record), candidate, versus, metric, relative)


def score(name, metric, value, low=None, high=None, better="higher"):
    return Measurement(
        value,
        value if low is None else low,
        value if high is None else high,
        "score",
        better,
        "measured",
        9,
        None,
        f"{name}/{metric}",
    )


def with_score(a, name, metric, value, sd=0.004, better="higher", **model):
    """A model that has one more quality reading, with replicates."""
    replicates = value + a.noise(name + metric, 400, sd)
    reading = score(name, metric, value, value - 1.645 * sd, value + 1.645 * sd, better)
    return a.model(name, readings={metric: reading}, arrays={metric: replicates}, **model)


def test_accuracy_on_independent_rows_follows_tango(a):
    record = a.record(a.model("base", wrong=range(50)), a.model("other", wrong=range(20, 110)), rows=1003)
    assert compared(record, "quality.accuracy") == Tango(60, 20, 1003)


def test_a_share_of_the_accuracy_is_tango_s_interval_over_the_baseline_s_accuracy(a):
    record = a.record(a.model("base", wrong=range(500)), a.model("other", wrong=range(560)), rows=1000)
    found = compared(record, "quality.accuracy", relative=True)
    assert found.value == pytest.approx(0.06 / 0.5)
    assert found.interval(0.95) == pytest.approx([2 * bound for bound in Tango(60, 0, 1000).interval(0.95)])


def test_a_gain_is_a_negative_loss(a):
    record = a.record(a.model("base", wrong=range(100)), a.model("other", wrong=range(40)))
    assert compared(record, "quality.accuracy").value == pytest.approx(-0.06)


def test_the_last_incomplete_byte_of_rows_counts_no_row_too_many(a):
    record = a.record(a.model("base", wrong=[0, 8, 9]), a.model("other", wrong=[9]), rows=10)
    assert compared(record, "quality.accuracy") == Tango(0, 2, 10)


def test_scores_are_compared_by_shared_replicates(a):
    record = a.record(a.model("base", auc=0.80), a.model("other", auc=0.79))
    found = compared(record, "quality.roc_auc")
    differences = record.arrays["base/quality.roc_auc"] - record.arrays["other/quality.roc_auc"]
    assert found.value == pytest.approx(0.01)
    assert found.se == pytest.approx(np.std(differences, ddof=1), rel=1e-3)


def test_a_common_error_of_both_cancels(a):
    shared = a.noise("rows", 400, 0.05)
    models = [a.model(name, arrays={"quality.roc_auc": 0.8 + shared + a.noise(name, 400, 0.0005)}) for name in ("base", "other")]
    assert compared(a.record(*models), "quality.roc_auc").se < 0.001


def test_a_metric_where_less_is_better_loses_by_growing(a):
    record = a.record(
        with_score(a, "base", "quality.log_loss", 0.40, better="lower"),
        with_score(a, "other", "quality.log_loss", 0.45, better="lower"),
    )
    assert compared(record, "quality.log_loss").value == pytest.approx(0.05)
    assert compared(record, "quality.log_loss", relative=True).value == pytest.approx(0.125)


def test_a_share_of_a_score_uses_each_resample_s_own_baseline(a):
    base = 0.5 + a.noise("both", 400, 0.05)
    record = a.record(
        a.model("base", auc=0.5, arrays={"quality.roc_auc": base}),
        a.model("other", auc=0.45, arrays={"quality.roc_auc": 0.9 * base}),
    )
    found = compared(record, "quality.roc_auc", relative=True)
    assert found.value == pytest.approx(0.1)
    assert found.se == pytest.approx(0.0, abs=1e-12)


def test_a_share_of_next_to_nothing_is_no_infinite_loss(a):
    tiny = a.model("base", auc=1e-310, auc_se=0.0, arrays={"quality.roc_auc": np.full(400, 1e-310)})
    assert compared(a.record(tiny, a.model("other")), "quality.roc_auc", relative=True).reason == "baseline_missing"


def test_a_share_of_a_score_around_zero_means_nothing(a):
    record = a.record(
        with_score(a, "base", "quality.r2", 0.001, 0.01), with_score(a, "other", "quality.r2", 0.0, 0.01), task="regression"
    )
    found = compared(record, "quality.r2", relative=True)
    assert isinstance(found, Undecidable)
    assert found.reason == "baseline_missing"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"rows": 20, "class_rows": (10, 10)}, "20 certify rows"),
        ({"rows": 1000, "class_rows": (971, 29)}, "29 certify rows of class class_1"),
        ({"rows": 1000, "groups": 19}, "19 groups"),
    ],
)
def test_scores_of_too_few_rows_are_refused(a, changes, words):
    found = compared(a.record(a.model("base"), a.model("other"), **changes), "quality.roc_auc")
    assert isinstance(found, Undecidable)
    assert found.reason == "too_few_samples"
    assert words in found.detail


def test_a_class_that_certify_does_not_have_says_nothing_of_too_few_rows(a):
    record = a.record(a.model("base"), a.model("other"), class_rows=(500, 500, 0))
    assert compared(record, "quality.roc_auc").value == pytest.approx(0.0)


def test_regression_on_too_few_rows_is_refused(a):
    models = [with_score(a, name, "quality.r2", 0.5) for name in ("base", "other")]
    assert compared(a.record(*models, rows=29, task="regression"), "quality.r2").reason == "too_few_samples"
    assert compared(a.record(*models, rows=30, task="regression"), "quality.r2").value == 0.0


def test_labels_that_differ_on_thirty_rows_are_compared_by_replicates(a):
    base = with_score(a, "base", "quality.f1", 0.70, wrong=range(100))
    enough = with_score(a, "other", "quality.f1", 0.69, wrong=range(130))
    found = compared(a.record(base, enough), "quality.f1")
    assert found.value == pytest.approx(0.01)
    assert found.se == pytest.approx(0.004 * 2**0.5, rel=0.2)


def test_labels_that_differ_on_fewer_are_bounded_by_how_many_can(a):
    base = with_score(a, "base", "quality.f1", 0.70, wrong=range(100))
    few = with_score(a, "other", "quality.f1", 0.69, wrong=range(129))
    found = compared(a.record(base, few, class_rows=(600, 400)), "quality.f1")
    assert found == FewDiscordant(29, 1000, 2 / 0.4, 0.70 - 0.69)


def test_a_metric_whose_change_is_unbounded_needs_thirty_rows_that_differ(a):
    models = [with_score(a, name, "quality.matthews_corrcoef", 0.5, wrong=range(100)) for name in ("base", "other")]
    found = compared(a.record(*models), "quality.matthews_corrcoef")
    assert (found.reason, found.detail) == (
        "too_few_samples",
        "the labels differ on 0 rows; comparing quality.matthews_corrcoef needs 30",
    )


@pytest.mark.parametrize(("rows", "passes"), [(200, False), (60_000, True)])
def test_a_conversion_without_a_changed_label_passes_on_many_rows_only(a, rows, passes):
    models = [with_score(a, name, "quality.balanced_accuracy", 0.8, 0.0, wrong=range(30)) for name in ("base", "other")]
    found = compared(a.record(*models, rows=rows), "quality.balanced_accuracy")
    assert (found.interval(0.95)[1] < 0.01) == passes


def test_among_more_classes_two_wrong_labels_may_differ_so_the_agreement_counts(a):
    agreement = {"behaviour.agreement": score("other", "behaviour.agreement", 0.98)}
    base = with_score(a, "base", "quality.f1_macro", 0.8, wrong=range(100))
    other = with_score(a, "other", "quality.f1_macro", 0.8, wrong=range(110))
    told = replace(other, readings=dict(other.readings) | agreement)
    counts = (400, 300, 300)
    assert compared(a.record(base, other, class_rows=counts), "quality.f1_macro").reason == "too_few_samples"
    assert compared(a.record(base, told, class_rows=counts), "quality.f1_macro").differing == 20
    assert compared(a.record(base, told, class_rows=counts), "quality.f1_macro", "base", "other").differing == 20


def test_a_record_without_labels_cannot_say_how_many_differ(a):
    models = [with_score(a, name, "quality.f1", 0.8, wrong=None) for name in ("base", "other")]
    assert compared(a.record(*models), "quality.f1").reason == "too_few_samples"


@pytest.mark.parametrize("replicates", [None, np.zeros(7), np.full(400, np.nan), np.zeros((400, 3))])
def test_replicates_that_are_missing_or_do_not_fit_are_no_comparison(a, replicates):
    record = a.record(a.model("base"), a.model("other", arrays={"quality.roc_auc": replicates}))
    assert compared(record, "quality.roc_auc").reason == "not_measured_together"


def test_a_few_undefined_resamples_are_left_out(a):
    replicates = 0.8 + a.noise("x", 400, 0.004)
    replicates[:5] = np.nan
    record = a.record(a.model("base"), a.model("other", arrays={"quality.roc_auc": replicates}))
    assert np.isfinite(compared(record, "quality.roc_auc").se)


def grouped(a, deff, rows=10_000, groups=50):
    """Two models that agree on every label, with accuracy's replicates `deff` times as variable as independent rows make them."""
    sd = (0.9 * 0.1 / rows * deff) ** 0.5
    arrays = {"quality.accuracy": 0.9 + a.noise("accuracy", 400, sd)}
    models = [a.model(name, wrong=range(rows // 10), arrays=arrays) for name in ("base", "other")]
    return a.record(*models, rows=rows, groups=groups)


def test_without_a_changed_label_grouped_rows_count_by_their_design_effect(a):
    found = compared(grouped(a, deff=4.0), "quality.accuracy")
    assert found.rows == pytest.approx(2500, abs=20)
    assert compared(grouped(a, deff=1000.0), "quality.accuracy").rows == 50
    assert compared(grouped(a, deff=0.5), "quality.accuracy").rows == 10_000


def test_without_replicates_of_accuracy_a_group_counts_as_one_row(a):
    models = [with_score(a, name, "quality.f1_weighted", 0.8, wrong=range(100)) for name in ("base", "other")]
    assert compared(a.record(*models, rows=10_000, groups=60), "quality.f1_weighted").rows == 60


def test_accuracy_on_grouped_rows_follows_the_replicates(a):
    models = [
        with_score(a, name, "quality.accuracy", 0.9, wrong=wrong)
        for name, wrong in (("base", range(100)), ("other", range(50, 150)))
    ]
    assert compared(a.record(*models, groups=40), "quality.accuracy").dof < 40


def own(record, metric, candidate="base"):
    return figure(Evidence.of(record), candidate, metric)


def test_an_accuracy_of_its_own_is_a_share_of_independent_rows(a):
    assert own(a.record(a.model("base", wrong=range(17))), "quality.accuracy") == Share(983, 1000)


def test_flips_are_a_share_of_independent_rows(a):
    reading = {"behaviour.flips_lost": replace(score("base", "", 0.003, better="lower"), unit="share")}
    assert own(a.record(a.model("base", readings=reading)), "behaviour.flips_lost") == Share(3, 1000)


def test_a_nearly_perfect_score_is_bounded_by_its_wrong_rows(a):
    found = own(a.record(with_score(a, "base", "quality.f1", 0.99, 0.0, wrong=range(5)), class_rows=(500, 500)), "quality.f1")
    assert found == Within(Moved(FewDiscordant(5, 1000, 4.0, 1.0 - 0.99), -1.0, 1.0), 0.0, 1.0)
    assert found.value == pytest.approx(0.99)


def test_few_flips_on_grouped_rows_are_bounded_from_above(a):
    reading = {"behaviour.flips_lost": replace(score("base", "", 0.001, better="lower"), unit="share")}
    found = own(a.record(a.model("base", readings=reading), rows=2000, groups=100), "behaviour.flips_lost")
    assert found == Within(FewDiscordant(2, 100, 1.0, 0.001), 0.0, 1.0)


def test_a_score_that_is_nearly_always_wrong_is_refused(a):
    found = own(a.record(with_score(a, "base", "quality.f1", 0.01, wrong=range(10, 1000))), "quality.f1")
    assert (found.reason, found.detail) == ("too_few_samples", "10 rows of the rarer outcome, right or wrong; 30 are needed")


def test_classes_that_are_wholly_separated_do_not_give_an_interval_without_width(a):
    perfect = a.model("base", auc=1.0, auc_se=0.0)
    low, high = own(a.record(perfect, rows=200, class_rows=(160, 40)), "quality.roc_auc").interval(0.95)
    assert low < 0.94
    assert high >= 1.0


def test_other_scores_keep_the_interval_that_was_drawn(a):
    low, high = own(a.record(a.model("base", auc=0.8, auc_se=0.01)), "quality.roc_auc").interval(0.95)
    assert (low, high) == pytest.approx((0.8 - 0.01645, 0.8 + 0.01645), abs=1e-4)


def test_bits_that_do_not_fit_the_rows_are_as_if_not_kept(a):
    """A padding bit that is set would count a row that there is not."""
    for bits in (np.full(2, 255, dtype=np.uint8), np.zeros(3, dtype=np.uint8), np.zeros(2), np.zeros((1, 2), dtype=np.uint8)):
        record = a.record(a.model("base", arrays={"correct": bits}), rows=10)
        assert Evidence.of(record).right("base") is None
    assert Evidence.of(a.record(a.model("base"), rows=16)).right("base") is not None


def test_a_record_without_certify_rows_decides_no_quality(a):
    record = a.record(a.model("base"), a.model("other"), rows=10)
    empty = replace(record, workload=replace(record.workload, splits={}, groups={}))
    for metric in ("quality.accuracy", "quality.roc_auc"):
        assert compared(empty, metric).reason == "too_few_samples"
        assert own(empty, metric).reason == "too_few_samples"
