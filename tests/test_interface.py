"""The Python interface on real models of several frameworks, in memory: one audit, looked at from all sides."""

from __future__ import annotations

import json
from html.parser import HTMLParser

import numpy as np
import pytest

import effaudit
from effaudit.core.errors import InputError
from effaudit.core.reading import Failure, Measurement


@pytest.fixture(scope="module")
def cancer():
    """scikit-learn's breast cancer data: a DataFrame and words for answers, cut in two."""
    from sklearn.datasets import load_breast_cancer

    data = load_breast_cancer(as_frame=True)
    inputs, answers = data.data, np.where(data.target == 1, "benign", "malignant")
    half = np.arange(len(inputs)) % 2 == 0
    return inputs[half], answers[half], inputs[~half].reset_index(drop=True), answers[~half]


@pytest.fixture(scope="module")
def audited(cancer, tmp_path_factory):
    """Four models, one that cannot be written, one product and one of the ladder."""
    import lightgbm
    import torch
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    x, y, unseen, answers = cancer
    torch.manual_seed(0)
    models = {
        "linear": make_pipeline(StandardScaler(), LogisticRegression()).fit(x, y),
        "forest": RandomForestClassifier(50, random_state=0).fit(x, y),
        "boosted": lightgbm.LGBMClassifier(n_estimators=20, verbosity=-1, random_state=0).fit(x, y),
        "net": torch.nn.Sequential(torch.nn.Linear(30, 8), torch.nn.ReLU(), torch.nn.Linear(8, 2)),
        "lambda": lambda rows: rows,
    }
    folder = tmp_path_factory.mktemp("interface")
    record = effaudit.audit(
        models,
        unseen,
        answers,
        train=(x, y),
        search=(x[::3], y[::3]),
        baseline="forest",
        compress=[{"of": "forest", "recipe": [{"to_onnx": {}}]}],
        ladder=["dummy"],
        contracts={"net": {"output": "logits", "classes": ["benign", "malignant"]}},
        workload={"quality": ["accuracy", "roc_auc"], "positive": "malignant"},
        measure={"budget": "2 s", "restarts": 2, "codecarbon": "off"},
        assumptions={"country": "FRA", "watts_per_vcpu": 4.0},
        out=folder,
    )
    return record, models, folder


def test_quality_is_what_scikit_learn_says_of_the_original_models(audited, cancer):
    from sklearn.metrics import accuracy_score, roc_auc_score

    record, models, _ = audited
    _, _, unseen, answers = cancer
    for name in ("linear", "forest", "boosted"):
        readings = record.row(name).readings
        model = models[name]
        malignant = model.predict_proba(unseen)[:, list(model.classes_).index("malignant")]
        assert readings["quality.accuracy"].value == pytest.approx(accuracy_score(answers, model.predict(unseen)))
        assert readings["quality.roc_auc"].value == pytest.approx(roc_auc_score(answers == "malignant", malignant))


def test_every_model_is_measured_and_the_unwritable_one_says_what_to_do(audited):
    record, _, _ = audited
    assert [row.candidate.name for row in record.rows] == [
        *("linear", "forest", "boosted", "net", "lambda", "ladder-dummy", "forest-to_onnx")
    ]
    for row in record.rows:
        if row.candidate.name == "lambda":
            assert row.failure.stage == "write"
            assert "top level of" in row.failure.reason
        else:
            assert row.failure is None, row.failure
            assert isinstance(row.readings["latency.batch_1.p50"], Measurement)
            assert isinstance(row.readings["size.artifact"], Measurement)


def test_a_product_answers_like_its_parent_in_fewer_bytes_of_runtime(audited):
    record, _, _ = audited
    product, parent = record.row("forest-to_onnx"), record.row("forest")
    assert product.candidate.parent == "forest"
    assert product.readings["behaviour.agreement"].value > 0.99
    assert product.readings["quality.roc_auc"].value == pytest.approx(parent.readings["quality.roc_auc"].value, abs=1e-6)
    assert product.readings["size.runtime"].value < parent.readings["size.runtime"].value


def test_the_frame_holds_every_reading_and_every_reason(audited):
    record, _, _ = audited
    frame = record.to_frame()
    assert len(frame) == sum(len(row.readings) for row in record.rows)
    line = frame[(frame.candidate == "forest") & (frame.metric == "quality.accuracy")].iloc[0]
    reading = record.row("forest").readings["quality.accuracy"]
    assert (line.value, line.low, line.high, line.unit) == (reading.value, reading.low, reading.high, reading.unit)
    missing = frame[frame.value.isna()]
    assert missing.failure.str.len().gt(0).all()


def test_the_record_is_judged_and_reported_without_measuring_again(audited, tmp_path):
    record, _, _ = audited
    verdict = effaudit.decide(record, "recommended")
    assert verdict.baseline == "forest"
    assert effaudit.report(record, verdict, tmp_path / "report.html").read_text().startswith("<!DOCTYPE html>")
    assert json.loads(effaudit.report(record, verdict, tmp_path / "verdict.json").read_text())
    with pytest.raises(InputError, match="no output writes"):
        effaudit.report(record, verdict, tmp_path / "report.docx")


