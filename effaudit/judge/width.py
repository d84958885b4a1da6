"""Rules so wide that nothing fails them: limits beyond what a figure can be, or far beyond all that was measured."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from effaudit.core.notes import Note, coded
from effaudit.core.policy import Policy, Rule
from effaudit.core.reading import Measurement
from effaudit.core.scorers import bounds
from effaudit.core.slices import apart
from effaudit.core.text import listed
from effaudit.core.units import show
from effaudit.core.workload import Workload
from effaudit.judge.evidence import Evidence

TIMES = 1000.0
"""A limit so many times as far as the worst figure of the record rejects nothing that is like these candidates."""
LEAST_CONFIDENCE = 0.8
"""Under this level more than one in five of the candidates that stand at a limit pass it by chance."""
ABSURD = {"s": 31_557_600.0, "B": 1e18, "J": 6e20, "gCO2e": 6e16}
"""No answer takes a year, no model has an exabyte, and no thousand answers take all of the world's yearly energy and emissions."""
SLOWEST = 1.0 / 31_557_600.0
"""Rows per second of one row a year."""
_QUALITY = "quality."
_NO_GAIN = {"matthews_corrcoef": 0.0, "r2": 0.0, "explained_variance": 0.0, "d2_absolute_error_score": 0.0}
_CHANCE = {f"roc_auc{kind}": 0.5 for kind in ("", "_ovr", "_ovr_weighted", "_ovo", "_ovo_weighted")}
_LOG_LOSS = -math.log(sys.float_info.epsilon)
"""scikit-learn clips probabilities: no row's log loss is more."""


_READABLE = 1e12
"""Larger numbers are shown as powers of ten."""


@dataclass(frozen=True)
class Scale:
    """What figures of a metric can be: the least and the most, those of the record, and what a guess scores, where it is known."""

    metric: str
    least: float
    most: float
    figures: Sequence[float] = ()
    guess: float | None = None
    higher: bool = True
    """Is a higher figure better?"""
    unit: str = ""

    @property
    def endless(self) -> bool:
        """Can figures be as large as one likes, or as the world allows?"""
        return self.least >= 0.0 and self.most > _LOG_LOSS


def scale(metric: str, unit: str, higher: bool, figures: Iterable[float] = (), workload: Workload | None = None) -> Scale:
    """Of a metric by its id and the unit that its figures have."""
    plain, _ = apart(metric)
    known = tuple(figures)
    if plain.startswith(_QUALITY):
        name = plain.removeprefix(_QUALITY)
        least, most = bounds(plain)
        guess = None if metric != plain else _guess(name, workload)
        return Scale(metric, least, min(most, _LOG_LOSS) if name == "log_loss" else most, known, guess, higher, unit)
    if plain.startswith("behaviour."):
        least, most = bounds(plain)
    elif unit in ("share", "score"):
        least, most = (0.0 if unit == "share" else -math.inf), (1.0 if higher or unit == "share" else math.inf)
    elif unit == "answer":
        least, most = -math.inf, math.inf
    else:
        least, most = SLOWEST if unit == "rows/s" else 0.0, ABSURD.get(unit, math.inf)
    return Scale(metric, least, most, known, None, higher, unit)


def too_wide(rule: Rule, of: Scale, reference: float | None = None) -> str:
    """Why nothing can fail a rule; "" where something could. `reference`: the figure that a relative rule compares with."""
    limit, written = _absolute(rule, reference), rule.limit.written
    if limit is None:
        return f"nothing can lose {written}" if _loses_all(rule, of) else ""
    worst, beyond = (of.least, limit <= of.least) if of.higher else (of.most, limit >= of.most)
    whole = f"{written} against {show(reference, of.unit)}" if rule.relative and reference is not None else written
    if beyond and math.isfinite(worst):
        return f"nothing can lose {whole}" if rule.relative else f"no {rule.metric} is beyond {whole}"
    if of.figures and _far(limit, of):
        ratio = min(of.figures) / limit if of.higher else limit / max(of.figures)
        times = f"{ratio:,.0f}" if ratio < _READABLE else f"{ratio:.3g}"
        worst_figure = "the worst figure that was measured"
        return f"{worst_figure} is {times} times its limit" if of.higher else f"its limit is {times} times {worst_figure}"
    return ""


