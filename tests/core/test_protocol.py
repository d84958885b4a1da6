"""Frames cross whole, and nothing that is not a frame is believed."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from effaudit.core import protocol
from effaudit.core.protocol import BadFrame, Message


def taking(data: bytes):
    stream = io.BytesIO(data)

    def take(count: int) -> bytes:
        got = stream.read(count)
        if len(got) < count:
            raise EOFError
        return got

    return take


def test_facts_and_arrays_cross_whole():
    arrays = {"a": np.arange(6.0).reshape(2, 3), "b": np.array([True, False]), "empty": np.empty((0, 4), dtype=np.int64)}
    read = protocol.read(taking(protocol.encode(Message("answered", {"rows": 2, "text": "ü"}, arrays))), 1000)
    assert (read.word, read.facts) == ("answered", {"rows": 2, "text": "ü"})
    for name, array in arrays.items():
        np.testing.assert_array_equal(read.arrays[name], array)
        assert read.arrays[name].dtype == array.dtype


def test_a_reply_larger_than_asked_for_is_refused_before_it_is_read():
    data = protocol.encode(Message("answered", {}, {"a": np.zeros(1000)}))
    with pytest.raises(BadFrame, match="at most 100"):
        protocol.read(taking(data[:12]), 100)


def test_python_objects_never_cross():
    with pytest.raises(TypeError):
        protocol.encode(Message("answered", {}, {"a": np.array([object()])}))


@given(st.binary(max_size=200))
def test_random_bytes_are_an_error_and_nothing_else(data):
    with pytest.raises((BadFrame, EOFError)):
        protocol.read(taking(data), 1000)


@given(st.binary(max_size=120))
def test_random_headers_are_an_error_and_nothing_else(header):
    with pytest.raises((BadFrame, EOFError)):
        protocol.read(taking(struct.pack("<IQ", len(header), 0) + header), 1000)


@pytest.mark.parametrize(
    "array",
    [
        '{"name":"a","dtype":"O","shape":[1]}',
        '{"name":"a","dtype":"<f8","shape":[-1]}',
        '{"name":"a","dtype":"<f8","shape":[99999999999999]}',
        '{"name":"a","dtype":"nonsense","shape":[1]}',
        '{"dtype":"<f8","shape":[1]}',
        "7",
    ],
)
def test_arrays_that_do_not_fit_their_frame_are_refused(array):
    header = f'{{"v":1,"word":"x","facts":{{}},"arrays":[{array}]}}'.encode()
    with pytest.raises(BadFrame):
        protocol.read(taking(struct.pack("<IQ", len(header), 8) + header + bytes(8)), 1000)


def test_another_version_is_refused():
    header = b'{"v":2,"word":"x","facts":{},"arrays":[]}'
    with pytest.raises(BadFrame, match="version 2"):
        protocol.read(taking(struct.pack("<IQ", len(header), 0) + header), 1000)
