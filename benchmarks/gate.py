"""How often the gate errs: `python benchmarks/gate.py` simulates and replays audits of which the truth is known, judges them
with the real `decide`, and writes the tables of docs/calibration.md.

`--runs` sets how many audits a line rests on (1,000; 400 where an audit has 10,000 rows or more and is ranked), `--record` an
audit to replay, `--only` to make only the lines again whose name has this word: the page's others stay as they are.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import _simulated as simulated

from effaudit.core.policy import Policy
from effaudit.core.record import Record
from effaudit.core.stats.student import binomial_at_most, binomial_upper
from effaudit.judge.decide import decide

PAGE = Path(__file__).parent.parent / "docs" / "calibration.md"
CROWDS = (1, 5, 15)
ALLOWED, POWER = 0.05, 0.80
COLUMNS = (
    "evidence",
    "size",
    "candidates",
    "audits",
    "all lose the margin: one passes",
    "one loses it, the rest are equal: it passes",
    "all lose twice the margin: one passes",
    "equal: pass",
    "equal: inconclusive",
    "equal: fail",
    "equal, margin of 3 standard errors: pass",
)


@dataclass
class Tally:
    """What became of the audits of one line. Counts are of audits for false passes, and of candidates for equal ones."""

    audits: int = 0
    all_at_margin: int = 0
    one_at_margin: int = 0
    all_beyond: int = 0
    equal: dict[str, int] = field(default_factory=lambda: {"pass": 0, "inconclusive": 0, "fail": 0})
    equal_3se: int = 0

    def wrongs(self) -> tuple[int, int, int]:
        """Audits with a false pass, by scenario."""
        return self.all_at_margin, self.one_at_margin, self.all_beyond


def main() -> int:
    """Runs every line, prints it, and writes the page. 1 when a line breaks a promise beyond chance."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--record", type=Path, default=None, metavar="FOLDER")
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    broken = 0
    for name, kinds in (("simulated", simulated.kinds()), ("replayed", _replays(options.record))):
        kept, lines, made = written(PAGE.read_text("utf-8"), name), [], 0
        for kind in kinds:
            if options.only not in kind.name:
                lines += [kept[key] for crowd in kind.crowds(CROWDS) if (key := (kind.name, kind.size, str(crowd))) in kept]
                continue
            for crowd, tally in tallies(kind, options.runs):
                lines.append(cells(kind, crowd, tally))
                broken += not holds(kind, crowd, tally)
                made += 1
                print(" | ".join(lines[-1]), flush=True)
        if made:
            PAGE.write_text(between(PAGE.read_text("utf-8"), name, table(lines)), "utf-8")
    return 1 if broken else 0


def tallies(kind: simulated.Kind, runs: int) -> Iterator[tuple[int, Tally]]:
    """One tally for each number of candidates; all of them see the same audits."""
    found = {crowd: Tally() for crowd in kind.crowds(CROWDS)}
    rng = simulated.generator(kind)
    for _ in range(min(runs, kind.most_runs)):
        audit = kind.audit(rng)
        for crowd, tally in found.items():
            add(tally, audit, kind, crowd)
    yield from found.items()


def add(tally: Tally, audit: simulated.Audit, kind: simulated.Kind, crowd: int) -> None:
    """Judges one audit in each scenario. With one candidate "all" and "one" are the same."""
    usual, wide = kind.policy(kind.margin), kind.policy(kind.three_errors)
    tally.audits += 1
    tally.all_at_margin += bool(passing(audit.of("margin", crowd), usual))
    mixed = audit.mixed(crowd) if crowd > 1 else audit.of("margin", 1)
    tally.one_at_margin += "margin-0" in passing(mixed, usual)
    tally.all_beyond += bool(passing(audit.of("beyond", crowd), usual))
    equal = audit.of("equal", crowd)
    for name, status in decide(equal, usual).statuses.items():
        if name != equal.baseline:
            tally.equal[status] += 1
    tally.equal_3se += len(passing(equal, wide))


def passing(record: Record, policy: Policy) -> list[str]:
    """The candidates that pass, the baseline aside."""
    statuses = decide(record, policy).statuses
    return [name for name, status in statuses.items() if status == "pass" and name != record.baseline]


def holds(kind: simulated.Kind, crowd: int, tally: Tally) -> bool:
    """Are false passes 5 % at most, and does an equal model pass often enough, as far as chance lets us say?

    With several candidates the correction takes power, which the table shows; the promise is made for one.
    """
    rare = all(1 - binomial_at_most(k - 1, tally.audits, ALLOWED) > 0.001 for k in tally.wrongs() if k)
    often = crowd > 1 or not kind.promised or binomial_at_most(tally.equal_3se, tally.audits, POWER) > 0.001
    return rare and often


def cells(kind: simulated.Kind, crowd: int, tally: Tally) -> tuple[str, ...]:
    """One line of the table. Beside false passes stands the upper end of Clopper and Pearson's 95 % interval, one-sided."""
    judged = tally.audits * crowd
    return (
        kind.name,
        kind.size,
        str(crowd),
        f"{tally.audits:,}",
        *(f"{_share(k, tally.audits)} (≤ {_percent(binomial_upper(k, tally.audits, 0.95))})" for k in tally.wrongs()),
        *(_share(tally.equal[status], judged) for status in ("pass", "inconclusive", "fail")),
        _share(tally.equal_3se, judged),
    )


def table(lines: Sequence[Sequence[str]]) -> str:
    """The lines as a markdown table."""
    rule = ["---"] * 2 + ["--:"] * (len(COLUMNS) - 2)
    return "\n".join("| " + " | ".join(line) + " |" for line in (COLUMNS, rule, *lines))


def written(page: str, name: str) -> dict[tuple[str, ...], tuple[str, ...]]:
    """The lines of a table on the page, by evidence, size and number of candidates."""
    inside = page.partition(f"<!-- {name}: begin -->")[2].partition(f"<!-- {name}: end -->")[0]
    lines = [tuple(cell.strip() for cell in line.strip().strip("|").split("|")) for line in inside.strip().splitlines()[2:]]
    return {line[:3]: line for line in lines}


def between(page: str, name: str, text: str) -> str:
    """The page with `text` between the markers of this name. Raises ValueError where it has none."""
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    before, found, rest = page.partition(begin)
    _, ended, after = rest.partition(end)
    if not found or not ended:
        raise ValueError(f"the page has no markers {begin} … {end}")
    return f"{before}{begin}\n{text}\n{end}{after}"


def _replays(folder: Path | None) -> Iterator[simulated.Kind]:
    if folder is not None:
        from effaudit.reading.record_file import read_record

        yield from simulated.replays(read_record(folder))


def _share(count: int, of: int) -> str:
    return _percent(count / of)


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


if __name__ == "__main__":
    sys.exit(main())