class Tags(HTMLParser):
    """The tags of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)


def test_notebooks_show_a_table_without_scripts(audited):
    from dataclasses import replace

    record, _, _ = audited
    hostile = replace(record, title="<script>alert(1)</script>")
    for shown in (hostile._repr_html_(), effaudit.decide(record, "recommended")._repr_html_()):
        tags = Tags(shown).tags
        assert "table" in tags
        assert "script" not in tags
        assert "style" not in tags
    page = record._repr_html_()
    assert "forest (baseline)" in page
    assert "not measured: write" in page


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"models": {}}, "no models"),
        ({"contracts": {"florest": {}}}, "did you mean|florest"),
        ({"baseline": "florest"}, "florest"),
        ({"measure": {"budgett": "1 s"}}, "budgett"),
        ({"answers": ["benign"]}, "rows|answers"),
        ({"groups": [1, 2]}, "rows|groups"),
        ({"name": "../outside"}, "name"),
    ],
)
def test_wrong_arguments_are_one_clear_error(cancer, tmp_path, wrong, said):
    from sklearn.dummy import DummyClassifier

    _, _, unseen, answers = cancer
    given = {"models": {"forest": DummyClassifier().fit(unseen, answers)}, "inputs": unseen, "answers": answers, "out": tmp_path}
    with pytest.raises(InputError, match=f"(?i){said}"):
        effaudit.audit(**{**given, **wrong})


def test_readings_that_could_not_be_had_are_reasons_not_zeros(audited):
    record, _, _ = audited
    reasons = [reading.reason for row in record.rows for reading in row.readings.values() if isinstance(reading, Failure)]
    assert all(reasons)
    assert record.row("linear").readings["cost.per_1000"].reason


def test_the_version_is_that_of_the_installed_package():
    from importlib.metadata import version

    assert effaudit.__version__ == version("effaudit")


def test_timing_may_end_when_the_policy_is_decided(cancer, tmp_path, monkeypatch):
    given = []
    monkeypatch.setattr(
        "effaudit.pipeline.audit", lambda plan, policy, *_, until, **__: given.append((policy, until)) or (None, None)
    )
    from sklearn.tree import DecisionTreeClassifier

    x, y, unseen, answers = cancer
    models = {"tree": DecisionTreeClassifier(max_depth=3).fit(x, y)}
    for until_decided in (True, False):
        effaudit.audit(models, unseen, answers, policy="ci-smoke", until_decided=until_decided, out=tmp_path)
    (policy, until), (_, none) = given
    assert (policy.name, until, none) == ("ci-smoke", policy, None)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"measure": {"budgt": "1 s"}}, "measure['budgt']: unknown key 'budgt'. Did you mean 'budget'?"),
        ({"measure": {"restarts": 0}}, "measure['restarts']: expected at least 1, found 0"),
        ({"measure": {"restarts": np.int64(0)}}, "measure['restarts']: expected at least 1, found 0"),
        ({"measure": {"budget": object()}}, "measure: expected texts, numbers, lists and mappings: found a object"),
        ({"workload": {"quality": ["roc_auk"]}}, "workload['quality'][0]: there is no scorer 'roc_auk'. Did you mean 'roc_auc'?"),
        ({"contracts": {"first": {"outputs": "labels"}}}, "contracts['first']['outputs']: unknown key"),
        ({"compress": [{"of": "second", "recipe": [{"to_onnx": {}}]}]}, "compress[0]['of']: there is no candidate 'second'"),
        ({"baseline": "second"}, "baseline: there is no candidate 'second'"),
        ({"task": "guessing"}, "task: expected 'classification' or 'regression', found 'guessing'"),
        ({"seed": -1}, "seed: expected at least 0, found -1"),
        ({"ladder": ["dumy"]}, "ladder[0]: there is no"),
        ({"engine": "lokal"}, "engine: there is no engine 'lokal'. Did you mean 'local'?"),
        ({"assumptions": {"country": "XXX"}}, "assumptions['country']:"),
        ({"slices": 3}, "there is no column '3', which is among `slices`"),
        ({"ladder": 3}, "ladder: expected"),
        ({"compress": 3}, "compress: expected a list, found 3"),
        ({"measure": [3]}, "measure: expected a mapping, found a list of 1"),
        ({"contracts": {"first": 3}}, "contracts['first']: expected a mapping"),
        ({"contracts": {"first": {"classes": object()}}}, "contracts: expected texts, numbers, lists and mappings"),
    ],
)
def test_errors_name_the_argument_and_no_file_that_nobody_wrote(tmp_path, given, words):
    with pytest.raises(InputError) as error:
        effaudit.audit({"first": len}, np.zeros((9, 2)), np.arange(9) % 2, out=tmp_path / "run", **given)
    assert words in str(error.value)
    assert "yaml" not in str(error.value)
    assert not (tmp_path / "run" / "plan.yaml").exists()
