"""adds, lists and checks waivers, each of which moves a limit of a policy for some candidates until a day

A waiver never switches a rule off. Waivers stand in a file of their own, which the policy names: `waivers: {file: FILE}`.

exit codes of check: 0 all in force · 1 one is expired, has a malformed day, or (with --record) is not used · 2 invalid
"""

from __future__ import annotations

import argparse
import re
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # `--help` must stay instant
    from collections.abc import Sequence

    from effaudit.core.policy import Policy
    from effaudit.core.waiver import Waiver

_NUMBERED = re.compile(r"W-([0-9]{1,9})")
FIELDS = ("id", "rule", "match", "limit", "reason", "owner", "created", "expires")


def arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's arguments."""
    asked = parser.add_subparsers(title="what", metavar="WHAT", required=True, dest="what")
    add = _asked(asked, "add", "writes one more waiver into the file, once it is valid")
    add.add_argument("--rule", required=True, metavar="ID", help="the rule whose limit it moves")
    add.add_argument("--match", required=True, metavar="GLOB", help="which candidates: a name, or a pattern such as 'gbm-*'")
    add.add_argument("--limit", required=True, metavar="LIMIT", help="the limit that holds instead, such as '640 MB'")
    add.add_argument("--reason", required=True, metavar="TEXT", help="why, and what will end it")
    add.add_argument("--owner", required=True, metavar="WHO", help="who answers for it")
    add.add_argument("--id", metavar="ID", help="what to call it (default: the next number: W-1, W-2…)")
    term = add.add_mutually_exclusive_group(required=True)
    term.add_argument("--expires", metavar="DATE", help="its last day")
    term.add_argument("--days", type=int, metavar="N", help="how many days from today it lasts")
    _asked(asked, "list", "shows all waivers, with the days that are left")
    check = _asked(asked, "check", "ends in 1 when one is expired, malformed or not used")
    check.add_argument("--record", type=Path, metavar="RECORD", help="a record to tell from whether each is used")


def run(options: argparse.Namespace) -> int:
    """Adds, lists or checks."""
    from effaudit.cli import _reading

    policy, today = _reading.policy(options.policy or options.named), _reading.today(options.today)
    if options.what == "add":
        return _add(policy, today, options)
    if options.what == "list":
        return _list(policy, _reading.waivers(policy), today)
    return _check(policy, _reading.waivers(policy), today, options.record)


def _asked(asked: argparse._SubParsersAction[argparse.ArgumentParser], name: str, words: str) -> argparse.ArgumentParser:
    from effaudit.cli import _showing

    parser = asked.add_parser(name, help=words, description=words)
    named = parser.add_mutually_exclusive_group(required=True)
    named.add_argument("policy", nargs="?", metavar="POLICY", help="the policy's file, which names the waivers' file")
    named.add_argument("-p", "--policy", dest="named", metavar="POLICY", help="the same")
    _showing.a_day(parser)
    return parser


def _add(policy: Policy, today: date, options: argparse.Namespace) -> int:
    from effaudit import registry
    from effaudit.cli import _reading
    from effaudit.core.errors import InputError
    from effaudit.core.files import write_text
    from effaudit.core.system import told
    from effaudit.reading.paths import for_readers
    from effaudit.reading.waiver_text import HEAD, with_waiver
    from effaudit.reading.waivers import waivers_of

    if policy.waivers is None:
        raise InputError(
            f"the policy {policy.name} names no file of waivers", advice="Write `waivers: {file: waivers.yaml}` into it."
        )
    path = Path(policy.waivers.file).resolve()
    known = _reading.waivers(policy) if path.exists() else ()
    entry = _entry(known, today, options)
    text = with_waiver(path.read_text("utf-8-sig") if path.exists() else HEAD, entry)
    whole = waivers_of(text, policy, registry.meaning)
    added = whole[-1]
    if added.fault:
        raise InputError(added.fault, advice="Write days like 2026-07-31.")
    with told():
        write_text(path, text)
    print(f"{for_readers(Path(policy.waivers.file))}: {_lines(policy, [added], today)[0]}")  # noqa: T201
    return 0


def _entry(known: Sequence[Waiver], today: date, options: argparse.Namespace) -> dict[str, str | date]:
    from datetime import timedelta

    from effaudit.core.errors import InputError
    from effaudit.reading.waivers import a_day

    try:
        expires = a_day(options.expires) if options.expires is not None else today + timedelta(days=options.days)
    except (ValueError, OverflowError) as error:
        raise InputError(f"{'--expires' if options.expires is not None else '--days'}: {error}") from None
    numbers = [int(found[1]) for waiver in known if (found := _NUMBERED.fullmatch(waiver.id))]
    said = {"id": options.id or f"W-{max(numbers, default=0) + 1}", "created": today, "expires": expires}
    return {name: said[name] if name in said else getattr(options, name) for name in FIELDS}


def _list(policy: Policy, waivers: Sequence[Waiver], today: date) -> int:
    print("\n".join(_lines(policy, waivers, today)) or f"{policy.name}: no waivers")  # noqa: T201
    return 0


def _check(policy: Policy, waivers: Sequence[Waiver], today: date, record: Path | None) -> int:
    from effaudit.cli import _reading
    from effaudit.core.text import counted
    from effaudit.core.waiver import standing
    from effaudit.judge.decide import decide
    from effaudit.judge.waivers import unused

    checks = decide(_reading.record(record), policy, None, waivers, today).checks if record else ()
    spare = unused(waivers, checks, today) if record else ()
    over = [waiver for waiver in waivers if standing(waiver, today) in ("expired", "malformed")]
    for waiver, line in zip(waivers, _lines(policy, waivers, today), strict=True):
        print(f"{line}{' · NOT USED' if waiver in spare else ''}")  # noqa: T201
    told = [f"{len(over):,} expired or malformed"] if over else []
    told += [f"{len(spare):,} not used"] if spare else []
    print(f"{policy.name}: {counted(len(waivers), 'waiver')}, {' and '.join(told) or 'all in order'}")  # noqa: T201
    return 1 if told else 0


def _lines(policy: Policy, waivers: Sequence[Waiver], today: date) -> list[str]:
    """One line each, in columns: "W-14  memory.peak  gbm  512 MB → 640 MB  54 days left  dana  reason"."""
    from effaudit.core.text import one_line

    table = [[one_line(cell, 120) for cell in _cells(policy, waiver, today)] for waiver in waivers]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in table]


def _cells(policy: Policy, waiver: Waiver, today: date) -> tuple[str, ...]:
    from effaudit.core.slices import apart

    own = next((rule.limit.written for rule in policy.rules if rule.id in (waiver.rule, apart(waiver.rule)[0])), "")
    moved = f"{own} → {waiver.limit.written}".strip()
    return waiver.id, waiver.rule, waiver.match, moved, _left(waiver, today), waiver.owner, waiver.reason


def _left(waiver: Waiver, today: date) -> str:
    from effaudit.core.text import counted
    from effaudit.core.waiver import days_left, standing

    left = days_left(waiver, today)
    match standing(waiver, today):
        case "malformed":
            return f"MALFORMED, counts as expired ({waiver.fault})"
        case "expired":
            return f"EXPIRED {counted(-left, 'day')} ago, on {waiver.expires}"
        case "not begun":
            return f"begins on {waiver.created}"
        case "ends soon":
            return "ENDS TODAY" if left == 0 else f"ENDS SOON, {counted(left, 'day')} left"
        case "active":
            return f"{counted(left, 'day')} left"
