"""The house's rules: files open with a sentence and stay short, frameworks are imported in functions, tests are named alike."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
HOUSE = ROOT / "effaudit"
FILES = sorted(path for path in HOUSE.rglob("*.py") if path.read_text("utf-8").strip())
MOST_LINES = 350
LONG = {"pipeline.py": 420}
"""What is still longer, and may only become shorter."""
FRAMEWORKS = frozenset(
    ("sklearn", "lightgbm", "xgboost", "catboost", "torch", "onnx", "onnxruntime", "skops", "joblib", "codecarbon")
)
MAY_IMPORT = ("formats", "techniques", "metrics", "toolkit", "figures", "scoring", "frameworks")
"""The floors whose functions may import a framework."""
EXCEPTIONS = {"measure/pools.py"}
"""It looks how many threads each framework's pools have."""
PLUGINS = ("formats", "techniques", "metrics", "outputs", "engines")
ACROSS = {"outputs": {"golden", "hostile", "only_ranks", "overrides", "waived"}}
"""Tests of all plug-ins of a folder together."""
MIRRORED = (*PLUGINS, "toolkit", "reporting", "figures", "scoring", "frameworks", "core", "process", "compress", "measure", "judge")


def shown(path: Path) -> str:
    return path.relative_to(HOUSE).as_posix()


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def imported(node: ast.AST) -> set[str]:
    """The top-level packages of an import."""
    if isinstance(node, ast.Import):
        return {alias.name.partition(".")[0] for alias in node.names}
    return {(node.module or "").partition(".")[0]} if isinstance(node, ast.ImportFrom) and not node.level else set()


@pytest.mark.parametrize("path", [path for path in FILES if path.parent.name != "cli"], ids=shown)
def test_a_file_opens_with_a_sentence_that_says_what_it_is(path):
    first = (ast.get_docstring(tree(path)) or "").partition("\n")[0]
    assert first.rstrip(":").endswith((".", "?", ";", ",")) or len(first) > 60
    assert first[:1].isupper() or first.startswith(("`", "effaudit", "scikit-learn"))


@pytest.mark.parametrize("path", FILES, ids=shown)
def test_a_file_is_short(path):
    assert len(path.read_text("utf-8").splitlines()) <= LONG.get(shown(path), MOST_LINES)


@pytest.mark.parametrize("path", FILES, ids=shown)
def test_frameworks_are_imported_inside_functions_and_on_the_floors_that_may(path):
    module = tree(path)
    outside = {name for node in ast.walk(module) for name in imported(node)} & FRAMEWORKS
    at_the_top = {name for node in module.body for name in imported(node)} & FRAMEWORKS
    assert not at_the_top
    assert not outside or path.relative_to(HOUSE).parts[0] in MAY_IMPORT or shown(path) in EXCEPTIONS


def test_no_two_modules_import_each_other_not_even_for_types():
    names = {f"effaudit.{shown(path)[:-3].replace('/', '.')}".removesuffix(".__init__"): path for path in FILES}
    imports: dict[str, set[str]] = {}
    for name, path in names.items():
        found: set[str] = set()
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.ImportFrom) and node.module:
                inside = {f"{node.module}.{alias.name}" for alias in node.names} & names.keys()
                found |= inside or {node.module}
            elif isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
        imports[name] = {other for other in found if other in names and other != name}
    done: set[str] = set()

    def visit(name: str, above: tuple[str, ...]) -> None:
        assert name not in above, f"a cycle: {' -> '.join([*above[above.index(name) :], name])}"
        if name not in done:
            for other in imports[name]:
                visit(other, (*above, name))
            done.add(name)

    for name in names:
        visit(name, ())


@pytest.mark.parametrize("kind", PLUGINS)
def test_every_plugin_has_a_test_of_its_name(kind):
    plugins = {path.stem for path in (HOUSE / kind).rglob("*.py")} - {"__init__"}
    tests = {path.stem.removeprefix("test_") for path in (ROOT / "tests" / kind).rglob("test_*.py")}
    assert plugins - tests == set()


@pytest.mark.parametrize("folder", MIRRORED)
def test_tests_are_called_after_what_they_test(folder):
    modules = {path.stem for path in (HOUSE / folder).rglob("*.py")}
    tests = {path.stem.removeprefix("test_") for path in (ROOT / "tests" / folder).rglob("test_*.py")}
    strangers = {name for name in tests if not any(name == module or name.startswith(f"{module}_") for module in modules)}
    assert strangers == ACROSS.get(folder, set())
