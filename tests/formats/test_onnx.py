import itertools
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper
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

from effaudit.core.candidate import Artifact, Contract
from effaudit.core.plugin import Refused
from effaudit.formats.onnx import Onnx


def opened(model, tmp_path, threads=1):
    return Onnx().open(Onnx().write(model, tmp_path / "model", {}), threads)


def network(sizes, last=None, batch="batch", dtype=np.float32, shape=None):
    """A small network of dense layers; `shape`: of one row, flattened first."""
    rng = np.random.default_rng(0)
    kind = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
    nodes, weights, name = [], [], "x"
    if shape:
        nodes.append(helper.make_node("Flatten", [name], ["flat"]))
        name = "flat"
    for layer, (wide, next_wide) in enumerate(itertools.pairwise(sizes)):
        weights += [
            numpy_helper.from_array(rng.normal(size=(wide, next_wide)).astype(dtype), f"w{layer}"),
            numpy_helper.from_array(rng.normal(size=next_wide).astype(dtype), f"b{layer}"),
        ]
        nodes.append(helper.make_node("Gemm", [name, f"w{layer}", f"b{layer}"], [f"g{layer}"]))
        name = f"g{layer}"
        if layer < len(sizes) - 2:
            nodes.append(helper.make_node("Relu", [name], [f"r{layer}"]))
            name = f"r{layer}"
    nodes.append(helper.make_node(last or "Identity", [name], ["out"]))
    ends = [
        helper.make_tensor_value_info("x", kind, [batch, *(shape or sizes[:1])]),
        helper.make_tensor_value_info("out", kind, [batch, sizes[-1]]),
    ]
    graph = helper.make_graph(nodes, "net", ends[:1], ends[1:], initializer=weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def graph_of(nodes, ends, inputs=1):
    graph = helper.make_graph(nodes, "g", ends[:inputs], ends[inputs:])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def forward(model, matrix):
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {"x": matrix})[0]


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


def test_several_inputs_take_the_plans_columns_in_order_of_their_widths(tmp_path):
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", wide]) for name, wide in (("p", 2), ("q", 1), ("y", 3))]
    node = helper.make_node("Concat", ["p", "q"], ["y"], axis=1)
    session = opened(graph_of([node], ends, inputs=2), tmp_path)
    request = {name: np.array([float(place)]) for place, name in enumerate("abc")}
    ask = session.predictor(Contract(columns=("c", "a", "b"), output="values"))
    assert ask(request).tolist() == [[2.0, 0.0, 1.0]]
    with pytest.raises(Refused, match="inputs are p, q, the data has a, b; write its `columns`"):
        session.predictor(Contract(columns=("a", "b"), output="values"))(request)


def test_whole_number_inputs_refuse_missing_values(tmp_path):
    ends = [helper.make_tensor_value_info(name, TensorProto.INT64, ["n", 1]) for name in ("x", "y")]
    model = graph_of([helper.make_node("Identity", ["x"], ["y"])], ends)
    ask = opened(model, tmp_path).predictor(Contract(output="labels"))
    assert ask({"a": np.array([1.0, 2.0])}).tolist() == [[1], [2]]
    with pytest.raises(Refused, match="takes whole numbers, and a has missing values"):
        ask({"a": np.array([1.0, np.nan])})


def test_an_exported_network_says_nothing_of_its_output_unless_it_ends_in_a_softmax(tmp_path, numbers, request_of):
    matrix = numbers[0]
    plain, soft = network([5, 8, 3]), network([5, 8, 3], "Softmax")
    session = opened(plain, tmp_path)
    assert session.contract() == Contract()
    with pytest.raises(Refused, match=r"does not say what its output is \(out\); write `output: probabilities`"):
        session.predictor(Contract())
    logits = session.predictor(Contract(output="logits"))(request_of(matrix))
    assert np.array_equal(logits, forward(plain, matrix.astype(np.float32)))
    session = opened(soft, tmp_path)
    assert session.contract().output == "probabilities"
    assert np.array_equal(session.predictor(session.contract())(request_of(matrix)), forward(soft, matrix.astype(np.float32)))


def test_double_inputs_are_fed_doubles(tmp_path, numbers, request_of):
    matrix = numbers[0]
    model = network([5, 2], dtype=np.float64)
    answer = opened(model, tmp_path).predictor(Contract(output="values"))(request_of(matrix))
    assert answer.dtype == np.float64
    assert np.array_equal(answer, forward(model, matrix))


