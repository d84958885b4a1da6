"""What was decided, and why: one check per candidate and rule, a recommendation, and an explanation of every rejection."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from effaudit.core.html_table import html_table
from effaudit.core.notes import Note
from effaudit.core.policy import Bound, Policy, Rule
from effaudit.core.reading import Better
from effaudit.core.waiver import Waived

Status = Literal["pass", "fail", "inconclusive"]
Reason = Literal[
    "interval_straddles",
    "too_few_samples",
    "environment_mismatch",
    "metric_missing",
    "method_too_weak",
    "baseline_missing",
    "not_measured_together",
    "answers_depend_on_batch",
    "inputs_not_understood",
    "timed_answers",
    "more_processors",
    "memory_grows",
    "labels_untimed",
]
"""Why a check is inconclusive: a closed list. What each means, and what cures it, is told in docs/policies.md."""
CURABLE: frozenset[str] = frozenset({"interval_straddles", "too_few_samples"})
"""The reasons that more measuring cures."""
MISSING: frozenset[str] = frozenset({"metric_missing", "baseline_missing"})
"""The reasons that say that a needed figure could not be measured, which no policy waves through."""
REASONS_OF_DOUBTS: Mapping[str, Reason] = {
    "drawn_once": "method_too_weak",
    "answers_depend_on_batch": "answers_depend_on_batch",
    "inputs_not_understood": "inputs_not_understood",
    "timed_answers": "timed_answers",
}
"""The reason that each doubt about a candidate's answers (its code) becomes."""
REASONS_OF_NOTES: Mapping[str, Reason] = {
    "more_processors": "more_processors",
    "memory_grows": "memory_grows",
    "batch_unscored": "answers_depend_on_batch",
}
"""The reason that a note on a single figure becomes: the figure is not one of what the plan asks for."""
REASONS_OF_FAILURES: frozenset[str] = frozenset({"too_few_samples", "answers_depend_on_batch", "inputs_not_understood"})
"""The codes of a reading's failure that are a reason of their own."""


@dataclass(frozen=True)
class Check:
    """One candidate against one rule.

    `value`, `low` and `high` are in the unit of the limit: the figure itself, or the loss against the baseline for
    relative rules (positive is worse). They are drawn at `level`, one-sided, which is the level that decided.
    """

    candidate: str
    rule: Rule
    status: Status
    reason: Reason | None = None
    detail: str = ""
    value: float | None = None
    low: float | None = None
    high: float | None = None
    unit: str = ""
    level: float = 0.95
    p_value: float | None = None
    """Of the hypothesis that the limit is not met; None where the figure was counted."""
    warned: bool = False
    """It passes, but is above `warn_above`."""
    waived: Waived | None = None
    """It passes, but only under the limit of this waiver, which `rule` then has: the policy's own is `waived.original`."""
    beyond: Waived | None = None
    """It does not pass, not even under the limit of this waiver, which `rule` then has."""


@dataclass(frozen=True)
class Gap:
    """What a rejected candidate lacks on one rule: the smallest limit that it would meet, and the samples that would decide.

    `short` is how far the end of the interval that decides lies outside the limit, in `unit`.
    """

    rule: str
    relaxed: float | None
    unit: str
    more: str = ""
    short: float | None = None
    within_reach: bool = False
    """Would `more`, as it says, decide: is it not too much to measure?"""


@dataclass(frozen=True)
class Relaxed:
    """A limit moved just as far as one candidate needs. `metric` says which alternative is meant of a rule that has some."""

    rule: str
    bound: Bound
    limit: float
    unit: str
    metric: str = ""


@dataclass(frozen=True)
class Explanation:
    """Why a candidate is not recommended: what it fails, what would admit it, or what it costs more.

    `together`: the smallest limits that would admit it when all of them are set, and nothing else is changed. Empty where it
    passes, or where no limits would. A rule that it meets now may be among them: once counted figures no longer exclude a
    candidate, it is one of more that are compared, and decided at a stricter level.
    """

    candidate: str
    sentence: str
    gaps: tuple[Gap, ...] = ()
    together: tuple[Relaxed, ...] = ()
    measured: bool = True
    """Could the candidate be measured at all?"""


@dataclass(frozen=True)
class Buys:
    """What a larger candidate buys over the recommended one, in the primary quality metric, with its interval.

    A positive `difference` is better, whichever direction the metric has. `objective_ratio`: how much more it costs.
    """

    candidate: str
    metric: str
    difference: float
    low: float
    high: float
    objective_ratio: float
    negligible: float | None = None
    """A difference so small that the margins of the policy could not tell it from none: the whole interval is within ± this."""
    unit: str = "pp"
    """Of the difference: `pp` for scores and shares."""
    better: Better = "higher"
    """Which figures of the metric are good. It turns `difference` round for readers, and never its meaning here."""

    @property
    def change(self) -> tuple[float, float, float]:
        """The difference and its interval in the metric's own direction: an error that becomes smaller has a minus."""
        value, low, high = self.difference, self.low, self.high
        return (value, low, high) if self.better == "higher" else (-value + 0.0, -high + 0.0, -low + 0.0)

    @property
    def surely(self) -> Literal["better", "worse", ""]:
        """What the whole interval says."""
        if self.negligible is not None:
            return ""
        return "better" if self.low > 0 else "worse" if self.high < 0 else ""


Outcome = Literal["recommended", "infeasible", "inconclusive", "incomplete"]


@dataclass(frozen=True)
class Verdict:
    """The whole decision under one policy. `exit_code` is the one that documents promise for this subject."""

    policy: Policy
    baseline: str
    outcome: Outcome
    exit_code: int
    recommended: str | None
    headline: str
    ranking: tuple[str, ...]
    """Feasible candidates, the preferred first."""
    equals: tuple[str, ...]
    """Those within the equivalence band, which the tie-breaks decided between."""
    nearest: str | None
    checks: tuple[Check, ...]
    explanations: tuple[Explanation, ...] = ()
    buys: tuple[Buys, ...] = ()
    blocking: tuple[str, ...] = ()
    """Candidates whose failure could have changed the recommendation (exit code 4)."""
    notes: tuple[Note, ...] = ()
    statuses: Mapping[str, Status] = field(default_factory=dict)
    """Each candidate over all its error rules."""
    today: str = ""
    """The day for which waivers were looked at, as 2026-07-31; "" where there were none."""
    subject: str = ""
    """Whom `exit_code` is about: "" where one is selected, else the candidate that was gated, `recommended` or `all`."""

    def of(self, candidate: str) -> tuple[Check, ...]:
        """The checks of one candidate."""
        return tuple(check for check in self.checks if check.candidate == candidate)

    @property
    def only_ranks(self) -> bool:
        """Was no error rule asked of whom it recommends (of anyone, where it recommends nobody)?

        Then nothing could have rejected it, and the recommendation says only what comes first.
        """
        asked = self.of(self.recommended) if self.recommended is not None else self.checks
        return not any(check.rule.severity == "error" for check in asked)

    def _repr_html_(self) -> str:
        """For notebooks: the headline, then each candidate's status, and why it is not the recommended one."""
        reasons = {explanation.candidate: explanation.sentence for explanation in self.explanations}
        lines = [
            [name, "recommended" if name == self.recommended else status, reasons.get(name, "")]
            for name, status in self.statuses.items()
        ]
        return html_table(f"{self.policy.title or self.policy.name} · {self.headline}", ["candidate", "verdict", "why"], lines)
