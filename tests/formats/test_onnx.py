import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper

from effaudit.core.candidate import Artifact
from effaudit.core.plugin import Refused
from effaudit.formats.onnx import Onnx


def opened(model, tmp_path, threads=1):
    return Onnx().open(Onnx().write(model, tmp_path / "model", {}), threads)


def test_threads_are_bound_and_do_not_spin(tmp_path, graphs):
    options = opened(graphs.network([5, 2]), tmp_path, threads=2).native.get_session_options()
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
def test_damaged_files_are_refused(tmp_path, content, words, graphs):
    path = tmp_path / "net.onnx"
    path.write_bytes(content(graphs.network([5, 8, 3]).SerializeToString()))
    with pytest.raises(Refused, match=words):
        Onnx().open(Artifact(str(path), "onnx"), 1)


def test_custom_operators_are_refused_as_no_library_is_loaded(tmp_path):
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 2]) for name in ("x", "y")]
    graph = helper.make_graph([helper.make_node("Evil", ["x"], ["y"], domain="own.ops")], "g", ends[:1], ends[1:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid("own.ops", 1)], ir_version=8)
    with pytest.raises(Refused, match=r"own\.ops"):
        opened(model, tmp_path)


def test_a_missing_library_says_what_to_install(tmp_path, monkeypatch, graphs):
    artifact = Onnx().write(graphs.network([5, 2]), tmp_path / "model", {})
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(Refused, match=r"pip install 'effaudit\[onnx\]'"):
        Onnx().open(artifact, 1)


def test_opening_and_counting_import_neither_onnx_nor_scikit_learn(tmp_path, graphs):
    artifact = Onnx().write(graphs.network([5, 2]), tmp_path / "model", {})
    program = (
        "import sys; from effaudit.formats.onnx import Onnx; from effaudit.core.candidate import Artifact; "
        f"Onnx().open(Artifact({artifact.path!r}, 'onnx'), 1).facts(); "
        "print([name for name in ('onnx', 'sklearn', 'pandas', 'google.protobuf', 'torch') if name in sys.modules])"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert ended.stdout.strip() == "[]"


def test_it_recognises_its_suffix_and_claims_graphs(graphs):
    kind = Onnx()
    assert kind.recognises(Path("a/B.ONNX"), b"")
    assert not kind.recognises(Path("a/b.pt2"), b"")
    assert kind.claims(graphs.network([5, 2]))
    assert not kind.claims({})


@pytest.mark.parametrize("name", [b"input", b"output"])
def test_names_that_are_not_utf8_are_refused_with_the_file(tmp_path, graphs, name):
    graph = graphs.network([3, 2])
    graph.graph.input[0].name, graph.graph.node[0].input[0] = "input", "input"
    graph.graph.output[0].name, graph.graph.node[-1].output[0] = "output", "output"
    path = tmp_path / "net.onnx"
    path.write_bytes(graph.SerializeToString().replace(name, b"\xa7" + name[1:]))
    with pytest.raises(Refused, match="cannot be read as an ONNX graph"):
        Onnx().open(Artifact(str(path), "onnx"), 1)
