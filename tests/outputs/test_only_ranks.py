"""What every output says of a policy that can reject nobody."""

from __future__ import annotations

from dataclasses import replace

import pytest

from effaudit import registry


@pytest.fixture
def toothless(record, verdict):
    """The sample, judged by rules that only warn, one of which the recommended candidate fails."""
    checks = tuple(replace(check, rule=replace(check.rule, severity="warn"), waived=None) for check in verdict.checks)
    own = next(place for place, check in enumerate(checks) if check.candidate == verdict.recommended)
    checks = (*checks[:own], replace(checks[own], status="fail"), *checks[own + 1 :])
    return replace(verdict, checks=checks, headline="No error rule was asked; this only ranks.", outcome="recommended", exit_code=0)


@pytest.mark.parametrize("output", ["terminal", "markdown", "html", "github", "json", "sarif"])
def test_every_output_says_that_it_only_ranks(record, toothless, output):
    told = registry.find("outputs", output)().render(record, toothless)
    assert "o error rule was asked; this only ranks" in " ".join(told.split())


def test_junit_says_so_of_each_candidate(record, toothless):
    told = registry.find("outputs", "junit")().render(record, toothless)
    measured = sum(row.failure is None for row in record.rows)
    assert told.count("no error rule was asked of it: nothing can reject it") == measured


def test_nothing_is_called_recommended_at_the_top(record, toothless):
    terminal, markdown, html = (
        registry.find("outputs", name)().render(record, toothless) for name in ("terminal", "markdown", "html")
    )
    assert "RANKED FIRST" in terminal
    assert "recommended" not in terminal.casefold()
    assert "does not meet 1 of" in " ".join(terminal.split())
    assert "**Ranked first:" in markdown
    assert "is-ranked" in html
    assert "0 of 0" not in terminal + markdown + html


def test_an_annotation_of_it_is_a_warning(record, toothless):
    assert registry.find("outputs", "github")().render(record, toothless).startswith("::warning ")
