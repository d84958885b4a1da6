"""scikit-learn models and pipelines, in skops, joblib and pickle files."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from effaudit.core.candidate import Artifact, Contract, Trust
from effaudit.core.notes import Note, coded
from effaudit.core.plugin import Format, Model, Refused
from effaudit.core.store import Array, Inputs
from effaudit.core.text import listed
from effaudit.core.watch import Tally
from effaudit.frameworks.inputs import watching as inputs_watching
from effaudit.frameworks.lightgbm.booster import Boosted
from effaudit.frameworks.lightgbm.reading import summary
from effaudit.frameworks.opening import code_folder, importing_from, library, model_file, needs_trust, reading
from effaudit.frameworks.sklearn.arrays import check_arrays, kinds, reachable
from effaudit.frameworks.sklearn.model import Fitted, transformer
from effaudit.frameworks.sklearn.skops_file import dump, load, skops_io, unreviewed

_PICKLES = (".joblib", ".pkl", ".pickle")
_PICKLED = (b"\x80", b"\x78", b"\x1f\x8b", b"BZ", b"\xfd7zXZ", b"\x5d\x00", b"\x04\x22\x4d\x18", b"(", b"c")
"""How a pickle begins, plain (protocol 2 and later, 0 and 1) or as joblib compresses it."""


@dataclass(frozen=True)
class Sklearn(Format):
    """Reads fitted scikit-learn estimators and whole pipelines, wrappers of other libraries (`LGBMClassifier`) included.

    `.skops` files are safe: they hold types from a reviewed list only, or those that the plan names (`trust: [TYPE, …]`), and
    the arrays of trees are checked. `.joblib`, `.pkl` and `.pickle` files run code when they are opened: they need
    `trust: true`. A pipeline that was trained on a DataFrame gets one; a model without probabilities is asked for its decision
    function where that ranks rows, else for its labels. All its parts run on the candidate's number of threads.
    """

    suffixes = (".skops", *_PICKLES)
    package = "sklearn"
    extra = "sklearn"
    modules = ("sklearn.pipeline", "joblib")
    thread_safe = True

    def recognises(self, path: Path, head: bytes) -> bool:
        """By suffix, and for pickles by how they begin: torch writes zip archives of the same suffix."""
        suffix = path.suffix.lower()
        return suffix == ".skops" or (suffix in _PICKLES and head.startswith(_PICKLED))

    def load_libraries(self, artifact: Artifact) -> None:
        """Skops is imported for its own files only, and without the frameworks that it would bring in."""
        super().load_libraries(artifact)
        if Path(artifact.path).suffix.lower() == ".skops":
            skops_io()

    def open(self, artifact: Artifact, threads: int) -> Model:
        """Opens a model and binds its threads."""
        estimator, notes = _opened(artifact, threads)
        if "lightgbm.basic.Booster" in kinds(estimator):
            return Boosted(estimator, summary(estimator.model_to_string()), threads)
        _check_predicts(estimator, Path(artifact.path).name)
        return Fitted(estimator, notes)

    def transformer(self, artifact: Artifact, contract: Contract) -> Callable[[Inputs], Array]:
        """Opens a transformer or a pipeline of them; it runs on one thread."""
        estimator, _ = _opened(artifact, 1)
        return transformer(estimator, contract)

    def native_transformer(self, artifact: Artifact) -> Any:
        """The fitted transformer itself."""
        return _opened(artifact, 1)[0]

    def watching(self, tally: Tally) -> AbstractContextManager[None]:
        """Counts values of no known category, and columns of gaps only."""
        return inputs_watching.watching(tally)

    def claims(self, model: object) -> bool:
        """Anything that derives from a class of scikit-learn."""
        return any(kind.__module__.split(".")[0] == "sklearn" for kind in type(model).__mro__)

    def write(self, model: object, path: Path, example: Inputs) -> Artifact:
        """Writes a skops file, trusted as the caller's own."""
        file = path.with_name(path.name + ".skops")
        try:
            dump(model, file)
            types = unreviewed(file)
        except (TypeError, ValueError, AttributeError, RecursionError) as error:
            raise Refused(
                f"skops cannot write this {type(model).__name__} ({error}); write it yourself with joblib.dump, "
                "and give the file's path with `trust: true`"
            ) from error
        own = [name for name in types if name.startswith("__main__.")]
        if own:
            raise Refused(
                f"{', '.join(own)}: defined in a script; move it to a module of its own (my_steps.py) and import it from there"
            )
        folders = {folder for name in types if (folder := code_folder(_module_of(name)))}
        if len(folders) > 1:
            raise Refused(
                f"its parts come from modules in several folders ({', '.join(types)}); put them into one, or install them"
            )
        return Artifact(str(file), "sklearn", Trust(bool(folders), tuple(types)), code=folders.pop() if folders else None)


