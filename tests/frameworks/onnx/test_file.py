import contextlib
import os

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from effaudit.frameworks.onnx import file as onnx_file
from effaudit.frameworks.onnx.file import Malformed


def graph_of(*tensors, nodes=()):
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [None, 2]) for name in ("x", "y")]
    nodes = nodes or [helper.make_node("Identity", ["x"], ["y"])]
    return helper.make_model(helper.make_graph(list(nodes), "g", [ends[0]], [ends[1]], initializer=list(tensors)))


def read(model, folder):
    return onnx_file.read(model.SerializeToString(), folder)


def external(location, dims=(2, 2), **entries):
    tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=dims, data_location=TensorProto.EXTERNAL)
    for key, value in {"location": location, **entries}.items():
        tensor.external_data.add(key=key, value=str(value))
    return tensor


def test_nodes_attributes_and_tensors_are_found(tmp_path):
    weights = numpy_helper.from_array(np.arange(6, dtype=np.float32).reshape(2, 3), "w")
    node = helper.make_node("Gemm", ["x", "w"], ["y"], alpha=2.0, transB=1)
    file = read(graph_of(weights, nodes=[node]), tmp_path)
    assert [(found.op, found.inputs, found.outputs, sorted(found.attributes)) for found in file.nodes] == [
        ("Gemm", ("x", "w"), ("y",), ["alpha", "transB"])
    ]
    assert [(tensor.name, tensor.dims, tensor.elements, tensor.declared) for tensor in file.tensors] == [("w", (2, 3), 6, 24)]
    assert file.external == ()


def test_tensors_in_subgraphs_attributes_and_functions_are_found(tmp_path):
    def branch(name):
        constant = numpy_helper.from_array(np.ones((1, 2), np.float32), f"c_{name}")
        nodes = [helper.make_node("Constant", [], [name], value=constant)]
        return helper.make_graph(nodes, name, [], [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 2])])

    node = helper.make_node("If", ["x"], ["y"], then_branch=branch("a"), else_branch=branch("b"))
    model = graph_of(nodes=[node])
    inner = helper.make_node("Constant", [], ["z"], value=numpy_helper.from_array(np.ones(3, np.float32), "c_f"))
    model.functions.append(helper.make_function("own", "f", [], ["z"], [inner], [helper.make_opsetid("", 17)]))
    file = read(model, tmp_path)
    assert sorted(tensor.name for tensor in file.tensors) == ["c_a", "c_b", "c_f"]
    assert [node.inner for node in file.nodes if node.op == "If"] == [False]
    assert all(node.inner for node in file.nodes if node.op == "Constant")


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "int8", "uint8", "int32", "int64", "bool"])
@pytest.mark.parametrize("raw", [True, False])
def test_every_way_of_storing_numbers_holds_what_it_declares(tmp_path, dtype, raw):
    values = np.arange(6).astype(dtype).reshape(3, 2)
    kind = helper.np_dtype_to_tensor_dtype(values.dtype)
    content = values.tobytes() if raw else values.ravel().tolist()
    tensor = helper.make_tensor("w", kind, values.shape, content, raw=raw)
    file = read(graph_of(tensor), tmp_path)
    assert file.tensors[0].elements == 6
    tensor.dims[0] = 4
    with pytest.raises(Malformed, match="declares"):
        read(graph_of(tensor), tmp_path)


def test_strings_hold_what_they_declare(tmp_path):
    tensor = helper.make_tensor("w", TensorProto.STRING, [2], [b"a", b"b"])
    assert read(graph_of(tensor), tmp_path).tensors[0].elements == 2
    tensor.dims[0] = 3
    with pytest.raises(Malformed, match="declares 3 and holds 2"):
        read(graph_of(tensor), tmp_path)


def test_a_few_bytes_that_declare_gigabytes_are_refused(tmp_path):
    model = graph_of(TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[1 << 15, 1 << 15]))
    assert len(model.SerializeToString()) < 200
    with pytest.raises(Malformed, match="declares 1,073,741,824 and holds 0"):
        read(model, tmp_path)


def test_a_negative_dimension_is_refused(tmp_path):
    with pytest.raises(Malformed, match="negative"):
        read(graph_of(TensorProto(name="w", data_type=1, dims=[-1, 4])), tmp_path)


def test_external_data_beside_the_model_is_accepted(tmp_path):
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "w.bin").write_bytes(np.ones(6, np.float32).tobytes())
    file = read(graph_of(external("weights/w.bin", offset=8, length=16)), tmp_path)
    assert file.external == (tmp_path / "weights" / "w.bin",)


@pytest.mark.parametrize(
    "location",
    [
        "/etc/passwd",
        "../secret.bin",
        "weights/../../secret.bin",
        "..\\secret.bin",
        "",
        "a\0b",
        "*/_ORT_MEM_ADDR_/*",
        "gone.bin",
        ".",
    ],
)
def test_external_data_anywhere_else_is_refused(tmp_path, location):
    (tmp_path / "secret.bin").write_bytes(bytes(64))
    (tmp_path / "model").mkdir()
    with pytest.raises(Malformed):
        read(graph_of(external(location)), tmp_path / "model")


def test_a_link_out_of_the_folder_is_refused(tmp_path):
    (tmp_path / "secret.bin").write_bytes(bytes(64))
    folder = tmp_path / "model"
    folder.mkdir()
    os.symlink("../secret.bin", folder / "w.bin")
    with pytest.raises(Malformed, match="link"):
        read(graph_of(external("w.bin")), folder)


@pytest.mark.parametrize(
    "entries", [{"offset": 60}, {"length": 128}, {"length": 4}, {"offset": -4}, {"offset": "1e3"}, {"length": "²"}]
)
def test_external_data_must_lie_within_its_file(tmp_path, entries):
    (tmp_path / "w.bin").write_bytes(bytes(64))
    with pytest.raises(Malformed):
        read(graph_of(external("w.bin", **entries)), tmp_path)


def test_graphs_nested_without_end_are_refused(tmp_path):
    graph = graph_of().graph
    for _ in range(20):
        outer = helper.make_node("If", ["x"], ["y"])
        outer.attribute.append(helper.make_attribute("then_branch", graph))
        graph = helper.make_graph([outer], "g", [], [])
    with pytest.raises(Malformed, match="nested too deeply"):
        read(helper.make_model(graph), tmp_path)


def test_a_file_without_a_graph_is_refused(tmp_path):
    with pytest.raises(Malformed, match="no graph"):
        read(onnx.ModelProto(ir_version=8), tmp_path)


@given(st.data())
def test_no_damage_raises_anything_unforeseen(tmp_path_factory, data):
    folder = tmp_path_factory.getbasetemp()
    whole = graph_of(numpy_helper.from_array(np.ones((2, 2), np.float32), "w")).SerializeToString()
    place = data.draw(st.integers(0, len(whole)))
    damaged = whole[:place] + data.draw(st.binary(max_size=12)) + whole[place + data.draw(st.integers(0, 12)) :]
    with contextlib.suppress(ValueError, IndexError, OSError):
        onnx_file.read(damaged, folder)
