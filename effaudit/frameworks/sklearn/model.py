"""A fitted scikit-learn object, asked in the way it was trained: with DataFrames where it knows names, else with arrays."""

from __future__ import annotations

import numbers
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from effaudit.core.answer import probabilities
from effaudit.core.candidate import Contract, Facts, Output
from effaudit.core.classes import class_text
from effaudit.core.notes import Note
from effaudit.core.plugin import Model, Predictor, Refused
from effaudit.core.store import Array, Inputs
from effaudit.frameworks.inputs.frames import frame
from effaudit.frameworks.inputs.requests import Reader, matrix, settled, sources
from effaudit.frameworks.lightgbm.reading import summary
from effaudit.frameworks.sklearn.arrays import kinds, reachable
from effaudit.frameworks.sklearn.facts import facts_of, final_step, first_step

_METHODS: dict[Output, str] = {
    "probabilities": "predict_proba",
    "logits": "decision_function",
    "labels": "predict",
    "values": "predict",
}


_HINT = (
    "it does not say what it was trained on, and was given a table as a DataFrame, arrays as one array; "
    "write `input: array` or `input: frame` for this candidate"
)


_LIBRARIES = ("sklearn.", "lightgbm.")
"""Packages whose probabilities are arrays in the order of `classes_`."""


class Fitted(Model):
    """A fitted estimator. `notes` tell what is worth knowing of its file."""

    takes_frames = True

    def __init__(self, estimator: Any, notes: tuple[Note, ...] = ()) -> None:
        self.native = estimator
        self._notes = notes
        self.hint = _HINT if says_nothing(estimator) and not takes_table(estimator) else ""

    def facts(self) -> Facts:
        """What can be counted in it."""
        return facts_of(self.native, self._notes)

    def contract(self) -> Contract:
        """What the file itself says of how it is asked."""
        threshold, of = _threshold(self.native)
        return Contract(
            columns=feature_names(self.native),
            output=_output(self.native),
            classes=_classes(self.native),
            threshold=threshold,
            threshold_of=of,
            distances=not hasattr(self.native, "predict_proba") and _output(self.native) == "logits",
        )

    def predictor(self, contract: Contract) -> Predictor:
        """From a request to the raw answer."""
        if contract.output is None:
            raise Refused(
                f"a {type(self.native).__name__} is no classifier or regressor; write what its answer is: `output: values`"
            )
        ask = getattr(self.native, _METHODS[contract.output], None)
        if ask is None:
            kind = type(final_step(self.native)).__name__
            raise Refused(f"a {kind} has no {_METHODS[contract.output]}; write `output: {_other(self.native)}`")
        read = reader(self.native, contract)
        several = _several(self.native)
        if contract.output == "probabilities" and several:
            positive = [_positive(values) for values in several]
            return lambda request: _joined(ask(read(request)), positive)
        if contract.output == "probabilities" and _is_one_against_all(self.native):
            return lambda request: _normalised(ask(read(request)))
        if contract.output == "probabilities" and not type(final_step(self.native)).__module__.startswith(_LIBRARIES):
            classes = _classes(self.native)
            return lambda request: _by_name(ask(read(request)), classes)
        return lambda request: ask(read(request))

    def labeller(self, contract: Contract) -> Predictor | None:
        """From a request to the labels of its own rule, where it has one."""
        predict = getattr(self.native, "predict", None)
        if predict is None or contract.output not in ("probabilities", "logits") or _predicts_scores(self.native):
            return None
        read = reader(self.native, contract)
        return lambda request: predict(read(request))

    def feeder(self, contract: Contract) -> Callable[[Inputs], Sequence[Any]]:
        """From a request to what the library's own object takes."""
        read = reader(self.native, contract)
        return lambda request: (read(request),)


def transformer(estimator: Any, contract: Contract) -> Callable[[Inputs], Array]:
    """A function from a request to the dense array that `transform` makes of it."""
    transform = getattr(estimator, "transform", None)
    if transform is None:
        raise Refused(f"a {type(estimator).__name__} does not transform; `preprocess` takes a transformer or a pipeline of them")
    read = reader(estimator, contract)

    def build(request: Inputs) -> Callable[[Inputs], Array]:
        made = transform(read(request))
        if hasattr(made, "toarray"):
            return lambda request: transform(read(request)).toarray()
        if hasattr(made, "to_numpy"):
            return lambda request: transform(read(request)).to_numpy()
        return lambda request: transform(read(request))

    return settled(build)


