"""What metrics, limits, methods and reasons are called in every output, and how a reading is written down."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

from effaudit.core.policy import Rule
from effaudit.core.reading import Failure, Measurement, Reading
from effaudit.core.slices import apart, in_words
from effaudit.core.text import counted
from effaudit.core.units import show, show_change, show_interval, show_points
from effaudit.core.verdict import Check, Reason

Standing = Literal["recommended", "pass", "warn", "inconclusive", "fail", "not measured", "not judged"]
"""Where a candidate stands, in the words that every output uses beside its colour or shape. `warn`: it passes, with a warning."""

NOTHING = "–"
"""Shown where there is no figure and none was asked for."""

TITLES: Mapping[str, str] = {
    "behaviour.flips_lost": "right answers lost",
    "behaviour.flips_gained": "right answers gained",
    "behaviour.agreement": "agreement",
    "behaviour.ece": "calibration error (ECE)",
    "behaviour.brier": "Brier score",
    "size.artifact": "size",
    "size.transfer": "size, compressed",
    "size.runtime": "installed runtime",
    "size.parameters": "parameters",
    "size.nonzero": "non-zero parameters",
    "size.nodes": "nodes",
    "memory.load": "memory after loading",
    "memory.steady": "memory when steady",
    "memory.peak": "peak memory",
    "start.import": "start: imports",
    "start.load": "start: loading",
    "start.first": "start: first answer",
    "energy.per_1000": "energy per 1,000",
    "energy.with_idle": "energy per 1,000, idle power included",
    "energy.codecarbon": "CodeCarbon's energy per 1,000",
    "carbon.per_1000": "carbon per 1,000",
    "cost.per_1000": "cost per 1,000",
}
"""An id without its aggregate → its title."""

REASONS: Mapping[Reason, str] = {
    "interval_straddles": "the interval reaches over the limit",
    "too_few_samples": "too few samples to decide",
    "environment_mismatch": "the policy is for another kind of machine",
    "metric_missing": "there is no such figure",
    "method_too_weak": "a modelled figure where a measured one is asked for",
    "baseline_missing": "the baseline was not measured",
    "not_measured_together": "not measured in the same rounds",
    "answers_depend_on_batch": "its answers depend on which rows are asked together",
    "inputs_not_understood": "it does not know what many rows hold",
    "timed_answers": "it answers otherwise when it is timed",
    "labels_untimed": "its labels come from a slower call than the one that is timed",
    "more_processors": "it uses more processors than the plan gives it",
    "memory_grows": "its memory grows with every request",
}

METHODS: Mapping[str, str] = {
    "counted": "counted exactly",
    "measured": "measured",
    "modelled": "modelled from stated assumptions",
}

_SCORERS = {
    "roc_auc": "ROC AUC",
    "r2": "R²",
    "f1": "F1",
    "root_mean_squared_error": "RMSE",
    "mean_absolute_error": "MAE",
    "mean_squared_error": "MSE",
}
PER_BATCH = re.compile(r"(latency|throughput)\.batch_(\d+)(?:\.(\w+))?")
"""Ids that have a batch size: their kind, the size, and the aggregate if there is one."""


def title(metric: str) -> str:
    """A metric's id in words: `latency.batch_1.p95` is "latency p95, batch 1", `quality.f1[sex=F]` is "F1, sex F".

    An unknown id stands for itself.
    """
    if match := PER_BATCH.fullmatch(metric):
        kind, batch, aggregate = match.groups()
        return f"{kind}{f' {aggregate}' if aggregate else ''}, batch {int(batch):,}"
    plain, key = apart(metric)
    if key:
        return f"{title(plain)}, {in_words(key)}"
    if metric.startswith("quality."):
        scorer = metric.removeprefix("quality.")
        return _SCORERS.get(scorer, scorer.replace("_", " "))
    known = TITLES.get(metric)
    if known is None and metric.count(".") == 2:
        known = TITLES.get(metric.rpartition(".")[0])
    return known or metric


def find(readings: Mapping[str, Reading], metric: str) -> Reading | None:
    """The reading of an id, with or without its aggregate (then the default one, which is the first); None: never asked for."""
    if metric in readings:
        return readings[metric]
    return next((reading for full, reading in readings.items() if full.startswith(metric + ".")), None)


def figure(reading: Reading | None, interval: bool = True) -> str:
    """A reading for readers: "24.1 ms [22.8, 25.9]", "not measured" or a dash."""
    if reading is None:
        return NOTHING
    if isinstance(reading, Failure):
        return "not measured"
    if not interval:
        return show(reading.value, reading.unit)
    return show_interval(reading.value, reading.low, reading.high, reading.unit)


def change(reading: Reading | None, base: Reading | None) -> str:
    """A reading against the baseline's: points for scores and shares, per cent for all else; "" where either is missing."""
    if not isinstance(reading, Measurement) or not isinstance(base, Measurement) or reading.unit != base.unit:
        return ""
    if reading.unit in ("score", "share"):
        return show_points(reading.value - base.value)
    return show_change(reading.value / base.value) if base.value > 0 else ""


