import numpy as np
import pytest
from onnx import TensorProto, helper
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType, StringTensorType
from sklearn.compose import make_column_transformer
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import SVC, LinearSVC
from sklearn.tree import DecisionTreeClassifier

from effaudit.core.candidate import Contract
from effaudit.core.plugin import Refused
from effaudit.core.watch import Tally
from effaudit.core.watch import watching as watched
from effaudit.formats.onnx import Onnx


def opened(model, tmp_path, threads=1):
    return Onnx().open(Onnx().write(model, tmp_path / "model", {}), threads)


CLASSIFIERS = {
    "logistic": LogisticRegression(),
    "tree": DecisionTreeClassifier(max_depth=3),
    "forest": RandomForestClassifier(4, max_depth=3, random_state=0),
    "boosting": GradientBoostingClassifier(n_estimators=3),
    "network": make_pipeline(StandardScaler(), MLPClassifier((4,), max_iter=20, random_state=0)),
}


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("zipmap", [True, False])
@pytest.mark.parametrize("words", [True, False])
@pytest.mark.parametrize("name", CLASSIFIERS)
def test_a_converted_classifier_answers_as_its_original(tmp_path, numbers, request_of, name, words, zipmap):
    matrix, two, three = numbers
    matrix = matrix.astype(np.float32)
    answers = np.array(["low", "mid", "top"])[three] if words else two
    model = CLASSIFIERS[name].fit(matrix, answers)
    session = opened(to_onnx(model, matrix[:1], options={"zipmap": zipmap}), tmp_path)
    contract = session.contract()
    assert contract.output == "probabilities"
    assert contract.classes == tuple(str(value) for value in model.classes_)
    shares = session.predictor(contract)(request_of(matrix))
    assert np.allclose(shares, model.predict_proba(matrix), atol=1e-5)
    assert np.array_equal(session.predictor(Contract(output="labels"))(request_of(matrix)), model.predict(matrix))


def test_scores_of_a_linear_svc_are_logits(tmp_path, numbers, request_of):
    matrix, two, three = numbers
    matrix = matrix.astype(np.float32)
    for answers in (two, three):
        model = LinearSVC().fit(matrix, answers)
        session = opened(to_onnx(model, matrix[:1]), tmp_path)
        assert session.contract().output == "logits"
        scores = session.predictor(session.contract())(request_of(matrix))
        assert np.allclose(scores.squeeze(), model.decision_function(matrix), atol=1e-5)


@pytest.mark.filterwarnings("ignore::FutureWarning")  # skl2onnx reads attributes that scikit-learn will remove
def test_an_svm_without_probabilities_gives_logits(tmp_path, numbers):
    matrix, two, _ = numbers
    session = opened(to_onnx(SVC().fit(matrix, two), matrix[:1].astype(np.float32), options={"zipmap": False}), tmp_path)
    assert session.contract().output == "logits"


@pytest.mark.parametrize("model", [LinearRegression(), RandomForestRegressor(3, max_depth=3)])
def test_regressors_answer_values(tmp_path, numbers, request_of, model):
    matrix = numbers[0].astype(np.float32)
    model.fit(matrix, matrix[:, 0] * 2)
    session = opened(to_onnx(model, matrix[:1]), tmp_path)
    assert session.contract().output == "values"
    assert np.allclose(session.predictor(session.contract())(request_of(matrix)).ravel(), model.predict(matrix), atol=1e-4)


def test_a_pipeline_takes_each_column_by_name_and_missing_text_as_its_category(tmp_path, table, request_of):
    frame, late = table
    frame = frame[["dep hour", "carrier"]].astype({"dep hour": float})
    model = make_pipeline(
        make_column_transformer((StandardScaler(), ["dep hour"]), (OneHotEncoder(), ["carrier"])), LogisticRegression()
    )
    model.fit(frame, late)
    kinds = [("dep hour", FloatTensorType([None, 1])), ("carrier", StringTensorType([None, 1]))]
    session = opened(to_onnx(model, initial_types=kinds, options={"zipmap": False}), tmp_path)
    contract = session.contract()
    assert [name.replace("_", " ") for name in contract.columns] == ["dep hour", "carrier"]
    shuffled = dict(reversed(request_of(frame).items())) | {"unused": np.zeros(160)}
    assert np.allclose(session.predictor(contract)(shuffled), model.predict_proba(frame), atol=1e-5)
    with pytest.raises(Refused, match="takes numbers, which dep hour does not hold"):
        session.predictor(contract)({"carrier": shuffled["carrier"], "dep hour": shuffled["carrier"]})


def test_several_inputs_take_the_plans_columns_in_order_of_their_widths(tmp_path, graphs):
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", wide]) for name, wide in (("p", 2), ("q", 1), ("y", 3))]
    node = helper.make_node("Concat", ["p", "q"], ["y"], axis=1)
    session = opened(graphs.graph_of([node], ends, inputs=2), tmp_path)
    request = {name: np.array([float(place)]) for place, name in enumerate("abc")}
    ask = session.predictor(Contract(columns=("c", "a", "b"), output="values"))
    assert ask(request).tolist() == [[2.0, 0.0, 1.0]]
    with pytest.raises(Refused, match="inputs are p, q, the data has a, b; write its `columns`"):
        session.predictor(Contract(columns=("a", "b"), output="values"))(request)


