"""The fuzzer tells every kind of fault by its seed, and a share of its inputs finds none in any reader."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest

ROOT = Path(__file__).parent.parent
TOYS = '''
import os, signal, time

from effaudit.core.errors import InputError
from effaudit.core.plugin import Refused

KINDS = ("read", "mute", "refused", "wrong", "traceback", "ended", "hangs", "memory", "slow", "words")


class Toy:
    """Its files say what its reader does."""

    def make(self, folder):
        (folder / "whole").write_text("read")

    def damaged(self, originals, random, folder):
        (folder / "damaged").write_text(random.choice(KINDS))
        return folder / "damaged"

    def read(self, path):
        kind = path.read_text()
        if kind == "mute":
            return lambda: {}["no answer"]
        if kind == "refused":
            raise Refused("it is damaged")
        if kind == "wrong":
            raise InputError("it is wrong")
        if kind == "traceback":
            return {}["nothing"]
        if kind == "ended":
            os.kill(os.getpid(), signal.SIGSEGV)
        if kind == "hangs":
            time.sleep(600)
        if kind == "memory":
            b"x" * (1100 << 20)
        if kind == "slow":
            until = time.process_time() + 2.1
            while time.process_time() < until:
                pass
        if kind == "words":
            raise Refused("it is \\x1b[31mred")


READERS = {"toy": Toy()}
'''
SHARE = {
    "lightgbm": 150, "onnx": 150, "skops": 60, "plan": 60, "policy": 60, "waivers": 60, "record": 40, "evidence": 40,
    "journal": 150, "npz": 60, "npy": 60, "csv": 60, "parquet": 60,
}  # fmt: skip
"""Inputs of each reader. (Those of torch wait for it to be imported: `make fuzz` tries them.)"""


@pytest.fixture(scope="module")
def fuzz():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "benchmarks"))
        yield importlib.import_module("fuzz")


@pytest.fixture
def toys(tmp_path, monkeypatch):
    (tmp_path / "toys.py").write_text(TOYS)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.syspath_prepend(str(tmp_path))
    yield importlib.import_module("toys")
    sys.modules.pop("toys")


def firsts(fuzz, toys, tmp_path):
    """The first seed that makes each kind."""
    found = {}
    for seed in range(200):
        found.setdefault(toys.READERS["toy"].damaged(tmp_path, fuzz.random_of("toy", seed), tmp_path).read_text(), seed)
    assert len(found) == len(toys.KINDS)
    return found


def test_every_kind_of_fault_is_told_by_its_seed_and_the_others_are_tried(fuzz, toys, tmp_path):
    seeds = firsts(fuzz, toys, tmp_path)
    total = fuzz.fuzz("toy", [seed for kind, seed in seeds.items() if kind != "hangs"], module="toys")
    verdicts = {tried.seed: tried.verdict for tried in total.findings}
    assert verdicts == {seeds[kind]: kind for kind in ("traceback", "ended", "memory", "slow", "words")}
    assert total.counts["read"] == total.counts["refused"] == 2
    words = {tried.verdict: tried.words for tried in total.findings}
    assert words["traceback"] == "KeyError: 'nothing'"
    assert words["ended"] == "the process ended with code -11"


def test_an_input_that_never_ends_is_told_and_the_next_is_tried(fuzz, toys, tmp_path, monkeypatch):
    monkeypatch.setattr(fuzz, "HANGS_S", 1.0)
    seeds = firsts(fuzz, toys, tmp_path)
    total = fuzz.fuzz("toy", [seeds["hangs"], seeds["read"]], module="toys")
    assert [(tried.seed, tried.verdict) for tried in total.findings] == [(seeds["hangs"], "hangs")]
    assert total.counts["read"] == 1


def test_findings_of_one_kind_are_one_line_with_the_first_seed(fuzz):
    found = [fuzz.Tried(seed, "traceback", f"KeyError: {seed}", where="a.py:1 f") for seed in (9, 4)]
    assert list(fuzz.kinds([*found, fuzz.Tried(2, "hangs", "no answer")])) == [
        "2 × traceback, first --seed 4: KeyError: 4 (a.py:1 f)",
        "1 × hangs, first --seed 2: no answer",
    ]


def test_a_seed_alone_shows_the_traceback_again(fuzz, toys, tmp_path):
    seed = str(firsts(fuzz, toys, tmp_path)["traceback"])
    command = [sys.executable, ROOT / "benchmarks/fuzz.py", "toy", "--seed", seed, "--module", "toys", "--keep", tmp_path / "kept"]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "KeyError: 'nothing'" in ended.stderr
    assert (tmp_path / "kept" / "damaged").read_text() == "traceback"


@pytest.mark.parametrize(("kind", "code"), [("traceback", 1), ("refused", 0)])
def test_findings_end_in_exit_code_1(fuzz, toys, tmp_path, kind, code):
    seed = str(firsts(fuzz, toys, tmp_path)[kind])
    command = [sys.executable, ROOT / "benchmarks/fuzz.py", "toy", "--first", seed, "--inputs", "1", "--module", "toys"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (f"1 × {kind}, first --seed {seed}" in ended.stdout) == bool(code)
    assert ended.returncode == code


@pytest.mark.parametrize("name", SHARE)
def test_the_same_seed_is_the_same_input(fuzz, tmp_path, name):
    reader = importlib.import_module("_fuzzed").READERS[name]
    made = []
    for run in ("first", "second"):
        path = fuzz.damaged(reader, name, 7, tmp_path / run / "originals", tmp_path / run / "damaged")
        files = sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]
        made.append({file.name: file.read_bytes() for file in files})
    assert made[0] == made[1]


@pytest.fixture(scope="module")
def child(fuzz, tmp_path_factory):
    with fuzz.Child(tmp_path_factory.mktemp("fuzz")) as child:
        yield child


@pytest.mark.parametrize("name", SHARE)
def test_damaged_files_are_read_or_refused_in_our_own_words(fuzz, child, name):
    tried = [child.tried(name, seed) for seed in range(SHARE[name])]
    assert not [each for each in tried if each.verdict not in ("read", "refused")]
    assert name == "journal" or {each.verdict for each in tried} == {"read", "refused"}


def test_a_protocol_buffer_is_one_still_after_its_damage(fuzz):
    from google.protobuf.message import DecodeError
    from onnx import TensorProto, helper

    def is_read(data):
        try:
            TensorProto.FromString(data)
        except DecodeError:
            return False
        return True

    damage = importlib.import_module("_damage")
    whole = helper.make_tensor("weights", TensorProto.FLOAT, [2, 3], range(6)).SerializeToString()
    damaged = [damage.of_protobuf(whole, Random(seed)) for seed in range(200)]
    assert len(set(damaged)) > 50
    assert sum(map(is_read, damaged)) > 100
