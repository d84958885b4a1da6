import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from effaudit.frameworks.onnx import protobuf
from effaudit.frameworks.onnx.protobuf import BYTES, FIXED32, VARINT, Malformed

whole = st.integers(-(2**63), 2**63 - 1)


def only(data, number, short_strings=0):
    """The fields of this number; none of them read as one long run."""
    return [field for field in protobuf.fields(data, 0, len(data), short_strings) if field.number == number]


@given(st.lists(whole, min_size=1, max_size=50))
def test_whole_numbers_are_read_as_protobuf_wrote_them(values):
    data = onnx.helper.make_attribute("x", values).SerializeToString()
    (run,) = only(data, 8)
    assert protobuf.integers(data, run).tolist() == values
    assert protobuf.count(data, run, VARINT) == len(values)


@given(st.lists(whole, min_size=1, max_size=50))
def test_packed_whole_numbers_are_read_too(values):
    data = onnx.TensorProto(int64_data=values).SerializeToString()
    (packed,) = only(data, 7)
    assert packed.kind == BYTES
    assert protobuf.integers(data, packed).tolist() == values
    assert protobuf.count(data, packed, VARINT) == len(values)


@given(st.lists(st.floats(width=32, allow_nan=False), min_size=1, max_size=50))
def test_floats_are_read_packed_and_one_by_one(values):
    loose = onnx.AttributeProto(floats=values).SerializeToString()
    packed = onnx.TensorProto(float_data=values).SerializeToString()
    for data, number in ((loose, 7), (packed, 4)):
        (field,) = only(data, number)
        assert protobuf.numbers(data, field, "<f4").tolist() == values
        assert protobuf.count(data, field, FIXED32) == len(values)


@given(st.lists(st.text(max_size=30), min_size=1, max_size=20))
def test_strings_are_read_alone_and_in_runs(values):
    data = onnx.AttributeProto(strings=[value.encode() for value in values]).SerializeToString()
    assert [protobuf.text(data, field) for field in only(data, 9)] == values
    found = []
    for field in only(data, 9, short_strings=9):
        parts = protobuf.fields(data, field.start, field.stop) if field.tag else [field]
        found.extend(protobuf.text(data, part) for part in parts)
    assert found == values


def test_tags_of_two_bytes_make_runs_too():
    data = onnx.ModelProto(ir_version=3).SerializeToString() + bytes.fromhex("a00601") * 3  # field 100, three times
    (run,) = only(data, 100)
    assert run.tag == 2
    assert protobuf.integers(data, run).tolist() == [1, 1, 1]
    assert protobuf.count(data, run, VARINT) == 3


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"\x0a\x7f", "a field of 129 bytes in a message of 2"),
        (b"\x08", "cut off"),
        (b"\x08\xff\xff", "cut off"),
        (b"\x0d\x00\x00", "cut off"),
        (b"\x0a" + b"\xff" * 20, "cut off"),
        (b"\x00\x00", "field 0"),
        (b"\x0b", "wire type 3"),
        (b"\xff" * 11, "cut off"),
    ],
)
def test_damage_is_named(data, words):
    with pytest.raises(Malformed, match=words):
        list(protobuf.fields(data, 0, len(data)))


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_malformed(data):
    try:
        for field in protobuf.fields(data, 0, len(data), 1):
            assert 0 <= field.start <= field.stop <= len(data)
            if field.kind == VARINT:
                assert len(protobuf.integers(data, field)) == protobuf.count(data, field, VARINT)
    except Malformed:
        pass


def test_a_million_numbers_take_no_time():
    data = np.tile(np.frombuffer(b"\x40\x85\x01", np.uint8), 10**6).tobytes()
    (run,) = only(data, 8)
    assert protobuf.count(data, run, VARINT) == 10**6
    assert set(protobuf.integers(data, run).tolist()) == {133}
