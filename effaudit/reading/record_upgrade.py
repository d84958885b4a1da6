"""Records of schema 1, whose notes were sentences and whose failures had no code, told in the codes of today.

Only here are sentences looked at: those that schema 1 wrote never change again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_WARNING = "WARNING: "
_NOTES: tuple[tuple[str, str], ...] = (
    (r"WARNING: .* groups of .* in certify are in \w+ too$", "groups_shared"),
    (r"WARNING: .* of certify are not later than all of ", "not_later"),
    (r"WARNING: in no slice: ", "rows_in_no_slice"),
    (r"WARNING: slices of ", "slices_undecided"),
    (r".* of certify occur in \w+ too, with all inputs equal$", "rows_shared"),
    (r".* of certify repeat an earlier row of certify$", "rows_repeated"),
    (r".* became one slice, other: ", "slices_merged"),
    (r"\w+ was cut ", "cut"),
    (r"intervals resample the |certify has only ", "resampled"),
    (r"every row has exactly one 1 among its answers", "one_answer"),
    (r"\w+ has classes that train never has: ", "classes_not_in_train"),
    (r"infinite values in ", "infinite_values"),
    (r"warm-up: ", "warm_up"),
    (r"slowdown: ", "slowdown"),
    (r"unsteady: ", "unsteady"),
    (r"its answers differ from call to call: ", "drawn_once"),
    (r"rows_repeat$", "rows_repeat"),
    (r"timer_limited$", "timer_limited"),
    (r"scikit-learn warns: ", "scikit_learn_warns"),
    (r"[\d,]+ resamples$", "few_resamples"),
    (r"[\d,]+ groups$", "groups"),
    (r"The budget of .* was too short", "over_budget"),
    (r"Timing ended after look ", "looks"),
    (r".* used the processor while idle", "busy_while_idle"),
    (r"energy was not measured: ", "energy_lost"),
    (r"It was saved with scikit-learn ", "other_version"),
    (r"Its scores are distances to a boundary", "distances"),
    (r"What Python code holds in memory", "not_counted"),
    (r"size [−+×\d]|latency\.batch_", "gain"),
    (r"of which .* interpreter and libraries$", "libraries"),
    (r"of which .* bytes are preprocessing$", "parts"),
    (
        r"The machine ran at two speeds|.* rounds fell into bad spells|The hypervisor gave|The control group|On average ",
        "disturbed",
    ),
)
_OTHER = "remark"
_FAILURES: Mapping[str, str] = {
    "too_few_samples": "too_few_samples",
    "not_chosen": "not_chosen",
    "interrupted": "interrupted",
    "task": "not_applicable",
    "assume": "not_stated",
    "count": "not_counted",
    "codecarbon": "not_read",
    "metric": "raised",
    "noise": "too_small",
    "baseline": "baseline_missing",
    "score": "undefined",
    "open": "refused",
    "write": "refused",
}
_ANY_OTHER = "failed"


def upgraded(facts: Any) -> Any:
    """The facts of a record of schema 1 as schema 2 has them: what has a stage and a reason gets a code, notes get theirs."""
    if isinstance(facts, list):
        return [upgraded(item) for item in facts]
    if not isinstance(facts, dict):
        return facts
    found = {key: _notes(item) if key == "notes" else upgraded(item) for key, item in facts.items()}
    if "unsteady" in found:
        words = found.pop("unsteady")
        found["doubts"] = [{"code": "drawn_once", "text": words}] if words else []
    if found.keys() == {"stage", "reason"}:
        return {"code": _FAILURES.get(str(found["stage"]), _ANY_OTHER), **found}
    return found


def _notes(written: Any) -> Any:
    return [_note(text) if isinstance(text, str) else text for text in written] if isinstance(written, list) else written


def _note(text: str) -> dict[str, str]:
    code = next((code for pattern, code in _NOTES if re.match(pattern, text)), _OTHER)
    return {"code": code, "text": text.removeprefix(_WARNING)}
