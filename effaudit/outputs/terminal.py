"""The verdict in a terminal: candidates, recommendation, what failed, why nothing smaller, what the larger ones buy."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO

from effaudit.core.diff import Diff
from effaudit.core.notes import texts
from effaudit.core.plugin import Output
from effaudit.core.record import Record
from effaudit.core.text import counted, one_line
from effaudit.core.verdict import Check, Verdict
from effaudit.reporting import diff_terminal
from effaudit.reporting.candidate_rows import Line, headline_metrics, lines
from effaudit.reporting.cautions import cautions, others, remarks
from effaudit.reporting.formatting import checked, own_limit, where, written
from effaudit.reporting.gate_text import answer
from effaudit.reporting.slices import CAUTION, Worst, worst
from effaudit.reporting.steady import disturbed, wavering
from effaudit.reporting.story import Shade, buys_sentence, by_rule, larger, meets, resolution, smaller, tied, wanting
from effaudit.reporting.terminal_layout import GAP, Layout, change_words, in_the_middle, layout

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.table import Table
    from rich.text import Text

NARROWEST, WIDEST = 80, 140
FEW = 3
"""So many smaller and larger candidates are told about, unless all are asked for."""
NEAREST = 5
"""So many candidates are listed per rule that they miss, those nearest to the limit, unless all are asked for."""
STYLES: Mapping[str, str] = {
    "recommended": "bold green",
    "pass": "green",
    "inconclusive": "yellow",
    "fail": "red",
    "warn": "yellow",
    "waived": "cyan",
    "not measured": "magenta",
    "not judged": "dim",
}
MARKS: Mapping[str, str] = {"pass": "✓", "inconclusive": "?", "fail": "✗", "warn": "!", "waived": "~", "not measured": "–"}
OUTCOMES: Mapping[str, tuple[str, str]] = {
    "recommended": ("RECOMMENDED", "bold green"),
    "infeasible": ("NONE PASSES", "bold red"),
    "inconclusive": ("UNDECIDED", "bold yellow"),
    "incomplete": ("INCOMPLETE", "bold yellow"),
}
RANKED = ("RANKED FIRST", "bold yellow")
"""Of a recommendation by a policy that can reject nobody."""


@dataclass(frozen=True)
class Terminal(Output):
    """Lines for a terminal. A status is always a word; colours come on top if `colour` says so.

    `width` is in columns and kept within 80 to 140; `verbose` also lists the checks that passed, the
    worst slices and every candidate not chosen.
    """

    verbose: bool = False
    width: int = 100
    colour: bool = False

    @classmethod
    def fitting(cls, stream: TextIO, environ: Mapping[str, str], columns: int, verbose: bool = False) -> Terminal:
        """One for a stream: colours only on a terminal that is not `dumb`, and never when NO_COLOR is set (no-color.org)."""
        colour = stream.isatty() and not environ.get("NO_COLOR") and environ.get("TERM") != "dumb"
        return cls(verbose, columns, colour)

    def render(self, record: Record, verdict: Verdict | None) -> str:
        """The text, ending in a newline. Foreign words appear without terminal escapes and are never read as markup."""
        page = io.StringIO()
        console = _console(page, min(max(self.width, NARROWEST), WIDEST), self.colour)
        parts = [_head(record, verdict), _candidates(record, verdict, console.width)]
        parts += _judged(record, verdict, self.verbose) if verdict else _unjudged(record)
        parts.append(_text(resolution(record, verdict), "dim"))
        if self.verbose:
            parts += _told("Not steady while it was timed", wavering(record), verbose=True)
            parts += [_text(f"Note: {note}", "dim") for note in disturbed(record)]
        return _printed(page, console, parts)

    def render_diff(self, diff: Diff, everything: bool = False) -> str:
        """The comparison of two records, ending in a newline."""
        page = io.StringIO()
        console = _console(page, min(max(self.width, NARROWEST), WIDEST), self.colour)
        return _printed(page, console, diff_terminal.parts(diff, everything))


def _printed(page: io.StringIO, console: Console, parts: Sequence[RenderableType]) -> str:
    for part in parts:
        console.print(part)
        console.print()
    return "\n".join(line.rstrip() for line in page.getvalue().rstrip().splitlines()) + "\n"


def _console(page: io.StringIO, width: int, colour: bool) -> Console:
    from rich.console import Console

    # An empty environment: what is rendered depends on the output's own fields alone.
    return Console(
        file=page,
        width=width,
        force_terminal=colour,
        color_system="standard" if colour else None,
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=False,
        _environ={},
    )


def _head(record: Record, verdict: Verdict | None) -> RenderableType:
    rows = record.workload.splits.get("certify", 0)
    facts = [
        counted(len(record.rows), "candidate"),
        f"baseline {record.baseline}",
        f"{counted(rows, record.workload.unit)} to certify on",
    ]
    first = _text(verdict.policy.name if verdict else record.name, "bold")
    first.append("   ").append_text(_text(" · ".join(facts), "dim"))
    if record.ended == "interrupted":
        first.append("\n").append_text(_text("The audit was interrupted: this is what it knew by then.", "yellow"))
    return first


def _candidates(record: Record, verdict: Verdict | None, width: int) -> RenderableType:
    metrics = headline_metrics(record)
    found = lines(record, verdict, metrics)
    plan = layout(found, metrics, width)
    table = _grid()
    table.show_header = True
    table.add_column("candidate", no_wrap=True, vertical="bottom")
    for place in range(len(metrics)):
        table.add_column(plan.heading(place), no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    for line in found:
        table.add_row(*_cells(line, plan))
    return table


def _cells(line: Line, plan: Layout) -> list[Text]:
    cells = [_text(in_the_middle(one_line(line.name), plan.name), "bold" if line.standing == "recommended" else "")]
    for cell, figure, change in zip(line.cells, plan.figures, plan.changes, strict=True):
        text = _text(cell.text)
        text.pad_left(max(0, figure - text.cell_len))
        if change:
            text.append(" ").append_text(
                _text(change_words(line, cell), {True: "green", False: "yellow", None: "dim"}[cell.better])
            )
        cells.append(text)
    return [*cells, _text(line.standing, STYLES[line.standing])]


def _unjudged(record: Record) -> list[RenderableType]:
    return [_text("Not judged: no policy was given.", "dim"), *_cautions(record, None)]


def _cautions(record: Record, verdict: Verdict | None) -> list[RenderableType]:
    return [_text(f"! {note}", STYLES["warn"]) for note in cautions(record, verdict)]


def _judged(record: Record, verdict: Verdict, verbose: bool) -> list[RenderableType]:
    less = [(told.candidate, told.sentence) for told in smaller(record, verdict)]
    more = [(buys.candidate, buys_sentence(record, verdict, buys)) for buys in larger(verdict)]
    parts = [*_gated(record, verdict), _outcome(record, verdict), *_cautions(record, verdict), *_rules(record, verdict, verbose)]
    parts += _slices(record) if verbose else []
    parts += _told("Why not smaller?", less, verbose) + _told("What do the larger buy?", more, verbose)
    return parts + [_text(f"Note: {note}", "dim") for note in (*texts(others(verdict)), *remarks(record))]


def _outcome(record: Record, verdict: Verdict) -> RenderableType:
    ranked = verdict.only_ranks and verdict.outcome == "recommended"
    word, style = RANKED if ranked else OUTCOMES[verdict.outcome]
    first = _text(word, style).append("  ")
    if verdict.recommended is None or verdict.outcome != "recommended":
        return first.append_text(_text(verdict.headline))
    first.append_text(_text(verdict.recommended, "bold"))
    for fact in meets(record, verdict, verdict.recommended):
        first.append("   ").append_text(_text(fact))
    if equal := tied(verdict):
        first.append("\n").append_text(_text(equal, "dim"))
    return first


def _gated(record: Record, verdict: Verdict) -> list[RenderableType]:
    """The answer about the candidate that was gated."""
    told = answer(record, verdict)
    style = {0: "bold green", 1: "bold red"}.get(verdict.exit_code, "bold yellow")
    return [_text("GATE", style).append("  ").append_text(_text(told))] if told else []


def _rules(record: Record, verdict: Verdict, verbose: bool) -> list[RenderableType]:
    parts: list[RenderableType | None] = [_unmeasured(record)]
    shades: tuple[Shade, ...] = ("fail", "inconclusive", "waived", "warn")
    for status in shades:
        parts += [_rule(verdict, found, status, verbose) for found in by_rule(record, verdict, status)]
    passed = by_rule(record, verdict, "pass")
    if verbose:
        parts += [_rule(verdict, found, "pass", verbose) for found in passed]
    else:
        parts.append(_text(f"✓ {sum(map(len, passed)):,} passed", "green").append("   (-v lists them)", "dim"))
    return [_stacked(parts)]


def _rule(verdict: Verdict, found: Sequence[Check], status: Shade, verbose: bool) -> RenderableType:
    rule = found[0].rule
    head = (
        _status(status).append("  ").append_text(_text(written(rule), "bold")).append("   ").append_text(_text(own_limit(found[0])))
    )
    if rule.hint and status not in ("pass", "waived"):
        head.append("\n").append_text(_indented(rule.hint, "dim"))
    grid = _grid()
    grid.add_column(no_wrap=True)
    grid.add_column(no_wrap=True)
    grid.add_column(ratio=1)
    shown = found if verbose else found[:NEAREST]
    for check in shown:
        of = " in ".join(words for words in (check.candidate, in_the_middle(where(check.rule), 40)) if words)
        grid.add_row(_indented(of), _text(checked(check)), _text(wanting(verdict, check), "dim"))
    if len(found) > len(shown):
        grid.add_row(_indented(f"… and {len(found) - len(shown)} more", "dim"), _text("(-v lists them)", "dim"))
    return _stacked([head, grid])


def _unmeasured(record: Record) -> RenderableType | None:
    grid = _grid()
    grid.add_column(no_wrap=True)
    grid.add_column(no_wrap=True)
    grid.add_column(ratio=1)
    for row in record.rows:
        if row.failure:
            grid.add_row(_status("not measured"), _text(row.candidate.name), _text(row.failure.words))
    return grid if grid.row_count else None


def _slices(record: Record) -> list[RenderableType]:
    """Where each candidate's primary quality reads worst."""
    found = [one for row in record.rows for one in worst(record, row)]
    if not found:
        return []
    grid = _grid()
    for _ in range(3):
        grid.add_column(no_wrap=True)
    grid.add_column(ratio=1)
    for one in found:
        where = f"{in_the_middle(one.column, 24)}: {in_the_middle(one.slice, 32)}"
        grid.add_row(_text(one.candidate), _text(where), _text(f"{one.text} {one.interval}".strip()), _text(_among(one), "dim"))
    return [_stacked([_text(f"Worst slices, {found[0].metric}", "bold"), grid, _text(CAUTION, "dim")])]


