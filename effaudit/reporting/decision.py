"""The report's tables of the decision: candidates × rules, what blocks each and what would not, and what the larger ones buy."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from effaudit.core.policy import Rule
from effaudit.core.record import Record
from effaudit.core.slices import apart
from effaudit.core.text import counted
from effaudit.core.units import show
from effaudit.core.verdict import Buys, Check, Explanation, Gap, Verdict
from effaudit.reporting.candidate_rows import Line, amount, cell, lines, objective
from effaudit.reporting.charts.spread import Whisker, whiskers
from effaudit.reporting.formatting import NOTHING, Standing, checked, limit, title, waived, where, why, written
from effaudit.reporting.story import bought, larger, shade, times

SHOWN_FIRST = ("pass", "inconclusive", "fail")
"""Of a rule's checks in slices the last of these is shown."""


@dataclass(frozen=True)
class RuleHead:
    """A rule above its column."""

    id: str
    metric: str
    limit: str
    only_warns: bool


@dataclass(frozen=True)
class RuleCell:
    """One candidate on one rule: the status in a word, the figure, its interval, why it is undecided or waived, and its rank."""

    status: str
    text: str
    interval: str
    why: str
    rank: int | None = None


@dataclass(frozen=True)
class DecisionRow:
    """One candidate on all rules."""

    anchor: str
    line: Line
    goal: str
    goal_rank: int | None
    cells: tuple[RuleCell, ...]


@dataclass(frozen=True)
class Decision:
    """Candidates × rules. `goal` is what the policy minimises; "" when a rule on it shows it already."""

    goal: str
    heads: tuple[RuleHead, ...]
    rows: tuple[DecisionRow, ...]
    standings: tuple[Standing, ...]


@dataclass(frozen=True)
class Blocked:
    """Why one candidate is not recommended, and the limits or samples that would change that."""

    anchor: str
    name: str
    standing: Standing
    sentence: str
    gaps: tuple[str, ...]
    blocks: bool
    """Its failure could have changed the recommendation."""


@dataclass(frozen=True)
class Bought:
    """What one larger candidate buys, with its interval drawn beside those of the others."""

    anchor: str
    name: str
    standing: Standing
    metric: str
    text: str
    interval: str
    whisker: Whisker
    times: str
    surely: str


def anchors(record: Record) -> Mapping[str, str]:
    """Each candidate's place in the page, by number: a name may hold anything."""
    return {row.candidate.name: f"c{place}" for place, row in enumerate(record.rows)}


def decision(record: Record, verdict: Verdict | None) -> Decision:
    """The table, best candidates first."""
    rules = verdict.policy.rules if verdict else ()
    goal = objective(verdict)
    found = lines(record, verdict, ())
    standings = tuple(dict.fromkeys(line.standing for line in found))
    heads = tuple(_head(own) for own in _written(verdict).values())
    ruled = any(not rule.relative and (rule.metric == goal or rule.metric.startswith(goal + ".")) for rule in rules)
    rows = _ranked([_row(record, verdict, line, goal) for line in found], [amount(line.row, goal) for line in found], verdict)
    return Decision("" if ruled else title(goal), heads, rows, standings)


def blocked(record: Record, verdict: Verdict) -> tuple[Blocked, ...]:
    """Every candidate that is not recommended, those that pass too being last."""
    told = {explanation.candidate: explanation for explanation in verdict.explanations}
    found = [
        _blocked(record, verdict, line, told.get(line.name, Explanation(line.name, "")))
        for line in lines(record, verdict, ())
        if line.standing != "recommended" and (line.name in told or line.name in verdict.blocking)
    ]
    return tuple(sorted(found, key=lambda one: (not one.blocks, one.standing in ("pass", "warn"))))


def buys(record: Record, verdict: Verdict) -> tuple[Bought, ...]:
    """What the larger candidates buy, on one scale."""
    items = larger(verdict)
    drawn = whiskers([(item.difference, item.low, item.high) for item in items])
    standings = {line.name: line.standing for line in lines(record, verdict, ())}
    return tuple(_bought(record, item, whisker, standings[item.candidate]) for item, whisker in zip(items, drawn, strict=True))


def _written(verdict: Verdict | None) -> Mapping[str, Sequence[Rule]]:
    """The rules as they were written: one that is judged in every slice is one column."""
    found: dict[str, list[Rule]] = {}
    for rule in verdict.policy.every_rule if verdict else ():
        found.setdefault(written(rule), []).append(rule)
    return found