def _check_predicts(thing: Any, file: str) -> None:
    """Raises Refused, with what to do, where a file holds no model."""
    if isinstance(thing, type):
        raise Refused(f"{file} holds the class {thing.__name__} and not a fitted model; save what `fit` gives")
    if hasattr(thing, "predict"):
        return
    kind = type(thing).__name__
    if isinstance(thing, dict):
        models = [str(name) for name, value in thing.items() if hasattr(value, "predict")]
        which = f"joblib.dump(bundle[{models[0]!r}], FILE)" if models else "joblib.dump(bundle[NAME], FILE)"
        raise Refused(f"{file} holds a dict ({listed(map(str, thing))}), not a model; save the model alone: {which}")
    if hasattr(thing, "transform"):
        raise Refused(f"{file} holds a {kind}, which does not predict; name it as `preprocess`")
    raise Refused(f"{file} holds a {kind}, which does not predict; save the fitted model alone")


def _opened(artifact: Artifact, threads: int) -> tuple[Any, tuple[Note, ...]]:
    path = model_file(artifact)
    library("sklearn", "sklearn")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        estimator = _unpickled(artifact, path) if path.suffix.lower() in _PICKLES else _unpacked(artifact, path)
    check_arrays(estimator)
    _bind(estimator, threads)
    return estimator, _version_notes(caught)


def _unpacked(artifact: Artifact, path: Path) -> Any:
    with (
        reading(path, "a skops file", "save it again with skops.io.dump"),
        importing_from(artifact.code if artifact.trust.everything else None),
    ):
        return load(path, artifact.trust)


def _unpickled(artifact: Artifact, path: Path) -> Any:
    needs_trust(artifact, "a pickle can do anything when it is opened", "save the model with skops.io.dump, which needs no trust")
    joblib = library("joblib", "sklearn")
    advice = "move what it needs out of scripts into modules, and save it again"
    with reading(path, "a pickle", advice), importing_from(artifact.code):
        return joblib.load(path)


def _bind(estimator: Any, threads: int) -> None:
    """Sets the threads of every part: those stored in a file (`n_jobs`) would count otherwise, and pools that hold no setting."""
    for part in reachable(estimator):
        if "n_jobs" in getattr(part, "__dict__", {}):
            part.n_jobs = threads
    library("threadpoolctl", "sklearn").threadpool_limits(limits=threads)


def _version_notes(caught: list[warnings.WarningMessage]) -> tuple[Note, ...]:
    """Says when another scikit-learn saved the model; passes other warnings on."""
    notes = set()
    for warning in caught:
        if "sklearn.exceptions.InconsistentVersionWarning" in kinds(warning.message):
            versions: Any = warning.message
            notes.add(
                f"It was saved with scikit-learn {versions.original_sklearn_version} and is read with "
                f"{versions.current_sklearn_version}: its answers may differ from those it gave there."
            )
        else:
            warnings.warn_explicit(warning.message, warning.category, warning.filename, warning.lineno)
    return coded("other_version", *sorted(notes))


def _module_of(type_name: str) -> str:
    return type_name.rpartition(".")[0]