def _among(one: Worst) -> str:
    return f"{counted(one.rows, 'row')} · of {one.of}"


def _told(heading: str, told: Sequence[tuple[str, str]], verbose: bool) -> list[RenderableType]:
    if not told:
        return []
    grid = _grid()
    grid.add_column(no_wrap=True)
    grid.add_column(ratio=1)
    shown = told if verbose else told[:FEW]
    for name, sentence in shown:
        grid.add_row(_text(name), _text(sentence))
    if len(told) > len(shown):
        grid.add_row(_text("…", "dim"), _text(f"and {len(told) - len(shown)} more (-v lists them)", "dim"))
    return [_stacked([_text(heading, "bold"), grid])]


def _status(status: str) -> Text:
    return _text(f"{MARKS[status]} {status}", STYLES[status])


def _indented(words: str, style: str = "") -> Text:
    from rich.text import Text

    return Text("    ").append_text(_text(words, style))


def _stacked(parts: Sequence[RenderableType | None]) -> RenderableType:
    from rich.console import Group

    return Group(*(part for part in parts if part is not None))


def _grid() -> Table:
    from rich.table import Table

    return Table(box=None, show_header=False, header_style="dim", pad_edge=False, padding=(0, GAP, 0, 0), collapse_padding=True)


def _text(words: str, style: str = "") -> Text:
    """Foreign words made harmless: one line, no escapes, no markup."""
    from rich.text import Text

    return Text().append(one_line(words, 600), style or None)
