"""Files of waivers: read whole, or refused with the line and what was meant."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from effaudit.core.errors import InputError
from effaudit.core.policy import Change, Limit, Match, Override, Policy, Rule, WaiverSource
from effaudit.core.reading import Meaning
from effaudit.core.waiver import standing
from effaudit.reading.waiver_text import HEAD, with_waiver
from effaudit.reading.waivers import a_day, read_waivers, waivers_of

MEANINGS = {
    "size.artifact": Meaning("B", "lower", "counted", False),
    "latency.batch_1": Meaning("s", "lower", "measured", True, ("p50", "p95")),
    "quality.roc_auc": Meaning("score", "higher", "measured", False),
}
RULES = (
    Rule("size.artifact", "size.artifact", "max", Limit(50e6, "B", "50 MB")),
    Rule("latency.p95", "latency.batch_1.p95", "max", Limit(0.025, "s", "25 ms")),
    Rule("quality.drop", "quality.roc_auc", "max_drop", Limit(0.01, "pp", "1 pp"), versus="baseline"),
    Rule("quality.floor", "quality.roc_auc", "min", Limit(0.7, "", "0.70"), waivable=False),
    Rule("quality.lower", "quality.roc_auc", "min", Limit(0.7, "", "0.70")),
)
ENTRY = {
    "id": "W-14",
    "rule": "size.artifact",
    "match": "gbm*",
    "limit": "64 MB",
    "reason": "the new encoder; ends with release 3",
    "owner": "dana",
    "created": "2026-07-01",
    "expires": "2026-09-28",
}


@pytest.fixture
def policy(tmp_path):
    return Policy("edge", RULES, waivers=WaiverSource(str(tmp_path / "waivers.yaml"), 90))


def text_of(*entries):
    lines: list[str] = []
    for entry in entries:
        first, *rest = [f"{key}: {value}" for key, value in entry.items()]
        lines += [f"  - {first}", *(f"    {line}" for line in rest)]
    return "apiVersion: effaudit/v1\nkind: EfficiencyWaivers\nwaivers:\n" + "\n".join(lines) + "\n"


def read(policy, *entries, **changes):
    return waivers_of(text_of(*(entries or ({**ENTRY, **changes},))), policy, MEANINGS.get)


def refused(policy, *entries, **changes):
    with pytest.raises(InputError) as caught:
        read(policy, *entries, **changes)
    return str(caught.value)


def test_a_waiver_is_read_whole(policy):
    (waiver,) = read(policy)
    assert (waiver.id, waiver.rule, waiver.match, waiver.owner) == ("W-14", "size.artifact", "gbm*", "dana")
    assert waiver.limit == Limit(64e6, "B", "64 MB")
    assert (waiver.created, waiver.expires, waiver.fault) == (date(2026, 7, 1), date(2026, 9, 28), "")
    assert waiver.line == 4


@pytest.mark.parametrize(
    ("rule", "limit", "amount"),
    [
        ("latency.p95", "0.03 s", 0.03),
        ("quality.drop", "2 pp", 0.02),
        ("quality.lower", "0.65", 0.65),
        ("size.artifact", "0.5 GB", 5e8),
    ],
)
def test_a_limit_is_in_the_rules_own_unit(policy, rule, limit, amount):
    assert read(policy, rule=rule, limit=limit)[0].limit.amount == pytest.approx(amount)


def test_no_file_is_looked_for_where_the_policy_names_none(policy):
    assert read_waivers(replace(policy, waivers=None), MEANINGS.get) == ()


def test_a_file_that_is_not_there_is_said(policy):
    with pytest.raises(InputError, match=r"waivers\.yaml, and there is no such file"):
        read_waivers(policy, MEANINGS.get)


def test_it_is_read_from_the_file_that_the_policy_names(policy, tmp_path, monkeypatch):
    (tmp_path / "waivers.yaml").write_text(text_of(ENTRY))
    assert read_waivers(policy, MEANINGS.get)[0].file == "waivers.yaml"
    monkeypatch.chdir(tmp_path.parent)
    assert read_waivers(policy, MEANINGS.get)[0].file == f"{tmp_path.name}/waivers.yaml"


def test_an_empty_list_is_valid(policy):
    assert waivers_of(HEAD, policy, MEANINGS.get) == ()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"rule": "size.artefact"}, "no rule 'size.artefact'. Did you mean 'size.artifact'?"),
        ({"rule": "quality.floor", "limit": "0.6"}, "may not be waived: the policy says `waivable: false`"),
        ({"limit": "40 MB"}, "'40 MB' does not loosen the limit of size.artifact, which is max 50 MB"),
        ({"limit": "50 MB"}, "does not loosen"),
        ({"rule": "quality.lower", "limit": "0.75"}, "does not loosen the limit of quality.lower, which is min 0.70"),
        ({"limit": "0.51 GB"}, "more than 10 times as loose as the limit of size.artifact, which is max 50 MB"),
        ({"rule": "quality.lower", "limit": "0.069"}, "more than 10 times as loose"),
        ({"rule": "quality.drop", "limit": "11 pp"}, "more than 10 times as loose"),
        ({"limit": "64"}, "needs a unit such as '50 MB'"),
        ({"limit": "64 ms"}, "needs a unit such as '50 MB'"),
        ({"rule": "quality.drop", "limit": "5 %"}, "'5 %' is in another unit"),
        ({"rule": "quality.drop", "limit": "100 pp"}, "switches no rule off"),
        ({"rule": "quality.lower", "limit": "0"}, "switches no rule off"),
        ({"rule": "quality.lower", "limit": "-1"}, "switches no rule off"),
        ({"limit": ".nan"}, "not a figure"),
        ({"limit": "1e999 MB"}, "limit"),
        ({"limit": "[1, 2]"}, "expected a number with its unit"),
        ({"expires": "2026-09-30"}, "it lasts 91 days, and the policy allows 90"),
        ({"expires": "2026-06-30"}, "it ends on 2026-06-30, before it begins on 2026-07-01"),
        ({"expires": "[]"}, "expected a day such as 2026-07-31, found an empty list"),
        ({"owner": '" "'}, "it is empty; say it in words"),
        ({"match": '""'}, "it is empty"),
        ({"reason": "x" * 1001}, "at most"),
        ({"id": "a b"}, "is not a name"),
        ({"until": "2026-09-01"}, "unknown key 'until'"),
    ],
)
def test_what_is_wrong_is_refused_with_its_place(policy, changes, words):
    told = refused(policy, **changes)
    assert words in told
    assert "waivers.yaml:" in told


def test_what_an_override_makes_of_a_rule_may_be_loosened_too(policy):
    strict = replace(RULES[0], limit=Limit(10e6, "B", "10 MB"))
    own = Rule("only.theirs", "size.artifact", "max", Limit(1e6, "B", "1 MB"))
    changes = (Change("size.artifact", strict, ("limit",)), Change("latency.p95", None), Change("only.theirs", own))
    policy = replace(policy, overrides=(Override(Match("edge-*"), changes),))
    assert read(policy, limit="20 MB")[0].limit.amount == 20e6
    assert read(policy, rule="only.theirs", limit="2 MB")[0].limit.amount == 2e6
    assert "'9 MB' does not loosen the limit of size.artifact, which is max 50 MB, 10 MB" in refused(policy, limit="9 MB")


def test_a_rule_over_slices_is_waived_in_all_or_in_one_of_them(policy):
    policy = replace(policy, rules=(*RULES, replace(RULES[4], id="fair", for_each=("carrier",))))
    for rule in ("fair", '"fair[carrier=UA]"'):
        assert read(policy, rule=rule, limit="0.6")[0].rule == rule.strip('"')
    assert "has no rule 'quality.lower[carrier=UA]'" in refused(policy, rule='"quality.lower[carrier=UA]"', limit="0.6")


def test_a_rule_with_alternatives_is_not_waived(policy):
    rule = replace(RULES[0], alternatives=(RULES[0], RULES[1]))
    assert "has alternatives" in refused(replace(policy, rules=(rule,)))


@pytest.mark.parametrize("key", list(ENTRY))
def test_every_key_is_required(policy, key):
    assert f"`{key}` is missing" in refused(policy, {name: value for name, value in ENTRY.items() if name != key})


def test_an_id_stands_once(policy):
    assert "the id 'W-14' stands twice, first in line 4" in refused(policy, ENTRY, ENTRY)


def test_all_problems_are_told_at_once(policy):
    told = refused(policy, {**ENTRY, "rule": "x"}, {**ENTRY, "id": "W-15", "limit": "1 MB"})
    assert "2 problems" in told
    assert "waivers.yaml:5" in told


@pytest.mark.parametrize(
    "written",
    [
        "2026-13-01",
        "2026-02-30",
        "tomorrow",
        "20260928",
        "2026-9-28",
        "28.09.2026",
        "2026-09-28T00:00:00",
        "2026-W40-1",
        "",
        "off",
        "1.5",
        "true",
        "٢٠٢٦-٠٩-٢٨",
    ],
)
@pytest.mark.parametrize("key", ["created", "expires"])
def test_a_malformed_day_counts_as_expired_and_is_told(policy, key, written):
    (waiver,) = read(policy, **{key: written})
    assert standing(waiver, date(2026, 7, 2)) == "malformed"
    assert waiver.fault.startswith(f"`{key}`: ")


def test_the_last_day_may_be_so_many_days_after_the_first(policy):
    assert read(policy, expires="2026-09-29")[0].expires == date(2026, 9, 29)


def test_another_kind_of_file_is_named(policy):
    with pytest.raises(InputError, match="'EfficiencyPolicy', where 'EfficiencyWaivers' was expected"):
        waivers_of("apiVersion: effaudit/v1\nkind: EfficiencyPolicy\n", policy, MEANINGS.get)


def test_adding_keeps_comments_quotes_and_order(policy):
    before = '# ours\napiVersion: "effaudit/v1"  # v1\nkind: EfficiencyWaivers\nwaivers:\n# the first\n' + "".join(
        f"{'- ' if key == 'id' else '  '}{key}: {value}  # {key}\n" for key, value in ENTRY.items()
    )
    after = with_waiver(before, {**ENTRY, "id": "W-15", "created": date(2026, 7, 1), "expires": date(2026, 7, 31)})
    assert after.startswith(before)
    assert [waiver.id for waiver in waivers_of(after, policy, MEANINGS.get)] == ["W-14", "W-15"]
    assert "created: 2026-07-01\n" in after


@given(
    words=st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn"]), min_size=1, max_size=60).filter(str.strip),
    limit=st.sampled_from(["0.60", "0.5", ".5", "6e-1"]),
    days=st.integers(0, 90),
)
def test_what_is_added_is_read_back_as_it_was_said(words, limit, days):
    policy = Policy("edge", RULES, waivers=WaiverSource("waivers.yaml", 90))
    created = date(2026, 7, 1)
    entry = {**ENTRY, "rule": "quality.lower", "limit": limit, "reason": words, "owner": words, "match": words}
    text = with_waiver(HEAD, {**entry, "created": created, "expires": created + timedelta(days=days)})
    text = with_waiver(text, {**entry, "id": "W-15", "created": created, "expires": created + timedelta(days=days)})
    for waiver in waivers_of(text, policy, MEANINGS.get):
        assert (waiver.reason, waiver.owner, waiver.match) == (words, words, words)
        assert (waiver.limit.amount, waiver.expires) == (float(limit), created + timedelta(days=days))


@given(st.text(max_size=12))
def test_a_day_is_read_one_way_only(written):
    try:
        found = a_day(written)
    except ValueError:
        return
    assert found.isoformat() == written


SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=30), st.dates().map(str))


@given(
    st.lists(
        st.dictionaries(st.sampled_from([*ENTRY, "x"]), st.one_of(SCALARS, st.lists(SCALARS, max_size=3)), max_size=9), max_size=4
    )
)
def test_whatever_stands_in_it_ends_in_waivers_or_a_clear_error(entries):
    import json

    policy = Policy("edge", RULES, waivers=WaiverSource("waivers.yaml", 90))
    text = json.dumps({"apiVersion": "effaudit/v1", "kind": "EfficiencyWaivers", "waivers": entries}, allow_nan=True)
    try:
        found = waivers_of(text, policy, MEANINGS.get)
    except InputError:
        return
    assert len(found) == len(entries)


@pytest.mark.parametrize(
    "text",
    [
        "[" * 5000,
        "a: " * 3000,
        "&a [*a, *a]",
        text_of(*({**ENTRY, "id": f"W-{n}", "rule": f"size{n}"} for n in range(2000))),
        text_of(ENTRY) + "\n" + "x" * 300_000,
        "apiVersion: effaudit/v1\nkind: EfficiencyWaivers\nwaivers: {}\n",
        "\x00",
    ],
    ids=["nested", "mappings", "alias", "two thousand unknown rules", "huge", "a mapping", "nul"],
)
def test_hostile_files_are_refused_quickly(policy, text):
    begun = time.monotonic()
    with pytest.raises(InputError):
        waivers_of(text, policy, MEANINGS.get)
    assert time.monotonic() - begun < 2.0
