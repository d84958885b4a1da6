"""The five plug-in interfaces: all that someone who adds a format, technique, metric, output or engine must read.

A plug-in is one class in one file. Its name is the file's name (or its entry point's), its help is its docstring, and its
options are its fields: make it a frozen dataclass. Frameworks are imported inside methods, never at the top of the file.
"""

from __future__ import annotations

import importlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal

from effaudit.core.candidate import Artifact, Candidate, Contract, Facts
from effaudit.core.diff import Diff
from effaudit.core.notes import Note
from effaudit.core.observed import Answers, Ready, Seen
from effaudit.core.reading import Better, Reading
from effaudit.core.reading import Meaning as Meaning
from effaudit.core.record import Record
from effaudit.core.store import Array, Inputs, Store
from effaudit.core.verdict import Verdict
from effaudit.core.watch import Tally
from effaudit.core.workload import Workload

Predictor = Callable[[Inputs], Any]
"""Answers one request. Built once, called under the clock: it does every conversion the model needs, and nothing else."""


class Refused(Exception):
    """A model cannot be opened or written as asked; the message says what to write, run or install instead."""


class Model(ABC):
    """An opened model, in a worker."""

    native: Any
    """The library's own object."""
    takes_frames: ClassVar[bool] = False
    """Can it be given a DataFrame?"""
    hint: str = ""
    """What may be wrong when it raises, and what to write, where the model does not say how it is asked."""

    @abstractmethod
    def facts(self) -> Facts:
        """What can be counted in it."""

    @abstractmethod
    def contract(self) -> Contract:
        """What the file itself says of columns, dtypes, output and classes."""

    @abstractmethod
    def predictor(self, contract: Contract) -> Predictor:
        """A function from a request to the raw answer, of the kind that `contract.output` names.

        Probabilities and logits are an array (rows, classes), or (rows,) for the positive class; labels an array (rows,);
        values (rows,) or (rows, outputs). After preprocessing, a request is one array under the name "".
        """

    def labeller(self, contract: Contract) -> Predictor | None:
        """A function from a request to the labels of the library's own rule: (rows,), or (rows, labels) of several labels a row.

        None where the library has none, so that labels follow from scores.
        """
        return None

    def feeder(self, contract: Contract) -> Callable[[Inputs], Sequence[Any]]:
        """From a request to what `native` takes: an array (or a DataFrame) for each of its inputs, in their order.

        For techniques that run or trace the library's own object. Raises Refused where there is no such thing.
        """
        raise Refused(f"a {type(self.native).__name__} has no declared inputs")


class Format(ABC):
    """How a kind of model file is recognised, opened and written."""

    suffixes: ClassVar[tuple[str, ...]] = ()
    extra: ClassVar[str] = ""
    """What `pip install effaudit[…]` brings to read it."""
    modules: ClassVar[tuple[str, ...]] = ()
    """What opening imports, whatever the artifact."""
    package: ClassVar[str] = ""
    """Whose classes are its own: of several formats that claim a model in memory, the nearest package in its ancestry decides."""
    thread_safe: ClassVar[bool] = False
    """May several threads ask one opened model at once? If not, parallel callers are measured as processes."""

    @abstractmethod
    def recognises(self, path: Path, head: bytes) -> bool:
        """Is this file of this kind? `head` is its first 4 KB; nothing else may be read."""

    def load_libraries(self, artifact: Artifact) -> None:
        """Imports what opening this artifact needs: a worker does it first, to tell import time, load time and memory apart."""
        for module in self.modules:
            importlib.import_module(module)

    @abstractmethod
    def open(self, artifact: Artifact, threads: int) -> Model:
        """Opens the model in this process. Raises Refused, saying what to write, when it is not trusted or cannot be read."""

    def transformer(self, artifact: Artifact, contract: Contract) -> Callable[[Inputs], Array]:
        """Opens preprocessing: a function from a request, whose columns are as `contract` says, to one array (rows, features)."""
        raise Refused(f"preprocessing cannot be read from {artifact.format} files; write a scikit-learn transformer with skops")

    def native_transformer(self, artifact: Artifact) -> Any:
        """The library's own object behind preprocessing, for techniques that translate it."""
        raise Refused(f"preprocessing in {artifact.format} files cannot be taken apart")

    def watching(self, tally: Tally) -> AbstractContextManager[None]:
        """While it holds, models of this format count what they do not know of the data, and take for missing without a word."""
        return nullcontext()

    def claims(self, model: object) -> bool:
        """Is this in-memory object of this kind? Decided by its class's module, without importing anything."""
        return False

    def write(self, model: object, path: Path, example: Inputs) -> Artifact:
        """Writes an in-memory model in this format's native file. `path` has no suffix yet. Raises Refused when it cannot."""
        raise Refused(f"{type(model).__name__} cannot be written in this format")


