import dataclasses
import hashlib
import json
import math
import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from effaudit.core.candidate import Artifact, Candidate, Contract, Facts, Step, Trust
from effaudit.core.errors import InputError
from effaudit.core.notes import Note
from effaudit.core.observed import Sizes
from effaudit.core.reading import Failure, Measurement, Spread
from effaudit.core.record import SCHEMA, Floor, Made, Record, Row, Session, Spent
from effaudit.core.seal import sealed
from effaudit.core.settings import Assumptions, Settings
from effaudit.core.workload import Column, Workload
from effaudit.reading.record_file import EVIDENCE, RECORD, SAMPLES, as_written, read_record, write_record

numbers = st.floats()
words = st.text(st.characters(exclude_categories=("Cs",)), max_size=12)
named = lambda values: st.dictionaries(words, values, max_size=3)  # noqa: E731
options = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False, allow_infinity=False) | words,
    lambda inner: st.lists(inner, max_size=2).map(tuple) | st.dictionaries(words, inner, max_size=2),
    max_leaves=4,
)
builds = st.builds
trust = builds(Trust, st.booleans(), st.lists(words, max_size=2).map(tuple))
artifact = builds(Artifact, words, words, trust, st.none() | words, st.none() | words)
candidate = builds(
    Candidate,
    words,
    artifact,
    builds(
        Contract,
        columns=st.lists(words, max_size=2).map(tuple),
        threshold=st.none() | numbers,
        output=st.sampled_from(["logits", None]),
    ),
    st.none() | artifact,
    recipe=st.lists(builds(Step, words, st.dictionaries(words, options, max_size=2)), max_size=2).map(tuple),
)
measurement = builds(
    Measurement,
    numbers,
    numbers,
    numbers,
    words,
    st.sampled_from(["higher", "lower"]),
    st.sampled_from(["counted", "measured", "modelled"]),
    samples=st.integers(0, 2**40),
    dof=st.none() | numbers,
    notes=st.lists(builds(Note, words, words), max_size=2).map(tuple),
)
failure = builds(Failure, words, words, words)
reading = measurement | failure
optional = st.none() | numbers
made = builds(Made, words, st.none() | words, words, st.integers(), numbers, numbers, optional, st.integers(), named(numbers))
row = builds(
    Row,
    candidate,
    st.none() | builds(Facts, st.sampled_from(["linear", "other"]), words, st.none() | st.integers()),
    st.none() | builds(Sizes, *[st.integers(0, 2**50)] * 4, named(st.integers())),
    named(reading),
    st.none() | failure,
    st.lists(made, max_size=1).map(tuple),
    gain=st.sampled_from(["gain", None]),
)
records = builds(
    Record,
    *[words] * 6,
    commit=st.none() | words,
    seed=st.integers(),
    workload=builds(
        Workload,
        st.sampled_from(["classification", "regression"]),
        words,
        st.lists(builds(Column, words, words, st.lists(st.integers(0, 9), max_size=2).map(tuple)), max_size=2).map(tuple),
        st.just(()),
        st.lists(words, max_size=2).map(tuple),
        named(st.integers()),
        words,
        words,
        named(st.integers()),
        named(st.integers()),
        named(words),
        st.just(("roc_auc",)),
        st.just((1, 256)),
    ),
    baseline=words,
    rows=st.lists(row, max_size=2, unique_by=lambda row: row.candidate.name).map(tuple),
    sessions=st.lists(builds(Session, st.integers(), words, numbers, named(words), named(words), named(numbers)), max_size=1).map(
        tuple
    ),
    settings=builds(Settings, numbers),
    assumptions=builds(Assumptions, st.none() | words, st.none() | numbers),
    intensity=reading,
    floors=named(builds(Floor, numbers, st.sampled_from(["A/A", "incarnations"]))),
    spreads=named(builds(Spread, numbers, numbers)),
    twins=named(measurement),
    spent=builds(Spent, numbers, numbers, st.none() | numbers, st.none() | numbers, named(numbers)),
    ended=st.sampled_from(["complete", "interrupted"]),
    arrays=st.just({}),
    samples=st.just({}),
    files=st.just({}),
    schema=st.just(SCHEMA),
)


def same(one, two):
    """Equality in which NaN equals NaN and −0 is not 0."""
    if dataclasses.is_dataclass(one):
        fields = [field.name for field in dataclasses.fields(one) if field.compare]
        return type(one) is type(two) and all(same(getattr(one, name), getattr(two, name)) for name in fields)
    if isinstance(one, dict):
        return list(one) == list(two) and all(same(one[key], two[key]) for key in one)
    if isinstance(one, tuple):
        return isinstance(two, tuple) and len(one) == len(two) and all(map(same, one, two))
    if isinstance(one, float):
        return isinstance(two, float) and repr(one) == repr(two)
    return type(one) is type(two) and one == two


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(records)
def test_a_record_comes_back_as_it_was(tmp_path_factory, record):
    folder = tmp_path_factory.mktemp("record")
    written = write_record(record, folder)
    assert same(dataclasses.replace(written, files={}), dataclasses.replace(record, files={}))
    assert same(as_written(folder), written)


