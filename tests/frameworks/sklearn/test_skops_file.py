"""Skops files that hold boosters: LightGBM must never see text that nobody checked, however the file brings it."""

import io
import json
import subprocess
import sys
import zipfile

import lightgbm
import numpy as np
import pytest
import skops.io

from effaudit.core.candidate import Trust
from effaudit.core.plugin import Refused
from effaudit.frameworks.sklearn import skops_file


@pytest.fixture
def saved(tmp_path, numbers):
    path = tmp_path / "model.skops"
    skops.io.dump(lightgbm.LGBMClassifier(n_estimators=2, verbose=-1).fit(*numbers[:2]), path)
    return path


def rewritten(path, change):
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    schema = json.loads(members["schema.json"])
    change(schema, members)
    members["schema.json"] = json.dumps(schema).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def boosters(node):
    if isinstance(node, dict):
        if node.get("__class__") == "Booster" and node.get("__loader__") == "ObjectNode":
            yield node
        for child in node.values():
            yield from boosters(child)
    elif isinstance(node, list):
        for child in node:
            yield from boosters(child)


def patched_text(node):
    return (
        json.loads(node["content"])
        .replace("split_feature=0", "split_feature=9", 1)
        .replace("split_feature=1", "split_feature=9", 1)
    )


def patched(schema, members):
    """A feature that does not exist, in as many bytes as before, so that `tree_sizes` still fits."""
    handle = next(boosters(schema))["content"]["content"]["_handle"]
    text = patched_text(handle)
    assert text != json.loads(handle["content"])
    handle["content"] = json.dumps(text)


def smuggled(schema, members):
    """The same text as a numpy string, which is a Python string too."""
    content = next(boosters(schema))["content"]["content"]
    buffer = io.BytesIO()
    np.save(buffer, np.array(patched_text(content["_handle"])))
    members["text.npy"] = buffer.getvalue()
    content["_handle"] = {
        "__class__": "str_",
        "__module__": "numpy",
        "__loader__": "NdArrayNode",
        "type": "numpy",
        "file": "text.npy",
    }


def made_by_call(schema, members):
    node = next(boosters(schema))
    text = node["content"]["content"]["_handle"]
    nothing = text | {"content": "null", "__id__": 1}
    arguments = [nothing, nothing, nothing, text]
    node["__loader__"] = "ConstructorFromReduceNode"
    node["content"] = {"__class__": "tuple", "__module__": "builtins", "__loader__": "TupleNode", "content": arguments, "__id__": 2}


def emptied(schema, members):
    content = next(boosters(schema))["content"]["content"]
    content["_handle"]["content"] = "null"


def test_a_wrapper_is_read_without_any_trust(saved, numbers):
    model = skops_file.load(saved, Trust())
    assert np.array_equal(model.predict_proba(numbers[0]).shape, (160, 2))


@pytest.mark.parametrize("change", [patched, smuggled])
@pytest.mark.parametrize("trust", [Trust(), Trust(types=("lightgbm.basic.Booster",)), Trust(everything=True)])
def test_a_booster_with_patched_text_is_refused_whatever_is_trusted(saved, change, trust):
    rewritten(saved, change)
    with pytest.raises(ValueError, match="splits on feature 9 of 5"):
        skops_file.load(saved, trust)


@pytest.mark.parametrize(("change", "words"), [(made_by_call, "in an unknown way"), (emptied, "without a model")])
def test_a_booster_that_is_not_restored_from_its_text_is_refused(saved, change, words):
    rewritten(saved, change)
    with pytest.raises(Refused, match=words):
        skops_file.load(saved, Trust())


def test_the_library_is_left_as_it_was(saved):
    before = lightgbm.Booster.__init__, lightgbm.Booster.__setstate__
    skops_file.load(saved, Trust())
    rewritten(saved, emptied)
    with pytest.raises(Refused):
        skops_file.load(saved, Trust())
    assert (lightgbm.Booster.__init__, lightgbm.Booster.__setstate__) == before


