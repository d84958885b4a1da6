"""Records that were damaged, altered or forged: refused with the place, whatever they hold."""

import hashlib
import json
import zipfile

import pytest

from effaudit.core.errors import InputError
from effaudit.core.seal import sealed
from effaudit.reading.record_file import EVIDENCE, RECORD, SAMPLES, as_written, read_record


def refusal(path):
    with pytest.raises(InputError) as caught:
        read_record(path)
    return caught.value


def forge(home, change):
    """Changes the facts, and computes their hash anew."""
    facts = json.loads((home / RECORD).read_text())
    change(facts)
    (home / RECORD).write_text(json.dumps(sealed(facts)))


@pytest.mark.parametrize(
    "change",
    [
        lambda facts: facts["rows"][0]["readings"]["latency.batch_1.p50"].update(value=0.001),
        lambda facts: facts["rows"][0]["readings"]["latency.batch_1.p50"].update(better="higher"),
        lambda facts: facts.update(ended="interrupted"),
        lambda facts: facts.update(weather="fine"),
        lambda facts: facts.update(sha256=None),
    ],
)
def test_what_was_changed_by_hand_is_not_believed(home, change):
    facts = json.loads((home / RECORD).read_text())
    change(facts)
    (home / RECORD).write_text(json.dumps(facts))
    assert "changed or damaged after it was written" in refusal(home).what


def test_another_layout_of_the_same_facts_is_the_same_record(home):
    before, facts = read_record(home), json.loads((home / RECORD).read_text())
    backwards = dict(reversed(facts.items()))
    (home / RECORD).write_bytes(json.dumps(backwards, indent=4).replace("\n", "\r\n").encode())
    assert read_record(home).rows[0].candidate == before.rows[0].candidate


@pytest.mark.parametrize("depth", [300, 900, 960, 980, 990, 1000, 3000])
def test_a_record_nested_without_end_is_refused_at_any_depth(home, depth):
    (home / RECORD).write_text('{"schema": 1, "sha256": "00", "rows": ' + "[" * depth + "]" * depth + "}")
    assert refusal(home)


def test_two_rows_of_one_name_are_refused(home):
    forge(home, lambda facts: facts["rows"].append(facts["rows"][0]))
    assert "gbm stands twice" in refusal(home).what


@pytest.mark.parametrize("looks", [0, -1, 10**400], ids=["none", "less", "endless"])
def test_looks_that_cannot_be_are_refused(home, looks):
    forge(home, lambda facts: facts.update(looks=looks))
    assert "damaged" in refusal(home).what


@pytest.mark.parametrize("name", [EVIDENCE, SAMPLES])
def test_altered_arrays_are_refused(home, name):
    data = bytearray((home / name).read_bytes())
    data[-1] ^= 1
    (home / name).write_bytes(data)
    assert "not the one that the record was written with" in refusal(home).what


def test_evidence_without_a_hash_is_not_believed(home):
    forge(home, lambda facts: facts.update(files={}))
    assert "not the one" in refusal(home).what


def test_hostile_evidence_with_a_right_hash_is_bounded_and_runs_nothing(home):
    with zipfile.ZipFile(home / EVIDENCE, "w") as archive:
        archive.writestr(
            "a.npy",
            b"\x93NUMPY\x01\x00\x76\x00"
            + b"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }".ljust(117)
            + b"\n"
            + b"x" * 9,
        )
    digest = hashlib.sha256((home / EVIDENCE).read_bytes()).hexdigest()
    forge(home, lambda facts: facts["files"].update({EVIDENCE: digest}))
    with pytest.raises(InputError, match="pickled"):
        _ = as_written(home).arrays["a"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "not a record, or only a part"),
        ("{", "not a record, or only a part"),
        ("[" * 100_000, "not a record, or only a part"),
        ("\xff", "not a record"),
        ("9" * 10_000, "not a record"),
        ("[]", "not a record of effaudit"),
        ("{}", "not a record of effaudit"),
        ('{"schema": "1"}', "not a record of effaudit"),
        ('{"schema": 1}', "holds no hash of itself"),
        ('{"schema": 1, "sha256": "00", "rows": 3}', "changed or damaged"),
        ('{"schema": 3, "version": "9.9"}', "this record is of schema 3"),
        ('{"schema": 0}', "this record is of schema 0"),
    ],
)
def test_what_is_no_record_of_this_version_is_refused(home, text, said):
    (home / RECORD).write_bytes(text.encode("latin-1"))
    assert said in refusal(home).what


def test_a_newer_record_names_the_version_to_install(home):
    (home / RECORD).write_text(json.dumps({"schema": 7, "version": "2.0\x1b[31m"}))
    assert "2.0" in refusal(home).advice
    assert "\x1b" not in str(refusal(home))


@pytest.mark.parametrize(
    ("change", "keys"),
    [
        (lambda facts: facts.pop("baseline"), "baseline"),
        (lambda facts: facts.update(rows=3), "rows"),
        (lambda facts: facts.update(rows=[3, {"candidate": 4}, {"candidate": {"recipe": [5, {"options": []}]}}]), "rows"),
        (lambda facts: facts.update(ended="sometimes"), "ended"),
        (lambda facts: facts["rows"][0]["readings"]["x"].pop("reason"), "rows[0].readings.x"),
        (lambda facts: facts["rows"][0]["candidate"].update(name=None), "rows[0].candidate.name"),
        (lambda facts: facts["settings"].update(budget_s="soon"), "settings.budget_s"),
        (lambda facts: facts["workload"].update(splits=[]), "workload.splits"),
    ],
)
def test_a_damaged_record_is_told_by_its_keys(home, change, keys):
    forge(home, change)
    error = refusal(home)
    assert "this record is damaged" in error.what
    assert error.place.keys.startswith(keys)


def test_a_truncated_record_is_refused_at_any_length(home):
    whole = (home / RECORD).read_bytes()
    for length in range(0, len(whole) - 1, max(1, len(whole) // 40)):
        (home / RECORD).write_bytes(whole[:length])
        assert refusal(home)
