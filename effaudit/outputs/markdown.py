"""The verdict as GitHub-flavoured markdown, for step summaries and pull-request comments."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass

from effaudit.core.diff import Diff
from effaudit.core.notes import texts
from effaudit.core.plugin import Output
from effaudit.core.record import Record
from effaudit.core.text import counted, one_line, shorten
from effaudit.core.verdict import Check, Verdict
from effaudit.reporting import diff_markdown
from effaudit.reporting.candidate_rows import Cell, Line, headline_metrics, lines
from effaudit.reporting.cautions import cautions, others
from effaudit.reporting.formatting import NOTHING, checked, own_limit, title
from effaudit.reporting.gate_text import answer
from effaudit.reporting.slices import CAUTION, worst
from effaudit.reporting.story import Shade, buys_sentence, by_rule, larger, meets, resolution, smaller, tied, wanting

SPECIAL = re.compile(r"([\\`*_{}\[\]|~$])")
"""What markdown (GitHub's, mathematics included) would read as its own."""
LINKED = re.compile(r"([@#]|https?:|ftp:|www)(?=[\w/.])", re.IGNORECASE)
"""After these GitHub would link, mention or notify; a zero-width space breaks that."""
LISTED = 40
"""So many candidates, and checks of one status, are listed at most: a comment may hold 65,536 characters."""
SHADES: tuple[tuple[Shade, str], ...] = (
    ("fail", "failed"),
    ("inconclusive", "inconclusive"),
    ("waived", "waived"),
    ("warn", "with a warning"),
    ("pass", "passed"),
)
QUOTED = 200
"""So many characters of a failure's words are quoted."""


@dataclass(frozen=True)
class Markdown(Output):
    """A headline sentence, the table of candidates, the recommendation, what blocks, and details to unfold.

    The first line is a hidden marker with the audit's name, by which a comment can be found and updated.
    """

    suffix = ".md"

    def render(self, record: Record, verdict: Verdict | None) -> str:
        """The text, ending in a newline. Foreign words mention nobody, link nowhere and format nothing."""
        parts = [f"<!-- effaudit: {re.sub(r'[^A-Za-z0-9._]+', '-', record.name).strip('-')} -->", _headline(record, verdict)]
        parts += [f"> **!** {_plain(note)}" for note in cautions(record, verdict)]
        if record.ended == "interrupted":
            parts.append("The audit was interrupted: this is what it knew by then.")
        parts.append(_table(record, verdict))
        if verdict:
            parts += [_recommendation(verdict), _blocking(record, verdict), *_details(record, verdict)]
        parts.append(_slices(record))
        parts += [_unmeasured(record), _trust(record, verdict), _foot(record, verdict)]
        return "\n\n".join(part for part in parts if part) + "\n"

    def render_diff(self, diff: Diff, everything: bool = False) -> str:
        """The answer, the surroundings, the changes, and what cannot be compared to unfold."""
        return "\n\n".join(diff_markdown.parts(diff, everything, _plain, _code, _grid, _folded)) + "\n"


def _headline(record: Record, verdict: Verdict | None) -> str:
    if verdict is None:
        return f"**{_plain(record.title or record.name)}**: measured, not judged."
    if told := answer(record, verdict):
        return f"**Gate: {_plain(told)}.**"
    if verdict.recommended and verdict.outcome == "recommended":
        facts = ", ".join(_plain(fact) for fact in meets(record, verdict, verdict.recommended))
        word = "Ranked first" if verdict.only_ranks else "Recommended"
        return f"**{word}: {_code(verdict.recommended)}**, {facts}."
    words = {"infeasible": "None passes", "inconclusive": "Undecided", "incomplete": "Incomplete"}
    return f"**{words.get(verdict.outcome, 'No recommendation')}:** {_plain(verdict.headline)}"


def _table(record: Record, verdict: Verdict | None) -> str:
    metrics = headline_metrics(record)
    heads = ["candidate", "verdict", *(title(metric) for metric in metrics)]
    rows = [_row(line) for line in lines(record, verdict, metrics)]
    return _grid(heads, rows, ":-- :--" + " --:" * len(metrics))


def _row(line: Line) -> list[str]:
    name = _code(line.name) + (" (baseline)" if line.baseline else "")
    return [
        name,
        f"**{line.standing}**" if line.standing == "recommended" else line.standing,
        *(_cell(cell) for cell in line.cells),
    ]


def _cell(cell: Cell) -> str:
    return _plain(cell.text) + (f" ({_plain(cell.change)})" if cell.change else "")


def _recommendation(verdict: Verdict) -> str:
    told = [_plain(verdict.headline) if verdict.recommended else "", _plain(tied(verdict))]
    if verdict.nearest and not verdict.recommended:
        told.append(f"Nearest: {_code(verdict.nearest)}.")
    return "### Recommendation\n\n" + " ".join(part for part in told if part) if any(told) else ""


def _blocking(record: Record, verdict: Verdict) -> str:
    """What stands in the way: of something smaller, or of any recommendation."""
    shown = smaller(record, verdict) if verdict.recommended else verdict.explanations
    found = [f"- {_code(told.candidate)} {_plain(told.sentence)}" for told in shown]
    found += [f"- {_code(name)} could have changed the recommendation" for name in verdict.blocking]
    heading = "### Why not smaller" if verdict.recommended and not verdict.blocking else "### What blocks"
    return f"{heading}\n\n{_some(found)}" if found else ""


def _details(record: Record, verdict: Verdict) -> list[str]:
    parts = []
    for status, words in SHADES:
        found = [check for group in by_rule(record, verdict, status) for check in group]
        if found:
            head, table = f"{counted(len(found), 'check')} {words}", _checks(verdict, found)
            # What only passes under a waiver is never folded away.
            parts.append(f"### {head}\n\n{table}" if status == "waived" else _folded(head, table))
    buys = [f"- {_code(item.candidate)} {_plain(buys_sentence(record, verdict, item))}" for item in larger(verdict)]
    return [*parts, _folded("What the larger candidates buy", _some(buys)) if buys else ""]


def _checks(verdict: Verdict, found: Sequence[Check]) -> str:
    rows = [
        [_code(c.rule.id), _code(c.candidate), _plain(checked(c)), _plain(own_limit(c)), _plain(wanting(verdict, c))] for c in found
    ]
    return _grid(["rule", "candidate", "found", "limit", ""], rows, ":-- :-- --: :-- :--")


def _slices(record: Record) -> str:
    found = [one for row in record.rows for one in worst(record, row)]
    if not found:
        return ""
    rows = [
        [
            _code(one.candidate),
            _plain(one.column),
            _plain(one.slice),
            _plain(f"{one.text} {one.interval}"),
            f"{one.rows:,}",
            _plain(one.of),
        ]
        for one in found
    ]
    heads = ["candidate", "column", "worst slice", found[0].metric, "rows", "of"]
    return _folded(f"Worst slices, {found[0].metric}", f"{_grid(heads, rows, ':-- :-- :-- --: --: :--')}\n\n{_plain(CAUTION)}")


def _unmeasured(record: Record) -> str:
    failed = [(row.candidate.name, row.failure) for row in record.rows if row.failure]
    told = [f"- {_code(name)} {_plain(shorten(why.words, QUOTED))}" for name, why in failed]
    return _folded(f"{counted(len(failed), 'candidate')} not measured", _some(told)) if failed else ""


def _trust(record: Record, verdict: Verdict | None) -> str:
    notes = texts((*others(verdict), *record.workload.notes, *record.notes))
    return _folded("How far to trust this", "\n".join(f"- {_plain(note)}" for note in (resolution(record, verdict), *notes)))


def _foot(record: Record, verdict: Verdict | None) -> str:
    rows = record.workload.splits.get("certify", 0)
    facts = [f"{_plain(counted(rows, record.workload.unit))} to certify on", f"baseline {_code(record.baseline)}"]
    if verdict:
        facts.append(f"policy {_code(verdict.policy.name)} {_plain(verdict.policy.digest[:12])}".rstrip())
    facts.append(f"commit {_plain(record.commit[:12])}" if record.commit else "")
    return f"<sub>effaudit {_plain(record.version)} · {' · '.join(fact for fact in facts if fact)}</sub>"


def _folded(summary: str, body: str) -> str:
    return f"<details><summary>{html.escape(summary)}</summary>\n\n{body}\n\n</details>"


def _grid(heads: Sequence[str], rows: Sequence[Sequence[str]], marks: str) -> str:
    top = [[_plain(head) for head in heads], marks.split()]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in [*top, *rows[:LISTED]]) + _rest(len(rows))


def _some(told: Sequence[str]) -> str:
    return "\n".join(told[:LISTED]) + _rest(len(told))


def _rest(count: int) -> str:
    return f"\n\n… and {count - LISTED:,} more" if count > LISTED else ""


def _plain(words: str) -> str:
    """Foreign words as text."""
    safe = html.escape(one_line(words, 600), quote=False)
    return LINKED.sub("\\1\u200b", SPECIAL.sub(r"\\\1", safe))


def _code(words: str) -> str:
    """Foreign words as a code span, in which GitHub neither mentions nor links."""
    # A pipe would end a table's cell even inside a code span.
    inside = one_line(words, QUOTED).replace("\\", "⧵").replace("|", "\\|")
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", inside)), default=0))
    edge = " " if inside.startswith("`") or inside.endswith("`") else ""
    return f"{fence}{edge}{inside}{edge}{fence}" if inside else NOTHING
