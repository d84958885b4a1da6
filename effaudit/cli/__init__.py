"""The command line: one file per verb, arguments only. What a verb needs is imported when it runs."""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Sequence
from importlib import import_module

VERBS = ("audit", "gate", "report", "explain", "diff", "plan", "policy", "list", "describe", "waiver", "doctor")

EXIT_CODES = """\
exit codes, about the subject of the question:
  selecting (audit; gate without --candidate)
    0  a recommendation stands
    1  no candidate is feasible
    3  none passes, but at least one is only inconclusive
    4  a candidate of the plan, or a reading that a rule needs, failed and could have changed the recommendation
  gating one (gate --candidate NAME, recommended or all)
    0 passes · 1 fails · 3 inconclusive · 4 could not be measured
  2  the command, plan, policy or a file it names is wrong
  70 internal error
  130 interrupted (143 by SIGTERM, 129 by SIGHUP); what was won is kept, and the same command goes on from there
"""


def run(argv: Sequence[str]) -> int:
    """Runs one command. Wrong input ends in one clear message and exit code 2."""
    from effaudit.cli import _streams
    from effaudit.core.interruptions import heeded

    _streams.settle()
    with heeded() as interruptions:
        arguments = _parser().parse_args(argv)
        arguments.interruptions = interruptions
        try:
            return _done(arguments)
        except KeyboardInterrupt:
            interruptions.finish()
            return _end("interrupted; start the same command again", interruptions.exit_code)


def _done(arguments: argparse.Namespace) -> int:
    allowed = _bind_memory()
    try:
        code = int(arguments.run(arguments))
        sys.stdout.flush()
        return code
    except OSError as error:
        from effaudit.cli import _streams
        from effaudit.core.system import refusal

        _streams.give_up()
        return _end(str(refusal(error)), 2)
    except MemoryError:
        return _end(
            f"effaudit's own process asks for more than the {allowed / 1e9:,.1f} GB of memory that it may take: what was free when "
            "it began, or half of all. What was won so far is kept; give fewer rows, columns or candidates, or free some memory.",
            2,
        )
    except Exception as error:
        from effaudit.core.errors import InputError

        return _end(str(error), 2) if isinstance(error, InputError) else _internal_error()


def _parser() -> argparse.ArgumentParser:
    from effaudit.core.version import __version__

    parser = argparse.ArgumentParser(
        prog="effaudit",
        description="Finds the smallest model that meets your targets, with evidence.",
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"effaudit {__version__}")
    verbs = parser.add_subparsers(title="verbs", metavar="VERB", required=True)
    for name in VERBS:
        module = import_module(f"effaudit.cli.{name}")
        summary = (module.__doc__ or "").strip().splitlines()[0]
        verb = verbs.add_parser(
            name, help=summary, description=module.__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
        )
        module.arguments(verb)
        verb.set_defaults(run=module.run)
    return parser


def _bind_memory() -> int:
    """Limits what this process may take, so that it ends in words before the machine ends it; returns the bytes that it may."""
    from effaudit.core.limits import bind_memory, free_memory

    free, whole = free_memory()
    allowed = max(free, whole // 2)
    bind_memory(allowed)
    return allowed


def _internal_error() -> int:
    import traceback

    traceback.print_exc()
    return _end("internal error (above). Please report it with what you ran: https://github.com/effaudit/effaudit/issues", 70)


def _end(words: str, code: int) -> int:
    with contextlib.suppress(OSError):  # what could not be written is the reason, or makes no difference to it
        sys.stdout.flush()
    print(f"effaudit: {words}", file=sys.stderr)  # noqa: T201
    return code
