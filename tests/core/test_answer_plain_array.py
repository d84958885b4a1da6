"""An answer is finished when it is a plain array; what is not one yet is made one, or refused."""

from __future__ import annotations

from concurrent.futures import Future

import numpy as np
import pytest

from effaudit.core.answer import BadAnswer, Vocabulary, finished, plain_array
from effaudit.core.workload import Column, Workload


class Lazy:
    """Computes when it is read, as arrays of dask and jax do."""

    def __init__(self, values, log):
        self.values, self.log, self.shape = values, log, np.shape(values)

    def __array__(self, dtype=None, copy=None):
        self.log.append("computed")
        return np.asarray(self.values, dtype=dtype)


def test_a_plain_array_is_handed_on_as_it_is():
    array = np.arange(6.0).reshape(3, 2)
    assert plain_array(array) is array


@pytest.mark.parametrize("output", ["values", "probabilities", "labels", "logits", None])
def test_a_lazy_answer_is_computed_once_when_it_is_finished(output):
    log = []
    found = (finished(output) or plain_array)(Lazy([[0.25, 0.75]], log))
    assert log == ["computed"]
    assert type(found) is np.ndarray


@pytest.mark.parametrize("raw", [np.arange(6.0)[::2], np.broadcast_to(1.0, (3, 2)), np.arange(6.0).reshape(2, 3).T, [[1.0], [2.0]]])
def test_views_and_lists_become_contiguous_arrays_of_the_same_values(raw):
    found = plain_array(raw)
    assert found.flags.c_contiguous
    np.testing.assert_array_equal(found, np.asarray(raw))


def test_subclasses_cannot_hide_work_behind_an_array():
    class Sly(np.ndarray):
        pass

    assert type(plain_array(np.arange(3.0).view(Sly))) is np.ndarray


def test_a_tensor_is_an_array_and_one_that_needs_gradients_is_refused():
    torch = pytest.importorskip("torch")
    np.testing.assert_array_equal(plain_array(torch.ones(2, 1)), np.ones((2, 1)))
    with pytest.raises(BadAnswer, match="type Tensor, which is no array"):
        plain_array(torch.ones(2, requires_grad=True))
    with pytest.raises(BadAnswer, match="type Tensor, which is no array"):
        plain_array(torch.ones(2, device="meta"))


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (None, "answered None"),
        (Future(), "type Future"),
        (1.0, "an entry for each row"),
        ({"y": np.ones(3)}, "type dict"),
        (np.ma.masked_array([1.0, 2.0], [True, False]), "masked array"),
        ([[1.0], [1.0, 2.0]], "which is no array"),
    ],
)
def test_what_is_no_array_is_refused_with_what_it_is(raw, words):
    with pytest.raises(BadAnswer, match=words):
        plain_array(raw)


def test_labels_are_words_or_numbers_and_nothing_that_would_only_make_them():
    workload = Workload(
        "classification", "", (Column("a", "float64"),), ("y",), ("no", "yes"), {}, "row", "independent", {}, {}, {}, (), (1,)
    )
    vocabulary = Vocabulary(workload, {})
    np.testing.assert_array_equal(vocabulary.codes(np.array(["yes", "no"], dtype=object), 2), [1, 0])
    late = np.empty(2, dtype=object)
    late[:] = [Future(), Future()]
    with pytest.raises(BadAnswer, match="type Future instead of a label"):
        vocabulary.codes(late, 2)
