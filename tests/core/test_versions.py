"""The packages that a process uses are known with their versions, and one that was changed since is named."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version

from effaudit.core import versions


def test_what_is_imported_is_listed_by_its_distribution_and_what_effaudit_needs_itself_is_not():
    code = "import sklearn, zstandard\nfrom effaudit.core import versions\nprint(*versions.imported())"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert {"scikit-learn", "scipy", "numpy"} <= set(found)
    assert not {"effaudit", "zstandard", "torch", "pytest"} & set(found)


def test_a_package_of_another_version_or_gone_is_named_with_both():
    now = versions.versions(["numpy", "scipy", "no-such-package"])
    assert now == {"numpy": version("numpy"), "scipy": version("scipy"), "no-such-package": ""}
    assert versions.change({"numpy": version("numpy")}, now) == ""
    assert versions.change({"numpy": version("numpy"), "scipy": "0.1"}, now) == f"scipy was 0.1 and is {version('scipy')} now"
    assert versions.change({"no-such-package": "1.0"}, now) == "no-such-package was 1.0 and is not installed now"


def test_a_package_that_only_lies_beside_a_plan_is_its_files_and_has_no_version(tmp_path):
    (tmp_path / "thing.py").write_text("")
    info = tmp_path / "thing.egg-info"
    info.mkdir()
    (info / "PKG-INFO").write_text("Metadata-Version: 2.1\nName: thing\nVersion: 0.9\n")
    (info / "top_level.txt").write_text("thing\n")
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import thing, numpy\n"
    code += "from effaudit.core import versions\nprint(*versions.imported())"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "numpy" in found
    assert "thing" not in found


def test_what_every_worker_runs_on_has_a_version():
    assert set(versions.interpreter()) == {"effaudit", "python"}
    assert all(versions.interpreter().values())
