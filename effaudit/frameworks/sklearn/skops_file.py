"""Skops files, opened safely: a bounded archive, types from a reviewed list or named in the plan, and nothing else."""

from __future__ import annotations

import io
import itertools
import json
import math
import re
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np

from effaudit.core.candidate import Trust
from effaudit.core.plugin import Refused
from effaudit.core.text import one_line
from effaudit.frameworks.lightgbm.writing import rewritten
from effaudit.frameworks.opening import check_members, check_zip, library

REVIEWED: dict[str, str] = {
    "sklearn.tree._tree.Tree": "arrays, whose indices _sklearn_arrays.py checks before they are used",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor": "arrays, whose indices _sklearn_arrays.py checks",
    "lightgbm.basic.Booster": "LightGBM's text, which frameworks/lightgbm reads and writes again; nothing in it is run",
    "lightgbm.sklearn.LGBMModel": "settings around a Booster",
    "lightgbm.sklearn.LGBMClassifier": "settings around a Booster",
    "lightgbm.sklearn.LGBMRegressor": "settings around a Booster",
    "lightgbm.sklearn.LGBMRanker": "settings around a Booster",
    "collections.OrderedDict": "a dict",
    "sklearn.utils._bunch.Bunch": "a dict",
    "numpy.dtype": "a number's type; arrays of objects are never unpickled",
    "scipy.sparse._csr.csr_matrix": "arrays, whose indices _sklearn_arrays.py checks",
    "scipy.sparse._csr.csr_array": "arrays, whose indices _sklearn_arrays.py checks",
    "scipy.sparse._csc.csc_matrix": "arrays, whose indices _sklearn_arrays.py checks",
    "scipy.sparse._csc.csc_array": "arrays, whose indices _sklearn_arrays.py checks",
    "functools.partial": "calls only functions that are on this list or on skops' own",
    "sklearn.utils.validation.check_array": "checks an array",
    "sklearn.feature_selection._univariate_selection.f_classif": "arithmetic, used by fit only",
    "sklearn.feature_selection._univariate_selection.f_regression": "arithmetic, used by fit only",
    "sklearn.feature_selection._univariate_selection.chi2": "arithmetic, used by fit only",
    "sklearn.feature_selection._mutual_info.mutual_info_classif": "arithmetic, used by fit only",
    "sklearn.feature_selection._mutual_info.mutual_info_regression": "arithmetic, used by fit only",
    "sklearn.compose._column_transformer.make_column_selector": "a pattern for column names, used by fit only",
    "sklearn.compose._column_transformer._RemainderColsList": "a list of column names (scikit-learn before 1.9)",
    "sklearn.calibration._CalibratedClassifier": "a model with its calibration",
    "sklearn.calibration._SigmoidCalibration": "two numbers",
    "sklearn.calibration._TemperatureScaling": "one number",
    "sklearn.neural_network._stochastic_optimizers.AdamOptimizer": "arrays, used by fit only",
    "sklearn.neural_network._stochastic_optimizers.SGDOptimizer": "arrays, used by fit only",
    "sklearn._loss.loss.HalfTweedieLoss": "one number",
    "sklearn._loss.loss.HalfTweedieLossIdentity": "one number",
    "sklearn.gaussian_process._gpc._BinaryGaussianProcessClassifierLaplace": "arrays and a kernel",
    "sklearn.gaussian_process.kernels.ConstantKernel": "numbers",
    "sklearn.gaussian_process.kernels.WhiteKernel": "numbers",
    "sklearn.gaussian_process.kernels.RBF": "numbers",
    "sklearn.gaussian_process.kernels.Matern": "numbers",
    "sklearn.gaussian_process.kernels.RationalQuadratic": "numbers",
    "sklearn.gaussian_process.kernels.DotProduct": "numbers",
    "sklearn.gaussian_process.kernels.Sum": "two kernels",
    "sklearn.gaussian_process.kernels.Product": "two kernels",
    "sklearn.metrics._scorer._PassthroughScorer": "settings of a search, used by fit only",
    "sklearn.metrics._scorer._Scorer": "settings of a search; its function is named and checked like any",
    "sklearn.metrics._scorer._CurveScorer": "settings of a search; its function is named and checked like any",
    "sklearn.metrics._classification.accuracy_score": "arithmetic, used by fit only",
    "sklearn.metrics._classification.balanced_accuracy_score": "arithmetic, used by fit only",
    "sklearn.metrics._classification.f1_score": "arithmetic, used by fit only",
    "sklearn.metrics._ranking.roc_auc_score": "arithmetic, used by fit only",
    "sklearn.utils._metadata_requests.MetadataRequest": "settings",
    "sklearn.utils._metadata_requests.MethodMetadataRequest": "settings",
    "sklearn.model_selection._split.KFold": "settings of a search, used by fit only",
    "sklearn.model_selection._split.StratifiedKFold": "settings of a search, used by fit only",
    "sklearn.model_selection._split.GroupKFold": "settings of a search, used by fit only",
    "sklearn.model_selection._split.TimeSeriesSplit": "settings of a search, used by fit only",
}
"""Types and functions trusted beside skops' own list, and why. Made from a file, or called with anything, they run nothing else."""

_SCHEMA = "schema.json"
_BOOSTER = "lightgbm.basic.Booster"
_NAMED = re.compile(r"(\w+|<locals>)(\.(\w+|<locals>))*")
_NOT_NEEDED = tuple(f"sklearn.externals.array_api_compat.{name}" for name in ("torch", "cupy", "dask"))


