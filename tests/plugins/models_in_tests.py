"""Small data and models that the tests of all formats share."""

import itertools
from types import SimpleNamespace

import numpy as np
import pytest


@pytest.fixture(scope="session")
def numbers():
    """Five columns of numbers, and answers of two and of three classes."""
    rng = np.random.default_rng(0)
    matrix = rng.normal(size=(160, 5))
    two = (matrix[:, 0] + 0.3 * rng.normal(size=160) > 0).astype(int)
    three = np.digitize(matrix[:, 1], [-0.5, 0.5])
    return matrix, two, three


@pytest.fixture(scope="session")
def table():
    """A table as pandas reads it from a file: numbers with gaps, whole numbers, words with gaps, and free text."""
    import pandas

    rng = np.random.default_rng(1)
    rows = 160
    distance = np.where(rng.random(rows) < 0.1, np.nan, rng.normal(size=rows))
    carrier = [word or None for word in rng.choice(["AA", "UA", "B6", ""], rows)]
    text = rng.choice(["late again today", "on time", "early and on time"], rows)
    frame = pandas.DataFrame({"dep hour": rng.integers(0, 24, rows), "distance": distance, "carrier": carrier, "remark": text})
    late = ((np.nan_to_num(distance) > 0) ^ (frame["carrier"] == "AA").to_numpy()).astype(int)
    return frame, late


@pytest.fixture
def request_of():
    """Turns a DataFrame, or a matrix, into a request as the store gives it: words as objects, missing ones NaN."""

    def turn(data):
        if isinstance(data, np.ndarray):
            return {f"c{place}": np.ascontiguousarray(data[:, place]) for place in range(data.shape[1])}
        numeric = {name: data[name].dtype.kind in "fiub" for name in data}
        return {name: data[name].to_numpy() if numeric[name] else data[name].to_numpy(object, na_value=np.nan) for name in data}

    return turn


@pytest.fixture(scope="session")
def graphs():
    """Makes small ONNX graphs (`network`, `graph_of`), and asks one directly (`forward`)."""
    import onnxruntime
    from onnx import helper, numpy_helper

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

    return SimpleNamespace(network=network, graph_of=graph_of, forward=forward)
