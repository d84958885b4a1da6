"""One resident worker: a process that is asked over two pipes, watched while it works, and ended with all it started."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from effaudit.core import keeper, protocol
from effaudit.core.protocol import Message
from effaudit.core.reading import Failure
from effaudit.core.store import Array
from effaudit.core.text import last_words, one_line
from effaudit.core.units import show
from effaudit.process import tree

_LOOK_EVERY_S = 0.1
_LOG_LIMIT = 16 << 20
_SMALL_REPLY = 4 << 20
_ENDING_S = 1.0


class Fault(Exception):
    """A worker could not do what it was asked. `failure` says with a code what stood in the way, at which stage, and why."""

    def __init__(self, code: str, stage: str, reason: str) -> None:
        self.failure = Failure(code, stage, reason)
        super().__init__(self.failure.words)


class Halted(Exception):
    """A worker was ended because the audit was interrupted, which says nothing about its candidate."""


@dataclass(frozen=True)
class Limits:
    """What a worker may use: resident bytes of all its processes together, and how many of those there may be."""

    memory: int
    processes: int = 64


class Worker:
    """A started worker. Everything it prints goes to `log`; it dies with this process, and so does all that it started.

    The process started is the worker itself, or its keeper (`core/keeper.py`), which is none of the candidate's processes.
    """

    def __init__(
        self,
        argv: list[str],
        environment: Mapping[str, str],
        limits: Limits,
        log: Path,
        token: str,
        halt: threading.Event | None = None,
    ) -> None:
        self.log = log
        self.limits = limits
        self._token = token + "."  # closed, so that no token is the beginning of another
        self._halt = halt or threading.Event()
        self._allowed_s = 0.0
        self.started = time.monotonic()
        marked = dict(environment) | {
            tree.TOKEN: self._token,
            "EFFAUDIT_STARTED_NS": str(time.monotonic_ns()),
            keeper.COORDINATOR: str(os.getpid()),
        }
        with log.open("ab") as printed:
            self._process = subprocess.Popen(  # its own session: one kill reaches the whole group, Ctrl-C reaches only us
                argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=printed, env=marked, start_new_session=True, bufsize=0
            )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._to = self._process.stdin.fileno()
        self._from = self._process.stdout.fileno()
        os.set_blocking(self._to, False)
        self._pid: int | None = None
        self._ended = False

    @property
    def pid(self) -> int:
        """The worker's process, which is known with its first answer; before that, its keeper's."""
        return self._pid or self._process.pid

    @property
    def processes(self) -> list[int]:
        """The candidate's processes: the worker and all that it started, wherever that has gone. Its keeper is none of them."""
        return tree.started_by(self._process.pid) if self._kept else tree.members(self._process.pid)

    def ask(
        self,
        word: str,
        facts: Mapping[str, Any] | None = None,
        arrays: Mapping[str, Array] | None = None,
        *,
        stage: str,
        timeout_s: float,
        reply_limit: int = _SMALL_REPLY,
        tell: Callable[[float, str], None] | None = None,
    ) -> Message:
        """Sends a word and waits for the answer. Raises Fault, and Halted when interrupted, after which the worker is gone.

        `tell` hears how far a long task has come: the share done, and a few words.
        """
        until = time.monotonic() + timeout_s
        self._allowed_s = timeout_s
        try:
            if self._ended:  # its pipes are closed, and their numbers may be another file's by now
                raise _Gone("ended", "its worker has ended")
            if self._halt.is_set():
                raise Halted
            self._send(protocol.encode(Message(word, facts or {}, arrays or {})), until)
            answer = self._hear(until, reply_limit)
            while answer.word in ("started", "progress"):
                if answer.word == "started":
                    self._introduce(answer.facts.get("pid"))
                elif tell is not None:
                    tell(float(answer.facts.get("share", 0.0)), one_line(str(answer.facts.get("text", "")), 80))
                answer = self._hear(until, reply_limit)
        except _Gone as gone:
            code, reason = (gone.code, gone.reason) if gone.reason else self._death()
            self.end()
            raise Fault(code, stage, reason) from None
        except protocol.BadFrame as bad:
            self.end()
            raise Fault("broke_protocol", stage, f"its worker broke the protocol: {bad}{self._words()}") from None
        except BaseException:
            self.end()
            raise
        if answer.word == "failed":
            self.end()
            reason = str(answer.facts.get("reason"))
            raise Fault(str(answer.facts.get("code")), str(answer.facts.get("stage") or stage), reason + self._words(reason))
        return answer

    def resident(self) -> int:
        """Resident bytes of the worker and what it started."""
        return tree.resident(self.processes)

    def cpu_seconds(self) -> float:
        """CPU seconds that the worker and what it started have used so far; 0 when they are gone."""
        orphans = tree.orphans_cpu_seconds(self._process.pid) if self._kept else 0.0
        return tree.cpu_seconds(self.processes) + orphans

    def check_memory(self, held: int, stage: str) -> None:
        """Raises Fault where a worker says that it holds more than it may."""
        if held > self.limits.memory:
            raise Fault("out_of_memory", stage, self._too_much(held))

    def end(self) -> None:
        """Ends the worker and everything it started. Harmless when it has ended already.

        Its keeper is asked first, who misses nothing; what is known by its token is ended in any case.
        """
        if self._kept:
            self._process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(_ENDING_S)
        self._ended = True
        tree.end(self._process.pid, self._token)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(5)

    @property
    def _kept(self) -> bool:
        return self.pid != self._process.pid

    def _hear(self, until: float, limit: int) -> Message:
        return protocol.read(lambda count: self._take(count, until), limit)

    def _introduce(self, pid: Any) -> None:
        """The worker says which process it is: the one that was started, or a child of that, which is then its keeper.

        A process that is neither is not believed; one that has ended meanwhile is met at the next read.
        """
        if self._pid is None and pid in tree.members(self._process.pid):
            self._pid = int(pid)

    def _send(self, data: bytes, until: float) -> None:
        view = memoryview(data)
        while view:
            self._wait(until, writing=True)
            try:
                view = view[os.write(self._to, view[: 1 << 20]) :]
            except BlockingIOError:
                continue
            except OSError as error:
                raise _Gone from error

    def _take(self, count: int, until: float) -> bytes:
        parts: list[bytes] = []
        while count:
            self._wait(until, writing=False)
            part = os.read(self._from, min(count, 1 << 20))
            if not part:
                raise _Gone
            parts.append(part)
            count -= len(part)
        return b"".join(parts)

    def _wait(self, until: float, *, writing: bool) -> None:
        poll = select.poll()
        poll.register(self._to if writing else self._from, select.POLLOUT if writing else select.POLLIN)
        while not poll.poll(_LOOK_EVERY_S * 1000):
            if self._halt.is_set():
                raise Halted
            if self._process.poll() is not None:
                raise _Gone
            if time.monotonic() > until:
                raise _Gone("timed_out", f"did not answer within {show(self._allowed_s, 's')}; killed{self._words()}")
            self._watch()

    def _watch(self) -> None:
        pids = self.processes
        if len(pids) > self.limits.processes:
            raise _Gone("too_many_processes", f"started more than {self.limits.processes} processes; killed")
        held = tree.resident(pids)
        if held > self.limits.memory:
            raise _Gone("out_of_memory", self._too_much(held))
        with contextlib.suppress(OSError):
            if self.log.stat().st_size > _LOG_LIMIT:
                os.truncate(self.log, 0)

    def _too_much(self, held: int) -> str:
        return f"held {show(held, 'B')} of memory, more than the limit of {show(self.limits.memory, 'B')}; killed"

    def _death(self) -> tuple[str, str]:
        """Of a process that is gone: a code and the words for people."""
        try:
            code = self._process.wait(2)
        except subprocess.TimeoutExpired:
            return "ended", "its worker closed its pipe without answering" + self._words()
        if code < 0:
            with contextlib.suppress(ValueError):
                return "crashed", f"crashed with {signal.Signals(-code).name}" + self._words()
        return "ended", f"ended its own process with exit code {code}" + self._words()

    def _words(self, said: str = "") -> str:
        with contextlib.suppress(OSError):
            size = self.log.stat().st_size
            with self.log.open("rb") as log:
                log.seek(max(0, size - 8192))
                words = last_words(log.read().decode("utf-8", "replace"), said)
            return f"\nits last words: {words}" if words else ""
        return ""


class _Gone(Exception):
    """Why a worker was ended; without a reason, it has ended by itself."""

    def __init__(self, code: str = "ended", reason: str = "") -> None:
        super().__init__(reason or "gone")
        self.code = code
        self.reason = reason
