"""What is judged: a candidate is an artifact with its contract, runtime, threads and device."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from effaudit.core.forms import Form
from effaudit.core.notes import Note

Output = Literal["probabilities", "logits", "labels", "values"]
"""What a model's raw answer is: class probabilities, unnormalised scores (softmax or sigmoid follows), labels, or numbers."""

Family = Literal["constant", "linear", "tree", "ensemble", "network", "other"]
"""How simple a model is, simplest first; `simple_first` ties are decided by this order."""


@dataclass(frozen=True)
class Contract:
    """How a candidate is asked, and how its answer becomes a label.

    What a format can read from its file is the default; the plan says the rest. `None` and empty mean "not said".
    """

    columns: tuple[str, ...] = ()
    """The workload's columns (or named arrays) that the model is given, in its order; empty: all of them."""
    dtypes: tuple[str, ...] = ()
    """One numpy dtype for all inputs, or one for each column; empty: the model takes them as they are."""
    preprocess: str | None = None
    """A transformer's file, applied first. Its bytes, time and memory belong to the candidate."""
    output: Output | None = None
    classes: tuple[str, ...] = ()
    """The answer (as text) that each output column stands for."""
    threshold: float | None = None
    """Binary classification: at which probability of the positive class its label is given; None: 0.5."""
    tune: str | None = None
    """A scorer by which the threshold is chosen on search rows (the plan's `threshold: {tune: SCORER}`)."""
    threshold_of: str | None = None
    """The class that `threshold` speaks of; None: the positive one."""
    input: Literal["frame", "array", "plain"] | None = None
    """Does the model take a DataFrame as pandas reads it, one array, or a DataFrame of plain numbers, words and times in UTC
    (`plain`, of models that effaudit trained)? None: as it was trained, as far as it tells."""
    labels: Literal["predict", "scores"] | None = None
    """Where labels come from: what the model itself predicts, or its scores (and `threshold`); None: it is not decided yet."""
    distances: bool = False
    """Are its `logits` distances to a boundary, which rank rows and make no probabilities?"""
    forms: Mapping[str, Form] = field(default_factory=dict, compare=False, metadata={"packed": False})
    """How pandas held the data's columns, by name, for models that take DataFrames; known where a request comes from a table."""


@dataclass(frozen=True)
class Trust:
    """What the user allows a file to run: everything, or the named types only."""

    everything: bool = False
    types: tuple[str, ...] = ()


@dataclass(frozen=True)
class Artifact:
    """A model on disk, as a format opens it. `path` is absolute; for Python code it is `module:function`."""

    path: str
    format: str
    trust: Trust = Trust()
    factory: str | None = None
    """`module:function` that builds the network whose weights the file holds."""
    code: str | None = None
    """The folder that trusted Python code is imported from (the plan's)."""
    files: tuple[str, ...] | None = None
    """Other files that the model reads, as the plan names them: they count in its size. None: the plan says nothing of any."""


@dataclass(frozen=True)
class Step:
    """One step of a recipe: a technique and its options."""

    technique: str
    options: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Candidate:
    """One model to judge. `parent` and `recipe` tell where a compressed one comes from."""

    name: str
    artifact: Artifact
    contract: Contract = Contract()
    preprocess: Artifact | None = None
    title: str = ""
    threads: int = 1
    device: str = "cpu"
    engine: str = "local"
    parent: str | None = None
    recipe: tuple[Step, ...] = ()


@dataclass(frozen=True)
class Facts:
    """What can be counted in a model's file without running it."""

    family: Family
    kind: str
    """The model in the words of its library, such as `RandomForestClassifier`."""
    parameters: int | None = None
    nonzero: int | None = None
    nodes: int | None = None
    """Tree nodes (splits and leaves), or graph operators for networks that are graphs."""
    files: tuple[str, ...] = ()
    """Files beside the artifact's own that the model needs, such as ONNX external data."""
    notes: tuple[Note, ...] = ()
