"""What the facts of a machine mean for figures taken on it, and what to do: pure, one finding for each topic."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from effaudit.core.text import listed
from effaudit.core.units import show
from effaudit.measure.examine import Facts
from effaudit.measure.sensors import READ_ONCE

Level = Literal["good", "note", "bad"]
"""`bad`: figures of this machine cannot be trusted. `note`: they can, and would be better if the advice were followed."""

COARSE_S, SLOW_CLOCK_S, USUAL_FLOOR_S = 1e-6, 2e-6, 300e-9
STOLEN_BAD, STOLEN_NOTE = 0.10, 0.02
NOISE_BAD, NOISE_NOTE = 0.10, 0.03
LEAST_MEMORY, USUAL_MEMORY = 1e9, 4e9
SPINNING = 0.2
KINDS = ("libgomp", "libiomp", "libomp")


@dataclass(frozen=True)
class Finding:
    """One topic: how it stands, in words, and what to do about it."""

    topic: str
    level: Level
    said: str
    advice: str = ""


def findings(facts: Facts) -> tuple[Finding, ...]:
    """All topics, in the order in which they are read."""
    return tuple(look(facts) for look in _LOOKS)


def trusted(found: tuple[Finding, ...]) -> bool:
    """Can figures be taken here?"""
    return all(one.level != "bad" for one in found)


def _clock(facts: Facts) -> Finding:
    clock = facts.clock
    said = f"steps of {show(clock.resolution_s, 's')}, {show(clock.floor_s, 's')} to read"
    if not clock.monotonic or clock.backwards:
        return Finding("clock", "bad", f"{said}; it ran backwards {clock.backwards} times", "Do not measure on this machine.")
    if clock.resolution_s > COARSE_S or clock.floor_s > SLOW_CLOCK_S:
        advice = "Requests of microseconds cannot be timed. On Linux, look at /sys/devices/system/clocksource: tsc is fast."
        return Finding("clock", "bad", said, advice)
    if clock.floor_s > USUAL_FLOOR_S:
        return Finding("clock", "note", said, "The clock is slow: requests under 20 µs are timed in groups for it.")
    return Finding("clock", "good", f"{said}, never backwards")


def _processors(facts: Facts) -> Finding:
    said = f"{facts.usable} of {facts.processors} may be used"
    if facts.quota is not None:
        said += f", for {facts.quota:g} processors' worth of time"
    if facts.quota is not None and facts.quota < 1.0:
        return Finding("processors", "bad", said, "The control group interrupts requests half-way: allow one whole processor.")
    if facts.throttled_s > 0.0:
        return Finding("processors", "note", f"{said}; throttled for {show(facts.throttled_s, 's')} just now", "Raise the quota.")
    if facts.usable < 2:
        return Finding("processors", "note", said, "effaudit and the model share one processor: allow two.")
    return Finding("processors", "good", said)


def _others(facts: Facts) -> Finding:
    said = f"load {facts.load:.1f}, {100 * facts.stolen:.1f} % of the processors taken by the hypervisor"
    if facts.stolen > STOLEN_BAD:
        return Finding("neighbours", "bad", said, "The host is overbooked: measure at another time, or on a machine of your own.")
    if facts.load >= facts.usable:
        return Finding("neighbours", "note", said, "Something else is at work here: end it, or wait.")
    if facts.stolen > STOLEN_NOTE:
        return Finding("neighbours", "note", said, "The host is busy: budgets must be longer for the same precision.")
    return Finding("neighbours", "good", said)


def _frequency(facts: Facts) -> Finding:
    if facts.governor in ("powersave", "ondemand", "conservative", "schedutil"):
        advice = "Set it for the time of measuring: sudo cpupower frequency-set -g performance"
        return Finding("frequency", "note", f"the governor is {facts.governor}: processors change their speed", advice)
    if facts.governor != "unknown":
        return Finding("frequency", "good", f"the governor is {facts.governor}")
    if facts.hypervisor == "yes":
        return Finding("frequency", "note", "a virtual machine: the host decides, and does not say", "Compare within one run only.")
    return Finding("frequency", "note", "the system does not say how it sets the processors' speed")


def _memory(facts: Facts) -> Finding:
    room = min(facts.available, facts.memory_limit or facts.available)
    said = f"{show(facts.available, 'B')} of {show(facts.memory, 'B')} free"
    if facts.memory_limit is not None:
        said += f", limited to {show(facts.memory_limit, 'B')}"
    if room < LEAST_MEMORY:
        return Finding("memory", "bad", said, "A framework alone takes most of that: free some.")
    if room < USUAL_MEMORY:
        return Finding("memory", "note", said, "Write `measure: {memory_limit: …}` under it: workers may otherwise be killed.")
    return Finding("memory", "good", said)


def _power(facts: Facts) -> Finding:
    if facts.sensors:
        missing = f" ({'; '.join(facts.no_sensors)})" if facts.no_sensors else ""
        return Finding("power", "good", f"counted by {listed(facts.sensors)}{missing}")
    advice = "Energy is modelled from processor seconds: write `assumptions: {watts_per_vcpu: …}`."
    if any(READ_ONCE in words for words in facts.no_sensors):
        advice = f"To have it counted, run once per start: {READ_ONCE}"
    return Finding("power", "note", "; ".join(facts.no_sensors) or "no sensors", advice)


def _threads(facts: Facts) -> Finding:
    pools = facts.pools
    if pools.unknown:
        return Finding("threads", "note", pools.unknown, "Import the frameworks by hand to see why.")
    files = sorted({file for own in pools.brought.values() for file in own})
    kinds = [kind for kind in KINDS if any(_name(file).startswith(kind) for file in files)]
    said = f"OpenMP from {listed(files)}" if files else "no OpenMP library"
    if pools.failed:
        return Finding("threads", "note", f"{said}; cannot be imported: {listed(pools.failed)}", "Repair or remove them.")
    if pools.idle > SPINNING:
        advice = "Idle threads of one model slow the others down; look for what overrides OMP_WAIT_POLICY."
        return Finding("threads", "note", f"{said}; idle threads burn {100 * pools.idle:.0f} % of a processor", advice)
    if len(kinds) > 1:
        advice = "Do not use frameworks of both kinds in one model: two runtimes in one process compete, and may hang."
        return Finding("threads", "note", f"{said}: {' and '.join(kinds)}", advice)
    if len(files) > 1:
        advice = "Harmless for models of one framework; a model that uses two has two pools of threads: keep `threads: 1`."
        return Finding("threads", "note", f"{said}: the same library {len(files)} times", advice)
    return Finding("threads", "good", f"{said}; idle threads rest")


def _name(file: str) -> str:
    return file.rpartition("/")[2]


def _noise(facts: Facts) -> Finding:
    noise = facts.noise
    if noise.floor is None:
        return Finding("noise", "bad", f"a model could not be compared with itself: {noise.unknown}", "See the words above.")
    apart = max(noise.high - 1.0, 1.0 - noise.low)
    said = f"a model and its copy differ by at most {100 * apart:.1f} %; less than {100 * noise.floor:.1f} % is not told apart"
    if noise.floor > NOISE_BAD:
        return Finding("noise", "bad", said, "A change of a tenth would not be seen here: find a quieter machine or hour.")
    if noise.floor > NOISE_NOTE:
        return Finding("noise", "note", said, "Give audits a longer `measure: {budget: …}`; this look took some seconds only.")
    return Finding("noise", "good", said)


def _packages(facts: Facts) -> Finding:
    shown = [f"{name} {version}" for name, version in sorted(facts.packages.items())]
    if "codecarbon" not in facts.packages or "scikit-learn" not in facts.packages:
        return Finding("packages", "note", ", ".join(shown), "Measuring needs more: pip install 'effaudit[audit]'")
    return Finding("packages", "good", ", ".join(shown))


_LOOKS: tuple[Callable[[Facts], Finding], ...] = (
    _clock,
    _processors,
    _others,
    _frequency,
    _memory,
    _power,
    _threads,
    _noise,
    _packages,
)
