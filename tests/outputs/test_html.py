"""The report: one file, nothing from outside, nothing that runs but its own, everything readable without a script."""

from __future__ import annotations

import base64
import gzip
import hashlib
import re
from dataclasses import replace
from itertools import pairwise

import pytest
from reading_html import parsed
from sampled.record import sample_record
from sampled.verdict import sample_verdict

from effaudit.core.notes import texts
from effaudit.core.reading import Failure, Measurement
from effaudit.core.units import show_interval
from effaudit.outputs.html import Html
from effaudit.reading.record_file import write_record

VOID_OR_OPTIONAL = {
    "meta",
    "link",
    "br",
    "wbr",
    "li",
    "dt",
    "dd",
    "tr",
    "td",
    "th",
    "thead",
    "tbody",
    "p",
    "use",
    "path",
    "circle",
    "rect",
}


@pytest.fixture(scope="module")
def page(record, verdict) -> str:
    return Html().render(record, verdict)


@pytest.fixture(scope="module")
def found(page):
    return parsed(page)


def test_it_asks_nothing_of_the_network(page, found):
    assert "http:" not in page.replace("http-equiv", "")
    assert "https:" not in page.replace("https://evil.example", "")
    outside = [
        (tag, name, value)
        for tag, attributes in found.tags
        for name, value in attributes.items()
        if name in ("src", "href", "xlink:href", "action", "srcset", "data") and not (value or "").startswith(("#", "data:"))
    ]
    assert outside == []
    assert not re.search(r"url\(|@import", found.style)


def test_nothing_runs_and_nothing_is_styled_from_an_attribute(found):
    for tag, attributes in found.tags:
        assert "style" not in attributes, tag
        assert not [name for name in attributes if name.startswith("on")], tag
        assert not str(attributes.get("href", "")).startswith("javascript:"), tag


def test_the_security_policy_names_the_very_style_and_script(found):
    policies = [
        attributes["content"] for tag, attributes in found.tags if attributes.get("http-equiv") == "Content-Security-Policy"
    ]
    assert len(policies) == 1
    for kind, text in (("style-src", found.style), ("script-src", found.script)):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{kind} 'sha256-{digest}'" in policies[0]
    assert policies[0].startswith("default-src 'none';")
    assert "unsafe" not in policies[0]
    assert [tag for tag, _ in found.tags].count("script") == 1


def test_own_script_is_at_most_8_kb(found):
    assert 0 < len(found.script) <= 8192


def test_elements_that_need_closing_are_closed(page):
    stack: list[str] = []
    for slash, tag in re.findall(r"<(/?)([a-z][a-z0-9]*)[^<>]*?>", re.sub(r"<(style|script)>.*?</\1>", "", page, flags=re.S)):
        if tag in VOID_OR_OPTIONAL:
            continue
        if slash:
            assert stack, tag
            assert stack.pop() == tag
        else:
            stack.append(tag)
    assert stack == []


def test_ids_are_unique_and_every_link_finds_its_target(found):
    assert len(found.ids) == len(set(found.ids))
    targets = [value[1:] for _, attributes in found.tags if (value := attributes.get("href") or "").startswith("#")]
    assert targets
    assert set(targets) <= set(found.ids)


