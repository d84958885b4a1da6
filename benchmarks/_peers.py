"""Other tools, each as its users run it, on the callables of _models.py: `python _peers.py TOOL SECONDS FUNCTION…`.

Runs in the current folder, which should be empty. Prints one line of JSON: the seconds per call that the tool reports for each
function, measured one after the other, SECONDS in all.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).parent
ROWS = 0.0
"""What the callables are given; they hand it back."""

PYPERF_PROCESS_S = 0.6
"""One of pyperf's processes: its start, a warm-up and three values of 0.1 s, its own defaults."""


def pytest_benchmark(seconds: float, names: list[str]) -> dict[str, float]:
    """The medians of one test per function, as `--benchmark-compare-fail=median:5%` compares them."""
    tests = [f"def test_{name}(benchmark): benchmark(_models.{name}, {ROWS})" for name in names]
    Path("test_callables.py").write_text("\n".join(["import _models", *tests]))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_callables.py"]
    options = [f"--benchmark-max-time={seconds / len(names)}", "--benchmark-json=found.json", "--rootdir=."]
    subprocess.run([*command, *options], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    found = json.loads(Path("found.json").read_text())["benchmarks"]
    return {each["name"].removeprefix("test_"): each["stats"]["median"] for each in found}


def pyperf(seconds: float, names: list[str]) -> dict[str, float]:
    """The means over processes, as `pyperf compare_to` compares them."""
    processes = max(2, round(seconds / len(names) / PYPERF_PROCESS_S))
    script = ["import pyperf, _models", f"runner = pyperf.Runner(processes={processes})"]
    script += [f"runner.bench_func({name!r}, _models.{name}, {ROWS})" for name in names]
    Path("callables.py").write_text("\n".join(script))
    command = [sys.executable, "callables.py", "-q", "-o", "found.json", "--copy-env"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    import pyperf as library

    return {bench.get_name(): bench.mean() for bench in library.BenchmarkSuite.load("found.json").get_benchmarks()}


def torch_benchmark(seconds: float, names: list[str]) -> dict[str, float]:
    """The medians of torch.utils.benchmark's blocked_autorange."""
    import _models
    from torch.utils.benchmark import Timer

    found = {}
    for name in names:
        timer = Timer("ask(rows)", globals={"ask": getattr(_models, name), "rows": ROWS})
        found[name] = float(timer.blocked_autorange(min_run_time=seconds / len(names)).median)
    return found


def loadgen(seconds: float, names: list[str]) -> dict[str, float]:
    """The medians of MLPerf's single-stream scenario."""
    import _models

    return {name: _single_stream(getattr(_models, name), seconds / len(names)) for name in names}


def _single_stream(ask: Callable[[float], object], seconds: float) -> float:
    import mlperf_loadgen as mlperf

    settings = mlperf.TestSettings()
    settings.scenario = mlperf.TestScenario.SingleStream
    settings.mode = mlperf.TestMode.PerformanceOnly
    settings.min_duration_ms = int(seconds * 1000)
    settings.max_duration_ms = 0
    settings.min_query_count = 1
    settings.single_stream_expected_latency_ns = 1_000_000

    def issue(samples: list) -> None:  # type: ignore[type-arg]
        for sample in samples:
            ask(ROWS)
            mlperf.QuerySamplesComplete([mlperf.QuerySampleResponse(sample.id, 0, 0)])

    system = mlperf.ConstructSUT(issue, lambda: None)
    library = mlperf.ConstructQSL(1024, 1024, lambda _: None, lambda _: None)
    mlperf.StartTest(system, library, settings)
    mlperf.DestroyQSL(library)
    mlperf.DestroySUT(system)
    summary = Path("mlperf_log_summary.txt").read_text().splitlines()
    return float(next(line for line in summary if line.startswith("50.00 percentile")).split(":")[1]) / 1e9


PEERS = {"pytest-benchmark": pytest_benchmark, "pyperf": pyperf, "torch.utils.benchmark": torch_benchmark, "loadgen": loadgen}


def main() -> None:
    """Runs one tool."""
    tool, seconds, *names = sys.argv[1:]
    sys.path.insert(0, str(HERE))
    print(json.dumps(PEERS[tool](float(seconds), names)))


if __name__ == "__main__":
    main()
