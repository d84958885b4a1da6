"""The one sentence that stands first, and the notes that a reader should not miss."""

from __future__ import annotations

from effaudit.core.notes import Note, coded
from effaudit.core.reading import Measurement
from effaudit.core.text import counted, listed, one_line
from effaudit.core.units import show, show_change, show_interval, show_round
from effaudit.judge import words
from effaudit.judge.compare import loss
from effaudit.judge.evidence import Undecidable
from effaudit.judge.exits import baseline_is_missing
from effaudit.judge.explain import in_words, negligible
from effaudit.judge.gaps import gap_of
from effaudit.judge.judged import Judged, curable
from effaudit.judge.select import Selection, binding

P50 = "latency.batch_1.p50"
LEAST_SHOWN = 1e-12
"""A smaller difference is none, but for rounding."""


def headline(judged: Judged, selection: Selection, blocking: tuple[str, ...]) -> str:
    """What was decided: the recommendation with its size, or the nearest miss and the rule that binds it."""
    told = _recommendation(judged, selection) if selection.recommended else _miss(judged, selection)
    if not blocking:
        return told
    if baseline_is_missing(judged):
        return f"{_missing_baseline(judged)} could not be measured. {told}"
    if selection.recommended is None and selection.ranking:
        return told
    unknown = [name for name in blocking if name in selection.ranking]
    lost = [name for name in blocking if name not in unknown]
    begin = [f"{listed(lost, 3)} could not be measured and might have been recommended."] if lost else []
    if unknown:
        metric = judged.policy.select.minimize
        begin.append(f"{metric}, which the policy minimises, is not known of {listed(unknown, 3)}, which might be recommended.")
    return " ".join([*begin, told])


def notes(judged: Judged, selection: Selection) -> tuple[Note, ...]:
    """Lints of the policy against this record, and what the recommendation rests on."""
    return (
        *coded("interrupted", _interrupted(judged)),
        *coded("only_ranks", _toothless(judged)),
        *coded("not_asked", _untouched(judged)),
        *coded("no_floor", _no_floor(judged)),
        *coded("compared_with", _compared(judged)),
        *coded("under_the_noise", *_under_the_floor(judged)),
        *coded("best", _best(judged)),
        *coded("band", _widened(judged, selection)),
        *coded("not_ranked", _unranked(judged, selection)),
        *coded("smaller_undecided", _smaller_undecided(judged, selection)),
    )


def _recommendation(judged: Judged, selection: Selection) -> str:
    name, metric = selection.ranking[0], judged.policy.select.minimize
    rules, feasible = _error_rules(judged), len(selection.ranking)
    met = f" that meets {rules}" if rules else ""
    if feasible == 1:
        told = f"is the only candidate{met or ' to judge'}"
    else:
        among = "is preferred among the" if name in selection.equals else "is the"
        they_meet = met.replace("meets its", "meet their").replace("meets", "meet")
        told = f"{among} {words.superlative(metric)} of {feasible} candidates{they_meet}"
    begin = _unasked(judged, name)
    return f"{begin}{name} {told}{_figure(judged, name, metric)}{_under_waivers(judged, name)}{_warnings(judged, name)}."


def _unasked(judged: Judged, name: str) -> str:
    """Says so first where nothing could have rejected the one that is recommended."""
    if _is_asked(judged, name):
        return ""
    whom = f" of {name}" if _can_reject(judged) else ""
    return f"No error rule was asked{whom}; this only ranks. "


def _is_asked(judged: Judged, name: str) -> bool:
    return any(check.rule.severity == "error" for _, check in judged.held[name])


def _can_reject(judged: Judged) -> bool:
    return any(_is_asked(judged, name) for name in judged.held)


def _warnings(judged: Judged, name: str) -> str:
    """The rules that only warn, and that it does not meet, where no others are asked."""
    missed = [check.rule.id for _, check in judged.held[name] if check.status != "pass"]
    return f", and does not meet {listed(missed, 3)}" if missed and not _is_asked(judged, name) else ""