def test_headings_do_not_skip_a_level_and_sections_are_named(found):
    levels = [int(tag[1]) for tag, _ in found.tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    sections = [attributes for tag, attributes in found.tags if tag == "section"]
    assert len(sections) >= 11
    assert all(attributes.get("aria-labelledby") in found.ids for attributes in sections)


def test_every_value_and_reason_is_in_the_text_itself(record, found):
    for row in record.rows:
        assert row.candidate.name in found.text
        for metric, reading in row.readings.items():
            if isinstance(reading, Measurement):
                shown = show_interval(reading.value, reading.low, reading.high, reading.unit)
                value, _, interval = shown.partition(" [")
                assert value in found.text, (row.candidate.name, metric)
                assert interval in found.text, (row.candidate.name, metric)
                assert all(note.text in found.text for note in reading.notes)
            elif isinstance(reading, Failure):
                assert reading.reason in found.text
        if row.failure:
            assert "segmentation fault" in found.text


def test_what_was_decided_is_in_the_text(verdict, found):
    plain = found.text.replace("\u00a0", " ")
    for words in (
        verdict.headline,
        verdict.policy.title,
        verdict.policy.digest[:12],
        "14 March 2026, 09:26 UTC",
        *texts(verdict.notes),
    ):
        assert words in plain
    for told in verdict.explanations:
        assert told.sentence in plain
    for rule in verdict.policy.rules:
        assert rule.limit.written in plain
    for head in (
        "Recommendation",
        "Decision table",
        "Trade-off",
        "What the larger models buy",
        "Simple models first",
        "Sustainability",
    ):
        assert head in plain


def test_thirty_candidates_with_every_metric_stay_under_200_kb():
    record = sample_record(11)
    assert len(record.rows) == 30
    assert len(Html().render(record, sample_verdict(record)).encode()) < 200_000


def test_the_same_record_gives_the_same_bytes(record, verdict, page):
    assert Html().render(record, verdict) == page


def test_the_record_can_be_saved_from_the_page_and_is_the_very_file(record, verdict, tmp_path):
    written = write_record(record, tmp_path)
    found = parsed(Html().render(written, verdict))
    link = next(attributes for tag, attributes in found.tags if "download" in attributes)
    data = gzip.decompress(base64.b64decode(str(link["href"]).partition("base64,")[2]))
    assert data == (tmp_path / "record.json").read_bytes()
    assert hashlib.sha256(data).hexdigest() in found.text


def test_above_200_candidates_only_the_hash_and_the_best_are_told():
    record = sample_record(190)
    found = parsed(Html().render(record, sample_verdict(record)))
    assert not [attributes for _, attributes in found.tags if "download" in attributes]
    assert "too large to be inside" in found.text
    assert [tag for tag, _ in found.tags].count("details") == 50
    targets = {value[1:] for _, attributes in found.tags if (value := attributes.get("href") or "").startswith("#c")}
    assert targets <= set(found.ids)


@pytest.mark.parametrize(
    ("outcome", "word"), [("infeasible", "None passes"), ("inconclusive", "Undecided"), ("incomplete", "Incomplete")]
)
def test_without_a_recommendation_the_nearest_miss_is_shown(record, verdict, outcome, word):
    other = replace(verdict, outcome=outcome, recommended=None, nearest="gbm-distillation", buys=())
    found = parsed(Html().render(record, other))
    assert word in found.text
    assert "Nearest miss" in found.text
    assert "Recommendation" not in found.text


def test_an_unjudged_record_shows_its_figures_and_no_decision(record):
    found = parsed(Html().render(record, None))
    assert "Not judged" in found.text
    assert "decision" not in found.ids
    assert "0.6911" in found.text


def test_an_interrupted_audit_says_so(record, verdict):
    assert "The audit was interrupted" in parsed(Html().render(replace(record, ended="interrupted"), verdict)).text


@pytest.mark.parametrize(
    "figures",
    [
        (float("nan"),) * 3,
        (1.0, float("-inf"), float("inf")),
        (0.0, 0.0, 0.0),
        (1e300, -1e300, 1e308),
        (5e-324, 0.0, 1.0),
        (-1.0, -2.0, 0.0),
    ],
)
def test_no_figure_whatsoever_stops_the_report(record, verdict, figures):
    value, low, high = figures

    def odd(reading):
        return replace(reading, value=value, low=low, high=high) if isinstance(reading, Measurement) else reading

    rows = tuple(replace(row, readings={metric: odd(reading) for metric, reading in row.readings.items()}) for row in record.rows)
    found = parsed(Html().render(replace(record, rows=rows), verdict))
    assert {"verdict", "decision", "candidates", "trust"} <= set(found.ids)


@pytest.mark.parametrize("kept", [[], ["scripted"], ["gbm"], ["logistic", "mlp"]])
def test_few_candidates_or_none_make_a_report_too(record, kept):
    rows = tuple(row for row in record.rows if row.candidate.name in kept)
    found = parsed(Html().render(replace(record, rows=rows), None))
    assert all(name in found.text for name in kept)


def test_a_gated_candidate_is_told_beside_the_exit_code(small):
    record, verdict = small
    text = parsed(Html().render(record, replace(verdict, subject="logistic", exit_code=1))).text
    assert "gate logistic fails 3 of 6 error rules" in text