def load(path: Path, trust: Trust) -> Any:
    """The object in a skops file. Raises Refused with the line to paste when it holds types that nobody trusts."""
    check_zip(path)
    with zipfile.ZipFile(path) as archive:
        _check_sizes(archive, path.name)
    skops = skops_io()
    from skops.io.exceptions import UntrustedTypesFoundException

    try:
        return skops.load(path, trusted=[name for name in (*REVIEWED, *trust.types) if name != _BOOSTER])
    except UntrustedTypesFoundException:
        types = skops.get_untrusted_types(file=path)
    unknown = [] if trust.everything else [name for name in types if name not in REVIEWED and name not in trust.types]
    if unknown:
        raise Refused(_refusal(path, unknown, trust))
    if _BOOSTER not in types:
        return skops.load(path, trusted=types)
    with _checked_boosters():
        return skops.load(path, trusted=types)


def unreviewed(path: Path) -> list[str]:
    """The types in a file that are not on the reviewed list."""
    return [name for name in skops_io().get_untrusted_types(file=path) if name not in REVIEWED]


def dump(model: object, path: Path) -> None:
    """Writes a model; the same model gives the same bytes, wherever and whenever it is written."""
    written = io.BytesIO()
    skops_io().dump(model, written)
    with zipfile.ZipFile(written) as found, zipfile.ZipFile(path, "w") as steady:
        schema, files = json.loads(found.read(_SCHEMA)), dict.fromkeys(found.namelist(), "")
        _number(schema, {}, files, itertools.count(1))
        for name, numbered in files.items():
            text = json.dumps(schema, indent=2) if name == _SCHEMA else found.read(name)
            steady.writestr(zipfile.ZipInfo(numbered or name), text)


def _number(node: Any, ids: dict[int, int], files: dict[str, str], numbers: Iterator[int]) -> None:
    """Numbers objects and their files as they come: skops calls them by addresses in memory, and by random names."""
    if isinstance(node, dict):
        if isinstance(node.get("__id__"), int):
            node["__id__"] = ids.setdefault(node["__id__"], len(ids) + 1)
        file = node.get("file")
        if isinstance(file, str) and file in files:
            files[file] = files[file] or f"{next(numbers)}{Path(file).suffix}"
            node["file"] = files[file]
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        _number(child, ids, files, numbers)


def _check_sizes(archive: zipfile.ZipFile, name: str) -> None:
    """Refuses arrays that declare more numbers than they hold, before memory is asked for them."""
    for member in archive.infolist():
        if member.filename.endswith(".npy"):
            with archive.open(member) as file:
                declared = _declared(file)
            if declared > member.file_size:
                what = f"an array of {declared:,} bytes where it holds {member.file_size:,}"
                raise Refused(f"{name} declares {what}; save the model again")
        elif member.filename.endswith(".npz"):  # a sparse matrix: arrays in an archive of their own
            with zipfile.ZipFile(io.BytesIO(archive.read(member))) as inner:
                check_members(inner, name, member.file_size)
                _check_sizes(inner, name)


def _declared(file: IO[bytes]) -> int:
    """The bytes of the numbers that a .npy file's header declares. Raises ValueError."""
    version = np.lib.format.read_magic(file)
    header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, _, dtype = header(file)
    return math.prod(shape) * dtype.itemsize


def _refusal(path: Path, types: list[str], trust: Trust) -> str:
    odd = next((name for name in types if not _NAMED.fullmatch(name)), None)
    if odd is not None:
        return f"{path.name} holds a type called {one_line(odd, 80)!r}, which is no name in Python: the file is damaged"
    own = [name for name in types if name.startswith("__main__.")]
    if own:
        return f"{path.name} holds {', '.join(own)}, defined in a script; move it to a module of its own and save the model again"
    line = f"trust: [{', '.join(dict.fromkeys([*trust.types, *types]))}]"
    return f"{path.name} holds types that are not on the reviewed list; if you trust its source, write `{line}` for this candidate"


def skops_io() -> Any:
    """The module `skops.io`. Raises Refused where it is not installed."""
    library("sklearn", "sklearn")
    with _without(_NOT_NEEDED):
        return library("skops.io", "sklearn")


@contextmanager
def _checked_boosters() -> Iterator[None]:
    """Has LightGBM's text checked before the library sees it, as it is unpacked: asking the library afterwards would be too late.

    Only so: a Booster that is made in any other way than from its own saved state could be given anything.
    """
    booster = library("lightgbm", "lightgbm").Booster
    made, restored = booster.__init__, booster.__setstate__

    def refuse(*_: Any, **__: Any) -> None:
        raise Refused("it makes a LightGBM Booster in an unknown way; save the model again from its source")

    def check(self: Any, state: dict[str, Any]) -> None:
        text = state.get("_handle", state.get("handle"))
        if not isinstance(text, str):
            raise Refused("it holds a LightGBM Booster without a model; save the model again from its source")
        restored(self, {**state, "_handle": rewritten(text)[1]})

    booster.__init__, booster.__setstate__ = refuse, check
    try:
        yield
    finally:
        booster.__init__, booster.__setstate__ = made, restored


@contextmanager
def _without(modules: tuple[str, ...]) -> Iterator[None]:
    """Keeps modules from being imported meanwhile.

    Importing skops walks through all of scikit-learn for its estimators, and so imports torch where it is installed: 190 MB
    and 2 seconds that a scikit-learn model does not need, and that would be counted as its memory and start.
    """
    blocked = [name for name in modules if name not in sys.modules]
    sys.modules.update(dict.fromkeys(blocked))  # type: ignore[arg-type]
    try:
        yield
    finally:
        for name in blocked:
            sys.modules.pop(name, None)