def test_whole_number_inputs_refuse_missing_values(tmp_path, graphs):
    ends = [helper.make_tensor_value_info(name, TensorProto.INT64, ["n", 1]) for name in ("x", "y")]
    model = graphs.graph_of([helper.make_node("Identity", ["x"], ["y"])], ends)
    ask = opened(model, tmp_path).predictor(Contract(output="labels"))
    assert ask({"a": np.array([1.0, 2.0])}).tolist() == [[1], [2]]
    with watched(Tally()), pytest.raises(Refused, match="takes whole numbers, and a has missing values"):
        ask({"a": np.array([1.0, np.nan])})


def test_an_exported_network_says_nothing_of_its_output_unless_it_ends_in_a_softmax(tmp_path, numbers, request_of, graphs):
    matrix = numbers[0]
    plain, soft = graphs.network([5, 8, 3]), graphs.network([5, 8, 3], "Softmax")
    session = opened(plain, tmp_path)
    assert session.contract() == Contract()
    with pytest.raises(Refused, match=r"does not say what its output is \(out\); write `output: probabilities`"):
        session.predictor(Contract())
    logits = session.predictor(Contract(output="logits"))(request_of(matrix))
    assert np.array_equal(logits, graphs.forward(plain, matrix.astype(np.float32)))
    session = opened(soft, tmp_path)
    assert session.contract().output == "probabilities"
    assert np.array_equal(
        session.predictor(session.contract())(request_of(matrix)), graphs.forward(soft, matrix.astype(np.float32))
    )


def test_double_inputs_are_fed_doubles(tmp_path, numbers, request_of, graphs):
    matrix = numbers[0]
    model = graphs.network([5, 2], dtype=np.float64)
    answer = opened(model, tmp_path).predictor(Contract(output="values"))(request_of(matrix))
    assert answer.dtype == np.float64
    assert np.array_equal(answer, graphs.forward(model, matrix))


@pytest.mark.parametrize("given", [(4, 4), (1, 4, 4), (16,)])
def test_images_take_the_shape_that_the_graph_wants(tmp_path, given, graphs):
    images = np.random.default_rng(0).integers(0, 255, (6, *given)).astype(np.uint8)
    model = graphs.network([16, 3], shape=[1, 4, 4])
    answer = opened(model, tmp_path).predictor(Contract(output="logits"))({"image": images})
    assert np.array_equal(answer, graphs.forward(model, images.reshape(6, 1, 4, 4).astype(np.float32)))


def test_free_axes_take_the_datas_own_sizes(tmp_path, graphs):
    ends = [
        helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 1, "h", "w"]),
        helper.make_tensor_value_info("y", TensorProto.FLOAT, None),
    ]
    node = helper.make_node("ReduceMean", ["x"], ["y"], axes=[2, 3], keepdims=0)
    model = graphs.graph_of([node], ends)
    images = np.random.default_rng(0).normal(size=(3, 1, 5, 7))
    assert opened(model, tmp_path).predictor(Contract(output="values"))({"image": images}).shape == (3, 1)


def test_a_fixed_batch_is_refused_with_the_line_to_write(tmp_path, graphs):
    session = opened(graphs.network([5, 2], batch=1), tmp_path)
    for ask in (session.contract, lambda: session.predictor(Contract(output="logits")), session.transformer):
        with pytest.raises(Refused, match=r"takes exactly 1 rows at a time; export it with a free batch size: torch\.onnx\.export"):
            ask()


def test_a_graph_can_be_preprocessing(tmp_path, numbers, request_of):
    matrix = numbers[0].astype(np.float32)
    scaler = StandardScaler().fit(matrix)
    transform = Onnx().transformer(Onnx().write(to_onnx(scaler, matrix[:1]), tmp_path / "prep", {}), Contract())
    assert np.allclose(transform(request_of(matrix)), scaler.transform(matrix), atol=1e-5)


def test_techniques_get_the_arrays_that_the_graph_takes(tmp_path, numbers, request_of, graphs):
    matrix = numbers[0]
    model = opened(graphs.network([5, 2]), tmp_path)
    (array,) = model.feeder(Contract())(request_of(matrix))
    assert array.dtype == np.float32
    assert np.array_equal(array, matrix.astype(np.float32))


def test_ambiguous_outputs_are_refused(tmp_path, graphs):
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 2]) for name in ("x", "a", "b")]
    nodes = [helper.make_node("Neg", ["x"], ["a"]), helper.make_node("Abs", ["x"], ["b"])]
    session = opened(graphs.graph_of(nodes, ends), tmp_path)
    with pytest.raises(Refused, match=r"none of its outputs \(a, b\) is known to hold logits"):
        session.predictor(Contract(output="logits"))


