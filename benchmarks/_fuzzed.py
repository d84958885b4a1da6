"""Every reader of users' files, with valid files to damage: what `fuzz.py` tries.

Files are the same on every day, as a damaged one is known by its seed alone.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any

import _damage
import numpy as np
from _damage import any_of, in_archive, of_bits, of_bytes, of_json, of_lengths, of_numbers, of_protobuf, of_words
from _fuzzed_models import (
    Ask,
    lightgbm_texts,
    onnx_files,
    programs,
    read_lightgbm,
    read_onnx,
    read_skops,
    read_torch,
    skops_files,
    weights,
)

from effaudit.core.plan import Data
from effaudit.core.protocol import Message
from effaudit.core.seal import sealed

ROOT = Path(__file__).parent.parent
_ROWS = 60


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
    "lightgbm": Reader(lightgbm_texts, read_lightgbm, any_of(of_bytes, of_numbers, of_numbers, of_words, of_words)),
    "onnx": Reader(onnx_files, read_onnx, any_of(of_bits, of_bytes, of_lengths, *[of_protobuf] * 6)),
    "skops": Reader(skops_files, read_skops, any_of(of_bytes, of_lengths, _SKOPS, _SKOPS, _SKOPS)),
    "safetensors": Reader(weights, read_torch, any_of(of_bits, of_bytes, of_lengths, of_numbers, of_words)),
    "pt2": Reader(programs, read_torch, any_of(of_bytes, of_lengths, _SKOPS, _SKOPS)),
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