@dataclass(frozen=True)
class Product:
    """What a technique made: a model and how it is asked. `figures` are counts worth telling, such as flipped labels."""

    artifact: Artifact
    contract: Contract
    preprocess: Artifact | None = None
    notes: tuple[Note, ...] = ()
    figures: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Workbench:
    """All that a technique works with. Its clock, seed and folder are given; the parent's files are never written to."""

    parent: Candidate | None
    workload: Workload
    store: Store
    seed: int
    budget_s: float
    threads: int
    scratch: Path
    formats: Callable[[str], Format]
    opened: Callable[[Candidate], tuple[Model, Contract]]
    """A candidate's model, opened once, and its whole contract. Raises Refused."""
    ask: Callable[[Candidate, str, Array], Answers]
    """Answers of any candidate on some rows of a split, labelled by its own contract. Raises Refused and BadAnswer."""
    score: Callable[[Answers, Array], float]
    """The primary quality figure of answers against the true answers of the same rows. Raises Refused."""
    better: Better
    """Which way that figure is better."""
    tell: Callable[[float, str], None]
    """Reports progress: the share done, and a few words."""

    @property
    def given(self) -> Candidate:
        """The parent. Raises Refused when there is none."""
        if self.parent is None:
            raise Refused("this technique makes a smaller model out of another one: give it a candidate")
        return self.parent

    def open(self) -> Model:
        """The parent, opened."""
        return self.opened(self.given)[0]

    @property
    def contract(self) -> Contract:
        """The parent's whole contract: what the plan says, and what it leaves open as the file says it. Raises Refused."""
        return self.opened(self.given)[1]


class Technique(ABC):
    """How a model is made smaller."""

    needs: ClassVar[tuple[str, ...]] = ("search",)
    """The splits whose rows it uses. Certify is never one of them."""

    @abstractmethod
    def result_of(self, given: str | None) -> str | None:
        """The product's format when `given` is the parent's (None: made from data alone); None when it does not accept it."""

    @abstractmethod
    def apply(self, bench: Workbench) -> Product:
        """Makes the product in `bench.scratch`. Raises Refused with the reason when this model cannot be treated."""


@dataclass(frozen=True)
class Result:
    """A reading and its evidence: replicates (n,), or rows of (incarnation, round key, natural log of the figure)."""

    reading: Reading
    evidence: Array | None = None
    others: Mapping[str, Array] = field(default_factory=dict)
    """Modelled figures: the evidence under each of the other power curves of core/curves.py, by its name. A rule on the figure
    passes only if it passes under all of them."""


class Metric(ABC):
    """What is measured. Its ids begin with its name: the metric `size` gives `size.artifact`, `size.nodes` and more."""

    needs: ClassVar[tuple[str, ...]] = ()
    """Metrics whose readings it builds on."""
    probes: ClassVar[Literal["never", "always", "finalists"]] = "never"
    """Whose workers its `probe` looks into: nobody's, every candidate's in every incarnation, or the finalists' at the end."""

    @abstractmethod
    def meaning(self, metric: str) -> Meaning | None:
        """What an id stands for; None when this metric has no such id."""

    @abstractmethod
    def examples(self) -> Sequence[str]:
        """Its ids, those with a variable part by example; used by `describe` and by suggestions."""

    @abstractmethod
    def read(self, seen: Seen) -> Mapping[str, Result]:
        """The readings, by full id (with the aggregate where there are several). What is not to be had is a Failure."""

    def probe(self, ready: Ready) -> Mapping[str, Any] | None:
        """Runs in the worker beside the loaded model; what it returns (JSON) is found in `seen.probes`."""
        return None


class Output(ABC):
    """How a record and a verdict are shown: a pure function with an escaping of its own."""

    suffix: ClassVar[str] = ""

    @abstractmethod
    def render(self, record: Record, verdict: Verdict | None) -> str:
        """The whole text."""

    def render_diff(self, diff: Diff, everything: bool = False) -> str:
        """A comparison of two records: the changes that are real, or `everything`. Raises Refused where it has no such form."""
        raise Refused(f"{type(self).__name__.lower()} does not show comparisons of records; write terminal, markdown or json")


class Engine(ABC):
    """Where workers run."""

    @abstractmethod
    def command(self, candidate: Candidate | None) -> list[str]:
        """The argv of a worker that speaks core/protocol.py on its standard input and output."""

    @abstractmethod
    def environment(self, candidate: Candidate | None, threads: int) -> dict[str, str]:
        """The worker's environment variables: thread pools are set here, before any framework is imported."""
