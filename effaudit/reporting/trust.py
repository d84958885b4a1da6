"""How far the report can be trusted, and how to make it again: controls, machine, data, methods in words, versions, hashes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from effaudit.core.notes import texts
from effaudit.core.reading import DRAWN_LEVEL
from effaudit.core.record import Record, Session
from effaudit.core.text import counted, one_line
from effaudit.core.units import show
from effaudit.core.verdict import Verdict
from effaudit.core.workload import Workload
from effaudit.reporting.cautions import others
from effaudit.reporting.formatting import NOTHING, title
from effaudit.reporting.story import floorless, ratio

Facts = tuple[tuple[str, str], ...]

CONDITIONS: Mapping[str, tuple[str, str]] = {
    "rounds": ("rounds of timing", "count"),
    "bad_rounds": ("rounds in a slow spell of the machine", "count"),
    "repeated_rounds": ("rounds that were repeated for it", "count"),
    "slow_share": ("rounds at the machine's slower speed", "%"),
    "slow_ratio": ("the slower speed, against the faster", "×"),
    "kernel_median_s": ("calibration kernel, median", "s"),
    "kernel_p90_ratio": ("calibration kernel, p90 against its median", "×"),
    "kernel_max_ratio": ("calibration kernel, slowest against its median", "×"),
    "stolen_share": ("processor time taken by the hypervisor", "%"),
    "throttled_s": ("throttled by the control group", "s"),
    "involuntary_switches": ("involuntary context switches", "count"),
    "run_queue": ("other processes that wanted to run, on average", ""),
}
"""What disturbed a session → its title and unit; other keys stand for themselves."""

HOST: Mapping[str, str] = {
    "os": "system",
    "arch": "architecture",
    "cpu": "processor",
    "memory_bytes": "memory",
    "hypervisor": "virtual machine",
}


@dataclass(frozen=True)
class Control:
    """What one metric resolves: the baseline's second copy against it, and the noise floor."""

    metric: str
    twin: str
    holds: str
    floor: str
    source: str


@dataclass(frozen=True)
class SessionFacts:
    """One run of the measuring program."""

    heading: str
    host: Facts
    conditions: Facts
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Trust:
    """Controls, sessions, the data's splits, methods and notes."""

    controls: tuple[Control, ...]
    sessions: tuple[SessionFacts, ...]
    data: Facts
    methods: Facts
    notes: tuple[str, ...]


def trust(record: Record, verdict: Verdict | None) -> Trust:
    """Everything that bears on how far the figures hold."""
    metrics = dict.fromkeys((*record.twins, *(full for full, floor in record.floors.items() if floor.share > 0)))
    none = (floorless(record),) if floorless(record) else ()
    notes = texts((*others(verdict), *record.notes, *record.workload.notes))
    return Trust(
        tuple(_control(record, metric) for metric in metrics),
        tuple(_session(session) for session in record.sessions),
        _data(record),
        _methods(record, verdict),
        (*none, *notes),
    )


def reproduce(record: Record, verdict: Verdict | None) -> Facts:
    """Command, versions, seed and hashes."""
    found = {
        "command": record.command,
        "effaudit": record.version,
        "commit": record.commit or "",
        "seed": str(record.seed),
        "plan (SHA-256)": record.plan_digest,
        "policy": verdict.policy.file if verdict else "",
        "policy (SHA-256)": verdict.policy.digest if verdict else "",
        **{f"{split} rows (SHA-256)": digest for split, digest in record.workload.digests.items()},
        **{f"{name} (SHA-256)": digest for name, digest in record.files.items()},
        "record's layout": str(record.schema),
    }
    return tuple((name, words) for name, words in found.items() if words)


def packages(record: Record) -> Facts:
    """The versions of packages, over all sessions; where they differ, all of them."""
    names = dict.fromkeys(name for session in record.sessions for name in session.packages)
    return tuple(
        (name, ", ".join(dict.fromkeys(s.packages[name] for s in record.sessions if name in s.packages))) for name in names
    )


def _control(record: Record, metric: str) -> Control:
    twin, floor = record.twins.get(metric), record.floors.get(metric)
    holds = "" if twin is None else "yes" if twin.low <= 1 <= twin.high else "no"
    return Control(
        title(metric),
        ratio(twin) if twin else NOTHING,
        holds,
        show(floor.share, "%", 2) if floor and floor.share > 0 else NOTHING,
        {"incarnations": "between processes", "A/A": "the second copy"}[floor.source] if floor and floor.share > 0 else "",
    )


