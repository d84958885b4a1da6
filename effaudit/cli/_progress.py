"""Progress with the time left: a bar on a terminal, lines when asked for, nothing otherwise."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TextIO

from effaudit.core.plan import Plan

Tell = Callable[[str, float, str], None]


@dataclass
class Course:
    """How far an audit has come: stages with the seconds they are expected to take, in order."""

    expected_s: Mapping[str, float]
    clock: Callable[[], float] = time.monotonic
    _begun: float = field(init=False)
    _furthest: float = 0.0

    def __post_init__(self) -> None:
        self._begun = self.clock()

    def at(self, stage: str, share: float) -> tuple[float, float]:
        """The share of everything that is done, and the seconds left, as far as this run's own pace tells."""
        names = list(self.expected_s)
        place = names.index(stage) if stage in names else len(names)
        whole = sum(self.expected_s.values()) or 1.0
        done = sum(self.expected_s[name] for name in names[:place]) + self.expected_s.get(stage, 0.0) * min(max(share, 0.0), 1.0)
        passed = self.clock() - self._begun
        pace = passed / done if done > 0.05 * whole else 1.0
        self._furthest = max(self._furthest, done / whole)  # tasks side by side tell of their shares in any order
        return self._furthest, max(0.0, (whole - done) * pace)


def course_of(plan: Plan) -> Course:
    """What a plan may take, roughly; its own pace corrects it."""
    given, made = len(plan.candidates), len(plan.jobs)
    candidates = given + made
    finalists = 0 if plan.settings.codecarbon == "off" else candidates if plan.settings.codecarbon == "all" else min(4, candidates)
    return Course(
        {
            "data": 5.0,
            "candidates": 6.0 * given,
            "compress": 12.0 * made,
            "timing": plan.settings.budget_s + 2.5 * (candidates + 2) * plan.settings.restarts,
            "metrics": 1.0 * candidates,
            "energy": 14.0 * finalists,
        }
    )


@contextlib.contextmanager
def shown(course: Course, how: str, stream: TextIO | None = None) -> Iterator[Tell]:
    """`how`: auto (a bar on a terminal, else nothing), lines (one for each stage), off. By default on the standard error."""
    stream = sys.stderr if stream is None else stream
    if how == "auto" and stream.isatty():
        with _bar(course, stream) as tell:
            yield tell
    elif how == "lines":
        yield _lines(course, stream)
    else:
        yield _silence


@contextlib.contextmanager
def _bar(course: Course, stream: TextIO) -> Iterator[Tell]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    columns = (
        TextColumn("{task.fields[stage]:<10}"),
        BarColumn(30),
        TextColumn("{task.percentage:>3.0f} %  {task.fields[left]}  {task.fields[text]}"),
    )
    with Progress(*columns, console=Console(file=stream), transient=True) as progress:
        task = progress.add_task("", total=1.0, stage="data", left="", text="")

        def tell(stage: str, share: float, text: str) -> None:
            done, left = course.at(stage, share)
            progress.update(task, completed=done, stage=stage, left=_left(left), text=text[:60].replace("[", "("))

        yield tell


def _silence(*_: object) -> None:
    """Nobody looks."""


def _lines(course: Course, stream: TextIO) -> Tell:
    said: list[str] = []

    def tell(stage: str, share: float, _: str) -> None:
        if stage not in said:
            said.append(stage)
            done, left = course.at(stage, share)
            print(f"{100 * done:3.0f} %  {_left(left):<14} {stage}", file=stream, flush=True)

    return tell


def _left(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d} left"
