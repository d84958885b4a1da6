"""The standard streams of a command: there, open to any character, and no matter whether anybody still reads them."""

from __future__ import annotations

import errno
import io
import os
import sys
from typing import Any, TextIO

_NOBODY_READS = (errno.EPIPE, errno.EIO)
"""Of a pipe whose reader has left (`| head -1`), and of a terminal that was closed."""


def settle() -> None:
    """Opens the streams that a container may have closed, and makes those that are there survive their readers."""
    _open_the_first_three()
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115, PTH123
            continue
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
        setattr(sys, name, _surviving(stream))


def give_up() -> None:
    """What could not be written, and was told, is not tried again when the process ends: that would be another exit code."""
    for stream in (sys.stdout, sys.stderr):
        buffer = getattr(stream, "buffer", None)
        file = getattr(buffer, "raw", buffer)
        if isinstance(file, _Surviving):
            file.given_up = True


class _Surviving(io.FileIO):
    """A file that takes whatever is written once nobody reads it any more, or it was given up after an error."""

    given_up = False

    def write(self, data: Any, /) -> int:
        try:
            return super().write(data)
        except OSError as error:
            if error.errno not in _NOBODY_READS and not self.given_up:
                raise
            return len(memoryview(data).cast("B"))


def _surviving(stream: TextIO) -> TextIO:
    """The same stream over such a file, where it is a plain one; what tests and notebooks put there stays."""
    buffer = getattr(stream, "buffer", None)
    if type(getattr(buffer, "raw", buffer)) is not io.FileIO or not isinstance(stream, io.TextIOWrapper):
        return stream
    stream.flush()
    raw = _Surviving(stream.fileno(), "wb", closefd=False)
    binary = raw if isinstance(buffer, io.RawIOBase) else io.BufferedWriter(raw)
    return io.TextIOWrapper(
        binary,
        stream.encoding,
        stream.errors,
        line_buffering=stream.line_buffering,
        write_through=stream.write_through,
    )


def _open_the_first_three() -> None:
    """A file that is opened later must not become what libraries take for the standard output."""
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(descriptor, True)
    os.close(descriptor)
