"""The verdict on the sampled record, by hand: a recommendation, a tie, failures, undecided checks and warnings."""

from __future__ import annotations

from sampled.record import BASELINE, RECOMMENDED

from effaudit.core.notes import Note
from effaudit.core.policy import Limit, Policy, Rule, Select
from effaudit.core.reading import Measurement
from effaudit.core.record import Record, Row
from effaudit.core.units import show
from effaudit.core.verdict import Buys, Check, Explanation, Gap, Verdict


def sample_policy() -> Policy:
    """server-cpu, with rules of every kind."""
    return Policy(
        name="server-cpu",
        title="CPU server release gate",
        rules=(
            Rule("quality.floor", "quality.roc_auc", "min", Limit(0.65, "", "0.65")),
            Rule("quality.non_inferior", "quality.roc_auc", "max_drop", Limit(0.01, "pp", "1 pp"), versus="baseline"),
            Rule(
                "latency.p95",
                "latency.batch_1.p95",
                "max",
                Limit(0.025, "s", "25 ms"),
                warn_above=Limit(0.01, "s", "10 ms"),
                hint="try to_onnx",
            ),
            Rule("size.artifact", "size.artifact", "max", Limit(5e7, "B", "50 MB")),
            Rule("memory.peak", "memory.peak.max", "max", Limit(512e6, "B", "512 MB")),
            Rule("energy.no_worse", "energy.per_1000", "max_increase", Limit(0.10, "%", "10 %"), versus="baseline"),
            Rule("carbon.inference", "carbon.per_1000", "max", Limit(1e-4, "gCO2e", "0.1 mgCO2e"), severity="warn"),
        ),
        select=Select("size.artifact", 0.02, ("simple_first", "energy.per_1000")),
        file="policies/server-cpu.yaml",
        digest="ab" * 32,
    )


def sample_verdict(record: Record) -> Verdict:
    """What judging that record says."""
    policy = sample_policy()
    checks = tuple(_check(record, row, rule) for row in record.rows for rule in policy.rules)
    statuses = {row.candidate.name: _over_all(checks, row.candidate.name) for row in record.rows}
    size = {row.candidate.name: row.readings["size.artifact"].value for row in record.rows if row.readings}
    feasible = tuple(sorted((name for name, status in statuses.items() if status == "pass"), key=size.__getitem__))
    ours = record.row(RECOMMENDED).readings["quality.roc_auc"].value
    larger = [row for row in record.rows if row.readings and size[row.candidate.name] > size[RECOMMENDED]]
    return Verdict(
        policy=policy,
        baseline=BASELINE,
        outcome="recommended",
        exit_code=0,
        recommended=RECOMMENDED,
        headline=f"{RECOMMENDED} is the smallest that meets all 6 error rules: 78.2 kB, 93 % smaller than gbm.",
        ranking=feasible,
        equals=(RECOMMENDED, "mlp-onnx-static_int8"),
        nearest=None,
        checks=checks,
        explanations=tuple(_explanation(checks, row, statuses, size) for row in record.rows if row.candidate.name != RECOMMENDED),
        buys=tuple(_buys(row, ours, size) for row in larger),
        notes=(Note("best", "The best candidate, gbm, is the baseline: the gap to it is 0 pp."),),
        statuses=statuses,
    )


def _check(record: Record, row: Row, rule: Rule) -> Check:
    name, reading = row.candidate.name, row.readings.get(rule.metric)
    if not isinstance(reading, Measurement):
        return Check(name, rule, "inconclusive", "metric_missing", row.failure.reason if row.failure else "")
    base = record.row(BASELINE).readings[rule.metric]
    value, low, high, unit = reading.value, reading.low, reading.high, reading.unit
    if rule.bound == "max_drop":
        loss = base.value - value
        value, low, high, unit = loss, loss - 0.0019 * (name != BASELINE), loss + 0.0019 * (name != BASELINE), "pp"
    if rule.bound == "max_increase":
        value, low, high, unit = value / base.value - 1, low / base.value - 1, high / base.value - 1, "%"
    within, beyond = (low, high) if rule.bound == "min" else (-high, -low)
    limit = rule.limit.amount if rule.bound == "min" else -rule.limit.amount
    status = "pass" if within >= limit else "fail" if beyond < limit else "inconclusive"
    warned = bool(status == "pass" and rule.warn_above and value > rule.warn_above.amount)
    detail = "the interval reaches over the limit" if status == "inconclusive" else ""
    reason = "interval_straddles" if status == "inconclusive" else None
    return Check(name, rule, status, reason, detail, value, low, high, unit, 0.95, 0.012, warned)


def _over_all(checks: tuple[Check, ...], name: str) -> str:
    found = {check.status for check in checks if check.candidate == name and check.rule.severity == "error"}
    return "fail" if "fail" in found else "inconclusive" if "inconclusive" in found else "pass"


def _explanation(checks: tuple[Check, ...], row: Row, statuses: dict, size: dict) -> Explanation:
    name = row.candidate.name
    if row.failure:
        return Explanation(name, "could not be measured: load failed.")
    broken = [check for check in checks if check.candidate == name and check.status != "pass" and check.rule.severity == "error"]
    if not broken:
        return Explanation(name, f"passes too; {size[name] / size[RECOMMENDED]:.1f}× larger")
    gaps = tuple(_gap(check) for check in broken)
    told = "; ".join(
        f"{check.status}s {check.rule.id}" if check.status == "fail" else f"is undecided on {check.rule.id}" for check in broken
    )
    return Explanation(name, f"{told}; would pass with {gaps[0].rule} at {show(gaps[0].relaxed, gaps[0].unit)}", gaps)


def _gap(check: Check) -> Gap:
    more = "about 40,000 more rows" if check.status == "inconclusive" else ""
    return Gap(check.rule.id, check.low if check.rule.bound == "min" else check.high, check.unit, more)


def _buys(row: Row, ours: float, size: dict) -> Buys:
    name, score = row.candidate.name, row.readings["quality.roc_auc"].value
    return Buys(name, "quality.roc_auc", score - ours, score - ours - 0.0021, score - ours + 0.0021, size[name] / size[RECOMMENDED])
