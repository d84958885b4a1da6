"""Hostile words in every place that holds foreign words, through every output."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from xml.etree import ElementTree as Xml

import pytest
from pydantic_sarif.model import StaticAnalysisResultsFormatSarifVersion210JsonSchema as SarifLog
from reading_html import parsed
from sampled.record import small_record
from sampled.verdict import sample_verdict
from test_github import parsed as commands_of

from effaudit.core.diff import Apart, Diff, Setting
from effaudit.core.notes import Note
from effaudit.core.policy import Limit
from effaudit.core.reading import Failure, Measurement
from effaudit.core.text import one_line
from effaudit.core.waiver import Waived
from effaudit.judge.diff import diff
from effaudit.outputs.csv import Csv
from effaudit.outputs.github import Github
from effaudit.outputs.html import Html
from effaudit.outputs.json import Json
from effaudit.outputs.junit import Junit
from effaudit.outputs.markdown import Markdown
from effaudit.outputs.sarif import Sarif
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
    "cdata": "]]>]]&gt;<failure message='x'/>&#0;&xxe;",
    "command": "::error file=x,line=1::pwned %0A::set-output name=x::y",
    "lines": "one\n::warning::two\r\n##[add-mask]three\u2028four\u0085five",
    "placeholder": "{0} {{1}} [link](https://evil.example) [0](1)",
    "sum": '=SUM(A1:A9),"x";\t@SUM(1)',
    "bidi": "\u2067\u202eabc\u202c\u2069 \ufeff\ufffe\uffff",
    "long": "x" * 10_000,
}


@pytest.fixture(params=sorted(HOSTILE))
def hostile(request):
    """A record and verdict in which every foreign word is hostile, and the word."""
    word = HOSTILE[request.param]
    record = small_record()
    name = record.rows[0].candidate.name

    def reading(one):
        return (
            Failure(word, word, word)
            if isinstance(one, Failure)
            else replace(one, notes=(Note(word, word),))
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
            replace(
                row,
                candidate=own,
                readings=readings,
                notes=(Note(word, word),),
                failure=Failure(word, word, word) if row.failure else None,
            )
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
        notes=(Note(word, word),),
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
    moved = Waived(word, Limit(1.0, "pp", word), Limit(0.5, "pp", word), 3, word, word, word, "fail", word, 4)
    first = next(place for place, c in enumerate(verdict.checks) if c.status == "pass")
    waived = replace(verdict.checks[first], waived=moved, rule=replace(verdict.checks[first].rule, line=3))
    beyond = tuple(replace(c, beyond=moved) if c.status == "fail" else c for c in verdict.checks[first + 1 :])
    verdict = replace(verdict, checks=(*verdict.checks[:first], waived, *beyond), blocking=(renamed("scripted"),))
    workload = replace(record.workload, unit=word, sampling=word, notes=(Note(word, word),), classes=(word, "late"))
    session = replace(record.sessions[0], host={"cpu": word}, packages={word: word}, notes=(Note(word, word),))
    record = replace(
        record,
        title=word,
        name=word,
        command=word,
        commit=word,
        notes=(Note(word, word),),
        rows=tuple(rows),
        workload=workload,
        sessions=(session,),
    )
    return word, record, verdict


def _printable(text: str) -> bool:
    return not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", text)


def _tables_hold(text: str) -> bool:
    """Has each line of a markdown table as many cells as its heading?"""
    counts: set[int] = set()
    for line in text.splitlines():
        if not line.startswith("|"):
            counts.clear()
            continue
        counts.add(re.sub(r"\\.", "", line).count("|"))
        if len(counts) > 1:
            return False
    return True


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
    assert _tables_hold(text)
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


def test_junit_is_one_document_whose_cases_are_those_of_the_verdict(hostile):
    _, record, verdict = hostile
    text = Junit().render(record, verdict)
    text.encode()
    assert _printable(text)
    root = Xml.fromstring(text)
    assert {one.tag for one in root.iter()} <= {
        *("testsuites", "testsuite", "properties", "property", "testcase", "failure", "error", "skipped", "system-out")
    }
    failed = {row.candidate.name for row in record.rows if row.failure}
    cases = [c for c in verdict.checks if c.candidate not in failed]
    assert len(list(root.iter("testcase"))) == len(cases) + len(failed)
    assert len(root) == len(record.rows)


def test_sarif_stays_valid_and_its_places_are_paths_inside_the_repository(hostile):
    word, record, verdict = hostile
    text = Sarif().render(record, replace(verdict, policy=replace(verdict.policy, file=word)))
    assert text.isascii()
    SarifLog.model_validate_json(text)
    results = json.loads(text)["runs"][0]["results"]
    assert results
    for uri in re.findall(r'"uri": "(.*?)"', text):
        assert re.fullmatch(r"[A-Za-z0-9%._~/-]*", uri), uri
        assert not uri.startswith("/")
    assert not re.search(r"\]\(", "".join(result["message"]["text"] for result in results))


def test_github_obeys_only_commands_of_ours(hostile):
    _, record, verdict = hostile
    text = Github().render(record, replace(verdict, policy=replace(verdict.policy, file="policy.yaml")))
    usual = Github().render(small_record(), sample_verdict(small_record()))
    assert _printable(text)
    assert len(commands_of(text)) <= len(commands_of(usual)) + 2
    for name, properties, _ in commands_of(text):
        assert name in ("error", "warning", "notice")
        assert set(properties) <= {"file", "line", "title"}
        assert properties.get("line", "1").isdigit()
    for line in text.splitlines():
        assert "::" not in line.split("::", 2)[1]
        assert len(line) < 16_000


def compared(word: str, record, verdict) -> Diff:
    """A comparison in which every foreign word is hostile."""
    found = diff(replace(record, commit="0"), record)
    pair = found.pairs[-1]
    return replace(
        found,
        settings=(*found.settings, Setting(word, word, word)),
        apart=(Apart(pair, word, word, 1.0, None, word),),
        gone=(word,),
        new=(word,),
        pairs=(*found.pairs[:-1], replace(pair, failed=word)),
    )


def test_a_comparison_shows_them_as_text_everywhere(hostile):
    word, record, verdict = hostile
    found = compared(word, record, verdict)
    plain = Terminal().render_diff(found, everything=True)
    assert _printable(plain)
    assert max(map(len, plain.splitlines())) <= 100
    text = Markdown().render_diff(found, everything=True)
    assert _printable(text)
    assert re.fullmatch(r"<!-- effaudit diff: [\w.-]* -->", text.partition("\n")[0])
    outside_code = re.sub(r"\\(.)|(`+)(?!`).*?(?<!`)\2(?!`)", lambda match: match[1] or "", text.partition("\n")[2])
    assert not re.search(r"@octocat|#12|https://evil|www\.evil", outside_code)
    assert set(re.findall(r"<(?!!--)/?([a-z]+)", outside_code)) <= {"details", "summary", "sub"}
    assert _tables_hold(text)
    packed = Json().render_diff(found, everything=True)
    assert packed.isascii()
    assert json.loads(packed)["gone"] == [word.encode("utf-16", "surrogatepass").decode("utf-16", "replace")]
