"""What all tests share: the toy plug-ins of tests/plugins, found by entry points here and in workers."""

from __future__ import annotations

import os
import sys
from pathlib import Path

PLUGINS = str(Path(__file__).parent / "plugins")

os.environ.pop("COLUMNS", None)  # pytest-xdist sets it; screens have the width that they have elsewhere
os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # tests run models, too, and none of them is to be reported to anyone

if PLUGINS not in sys.path:
    sys.path.insert(0, PLUGINS)
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (PLUGINS, os.environ.get("PYTHONPATH"))))