def refusal(path):
    with pytest.raises(InputError) as caught:
        read_record(path)
    return caught.value


def test_the_arrays_stand_beside_it_and_are_read_when_asked_for(record, home):
    read = read_record(home)
    for name, array in record.arrays.items():
        np.testing.assert_array_equal(read.arrays[name], array)
        assert read.arrays[name].dtype == array.dtype
    np.testing.assert_array_equal(read.samples["gbm/latency.batch_1"], record.samples["gbm/latency.batch_1"])
    assert list(read.arrays) == list(record.arrays)
    assert read.arrays.get("no/such") is None


def test_a_record_is_found_by_its_file_or_its_folder(home):
    assert same(read_record(home), read_record(home / RECORD))


def test_writing_tells_the_hashes_of_the_arrays(record, tmp_path):
    written = write_record(record, tmp_path)
    for name in (EVIDENCE, SAMPLES):
        assert written.files[name] == hashlib.sha256((tmp_path / name).read_bytes()).hexdigest()
    assert record.files == {}


def test_the_file_is_strict_json_without_the_arrays(home):
    def never(constant):
        raise AssertionError(f"{constant} is not JSON")

    facts = json.loads((home / RECORD).read_text(), parse_constant=never)
    assert facts["rows"][0]["readings"]["latency.batch_1.p50"]["value"] == "NaN"
    assert facts["arrays"] == facts["samples"] == {}


def test_writing_twice_gives_the_same_bytes_and_leaves_nothing_else(record, home):
    before = {path.name: path.read_bytes() for path in home.iterdir()}
    write_record(record, home)
    assert {path.name: path.read_bytes() for path in home.iterdir()} == before
    assert set(before) == {RECORD, EVIDENCE, SAMPLES}


def test_numpy_numbers_and_half_characters_do_not_lose_a_record(record, tmp_path):
    row = dataclasses.replace(
        record.rows[0], failure=Failure("refused", "load", "bad \udcff byte"), notes=(Note("odd", "\ud83d\ude00"),)
    )
    spent = Spent(np.float64(1.5), np.float32(0.25), np.float64("nan"), None, {"timing": np.int64(3)})
    write_record(dataclasses.replace(record, rows=(row,), spent=spent), tmp_path)
    read = read_record(tmp_path)
    assert read.rows[0].failure.reason == "bad \ufffd byte"
    assert (read.spent.seconds, read.spent.cpu_seconds, read.spent.stages["timing"]) == (1.5, 0.25, 3.0)
    assert math.isnan(read.spent.joules)


def test_a_failed_write_leaves_the_old_record(record, home):
    before = read_record(home)
    with pytest.raises(ValueError, match="Python objects"):
        write_record(dataclasses.replace(record, samples={"x": np.array([None])}), home)
    assert same(read_record(home), before)
    assert {path.name for path in home.iterdir()} == {RECORD, EVIDENCE, SAMPLES}


def test_others_may_read_what_was_written(home):
    mask = os.umask(0)
    os.umask(mask)
    assert {(home / name).stat().st_mode & 0o777 for name in (RECORD, EVIDENCE)} == {0o666 & ~mask}


def test_missing_samples_are_no_fault_and_missing_evidence_is(home):
    (home / SAMPLES).unlink()
    assert dict(read_record(home).samples) == {}
    (home / EVIDENCE).unlink()
    error = refusal(home)
    assert "no such file" in error.what
    assert error.place.file.endswith(EVIDENCE)


def test_what_a_later_version_adds_within_this_schema_is_left_aside(home):
    facts = json.loads((home / RECORD).read_text())
    (home / RECORD).write_text(json.dumps(sealed({**facts, "weather": "fine"})))
    assert read_record(home).name == "flights"


def test_a_missing_record_and_a_pipe_are_refused(tmp_path):
    assert "no such file" in refusal(tmp_path).what
    os.mkfifo(tmp_path / RECORD)
    assert "no such file" in refusal(tmp_path).what


def test_a_record_is_read_where_no_framework_is_installed(home):
    code = (
        "import sys\n"
        "for name in ('pandas', 'pyarrow', 'sklearn', 'scipy', 'torch', 'onnx'): sys.modules[name] = None\n"
        "from pathlib import Path\n"
        "from effaudit.reading.record_file import read_record\n"
        f"print(read_record(Path({str(home)!r})).arrays['gbm/correct'].sum())"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "383"
