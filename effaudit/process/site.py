"""Where an audit's workers run: the engine, the data and the limits they all share."""

from __future__ import annotations

import itertools
import os
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from effaudit.core.candidate import Candidate
from effaudit.core.files import own_file, own_folder
from effaudit.core.plugin import Engine
from effaudit.core.settings import Assumptions, Settings
from effaudit.core.store import INDEX
from effaudit.core.wire import pack
from effaudit.core.workload import Workload
from effaudit.process.resident import Limits, Worker

LIBRARIES_ALLOWANCE = 2 * 10**9
"""Resident bytes that a worker may hold beside the model's own limit: the interpreter and the frameworks."""

OPENING_S = 60.0
"""A worker may take so long to import its libraries and open a model, however short the time for one answer is."""


@dataclass(frozen=True)
class Site:
    """Starts workers. `logs` receives what they print; `token` marks their processes."""

    engine: Engine
    workload: Workload
    settings: Settings
    assumptions: Assumptions
    seed: int
    logs: Path
    token: str
    halt: threading.Event = field(default_factory=threading.Event, repr=False)
    """Set to end all workers: the audit was interrupted."""
    opening_s: float = OPENING_S
    """Opening may take so long, or as long as one answer may where that is longer."""
    _numbers: Iterator[int] = field(default_factory=itertools.count, repr=False)

    def start(self, candidate: Candidate | None, purpose: str) -> Worker:
        """A worker that has nothing open yet."""
        threads = candidate.threads if candidate else self.settings.threads
        number = next(self._numbers)
        return Worker(
            self.engine.command(candidate),
            self.engine.environment(candidate, threads),
            Limits(self.settings.memory_limit + LIBRARIES_ALLOWANCE),
            self._log(f"{candidate.name if candidate else 'data'}-{purpose}.log"),
            f"{self.token}/{number}",
            self.halt,
        )

    def open(
        self, candidate: Candidate, purpose: str, incarnation: int = 0, *, watch_files: bool = False
    ) -> tuple[Worker, Mapping[str, Any]]:
        """A worker with the candidate open, and what opening it took. Raises Fault.

        `watch_files`: it notes every file that it opens, which costs a little time at each.
        """
        worker = self.start(candidate, purpose)
        facts = {
            "candidate": pack(candidate),
            "workload": pack(self.workload),
            "settings": pack(self.settings),
            "assumptions": pack(self.assumptions),
            "seed": self.seed,
            "incarnation": incarnation,
            "watch_files": watch_files,
        }
        opened = worker.ask("open", facts, stage="open", timeout_s=max(self.settings.timeout_s, self.opening_s))
        return worker, opened.facts

    def _log(self, name: str) -> Path:
        """A log file that is no link. Raises InputError, and FileNotFoundError where the run's folder or its data are gone."""
        path = own_folder(self.logs) / name
        os.close(own_file(path, os.O_WRONLY))
        if self.workload.store:
            (Path(self.workload.store) / INDEX).stat()
        return path