@pytest.mark.parametrize("last", ["Softmax", "Sigmoid"])
def test_a_plan_that_calls_probabilities_logits_is_refused_where_the_graph_says_so(tmp_path, graphs, last):
    with pytest.raises(Refused, match=f"comes from a {last} and holds probabilities; leave `output: logits` out"):
        opened(graphs.network([5, 8, 3], last), tmp_path).predictor(Contract(output="logits"))


@pytest.mark.parametrize("zipmap", [True, False])
def test_probabilities_of_a_converted_classifier_are_no_logits(tmp_path, numbers, zipmap):
    matrix, two, _ = numbers
    fitted = LogisticRegression().fit(matrix.astype(np.float32), two)
    model = to_onnx(fitted, matrix[:2].astype(np.float32), options={"zipmap": zipmap})
    with pytest.raises(Refused, match=r"holds probabilities|known to hold logits"):
        opened(model, tmp_path).predictor(Contract(output="logits"))


def test_a_graph_with_labels_beside_its_probabilities_has_a_rule_of_its_own(tmp_path, numbers, request_of):
    matrix, two, _ = numbers
    matrix = matrix.astype(np.float32)
    fitted = LogisticRegression().fit(matrix, np.array(["no", "yes"])[two])
    session = opened(to_onnx(fitted, matrix[:2]), tmp_path)
    own = session.labeller(session.contract())
    assert np.array_equal(own(request_of(matrix)), fitted.predict(matrix))


def test_a_graph_without_labels_has_none(tmp_path, graphs):
    assert opened(graphs.network([5, 8, 3], "Softmax"), tmp_path).labeller(Contract(output="probabilities")) is None


@pytest.mark.parametrize("name", ["label", "prediction", "class_id", "y_pred"])
@pytest.mark.parametrize("shape", [["n"], ["n", 1]])
def test_one_whole_number_a_row_beside_probabilities_is_the_label_whatever_it_is_called(tmp_path, graphs, name, shape):
    ends = [
        helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 2]),
        helper.make_tensor_value_info("probability", TensorProto.FLOAT, ["n", 2]),
        helper.make_tensor_value_info(name, TensorProto.INT64, shape),
    ]
    nodes = [
        helper.make_node("Softmax", ["x"], ["probability"], axis=1),
        helper.make_node("ArgMin", ["x"], [name], axis=1, keepdims=int(len(shape) == 2)),
    ]
    model = helper.make_model(helper.make_graph(nodes, "g", ends[:1], ends[1:]), opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    session = opened(model, tmp_path)
    assert session.contract().output == "probabilities"
    own = session.labeller(session.contract())({"x": np.array([[0.0, 1.0], [1.0, 0.0]], dtype=np.float32)})
    assert own.ravel().tolist() == [0, 1]


def test_an_output_that_only_looks_like_labels_is_refused_with_what_to_do(tmp_path, graphs):
    ends = [
        helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 2]),
        helper.make_tensor_value_info("probability", TensorProto.FLOAT, ["n", 2]),
        helper.make_tensor_value_info("steps", TensorProto.INT64, ["n"]),
    ]
    nodes = [
        helper.make_node("Softmax", ["x"], ["probability"], axis=1),
        helper.make_node("ReduceMax", ["x"], ["most"], axes=[1], keepdims=0),
        helper.make_node("Cast", ["most"], ["steps"], to=TensorProto.INT64),
    ]
    model = helper.make_model(helper.make_graph(nodes, "g", ends[:1], ends[1:]), opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    own = opened(model, tmp_path).labeller(Contract(output="probabilities", classes=("no", "yes")))
    assert own({"x": np.array([[0.0, 1.0]], dtype=np.float32)}).tolist() == [1]
    with pytest.raises(Refused, match="17 are no classes of it; export it without 'steps'"):
        own({"x": np.array([[0.0, 17.0]], dtype=np.float32)})


@pytest.mark.parametrize(
    ("kind", "values", "words"),
    [
        (TensorProto.INT64, [1.0, 2.5], "a has fractions"),
        (TensorProto.UINT8, [1.0, -1.0], "numbers beyond 0 to 255"),
        (TensorProto.INT8, [1, 200], "numbers beyond -128 to 127"),
        (TensorProto.INT32, [1.0, 1e12], "numbers beyond"),
        (TensorProto.INT64, [1.0, np.inf], "numbers beyond"),
    ],
)
def test_whole_number_inputs_refuse_what_a_cast_would_change(tmp_path, graphs, kind, values, words):
    ends = [helper.make_tensor_value_info("x", kind, ["n", 1]), helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 1])]
    model = graphs.graph_of([helper.make_node("Cast", ["x"], ["y"], to=TensorProto.FLOAT)], ends)
    ask = opened(model, tmp_path).predictor(Contract(output="values"))
    with watched(Tally()), pytest.raises(Refused, match=words):
        ask({"a": np.array(values)})