def reader(estimator: Any, contract: Contract) -> Reader:
    """What turns a request into what an estimator takes."""
    names = feature_names(estimator)
    first = first_step(estimator)
    known = kinds(first)
    if any(name.startswith("sklearn.dummy.") for name in known):
        return lambda request: next(iter(request.values()))  # it counts the rows
    if contract.input == "array":
        return _matrix(estimator, contract)
    if "sklearn.feature_extraction.text._VectorizerMixin" in known:
        return _documents(contract)
    if names:
        return frame(contract, names, _categories(estimator, names, contract))
    if contract.input == "frame" or takes_table(estimator):
        return frame(contract)
    if says_nothing(estimator):
        return frame(contract) if contract.forms else _matrix(estimator, contract)
    return _matrix(estimator, contract)


def takes_table(estimator: Any) -> bool:
    """Does some part of it pick columns of a table by name or number?"""
    return any("sklearn.compose._column_transformer.ColumnTransformer" in kinds(part) for part in reachable(estimator))


def says_nothing(estimator: Any) -> bool:
    """Does it not say what it was trained on? Steps of one's own that call no validation of scikit-learn leave no trace."""
    return not feature_names(estimator) and getattr(estimator, "n_features_in_", None) is None


def _matrix(estimator: Any, contract: Contract) -> Reader:
    takes_words = hasattr(first_step(estimator), "transform")
    return matrix(contract, width=getattr(estimator, "n_features_in_", None), text=takes_words)


def feature_names(estimator: Any) -> tuple[str, ...]:
    """The columns' names that an estimator was fitted with; empty when it was fitted on an array."""
    names = getattr(estimator, "feature_names_in_", None)
    if names is None:
        return ()
    return tuple(str(name) for name in names)


def _documents(contract: Contract) -> Reader:
    def build(request: Inputs) -> Reader:
        names = sources(request, contract)
        if len(names) != 1:
            raise Refused(
                f"the model takes one column of text, the data gives {len(names)} ({', '.join(names)}); write its `columns`"
            )
        only = names[0]
        return lambda request: request[only]

    return settled(build)


def _categories(estimator: Any, names: Sequence[str], contract: Contract) -> Mapping[str, Sequence[Any]]:
    """The categories that LightGBM's wrappers inside were trained with, by those columns that reach them under their own name.

    None where the data holds categories of its own, which LightGBM then finds by itself.
    """
    if any(form.categories is not None for name, form in contract.forms.items() if name in names):
        return {}
    found: dict[str, Sequence[Any]] = {}
    for part in reachable(estimator):
        if "lightgbm.sklearn.LGBMModel" in kinds(part) and getattr(part, "_Booster", None) is not None:
            own = _own_categories(part.booster_)
            found |= {name: own[spelt] for name in names if (spelt := name.replace(" ", "_")) in own}  # LightGBM writes no spaces
    return found


def _own_categories(booster: Any) -> dict[str, Sequence[Any]]:
    said = summary(booster.model_to_string())
    if said.categories and len(said.categorical) != len(said.categories):
        raise Refused("the model does not say which of its columns are categories; save its booster_ with save_model, as text")
    return {said.features[place]: values for place, values in zip(said.categorical, said.categories, strict=False)}


def _output(estimator: Any) -> Output | None:
    from sklearn.base import is_classifier, is_regressor

    if hasattr(estimator, "predict_proba"):
        return "probabilities"
    if is_classifier(estimator):
        return "logits" if _ranks(estimator) else "labels"
    return "values" if is_regressor(estimator) else None


def _ranks(estimator: Any) -> bool:
    """Has it a decision function whose highest (or positive) entry is always the label it predicts?

    Then that is the default for models without probabilities, such as LinearSVC: ranking metrics need scores. Several labels
    at once, and libsvm's votes between more than two classes, do not qualify.
    """
    classes, core = _classes(estimator), final_step(estimator)
    if not hasattr(estimator, "decision_function") or not classes or _tells_several(core):
        return False
    return len(classes) == 2 or "sklearn.svm._base.BaseSVC" not in kinds(core)


def _other(estimator: Any) -> Output:
    return _output(estimator) or "values"


def _tells_several(core: Any) -> bool:
    """Was it trained on several labels a row, though its `classes_` are one array?"""
    binarizer = getattr(core, "_label_binarizer", None)
    return bool(getattr(core, "multilabel_", False)) or str(getattr(binarizer, "y_type_", "")).startswith("multilabel")


def _classes(estimator: Any) -> tuple[str, ...]:
    """The classes of its answers in their order: an array, as scikit-learn has them, or whatever one's own classifier keeps."""
    classes = getattr(estimator, "classes_", None)
    if classes is None or isinstance(classes, (str, bytes)) or not hasattr(classes, "__len__") or _several(estimator):
        return ()
    return tuple(map(class_text, np.ravel(np.asarray(classes, dtype=object))))


