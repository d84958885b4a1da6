"""The verdict as GitHub workflow commands: annotations at the policy's lines, printed by a step of a workflow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from effaudit.core.notes import texts
from effaudit.core.plugin import Output
from effaudit.core.policy import Rule
from effaudit.core.record import Record
from effaudit.core.text import counted, one_line, shorten
from effaudit.core.verdict import Check, Verdict
from effaudit.core.waiver import SOON_DAYS, Waived
from effaudit.reporting.cautions import warnings
from effaudit.reporting.gate_text import (
    LONGEST,
    Grave,
    answer,
    asked,
    failed,
    gravity,
    hollow,
    place,
    rule_words,
    sentence,
    written_id,
)

COMMANDS: Mapping[Grave, str] = {"error": "error", "warning": "warning", "note": "notice"}
LISTED = 10
"""So many candidates are named in one annotation: GitHub cuts long ones, and shows ten of each kind per step."""
GRAVEST: tuple[Grave, ...] = ("error", "warning", "note")


@dataclass(frozen=True)
class Github(Output):
    """Lines that GitHub turns into annotations; print them in a step: `effaudit gate … -f github=-`.

    The first is the answer. Then one per rule that is not met, at its line in the policy's file, naming the candidates; one per
    waiver at work, at its line; one per candidate that could not be measured; one per warning that may make figures
    worthless. What breaks the gate is an error, what should be looked at a warning, and while a recommendation stands what the
    others fail is a notice.
    """

    suffix = ".txt"

    def render(self, record: Record, verdict: Verdict | None) -> str:
        """The commands, one in each line. Foreign words can neither end a command nor begin another."""
        if verdict is None:
            return _command("note", "effaudit", f"{record.name} was measured and not judged.")
        lines = [_answer(record, verdict), *_rules(record, verdict), *_waivers(record, verdict)]
        lines += [_command(grave, "effaudit: not measured", words) for _, grave, words in failed(record, verdict)]
        lines += [_command("warning", "effaudit: caution", words) for words in _cautions(record, verdict)]
        return "".join(lines)


def _cautions(record: Record, verdict: Verdict) -> list[str]:
    """What may make the answer worthless, of the candidates asked about: the first ten, for GitHub shows no more."""
    found = texts(warnings(record, verdict, asked(record, verdict)))
    more = len(found) - LISTED
    return [*found[: LISTED - 1], f"and {more + 1} more cautions, in the report"] if more > 0 else list(found)


def _answer(record: Record, verdict: Verdict) -> str:
    grave: Grave = "error" if verdict.exit_code != 0 else "warning" if hollow(record, verdict) else "note"
    told = answer(record, verdict)
    return _command(grave, f"effaudit {verdict.policy.name}", f"Gate: {told}." if told else verdict.headline)


def _rules(record: Record, verdict: Verdict) -> Iterator[str]:
    """One command per rule and gravity, the gravest first."""
    names = {row.candidate.name for row in asked(record, verdict) if row.failure is None}
    found: dict[tuple[Grave, str], list[Check]] = {}
    for check in verdict.checks:
        grave = gravity(verdict, check)
        if grave is not None and check.waived is None and check.candidate in names:
            found.setdefault((grave, written_id(check.rule)), []).append(check)
    for (grave, _), checks in sorted(found.items(), key=lambda one: GRAVEST.index(one[0][0])):
        yield _rule(verdict, grave, checks)


def _rule(verdict: Verdict, grave: Grave, checks: Sequence[Check]) -> str:
    rule = checks[0].rule
    told = [shorten(sentence(verdict, check), 300) for check in checks[:LISTED]]
    if len(checks) > LISTED:
        told.append(f"and {len(checks) - LISTED} more")
    hint = [f"Hint: {rule.hint}"] if rule.hint else []
    who = counted(len({check.candidate for check in checks}), "candidate")
    near = all(check.warned for check in checks)
    title = f"{written_id(rule)}: {'near its limit for' if near else 'not met by'} {who}"
    return _command(
        grave, title, "\n".join(map(_plain, [rule_words(_written(checks[0])), *told, *hint])), place(verdict.policy, rule)
    )


def _written(check: Check) -> Rule:
    """The rule as the policy has it."""
    waived = check.waived or check.beyond
    return replace(check.rule, limit=waived.original) if waived else check.rule


def _waivers(record: Record, verdict: Verdict) -> Iterator[str]:
    names = {row.candidate.name for row in asked(record, verdict)}
    used: dict[str, list[Check]] = {}
    for check in verdict.checks:
        if check.waived is not None and check.candidate in names:
            used.setdefault(check.waived.id, []).append(check)
    for id, checks in used.items():
        waived = checks[0].waived
        assert waived is not None
        words = "\n".join(sentence(verdict, check) for check in checks[:LISTED])
        soon: Grave = "warning" if waived.days_left <= SOON_DAYS else "note"
        yield _command(soon, f"waiver {id} on {checks[0].rule.id}", words, _of_waiver(waived))


def _of_waiver(waived: Waived) -> tuple[str, int] | None:
    return (waived.file, waived.line) if waived.file and waived.line else None


def _command(grave: Grave, title: str, words: str, where: tuple[str, int] | None = None) -> str:
    """One workflow command in one line; GitHub decodes %0A to a new line."""
    own = {"file": where[0], "line": str(where[1])} if where else {}
    properties = ",".join(f"{key}={_property(value)}" for key, value in (own | {"title": title}).items())
    return f"::{COMMANDS[grave]} {properties}::{_data(words)}\n"


def _plain(words: str) -> str:
    return one_line(words, LONGEST)


def _data(words: str) -> str:
    """A command's message, escaped as the runner unescapes it (actions/toolkit, core/src/command.ts)."""
    kept = "\n".join(_plain(line) for line in words.split("\n"))
    return kept.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(words: str) -> str:
    return _data(_plain(words)).replace(":", "%3A").replace(",", "%2C")
