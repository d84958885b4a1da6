"""Every reader of users' files, with valid files to damage: what `fuzz.py` tries.

Files are the same on every day, as a damaged one is known by its seed alone.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any

import _damage
import numpy as np
from _damage import any_of, in_archive, of_bits, of_bytes, of_json, of_lengths, of_numbers, of_protobuf, of_words

from effaudit.core.candidate import Artifact, Contract, Trust
from effaudit.core.plan import Data
from effaudit.core.protocol import Message
from effaudit.core.seal import sealed

ROOT = Path(__file__).parent.parent
_ROWS = 60

Ask = Callable[[], object]
"""What is done with what was read: only ending the process, or never ending, is a fault then."""


@dataclass(frozen=True)
class Reader:
    """`make` writes valid inputs into an empty folder (once), each a file or a folder; `read` reads one.

    `damage` takes the bytes of a file; of a folder, those of one of its `parts`; `after` is done with the damaged input.
    """

    make: Callable[[Path], None]
    read: Callable[[Path], Ask | None]
    damage: _damage.Damage
    parts: tuple[str, ...] = ()
    after: Callable[[Path], None] = field(default=lambda _: None)

    def damaged(self, originals: Path, random: Random, folder: Path) -> Path:
        """A damaged copy of one of the originals, in an empty folder."""
        original = random.choice(sorted(originals.iterdir()))
        copy = folder / original.name
        if original.is_file():
            copy.write_bytes(self.damage(original.read_bytes(), random))
            return copy
        copy.mkdir()
        chosen = random.choice(self.parts)
        for file in original.iterdir():
            data = file.read_bytes()
            (copy / file.name).write_bytes(self.damage(data, random) if file.name == chosen else data)
        self.after(copy)
        return copy


def _numbers() -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    random = np.random.default_rng(0)
    rows = random.normal(size=(200, 4))
    rows[:, 3] = random.integers(0, 40, 200)
    return rows, (rows[:, 0] + (rows[:, 3] % 3 == 0) > 0.3).astype(int)


# Models


def _lightgbm_texts(folder: Path) -> None:
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


def _read_lightgbm(path: Path) -> Ask:
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


def _onnx_files(folder: Path) -> None:
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


def _read_onnx(path: Path) -> None:
    from effaudit.formats.onnx import Onnx

    model = Onnx().open(Artifact(str(path), "onnx"), 1)
    model.facts(), model.contract()


def _skops_files(folder: Path) -> None:
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


def _read_skops(path: Path) -> Ask:
    from effaudit.formats.sklearn import Sklearn

    return _asking(Sklearn().open(Artifact(str(path), "sklearn"), 1), 4)


def _weights(folder: Path) -> None:
    from safetensors.torch import save_model

    save_model(network(), str(folder / "network.safetensors"))


def _programs(folder: Path) -> None:
    import torch

    axes = ({0: torch.export.Dim("batch")},)
    program = torch.export.export(network().eval(), (torch.zeros(2, 4),), dynamic_shapes=axes)
    torch.export.save(program, str(folder / "network.pt2"))


def network() -> Any:
    """The factory of the weights."""
    import torch

    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.ReLU(), torch.nn.Linear(3, 2))


def _read_torch(path: Path) -> None:
    from effaudit.formats.torch import Torch

    factory = "_fuzzed:network" if path.suffix == ".safetensors" else None
    model = Torch().open(Artifact(str(path), "torch", Trust(everything=True), factory=factory), 1)
    model.facts(), model.contract()


# Documents

_PLAN = """\
apiVersion: effaudit/v1
kind: AuditPlan
name: plan
task: classification
workload: {certify: data.csv, train: train.csv, answer: y, groups: g, quality: [roc_auc], slices: [g]}
measure: {budget: 45 s, restarts: 3, threads: 1, memory_limit: 4 GB, timeout: 60 s}
candidates:
  - {name: gbm, path: gbm.txt, preprocess: codes.skops, classes: [on_time, late], threshold: 0.3}
  - {name: net, path: net.onnx, output: logits, columns: [a, b]}
  - {name: code, path: "code:answer", format: python, trust: true, files: [gbm.txt]}
ladder: [dummy, linear]
baseline: gbm
compress:
  - {of: gbm, recipe: [{fewer_trees: {}}, {to_onnx: {}}]}
