"""SIGTERM and SIGHUP interrupt as Ctrl-C does, once; handlers of others, and what is ignored, stay as they were."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from effaudit.core.interruptions import heeded, uninterrupted

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="signals of POSIX")
ALL = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@pytest.fixture(autouse=True)
def handlers():
    before = {number: signal.signal(number, default) for number, default in zip(ALL, STANDARD, strict=True)}
    yield
    for number, found in before.items():
        signal.signal(number, found)


STANDARD = (signal.default_int_handler, signal.SIG_DFL, signal.SIG_DFL)


def found():
    return tuple(signal.getsignal(number) for number in ALL)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_each_interrupts_with_its_own_exit_code_and_is_restored(number, code):
    with heeded() as interruptions:
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), number)
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
        assert interruptions.exit_code == code  # of the first
    assert found() == STANDARD


def test_once_it_is_ending_a_signal_changes_nothing():
    with heeded() as interruptions:
        interruptions.finish()
        for number in ALL:
            os.kill(os.getpid(), number)
    assert found() == STANDARD


def test_what_whoever_started_it_wants_ignored_stays_ignored():
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with heeded():
        os.kill(os.getpid(), signal.SIGHUP)
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN


def test_handlers_of_others_are_left_alone():
    heard = []
    signal.signal(signal.SIGTERM, lambda number, _: heard.append(number))
    with heeded():
        os.kill(os.getpid(), signal.SIGTERM)
    assert heard == [signal.SIGTERM]


def test_while_results_are_written_no_interruption_gets_through():
    with heeded(), uninterrupted():
        for number in ALL:
            os.kill(os.getpid(), number)
    with uninterrupted():
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL  # a process that heeds no SIGTERM still ends with it
        os.kill(os.getpid(), signal.SIGINT)
    assert found() == STANDARD


def test_threads_other_than_the_main_one_change_no_handlers():
    seen = []

    def work():
        with heeded(), uninterrupted():
            seen.append(found())

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [STANDARD]
