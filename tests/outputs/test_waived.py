"""A waived check is a word of its own in every output, with the waiver, its owner and its days: never a plain pass."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace

import pytest
from sampled.record import RECOMMENDED

from effaudit.core.policy import Limit
from effaudit.core.waiver import Waived
from effaudit.outputs.csv import Csv
from effaudit.outputs.html import Html
from effaudit.outputs.json import Json
from effaudit.outputs.markdown import Markdown
from effaudit.outputs.terminal import Terminal

MOVED = Waived(
    "W-14",
    Limit(640e6, "B", "640 MB"),
    Limit(512e6, "B", "512 MB"),
    54,
    "dana",
    "the <b>new</b> encoder|",
    "2026-09-23",
    "fail",
)


def with_waiver(verdict, **changes):
    """The recommended candidate's memory rule under a waiver."""
    checks = []
    for check in verdict.checks:
        if check.candidate == RECOMMENDED and check.rule.id == "memory.peak":
            check = replace(check, rule=replace(check.rule, limit=MOVED.limit), **changes)
        checks.append(check)
    return replace(verdict, checks=tuple(checks), today="2026-07-31")


@pytest.fixture(scope="module")
def waived(verdict):
    return with_waiver(verdict, waived=MOVED)


@pytest.fixture(scope="module")
def beyond(verdict):
    return with_waiver(verdict, status="fail", beyond=MOVED)


def test_the_terminal_lists_it_apart_with_the_policys_limit_and_the_waivers(record, waived):
    text = Terminal(width=140).render(record, waived)
    (head,) = [line for line in text.splitlines() if line.startswith("~ waived")]
    assert "memory.peak" in head
    assert "max 512 MB" in head
    line = " ".join(text[text.index(head) + len(head) :].split())
    assert line.startswith(RECOMMENDED)
    assert "waiver W-14: 640 MB · 54 days left · dana · the <b>new</b> encoder|" in line
    assert "(1 waived)" in text


def test_it_is_not_counted_among_those_that_passed(record, verdict, waived):
    def passed(one):
        (line,) = [line for line in Terminal().render(record, one).splitlines() if line.startswith("✓")]
        return int(line.split()[1])

    assert passed(waived) == passed(verdict) - 1


def test_markdown_shows_it_unfolded_and_escaped(record, waived):
    text = Markdown().render(record, waived)
    place = text.index("### 1 check waived")
    before = text[:place]
    assert before.count("<details>") == before.count("</details>")
    line = next(line for line in text[place:].splitlines() if RECOMMENDED in line)
    assert "max 512 MB" in line
    assert "waiver W-14: 640 MB · 54 days left · dana · the &lt;b&gt;new&lt;/b&gt; encoder\\|" in line
    assert "(1 waived)" in text


def test_html_shows_it_in_the_decision_table_and_beside_the_recommendation(record, waived):
    text = Html().render(record, waived)
    assert "<b class=waived>waived</b>" in text
    assert "waiver W-14: 640 MB · 54 days left · dana · the &lt;b&gt;new&lt;/b&gt; encoder|" in text
    assert "(1 waived)" in text
    assert "the <b>new</b>" not in text


def test_json_holds_the_waiver_whole(record, waived):
    found = json.loads(Json().render(record, waived))["verdict"]
    (check,) = [check for check in found["checks"] if check["waived"]]
    assert (check["status"], check["rule"], check["beyond"]) == ("pass", "memory.peak", None)
    assert (check["waived"]["id"], check["waived"]["days_left"], check["waived"]["without"]) == ("W-14", 54, "fail")
    assert (check["waived"]["limit"]["written"], check["waived"]["original"]["amount"]) == ("640 MB", 512e6)
    assert found["today"] == "2026-07-31"


def test_csv_says_it_beside_the_figure(record, waived):
    rows = csv.DictReader(io.StringIO(Csv().render(record, waived)))
    (rules,) = [row["rules"] for row in rows if row["candidate"] == RECOMMENDED and row["metric"] == "memory.peak.max"]
    assert rules.startswith("memory.peak waived: ")
    assert "(max 512 MB, waiver W-14: 640 MB · 54 days left · dana" in rules


@pytest.mark.parametrize("output", [Terminal(width=140), Markdown(), Html(), Csv()], ids=lambda output: type(output).__name__)
def test_a_fail_that_no_waiver_mends_says_so_and_is_never_called_waived(record, beyond, output):
    text = output.render(record, beyond)
    assert "not even under waiver W-14: 640 MB" in " ".join(text.split())
    assert "(1 waived)" not in text
    assert "memory.peak waived" not in text


def test_the_last_day_is_said_in_words(record, verdict):
    text = Terminal(width=140).render(record, with_waiver(verdict, waived=replace(MOVED, days_left=0)))
    assert "last day today" in " ".join(text.split())
