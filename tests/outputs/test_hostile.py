"""Hostile words in every place that holds foreign words, through every output."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace

import pytest
from reading_html import parsed
from sampled.record import small_record
from sampled.verdict import sample_verdict

from effaudit.core.reading import Failure, Measurement
from effaudit.core.text import one_line
from effaudit.outputs.csv import Csv
from effaudit.outputs.html import Html
from effaudit.outputs.json import Json
from effaudit.outputs.markdown import Markdown
from effaudit.outputs.terminal import Terminal

HOSTILE = {
    "markup": "</script><img src=x onerror=alert(1)><style>*{display:none}</style>",
    "attribute": "\" onmouseover=alert(1) x=' autofocus onfocus=alert(1) ",
    "template": "{{ 7*7 }}{% for x in [1] %}{# #}",
    "escape": "\x1b[2J\x1b]0;pwned\x07\x9b31mred",
    "direction": "\u202egnp.exe\u2066 \u200f",
    "formula": "=cmd|'/c calc'!A1",
    "table": "a|b\n| c | d |\n\n# heading",
    "code": "`` ` ``` <b>",
    "mention": "@octocat #12 https://evil.example www.evil.example",
    "rich": "[bold red]x[/] :smile: [link=https://evil.example]y[/link]",
    "surrogate": "half \ud83d character",
    "nothing": "\u0000\u0001",
    "comment": "--> <!-- ]]>",
    "long": "x" * 5000,
}


@pytest.fixture(params=sorted(HOSTILE))
def hostile(request):
    """A record and verdict in which every foreign word is hostile, and the word."""
    word = HOSTILE[request.param]
    record = small_record()
    name = record.rows[0].candidate.name

    def reading(one):
        return (
            Failure(word, word)
            if isinstance(one, Failure)
            else replace(one, notes=(word,))
            if isinstance(one, Measurement)
            else one
        )

    rows = []
    for row in record.rows:
        own = (
            row.candidate if row.candidate.name == name else replace(row.candidate, name=f"{row.candidate.name}{word}", title=word)
        )
        readings = {metric: reading(one) for metric, one in row.readings.items()}
        rows.append(
            replace(row, candidate=own, readings=readings, notes=(word,), failure=Failure(word, word) if row.failure else None)
        )
    verdict = sample_verdict(small_record())
    rules = tuple(replace(rule, hint=word, limit=replace(rule.limit, written=word)) for rule in verdict.policy.rules)
    by_id = {rule.id: rule for rule in rules}

    def renamed(one: str) -> str:
        return one if one == name else one + word

    verdict = replace(
        verdict,
        policy=replace(verdict.policy, name=word, title=word, rules=rules),
        headline=word,
        notes=(word,),
        recommended=renamed(str(verdict.recommended)),
        ranking=tuple(map(renamed, verdict.ranking)),
        equals=tuple(map(renamed, verdict.equals)),
        statuses={renamed(one): status for one, status in verdict.statuses.items()},
        checks=tuple(
            replace(c, candidate=renamed(c.candidate), rule=by_id[c.rule.id], detail=c.detail and word) for c in verdict.checks
        ),
        explanations=tuple(replace(e, candidate=renamed(e.candidate), sentence=word) for e in verdict.explanations),
        buys=tuple(replace(b, candidate=renamed(b.candidate)) for b in verdict.buys),
    )
    workload = replace(record.workload, unit=word, sampling=word, notes=(word,))
    session = replace(record.sessions[0], host={"cpu": word}, packages={word: word}, notes=(word,))
    record = replace(
        record,
        title=word,
        name=word,
        command=word,
        commit=word,
        notes=(word,),
        rows=tuple(rows),
        workload=workload,
        sessions=(session,),
    )
    return word, record, verdict


def _printable(text: str) -> bool:
    return not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", text)


def test_the_report_shows_them_as_text(hostile):
    word, record, verdict = hostile
    page = Html().render(record, verdict)
    page.encode()
    assert _printable(page)
    usual = parsed(Html().render(small_record(), sample_verdict(small_record())))
    found = parsed(page)
    assert {tag for tag, _ in found.tags} <= {tag for tag, _ in usual.tags}
    assert {name for _, attributes in found.tags for name in attributes} <= {
        name for _, attributes in usual.tags for name in attributes
    }
    assert found.script == usual.script
    assert found.style == usual.style
    assert one_line(word, len(word) + 1) in found.text


def test_the_terminal_is_not_driven_by_them(hostile):
    _, record, verdict = hostile
    text = Terminal().render(record, verdict)
    assert _printable(text)
    assert "😄" not in text
    assert max(map(len, text.splitlines())) <= 100


def test_markdown_formats_mentions_and_links_nothing(hostile):
    _, record, verdict = hostile
    text = Markdown().render(record, verdict)
    assert _printable(text)
    body = text.partition("\n")[2]
    outside_code = re.sub(r"\\(.)|(`+)(?!`).*?(?<!`)\2(?!`)", lambda match: match[1] or "", body)
    assert not re.search(r"@octocat|#12|https://evil|www\.evil", outside_code)
    assert set(re.findall(r"<(?!!--)/?([a-z]+)", outside_code)) <= {"details", "summary", "sub"}
    assert "\n# " not in text
    assert re.fullmatch(r"<!-- effaudit: [\w.-]* -->", text.partition("\n")[0])
    assert "-->" not in outside_code


def test_csv_has_no_formula_and_keeps_its_columns(hostile):
    _, record, verdict = hostile
    text = Csv().render(record, verdict)
    assert _printable(text)
    lines = list(csv.reader(io.StringIO(text)))
    assert len({len(line) for line in lines}) == 1
    for line in lines:
        for cell in line:
            assert not cell.startswith(("=", "+", "@")) or re.fullmatch(r"[+-]?[\d.e+-]+", cell)


def test_json_holds_them_unchanged_and_in_ascii(hostile):
    word, record, verdict = hostile
    text = Json().render(record, verdict)
    assert text.isascii()
    assert json.loads(text)["audit"]["title"] == word.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