def _under_waivers(judged: Judged, name: str) -> str:
    """A recommendation that rests on waivers says so in its first sentence."""
    used = sorted({check.waived.id for _, check in judged.held[name] if check.waived and check.rule.severity == "error"})
    return f", {'waiver' if len(used) == 1 else 'waivers'} {listed(used, 3)} allowing it" if used else ""


def _missing_baseline(judged: Judged) -> str:
    name = judged.evidence.baseline
    row = judged.evidence.rows.get(name)
    return f"Figures of the baseline {name} that error rules compare with" if row and not row.failure else f"The baseline {name}"


def _figure(judged: Judged, name: str, metric: str) -> str:
    """The objective and its change against the baseline, in brackets."""
    own, baseline = judged.objective(name), judged.evidence.baseline
    if own is None:
        return ""
    found = judged.evidence.rows[name].readings.get(metric)
    figure = show(own, found.unit if isinstance(found, Measurement) else "B")
    reference = judged.evidence.value(baseline, metric)
    if name == baseline or not reference:
        return f" ({figure})"
    return f" ({figure}, {show_change(own / reference)} against {baseline})"


def _miss(judged: Judged, selection: Selection) -> str:
    rules = _error_rules(judged)
    if selection.ranking:
        return _no_objective(judged, selection)
    if selection.nearest is None:
        return "No candidate could be measured."
    held = binding(judged, selection.nearest)
    undecided = judged.statuses[selection.nearest] == "inconclusive"
    begin = f"No candidate is shown to meet {rules}" if undecided else f"No candidate meets {rules}"
    if held is None:
        return f"{begin}."
    more = len(judged.broken(selection.nearest)) - 1
    rest = f"; {counted(more, 'more rule')} {'is' if more == 1 else 'are'} not met" if more else ""
    return f"{begin}. The nearest, {selection.nearest}, {in_words(held, gap_of(judged.evidence, held))}{rest}."


def _no_objective(judged: Judged, selection: Selection) -> str:
    """Which figure nobody has who passes, why, and what to write."""
    metric, names = judged.policy.select.minimize, selection.ranking
    passing = f"{listed(names, 3)} {'passes' if len(names) == 1 else 'pass'}, but nobody can be recommended"
    found = judged.evidence.reading(names[0], metric)
    why = f" ({one_line(found.detail, 200)})" if isinstance(found, Undecidable) and found.detail else ""
    other = "size.artifact" if metric != "size.artifact" else P50
    cure = f"Measure it, or write another figure in the policy, such as `select: {{minimize: {other}}}`"
    whom = "it" if len(names) == 1 else "any of them"
    return f"{passing}: {metric}, which the policy minimises, is not known of {whom}{why}. {cure}."


def _interrupted(judged: Judged) -> str:
    if judged.evidence.record.ended == "complete":
        return ""
    return "The audit was interrupted: what was measured is judged, the rest is missing. Start it again to go on."


def _toothless(judged: Judged) -> str:
    if _can_reject(judged):
        return ""
    return "No rule of the policy can reject a candidate, for none is of severity `error`: whatever is measured, it exits with 0."


def _untouched(judged: Judged) -> str:
    """Names those whom overrides leave without any rule that could reject them."""
    names = [name for name, row in judged.evidence.rows.items() if row.failure is None and not _is_asked(judged, name)]
    if not names or not _can_reject(judged):
        return ""
    return f"Under the policy's overrides no error rule is asked of {listed(names, 5)}: nothing measured can reject them."


def _compared(judged: Judged) -> str:
    """Says so when the plan's baseline is not what relative rules compare with."""
    evidence, stored = judged.evidence, judged.evidence.stored
    if evidence.against is None:
        return ""
    of = f" of the record {stored.file}, made on {stored.record.created[:10]}" if stored else ""
    name = stored.candidate if stored else evidence.baseline
    return f"Relative rules compare with {name}{of}, and not with the plan's baseline {evidence.record.baseline}."


