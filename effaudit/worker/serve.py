"""Reads a word, does it, answers: until the pipe closes. Whatever a model does, the answer is a message or the process is dead."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
import traceback
from collections.abc import Callable

from effaudit.core import protocol
from effaudit.core.answer import BadAnswer
from effaudit.core.plugin import Refused
from effaudit.core.protocol import Message
from effaudit.core.system import TOO_LARGE
from effaudit.core.text import one_line
from effaudit.worker.desk import Desk

_ASKED_LIMIT = 1 << 30


def until_closed(incoming: int, outgoing: int, started_ns: int) -> None:
    """Serves the coordinator at the other ends of two pipes, who is told first which process the worker is."""

    def tell(share: float, text: str) -> None:
        _give(outgoing, protocol.encode(Message("progress", {"share": share, "text": text})))

    _give(outgoing, protocol.encode(Message("started", {"pid": os.getpid()})))
    desk = Desk(started_ns, tell)
    while True:
        try:
            message = protocol.read(lambda count: _take(incoming, count), _ASKED_LIMIT)
        except EOFError:
            return
        _give(outgoing, protocol.encode(answer(desk.does(message.word), message)))


def answer(does: Callable[[Message], Message], message: Message) -> Message:
    """The answer to one message, or `failed` with the reason in words."""
    try:
        return does(message)
    except Refused as refused:
        return _failed("refused", "open", str(refused))
    except BadAnswer as bad:
        return _failed("bad_answer", "", str(bad))
    except MemoryError as error:
        return _failed(
            "out_of_memory", "", f"asked for more memory than its limit allows ({one_line(str(error)) or 'MemoryError'})"
        )
    except SystemExit as left:
        return _failed("ended", "", f"called sys.exit({left.code!r})")
    except Exception as error:  # a model's own code may raise anything: it is told, with its traceback in the log
        with contextlib.suppress(OSError):  # the log may have no room
            traceback.print_exc()
            sys.stderr.flush()
        hints = "".join(f". {one_line(note, 300)}" for note in getattr(error, "__notes__", ()))
        code = TOO_LARGE if isinstance(error, OSError) and error.errno == errno.EFBIG else "raised"
        return _failed(code, "", f"raised {type(error).__name__}: {one_line(str(error), 500)}{hints}")


def _failed(code: str, stage: str, reason: str) -> Message:
    return Message("failed", {"code": code, "stage": stage, "reason": reason})


def _take(pipe: int, count: int) -> bytes:
    parts = []
    while count:
        part = os.read(pipe, min(count, 1 << 20))
        if not part:
            raise EOFError
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


def _give(pipe: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(pipe, view) :]
