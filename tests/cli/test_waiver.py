"""The verb `waiver`, and waivers at work in `gate`, as users type them."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from effaudit.cli import run

POLICY = """\
apiVersion: effaudit/v1
kind: EfficiencyPolicy
metadata: {name: gate}
rules:
  size: {metric: size.artifact, max: 40 B}
  floor: {metric: quality.root_mean_squared_error, max: "100 ", waivable: false}
waivers: {file: waivers.yaml, max_days: 60}
"""
DAY = ("--today", "2026-07-31")


@pytest.fixture
def there(tmp_path, monkeypatch):
    """A folder with a policy, in which commands run."""
    (tmp_path / "gate.yaml").write_text(POLICY)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def effaudit(capsys):
    """Runs a command: its exit code, and all that it prints."""

    def typed(*arguments):
        code = run([str(argument) for argument in arguments])
        said = capsys.readouterr()
        return code, said.out + said.err

    return typed


def added(effaudit, *more, **changes):
    said = {
        "rule": "size",
        "match": "full",
        "limit": "400 B",
        "reason": "the encoder; until release 3",
        "owner": "dana",
        "days": "30",
    }
    options = [part for name, value in (said | changes).items() if value is not None for part in (f"--{name}", value)]
    return effaudit("waiver", "add", "gate.yaml", *DAY, *options, *more)


def test_add_makes_the_file_and_the_next_one_keeps_what_stands_there(there, effaudit):
    assert added(effaudit) == (0, "waivers.yaml: W-1  size  full  40 B → 400 B  30 days left  dana  the encoder; until release 3\n")
    first = (there / "waivers.yaml").read_text() + "# reviewed by kim\n"
    (there / "waivers.yaml").write_text(first)
    assert added(effaudit, expires="2026-09-29", days=None, match="slow*")[0] == 0
    text = (there / "waivers.yaml").read_text()
    assert text.startswith(first)
    assert "  - id: W-2\n" in text
    assert "    created: 2026-07-31\n    expires: 2026-09-29\n" in text
    assert sorted(path.name for path in there.iterdir()) == ["gate.yaml", "waivers.yaml"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"rule": "sise"}, "Did you mean 'size'?"),
        ({"rule": "floor", "limit": "200"}, "`waivable: false`"),
        ({"limit": "5 B"}, "does not loosen"),
        ({"limit": "5 ms"}, "needs a unit"),
        ({"days": "61"}, "it lasts 61 days, and the policy allows 60"),
        ({"days": "-1"}, "before it begins"),
        ({"days": "9" * 30}, "--days"),
        ({"days": None, "expires": "30.09.2026"}, "--expires: expected a day such as 2026-07-31"),
        ({"owner": " "}, "it is empty"),
        ({"id": "no spaces"}, "is not a name"),
    ],
)
def test_add_writes_nothing_that_is_not_valid(there, effaudit, changes, words):
    code, said = added(effaudit, **changes)
    assert code == 2
    assert words in said
    assert not (there / "waivers.yaml").exists()


def test_an_id_is_not_given_twice(there, effaudit):
    added(effaudit, id="W-7")
    before = (there / "waivers.yaml").read_text()
    assert added(effaudit, id="W-7")[0] == 2
    assert (there / "waivers.yaml").read_text() == before
    assert "W-8" in added(effaudit)[1]


def test_without_a_file_in_the_policy_nothing_can_be_added(there, effaudit):
    (there / "gate.yaml").write_text(POLICY.partition("waivers:")[0])
    code, said = added(effaudit)
    assert code == 2
    assert "Write `waivers: {file: waivers.yaml}` into it." in said


def test_list_shows_the_days_that_are_left(there, effaudit):
    added(effaudit)
    added(effaudit, match="slow", days="5")
    for day, first, second in (
        ("2026-07-31", "30 days left", "ENDS SOON, 5 days left"),
        ("2026-08-05", "25 days left", "ENDS TODAY"),
        ("2026-08-07", "23 days left", "EXPIRED 2 days ago, on 2026-08-05"),
        ("2026-07-30", "begins on 2026-07-31", "begins on 2026-07-31"),
    ):
        code, said = effaudit("waiver", "list", "-p", "gate.yaml", "--today", day)
        lines = said.splitlines()
        assert (code, len(lines)) == (0, 2)
        assert first in lines[0]
        assert second in lines[1]


def test_check_ends_in_1_once_one_has_expired(there, effaudit):
    added(effaudit)
    assert effaudit("waiver", "check", "gate.yaml", "--today", "2026-08-30")[0] == 0
    code, said = effaudit("waiver", "check", "gate.yaml", "--today", "2026-08-31")
    assert code == 1
    assert "gate: 1 waiver, 1 expired or malformed" in said


def test_check_ends_in_1_for_a_malformed_day_and_in_2_for_what_is_invalid(there, effaudit):
    added(effaudit)
    text = (there / "waivers.yaml").read_text()
    (there / "waivers.yaml").write_text(text.replace("2026-08-30", "2026-08-32"))
    code, said = effaudit("waiver", "check", "gate.yaml", *DAY)
    assert code == 1
    assert "MALFORMED, counts as expired (`expires`: there is no day 2026-08-32)" in said
    (there / "waivers.yaml").write_text(text.replace("rule: size", "rule: weight"))
    code, said = effaudit("waiver", "check", "gate.yaml", *DAY)
    assert code == 2
    assert "waivers.yaml:6 (waivers[0].rule): the policy gate has no rule 'weight'" in said


def test_a_missing_file_is_told_with_what_to_do(there, effaudit):
    code, said = effaudit("waiver", "check", "gate.yaml")
    assert code == 2
    assert "effaudit waiver add" in said


def test_check_tells_from_a_record_what_nobody_needs(there, effaudit, audited):
    added(effaudit)
    assert effaudit("waiver", "check", "gate.yaml", "--record", audited.run, *DAY)[0] == 0
    added(effaudit, match="nobody-*")
    code, said = effaudit("waiver", "check", "gate.yaml", "--record", audited.run, *DAY)
    assert code == 1
    assert "nobody-*" in said.splitlines()[1]
    assert said.splitlines()[1].endswith("· NOT USED")
    assert "gate: 2 waivers, 1 not used" in said


def test_a_gate_fails_passes_under_a_waiver_and_fails_again_after_its_last_day(there, effaudit, audited):
    (there / "waivers.yaml").write_text("apiVersion: effaudit/v1\nkind: EfficiencyWaivers\nwaivers: []\n")
    gate = ("gate", audited.run, "-p", "gate.yaml", "--candidate", "full", "-f", "json=v.json")
    assert effaudit(*gate, *DAY)[0] == 1
    added(effaudit)
    code, said = effaudit(*gate, *DAY)
    assert code == 0
    assert "~ waived" in said
    assert "waiver W-1: 400 B · 30 days left · dana" in " ".join(said.split())
    found = json.loads((there / "v.json").read_text())
    assert found["verdict"]["today"] == "2026-07-31"
    assert [check["waived"]["id"] for check in found["verdict"]["checks"] if check["waived"]] == ["W-1"]
    assert str(there) not in (there / "v.json").read_text()
    assert effaudit(*gate, "--today", "2026-08-30")[0] == 0
    code, said = effaudit(*gate, "--today", "2026-08-31")
    assert code == 1
    assert "expired on 2026-08-30: 1 day ago" in said


def test_the_day_is_today_in_utc_where_none_is_said(there, effaudit, audited):
    added(effaudit, "--today", datetime.now(UTC).date().isoformat(), days="0")
    gate = ("gate", audited.run, "-p", "gate.yaml", "--candidate", "full")
    assert effaudit(*gate)[0] == 0


def test_explain_and_report_look_at_waivers_too(there, effaudit, audited):
    added(effaudit)
    assert "waiver W-1" in effaudit("explain", audited.run, "-p", "gate.yaml", *DAY)[1]
    assert effaudit("report", audited.run, "-p", "gate.yaml", "-f", "markdown=m.md", *DAY)[0] == 0
    assert "1 check waived" in (there / "m.md").read_text()


@pytest.mark.parametrize("day", ["tomorrow", "2026-7-1", "", "2026-02-30"])
def test_a_day_that_is_none_is_refused(there, effaudit, audited, day):
    added(effaudit)
    code, said = effaudit("gate", audited.run, "-p", "gate.yaml", "--today", day)
    assert code == 2
    assert "--today: " in said


def test_hostile_words_reach_no_terminal(there, effaudit):
    added(effaudit, reason="\x1b[31mred\x1b[0m \u202eback", owner="eve\x07")
    said = effaudit("waiver", "list", "gate.yaml", *DAY)[1]
    assert "\x1b" not in said
    assert "\u202e" not in said
    assert "\x07" not in said