def _no_floor(judged: Judged) -> str:
    quality = [rule for rule in judged.policy.rules if rule.metric.startswith("quality.") and rule.severity == "error"]
    if not quality or not all(rule.relative for rule in quality):
        return ""
    return "Quality is only compared with the baseline: half a point per release adds up. Add a rule with `min`."


def _under_the_floor(judged: Judged) -> list[str]:
    """Margins that are smaller than what the machine can resolve."""
    floors = judged.evidence.record.floors
    rules = [rule for rule in judged.policy.rules if rule.limit.unit == "%" and rule.metric in floors]
    resolved = {rule.id: floors[rule.metric].share for rule in rules}
    return [
        f"{rule.id}: its margin of {rule.limit.written} is under the {show(resolved[rule.id], '%', 2)} that this machine resolves."
        for rule in rules
        if rule.limit.amount < resolved[rule.id]
    ]


def _best(judged: Judged) -> str:
    """How the candidate that scores best, the baseline aside, compares with it."""
    evidence, quality = judged.evidence, judged.evidence.record.workload.quality
    metric = f"quality.{quality[0]}" if quality else ""
    read = {name: found for name in evidence.rows if isinstance(found := evidence.reading(name, metric), Measurement)}
    others = [name for name in read if name != evidence.baseline]
    if not others or evidence.baseline not in read:
        return ""
    best = max(others, key=lambda name: (read[name].value * (-1 if read[name].better == "lower" else 1), name))
    lost = loss(evidence, best, evidence.baseline, metric, relative=False)
    if isinstance(lost, Undecidable):
        return ""
    low, high = lost.interval(judged.policy.confidence_level)
    unit = "pp" if read[best].unit in ("score", "share") else read[best].unit
    baseline = evidence.baseline
    small = negligible(judged, baseline, metric, low, high)
    if small is not None:
        alike = f"no different from the baseline {baseline} (under {show_round(small, unit)})"
        return f"The best of the others in {metric}, {best}, is {alike}."
    if abs(lost.value) < LEAST_SHOWN:
        none = f"no difference from the baseline {baseline}: {show_interval(0.0, -high + 0.0, -low + 0.0, unit)}"
        return f"The best of the others in {metric}, {best}, shows {none}."
    word = "worse" if lost.value > 0 else "better"
    apart = show_interval(lost.value, low, high, unit) if lost.value > 0 else show_interval(-lost.value, -high, -low, unit)
    return f"The best of the others in {metric}, {best}, is {apart} {word} than the baseline {evidence.baseline}."


def _widened(judged: Judged, selection: Selection) -> str:
    select = judged.policy.select
    if selection.band <= select.equal_within:
        return ""
    resolved = show(selection.band, "%", 2)
    return f"Candidates within {resolved} in {select.minimize} count as equal: this machine resolves no less."


def _unranked(judged: Judged, selection: Selection) -> str:
    unknown = [name for name in selection.ranking if judged.objective(name) is None]
    if not unknown or selection.recommended is None:
        return ""
    return f"{judged.policy.select.minimize} is not known of {listed(unknown, 3)}, ranked after those of which it is."


def _smaller_undecided(judged: Judged, selection: Selection) -> str:
    """Candidates that more measuring could put before the recommended one."""
    own = judged.objective(selection.recommended) if selection.recommended else None
    if own is None:
        return ""
    found = [name for name, status in judged.statuses.items() if status == "inconclusive" and _smaller(judged, name, own)]
    if not found:
        return ""
    less = words.comparative_less(judged.policy.select.minimize)
    return f"Undecided and {less}: {listed(found, 5)}. More measuring may change the recommendation."


def _smaller(judged: Judged, name: str, own: float) -> bool:
    value = judged.objective(name)
    return value is not None and value < own and all(curable(check) for _, check in judged.broken(name))


def _error_rules(judged: Judged) -> str:
    """The rules that must hold, in words; empty where there are none. Under overrides each candidate has its own."""
    if judged.policy.overrides:
        return "its error rules"
    number = sum(rule.severity == "error" for rule in judged.policy.rules)
    return words.rules_counted(number) if number else ""
