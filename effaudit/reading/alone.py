"""Reads the data of a plan in a process of its own, whose memory has a limit: whatever a file becomes, effaudit ends in words.

`python -P -m effaudit.reading.alone` is that process: it is told by one pickled message of its own parent, and answers in JSON.
"""

from __future__ import annotations

import json
import os
import pickle
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from effaudit.core.errors import InputError, Place
from effaudit.core.limits import bind_memory, die_with_parent
from effaudit.core.plan import Data
from effaudit.core.store import Store
from effaudit.core.text import last_words, listed, one_line
from effaudit.core.wire import pack, unpack
from effaudit.core.workload import Workload
from effaudit.process import tree
from effaudit.reading import bounds
from effaudit.reading.data import build_store

ARENAS = {"ARROW_DEFAULT_MEMORY_POOL": "system", "MALLOC_ARENA_MAX": "2", "OPENBLAS_NUM_THREADS": "1"}
"""No library sets memory aside that it may never use."""


@dataclass(frozen=True)
class _Task:
    """What is to be read, by whom it is asked, and the most bytes of memory that it may take."""

    data: Data
    folder: Path
    needs_search: bool
    seed: int
    parent: int
    limit: int


def read_data(data: Data, folder: Path, needs_search: bool, seed: int, token: str) -> tuple[Workload, Store]:
    """As `build_store` does, files in a process that takes 1 GB of memory, or 100 times what they take on the disk, at most.

    What is in memory already is read here. `token` marks the process as one of the audit's. Raises InputError.
    """
    files = _files(data)
    if files is None:
        return build_store(data, folder, needs_search, seed)
    limit = bounds.memory(files)
    task = _Task(data, folder, needs_search, seed, os.getpid(), limit)
    code, reply, said = _done(task, token)
    if "workload" in reply:
        return unpack(Workload, reply["workload"]), Store(folder)
    if "wrong" in reply:
        place = unpack(Place, reply["place"]) if reply["place"] else None
        raise InputError(reply["wrong"], place, reply["advice"])
    if "system" in reply:
        raise OSError(*reply["system"])
    named = listed((one_line(file.name, 80) for file in files), 4)
    if reply.get("full") or _is_out_of_memory(code, said):
        what = f"reading {named} takes more than {limit / 1e9:,.1f} GB of memory"
        advice = "So much may files of their size take, or is free. Give fewer rows or columns, or write them without compression."
        raise InputError(what, Place(str(files[0])), advice)
    if code < 0:
        what = f"reading {named} ended the process that read ({signal.Signals(-code).name})"
        raise InputError(what, Place(str(files[0])), "The file is damaged, or made to do harm: write it again.")
    raise RuntimeError(f"reading {named} failed: {last_words(said)}")


def _files(data: Data) -> list[Path] | None:
    """All files that the data is in; None where something is in memory."""
    files: list[Path] = []
    for source in data.sources.values():
        named = list(source.values()) if isinstance(source, Mapping) else [source]
        if not all(isinstance(one, Path) for one in named):
            return None
        files += named
    return files


def _done(task: _Task, token: str) -> tuple[int, dict[str, Any], str]:
    """The exit code of the process, its reply, and what was printed."""
    marked = os.environ | ARENAS | {tree.TOKEN: f"{token}/data."}
    with tempfile.TemporaryFile() as printed:
        command = [sys.executable, "-P", "-m", "effaudit.reading.alone"]
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=printed, env=marked, start_new_session=True
        )
        try:
            answer, _ = process.communicate(pickle.dumps(task))
        except BaseException:
            process.kill()
            process.wait()
            raise
        printed.seek(max(0, printed.seek(0, os.SEEK_END) - 20_000))
        said = printed.read().decode("utf-8", "replace")
    try:
        reply = json.loads(answer)
    except ValueError:
        reply = {}
    return process.returncode, reply if isinstance(reply, dict) else {}, said


def _is_out_of_memory(code: int, said: str) -> bool:
    """Did a library end the process for want of memory, in its own words?"""
    return code != 0 and ("bad_alloc" in said or "MemoryError" in said or "cannot allocate memory" in said.lower())


def main() -> None:
    """Reads what the parent asks for."""
    task: _Task = pickle.load(sys.stdin.buffer)  # noqa: S301 - our own parent's
    reply = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what libraries print is no reply
    die_with_parent(task.parent)
    _imported()
    bind_memory(task.limit)
    json.dump(_reply(task), reply)
    reply.close()


def _imported() -> None:
    """The libraries that read, whose own memory does not count."""
    import numpy  # noqa: F401

    for name in ("pandas", "pyarrow.parquet"):
        try:
            __import__(name)
        except ImportError:
            continue  # a plan of npz files needs none; what needs it says so


def _reply(task: _Task) -> dict[str, Any]:
    try:
        workload, _ = build_store(task.data, task.folder, task.needs_search, task.seed)
    except InputError as error:
        if _for_want_of_memory(error):
            return {"full": True}
        return {"wrong": error.what, "place": pack(error.place), "advice": error.advice}
    except MemoryError:
        return {"full": True}
    except OSError as error:
        named = error.filename if isinstance(error.filename, (str, bytes)) else ""
        return {"system": [error.errno, error.strerror or str(error), os.fsdecode(named) or None]}
    return {"workload": pack(workload)}


def _for_want_of_memory(error: BaseException) -> bool:
    cause = error.__cause__
    return isinstance(error, MemoryError) or (cause is not None and _for_want_of_memory(cause))


if __name__ == "__main__":
    main()