@pytest.mark.parametrize("given", [(4, 4), (1, 4, 4), (16,)])
def test_images_take_the_shape_that_the_graph_wants(tmp_path, given):
    images = np.random.default_rng(0).integers(0, 255, (6, *given)).astype(np.uint8)
    model = network([16, 3], shape=[1, 4, 4])
    answer = opened(model, tmp_path).predictor(Contract(output="logits"))({"image": images})
    assert np.array_equal(answer, forward(model, images.reshape(6, 1, 4, 4).astype(np.float32)))


def test_free_axes_take_the_datas_own_sizes(tmp_path):
    ends = [
        helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 1, "h", "w"]),
        helper.make_tensor_value_info("y", TensorProto.FLOAT, None),
    ]
    node = helper.make_node("ReduceMean", ["x"], ["y"], axes=[2, 3], keepdims=0)
    model = graph_of([node], ends)
    images = np.random.default_rng(0).normal(size=(3, 1, 5, 7))
    assert opened(model, tmp_path).predictor(Contract(output="values"))({"image": images}).shape == (3, 1)


def test_a_fixed_batch_is_refused_with_the_line_to_write(tmp_path):
    session = opened(network([5, 2], batch=1), tmp_path)
    for ask in (session.contract, lambda: session.predictor(Contract(output="logits")), session.transformer):
        with pytest.raises(Refused, match=r"takes exactly 1 rows at a time; export it with a free batch size: torch\.onnx\.export"):
            ask()


def test_static_int8_networks_run_and_are_counted(tmp_path, numbers, request_of):
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, quantize_static

    class Rows(CalibrationDataReader):
        def __init__(self):
            self.rows = iter([{"x": numbers[0].astype(np.float32)}])

        def get_next(self):
            return next(self.rows, None)

    onnx.save(network([5, 8, 3]), tmp_path / "net.onnx")
    quantize_static(tmp_path / "net.onnx", tmp_path / "int8.onnx", Rows(), quant_format=QuantFormat.QDQ, per_channel=True)
    session = Onnx().open(Artifact(str(tmp_path / "int8.onnx"), "onnx"), 1)
    answer = session.predictor(Contract(output="logits"))(request_of(numbers[0]))
    assert np.abs(answer - forward(network([5, 8, 3]), numbers[0].astype(np.float32))).max() < 0.5
    facts = session.facts()
    assert facts.family == "network"
    assert facts.parameters >= 5 * 8 + 8 + 8 * 3 + 3


def test_external_data_is_read_counted_and_named(tmp_path, numbers, request_of):
    model = network([5, 64, 3])
    onnx.save(model, tmp_path / "net.onnx", save_as_external_data=True, location="net.bin", size_threshold=0)
    session = Onnx().open(Artifact(str(tmp_path / "net.onnx"), "onnx"), 1)
    facts = session.facts()
    assert facts.files == (str(tmp_path / "net.bin"),)
    assert facts.parameters == facts.nonzero == 5 * 64 + 64 + 64 * 3 + 3
    answer = session.predictor(Contract(output="logits"))(request_of(numbers[0]))
    assert np.array_equal(answer, forward(network([5, 64, 3]), numbers[0].astype(np.float32)))


def test_facts_of_networks_trees_and_linear_models(tmp_path, numbers):
    matrix, two, _ = numbers
    facts = opened(network([5, 8, 3]), tmp_path).facts()
    assert (facts.family, facts.parameters, facts.nodes) == ("network", 5 * 8 + 8 + 8 * 3 + 3, 4)
    assert opened(network([5, 3]), tmp_path).facts().family == "linear"
    forest = RandomForestClassifier(4, max_depth=3, random_state=0).fit(matrix, two)
    facts = opened(to_onnx(forest, matrix[:1].astype(np.float32), options={"zipmap": False}), tmp_path).facts()
    nodes = sum(tree.tree_.node_count for tree in forest.estimators_)
    assert (facts.family, facts.kind, facts.nodes) == ("ensemble", "TreeEnsembleClassifier", nodes)
    single = DecisionTreeClassifier(max_depth=2).fit(matrix, two)
    assert opened(to_onnx(single, matrix[:1].astype(np.float32)), tmp_path).facts().family == "tree"


