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
    now = versions.versions(["numpy", "scipy"])
    assert now == {"numpy": version("numpy"), "scipy": version("scipy")}
    assert versions.change(now) == ""
    assert versions.change({**now, "scipy": "0.1"}) == f"scipy was 0.1 and is {version('scipy')} now"
    assert versions.change({"no-such-package": "1.0"}) == "no-such-package was 1.0 and is not installed now"


def test_what_every_worker_runs_on_has_a_version():
    assert set(versions.interpreter()) == {"effaudit", "python"}
    assert all(versions.interpreter().values())
