"""What a worker sends back of a timed request, to be compared with what was scored."""

from __future__ import annotations

import dataclasses
import time
from contextlib import nullcontext
from types import SimpleNamespace

import numpy as np
import pytest

from effaudit.core.answer import probabilities
from effaudit.core.candidate import Contract
from effaudit.core.plugin import Refused
from effaudit.core.protocol import Message
from effaudit.core.store import StoreWriter
from effaudit.core.workload import Column, Workload
from effaudit.worker.asking import Asked, Calls
from effaudit.worker.blocks import Kept
from effaudit.worker.desk import COMPARED_ROWS, Desk


def desk(tmp_path, rows=200):
    """A single-precision network whose logits are finished in double precision."""
    random = np.random.default_rng(0)
    writer = StoreWriter(tmp_path / "s", ["a"], {})
    writer.add("certify", {"a": random.normal(size=rows)}, np.zeros(rows), np.arange(rows))
    workload = Workload(
        "classification", "", (Column("a", "float64"),), ("y",), ("0", "1"), {}, "row", "independent", {}, {}, {}, (), (1,)
    )
    predict = lambda request: np.column_stack([request["a"], -request["a"]]).astype(np.float32)  # noqa: E731
    calls = Calls(lambda request: probabilities(predict(request)), predict, None)
    vocabulary = SimpleNamespace(names=("0", "1"))
    asked = Asked(
        None,
        Contract(output="logits", classes=("0", "1")),
        ("a",),
        lambda split: calls,
        vocabulary,
        workload,
        writer.close(),
        lambda _: nullcontext(),
    )
    found = Desk(0, lambda *_: None)
    found._asked = asked
    return found, asked


def test_some_rows_of_a_timed_answer_are_sent_with_the_type_that_the_model_answers_in(tmp_path):
    own, asked = desk(tmp_path)
    for count in (1, 150):
        rows = np.arange(count)
        (request,) = asked.requests(rows, count)
        answer = asked.ask(request)
        reply = own._with_kept(Message("timed", {"calls": 1}), Kept(answer, rows), Message("parallel", {"compare": "scored"}))
        sent = reply.arrays["compared.rows"]
        assert len(sent) == min(count, COMPARED_ROWS)
        np.testing.assert_array_equal(reply.arrays["compared.scores"], answer[sent])
        assert reply.facts["dtype"] == "float32"  # also in a worker that was asked nothing else before
        assert reply.facts["calls"] == 1


def test_where_answers_depend_on_the_request_it_is_asked_again(tmp_path):
    own, asked = desk(tmp_path)
    rows = np.arange(5)
    (request,) = asked.requests(rows, 5)
    reply = own._with_kept(Message("timed"), Kept(asked.ask(request), rows), Message("block", {"compare": "again"}))
    np.testing.assert_array_equal(reply.arrays["again.scores"], reply.arrays["compared.scores"])


def test_nothing_is_sent_where_nothing_is_compared(tmp_path):
    own, _ = desk(tmp_path)
    reply = Message("timed", {"calls": 1})
    assert own._with_kept(reply, Kept(None, np.arange(1)), Message("block")) is reply


def test_a_slower_rule_of_its_own_for_labels_is_timed_beside_what_is_timed(tmp_path):
    own, asked = desk(tmp_path)
    with pytest.raises(Refused, match="no rule of its own"):
        own._own_rule(Message("own_rule", {"batch": 1}))
    calls = Calls(lambda _: None, lambda _: None, lambda _: time.sleep(0.002))
    own._asked = dataclasses.replace(asked, calls=lambda split: calls)
    facts = own._own_rule(Message("own_rule", {"batch": 50})).facts
    assert facts["timed"] < 2_000_000 <= facts["own"]
