"""Quantisation to eight bits: that int8 kernels run, that bytes go, and that answers stay close to the parent's."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from effaudit import registry
from effaudit.core.candidate import Artifact, Candidate, Contract
from effaudit.core.notes import texts
from effaudit.core.plugin import Refused
from effaudit.techniques.static_int8 import StaticInt8
from effaudit.techniques.to_onnx import ToOnnx
from effaudit.toolkit import int8_kernels


def trained(net, inputs, answers, epochs=60):
    import torch

    torch.manual_seed(0)
    rows, truth = torch.from_numpy(inputs), torch.from_numpy(answers.astype(np.int64))
    optimiser = torch.optim.Adam(net.parameters(), 1e-2)
    for _ in range(epochs):
        optimiser.zero_grad()
        torch.nn.functional.cross_entropy(net(rows), truth).backward()
        optimiser.step()
    return net.eval()


def onnx_of(bench, net, example, **contract):
    """The network as an ONNX parent."""
    artifact = registry.a_format("torch").write(net, bench.folder / "net", example)
    product = ToOnnx().apply(bench.bench(Candidate("net", artifact, Contract(output="logits", **contract), contract.get("before"))))
    return bench.candidate(product, "parent")


@pytest.fixture
def dense(digits):
    import torch

    torch.manual_seed(0)
    net = torch.nn.Sequential(
        torch.nn.Flatten(),
        torch.nn.Linear(64, 128),
        torch.nn.ReLU(),
        torch.nn.Linear(128, 64),
        torch.nn.ReLU(),
        torch.nn.Linear(64, 10),
    )
    train = digits.store.inputs("train", slice(None))["image"]
    trained(net, train, np.asarray(digits.store.answers("train")))
    return digits, onnx_of(digits, net, digits.rows("search", 4))


@pytest.mark.parametrize("method", ["minmax", "entropy", "percentile"])
def test_a_dense_network_computes_in_eight_bits_and_answers_nearly_as_before(dense, method):
    bench, parent = dense
    before = hashlib.sha256(Path(parent.artifact.path).read_bytes()).hexdigest()
    product = StaticInt8(rows=300, method=method).apply(bench.bench(parent))
    assert product.figures["int8_layers"] == 3
    assert product.figures["float_layers"] == 0
    assert Path(product.artifact.path).stat().st_size < 0.4 * Path(parent.artifact.path).stat().st_size
    agreement = (bench.answers(product).argmax(1) == bench.answers(parent).argmax(1)).mean()
    assert agreement >= 0.98
    assert product.figures["flips"] == round((1 - agreement) * bench.store.rows("search"))
    assert hashlib.sha256(Path(parent.artifact.path).read_bytes()).hexdigest() == before
    assert product.contract.output == "logits"


def test_only_the_model_is_left_behind(merged, tmp_path, monkeypatch):
    bench, network = merged
    parent = bench.candidate(ToOnnx().apply(bench.bench(network)), "parent")
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    workbench = bench.bench(parent)
    StaticInt8(rows=50).apply(workbench)
    assert [path.name for path in workbench.scratch.iterdir()] == ["model.onnx"]
    assert list((tmp_path / "here").iterdir()) == []


def test_a_convolutional_network_computes_in_eight_bits(digits):
    import torch

    torch.manual_seed(0)
    net = torch.nn.Sequential(
        torch.nn.Unflatten(1, (1, 8)),
        torch.nn.Conv2d(1, 8, 3, padding=1), torch.nn.BatchNorm2d(8), torch.nn.ReLU(), torch.nn.MaxPool2d(2),
        torch.nn.Conv2d(8, 16, 3), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.Linear(64, 10),
    )  # fmt: skip
    trained(net, digits.store.inputs("train", slice(None))["image"], np.asarray(digits.store.answers("train")), 40)
    parent = onnx_of(digits, net, digits.rows("search", 4))
    product = StaticInt8().apply(digits.bench(parent))
    assert product.figures["int8_layers"] == 3
    agreement = (digits.answers(product).argmax(1) == digits.answers(parent).argmax(1)).mean()
    assert agreement >= 0.97


@pytest.fixture
def merged(mixed, frame):
    """A network behind preprocessing, in one graph."""
    import torch
    from sklearn.compose import make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    table, answers = frame(mixed)
    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    encoder = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    prepare = make_column_transformer((encoder, ["town"]), (numbers, ["number", "size m²", "stars"])).fit(table)
    rows = prepare.transform(table).astype(np.float32)
    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Linear(rows.shape[1], 32), torch.nn.ReLU(), torch.nn.Linear(32, 2))
    trained(net, rows, answers == "yes")
    before = registry.a_format("sklearn").write(prepare, mixed.folder / "prepare", {})
    artifact = registry.a_format("torch").write(net, mixed.folder / "net", {"": rows[:2]})
    return mixed, Candidate("net", artifact, Contract(output="logits", classes=("no", "yes")), before)


def test_in_a_merged_graph_only_the_network_is_quantised(merged):
    import onnx

    bench, network = merged
    parent = bench.candidate(ToOnnx().apply(bench.bench(network)), "parent")
    product = StaticInt8().apply(bench.bench(parent))
    assert product.figures["int8_layers"] == 2
    nodes = onnx.load(product.artifact.path).graph.node
    first = next(place for place, node in enumerate(nodes) if node.op_type == "QuantizeLinear")
    assert {"LabelEncoder", "IsNaN", "Where"} <= {node.op_type for node in nodes}
    assert not any(node.op_type == "DequantizeLinear" and node.output[0] in other.input
                   for node in nodes for other in nodes if other.op_type in ("LabelEncoder", "IsNaN", "Where"))  # fmt: skip
    assert first > 0
    assert np.abs(bench.answers(product) - bench.answers(parent)).mean() < 0.02


def test_preprocessing_apart_feeds_the_calibration(merged):
    import onnx

    bench, network = merged
    model = registry.a_format("torch").open(network.artifact, 1)
    from effaudit.toolkit.graphs.network import exported

    graph = exported(model.native, [np.zeros((2, 8), dtype=np.float32)], 20)
    path = bench.folder / "alone.onnx"
    onnx.save(graph, str(path))

    parent = Candidate("alone", Artifact(str(path), "onnx"), Contract(output="logits", classes=("no", "yes")), network.preprocess)
    product = StaticInt8().apply(bench.bench(parent))
    assert product.preprocess == network.preprocess
    assert np.abs(bench.answers(product) - bench.answers(parent)).mean() < 0.02


def test_an_excluded_layer_stays_in_float(dense):
    import onnx

    bench, parent = dense
    names = [node.name for node in onnx.load(parent.artifact.path).graph.node if node.op_type == "Gemm"]
    product = StaticInt8(exclude=(names[-1],)).apply(bench.bench(parent))
    assert (product.figures["int8_layers"], product.figures["float_layers"]) == (2, 1)
    assert texts(product.notes)[0] == "2 layers compute in eight bits, 1 in float"


def test_an_unknown_name_to_exclude_is_refused_with_a_suggestion(dense):
    import onnx

    bench, parent = dense
    name = next(node.name for node in onnx.load(parent.artifact.path).graph.node if node.op_type == "Gemm")
    with pytest.raises(Refused, match=f"Did you mean '{name}'"):
        StaticInt8(exclude=(f"{name}x",)).apply(bench.bench(parent))


def test_a_graph_without_layers_is_refused_with_what_it_has(cancer):
    from sklearn.ensemble import RandomForestClassifier

    matrix = np.column_stack(list(cancer.store.inputs("train", slice(None)).values()))
    forest = RandomForestClassifier(5, random_state=0).fit(matrix, np.array(cancer.workload.classes)[cancer.store.answers("train")])
    parent = cancer.candidate(ToOnnx().apply(cancer.bench(cancer.parent(forest, "sklearn"))))
    with pytest.raises(Refused, match=r"no dense or convolutional layers to quantise.*TreeEnsemble"):
        StaticInt8().apply(cancer.bench(parent))


def test_a_quantised_model_is_not_quantised_again(dense):
    bench, parent = dense
    once = bench.candidate(StaticInt8(rows=50).apply(bench.bench(parent)), "once")
    with pytest.raises(Refused, match="quantised already"):
        StaticInt8().apply(bench.bench(once))


def test_a_product_that_computes_in_float_is_refused(dense, monkeypatch):
    bench, parent = dense
    monkeypatch.setattr(int8_kernels, "_INT8", frozenset())
    with pytest.raises(Refused, match="computes in float"):
        StaticInt8(rows=50).apply(bench.bench(parent))


def test_the_same_seed_gives_the_same_bytes(dense):
    bench, parent = dense
    first, second = (Path(StaticInt8(rows=50).apply(bench.bench(parent)).artifact.path).read_bytes() for _ in range(2))
    assert first == second


def test_processors_without_vnni_are_told_apart(tmp_path, monkeypatch):
    for flags, expected in (("fpu avx512_vnni", True), ("fpu avx2", False)):
        info = tmp_path / "cpuinfo"
        info.write_text(f"processor: 0\nflags\t\t: {flags}\n")
        monkeypatch.setattr(int8_kernels, "Path", lambda _, info=info: info)
        assert int8_kernels.has_vnni() is expected


@pytest.mark.parametrize(
    ("options", "words"), [({"rows": 0}, "at least 1"), ({"method": "guess"}, "minmax, entropy or percentile")]
)
def test_options_out_of_range_are_refused_in_words(options, words):
    with pytest.raises(ValueError, match=words):
        StaticInt8(**options)


def test_it_accepts_onnx_only():
    assert {given: StaticInt8().result_of(given) for given in ("onnx", "sklearn", None)} == {
        "onnx": "onnx",
        "sklearn": None,
        None: None,
    }


def test_weights_in_a_file_beside_the_model_are_read_and_not_needed_any_more(dense):
    import onnx

    bench, parent = dense
    folder = bench.folder / "apart"
    folder.mkdir()
    onnx.save(
        onnx.load(parent.artifact.path),
        str(folder / "net.onnx"),
        save_as_external_data=True,
        location="net.bin",
        size_threshold=1000,
    )
    apart = Candidate("apart", Artifact(str(folder / "net.onnx"), "onnx"), parent.contract)
    product = StaticInt8(rows=50).apply(bench.bench(apart))
    assert product.figures["int8_layers"] == 3
    assert registry.a_format("onnx").open(product.artifact, 1).facts().files == ()


def test_a_truncated_parent_is_refused(dense):
    bench, parent = dense
    path = Path(parent.artifact.path)
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(Refused, match=r"model\.onnx"):
        StaticInt8().apply(bench.bench(parent))


def stored(bench, model, name):
    path = bench.folder / f"{name}.onnx"
    path.write_bytes(model.SerializeToString())
    return Candidate(name, Artifact(str(path), "onnx"), Contract(output="logits", classes=bench.workload.classes))


def of_opset(opset, dtype=np.float32):
    """Two dense layers on the digits, as older exporters write them."""
    from onnx import TensorProto, helper, numpy_helper

    rng = np.random.default_rng(0)
    kind = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
    weights = [rng.normal(size=(64, 32)) / 8, np.zeros(32), rng.normal(size=(32, 10)) / 6, np.zeros(10)]
    tensors = [numpy_helper.from_array(value.astype(dtype), f"w{place}") for place, value in enumerate(weights)]
    nodes = [
        helper.make_node("Flatten", ["x"], ["flat"]),
        helper.make_node("Cast", ["flat"], ["cast"], to=kind),
        helper.make_node("Gemm", ["cast", "w0", "w1"], ["hidden"]),
        helper.make_node("Relu", ["hidden"], ["bent"]),
        helper.make_node("Gemm", ["bent", "w2", "w3"], ["out"]),
        helper.make_node("Cast", ["out"], ["y"], to=TensorProto.FLOAT),
    ]
    ends = [
        helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 8, 8]),
        helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", 10]),
    ]
    graph = helper.make_graph(nodes, "net", ends[:1], ends[1:], tensors)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)


@pytest.mark.parametrize("opset", [9, 11, 12, 17])
def test_graphs_of_older_opsets_are_brought_to_a_newer_one(digits, opset):
    parent = stored(digits, of_opset(opset), f"opset-{opset}")
    product = StaticInt8().apply(digits.bench(parent))
    assert product.figures["int8_layers"] == 2
    assert np.abs(digits.answers(product) - digits.answers(parent)).max() < 0.1


@pytest.mark.parametrize(("opset", "words"), [(11, "write `per_channel: false`"), (9, "quantisation needs opset 10")])
def test_what_onnx_cannot_convert_is_refused_with_what_to_write(digits, monkeypatch, opset, words):
    from onnx import version_converter

    def fails(*_):
        raise RuntimeError("no adapter")

    monkeypatch.setattr(version_converter, "convert_version", fails)
    with pytest.raises(Refused, match=words):
        StaticInt8().apply(digits.bench(stored(digits, of_opset(opset), "old")))
    if opset == 11:
        assert StaticInt8(per_channel=False).apply(digits.bench(stored(digits, of_opset(opset), "old"))).figures["int8_layers"] == 2


@pytest.mark.parametrize(("dtype", "words"), [(np.float16, "half precision"), (np.float64, "double precision")])
def test_weights_of_another_precision_are_named(digits, dtype, words):
    with pytest.raises(Refused, match=f"in {words}; quantise the network in single precision"):
        StaticInt8().apply(digits.bench(stored(digits, of_opset(17, dtype), "half")))