def _several(estimator: Any) -> list[Array]:
    """The classes of each of several answers: a list of arrays, as scikit-learn keeps them. Empty for one answer."""
    classes = getattr(estimator, "classes_", None)
    if not isinstance(classes, (list, tuple)) or not all(hasattr(one, "__len__") and not isinstance(one, str) for one in classes):
        return []
    return [np.asarray(one) for one in classes]


def _by_name(answer: Any, classes: Sequence[str]) -> Any:
    """A DataFrame whose columns are called as the classes are is read by their names, in whatever order."""
    columns = [class_text(name) for name in getattr(answer, "columns", ())]
    if len(columns) != len(classes) or sorted(columns) != sorted(classes):
        return answer
    return answer.iloc[:, [columns.index(name) for name in classes]].to_numpy()


def _predicts_scores(estimator: Any) -> bool:
    """Does its `predict` give raw scores, as LightGBM's does under an objective of one's own?"""
    core = final_step(estimator)
    return "lightgbm.sklearn.LGBMModel" in kinds(core) and callable(getattr(core, "objective_", None))


def _threshold(estimator: Any) -> tuple[float | None, str | None]:
    """The threshold of a tuned or fixed one and the class it speaks of, as a probability of that class.

    Found in pipelines and searches too, whose labels are those of their last step. A cut on a decision function is one on the
    probability that follows from it; where that is another one than the model's own, there is none to tell.
    """
    last = _last(estimator)
    if "sklearn.model_selection._classification_threshold.BaseThresholdClassifier" not in kinds(last):
        return None, None
    by_probability = last.response_method in ("auto", "predict_proba") and hasattr(last, "predict_proba")
    cut = getattr(last, "best_threshold_", getattr(last, "threshold", None))
    if cut == "auto":
        cut = 0.5 if by_probability else 0.0
    if not isinstance(cut, numbers.Real) or not (by_probability or _is_logistic(last)):
        return None, None
    positive = last.classes_[-1] if getattr(last, "pos_label", None) is None else last.pos_label
    return float(cut) if by_probability else float(probabilities(np.array([float(cut)]))[0]), class_text(positive)


def _last(estimator: Any) -> Any:
    """What gives the label: the last step of pipelines, the best estimator of searches."""
    steps = getattr(estimator, "steps", None)
    if isinstance(steps, list) and steps:
        return _last(steps[-1][1])
    inner = vars(estimator).get("best_estimator_") if hasattr(estimator, "__dict__") else None
    return estimator if inner is None else _last(inner)


def _is_logistic(estimator: Any) -> bool:
    """Is its probability the sigmoid of its decision function, or has it no probability beside that?"""
    core = final_step(estimator)
    loss = getattr(core, "loss", "log_loss") == "log_loss"
    return not hasattr(estimator, "predict_proba") or (loss and any(kind in kinds(core) for kind in _LOGISTIC))


_LOGISTIC = (
    "sklearn.linear_model._logistic.LogisticRegression",
    "sklearn.linear_model._stochastic_gradient.SGDClassifier",
    "sklearn.discriminant_analysis.LinearDiscriminantAnalysis",
    "sklearn.ensemble._gb.GradientBoostingClassifier",
    "sklearn.ensemble._hist_gradient_boosting.gradient_boosting.HistGradientBoostingClassifier",
)


def _positive(classes: Array) -> int | float:
    """Which column of an output's probabilities is the positive one; or its constant probability, where it knows one class only."""
    texts = tuple(map(class_text, classes))
    if len(texts) == 1:
        return 1.0 if texts[0] in ("1", "True") else 0.0
    if len(texts) != 2:
        raise Refused("it gives several answers of more than two classes each; audit it as one model for each answer")
    return 1


def _is_one_against_all(estimator: Any) -> bool:
    """Is it LightGBM's wrapper around one model for each class, whose shares do not sum to 1?"""
    core = final_step(estimator)
    return "lightgbm.sklearn.LGBMModel" in kinds(core) and str(core.objective_).startswith("multiclassova")


def _normalised(shares: Array) -> Array:
    return np.asarray(shares / shares.sum(axis=1, keepdims=True))


def _joined(parts: Array | Sequence[Array], positive: Sequence[int | float]) -> Array:
    """One column for each label. Most models give a list of arrays (rows, classes), chains one array (rows, labels)."""
    if isinstance(parts, np.ndarray) and parts.ndim == 2:
        return parts
    columns = [
        part[:, place] if isinstance(place, int) else np.full(len(part), place) for part, place in zip(parts, positive, strict=True)
    ]
    return np.column_stack(columns)
