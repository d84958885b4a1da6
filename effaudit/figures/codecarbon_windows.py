"""CodeCarbon inside the worker, as it reads best: offline, primed, with every setting stated, in windows of seconds."""

from __future__ import annotations

import contextlib
import os
import socket
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from effaudit.core.observed import Ready

WINDOWS = 3
WINDOW_S = 2.0
"""Measured on a busy machine of two cores, against the processor seconds that the same window used: windows of half a second
differ by 2 % from each other, of one second and more by 0.5 %; none lost its processor energy. CodeCarbon samples once a second."""
YIELD_EVERY_S = 0.02
YIELD_S = 0.001
"""CodeCarbon's sampling thread must get its turn: it overbills a process that never lets go of the interpreter by a third."""
RAM_WATTS_PER_GB = 0.375
"""CodeCarbon's own former figure (3 W per 8 GB); its present one, 20 W whatever is held, would be most of the total."""


def watch(ready: Ready) -> Mapping[str, Any]:
    """Joules per row in each window, and the settings in words; or `failed`, with the reason."""
    country = ready.assumptions.country
    watts = ready.assumptions.watts_per_vcpu
    if watts is None:
        return {"failed": "nothing says what a busy core draws; write `assumptions: {watts_per_vcpu: 4.0}`"}
    cores = os.cpu_count() or 1
    ram = RAM_WATTS_PER_GB * _resident_gb()
    with _left_alone():
        try:
            from codecarbon import OfflineEmissionsTracker
        except ImportError:
            return {"failed": "CodeCarbon is not installed; run: pip install 'effaudit[audit]'"}
        tracker = OfflineEmissionsTracker(
            country_iso_code=country or "FRA",  # energy does not depend on it; carbon is computed by its own metric
            tracking_mode="process",
            force_cpu_power=watts * cores,
            force_ram_power=ram,
            measure_power_secs=1,
            output_methods=[],
            allow_multiple_runs=True,
            log_level="error",
            pue=1.0,
        )
        tracker.start_task("prime")  # it imports more, and looks at the machine
        time.sleep(0.1)
        tracker.stop_task("prime")
    requests = ready.requests(64, 1)
    windows = [_busy(ready, requests, WINDOW_S, tracker, f"window-{number}") for number in range(WINDOWS)]
    tracker.stop()
    if min(joules for joules, _ in windows) <= 0:
        return {"failed": "CodeCarbon returned no energy"}
    share = sum(memory for _, memory in windows) / sum(joules for joules, _ in windows)
    notes = [
        f"CodeCarbon {_version()}, process mode, {watts:g} W for each of {cores} cores, {ram:.3g} W for the memory held, "
        f"which is {100 * share:.2g} % of the figure",
        f"{WINDOWS} windows of {WINDOW_S:g} s; their lowest and highest are shown",
    ]
    return {"joules_per_row": [joules for joules, _ in windows], "notes": notes}


@contextlib.contextmanager
def _left_alone() -> Iterator[None]:
    """CodeCarbon without what would change its figures or open a connection: variables, configuration files, a look at the net.

    It reads `.codecarbon.config` from the home and the current folder; entries such as `emissions_endpoint` make it send what it
    reads. On import, urllib3 (which it uses) opens an internet socket to see whether there is IPv6, unless Python has none.
    """
    for name in [name for name in os.environ if name.lower().startswith("codecarbon_")]:
        del os.environ[name]
    os.environ["CODECARBON_LOG_LEVEL"] = "error"
    homes = {name: os.environ.get(name) for name in ("HOME", "USERPROFILE")}
    here, ipv6 = Path.cwd(), socket.has_ipv6
    with tempfile.TemporaryDirectory() as empty:
        try:
            os.chdir(empty)
            os.environ.update(dict.fromkeys(homes, empty))
            socket.has_ipv6 = False
            yield
        finally:
            socket.has_ipv6 = ipv6
            os.chdir(here)
            for name, value in homes.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value


def _busy(ready: Ready, requests: list[Any], seconds: float, tracker: Any, name: str) -> tuple[float, float]:
    """Joules per row, and those of them that CodeCarbon gives to memory."""
    tracker.start_task(name)
    rows = 0
    now = time.perf_counter()
    until, give_way = now + seconds, now + YIELD_EVERY_S
    while now < until:
        for request in requests:
            ready.ask(request)
            rows += 1
            now = time.perf_counter()
            if now >= give_way:
                time.sleep(YIELD_S)
                give_way = now + YIELD_EVERY_S
            if now >= until:
                break
    found = tracker.stop_task(name)
    if found is None:
        return 0.0, 0.0
    return float(found.energy_consumed) * 3.6e6 / rows, float(found.ram_energy) * 3.6e6 / rows


def _resident_gb() -> float:
    import psutil

    return float(psutil.Process().memory_info().rss) / 1e9


def _version() -> str:
    from importlib.metadata import version

    return version("codecarbon")
