"""The pytest plugin: `def test_model_is_efficient(effaudit): effaudit.check(model, X, y, policy="edge-cpu")`.

Everything else is imported when a check runs: this file is imported in every pytest session where effaudit is installed.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from effaudit.core.record import Record
    from effaudit.core.verdict import Check, Verdict

BUDGET = "20 s"
"""How long a check times its models, unless it says something else."""
MODEL, BASELINE = "model", "baseline"
"""What a single model, and a baseline that is a model, are called in records and reports."""


class EffauditWarning(UserWarning):
    """Something that a passing check should not hide: a waiver, a rule that only warns, a figure that may be worthless."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds `--effaudit-out`."""
    group = parser.getgroup("effaudit")
    group.addoption(
        "--effaudit-out", metavar="FOLDER", help="keep each check's record and report here (default: pytest's own temporary folder)"
    )


@pytest.fixture
def effaudit(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Gate:
    """Audits models and fails the test where they miss a policy: `effaudit.check(model, X, y, policy="edge-cpu")`."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", request.node.name).strip("-._")[:40] or "check"
    kept = request.config.getoption("--effaudit-out")
    root = Path(kept).absolute() if kept else tmp_path_factory.mktemp("effaudit")
    return Gate(name, root)


class Gate:
    """What the fixture gives. Every check of a test leaves a folder of its own."""

    def __init__(self, name: str, root: Path) -> None:
        self._name = name
        self._root = root
        self._checks = 0

    def check(
        self,
        model: Any,
        inputs: Any,
        answers: Any,
        *,
        policy: str | Path = "recommended",
        baseline: Any = None,
        train: tuple[Any, Any] | None = None,
        budget: str = BUDGET,
        candidate: str | None = None,
        measure: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> Verdict:
        """Audits a model on rows that it has not seen, and fails the test where it misses the policy.

        model: a model, or several by name, of which a recommendation must then stand (or `candidate` must pass).
        inputs, answers: the unseen rows. baseline: what relative rules compare with: another model, or the name of one of
            several; without it a single model is its own baseline, and passes them by definition.
        policy: a policy's file or a preset's name. Its waivers are looked at as of today.
        budget: how long to time, such as "20 s". train, measure and further options: as in `effaudit.audit`.

        Returns the verdict. Rules that only warn, and waivers, become an EffauditWarning.
        """
        __tracebackhide__ = True
        from effaudit import interface
        from effaudit.core.errors import InputError
        from effaudit.judge.exits import gate_one

        self._checks += 1
        name = self._name if self._checks == 1 else f"{self._name}-{self._checks}"
        folder = self._root / name
        models, against = _named(model, baseline)
        subject = candidate or (MODEL if not isinstance(model, Mapping) else None)
        settings = {"codecarbon": "off", **(measure or {}), "budget": budget}
        try:
            record = interface.audit(
                models,
                inputs,
                answers,
                baseline=against,
                train=train,
                policy=policy,
                measure=settings,
                name=name,
                out=folder,
                **options,
            )
            verdict = interface.decide(record, policy)
            code = gate_one(record, verdict, subject) if subject else verdict.exit_code
        except InputError as error:
            wrong = str(error)
        else:
            wrong = ""
        if wrong:  # told here, so that the failure shows the user's line and nothing of what happened below it
            pytest.fail(f"effaudit: {wrong}")
        report = interface.report(record, verdict, folder / "report.html")
        if code != 0:
            pytest.fail(_told(record, verdict, subject, policy, folder, report))
        for words in _warnings(record, verdict, subject or verdict.recommended):
            warnings.warn(EffauditWarning(words), stacklevel=2)
        return verdict


def _named(model: Any, baseline: Any) -> tuple[dict[str, Any], str | None]:
    """The models by name, and which of them is the baseline."""
    models = dict(model) if isinstance(model, Mapping) else {MODEL: model}
    if baseline is None or isinstance(baseline, str):
        return models, baseline
    return {**models, BASELINE: baseline}, BASELINE


def _told(record: Record, verdict: Verdict, subject: str | None, policy: str | Path, folder: Path, report: Path) -> str:
    """The failure in words: a headline, the rules that are missed, what would make it pass, and where the report lies."""
    lines = _of_one(record, verdict, subject) if subject else _of_all(verdict)
    lines += [f"  note: {note}" for note in verdict.notes if note.code == "waiver"]
    named = f" --candidate {subject}" if subject else ""
    return "\n".join([*lines, f"report: {report}", f"judge it again: effaudit gate {folder} -p {policy}{named}"])


def _of_one(record: Record, verdict: Verdict, subject: str) -> list[str]:
    from effaudit.core.text import one_line

    failure = record.row(subject).failure
    if failure is not None:
        return [f"effaudit: {subject} could not be measured ({failure.stage}): {one_line(failure.reason)}"]
    errors = [check for check in verdict.of(subject) if check.rule.severity == "error"]
    missed = sorted((check for check in errors if check.status != "pass"), key=lambda check: check.status != "fail")
    verb = "fails" if missed[0].status == "fail" else "is not shown to meet"
    head = f"effaudit: {subject} {verb} {len(missed)} of {len(errors)} error rules of {verdict.policy.name}"
    return [head, *(line for check in missed for line in _missed(verdict, check))]


def _missed(verdict: Verdict, check: Check) -> list[str]:
    from effaudit.core.text import one_line
    from effaudit.judge import words

    gaps = (gap for told in verdict.explanations if told.candidate == check.candidate for gap in told.gaps)
    gap = next((gap for gap in gaps if gap.rule == check.rule.id), None)
    found = words.against_limit(check) if check.value is not None else check.detail or check.reason or ""
    if check.value is not None and check.status == "inconclusive" and check.detail:
        found = f"{found} ({check.detail})"
    lines = [f"  {'✗ fail' if check.status == 'fail' else '? inconclusive'}  {check.rule.id}: {one_line(found, 400)}"]
    cures = [f"with {words.would_pass(check.rule, gap.relaxed, gap.unit)}"] if gap and gap.relaxed is not None else []
    cures += [f"perhaps with {gap.more}"] if gap and gap.within_reach else []
    lines += [f"      would pass {', or '.join(cures)}"] if cures else []
    lines += [f"      not even under waiver {check.beyond.id}: {check.beyond.limit.written}"] if check.beyond else []
    return lines + ([f"      hint: {one_line(check.rule.hint)}"] if check.rule.hint else [])


def _of_all(verdict: Verdict) -> list[str]:
    from effaudit.core.text import one_line

    told = [f"  {one_line(each.candidate, 64)}: {one_line(each.sentence, 600)}" for each in verdict.explanations]
    return [f"effaudit: {one_line(verdict.headline, 600)}", *told]


def _warnings(record: Record, verdict: Verdict, subject: str | None) -> list[str]:
    """What a pass should not hide of the one that passed, of the data, of the policy and of its waivers."""
    from effaudit.judge import words
    from effaudit.reporting.cautions import warnings

    own = verdict.of(subject) if subject else ()
    missed = [check for check in own if check.status != "pass"]
    told = [f"{check.rule.id}: {subject} {words.against_limit(check)}" for check in missed if check.value is not None]
    told += [f"{check.rule.id}: {subject} is judged under waiver {check.waived.id}" for check in own if check.waived]
    asked = any(check.rule.severity == "error" for check in own) if subject else not verdict.only_ranks
    told += [] if asked else ["no error rule was asked: nothing could have rejected it"]
    told += [note.text for note in warnings(record, verdict, [row for row in record.rows if row.candidate.name == subject])]
    return told + [note.text for note in verdict.notes if note.code == "waiver"]
