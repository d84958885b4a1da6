"""CodeCarbon inside the worker, as it reads best: offline, primed, with every setting stated, in windows of seconds."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from typing import Any

from effaudit.core.observed import Ready

WINDOWS = 3
WINDOW_S = 3.0
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
    for name in [name for name in os.environ if name.startswith("CODECARBON_")]:
        del os.environ[name]
    os.environ["CODECARBON_LOG_LEVEL"] = "error"
    try:
        from codecarbon import OfflineEmissionsTracker
    except ImportError:
        return {"failed": "CodeCarbon is not installed; run: pip install 'effaudit[audit]'"}
    cores = os.cpu_count() or 1
    ram = RAM_WATTS_PER_GB * _resident_gb()
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
    requests = ready.requests(64, 1)
    _busy(ready, requests, 0.1, tracker, "prime")
    windows = [_busy(ready, requests, WINDOW_S, tracker, f"window-{number}") for number in range(WINDOWS)]
    tracker.stop()
    notes = [
        f"CodeCarbon {_version()}, process mode, {watts:g} W for each of {cores} cores, {ram:.3g} W for the memory held",
        f"{WINDOWS} windows of {WINDOW_S:g} s; their lowest and highest are shown",
    ]
    if min(windows) <= 0:
        return {"failed": "CodeCarbon returned no energy"}
    return {"joules_per_row": windows, "notes": notes}


def _busy(ready: Ready, requests: list[Any], seconds: float, tracker: Any, name: str) -> float:
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
        return 0.0
    return float(found.energy_consumed) * 3.6e6 / rows


def _resident_gb() -> float:
    import psutil

    return float(psutil.Process().memory_info().rss) / 1e9


def _version() -> str:
    from importlib.metadata import version

    return version("codecarbon")
