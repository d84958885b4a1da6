"""Real estimators × wrappers × forms of data × formats, each compared with what its own library answers: `make world`.

Every cell is asked in this process, and some as whole audits by the command line. A cell is right when every label, probability and
figure is the library's; a refusal is right only where `refusals.py` lists it, and for 5 % of the cells at most.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from cells import cells
from parts import Cell
from reference import Made, Refused, Wrong, check
from refusals import REFUSED, allowed
from whole import audited

WHOLE = 20
MOST_REFUSED = 0.05


@dataclass
class Tally:
    """How cells ended, how many figures were compared, and what was said of those that are not right."""

    ends: Counter[str] = field(default_factory=Counter)
    figures: int = 0
    said: list[str] = field(default_factory=list)

    def add(self, name: str, end: str, words: str, figures: int) -> None:
        self.ends[end] += 1
        self.figures += figures
        if end != "right":
            self.said.append(f"{end}: {name}: {words}")

    @property
    def wrong(self) -> int:
        """How many are neither right nor refused as listed."""
        return sum(number for end, number in self.ends.items() if end not in ("right", "refused"))


def run(cell: Cell, how: Callable[[Made, Path], int] = check) -> tuple[str, str, int]:
    """How a cell ends: `right`, `refused` (as listed), `wrong` or `raised`; what was said; how many figures were compared."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            return "right", "", how(cell.make(Path(folder)), Path(folder))
        except Wrong as wrong:
            return "wrong", str(wrong), 0
        except Refused as refused:
            return ("refused" if allowed(cell.name, str(refused)) else "wrong"), str(refused), 0
        except Exception as error:
            return "raised", f"{type(error).__name__}: {str(error)[:300]}", 0


def spread(found: Sequence[Cell], number: int, seed: int = 0) -> list[Cell]:
    """Some cells, the same ones for a seed."""
    return sorted(found, key=lambda cell: zlib.crc32(f"{seed} {cell.name}".encode()))[:number]


def on_disk(found: Sequence[Cell]) -> list[Cell]:
    """The cells that a plan can name: their rows are in a file, and no technique made them."""
    return [cell for cell in found if "memory" not in cell.name and not cell.name.startswith("to_onnx")]


def main() -> int:
    """Runs the cells and prints those that are not right. 1 when one is wrong, or too many are refused."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="the cells whose name has these words")
    parser.add_argument("--whole", type=int, default=WHOLE, help="how many of them also run as whole audits")
    options = parser.parse_args()
    began, tally = time.time(), Tally()
    chosen = [cell for cell in cells() if options.only in cell.name]
    turns = [(cell, check) for cell in chosen] + [(cell, audited) for cell in spread(on_disk(chosen), options.whole)]
    for place, (cell, how) in enumerate(turns, 1):
        tally.add(cell.name + (" (whole)" if how is audited else ""), *run(cell, how))
        if place % 25 == 0 or place == len(turns):
            left = (time.time() - began) / place * (len(turns) - place)
            print(f"{place} of {len(turns)}, about {left:.0f} s left", file=sys.stderr, flush=True)
    told = ", ".join(f"{number} {end}" for end, number in tally.ends.items())
    print(*tally.said, sep="\n", end="\n" if tally.said else "")
    print(f"{len(chosen)} cells and {len(turns) - len(chosen)} whole audits: {told}; {tally.figures:,} figures compared")
    unused = [name for name, _, _ in REFUSED if not options.only and not any(name in cell.name for cell in chosen)]
    for name in unused:
        print(f"a refusal is listed of which there is no cell: {name}")
    return int(bool(tally.wrong or unused or tally.ends["refused"] > MOST_REFUSED * len(turns)))


if __name__ == "__main__":
    sys.exit(main())
