"""Power sensors are read where they may be read, and what keeps them from being read is said in words."""

from __future__ import annotations

import os
from types import SimpleNamespace

import pytest

from effaudit.measure.sensors import find, nvml, rapl


def zone(folder, path, name, joules, range_j=262143.328850):
    """One zone as the kernel shows it; `path` is like `intel-rapl:0:1`."""
    place = folder / path
    place.mkdir(parents=True)
    (place / "name").write_text(f"{name}\n")
    (place / "energy_uj").write_text(f"{int(joules * 1e6)}\n")
    (place / "max_energy_range_uj").write_text(f"{int(range_j * 1e6)}\n")
    return place


@pytest.fixture
def server(tmp_path):
    """Two packages with memory, their parts, and the zones that repeat them."""
    for package in (0, 1):
        zone(tmp_path, f"intel-rapl:{package}", f"package-{package}", 1000.0 + 500 * package)
        zone(tmp_path, f"intel-rapl:{package}:0", "core", 700.0)
        zone(tmp_path, f"intel-rapl:{package}:1", "uncore", 100.0)
        zone(tmp_path, f"intel-rapl:{package}:2", "dram", 200.0 + 50 * package)
    zone(tmp_path, "intel-rapl:2", "psys", 5000.0)
    zone(tmp_path, "intel-rapl-mmio:0", "package-0", 1000.0)
    return tmp_path


def test_packages_and_their_memory_are_counted_once_and_their_parts_not_again(server):
    found = rapl(server)
    assert [sensor.name for sensor in found.sensors] == ["package-0", "dram of package-0", "package-1", "dram of package-1"]
    assert sum(sensor.joules() for sensor in found.sensors) == pytest.approx(1000 + 1500 + 200 + 250)
    assert all(sensor.range_j == pytest.approx(262143.328850) for sensor in found.sensors)
    assert found.missing == ()


def test_a_second_die_that_shows_the_counter_of_the_first_is_left_out(tmp_path):
    zone(tmp_path, "intel-rapl:0", "package-0-die-0", 4000.0)
    zone(tmp_path, "intel-rapl:1", "package-0-die-1", 4000.2)
    zone(tmp_path, "intel-rapl:2", "package-1-die-0", 4900.0)
    assert [sensor.name for sensor in rapl(tmp_path).sensors] == ["package-0-die-0", "package-1-die-0"]


def test_fresh_counters_near_zero_are_not_taken_for_the_same(tmp_path):
    zone(tmp_path, "intel-rapl:0", "package-0", 0.2)
    zone(tmp_path, "intel-rapl:1", "package-1", 0.3)
    assert len(rapl(tmp_path).sensors) == 2


def test_a_machine_without_zones_says_so(tmp_path):
    assert "virtual machines" in rapl(tmp_path / "none").missing[0]
    assert rapl(tmp_path).missing == ("RAPL: the kernel shows no processor package here",)


def test_a_counter_for_the_administrator_only_names_the_command_that_opens_it(server, monkeypatch):
    closed = server / "intel-rapl:1" / "energy_uj"
    opened = type(closed).open

    def refuse(path, *arguments, **named):
        if path == closed:
            raise PermissionError(13, "Permission denied")
        return opened(path, *arguments, **named)

    monkeypatch.setattr(type(closed), "open", refuse)
    found = rapl(server)
    assert found.sensors == ()  # half of a machine would be taken for the whole
    (missing,) = found.missing
    assert "intel-rapl:1" in missing
    assert "sudo chmod a+r" in missing


@pytest.mark.parametrize("content", ["", "many\n", "nan", "-5", "1e300", "\x00" * 64])
def test_a_counter_that_holds_no_number_is_told_and_not_believed(server, content):
    (server / "intel-rapl:0" / "energy_uj").write_text(content)
    found = rapl(server)
    assert found.sensors == ()
    assert "intel-rapl:0 cannot be read" in found.missing[0]


def test_a_zone_without_a_range_never_begins_again(tmp_path):
    zone(tmp_path, "intel-rapl:0", "package-0", 7.0, range_j=0)
    assert rapl(tmp_path).sensors[0].range_j is None


class Error(Exception):
    """As pynvml.NVMLError."""


def library(counts, **changes):
    """A `pynvml` of as many accelerators as there are counts in millijoules; an Error among them is raised."""

    def energy(place):
        if isinstance(counts[place], Error):
            raise counts[place]
        return counts[place]

    made = {
        "NVMLError": Error,
        "nvmlInit": lambda: None,
        "nvmlDeviceGetCount": lambda: len(counts),
        "nvmlDeviceGetHandleByIndex": lambda place: place,
        "nvmlDeviceGetTotalEnergyConsumption": energy,
    }
    return SimpleNamespace(**{**made, **changes})


def test_accelerators_count_in_millijoules():
    found = nvml(lambda _: library([2_500_000, 1_000]))
    assert [(sensor.name, sensor.joules()) for sensor in found.sensors] == [
        ("NVIDIA accelerator 0", 2500.0),
        ("NVIDIA accelerator 1", 1.0),
    ]


def raising(error):
    def call(*_):
        raise error

    return call


@pytest.mark.parametrize(
    ("load", "words"),
    [
        (raising(ImportError("no pynvml")), "pip install nvidia-ml-py"),
        (lambda _: library([], nvmlInit=raising(Error("Driver Not Loaded"))), "no NVIDIA driver answers (Driver Not Loaded)"),
        (lambda _: library([]), "there is no NVIDIA accelerator"),
        (lambda _: library([Error("Not Supported")]), "does not count its energy (NVML: Not Supported)"),
    ],
)
def test_what_keeps_an_accelerator_from_being_read_is_said(load, words):
    found = nvml(load)
    assert found.sensors == ()
    assert words in found.missing[0]


def test_an_accelerator_that_is_lost_is_an_error_of_the_system():
    sensor = nvml(lambda _: library([5])).sensors[0]
    object.__setattr__(sensor, "library", library([Error("GPU is lost")]))
    with pytest.raises(OSError, match="GPU is lost"):
        sensor.joules()


def test_accelerators_are_looked_for_only_where_models_run_on_them(server):
    asked = []
    find("cpu", server, lambda name: asked.append(name) or library([1]))
    assert asked == []
    assert len(find("cuda", server, lambda name: library([1])).sensors) == 5


def test_this_machine_is_read_or_says_why_not():
    found = find()
    assert found.sensors or found.missing
    assert all(sensor.joules() >= 0 for sensor in found.sensors)
    assert os.linesep not in "".join(found.missing)
