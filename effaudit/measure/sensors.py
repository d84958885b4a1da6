"""The counters of energy that a machine may have: RAPL for processors and memory, NVML for NVIDIA accelerators."""

from __future__ import annotations

import contextlib
import importlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from effaudit.core.text import one_line

POWERCAP = Path("/sys/class/powercap")
READ_ONCE = "sudo chmod a+r /sys/class/powercap/intel-rapl*/energy_uj"
_PACKAGE, _MEMORY = "package", "dram"
_SAME_J = 1.0
"""Dies of one package may show the same counter twice; two that really are two are further apart than this."""


class Sensor(Protocol):
    """Something that counts joules. `range_j`: where the count begins again at zero; None if it never does."""

    @property
    def name(self) -> str:
        """What it counts, in words."""

    @property
    def range_j(self) -> float | None:
        """The joules at which it begins again."""

    @property
    def period_s(self) -> float:
        """How often it is brought up to date."""

    def joules(self) -> float:
        """The count now. Raises OSError when it cannot be read any more."""


@dataclass(frozen=True)
class Found:
    """The sensors that can be read, and in words what keeps the others from being read."""

    sensors: tuple[Sensor, ...] = ()
    missing: tuple[str, ...] = ()


def find(device: str = "cpu", powercap: Path = POWERCAP, load: Callable[[str], Any] = importlib.import_module) -> Found:
    """What can be read here of what a `device` uses: processors and memory always, accelerators for those that work on them.

    powercap: the kernel's folder of power zones. load: imports a module.
    """
    processors = rapl(powercap)
    accelerators = nvml(load) if device != "cpu" else Found()
    return Found(processors.sensors + accelerators.sensors, processors.missing + accelerators.missing)


@dataclass(frozen=True)
class Zone:
    """One zone of the kernel's power capping framework (Documentation/power/powercap), in microjoules on disk."""

    name: str
    counter: Path
    range_j: float | None
    period_s: float = 0.001

    def joules(self) -> float:
        """Joules since the counter last began."""
        return _number(self.counter) / 1e6


def rapl(powercap: Path = POWERCAP) -> Found:
    """Processor packages and their memory. Parts of a package are in its own count; `psys` and the mmio zones repeat it."""
    if not powercap.is_dir():
        return Found(missing=("RAPL: the kernel shows no power zones here, as in most virtual machines and containers",))
    zones: list[Zone] = []
    missing: list[str] = []
    for folder in sorted(powercap.glob("intel-rapl:*")):
        try:
            name = _text(folder / "name")
            if name.startswith(_PACKAGE) or name == _MEMORY:
                zones.append(_zone(name if name.startswith(_PACKAGE) else f"{name} of {_parent(folder)}", folder))
        except PermissionError:
            missing.append(f"RAPL: {folder.name} may be read by the administrator only; run once per start: {READ_ONCE}")
        except (OSError, ValueError) as error:
            missing.append(f"RAPL: {folder.name} cannot be read ({_why(error)})")
    if not zones and not missing:
        missing.append("RAPL: the kernel shows no processor package here")
    if missing:  # a sum that lacks a part would be taken for the whole
        return Found(missing=tuple(dict.fromkeys(missing)))
    return Found(tuple(_told_apart(zones)))


@dataclass(frozen=True)
class Accelerator:
    """One NVIDIA accelerator's own counter, in millijoules since its driver was loaded (Volta and later)."""

    name: str
    library: Any
    handle: Any
    range_j: float | None = None
    period_s: float = 0.1

    def joules(self) -> float:
        """Joules since the driver was loaded."""
        try:
            return float(self.library.nvmlDeviceGetTotalEnergyConsumption(self.handle)) / 1e3
        except self.library.NVMLError as error:
            raise OSError(f"NVML: {one_line(str(error), 120)}") from error


def nvml(load: Callable[[str], Any] = importlib.import_module) -> Found:
    """NVIDIA accelerators, by `pynvml`."""
    try:
        library = load("pynvml")
    except ImportError:
        return Found(missing=("NVML: pynvml is not installed; for NVIDIA accelerators run: pip install nvidia-ml-py",))
    try:
        library.nvmlInit()
        handles = [library.nvmlDeviceGetHandleByIndex(place) for place in range(library.nvmlDeviceGetCount())]
    except library.NVMLError as error:
        return Found(missing=(f"NVML: no NVIDIA driver answers ({one_line(str(error), 120)})",))
    found: list[Sensor] = []
    for place, handle in enumerate(handles):
        accelerator = Accelerator(f"NVIDIA accelerator {place}", library, handle)
        try:
            accelerator.joules()
        except OSError as error:
            return Found(missing=(f"{accelerator.name} does not count its energy ({_why(error)})",))
        found.append(accelerator)
    return Found(tuple(found), () if found else ("NVML: there is no NVIDIA accelerator",))


def _zone(name: str, folder: Path) -> Zone:
    """Raises OSError where it cannot be read, ValueError where it holds no number."""
    range_uj = _number(folder / "max_energy_range_uj")
    zone = Zone(name, folder / "energy_uj", range_uj / 1e6 if range_uj > 0 else None)
    zone.joules()
    return zone


def _told_apart(zones: list[Zone]) -> list[Sensor]:
    """Without packages that show the counter of another package."""
    kept: list[Sensor] = []
    counts: list[tuple[str, float]] = []
    for zone in zones:
        kind, count = zone.name.partition("-")[0].partition(" ")[0], zone.joules()
        if any(kind == other and count > _SAME_J and abs(count - seen) < _SAME_J for other, seen in counts):
            continue
        counts.append((kind, count))
        kept.append(zone)
    return kept


def _parent(folder: Path) -> str:
    """The package's name for `intel-rapl:0:1`."""
    with contextlib.suppress(OSError):
        return _text(folder.with_name(folder.name.rpartition(":")[0]) / "name")
    return "a package"


def _number(path: Path) -> float:
    number = float(_text(path))
    if not 0.0 <= number < 1e21:
        raise ValueError(f"{path.name} holds {number}")
    return number


def _text(path: Path) -> str:
    with path.open("rb") as file:
        return file.read(64).decode("ascii", "replace").strip()


def _why(error: Exception) -> str:
    number = getattr(error, "errno", None)
    return os.strerror(number) if number else one_line(str(error), 120)
