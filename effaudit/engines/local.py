"""Workers as processes of this machine, in this Python environment."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass

from effaudit.core.candidate import Candidate
from effaudit.core.plugin import Engine

_POOLS = tuple(f"{pool}_THREADS" for pool in ("OMP_NUM", "OPENBLAS_NUM", "MKL_NUM", "BLIS_NUM", "NUMEXPR_NUM", "VECLIB_MAXIMUM"))
_NO_SPINNING = {"OMP_WAIT_POLICY": "PASSIVE", "GOMP_SPINCOUNT": "0", "KMP_BLOCKTIME": "0"}
_NOTHING_SENT = {"ORT_DISABLE_TELEMETRY": "1"}
"""ONNX Runtime 1.29 and later otherwise reports on the models that it runs to its maker, from threads of its own."""
_UNWANTED = ("PYTHONSTARTUP", "PYTHONINSPECT", "PYTHONPROFILEIMPORTTIME", "PYTHONTRACEMALLOC")


@dataclass(frozen=True)
class Local(Engine):
    """Runs each worker as a process of this machine, with the Python that runs effaudit.

    Thread pools are bound by environment variables, which every framework reads when it is imported; idle pools do not spin,
    and nothing is reported to anyone.
    """

    def command(self, candidate: Candidate | None) -> list[str]:
        """`-P` keeps the current folder off the path: a stray `grp.py` beside a plan must not run."""
        return [sys.executable, "-P", "-m", "effaudit.worker"]

    def environment(self, candidate: Candidate | None, threads: int) -> dict[str, str]:
        """The caller's own environment, with thread pools bound and hashing fixed."""
        inherited = {name: value for name, value in os.environ.items() if name not in _UNWANTED}
        pools = dict.fromkeys(_POOLS, str(threads))
        return inherited | pools | _NO_SPINNING | _NOTHING_SENT | {"PYTHONHASHSEED": "0", "TOKENIZERS_PARALLELISM": "false"}
