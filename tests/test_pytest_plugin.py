"""The pytest plugin, found by its entry point: what passes, fails and warns, in words that a reader of a CI log understands."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import textwrap
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from effaudit.pytest_plugin import EffauditWarning, _named

pytest_plugins = ["pytester"]

TESTS = """
    from types import SimpleNamespace

    import numpy as np

    rng = np.random.default_rng(0)
    X = {name: rng.normal(size=3000) for name in "abc"}
    y = 2 * X["a"] - X["b"] + rng.normal(size=3000)
    FULL = SimpleNamespace(columns=["a", "b", "c"], weights=[2.0, -1.0, 0.01])
    WORSE = SimpleNamespace(columns=["a", "b", "c"], weights=[2.0, -0.9, 0.5], sleep_s=0.002)
    QUICK = dict(budget="1 s", measure={"restarts": 2}, workload={"batch_sizes": [1]}, policy="policy.yaml")


    def test_efficient(effaudit):
        verdict = effaudit.check(FULL, X, y, **QUICK)
        assert verdict.statuses == {"model": "pass"}


    def test_worse_and_slow(effaudit):
        effaudit.check(WORSE, X, y, baseline=FULL, **QUICK)


    def test_the_best_of_several(effaudit):
        verdict = effaudit.check({"old": FULL, "new": WORSE}, X, y, baseline="old", **QUICK)
        assert verdict.recommended == "old"
        effaudit.check(object(), X, y, **QUICK)


    def test_misspelt(effaudit):
        effaudit.check(FULL, X, y, policy="recomended")
"""
POLICY = {
    "apiVersion": "effaudit/v1",
    "kind": "EfficiencyPolicy",
    "metadata": {"name": "toy-gate"},
    "rules": {
        "quality": {"metric": "quality.root_mean_squared_error", "versus": "baseline", "max_increase": "5 %"},
        "latency": {"metric": "latency.batch_1", "max": "1 ms", "hint": "sleep less"},
        "size": {"metric": "size.artifact", "max": "1 B", "severity": "warn"},
    },
}


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    """One run of pytest on those tests, as a project that installed effaudit has it: the folder, the exit code, what it printed."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "test_model.py").write_text("\n".join(line[4:] for line in TESTS.splitlines()))
    (folder / "policy.yaml").write_text(json.dumps(POLICY))
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--effaudit-out", "kept", "-rw", "test_model.py"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=200, check=False)
    return folder, done.returncode, done.stdout + done.stderr


def outcome(session, name):
    """What stands under the heading of one failed test."""
    return session[2].partition(f"___ {name} ___")[2].partition("\n___")[0]


def test_the_session_ends_as_its_tests_do(session):
    assert session[1] == 1
    assert "3 failed, 1 passed" in session[2]


def test_a_failure_names_the_rules_the_figures_the_limits_and_the_cure(session):
    told = outcome(session, "test_worse_and_slow")
    assert "effaudit: model fails 2 of 2 error rules of toy-gate" in told
    assert re.search(r"✗ fail  latency: is \d", told)
    assert "where at most 1 ms is allowed" in told
    assert re.search(r"would pass with max ≥ \d", told)
    assert "hint: sleep less" in told
    assert "✗ fail  quality: grows by 1" in told


def test_a_failure_shows_the_users_line_and_none_of_ours(session):
    told = outcome(session, "test_worse_and_slow")
    assert ">       effaudit.check(WORSE, X, y, baseline=FULL, **QUICK)" in told
    assert "pytest_plugin.py" not in told


def test_a_failure_says_where_the_report_lies_and_it_lies_there(session):
    folder = session[0] / "kept" / "test_worse_and_slow"
    told = outcome(session, "test_worse_and_slow")
    assert f"report: {folder / 'report.html'}" in told
    assert f"judge it again: effaudit gate {folder} -p policy.yaml --candidate model" in told
    assert "toy-gate" in (folder / "report.html").read_text()
    assert (folder / "record.json").is_file()


def test_a_model_that_cannot_be_written_fails_with_what_to_do(session):
    told = outcome(session, "test_the_best_of_several")
    assert "effaudit: model could not be measured (write)" in told
    assert ">       effaudit.check(object(), X, y, **QUICK)" in told


def test_each_check_of_a_test_has_a_folder_of_its_own(session):
    assert {"test_the_best_of_several", "test_the_best_of_several-2"} <= {path.name for path in (session[0] / "kept").iterdir()}


def test_a_misspelt_policy_is_one_clear_sentence(session):
    told = outcome(session, "test_misspelt")
    assert "Did you mean 'effaudit:recommended'?" in told
    assert "During handling" not in told


def test_a_rule_that_only_warns_is_a_warning(session):
    assert "EffauditWarning: size: model is" in session[2]


def test_the_plugin_is_found_by_its_entry_point():
    (found,) = [each for each in entry_points(group="pytest11") if each.name == "effaudit"]
    assert found.load().EffauditWarning is EffauditWarning


def test_loading_it_imports_nothing_but_pytest_and_the_package_itself():
    code = "import sys, pytest; before = set(sys.modules); import effaudit.pytest_plugin; print(*set(sys.modules) - before)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) == {"effaudit", "effaudit.core", "effaudit.core.version", "effaudit.pytest_plugin"}


def test_its_option_is_in_the_help(pytester):
    assert "--effaudit-out=FOLDER" in pytester.runpytest_subprocess("--help").stdout.str()


def test_a_project_without_it_is_left_alone(pytester):
    pytester.makepyfile("def test_nothing():\n    pass")
    pytester.runpytest_subprocess("-W", "error").assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("model", "baseline", "expected"),
    [
        ("m", None, ({"model": "m"}, None)),
        (1.5, 2.5, ({"model": 1.5, "baseline": 2.5}, "baseline")),
        ({"a": 1, "b": 2}, "b", ({"a": 1, "b": 2}, "b")),
        ({"a": 1}, 2, ({"a": 1, "baseline": 2}, "baseline")),
    ],
)
def test_models_and_baselines_get_names(model, baseline, expected):
    assert _named(model, baseline) == expected


def test_the_examples_of_the_page_pass(tmp_path):
    """docs/pytest.md, with a policy of counted figures and quality in place of one that times."""
    page = (Path(__file__).parent.parent / "docs" / "pytest.md").read_text()
    examples = "\n".join(re.findall(r"```python\n(.*?)```", page, re.DOTALL)).replace("10 s", "1 s")
    given = TESTS.partition("def test_efficient")[0] + (
        "\n    def trained_model():\n        return FULL, X, y\n\n    def both_models():\n        return FULL, FULL, X, y\n\n"
    )
    (tmp_path / "test_page.py").write_text(textwrap.dedent(given) + examples)
    (tmp_path / "recommended").write_text(json.dumps({**POLICY, "rules": {"size": POLICY["rules"]["size"] | {"max": "1 kB"}}}))
    (tmp_path / "conftest.py").write_text("import effaudit.pytest_plugin as p\np.Gate.check.__kwdefaults__['budget'] = '1 s'\n")
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "test_page.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=200, check=False)
    assert "3 passed" in done.stdout, done.stdout
