import functools
import sys

import numpy as np
import pytest

from effaudit.core.candidate import Artifact, Contract, Trust
from effaudit.core.plugin import Refused
from effaudit.formats.python import Python

TRUSTED = Trust(everything=True)
SOURCE = """
import numpy as np

def first(inputs):
    return inputs["a"]

def alone(array):
    return array * 2

class Counted:
    def __init__(self):
        self.calls = 0
    def __call__(self, inputs):
        self.calls += 1
        return np.full(len(inputs["a"]), self.calls)

class Needy:
    def __init__(self, needed):
        pass

number = 3
"""


@pytest.fixture
def code(tmp_path, monkeypatch):
    (tmp_path / "own_model.py").write_text(SOURCE)
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield str(tmp_path)
    sys.modules.pop("own_model", None)


def opened(named, code, trust=TRUSTED):
    return Python().open(Artifact(named, "python", trust, code=code), 1)


def test_a_function_is_asked_with_arrays_by_name(code):
    ask = opened("own_model:first", code).predictor(Contract(output="values"))
    assert ask({"a": np.array([1.0, 2.0]), "b": np.array([3.0, 4.0])}).tolist() == [1.0, 2.0]


def test_a_single_array_is_given_alone(code):
    model = opened("own_model:alone", code)
    assert model.predictor(Contract(output="values"))({"x": np.array([[1.0], [2.0]])}).tolist() == [[2.0], [4.0]]
    assert model.predictor(Contract(output="values", columns=("a", "b")))({"": np.array([[5.0]])}).tolist() == [[10.0]]


def test_the_plan_names_columns_and_dtypes(code):
    ask = opened("own_model:alone", code).predictor(Contract(output="values", columns=("b",), dtypes=("float32",)))
    assert ask({"a": np.array([1.0]), "b": np.array([3])}).dtype == np.float32


def test_a_class_is_made_once_and_its_instance_called(code):
    ask = opened("own_model:Counted", code).predictor(Contract(output="values"))
    request = {"a": np.zeros(1), "b": np.zeros(1)}
    assert [ask(request).tolist(), ask(request).tolist()] == [[1], [2]]


def test_without_trust_nothing_is_imported(code):
    with pytest.raises(Refused, match="write `trust: true` for this candidate; or export the model to ONNX"):
        opened("own_model:first", code, Trust(types=("own_model",)))
    assert "own_model" not in sys.modules
    assert code not in sys.path


@pytest.mark.parametrize(
    ("named", "words"),
    [
        ("own_model:frist", "Did you mean 'first'"),
        ("nowhere_at_all:f", "no module 'nowhere_at_all'"),
        ("own_model", "write `module:function`"),
        ("own_model:first()", "write `module:function`"),
        ("../own_model:first", "write `module:function`"),
        ("own_model:number", "cannot be called"),
        ("own_model:Needy", "cannot be made without arguments"),
    ],
)
def test_a_wrong_name_says_what_is_wrong(code, named, words):
    with pytest.raises(Refused, match=words):
        opened(named, code)


def test_a_module_that_fails_is_told_with_its_error(tmp_path, code):
    (tmp_path / "broken_model.py").write_text("1 / 0")
    with pytest.raises(Refused, match="importing broken_model failed \\(ZeroDivisionError"):
        opened("broken_model:f", code)
    (tmp_path / "lacking_model.py").write_text("import not_installed_at_all")
    with pytest.raises(Refused, match="lacking_model needs 'not_installed_at_all'"):
        opened("lacking_model:f", code)


def test_the_plan_must_say_what_it_answers(code):
    with pytest.raises(Refused, match="write `output:"):
        opened("own_model:first", code).predictor(Contract())


def test_only_names_are_recognised():
    kind = Python()
    assert kind.recognises("package.module:function", b"")
    assert not kind.recognises("models/gbm.txt", b"")
    assert not kind.recognises("package.module:function", b"bytes")


def test_a_function_is_written_by_its_name_and_read_again(code):
    sys.path.insert(0, code)
    import own_model

    written = Python().write(own_model.first, None, {})
    assert (written.path, written.trust, written.code) == ("own_model:first", TRUSTED, code)
    assert Python().open(written, 1).native is own_model.first


def test_installed_functions_need_no_folder():
    assert Python().write(np.mean, None, {}).code is None
    assert Python().write(functools.reduce, None, {}).code is None


def test_what_cannot_be_imported_by_name_says_which_line_to_change():
    def inner():
        pass

    with pytest.raises(Refused, match="write it as `def` at the top level"):
        Python().write(inner, None, {})
    with pytest.raises(Refused, match="write it as `def` at the top level"):
        Python().write(lambda x: x, None, {})
    inner.__module__ = "__main__"
    with pytest.raises(Refused, match="defined in a script; move it to a module"):
        Python().write(inner, None, {})


def test_functions_and_classes_are_claimed_and_nothing_else():
    assert Python().claims(lambda x: x)
    assert Python().claims(dict)
    assert not Python().claims(3)
