import numpy as np
import onnx
from onnx import numpy_helper
from skl2onnx import to_onnx
from sklearn.ensemble import RandomForestClassifier
from sklearn.tree import DecisionTreeClassifier

from effaudit.core.candidate import Artifact, Contract
from effaudit.formats.onnx import Onnx


def opened(model, tmp_path, threads=1):
    return Onnx().open(Onnx().write(model, tmp_path / "model", {}), threads)


def test_static_int8_networks_run_and_are_counted(tmp_path, numbers, request_of, graphs):
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, quantize_static

    class Rows(CalibrationDataReader):
        def __init__(self):
            self.rows = iter([{"x": numbers[0].astype(np.float32)}])

        def get_next(self):
            return next(self.rows, None)

    onnx.save(graphs.network([5, 8, 3]), tmp_path / "net.onnx")
    quantize_static(tmp_path / "net.onnx", tmp_path / "int8.onnx", Rows(), quant_format=QuantFormat.QDQ, per_channel=True)
    session = Onnx().open(Artifact(str(tmp_path / "int8.onnx"), "onnx"), 1)
    answer = session.predictor(Contract(output="logits"))(request_of(numbers[0]))
    assert np.abs(answer - graphs.forward(graphs.network([5, 8, 3]), numbers[0].astype(np.float32))).max() < 0.5
    facts = session.facts()
    assert facts.family == "network"
    assert facts.parameters >= 5 * 8 + 8 + 8 * 3 + 3


def test_external_data_is_read_counted_and_named(tmp_path, numbers, request_of, graphs):
    model = graphs.network([5, 64, 3])
    onnx.save(model, tmp_path / "net.onnx", save_as_external_data=True, location="net.bin", size_threshold=0)
    session = Onnx().open(Artifact(str(tmp_path / "net.onnx"), "onnx"), 1)
    facts = session.facts()
    assert facts.files == (str(tmp_path / "net.bin"),)
    assert facts.parameters == facts.nonzero == 5 * 64 + 64 + 64 * 3 + 3
    answer = session.predictor(Contract(output="logits"))(request_of(numbers[0]))
    assert np.array_equal(answer, graphs.forward(graphs.network([5, 64, 3]), numbers[0].astype(np.float32)))


def test_facts_of_networks_trees_and_linear_models(tmp_path, numbers, graphs):
    matrix, two, _ = numbers
    facts = opened(graphs.network([5, 8, 3]), tmp_path).facts()
    assert (facts.family, facts.parameters, facts.nodes) == ("network", 5 * 8 + 8 + 8 * 3 + 3, 4)
    assert opened(graphs.network([5, 3]), tmp_path).facts().family == "linear"
    forest = RandomForestClassifier(4, max_depth=3, random_state=0).fit(matrix, two)
    facts = opened(to_onnx(forest, matrix[:1].astype(np.float32), options={"zipmap": False}), tmp_path).facts()
    nodes = sum(tree.tree_.node_count for tree in forest.estimators_)
    assert (facts.family, facts.kind, facts.nodes) == ("ensemble", "TreeEnsembleClassifier", nodes)
    single = DecisionTreeClassifier(max_depth=2).fit(matrix, two)
    assert opened(to_onnx(single, matrix[:1].astype(np.float32)), tmp_path).facts().family == "tree"


def test_zero_weights_are_counted_apart(tmp_path, graphs):
    model = graphs.network([5, 8, 3])
    weights = numpy_helper.to_array(model.graph.initializer[0]).copy()
    weights[:, :4] = 0
    model.graph.initializer[0].CopyFrom(numpy_helper.from_array(weights, "w0"))
    facts = opened(model, tmp_path).facts()
    assert facts.parameters - facts.nonzero == 20
