"""The registry finds what stands in the folders, and what other packages bring by entry points."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from effaudit import registry
from effaudit.core import plugin
from effaudit.core.errors import InputError

INTERFACES = {
    "formats": plugin.Format,
    "techniques": plugin.Technique,
    "metrics": plugin.Metric,
    "outputs": plugin.Output,
    "engines": plugin.Engine,
}


@pytest.mark.parametrize("kind", INTERFACES)
def test_every_file_of_a_family_is_one_plugin_named_like_its_file(kind):
    for name in registry.names(kind):
        found = registry.find(kind, name)
        assert issubclass(found, INTERFACES[kind])
        if found.__module__.startswith("effaudit."):
            assert found.__module__ == f"effaudit.{kind}.{name}"
        assert registry.describe(kind, name)


@pytest.mark.parametrize(("kind", "name"), [("formats", "toy"), ("metrics", "weight"), ("outputs", "names")])
def test_plugins_of_another_package_are_found_by_entry_point(kind, name):
    assert name in registry.names(kind)
    assert registry.find(kind, name).__module__.startswith("effaudit_toy.")


def test_an_unknown_plugin_is_an_error_with_a_suggestion():
    with pytest.raises(InputError, match="Did you mean 'latency'"):
        registry.find("metrics", "latncy")


def test_the_meaning_of_an_id_comes_from_the_metric_of_that_name():
    assert registry.meaning("latency.batch_7").unit == "s"
    assert registry.meaning("size.artifact").method == "counted"
    assert registry.meaning("weight.per_parameter").unit == "B"
    assert registry.meaning("latency.batches") is None
    assert registry.meaning("no.such") is None


def test_every_example_of_a_metric_has_a_meaning():
    for name in registry.names("metrics"):
        metric = registry.a_metric(name)
        assert metric.examples()
        for example in metric.examples():
            assert example.startswith(f"{name}.")
            assert metric.meaning(example) is not None


def test_a_format_is_recognised_by_name_and_first_bytes(tmp_path: Path):
    path = tmp_path / "line.toy"
    path.write_text("{}")
    assert registry.format_of(path) == "toy"
    assert registry.format_by_name(path) == "toy"


def test_a_file_that_no_format_knows_is_an_error_that_says_what_to_write(tmp_path: Path):
    path = tmp_path / "model.xyz"
    path.write_bytes(b"\x00\x01")
    with pytest.raises(InputError, match=r"no format recognises 'model\.xyz'") as caught:
        registry.format_of(path)
    assert "format:" in str(caught.value)


def test_listing_plugins_imports_no_framework():
    code = (
        "import sys; from effaudit import registry\n"
        "for kind in ('formats', 'techniques', 'metrics', 'outputs', 'engines'):\n"
        "    for name in registry.names(kind): registry.find(kind, name)\n"
        "named = 'pandas sklearn torch lightgbm onnx onnxruntime codecarbon scipy pyarrow'\n"
        "bad = set(named.split()) & set(sys.modules)\n"
        "assert not bad, bad"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_an_output_is_found_by_its_suffix():
    assert registry.output_for(Path("r.html")) == "html"
    for path in ("r.docx", "r", ".md"):
        with pytest.raises(InputError, match=r"(?s)no output writes .* files.*Or name one: output="):
            registry.output_for(Path(path))


def test_a_suffix_that_two_outputs_have_is_an_error_that_says_how_to_name_one(monkeypatch):
    found = registry.find

    class Other(found("outputs", "markdown")):
        """Another output of the same suffix."""

    monkeypatch.setattr(registry, "names", lambda kind: ("markdown", "other"))
    monkeypatch.setattr(registry, "find", lambda kind, name: Other if name == "other" else found(kind, name))
    with pytest.raises(InputError, match=r"(?s)2 outputs write '.md' files.*output='markdown' or 'other'"):
        registry.output_for(Path("x.md"))


class Claiming:
    """Stands in for a format."""

    def __init__(self, package, claimed=True):
        self.package, self._claimed = package, claimed

    def claims(self, model):
        return self._claimed


def made(name, module, *bases):
    return type(name, bases or (object,), {"__module__": module})


@pytest.fixture
def formats(monkeypatch):
    def given(**formats):
        monkeypatch.setattr(registry, "names", lambda kind: tuple(sorted(formats)))
        monkeypatch.setattr(registry, "a_format", formats.get)

    return given


BASE = made("BaseEstimator", "sklearn.base")
BOOSTED = made("XGBClassifier", "xgboost.sklearn", BASE)


def test_the_library_that_a_models_class_comes_from_goes_before_the_one_it_derives_from(formats):
    formats(python=Claiming(""), sklearn=Claiming("sklearn"), xgboost=Claiming("xgboost"))
    assert registry.format_of_model(BOOSTED()) == "xgboost"
    assert registry.format_of_model(made("Mine", "mine", BOOSTED)()) == "xgboost"
    assert registry.format_of_model(BASE()) == "sklearn"
    formats(sklearn=Claiming("sklearn"), xgboost=Claiming("xgboost", claimed=False))
    assert registry.format_of_model(BOOSTED()) == "sklearn"


def test_a_model_that_several_formats_claim_alike_or_none_is_refused_by_name(formats):
    formats(one=Claiming("xgboost"), two=Claiming("xgboost"))
    with pytest.raises(plugin.Refused, match=r"several formats \(one, two\) claim a XGBClassifier; write contracts="):
        registry.format_of_model(BOOSTED())
    formats(one=Claiming("", claimed=False))
    with pytest.raises(plugin.Refused, match="no format takes a XGBClassifier"):
        registry.format_of_model(BOOSTED())


def test_plugins_may_stand_in_subfolders_and_no_two_have_one_name(tmp_path):
    for file in ("one.py", "grown/__init__.py", "grown/two.py"):
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_text("")
    sys.path.insert(0, str(tmp_path))
    try:
        assert registry.modules_of([str(tmp_path)], "") == {"one": "one", "two": "grown.two"}
        (tmp_path / "grown" / "one.py").write_text("")
        with pytest.raises(TypeError, match="are plug-ins of one name"):
            registry.modules_of([str(tmp_path)], "")
    finally:
        sys.path.remove(str(tmp_path))
        sys.modules.pop("grown", None)


@pytest.mark.parametrize("kind", INTERFACES)
def test_a_folder_of_plugins_holds_plugins_and_nothing_else(kind):
    folder = Path(registry.__file__).parent / kind
    files = {path.stem for path in folder.rglob("*.py")} - {"__init__"}
    assert files == {name for name in registry.names(kind) if registry.find(kind, name).__module__.startswith("effaudit.")}
