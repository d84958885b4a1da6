"""The smallest limits that would admit a rejected candidate when all of them are moved together."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from effaudit.core.policy import Rule
from effaudit.core.stats.estimate import Exact
from effaudit.core.verdict import Gap, Relaxed
from effaudit.judge.gaps import inside, relaxed_to
from effaudit.judge.judged import Held, Judged

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Together:
    """The answers for one judged record. What they need to know of all candidates is found out once."""

    judged: Judged

    def admitting(self, candidate: str, gaps: Mapping[str, Gap]) -> tuple[Relaxed, ...]:
        """The limits, in the policy's order; empty where it passes, or where something else than a limit stands in the way.

        Each is the far end of an interval at the level that would decide. That is the level that decided, unless a counted
        figure excludes the candidate now: then it is the one at which Holm's procedure would arrive at it, among all those that
        the new limits no longer exclude. `gaps`: of the broken rules, as they were decided.
        """
        own = _errors(self.judged, candidate)
        if not self.judged.broken(candidate) or any(one.estimate is None or one.barrier is not None for one, _ in own):
            return ()
        counted = _relaxed([held for held in own if isinstance(held[0].estimate, Exact)], gaps)
        if counted is None:
            return ()
        level = self._level(candidate, {one.rule: one.limit for one in counted})
        measured = _relaxed([held for held in own if not isinstance(held[0].estimate, Exact)], gaps, level)
        if measured is None:
            return ()
        moved = {one.rule: one for one in (*counted, *measured)}
        return tuple(moved[one.rule.id] for one, _ in own if one.rule.id in moved)

    def _level(self, candidate: str, counted: Mapping[str, float]) -> float | None:
        """The one-sided level at which a candidate is decided once counted rules have these limits; None: as it was decided."""
        plain = self.judged.policy.confidence_level
        alone = candidate == self.judged.evidence.baseline or self.judged.policy.multiple_comparisons == "none"
        if alone or not counted:
            return None
        ordered = np.sort(self._crowd.p_values(counted, candidate))
        alphas = (1.0 - plain) / (len(ordered) + 1 - np.arange(len(ordered)))
        standing = np.flatnonzero(~(ordered < alphas))
        rejected = int(standing[0]) if standing.size else len(ordered)
        return 1.0 - (1.0 - plain) / (len(ordered) + 1 - rejected)

    @cached_property
    def _crowd(self) -> _Crowd:
        return _Crowd.of(self.judged)


@dataclass(frozen=True, eq=False)
class _Crowd:
    """All candidates but the baseline: each one's greatest p-value (NaN: none, or barred), and its counted figures by rule.

    A rule with alternatives is taken to be open whatever its alternatives say. This makes levels stricter than need be, if any.
    """

    places: Mapping[str, int]
    greatest: Floats
    figures: Mapping[str, tuple[Rule, Floats, Floats]]
    """By rule id: the rule, the figures (NaN where they were not counted) and the limits that they have to keep."""

    @staticmethod
    def of(judged: Judged) -> _Crowd:
        names = [name for name in judged.evidence.rows if name != judged.evidence.baseline]
        greatest = np.full(len(names), math.nan)
        figures: dict[str, tuple[Rule, Floats, Floats]] = {}
        for place, name in enumerate(names):
            own = [finding for finding, _ in _errors(judged, name)]
            if all(one.barrier is None or one.rule.alternatives for one in own):
                known = (1.0 if one.p_value is None and one.rule.alternatives else one.p_value for one in own)
                greatest[place] = max((p for p in known if p is not None), default=math.nan)
            for one in own:
                if isinstance(one.estimate, Exact) and not one.rule.alternatives:
                    blank = (one.rule, np.full(len(names), math.nan), np.full(len(names), math.nan))
                    _, values, limits = figures.setdefault(one.rule.id, blank)
                    values[place], limits[place] = one.estimate.value, one.rule.limit.amount
        return _Crowd({name: place for place, name in enumerate(names)}, greatest, figures)

    def p_values(self, counted: Mapping[str, float], but: str) -> Floats:
        """Of all that could still pass under new limits of counted rules, less one candidate."""
        allowed = ~np.isnan(self.greatest)
        allowed[self.places[but]] = False
        for name, (rule, values, limits) in self.figures.items():
            if rule.bound == "min":
                allowed &= ~(values < np.fmin(limits, counted.get(name, math.inf)))
            else:
                allowed &= ~(values > np.fmax(limits, counted.get(name, -math.inf)))
        return self.greatest[allowed]


def _errors(judged: Judged, candidate: str) -> list[Held]:
    return [held for held in judged.held[candidate] if held[1].rule.severity == "error"]


def _relaxed(rules: Iterable[Held], gaps: Mapping[str, Gap], level: float | None = None) -> list[Relaxed] | None:
    """The limits that rules need at a level (None: the one that decided), and none for those that hold.

    None where one of them has no end.
    """
    moved = []
    for finding, check in rules:
        rule, estimate = finding.rule, finding.estimate
        if level is None or estimate is None:
            if rule.id not in gaps:
                continue
            limit = gaps[rule.id].relaxed
        else:
            low, high = estimate.interval(1.0 - (1.0 - level) / finding.looks)
            if inside(rule, low, high):
                continue
            limit = relaxed_to(rule, low, high, finding.unit)
        if limit is None:
            return None
        moved.append(Relaxed(rule.id, rule.bound, limit, check.unit, rule.metric if rule.alternatives else ""))
    return moved
