"""Models that the fuzzer damages, each written once, and how each is read again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from effaudit.core.candidate import Artifact, Contract, Trust

_ROWS = 60

Ask = Callable[[], object]
"""What is done with what was read: only ending the process, or never ending, is a fault then."""


def _numbers() -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    random = np.random.default_rng(0)
    rows = random.normal(size=(200, 4))
    rows[:, 3] = random.integers(0, 40, 200)
    return rows, (rows[:, 0] + (rows[:, 3] % 3 == 0) > 0.3).astype(int)


# Models


def lightgbm_texts(folder: Path) -> None:
    import lightgbm
    import pandas

    rows, answers = _numbers()
    quiet = {
        "verbose": -1,
        "num_threads": 1,
        "num_leaves": 6,
        "min_data_in_leaf": 5,
        "min_data_per_group": 5,
        "deterministic": True,
    }
    sorts: dict[str, dict[str, Any]] = {
        "binary": {"objective": "binary"},
        "classes": {"objective": "multiclass", "num_class": 3},
        "linear": {"objective": "regression", "linear_tree": True},
        "forest": {"objective": "binary", "boosting": "rf", "bagging_freq": 1, "bagging_fraction": 0.5},
        "monotone": {"objective": "regression", "monotone_constraints": [1, 0, 0, 0], "zero_as_missing": True},
    }
    for name, settings in sorts.items():
        data = lightgbm.Dataset(rows, answers + (name == "classes") * (rows[:, 1] > 0), params={"linear_tree": name == "linear"})
        lightgbm.train(quiet | settings, data, 3).save_model(folder / f"{name}.txt")
    data = lightgbm.Dataset(rows, answers, categorical_feature=[3])
    lightgbm.train(quiet | {"objective": "binary", "max_cat_to_onehot": 1}, data, 3).save_model(folder / "categories.txt")
    frame = pandas.DataFrame(rows, columns=list("abcd")).assign(d=pandas.Categorical(rows[:, 3] % 7))
    lightgbm.train(quiet | {"objective": "binary"}, lightgbm.Dataset(frame, answers), 3).save_model(folder / "frame.txt")


def read_lightgbm(path: Path) -> Ask:
    from effaudit.formats.lightgbm import Lightgbm

    model = Lightgbm().open(Artifact(str(path), "lightgbm"), 1)
    return _asking(model, len(model.native.feature_name()), [np.nan, np.inf, -1e300, 2.0**40])


def _asking(model: Any, width: int, odd: Sequence[float] = ()) -> Ask:
    """Its facts, its contract, and answers on ordinary rows and odd ones."""
    contract = model.contract()
    model.facts()
    names = contract.columns or tuple(f"c{place}" for place in range(width))
    rows = np.random.default_rng(1).normal(size=(20, len(names)))
    rows[: len(odd)] = np.array(odd).reshape(-1, 1)
    request = {name: np.ascontiguousarray(rows[:, place]) for place, name in enumerate(names)}
    output = contract.output or "values"
    predict = model.predictor(replace(contract, output=output) if contract != Contract() else Contract(output=output))
    return lambda: predict(request)


def onnx_files(folder: Path) -> None:
    from onnx import TensorProto, helper, numpy_helper

    random = np.random.default_rng(0)
    value = helper.make_tensor_value_info
    layers = [numpy_helper.from_array(random.normal(size=size).astype("f4"), name) for name, size in (("w", (4, 3)), ("b", (3,)))]
    nodes = [helper.make_node("Gemm", ["x", "w", "b"], ["g"]), helper.make_node("Softmax", ["g"], ["out"])]
    ends = [value("x", TensorProto.FLOAT, ["batch", 4])], [value("out", TensorProto.FLOAT, ["batch", 3])]
    network = helper.make_graph(nodes, "network", *ends, initializer=layers)
    branch = helper.make_node(
        "TreeEnsembleRegressor", ["x"], ["out"], domain="ai.onnx.ml", n_targets=1,
        nodes_treeids=[0] * 3, nodes_nodeids=[0, 1, 2], nodes_featureids=[1, 0, 0], nodes_values=[0.5, 0.0, 0.0],
        nodes_modes=["BRANCH_LEQ", "LEAF", "LEAF"], nodes_truenodeids=[1, 0, 0], nodes_falsenodeids=[2, 0, 0],
        target_treeids=[0, 0], target_nodeids=[1, 2], target_ids=[0, 0], target_weights=[1.0, 2.0],
    )  # fmt: skip
    trees = helper.make_graph([branch], "trees", ends[0], [value("out", TensorProto.FLOAT, ["batch", 1])])
    words = helper.make_node("LabelEncoder", ["x"], ["out"], domain="ai.onnx.ml", keys_strings=["a", "b"], values_int64s=[1, 2])
    shape = ["batch", 1]
    encoder = helper.make_graph([words], "words", [value("x", TensorProto.STRING, shape)], [value("out", TensorProto.INT64, shape)])
    for graph in (network, trees, encoder):
        sets = [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 3)]
        model = helper.make_model(graph, opset_imports=sets, ir_version=8)
        (folder / f"{graph.name}.onnx").write_bytes(model.SerializeToString())


def read_onnx(path: Path) -> None:
    from effaudit.formats.onnx import Onnx

    model = Onnx().open(Artifact(str(path), "onnx"), 1)
    model.facts(), model.contract()


def skops_files(folder: Path) -> None:
    import lightgbm
    from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestRegressor
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    from effaudit.frameworks.sklearn.skops_file import dump

    rows, answers = _numbers()
    models = {
        "pipeline": make_pipeline(StandardScaler(), LogisticRegression()),
        "forest": RandomForestRegressor(3, max_depth=3, random_state=0),
        "histograms": HistGradientBoostingClassifier(max_iter=2, max_depth=2),
        "booster": lightgbm.LGBMClassifier(n_estimators=2, num_leaves=4, verbose=-1, n_jobs=1),
    }
    for name, model in models.items():
        dump(model.fit(rows, answers), folder / f"{name}.skops")


def read_skops(path: Path) -> Ask:
    from effaudit.formats.sklearn import Sklearn

    return _asking(Sklearn().open(Artifact(str(path), "sklearn"), 1), 4)


def weights(folder: Path) -> None:
    from safetensors.torch import save_model

    save_model(network(), str(folder / "network.safetensors"))


def programs(folder: Path) -> None:
    import torch

    axes = ({0: torch.export.Dim("batch")},)
    program = torch.export.export(network().eval(), (torch.zeros(2, 4),), dynamic_shapes=axes)
    torch.export.save(program, str(folder / "network.pt2"))


def network() -> Any:
    """The factory of the weights."""
    import torch

    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.ReLU(), torch.nn.Linear(3, 2))


def read_torch(path: Path) -> None:
    from effaudit.formats.torch import Torch

    factory = "_fuzzed_models:network" if path.suffix == ".safetensors" else None
    model = Torch().open(Artifact(str(path), "torch", Trust(everything=True), factory=factory), 1)
    model.facts(), model.contract()
