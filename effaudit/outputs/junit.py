"""The verdict as JUnit XML, which every CI server shows as test results."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as Xml

from effaudit.core.notes import texts
from effaudit.core.plugin import Output
from effaudit.core.record import Record, Row
from effaudit.core.text import one_line
from effaudit.core.verdict import Check, Verdict
from effaudit.reporting.candidate_rows import standing
from effaudit.reporting.cautions import warnings
from effaudit.reporting.gate_text import LONGEST, asked, breaks, place, rule_words, sentence

COUNTED = ("tests", "failures", "errors", "skipped")


@dataclass(frozen=True)
class Junit(Output):
    """One test suite per candidate, one test case per rule, so that CI servers list what failed and since when.

    A rule that fails is a `failure`. An undecided one is a `failure` too, or `skipped` where the policy says
    `on_inconclusive: warn`. What only warns, and what passes under a waiver, is `skipped` with the reason: it is never just
    green. A candidate that could not be measured is one case, `measured`, with an `error`. The `type` of both is a word for
    programs: `fail`, the reason why a rule is undecided, or the code of what failed. Warnings that may make figures worthless are
    properties `caution` of the suite, and its output.

    All candidates have a suite, also those that nobody would ship: gate the one you ask about
    (`effaudit gate RECORD --candidate recommended -f junit=PATH`) to have its suite alone.
    """

    suffix = ".xml"

    def render(self, record: Record, verdict: Verdict | None) -> str:
        """The document, ending in a newline. Control characters, which XML cannot hold, are left out of foreign words."""
        suites = [_suite(row, record, verdict) for row in asked(record, verdict)] if verdict else []
        name = verdict.policy.name if verdict else record.name
        whole = Xml.Element("testsuites", {"name": _plain(f"effaudit {name}"), **_sums(suites)})
        whole.extend(suites)
        Xml.indent(whole)
        return f'<?xml version="1.0" encoding="UTF-8"?>\n{Xml.tostring(whole, "unicode")}\n'


def _suite(row: Row, record: Record, verdict: Verdict) -> Xml.Element:
    cases = [_unmeasured(row, verdict)] if row.failure else [_case(check, verdict) for check in verdict.of(row.candidate.name)]
    counts = {
        "tests": len(cases),
        "failures": sum(case.find("failure") is not None for case in cases),
        "errors": sum(case.find("error") is not None for case in cases),
        "skipped": sum(case.find("skipped") is not None for case in cases),
    }
    numbers = {name: str(number) for name, number in counts.items()}
    suite = Xml.Element("testsuite", {"name": _plain(row.candidate.name), **numbers, "time": "0", "timestamp": record.created[:19]})
    facts = {
        "standing": standing(row, verdict),
        "baseline": "yes" if row.candidate.name == record.baseline else "no",
        "format": row.candidate.artifact.format,
        "policy": verdict.policy.name,
        "policy-sha256": verdict.policy.digest,
        "plan-sha256": record.plan_digest,
        "commit": record.commit or "",
        **({} if _is_asked(row, verdict) else {"note": "no error rule was asked of it: nothing can reject it"}),
    }
    properties = Xml.SubElement(suite, "properties")
    cautions = texts(warnings(record, verdict, (row,)))
    for name, value in (*facts.items(), *(("caution", words) for words in cautions)):
        Xml.SubElement(properties, "property", {"name": name, "value": _plain(value)})
    suite.extend(cases)
    if cautions:
        Xml.SubElement(suite, "system-out").text = "\n".join(f"! {_plain(words)}" for words in cautions)
    return suite


def _is_asked(row: Row, verdict: Verdict) -> bool:
    return row.failure is not None or any(check.rule.severity == "error" for check in verdict.of(row.candidate.name))


def _case(check: Check, verdict: Verdict) -> Xml.Element:
    case = _empty(check.candidate, check.rule.id, verdict)
    if where := place(verdict.policy, check.rule):
        case.attrib |= {"file": where[0], "line": str(where[1])}
    words = sentence(verdict, check)
    if breaks(verdict.policy, check):
        _add(case, "failure", words, check.reason or check.status, check)
    elif check.status != "pass" or check.waived is not None:
        _add(case, "skipped", words, "waived" if check.waived else "warning", check)
    elif check.warned:
        Xml.SubElement(case, "system-out").text = words
    return case


def _unmeasured(row: Row, verdict: Verdict) -> Xml.Element:
    case = _empty(row.candidate.name, "measured", verdict)
    assert row.failure is not None
    words = _plain(f"{row.candidate.name} could not be measured ({row.failure.stage}): {row.failure.reason}")
    error = Xml.SubElement(case, "error", {"type": _plain(row.failure.code), "message": words})
    error.text = "\n".join(_plain(line) for line in row.failure.reason.splitlines())
    return case


def _empty(candidate: str, name: str, verdict: Verdict) -> Xml.Element:
    return Xml.Element("testcase", {"classname": _plain(f"{verdict.policy.name}.{candidate}"), "name": _plain(name), "time": "0"})


def _add(case: Xml.Element, tag: str, words: str, kind: str, check: Check) -> None:
    found = Xml.SubElement(case, tag, {"message": words} if tag == "skipped" else {"type": kind, "message": words})
    lines = [rule_words(check.rule), _plain(check.rule.hint)]
    found.text = "\n".join(line for line in lines if line)


def _sums(suites: Sequence[Xml.Element]) -> dict[str, str]:
    return {name: str(sum(int(suite.get(name, "0")) for suite in suites)) for name in COUNTED} | {"time": "0"}


def _plain(words: str) -> str:
    """Foreign words in one line without what XML 1.0 cannot hold; ElementTree escapes the rest."""
    return one_line(words, LONGEST)