def is_better(reading: Reading | None, base: Reading | None, floor: float = 0.0) -> bool | None:
    """Is it better than the baseline's? None when equal as shown, missing, or closer than `floor` (a share of the baseline)."""
    if not isinstance(reading, Measurement) or not isinstance(base, Measurement):
        return None
    difference = reading.value - base.value
    if not abs(difference) > floor * abs(base.value) or change(reading, base) in ("0 pp", "0 %"):
        return None
    return (difference > 0) == (reading.better == "higher")


def limit(rule: Rule) -> str:
    """A rule's limit as its author wrote it: "max 25 ms", "max drop 1 pp", with the reference when it is not the baseline.

    Of a rule with alternatives all of them: "size.artifact max 1 MB or memory.peak.max max 256 MB".
    """
    if rule.alternatives:
        return " or ".join(f"{one.metric} {limit(one)}" for one in rule.alternatives)
    against = f" against {rule.versus}" if rule.versus not in (None, "baseline") else ""
    return f"{rule.bound.replace('_', ' ')} {rule.limit.written}{against}"


def own_limit(check: Check) -> str:
    """The limit that the policy has for a check, whatever a waiver makes of it."""
    moved = check.waived or check.beyond
    return limit(replace(check.rule, limit=moved.original) if moved else check.rule)


def waived(check: Check) -> str:
    """Under which waiver a check passes, or does not pass either; "" where none is at work.

    "waiver W-14: 640 MB · 54 days left · dana · the new encoder".
    """
    moved = check.waived or check.beyond
    if moved is None:
        return ""
    left = "last day today" if moved.days_left == 0 else f"{counted(moved.days_left, 'day')} left"
    begin = "waiver" if check.waived else "not even under waiver"
    return " · ".join((f"{begin} {moved.id}: {moved.limit.written}", left, moved.owner, moved.reason))


def checked(check: Check, interval: bool = True) -> str:
    """The figure that a check compared: the value, or the change against the reference where the rule is relative."""
    if check.value is None:
        return "not measured" if check.reason == "metric_missing" else NOTHING
    low = check.value if check.low is None else check.low
    high = check.value if check.high is None else check.high
    value, relative = check.value, check.rule.relative
    if check.rule.bound == "max_drop":
        # The loss is positive when worse; a reader looks for a minus before what was lost.
        value, low, high = -value, -high, -low
    if not interval:
        low = high = value
    return show_interval(value + 0.0, low + 0.0, high + 0.0, check.unit, signed=relative)


def written(rule: Rule) -> str:
    """The id under which a rule was written: one rule may be judged in many slices."""
    return rule.of or rule.id


def where(rule: Rule) -> str:
    """The slice that a rule is judged in, in words; "" where it is judged in all rows."""
    return in_words(apart(rule.id)[1]) if rule.of else ""


def why(check: Check) -> str:
    """Why a check is inconclusive, in words; "" when it is not."""
    if check.reason is None:
        return ""
    return check.detail or REASONS[check.reason]
