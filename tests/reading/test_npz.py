import io
import pickle
import zipfile
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from effaudit.core.errors import InputError, Place
from effaudit.reading.npz import Npz, write_npz

PLACE = Place("x.npz")
LIMIT = 1 << 20


def zipped(*members, method=zipfile.ZIP_STORED):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return buffer.getvalue()


def npy(array):
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=True)
    return buffer.getvalue()


def header(text, data=b"", version=b"\x01\x00"):
    raw = text.encode().ljust(118 - len(b"\n")) + b"\n"
    length = len(raw).to_bytes(2 if version == b"\x01\x00" else 4, "little")
    return b"\x93NUMPY" + version + length + raw + data


def refusal(data, name="a"):
    with pytest.raises(InputError) as caught:
        _ = Npz(io.BytesIO(data), PLACE, LIMIT)[name]
    assert caught.value.place == PLACE
    return caught.value.what


names = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=20)
dtypes = hnp.boolean_dtypes() | hnp.integer_dtypes() | hnp.unsigned_integer_dtypes() | hnp.floating_dtypes(sizes=(32, 64))


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(names, hnp.arrays(dtypes, hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4)), max_size=4))
def test_arrays_come_back_as_they_were(arrays):
    buffer = io.BytesIO()
    write_npz(buffer, arrays)
    read = Npz(buffer, PLACE, LIMIT)
    assert list(read) == list(arrays)
    for name, array in arrays.items():
        assert read[name].dtype == array.dtype
        np.testing.assert_array_equal(read[name], array)


def test_numpy_reads_what_was_written_and_the_other_way_round():
    arrays = {"a/b.c": np.arange(6).reshape(2, 3), "order": np.asfortranarray(np.arange(6.0).reshape(2, 3))}
    buffer = io.BytesIO()
    write_npz(buffer, arrays)
    buffer.seek(0)
    theirs = np.load(buffer)
    own = io.BytesIO()
    np.savez_compressed(own, **arrays)
    ours = Npz(own, PLACE, LIMIT)
    for name, array in arrays.items():
        np.testing.assert_array_equal(theirs[name], array)
        np.testing.assert_array_equal(ours[name], array)


def test_the_same_arrays_give_the_same_bytes():
    one, two = io.BytesIO(), io.BytesIO()
    for buffer in (one, two):
        write_npz(buffer, {"a": np.arange(100), "b": np.zeros(0)})
    assert one.getvalue() == two.getvalue()


def test_an_array_is_read_once_and_only_when_it_is_asked_for():
    broken = header("{'descr': '<f8', 'fortran_order': False, 'shape': (9,), }", b"")
    opened = Npz(io.BytesIO(zipped(("bad.npy", broken), ("good.npy", npy(np.arange(3))))), PLACE, LIMIT)
    assert opened["good"] is opened["good"]
    assert (len(opened), "bad" in opened, "worse" in opened) == (2, True, False)
    with pytest.raises(InputError):
        _ = opened["bad"]


@pytest.mark.parametrize(
    "data", [b"", b"PK", b"PK\x03\x04" + b"\0" * 100, b"x" * 1000, zipped(("a.npy", npy(np.arange(50))))[:-30]]
)
def test_what_is_no_zip_file_or_a_part_of_one_is_refused(data):
    assert "not an npz file" in refusal(data)


class Evil:
    def __reduce__(self):
        return (print, ("executed",))


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ([("a.npy", npy(np.array([Evil()], dtype=object)))], "pickled Python objects"),
        ([("a.npy", pickle.dumps(Evil()))], "cannot be read"),
        ([("a.npy", b"")], "cannot be read"),
        ([("a.npy", npy(np.arange(50))[:-8])], "it declares 400 bytes"),
        (
            [("a.npy", header("{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000,), }"))],
            "it declares 8,000,000,000,000",
        ),
        ([("a.npy", header("{'descr': '<f8', 'fortran_order': False, 'shape': (-5,), }"))], "it declares"),
        ([("a.npy", header("{'descr': '<f8', 'fortran_order': False, 'shape': ('x',), }"))], "cannot be read"),
        ([("a.npy", header("{'descr': 'f999', 'fortran_order': False, 'shape': (1,), }"))], "cannot be read"),
        ([("a.npy", header("{" * 100))], "cannot be read"),
        ([("a.npy", header("__import__('os')"))], "cannot be read"),
        ([("a.npy", header("{}", version=b"\x09\x00"))], "cannot be read"),
        ([("a.npy", b"\x93NUMPY\x02\x00" + (1 << 30).to_bytes(4, "little") + b"x" * 50_000)], "cannot be read"),
        ([("a.txt", b"hello")], "is not an array"),
        ([("folder/", b"")], "is not an array"),
    ],
)
def test_a_hostile_array_is_refused(members, said, capsys):
    assert said in refusal(zipped(*members))
    assert capsys.readouterr().out == ""


def test_a_member_that_stands_twice_is_refused():
    with pytest.warns(UserWarning, match="Duplicate"):
        data = zipped(("a.npy", npy(np.arange(3))), ("a.npy", npy(np.arange(4))))
    assert "stands twice" in refusal(data)


def test_a_bomb_is_refused_before_it_is_unpacked():
    data = zipped(("a.npy", npy(np.zeros(LIMIT, dtype=np.uint8))), method=zipfile.ZIP_DEFLATED)
    assert len(data) < LIMIT // 100
    assert "unpacks to 1,048,704 bytes" in refusal(data)


def test_a_member_larger_than_it_declares_is_refused():
    data = bytearray(zipped(("a.npy", npy(np.zeros(5000))), method=zipfile.ZIP_DEFLATED))
    true, false = (40_128).to_bytes(4, "little"), (1000).to_bytes(4, "little")
    assert "cannot be read" in refusal(bytes(data.replace(true, false)))


def test_damaged_and_encrypted_members_are_refused():
    data = bytearray(zipped(("a.npy", npy(np.random.default_rng(0).random(500))), method=zipfile.ZIP_DEFLATED))
    data[300] ^= 0xFF
    assert "cannot be read" in refusal(bytes(data))
    flagged = zipped(("a.npy", npy(np.arange(3)))).replace(
        b"PK\x01\x02\x14\x03\x14\x00\x00\x00", b"PK\x01\x02\x14\x03\x14\x00\x01\x00"
    )
    assert "cannot be read" in refusal(flagged)
    assert issubclass(zlib.error, Exception)


def test_objects_are_not_written():
    with pytest.raises(ValueError, match="Python objects"):
        write_npz(io.BytesIO(), {"a": np.array([None])})


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_any_change_of_bytes_gives_arrays_or_an_input_error(data):
    whole = bytearray(zipped(("a.npy", npy(np.arange(20))), ("b.npy", npy(np.arange(4.0))), method=zipfile.ZIP_DEFLATED))
    for _ in range(data.draw(st.integers(1, 6))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    try:
        found = dict(Npz(io.BytesIO(bytes(whole)), PLACE, LIMIT))
    except InputError:
        return
    assert sum(array.nbytes for array in found.values()) <= LIMIT
