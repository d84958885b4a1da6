"""Signals that interrupt: SIGTERM and SIGHUP as Ctrl-C does, once, and none while what was won is written down."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from types import FrameType

NAMES = ("SIGINT", "SIGTERM", "SIGHUP")


@dataclass
class Interruptions:
    """What was heard while signals are heeded: each raises KeyboardInterrupt, until `finish` is called."""

    heard: int = 0
    finishing: bool = False

    @property
    def exit_code(self) -> int:
        """128 + the signal that came first, as shells say it; 130 without one."""
        return 128 + (self.heard or signal.SIGINT)

    def finish(self) -> None:
        """From now on signals end nothing: the command is ending already."""
        self.finishing = True

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """The handler."""
        self.heard = self.heard or number
        if not self.finishing:
            raise KeyboardInterrupt


@contextlib.contextmanager
def heeded() -> Iterator[Interruptions]:
    """Interrupts on SIGINT, SIGTERM and SIGHUP, but not on those that are ignored (nohup). Restored after."""
    interruptions = Interruptions()
    with _handled(interruptions, (signal.SIG_DFL, signal.default_int_handler)):
        yield interruptions


@contextlib.contextmanager
def uninterrupted() -> Iterator[None]:
    """Lets signals pass that would interrupt; those that end the process at once still do. Restored after."""
    with _handled(lambda *_: None, ()):
        yield


@contextlib.contextmanager
def _handled(handler: signal._HANDLER, replaced: tuple[signal._HANDLER, ...]) -> Iterator[None]:
    """Installs a handler in place of some others, or, where none are named, of all that are Python's."""
    before: dict[int, signal._HANDLER] = {}
    if threading.current_thread() is threading.main_thread():
        for number in (getattr(signal, name) for name in NAMES if hasattr(signal, name)):
            found = signal.getsignal(number)
            if found in replaced if replaced else callable(found) and not isinstance(found, signal.Handlers):
                before[number] = found
                signal.signal(number, handler)
    try:
        yield
    finally:
        for number, found in before.items():
            signal.signal(number, found)