def test_zero_weights_are_counted_apart(tmp_path):
    model = network([5, 8, 3])
    weights = numpy_helper.to_array(model.graph.initializer[0]).copy()
    weights[:, :4] = 0
    model.graph.initializer[0].CopyFrom(numpy_helper.from_array(weights, "w0"))
    facts = opened(model, tmp_path).facts()
    assert facts.parameters - facts.nonzero == 20


def test_a_graph_can_be_preprocessing(tmp_path, numbers, request_of):
    matrix = numbers[0].astype(np.float32)
    scaler = StandardScaler().fit(matrix)
    transform = Onnx().transformer(Onnx().write(to_onnx(scaler, matrix[:1]), tmp_path / "prep", {}))
    assert np.allclose(transform(request_of(matrix)), scaler.transform(matrix), atol=1e-5)


def test_techniques_get_the_arrays_that_the_graph_takes(tmp_path, numbers, request_of):
    matrix = numbers[0]
    model = opened(network([5, 2]), tmp_path)
    (array,) = model.feeder(Contract())(request_of(matrix))
    assert array.dtype == np.float32
    assert np.array_equal(array, matrix.astype(np.float32))


def test_ambiguous_outputs_are_refused(tmp_path):
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 2]) for name in ("x", "a", "b")]
    nodes = [helper.make_node("Neg", ["x"], ["a"]), helper.make_node("Abs", ["x"], ["b"])]
    session = opened(graph_of(nodes, ends), tmp_path)
    with pytest.raises(Refused, match=r"none of its outputs \(a, b\) is known to hold logits"):
        session.predictor(Contract(output="logits"))


def test_threads_are_bound_and_do_not_spin(tmp_path):
    options = opened(network([5, 2]), tmp_path, threads=2).native.get_session_options()
    assert (options.intra_op_num_threads, options.inter_op_num_threads) == (2, 1)
    assert options.get_session_config_entry("session.intra_op.allow_spinning") == "0"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (lambda whole: whole[: len(whole) // 2], "cannot be read as an ONNX graph"),
        (lambda whole: np.random.default_rng(0).bytes(4000), "cannot be read as an ONNX graph"),
        (lambda whole: b"<html>404 not found</html>", "cannot be read as an ONNX graph"),
        (lambda whole: b"", "is empty"),
    ],
)
def test_damaged_files_are_refused(tmp_path, content, words):
    path = tmp_path / "net.onnx"
    path.write_bytes(content(network([5, 8, 3]).SerializeToString()))
    with pytest.raises(Refused, match=words):
        Onnx().open(Artifact(str(path), "onnx"), 1)


def test_custom_operators_are_refused_as_no_library_is_loaded(tmp_path):
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 2]) for name in ("x", "y")]
    graph = helper.make_graph([helper.make_node("Evil", ["x"], ["y"], domain="own.ops")], "g", ends[:1], ends[1:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid("own.ops", 1)], ir_version=8)
    with pytest.raises(Refused, match=r"own\.ops"):
        opened(model, tmp_path)


def test_a_missing_library_says_what_to_install(tmp_path, monkeypatch):
    artifact = Onnx().write(network([5, 2]), tmp_path / "model", {})
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(Refused, match=r"pip install 'effaudit\[onnx\]'"):
        Onnx().open(artifact, 1)


def test_opening_and_counting_import_neither_onnx_nor_scikit_learn(tmp_path):
    artifact = Onnx().write(network([5, 2]), tmp_path / "model", {})
    program = (
        "import sys; from effaudit.formats.onnx import Onnx; from effaudit.core.candidate import Artifact; "
        f"Onnx().open(Artifact({artifact.path!r}, 'onnx'), 1).facts(); "
        "print([name for name in ('onnx', 'sklearn', 'pandas', 'google.protobuf', 'torch') if name in sys.modules])"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert ended.stdout.strip() == "[]"


def test_it_recognises_its_suffix_and_claims_graphs():
    kind = Onnx()
    assert kind.recognises(Path("a/B.ONNX"), b"")
    assert not kind.recognises(Path("a/b.pt2"), b"")
    assert kind.claims(network([5, 2]))
    assert not kind.claims({})
