"""Students: small models that answer nearly as their teachers do, written as files of their own."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from effaudit import registry
from effaudit.core import notes
from effaudit.core.candidate import Candidate, Contract
from effaudit.core.plugin import Refused
from effaudit.techniques.distillation import Distillation
from effaudit.toolkit.soft_targets import Lessons, softened
from effaudit.toolkit.students.trees import _SoftLoss

STUDENTS = ("lightgbm", "mlp")


def matrix(bench, split="train"):
    return np.column_stack([v.reshape(len(v), -1) for v in bench.store.inputs(split, slice(None)).values()])


def labels(bench):
    answers = np.asarray(bench.store.answers("train"))
    return np.array(bench.workload.classes)[answers] if bench.workload.classes else answers


def taught(bench, teacher, **options):
    workbench = bench.bench(teacher)
    before = hashlib.sha256(Path(teacher.artifact.path).read_bytes()).hexdigest()
    product = Distillation(**options).apply(workbench)
    assert Path(product.artifact.path).is_relative_to(workbench.scratch)
    assert hashlib.sha256(Path(teacher.artifact.path).read_bytes()).hexdigest() == before
    assert "certify" not in bench.splits_asked
    return product


@pytest.fixture
def forest(mixed, frame):
    """A forest in a pipeline over mixed columns."""
    from sklearn.compose import make_column_transformer
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OrdinalEncoder

    ordinal = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    columns = make_column_transformer((ordinal, ["town"]), ("passthrough", ["number", "size m²", "stars"]))
    model = make_pipeline(columns, RandomForestClassifier(50, min_samples_leaf=5, random_state=0))
    return mixed.parent(model.fit(*frame(mixed)), "sklearn")


@pytest.mark.parametrize("student", STUDENTS)
def test_a_student_of_mixed_columns_answers_nearly_as_its_teacher(student, mixed, forest):
    product = taught(mixed, forest, student=student)
    before, after = mixed.answers(forest)[:, 1], mixed.answers(product)[:, 1]
    assert np.corrcoef(before, after)[0, 1] > 0.9
    assert product.figures["student"] > product.figures["teacher"] - 0.05
    assert product.figures["agreement"] == np.mean((before > 0.5) == (after > 0.5))
    assert Path(product.artifact.path).stat().st_size < 0.2 * Path(forest.artifact.path).stat().st_size
    assert product.contract.classes == ("no", "yes")


def test_a_network_student_is_one_graph_that_needs_no_torch(mixed, forest):
    import onnx

    product = taught(mixed, forest, student="mlp", size=(8,))
    assert product.preprocess is None
    assert product.contract.output == "probabilities"
    ops = [node.op_type for node in onnx.load(product.artifact.path).graph.node]
    assert ops.count("Gemm") == 2
    assert {"LabelEncoder", "IsNaN"} <= set(ops)


def test_a_boosted_student_is_a_text_model_of_raw_scores_with_codes_for_categories(mixed, forest):
    import lightgbm

    product = taught(mixed, forest, student="lightgbm")
    assert product.contract.output == "logits"
    assert product.preprocess is not None
    booster = lightgbm.Booster(model_file=product.artifact.path)
    transform = registry.a_format("sklearn").transformer(product.preprocess, product.contract)
    scores = booster.predict(
        np.asarray(transform(mixed.store.inputs("search", slice(None), product.contract.columns))), raw_score=True
    )
    np.testing.assert_allclose(mixed.answers(product)[:, 1], 1 / (1 + np.exp(-scores)), rtol=1e-9)


@pytest.mark.parametrize("student", STUDENTS)
def test_ten_classes_of_images_are_learnt(student, digits):
    from sklearn.ensemble import ExtraTreesClassifier

    teacher = digits.parent(ExtraTreesClassifier(100, random_state=0).fit(matrix(digits), labels(digits)), "sklearn")
    product = taught(digits, teacher, student=student, epochs=60)
    assert product.figures["student"] > 0.85
    assert digits.answers(product).shape == (digits.store.rows("search"), 10)


@pytest.mark.parametrize("student", STUDENTS)
def test_values_are_learnt_in_their_own_unit(student, diabetes):
    from sklearn.ensemble import RandomForestRegressor

    teacher = diabetes.parent(RandomForestRegressor(100, random_state=0).fit(matrix(diabetes), labels(diabetes)), "sklearn")
    product = taught(diabetes, teacher, student=student, epochs=100)
    assert product.contract.output == "values"
    assert np.corrcoef(diabetes.answers(teacher), diabetes.answers(product))[0, 1] > 0.85
    assert abs(diabetes.answers(product).mean() - diabetes.answers(teacher).mean()) < 20
    assert "agreement" not in product.figures


@pytest.mark.parametrize("task", ["labels", "values"])
def test_several_answers_at_once_need_a_network(task, build):
    from sklearn.datasets import make_multilabel_classification
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

    inputs, answers = make_multilabel_classification(800, 8, n_classes=3, random_state=0)
    columns = {f"x{n}": inputs[:, n] for n in range(8)}
    if task == "labels":
        bench = build(columns, answers.astype(np.int64), classes=("0", "1"), quality=("f1_macro",))
        model = RandomForestClassifier(30, random_state=0).fit(matrix(bench), np.asarray(bench.store.answers("train")))
    else:
        bench = build(columns, np.column_stack([inputs[:, 0] * 3, inputs[:, 1] - 100]), quality=("r2",))
        model = RandomForestRegressor(30, random_state=0).fit(matrix(bench), np.asarray(bench.store.answers("train")))
    teacher = bench.parent(model, "sklearn")
    product = taught(bench, teacher, student="mlp", epochs=60)
    assert product.figures["student"] > 0.4
    with pytest.raises(Refused, match="LightGBM gives one answer; take student: mlp"):
        taught(bench, teacher, student="lightgbm")


def test_any_kind_of_teacher_will_do(digits):
    import torch

    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(64, 10))
    artifact = registry.a_format("torch").write(net, digits.folder / "net", digits.rows("search", 4))
    teacher = Candidate("net", artifact, Contract(output="logits"))
    product = taught(digits, teacher, student="mlp", epochs=60)
    assert product.figures["agreement"] > 0.8


def test_a_teacher_of_labels_only_teaches_these(cancer):
    from sklearn.ensemble import RandomForestClassifier

    forest = cancer.parent(RandomForestClassifier(50, random_state=0).fit(matrix(cancer), labels(cancer)), "sklearn")
    teacher = Candidate("labels", forest.artifact, Contract(output="labels"))
    workload_quality = cancer.workload.quality
    assert workload_quality == ("roc_auc",)
    with pytest.raises(Refused, match="gives labels only"):  # its own ranking cannot be scored
        taught(cancer, teacher)


def test_the_truth_alone_can_teach(mixed, forest):
    product = taught(mixed, forest, soft=0.0)
    truth = np.asarray(mixed.store.answers("certify"))
    assert np.corrcoef(mixed.answers(product, "certify")[:, 1], truth)[0, 1] > 0.3


def test_free_text_is_read_with_the_teachers_own_preprocessing(build, frame):
    from sklearn.compose import make_column_transformer
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    rng = np.random.default_rng(0)
    texts = [" ".join(rng.choice([f"word{n}" for n in range(60)], 8)) for _ in range(800)]
    told = np.array(["word7" in text for text in texts]).astype(int)
    bench = build({"text": texts, "x": rng.normal(size=800)}, told, classes=("no", "yes"))
    table, answers = frame(bench)
    prepare = make_column_transformer((TfidfVectorizer(), "text"), ("passthrough", ["x"])).fit(table)
    before = registry.a_format("sklearn").write(prepare, bench.folder / "prepare", {})
    features = prepare.transform(table)
    dense = features.toarray() if hasattr(features, "toarray") else features
    model = LogisticRegression(C=10).fit(dense, answers)
    teacher = bench.parent(model, "sklearn", preprocess=before)
    for student in STUDENTS:
        product = taught(bench, teacher, student=student)
        assert product.preprocess == before
        assert notes.texts(product.notes) == ("reads the teacher's own preprocessing",)
        assert product.figures["student"] > 0.8


def test_times_stay_beside_a_network(build):
    from sklearn.linear_model import LogisticRegression

    hours = np.arange(2000)
    times = np.datetime64("2023-01-01T00", "ns") + (hours * 3_600_000_000_000).astype("timedelta64[ns]")
    x = np.random.default_rng(0).normal(size=2000)
    bench = build({"at": times, "x": x}, (x > 0).astype(int), classes=("no", "yes"))
    rows = bench.store.inputs("train", slice(None))["x"]
    teacher = bench.parent(LogisticRegression().fit(rows[:, None], labels(bench)), "sklearn", columns=("x",))
    assert taught(bench, teacher, student="mlp").contract.columns == ("x",)
    whole = Candidate("whole", teacher.artifact, Contract(columns=("x",)))
    assert taught(bench, whole, student="mlp").preprocess is None


def test_a_teacher_that_takes_too_long_teaches_what_it_can(mixed, forest, monkeypatch):
    from dataclasses import replace

    from effaudit.toolkit import soft_targets

    monkeypatch.setattr(soft_targets, "_CHUNK", 150)
    workbench = replace(mixed.bench(forest), budget_s=1e-6)
    product = Distillation(size=(5, 4)).apply(workbench)
    assert notes.texts(product.notes)[-1] == "taught by 150 of 600 train rows"


def test_progress_is_told_and_rises(mixed, forest):
    taught(mixed, forest, size=(20, 4))
    shares = [share for share, _ in mixed.told]
    assert shares == sorted(shares)
    assert {"asking the teacher", "training the student", "comparing with the teacher"} == {text for _, text in mixed.told}


def test_so_many_rows_are_asked_as_wanted(mixed, forest):
    product = taught(mixed, forest, rows=200)
    assert notes.texts(product.notes)[-1] == "taught by 200 of 600 train rows"


@pytest.mark.parametrize("student", STUDENTS)
def test_the_same_seed_gives_the_same_bytes(student, cancer):
    from sklearn.ensemble import RandomForestClassifier

    teacher = cancer.parent(RandomForestClassifier(30, random_state=0).fit(matrix(cancer), labels(cancer)), "sklearn")
    first, second = (Path(taught(cancer, teacher, student=student).artifact.path).read_bytes() for _ in range(2))
    assert first == second


def test_the_teachers_threshold_is_the_students(cancer):
    from sklearn.ensemble import RandomForestClassifier

    forest = RandomForestClassifier(20, random_state=0).fit(matrix(cancer), labels(cancer))
    fixed = cancer.parent(forest, "sklearn", threshold=0.3)
    assert taught(cancer, fixed).contract.threshold == 0.3
    tuned = Candidate("tuned", fixed.artifact, Contract(threshold=0.4, tune="f1"))
    contract = taught(cancer, tuned).contract
    assert (contract.threshold, contract.tune) == (None, "f1")


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(1, 10), st.floats(0, 1), st.sampled_from([2, 4]))
def test_slopes_are_those_of_the_loss(seed, temperature, share, classes):
    rng = np.random.default_rng(seed)
    soft = rng.dirichlet(np.ones(classes), 5)
    lessons = Lessons(
        "classes", np.arange(5), softened(soft, temperature), np.eye(classes)[rng.integers(0, classes, 5)], share, temperature
    )
    loss = _SoftLoss(lessons)
    scores = rng.normal(size=5) if classes == 2 else rng.normal(size=(5, classes))
    first, second = loss.slopes(scores, None)
    assert (second > 0).all()
    step = 1e-5
    for place in np.ndindex(scores.shape):
        up, down = scores.copy(), scores.copy()
        up[place] += step
        down[place] -= step
        numeric = (loss.watched(up, None)[1] - loss.watched(down, None)[1]) / (2 * step) * 5
        assert first[place] == pytest.approx(numeric, abs=1e-4)


@given(st.integers(0, 1000), st.floats(1, 20))
@settings(max_examples=30, deadline=None)
def test_softened_answers_keep_their_order_and_sum_to_one(seed, temperature):
    shares = np.random.default_rng(seed).dirichlet(np.ones(5), 10)
    soft = softened(shares, temperature)
    np.testing.assert_allclose(soft.sum(axis=1), 1.0)
    assert np.array_equal(soft.argmax(axis=1), shares.argmax(axis=1))
    assert (soft.max(axis=1) <= shares.max(axis=1) + 1e-6).all()
    np.testing.assert_allclose(softened(np.clip(shares, 1e-6, None), 1.0), shares, atol=1e-5)


@pytest.mark.parametrize(
    "options",
    [
        {"student": "forest"}, {"temperature": 0.5}, {"temperature": 99.0}, {"soft": 1.5}, {"soft": -0.1}, {"size": (0,)},
        {"size": (10,)}, {"size": (1, 2, 3)}, {"student": "mlp", "size": (10**6,)}, {"epochs": 0}, {"rows": 0}, {"rows": "some"},
        {"rows": True},
    ],
)  # fmt: skip
def test_options_out_of_range_are_refused(options):
    with pytest.raises(ValueError, match=r"\w"):
        Distillation(**options)


def test_anything_can_be_distilled_into_either_student():
    for teacher in ("sklearn", "onnx", "torch", "python", "lightgbm"):
        assert Distillation().result_of(teacher) == "lightgbm"
        assert Distillation("mlp").result_of(teacher) == "onnx"
    assert Distillation().result_of(None) is None


def test_a_boosted_student_can_be_cut_and_converted(mixed, forest):
    from effaudit.techniques.fewer_trees import FewerTrees
    from effaudit.techniques.to_onnx import ToOnnx

    student = mixed.candidate(taught(mixed, forest, size=(60, 8)), "student")
    fewer = mixed.candidate(FewerTrees(keep=20).apply(mixed.bench(student)), "fewer")
    converted = ToOnnx().apply(mixed.bench(fewer))
    assert converted.preprocess is None
    np.testing.assert_allclose(mixed.answers(converted), mixed.answers(fewer), atol=1e-5)


def test_a_network_student_can_be_quantised(mixed, forest):
    from effaudit.techniques.static_int8 import StaticInt8

    student = mixed.candidate(taught(mixed, forest, student="mlp"), "student")
    product = StaticInt8().apply(mixed.bench(student))
    assert product.figures["int8_layers"] == 2
    assert np.abs(mixed.answers(product) - mixed.answers(student)).mean() < 0.03
