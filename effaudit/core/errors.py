"""The one exception that says the user's input is wrong: it names the place and what to do, and ends in exit code 2."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    """Where in the user's files something stands: a file, a line (from 1) and the path of keys down to it."""

    file: str
    line: int | None = None
    keys: str = ""

    def __str__(self) -> str:
        line = f":{self.line}" if self.line else ""
        keys = f" ({self.keys})" if self.keys else ""
        return f"{self.file}{line}{keys}"


class InputError(Exception):
    """A plan, policy, data file or option is wrong.

    `what` says what is wrong, `place` where, `advice` what to do next.
    """

    def __init__(self, what: str, place: Place | None = None, advice: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.place = place
        self.advice = advice

    def __str__(self) -> str:
        where = f"{self.place}: " if self.place else ""
        advice = f"\n  {self.advice}" if self.advice else ""
        return f"{where}{self.what}{advice}"