def _session(session: Session) -> SessionFacts:
    host = [
        (HOST.get(name, name), show(float(value), "B") if name == "memory_bytes" else value)
        for name, value in session.host.items()
        if value
    ]
    conditions = [_condition(name, value) for name, value in session.environment.items()]
    heading = f"Session {session.id}, started {session.started}, {show(session.seconds, 's')}"
    return SessionFacts(heading, tuple(host), tuple(conditions), texts(session.notes))


def _condition(name: str, value: float) -> tuple[str, str]:
    words, unit = CONDITIONS.get(name, (name.replace("_", " "), ""))
    return words, f"{show(value, '')}×" if unit == "×" else show(value, unit)


def _data(record: Record) -> Facts:
    workload = record.workload
    rows = [(f"{split} rows", _split(record, split)) for split, count in workload.splits.items() if count]
    copies = [(f"certify rows that also occur in {split}", f"{count:,}") for split, count in workload.duplicates.items()]
    inputs = counted(len(workload.inputs), "column" if workload.table else "array")
    missing = sum(column.missing for column in workload.inputs)
    return (
        ("task", workload.task + _classes(workload)),
        ("inputs", inputs + (f", {missing:,} missing values" if missing else "")),
        ("rows depend on each other", workload.sampling),
        *rows,
        *_weights(workload),
        *copies,
    )


def _classes(workload: Workload) -> str:
    if workload.multilabel:
        return f", {counted(len(workload.answers), 'label')} a row"
    if not workload.classes:
        return ""
    positive = f", of which {one_line(workload.positive, 40)} is positive" if workload.positive else ""
    return f", {len(workload.classes)} classes{positive}"


def _weights(workload: Workload) -> Facts:
    if workload.effective is None:
        return ()
    worth = f"{workload.effective.rows:,.0f} rows of equal weight (Kish)"
    return (("weights of certify rows", f"{one_line(workload.weights, 40)}: quality says as much as that of {worth}"),)


def _split(record: Record, split: str) -> str:
    workload, groups = record.workload, record.workload.groups.get(split)
    count = workload.splits[split]
    return f"{count:,}" + (f" in {counted(groups, 'group')}" if groups and groups != count else "")


def _methods(record: Record, verdict: Verdict | None) -> Facts:
    settings, level = record.settings, verdict.policy.confidence_level if verdict else 0.0
    whole = " of whole groups" if record.workload.sampling != "independent" else ""
    found = {
        "intervals": f"drawn two-sided at {DRAWN_LEVEL:.0%}, which is one-sided {(1 + DRAWN_LEVEL) / 2:.0%}. "
        "A counted figure has no interval. Figures in the decision table are drawn at the level that decided.",
        "quality": "scikit-learn scorers over the certify rows, which nothing saw before. "
        f"{settings.resamples:,} resamples{whole} are shared by all candidates, so that differences are paired.",
        "time": f"each candidate runs in processes of its own ({counted(settings.restarts, 'start')}), one at a time, in "
        "rounds of random order that ask the baseline and its second copy too. Comparisons are the median of "
        "paired log-ratios of the same round, and of four starts or more the mean without the lowest and the highest.",
        "percentiles": "Woodruff intervals: the share of calls above, its variance taken between blocks.",
        "memory and start": "the processes' own high-water marks and clocks; the interval is between starts.",
        "correction": _correction(verdict, level),
        "looks": _looks(record, verdict),
        "noise floor": "2 × the standard deviation between starts of one program, and no less than the second copy showed. "
        "Within it, models tie.",
    }
    return tuple((name, words) for name, words in found.items() if words)


def _looks(record: Record, verdict: Verdict | None) -> str:
    if record.looks == 1:
        return ""
    planned = f"timing could have ended at {record.looks} planned looks at the verdicts"
    if verdict is None:
        return f"{planned}."
    error = 1 - verdict.policy.confidence_level
    return (
        f"{planned}. So that all of them together err as seldom as one, a rule on a figure of the machine is decided at "
        f"{show(1 - error / record.looks, '%', 3)} instead of {show(1 - error, '%', 3)}."
    )


def _correction(verdict: Verdict | None, level: float) -> str:
    if verdict is None:
        return ""
    across = {
        "holm": "Across candidates Holm's procedure keeps the chance of any false pass there",
        "none": "Across candidates nothing is corrected",
    }[verdict.policy.multiple_comparisons]
    return (
        f"a rule passes only when its whole interval is inside the limit: at most {show(1 - level, '%', 2)} false passes per rule. "
        f"Within one candidate no correction is needed, for all rules must hold. {across}."
    )
