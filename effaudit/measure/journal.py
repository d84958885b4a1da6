"""What an audit has won so far: a file that only grows, one frame per finished piece, readable after any kind of end."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from effaudit.core import protocol
from effaudit.core.protocol import BadFrame, Message

_FRAME_LIMIT = 1 << 30


class Journal:
    """Appends messages. The first one says for which audit they hold; a journal of another audit is begun anew."""

    def __init__(self, path: Path, key: str) -> None:
        self.path = path
        self._lock = threading.Lock()
        kept, length = _read(path)
        if kept and kept[0].facts.get("key") == key:
            self.earlier: tuple[Message, ...] = tuple(kept[1:])
            self._file: BinaryIO = path.open("r+b")
            self._file.truncate(length)  # a frame cut short by a crash
            self._file.seek(length)
        else:
            self.earlier = ()
            self._file = path.open("wb")
            self.add(Message("audit", {"key": key}))

    def add(self, message: Message) -> None:
        """Appends one finished piece; it is in the system's hands when this returns, whatever becomes of this process."""
        frame = protocol.encode(message)
        with self._lock:
            self._file.write(frame)
            self._file.flush()

    def of(self, word: str) -> list[Message]:
        """The earlier pieces of one kind, in order."""
        return [message for message in self.earlier if message.word == word]

    def close(self) -> None:
        """Keeps the file, for a later start to go on from."""
        self._file.close()

    def discard(self) -> None:
        """The record is written: what led to it is no longer needed."""
        self._file.close()
        self.path.unlink(missing_ok=True)


def _read(path: Path) -> tuple[list[Message], int]:
    if not path.exists():
        return [], 0
    stream = io.BytesIO(path.read_bytes())
    kept = list(_frames(stream))
    return [message for message, _ in kept], kept[-1][1] if kept else 0


def _frames(stream: io.BytesIO) -> Iterator[tuple[Message, int]]:
    def take(count: int) -> bytes:
        data = stream.read(count)
        if len(data) < count:
            raise EOFError
        return data

    while True:
        try:
            message = protocol.read(take, _FRAME_LIMIT)
        except (EOFError, BadFrame):
            return
        yield message, stream.tell()