def test_the_refusal_repeats_what_the_plan_already_trusts(tmp_path, numbers):
    from sklearn.neighbors import KNeighborsClassifier

    path = tmp_path / "knn.skops"
    skops.io.dump(KNeighborsClassifier(algorithm="kd_tree").fit(*numbers[:2]), path)
    with pytest.raises(Refused) as refused:
        skops_file.load(path, Trust(types=("sklearn.neighbors._kd_tree.KDTree",)))
    assert "`trust: [sklearn.neighbors._kd_tree.KDTree, sklearn.metrics._dist_metrics.EuclideanDistance64]`" in str(refused.value)
    both = Trust(types=("sklearn.neighbors._kd_tree.KDTree", "sklearn.metrics._dist_metrics.EuclideanDistance64"))
    assert skops_file.load(path, both).predict(numbers[0]).shape == (160,)


def huge(shape=(2**32,)):
    """The header of many numbers, and none of them."""
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f8", "fortran_order": False, "shape": shape})
    return header.getvalue()


def zipped(members):
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return whole.getvalue()


@pytest.mark.parametrize("shape", [(2**32,), (3, 2**40), (2**62, 2**62)])
@pytest.mark.parametrize("inside", [False, True], ids=["an array", "a sparse matrix"])
def test_an_array_that_declares_more_than_it_holds_is_refused_before_memory_is_asked_for(saved, shape, inside):
    def change(schema, members):
        members |= {"matrix.npz": zipped({"data.npy": huge(shape)})} if inside else {"array.npy": huge(shape)}

    rewritten(saved, change)
    with pytest.raises(Refused, match=r"model\.skops declares an array of [\d,]+ bytes where it holds"):
        skops_file.load(saved, Trust())


def test_a_sparse_matrix_that_unpacks_to_far_more_is_refused(saved):
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data.npy", bytes(200 << 20))
    rewritten(saved, lambda schema, members: members.update({"matrix.npz": bomb.getvalue()}))
    with pytest.raises(Refused, match="members of"):
        skops_file.load(saved, Trust())


def test_the_same_model_gives_the_same_bytes_in_any_process_at_any_time(tmp_path):
    program = """
import sys, time
from pathlib import Path
import numpy as np
from scipy.sparse import csr_matrix
from sklearn.ensemble import RandomForestRegressor
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from effaudit.frameworks.sklearn import skops_file
rows = np.random.default_rng(0).normal(size=(100, 3))
moved = [object() for _ in range(int(sys.argv[2]))]
time.time = lambda: 1e9 + 60 * int(sys.argv[2])
forest = make_pipeline(StandardScaler(), RandomForestRegressor(3, random_state=0)).fit(rows, rows @ [1, 2, 3])
sparse = KNeighborsRegressor().fit(csr_matrix(rows), rows @ [1, 2, 3])
for name, model, asked in (("forest", forest, rows), ("sparse", sparse, csr_matrix(rows))):
    skops_file.dump(model, Path(sys.argv[1]) / f"{name}-{sys.argv[2]}.skops")
    read = skops_file.skops_io().load(Path(sys.argv[1]) / f"{name}-{sys.argv[2]}.skops", trusted=list(skops_file.REVIEWED))
    assert np.array_equal(read.predict(asked), model.predict(asked))
"""
    for moved in ("0", "50000"):
        subprocess.run([sys.executable, "-P", "-c", program, str(tmp_path), moved], check=True)
    for name in ("forest", "sparse"):
        assert (tmp_path / f"{name}-0.skops").read_bytes() == (tmp_path / f"{name}-50000.skops").read_bytes()


def test_a_type_whose_name_cannot_be_one_is_refused_without_its_control_characters(saved):
    def renamed(schema, members):
        schema["__class__"], schema["__module__"] = "Model\x1b[31m", "mine"

    rewritten(saved, renamed)
    with pytest.raises(Refused, match=r"holds a type called 'mine\.Model.*', which is no name in Python") as refused:
        skops_file.load(saved, Trust())
    assert "\x1b" not in str(refused.value)
