"""Which OpenMP libraries the installed frameworks bring, and whether their idle threads spin.

`python -P -m effaudit.measure.pools` is a program of its own, since importing frameworks cannot be undone. Prints one line of JSON.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import re
import sys
import time
from importlib.util import find_spec
from pathlib import Path

from effaudit.core import keeper

FRAMEWORKS = ("sklearn", "lightgbm", "onnxruntime", "torch")
IDLE_S = 0.2
_OPENMP = re.compile(r"/lib(gomp|iomp5?|omp)[-.\w]*\.so[.\w]*$")


def main() -> None:
    """Imports what is installed, lets it work in parallel, and looks at what is left."""
    brought: dict[str, list[str]] = {}
    failed: list[str] = []
    for name in FRAMEWORKS:
        if find_spec(name) is None:
            continue
        before = set(libraries())
        try:
            importlib.import_module(name)
        except Exception as error:
            failed.append(f"{name} ({type(error).__name__})")
            continue
        brought[name] = sorted(set(libraries()) - before)
    _work()
    begun = time.process_time()
    time.sleep(IDLE_S)
    idle = (time.process_time() - begun) / IDLE_S
    sys.stdout.write(json.dumps({"brought": brought, "failed": failed, "idle": idle}) + "\n")


def libraries(maps: Path = Path("/proc/self/maps")) -> list[str]:
    """The OpenMP libraries that are mapped into this process, as FOLDER/FILE, each once; none where the system does not say."""
    with contextlib.suppress(OSError):
        paths = (line.split(None, 5)[-1] for line in maps.read_text().splitlines() if "/" in line)
        return sorted({"/".join(Path(path).parts[-2:]) for path in paths if _OPENMP.search(path)})
    return []


def _work() -> None:
    """A parallel product, after which the threads of a pool may go on spinning."""
    if "torch" in sys.modules:
        import torch

        torch.set_num_threads(2)
        square = torch.ones((512, 512))
        for _ in range(5):
            square = torch.softmax(square @ square, dim=0)


if __name__ == "__main__":
    keeper.keep()  # a framework that is imported may start processes, too
    main()
