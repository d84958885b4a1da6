"""Runs workers as `local` does, and marks them."""

from __future__ import annotations

from dataclasses import dataclass

from effaudit.core.candidate import Candidate
from effaudit.engines.local import Local


@dataclass(frozen=True)
class Here(Local):
    """Processes of this machine that know which engine runs them."""

    def environment(self, candidate: Candidate | None, threads: int) -> dict[str, str]:
        """As locally, with a mark."""
        return super().environment(candidate, threads) | {"TOY_ENGINE": "here"}
