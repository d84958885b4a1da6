"""What an audit has won so far: a file that only grows, one frame per finished piece, readable after any kind of end.

The file begins with HEAD. A frame is its number and the length of its message (both little-endian, 8 bytes), the message as the
protocol writes it, and the first 16 bytes of the BLAKE2b hash of all that and of the frame before it: a frame that was changed,
moved, left out or written twice is noticed, and everything from there on is left aside.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import struct
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from effaudit.core import protocol
from effaudit.core.files import own_file
from effaudit.core.notes import Note, coded
from effaudit.core.protocol import BadFrame, Message

HEAD = b"effaudit journal 2\n"
ANEW, CUT = "journal_anew", "journal_cut"
NOTES = (ANEW, CUT)
"""The codes of what is said of a journal of which something was left aside."""

_FRAME = struct.Struct("<QQ")
_HASH = 16
_FRAME_LIMIT = 1 << 30
_FIRST_FORMAT = b'{"v": 1, "word": "audit", "facts": {"key": '
"""How the message of a journal began that had no checksums, behind 12 bytes of lengths."""


class Journal:
    """Appends messages. The first one says for which audit they hold; a journal of another audit is begun anew.

    `notes` say what could not be taken over of a journal that was there.
    """

    def __init__(self, path: Path, key: str) -> None:
        self.path = path
        self.earlier: tuple[Message, ...] = ()
        self.notes: tuple[Note, ...] = ()
        self._lock = threading.Lock()
        self._descriptor = own_file(path, os.O_RDWR)
        self._last = _hashed(HEAD)
        self._number = 0
        try:
            self._take_over(key)
        except BaseException:
            os.close(self._descriptor)
            raise

    def add(self, message: Message) -> None:
        """Appends one finished piece; it is in the system's hands when this returns, whatever becomes of this process.

        Raises OSError where it cannot be written, on a full disk; the file then ends with the piece before it.
        """
        with self._lock:
            frame, last = _framed(self._number, protocol.encode(message), self._last)
            self._write(frame)
            self._number, self._last = self._number + 1, last

    def of(self, word: str) -> list[Message]:
        """The earlier pieces of one kind, in order."""
        return [message for message in self.earlier if message.word == word]

    def close(self) -> None:
        """Keeps the file, for a later start to go on from."""
        with self._lock:
            if self._descriptor >= 0:
                os.close(self._descriptor)
            self._descriptor = -1

    def discard(self) -> None:
        """The record is written: what led to it is no longer needed."""
        self.close()
        self.path.unlink(missing_ok=True)

    def _take_over(self, key: str) -> None:
        size = os.fstat(self._descriptor).st_size
        with open(self._descriptor, "rb", closefd=False) as file:
            head = file.read(len(HEAD))
            frames = _frames(file) if head == HEAD else iter(())
            first = next(frames, None)
            kept = list(frames) if first and first[0].facts.get("key") == key else []
            old = head != HEAD and _is_first_format(head + file.read(64))
        if first is None or first[0].facts.get("key") != key:
            self.notes = _unread(size, head, known=first is not None, old=old)
            self._begin(key)
            return
        self.earlier = tuple(message for message, _, _ in kept)
        _, length, self._last = (kept or [first])[-1]
        self._number = 1 + len(kept)
        self.notes = _cut(length, size)
        self._end_at(length)

    def _begin(self, key: str) -> None:
        self._end_at(0)
        self._write(HEAD)
        self.add(Message("audit", {"key": key}))

    def _write(self, data: bytes) -> None:
        begin = os.lseek(self._descriptor, 0, os.SEEK_CUR)
        view = memoryview(data)
        try:
            while view:
                view = view[os.write(self._descriptor, view) :]
        except OSError as error:
            with contextlib.suppress(OSError):
                self._end_at(begin)
            error.filename = str(self.path)
            raise

    def _end_at(self, length: int) -> None:
        os.ftruncate(self._descriptor, length)
        os.lseek(self._descriptor, length, os.SEEK_SET)


def messages(path: Path) -> list[Message]:
    """All whole frames of a journal, the first included, which says for which audit they hold; none where there is none."""
    if not path.is_file():
        return []
    with path.open("rb") as file:
        return [message for message, _, _ in _frames(file)] if file.read(len(HEAD)) == HEAD else []


def is_journal(path: Path) -> bool:
    """Is this a journal that effaudit began, in its format of today or the one before?"""
    if path.is_symlink() or not path.is_file():
        return False
    with path.open("rb") as file:
        begin = file.read(256)
    return begin.startswith(HEAD) or _is_first_format(begin)


def _is_first_format(begin: bytes) -> bool:
    return begin[12:].startswith(_FIRST_FORMAT)


def _framed(number: int, data: bytes, last: bytes) -> tuple[bytes, bytes]:
    """A frame, and its hash, which the next one builds on."""
    frame = _FRAME.pack(number, len(data)) + data
    own = _hashed(last + frame)
    return frame + own, own


def _hashed(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=_HASH).digest()


def _frames(file: IO[bytes]) -> Iterator[tuple[Message, int, bytes]]:
    """Whole frames in their order, each with where it ends and its hash, up to the first that is not whole."""
    last, number = _hashed(HEAD), 0
    while True:
        lengths = file.read(_FRAME.size)
        if len(lengths) < _FRAME.size:
            return
        count, length = _FRAME.unpack(lengths)
        if count != number or length > _FRAME_LIMIT:
            return
        data, own = file.read(length), file.read(_HASH)
        if len(data) < length or own != _hashed(last + lengths + data):
            return
        try:
            message = protocol.read(_taking(data), _FRAME_LIMIT)
        except (EOFError, BadFrame):
            return
        last, number = own, number + 1
        yield message, file.tell(), own


def _taking(data: bytes) -> Callable[[int], bytes]:
    stream = io.BytesIO(data)

    def take(count: int) -> bytes:
        part = stream.read(count)
        if len(part) < count:
            raise EOFError
        return part

    return take


def _unread(size: int, head: bytes, *, known: bool, old: bool) -> tuple[Note, ...]:
    """Why nothing was taken over, where that is not because there was nothing, or another audit's."""
    if known or not size:
        return ()
    if old:
        return coded(ANEW, "the journal was of an earlier version of effaudit: everything was measured anew")
    begun = HEAD.startswith(head[: len(HEAD)]) and size <= len(HEAD)
    return () if begun else coded(ANEW, "the journal was damaged at its beginning: everything was measured anew")


def _cut(length: int, size: int) -> tuple[Note, ...]:
    if length == size:
        return ()
    left = f"the last {size - length:,} of its {size:,} bytes were left aside, and what they held was measured anew"
    return coded(CUT, f"the journal was damaged, or cut short when the audit ended: {left}")