def _head(rules: Sequence[Rule]) -> RuleHead:
    asked = rules[0].alternatives or (rules[0],)
    metric = " or ".join(dict.fromkeys(title(apart(one.metric)[0] if rules[0].of else one.metric) for one in asked))
    worst = f", worst of {counted(len(rules), 'slice')}" if rules[0].of else ""
    return RuleHead(written(rules[0]), metric + worst, " or ".join(limit(one) for one in asked), rules[0].severity == "warn")


def _telling(verdict: Verdict | None, name: str) -> Mapping[str, Check]:
    """The check that is shown of each rule: in slices the worst one."""
    found: dict[str, Check] = {}
    for check in verdict.of(name) if verdict else ():
        place = written(check.rule)
        found[place] = max(found.get(place, check), check, key=_badness)
    return found


def _badness(check: Check) -> tuple[int, float]:
    value = math.inf if check.value is None else check.value
    return SHOWN_FIRST.index(check.status), -value if check.rule.bound == "min" and check.value is not None else value


def _row(record: Record, verdict: Verdict | None, line: Line, goal: str) -> DecisionRow:
    own = cell(record, line.row, goal)
    checks = _telling(verdict, line.name)
    cells = tuple(_cell(line, checks.get(rule)) for rule in _written(verdict))
    return DecisionRow(anchors(record)[line.name], line, own.text, None, cells)


def _cell(line: Line, check: Check | None) -> RuleCell:
    if check is None or line.standing == "not measured":
        return RuleCell("not measured" if line.row.failure else "", "" if line.row.failure else NOTHING, "", "")
    text, _, interval = checked(check).partition(" [")
    # That an interval reaches over the limit can be seen from the two.
    reason = "" if check.reason in (None, "interval_straddles") else why(check)
    told = " · ".join(words for words in (where(check.rule), reason, waived(check)) if words)
    return RuleCell(shade(check), text, f"[{interval}" if interval else "", told)


def _ranked(rows: Sequence[DecisionRow], goals: Sequence[float], verdict: Verdict | None) -> tuple[DecisionRow, ...]:
    """The rows with the rank of each figure in its column: all that a browser needs to sort them."""
    checks = [_telling(verdict, row.line.name) for row in rows]
    columns = [_ranks([own[rule].value if rule in own else None for own in checks]) for rule in _written(verdict)]
    by_goal = _ranks(list(goals))
    return tuple(
        replace(row, goal_rank=by_goal[i], cells=tuple(replace(cell, rank=columns[j][i]) for j, cell in enumerate(row.cells)))
        for i, row in enumerate(rows)
    )


def _ranks(figures: Sequence[float | None]) -> list[int | None]:
    known = sorted({figure for figure in figures if figure is not None and math.isfinite(figure)})
    places = {figure: place for place, figure in enumerate(known)}
    return [None if figure is None else places.get(figure) for figure in figures]


def _blocked(record: Record, verdict: Verdict, line: Line, told: Explanation) -> Blocked:
    rules = {check.rule.id: check.rule for check in verdict.of(line.name)}
    gaps = tuple(text for gap in told.gaps if (text := _gap(gap, rules.get(gap.rule))))
    return Blocked(anchors(record)[line.name], line.name, line.standing, told.sentence, gaps, line.name in verdict.blocking)


def _gap(gap: Gap, rule: Rule | None) -> str:
    bound = rule.bound.replace("_", " ") if rule else "a limit of"
    relaxed = f"{bound} {show(gap.relaxed, gap.unit, 2 if gap.unit in ('pp', '%') else 3)}" if gap.relaxed is not None else ""
    options = " or ".join(part for part in (relaxed, gap.more) if part)
    return f"{gap.rule}: {options}" if options else ""


def _bought(record: Record, item: Buys, whisker: Whisker, standing: Standing) -> Bought:
    text, _, interval = bought(record, item).partition(" [")
    surely = item.surely or ("none to tell" if item.negligible is not None else "no certain difference")
    place = anchors(record)[item.candidate]
    shown = f"[{interval}" if interval else ""
    return Bought(place, item.candidate, standing, title(item.metric), text, shown, whisker, times(item.objective_ratio), surely)
