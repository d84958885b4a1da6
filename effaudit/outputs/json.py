"""Verdict and record as one JSON object, for scripts and dashboards."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from effaudit.core.diff import Diff
from effaudit.core.plugin import Output
from effaudit.core.reading import Failure, Reading
from effaudit.core.record import Record, Row
from effaudit.core.verdict import Check, Verdict
from effaudit.core.wire import pack
from effaudit.reporting.candidate_rows import standing
from effaudit.reporting.plain import as_null, said

LAYOUT = 2
"""Raised when a key changes its meaning or goes away; new keys do not raise it."""


@dataclass(frozen=True)
class Json(Output):
    """One JSON object with these keys, which stay:

    `layout` (2), `version`; `audit`: name, title, created, ended, command, commit, seed, plan_digest, baseline, task, unit, rows
    (by split), groups, quality, batch_sizes, policy_digest, notes; `verdict` (null when nothing was judged): policy, outcome,
    exit_code, recommended, headline, ranking, equals, nearest, blocking, notes, statuses, today (of waivers), subject (whom
    `exit_code` is about: "" where one is selected, else the candidate that was gated, `recommended` or `all`), checks,
    explanations, buys (`difference` is positive where it is better, in whichever direction `better` says that is); a check's
    `waived` is the waiver under which alone it passes, `beyond` one under which it does not pass either;
    `candidates`: name, title, standing, baseline, format, threads, device, parent, recipe, planned, family, kind, gain, digest,
    failure (null, or code, stage and reason), notes, `readings` by metric id (value, low, high, unit, better, method, samples,
    notes; or failure with code, stage and reason); `resolution`: floors and twins by metric id; `sessions`, `assumptions`,
    `intensity`, `spent`. A note has a `code`, which programs may go by, and a `text`, which may change; so has a failure.

    All figures are in base units (s, B, J, gCO2e, rows/s; shares of one). What is not finite is null. The text is ASCII.
    """

    suffix = ".json"

    def render(self, record: Record, verdict: Verdict | None) -> str:
        """The object, indented, ending in a newline."""
        whole = {
            "layout": LAYOUT,
            "version": record.version,
            "audit": _audit(record, verdict),
            "verdict": _verdict(verdict) if verdict else None,
            "candidates": [_candidate(record, row, verdict) for row in record.rows],
            "resolution": {"floors": pack(record.floors), "twins": {key: _reading(twin) for key, twin in record.twins.items()}},
            "sessions": pack(record.sessions),
            "assumptions": pack(record.assumptions),
            "intensity": _reading(record.intensity),
            "spent": pack(record.spent),
        }
        return json.dumps(said(whole, as_null), indent=1, allow_nan=False) + "\n"

    def render_diff(self, diff: Diff, everything: bool = False) -> str:
        """One object with `layout`, `before`, `after`, `settings`, `pairs`, `changes` (`real` and `way` say what they amount to),
        `apart` with reasons, `gone`, `new`. Changes that are not real are left out unless `everything` is asked for.
        """
        changes = [pack(one) | {"real": one.real, "way": one.way} for one in (diff.changes if everything else diff.real)]
        whole = {"layout": LAYOUT, **pack(diff), "changes": changes, "compared": len(diff.changes)}
        return json.dumps(said(whole, as_null), indent=1, allow_nan=False) + "\n"


def _audit(record: Record, verdict: Verdict | None) -> dict[str, Any]:
    own = ("name", "title", "created", "ended", "command", "commit", "seed", "plan_digest", "baseline", "notes")
    workload = record.workload
    return {name: pack(getattr(record, name)) for name in own} | {
        "task": workload.task,
        "unit": workload.unit,
        "rows": workload.splits,
        "groups": workload.groups,
        "quality": workload.quality,
        "batch_sizes": workload.batch_sizes,
        "policy_digest": verdict.policy.digest if verdict else None,
    }


def _verdict(verdict: Verdict) -> dict[str, Any]:
    plain = (
        "outcome",
        "exit_code",
        "recommended",
        "headline",
        "ranking",
        "equals",
        "nearest",
        "blocking",
        "notes",
        "statuses",
        "today",
        "subject",
    )
    packed = {name: pack(getattr(verdict, name)) for name in plain}
    return {"policy": pack(verdict.policy)} | packed | {
        "checks": [_check(check) for check in verdict.checks],
        "explanations": pack(verdict.explanations),
        "buys": pack(verdict.buys),
    }  # fmt: skip


def _check(check: Check) -> dict[str, Any]:
    own = ("candidate", "status", "reason", "detail", "value", "low", "high", "unit", "level", "p_value", "warned")
    rule = {"rule": check.rule.id, "metric": check.rule.metric, "severity": check.rule.severity}
    moved = {name: pack(getattr(check, name)) for name in ("waived", "beyond")}
    return {name: getattr(check, name) for name in own} | rule | moved


def _candidate(record: Record, row: Row, verdict: Verdict | None) -> dict[str, Any]:
    candidate = row.candidate
    return {
        "name": candidate.name,
        "title": candidate.title,
        "standing": standing(row, verdict),
        "baseline": candidate.name == record.baseline,
        "format": candidate.artifact.format,
        "threads": candidate.threads,
        "device": candidate.device,
        "parent": candidate.parent,
        "recipe": [step.technique for step in candidate.recipe],
        "planned": row.planned,
        "family": row.facts.family if row.facts else None,
        "kind": row.facts.kind if row.facts else None,
        "gain": row.gain,
        "digest": row.sizes.digest if row.sizes else None,
        "failure": pack(row.failure),
        "notes": row.notes,
        "readings": {metric: _reading(reading) for metric, reading in row.readings.items()},
    }


def _reading(reading: Reading) -> dict[str, Any]:
    if isinstance(reading, Failure):
        return {"failure": pack(reading)}
    names = ("value", "low", "high", "unit", "better", "method", "samples", "notes")
    return {name: getattr(reading, name) for name in names}