assumptions: {country: FRA, watts_per_vcpu: 4.0, requests_per_day: 1000000, price_per_hour: 0.10 EUR}
policy: policy.yaml
"""
_POLICY = """\
apiVersion: effaudit/v1
kind: EfficiencyPolicy
metadata: {name: edge}
extends: effaudit:ci-smoke
rules:
  memory.peak:   {metric: memory.peak, max: 512 MB}
  quality.floor: {metric: quality.roc_auc, min: 0.70, waivable: false}
waivers: {file: waivers.yaml, max_days: 90}
"""
_WAIVERS = """\
apiVersion: effaudit/v1
kind: EfficiencyWaivers
waivers:
  - id: W-14
    rule: memory.peak            # a rule of the policy
    match: gbm*
    limit: 640 MB
    reason: the new encoder holds two vocabularies
    owner: dana
    created: 2026-07-01
    expires: 2026-09-23
"""


def _of_yaml(data: bytes, random: Random) -> bytes:
    import yaml

    try:
        value = yaml.safe_load(data)
        text = yaml.safe_dump if random.random() < 0.5 else json.dumps
        return str(text(_damage.of_structure(value, random))).encode("utf-8", "surrogatepass")
    except (yaml.YAMLError, TypeError, AttributeError) as error:
        raise ValueError from error


_YAML = any_of(of_bytes, of_numbers, of_words, of_words, _of_yaml, _of_yaml)


_BESIDE = {"data.csv": "y", "train.csv": "y", "gbm.txt": "tree\nversion=v4\n", "codes.skops": "x", "net.onnx": "x", "code.py": "x"}
"""Files that the plan names: they have to be there, and are not opened."""


def _documents(folder: Path) -> None:
    (folder / "edge").mkdir()
    for file, text in {"plan.yaml": _PLAN, "policy.yaml": _POLICY, "waivers.yaml": _WAIVERS, **_BESIDE}.items():
        (folder / "edge" / file).write_text(text)


def _policies(folder: Path) -> None:
    _documents(folder)
    for preset in (ROOT / "policies").glob("*.yaml"):
        (folder / preset.stem).mkdir()
        (folder / preset.stem / "policy.yaml").write_text(preset.read_text())


def _read_plan(path: Path) -> None:
    from effaudit.cli import _reading

    _reading.plan(path / "plan.yaml")


def _read_policy(path: Path) -> None:
    from effaudit.cli import _reading

    _reading.policy(path / "policy.yaml")


def _read_waivers(path: Path) -> None:
    from effaudit.cli import _reading

    _reading.waivers(_reading.policy(path / "policy.yaml"))


# Records and journals


def _records(folder: Path) -> None:
    """The sample, with two of its candidates: what is read 2,000 times should be small."""
    from effaudit.reading.record_file import read_record, write_record

    record = read_record(ROOT / "reports/sample")
    kept = [row for row in record.rows if row.candidate.name == record.baseline or row.failure is not None][:2]
    arrays = {name: array for name, array in record.arrays.items() if name.split("/")[0] in (record.baseline, "certify", "rows")}
    write_record(replace(record, rows=tuple(kept), arrays=arrays), folder / "run")


def _sealed_again(folder: Path) -> None:
    """As someone who wants to be believed would leave it: hashes as its files now are."""
    import hashlib

    try:
        facts = json.loads((folder / "record.json").read_bytes())
        if isinstance(facts.get("files"), dict) and "evidence.npz" in facts["files"]:
            facts["files"]["evidence.npz"] = hashlib.sha256((folder / "evidence.npz").read_bytes()).hexdigest()
        text = json.dumps(sealed(facts), ensure_ascii=False)
    except (ValueError, AttributeError, RecursionError):
        return
    (folder / "record.json").write_bytes(text.encode("utf-8", "surrogatepass"))


def _read_record(path: Path) -> None:
    from effaudit.reading.record_file import read_record

    for array in read_record(path).arrays.values():
        np.asarray(array)


def _journals(folder: Path) -> None:
    from effaudit.measure.journal import Journal

    for name, pieces in (("small", 3), ("large", 30)):
        journal = Journal(folder / f"{name}.journal", "key")
        for piece in range(pieces):
            facts = {"candidate": "gbm", "round": piece, "seconds": [0.1, 0.2], "notes": {"a": None}}
            journal.add(Message("block", facts, {"times": np.arange(piece, dtype="f8"), "codes": np.zeros((2, 3), "i4")}))
        journal.close()


def _read_journal(path: Path) -> None:
    from effaudit.measure.journal import Journal

    journal = Journal(path, "key")
    for message in journal.earlier:
        message.word.strip(), dict(message.facts), [array.sum() for array in message.arrays.values()]
    journal.add(Message("block", {"seconds": 1}))
    journal.close()


# Tables


def _table() -> Any:
    import pandas

    random = np.random.default_rng(0)
    return pandas.DataFrame({
        "number": np.where(random.random(_ROWS) < 0.1, np.nan, random.normal(size=_ROWS)),
        "whole": random.integers(0, 9, _ROWS),
        "words": random.choice(["late, again", 'said "no"', "é", ""], _ROWS),
        "day": pandas.date_range("2026-01-01", periods=_ROWS).strftime("%Y-%m-%d"),
        "y": np.arange(_ROWS) % 2,
    })  # fmt: skip


def _csvs(folder: Path) -> None:
    _table().to_csv(folder / "data.csv", index=False)
    (folder / "small.csv").write_text("y,x\n1,2\n0,3\n1,4\n0,5\n")


def _parquets(folder: Path) -> None:
    table = _table()
    table.to_parquet(folder / "data.parquet", index=False)
    coded = table.astype({"words": "category", "whole": "Int32"})
    coded.to_parquet(folder / "categories.parquet", compression="gzip", row_group_size=20)


def _npzs(folder: Path) -> None:
    random = np.random.default_rng(0)
    words, answers = np.array(["a", "bé"] * (_ROWS // 2)), np.arange(_ROWS) % 2
    arrays = {"x": random.normal(size=(_ROWS, 3)).astype("f4"), "words": words, "y": answers, "one": np.array(3)}
    np.savez(folder / "data.npz", **arrays)
    np.savez_compressed(folder / "compressed.npz", **arrays)


def _npys(folder: Path) -> None:
    table = np.zeros(_ROWS, dtype=[("x", "f8"), ("n", "i4"), ("y", "i8")])
    table["x"], table["y"] = np.arange(_ROWS), np.arange(_ROWS) % 2
    np.save(folder / "data.npy", table)


def _read_data(path: Path) -> None:
    """All that an audit does with a table before anything is measured."""
    from effaudit.reading.data import build_store

    build_store(Data("classification", {"certify": path}, ("y",), independent=True), path.parent / "store", False, 0)


_ZIP = (of_bits, of_bytes, of_lengths, in_archive(any_of(of_bytes, of_lengths, of_numbers, of_words)))
_SKOPS = in_archive(any_of(of_bytes, of_numbers, of_words, of_json, of_json))
READERS: dict[str, Reader] = {
    "lightgbm": Reader(_lightgbm_texts, _read_lightgbm, any_of(of_bytes, of_numbers, of_numbers, of_words, of_words)),
    "onnx": Reader(_onnx_files, _read_onnx, any_of(of_bits, of_bytes, of_lengths, *[of_protobuf] * 6)),
    "skops": Reader(_skops_files, _read_skops, any_of(of_bytes, of_lengths, _SKOPS, _SKOPS, _SKOPS)),
    "safetensors": Reader(_weights, _read_torch, any_of(of_bits, of_bytes, of_lengths, of_numbers, of_words)),
    "pt2": Reader(_programs, _read_torch, any_of(of_bytes, of_lengths, _SKOPS, _SKOPS)),
    "plan": Reader(_documents, _read_plan, _YAML, ("plan.yaml",)),
    "policy": Reader(_policies, _read_policy, _YAML, ("policy.yaml",)),
    "waivers": Reader(_documents, _read_waivers, _YAML, ("waivers.yaml",)),
    "record": Reader(_records, _read_record, any_of(of_json, of_json, of_words, of_numbers), ("record.json",), _sealed_again),
    "evidence": Reader(_records, _read_record, any_of(*_ZIP), ("evidence.npz",), _sealed_again),
    "journal": Reader(_journals, _read_journal, any_of(of_bytes, of_lengths, of_numbers, of_words)),
    "npz": Reader(_npzs, _read_data, any_of(*_ZIP)),
    "npy": Reader(_npys, _read_data, any_of(of_bits, of_bytes, of_lengths, of_numbers, of_words)),
    "csv": Reader(_csvs, _read_data, any_of(of_bytes, of_numbers, of_words, of_words)),
    "parquet": Reader(_parquets, _read_data, any_of(of_bits, of_bits, of_bytes, of_lengths, of_words)),
}  # fmt: skip
