"""Markdown for step summaries and comments: whole on a small record, short enough, mentioning nobody."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sampled.record import sample_record
from sampled.verdict import sample_verdict

from effaudit.outputs.markdown import Markdown

GOLDEN = """\
<!-- effaudit: flight-delays -->

**Recommended: `mlp-to_onnx-static_int8`**, 78.2 kB (−93 % against gbm), meets 6 of 6 error rules.

| candidate | verdict | ROC AUC | latency p50, batch 1 | size | peak memory | energy per 1,000 |
| :-- | :-- | --: | --: | --: | --: | --: |
| `mlp-to_onnx-static_int8` | **recommended** | 0.691 (−0.31 pp) | 23.9 µs (−90 %) | 78.2 kB (−93 %) | 92 MB (−44 %) | 96 mJ (−90 %) |
| `gbm` (baseline) | pass | 0.694 | 238 µs | 1.18 MB | 164 MB | 944 mJ |
| `gbm-distillation` | inconclusive | 0.685 (−0.91 pp) | 142 µs (−40 %) | 36.4 kB (−97 %) | 152 MB (−7.3 %) | 572 mJ (−39 %) |
| `logistic` | fail | 0.638 (−5.6 pp) | 412 µs (+73 %) | 21.3 kB (−98 %) | 148 MB (−9.8 %) | 1.65 J (+75 %) |
| `scripted` | not measured | – | – | – | – | – |

### Recommendation

mlp-to\\_onnx-static\\_int8 is the smallest that meets all 6 error rules: 78.2 kB, 93 % smaller than gbm.

### Why not smaller

- `gbm-distillation` is undecided on quality.non\\_inferior; would pass with quality.non\\_inferior at 1.10 pp
- `logistic` fails quality.floor; fails quality.non\\_inferior; fails energy.no\\_worse; would pass with quality.floor at 0.635

<details><summary>3 checks failed</summary>

| rule | candidate | found | limit |  |
| :-- | :-- | --: | :-- | :-- |
| `quality.floor` | `logistic` | 0.6381 \\[0.6350, 0.6412\\] | min 0.65 |  |
| `quality.non_inferior` | `logistic` | −5.61 pp \\[−5.80, −5.42\\] | max drop 1 pp |  |
| `energy.no_worse` | `logistic` | +74.6 % \\[+73.4, +75.8\\] | max increase 10 % |  |

</details>

<details><summary>1 check inconclusive</summary>

| rule | candidate | found | limit |  |
| :-- | :-- | --: | :-- | :-- |
| `quality.non_inferior` | `gbm-distillation` | −0.91 pp \\[−1.10, −0.72\\] | max drop 1 pp | the interval reaches over the limit · about 40,000 more rows |

</details>
"""  # noqa: E501 - as it is rendered


def test_the_text_on_a_small_record(small):
    record, verdict = small
    text = Markdown().render(record, replace(verdict, equals=(verdict.recommended,)))
    assert text.startswith(GOLDEN)
    policy = "policy `server-cpu` abababababab · commit 2c32394f1a7b"
    assert text.rstrip().endswith(f"<sub>effaudit 0.1.0 · 61,302 rows to certify on · baseline `gbm` · {policy}</sub>")


def test_the_marker_comes_first_and_cannot_be_broken_out_of(record, verdict):
    text = Markdown().render(replace(record, name="x --> <script>"), verdict)
    assert text.splitlines()[0] == "<!-- effaudit: x-script -->"


def test_many_candidates_with_long_names_still_fit_a_comment():
    record = sample_record(300)
    rows = tuple(replace(row, candidate=replace(row.candidate, name=(row.candidate.name + "-" * 80)[:64])) for row in record.rows)
    renamed = replace(
        record, rows=rows, baseline=next(row.candidate.name for row in rows if row.candidate.name.startswith("gbm-----"))
    )
    verdict = sample_verdict(record)
    checks = tuple(replace(check, candidate=(check.candidate + "-" * 80)[:64]) for check in verdict.checks)
    assert len(Markdown().render(renamed, replace(verdict, checks=checks, recommended=None, buys=()))) < 65_536


@pytest.mark.parametrize(
    ("outcome", "word"), [("infeasible", "None passes"), ("inconclusive", "Undecided"), ("incomplete", "Incomplete")]
)
def test_another_outcome_comes_first_with_its_headline(record, verdict, outcome, word):
    text = Markdown().render(record, replace(verdict, outcome=outcome, recommended=None, nearest="gbm", headline="It is so."))
    assert text.splitlines()[2] == f"**{word}:** It is so."
    assert "Nearest: `gbm`." in text


@pytest.mark.parametrize(
    ("subject", "said"),
    [
        ("logistic", "logistic fails 3 of 6 error rules: quality.floor, quality.non\\_inferior, energy.no\\_worse"),
        ("gbm-distillation", "gbm-distillation is undecided on 1 of 6 error rules: quality.non\\_inferior"),
        ("recommended", "mlp-to\\_onnx-static\\_int8 passes 6 error rules"),
        ("all", "2 of 5 candidates pass all error rules"),
    ],
)
def test_gating_says_first_how_the_candidate_ends(small, subject, said):
    record, verdict = small
    assert Markdown().render(record, replace(verdict, subject=subject)).splitlines()[2] == f"**Gate: {said}.**"


def test_who_blocks_is_named(record, verdict):
    assert "- `scripted` could have changed the recommendation" in Markdown().render(
        record, replace(verdict, blocking=("scripted",))
    )


def test_a_record_that_was_not_judged_or_interrupted_says_so(record):
    text = Markdown().render(replace(record, ended="interrupted"), None)
    assert "measured, not judged" in text
    assert "The audit was interrupted" in text


def test_every_table_line_has_as_many_cells_as_its_heading(record, verdict):
    text = Markdown().render(record, verdict)
    counts: set[int] = set()
    for line in text.splitlines():
        if not line.startswith("|"):
            counts.clear()
            continue
        counts.add(line.replace("\\|", "").count("|"))
        assert len(counts) == 1, line
