"""The verdict as SARIF 2.1.0, for code scanning: every rule that is not met, at its line in the policy's file."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from effaudit.core.plugin import Output
from effaudit.core.policy import Policy, Rule
from effaudit.core.record import Record
from effaudit.core.text import one_line
from effaudit.core.verdict import Check, Verdict
from effaudit.core.waiver import Waived
from effaudit.reporting.cautions import others, warnings
from effaudit.reporting.gate_text import LONGEST, Grave, asked, failed, gravity, place, rule_words, sentence, written_id
from effaudit.reporting.plain import as_null, said

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
HOME = "https://github.com/effaudit/effaudit"
LEVELS: Mapping[Grave, str] = {"error": "error", "warning": "warning", "note": "note"}
_NUMBERED = re.compile(r"\{(\d+)\}")


@dataclass(frozen=True)
class Sarif(Output):
    """One SARIF 2.1.0 log: the policy's rules, and a result for every candidate that does not meet one.

    A result stands at the rule's line in the policy's file and names the candidate as its logical location. What breaks the gate
    has level `error`, what should be looked at `warning`, what other candidates fail while a recommendation stands `note`. What
    passes under a waiver is a result with a suppression, which holds its reason. Candidates that could not be measured are
    notifications, with the code of what failed, as are warnings that may make figures worthless; an undecided result holds its
    reason. Rules that are met have no result: code scanning would show them as alerts. Under a ready-made policy results have
    no file, which code scanning asks for: copy the policy into your repository.
    """

    suffix = ".sarif"

    def render(self, record: Record, verdict: Verdict | None) -> str:
        """The log, indented, in ASCII, ending in a newline."""
        log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [_run(record, verdict)]}
        return json.dumps(said(log, as_null), indent=1, allow_nan=False) + "\n"


def _run(record: Record, verdict: Verdict | None) -> dict[str, Any]:
    rules = verdict.policy.every_rule if verdict else ()
    driver = {
        "name": "effaudit",
        "version": _plain(record.version) or "0",
        "informationUri": HOME,
        "rules": [_descriptor(rule) for rule in rules],
    }
    run: dict[str, Any] = {
        "tool": {"driver": driver},
        "automationDetails": {"id": _plain(f"effaudit/{verdict.policy.name if verdict else record.name}/")},
        "columnKind": "unicodeCodePoints",
        "results": _results(record, verdict) if verdict else [],
    }
    if verdict:
        run["invocations"] = [_invocation(record, verdict)]
        run["properties"] = {"outcome": verdict.outcome, "headline": _plain(verdict.headline), "recommended": verdict.recommended}
    return run


def _descriptor(rule: Rule) -> dict[str, Any]:
    return {
        "id": _plain(rule.id),
        "shortDescription": {"text": _message(rule_words(rule))},
        "help": {"text": _message(rule.hint or rule_words(rule))},
        "defaultConfiguration": {"level": "error" if rule.severity == "error" else "warning"},
        "properties": {"metric": _plain(rule.metric), "waivable": rule.waivable},
    }


def _results(record: Record, verdict: Verdict) -> list[dict[str, Any]]:
    names = {row.candidate.name for row in asked(record, verdict) if row.failure is None}
    places = {rule.id: number for number, rule in enumerate(verdict.policy.every_rule)}
    graves = ((check, gravity(verdict, check)) for check in verdict.checks if check.candidate in names)
    return [_result(verdict, check, grave, places) for check, grave in graves if grave is not None]


def _result(verdict: Verdict, check: Check, grave: Grave, places: Mapping[str, int]) -> dict[str, Any]:
    id = written_id(check.rule)
    known = {"ruleIndex": places[id]} if id in places else {}
    result: dict[str, Any] = {
        "ruleId": _plain(id),
        **known,
        "level": LEVELS[grave],
        "message": {"text": _message(sentence(verdict, check))},
        "locations": [_location(verdict.policy, check)],
        "partialFingerprints": {"effaudit/v1": _fingerprint(verdict.policy, check)},
        "properties": {
            "status": check.status,
            "reason": check.reason,
            "value": check.value,
            "low": check.low,
            "high": check.high,
            "unit": check.unit,
        },
    }
    if check.waived is not None:
        result["suppressions"] = [_suppression(check.waived)]
    return result


def _location(policy: Policy, check: Check) -> dict[str, Any]:
    name = _plain(check.candidate)
    location: dict[str, Any] = {"logicalLocations": [{"name": name, "kind": "resource"}]}
    if where := place(policy, check.rule):
        location["physicalLocation"] = _physical(*where)
    return location


def _suppression(waived: Waived) -> dict[str, Any]:
    words = f"{waived.id}: {waived.limit.written} until {waived.expires}, {waived.owner}: {waived.reason}"
    suppression: dict[str, Any] = {"kind": "external", "justification": _plain(words)}
    if waived.file and waived.line:
        suppression["location"] = {"physicalLocation": _physical(waived.file, waived.line)}
    return suppression


def _physical(file: str, line: int) -> dict[str, Any]:
    # Quoted, a hostile name is one relative path: it has no scheme or host of its own.
    path = quote(_plain(file).replace("\\", "/").lstrip("/"), safe="/")
    return {"artifactLocation": {"uri": path, "uriBaseId": "%SRCROOT%"}, "region": {"startLine": max(1, line)}}


def _invocation(record: Record, verdict: Verdict) -> dict[str, Any]:
    told = [_notification(LEVELS[grave], words, row.failure.code) for row, grave, words in failed(record, verdict) if row.failure]
    told += [_notification("warning", note.text, note.code) for note in warnings(record, verdict, asked(record, verdict))]
    told += [_notification("note", note.text, note.code) for note in others(verdict)]
    return {
        "executionSuccessful": record.ended == "complete",
        "exitCode": verdict.exit_code,
        "toolExecutionNotifications": told,
    }


def _notification(level: str, words: str, code: str) -> dict[str, Any]:
    return {"level": level, "message": {"text": _message(words)}, "properties": {"code": _plain(code)}}


def _fingerprint(policy: Policy, check: Check) -> str:
    """The same for the same policy, rule and candidate, wherever the rule's line moves to."""
    named = json.dumps([policy.name, check.rule.id, check.candidate])
    return hashlib.sha256(named.encode()).hexdigest()[:32]


def _plain(words: str) -> str:
    return one_line(words, LONGEST)


def _message(words: str) -> str:
    """Message text, in which `[words](place)` would be a link and `{0}` a placeholder (SARIF 2.1.0, 3.11.5 and 3.11.6)."""
    return _NUMBERED.sub(r"{{\1}}", _plain(words).replace("](", "] ("))
