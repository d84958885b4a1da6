"""The slow instruments, for the few that they are worth it for: a worker of their own, the metric's probe inside."""

from __future__ import annotations

from effaudit.core.candidate import Candidate
from effaudit.core.identity import Identity
from effaudit.core.protocol import Message
from effaudit.measure.journal import Journal
from effaudit.measure.timings import Timings
from effaudit.process import Fault, Site
from effaudit.process.identity import opened

PATIENCE = 3
"""A probe may take this many times as long as an answer."""


def look_into(
    candidate: Candidate, identity: Identity, metrics: tuple[str, ...], site: Site, journal: Journal, timings: Timings
) -> None:
    """Lets each metric's probe look at the loaded candidate; what it finds, or why it could not, joins `timings`."""
    known = timings.probes.setdefault(candidate.name, {})
    todo = [metric for metric in metrics if metric not in known]
    if not todo:
        return
    timeout = site.settings.timeout_s
    try:
        worker, _ = opened(site, candidate, identity, "probe")
    except Fault as fault:
        known.update({metric: [{"failed": fault.failure.reason}] for metric in todo})
        return
    try:
        worker.ask("first", {"batch": site.workload.batch_sizes[0]}, stage="first", timeout_s=timeout)
        for metric in todo:
            found = worker.ask("probe", {"metric": metric}, stage=metric, timeout_s=PATIENCE * timeout).facts["found"]
            known[metric] = [found] if found is not None else []
            journal.add(Message("probe", {"name": candidate.name, "metric": metric, "found": found}))
    except Fault as fault:
        known.update({metric: [{"failed": fault.failure.reason}] for metric in todo if metric not in known})
    finally:
        worker.end()