def under_a_guess(rule: Rule, of: Scale, reference: float | None = None) -> str:
    """Says so where a rule admits candidates that are worse than one and the same answer to every row; "" elsewhere."""
    limit = _absolute(rule, reference)
    if of.guess is None or limit is None or not (limit < of.guess if of.higher else limit > of.guess):
        return ""
    admits = f"{rule.limit.written} allows {limit:.3g}" if rule.relative else f"its limit is {rule.limit.written}"
    return f"{admits}, and one and the same answer to every row has {of.guess:.3g}"


def notes(evidence: Evidence, policy: Policy, rules: Iterable[Rule]) -> Iterator[Note]:
    """What the rules that were asked of a record's candidates leave through, each told once, and a level that decides little."""
    said: dict[tuple[str, str], dict[str, None]] = {}
    for rule in rules:
        of, reference = scale_in(evidence, rule), reference_of(evidence, rule)
        if why := too_wide(rule, of, reference):
            said.setdefault(("never_fails", f"can never fail: {why}"), {})[rule.of or rule.id] = None
        elif rule.severity == "error" and (why := under_a_guess(rule, of, reference)):
            code = "margin_to_a_guess" if rule.relative else "under_a_guess"
            said.setdefault((code, f"lets through what is worse than a guess: {why}"), {})[rule.of or rule.id] = None
    for (code, words), names in said.items():
        yield Note(
            code, f"{'Rule' if len(names) == 1 else 'Rules'} {listed(names, 5)}: {'it' if len(names) == 1 else 'each'} {words}."
        )
    yield from coded("little_confidence", little_confidence(policy))


def little_confidence(policy: Policy) -> str:
    """Says so where a policy's level is hardly more than tossing a coin; "" elsewhere."""
    level = policy.confidence_level
    if level >= LEAST_CONFIDENCE:
        return ""
    return (
        f"The policy's confidence_level is {level:.10g}: a candidate that is just at a limit passes it by chance "
        f"in up to {show(1.0 - level, '%', 2)} of all audits."
    )


def scale_in(evidence: Evidence, rule: Rule) -> Scale:
    """The scale of a rule's metric in a record."""
    readings = [found for name in evidence.rows if isinstance(found := evidence.reading(name, rule.metric), Measurement)]
    figures = [found.value for found in readings if math.isfinite(found.value)]
    unit = readings[0].unit if readings else "" if rule.limit.unit in ("%", "pp") else rule.limit.unit
    higher = rule.bound in ("min", "max_drop")
    return scale(rule.metric, unit, higher, figures, evidence.record.workload)


def reference_of(evidence: Evidence, rule: Rule) -> float | None:
    """The figure that a relative rule compares with, where the record has it."""
    if not rule.relative:
        return None
    found = evidence.reading(evidence.baseline if rule.versus in (None, "baseline") else str(rule.versus), rule.metric)
    return found.value if isinstance(found, Measurement) and math.isfinite(found.value) else None


def _absolute(rule: Rule, reference: float | None) -> float | None:
    """The worst figure that meets a rule; None where it is not known, for want of what it compares with."""
    amount = rule.limit.amount
    if not rule.relative:
        return amount
    if reference is None:
        return None
    lost = amount * abs(reference) if rule.limit.unit == "%" else amount
    return reference - lost if rule.bound == "max_drop" else reference + lost


def _loses_all(rule: Rule, of: Scale) -> bool:
    """Is a margin as wide as all figures of a metric are apart, whatever it is compared with?"""
    amount = rule.limit.amount
    if rule.limit.unit != "%":
        return amount >= of.most - of.least
    return amount >= 1.0 if rule.bound == "max_drop" and of.least >= 0.0 else rule.bound == "max_increase" and amount >= TIMES


def _far(limit: float, of: Scale) -> bool:
    """Is a limit on figures without an end far beyond those of the record?"""
    if not of.endless:
        return False
    return limit * TIMES <= min(of.figures) if of.higher else 0.0 < TIMES * max(of.figures) <= limit


def _guess(name: str, workload: Workload | None) -> float | None:
    """What one and the same answer to every row scores, where that follows from the classes' shares."""
    known = _NO_GAIN | _CHANCE
    if name in known or name.startswith("d2_"):
        return known.get(name, 0.0)
    if workload is None or not workload.class_rows or workload.weights or workload.multilabel:
        return None
    shares = [count / sum(workload.class_rows) for count in workload.class_rows if count]
    if name == "accuracy":
        return max(shares)
    if name == "balanced_accuracy":
        return 1.0 / len(shares)
    return -sum(share * math.log(share) for share in shares) if name == "log_loss" else None
