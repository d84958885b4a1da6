"""Policies in layers: a folder of them, read whole or refused."""

from __future__ import annotations

import pytest

from effaudit.core.errors import InputError
from effaudit.core.reading import Meaning
from effaudit.reading.policy import read_policy

T = ("p50", "p95")
MEANINGS = {
    "quality.roc_auc": Meaning("score", "higher", "measured", False),
    "latency.batch_1": Meaning("s", "lower", "measured", True, T),
    "size.artifact": Meaning("B", "lower", "counted", False),
    "memory.peak": Meaning("B", "lower", "measured", True, ("max",)),
}
HEAD = "apiVersion: effaudit/v1\nkind: EfficiencyPolicy\nmetadata: {name: NAME, title: TITLE}\n"
PRESET = """\
evidence: {confidence_level: 0.9, on_inconclusive: warn}
rules:
  size: {metric: size.artifact, max: 50 MB, severity: warn, hint: compress it}
  latency: {metric: latency.batch_1, aggregate: p95, max: 25 ms, warn_above: 20 ms}
select: {minimize: latency.batch_1.p50, equal_within: 5 %}
"""


def put(path, text, name=None):
    path.write_text(HEAD.replace("NAME", name or path.stem).replace("TITLE", f"of {path.stem}") + text)
    return path


def read(house, text, **others):
    for name, content in others.items():
        put(house / "repo" / "policies" / f"{name}.yaml", content)
    path = put(house / "repo" / "policies" / "mine.yaml", text)
    return read_policy(path, MEANINGS.get, tuple(MEANINGS), house / "presets", ("onnx", "sklearn"))


def refusal(house, text, **others):
    with pytest.raises(InputError) as caught:
        read(house, text, **others)
    return caught.value


def rules(policy):
    return {rule.id: rule for rule in policy.rules}
