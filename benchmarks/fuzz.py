"""Damages files and has every reader of users' files read them: each must be read, or refused in words that are effaudit's own.

    python benchmarks/fuzz.py                              # 2,000 inputs for each reader: what `make fuzz` and CI do
    python benchmarks/fuzz.py lightgbm --inputs 20000      # by hand
    python benchmarks/fuzz.py lightgbm --seed 4711         # one input again, with its traceback; --keep FOLDER writes it there

An input is known by its reader and its seed. A finding is an exception that is not effaudit's own, the end of the process, more
than 2 s of processor time (or 20 s of any), more than 1 GB of memory, or a refusal that a terminal should not show. Exit code 1
where there are findings.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import resource
import select
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from random import Random
from typing import Any

HERE = Path(__file__).parent
SLOW_S, HANGS_S, READY_S = 2.0, 20.0, 120.0
MOST_BYTES = 1 << 30
RESERVE_BYTES = 2 << 30
"""So much more may a child ask for than it holds when it is ready: what is over a limit is seen, and the machine stays usable."""
BATCH = 500
"""So many inputs has a child before another takes its place: what libraries leave behind does not count as the next input's."""
_OK = ("read", "refused")
_ALONE = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


@dataclass(frozen=True)
class Tried:
    """What became of one input. `verdict` is read, refused, or the kind of finding; `where` the last place in effaudit."""

    seed: int
    verdict: str
    words: str = ""
    seconds: float = 0.0
    bytes: int = 0
    where: str = ""


@dataclass
class Total:
    """What became of all of a reader's inputs."""

    counts: Counter[str] = field(default_factory=Counter)
    findings: list[Tried] = field(default_factory=list)
    seconds: float = 0.0
    most_seconds: float = 0.0
    most_bytes: int = 0

    def add(self, tried: Tried) -> None:
        """Counts one more."""
        self.counts[tried.verdict] += 1
        self.most_seconds, self.most_bytes = max(self.most_seconds, tried.seconds), max(self.most_bytes, tried.bytes)
        if tried.verdict not in _OK:
            self.findings.append(tried)


def main() -> None:
    """Tries them, and prints a line for each reader, then each kind of finding with the seed to see it again."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("readers", nargs="*", help="these readers only")
    parser.add_argument("--inputs", type=int, default=2000, help="for each reader")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--workers", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--seed", type=int, help="this input only, here and now")
    parser.add_argument("--keep", type=Path, help="a folder for the inputs of findings, or for that of --seed")
    parser.add_argument("--module", default="_fuzzed", help=argparse.SUPPRESS)
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    readers = importlib.import_module(options.module).READERS
    unknown = set(options.readers) - set(readers)
    if unknown:
        parser.error(f"no such reader: {', '.join(sorted(unknown))}; there are {', '.join(readers)}")
    chosen = options.readers or list(readers)
    if options.child:
        serve(readers, options.child)
    elif options.seed is not None:
        again(readers[chosen[0]], chosen[0], options.seed, options.keep)
    else:
        sys.exit(_all(options, chosen))


def fuzz(name: str, seeds: Iterable[int], workers: int = 1, module: str = "_fuzzed") -> Total:
    """Tries a reader's inputs, in as many child processes."""
    total, lock, begun = Total(), threading.Lock(), time.monotonic()
    remaining = iter(seeds)

    def work(child: Child) -> None:
        with child:
            while True:
                with lock:
                    seed = next(remaining, None)
                if seed is None:
                    return
                tried = child.tried(name, seed)
                with lock:
                    total.add(tried)

    with tempfile.TemporaryDirectory(prefix="effaudit-fuzz-") as folder, ThreadPoolExecutor(workers) as pool:
        children = [Child(Path(folder) / str(worker), module) for worker in range(workers)]
        for done in [pool.submit(work, child) for child in children]:
            done.result()
    total.seconds = time.monotonic() - begun
    return total


class Child:
    """A process that tries inputs; another one takes its place when it ended, hung, or has tried enough."""

    def __init__(self, folder: Path, module: str = "_fuzzed") -> None:
        self._command = [sys.executable, "-W", "ignore", str(Path(__file__)), "--child", str(folder), "--module", module]
        self._process: subprocess.Popen[bytes] | None = None
        self._tried = 0

    def __enter__(self) -> Child:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def tried(self, name: str, seed: int) -> Tried:
        """What becomes of one input, the end of the process included."""
        if self._process is None:
            self._process = subprocess.Popen(
                self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0, env=os.environ | _ALONE
            )  # unbuffered: a line that was read ahead would not be waited for
        assert self._process.stdin is not None
        self._process.stdin.write(f"{name} {seed}\n".encode())
        if self._line(READY_S) != b"begins\n":
            self.end()
            command = f"python {__file__} {name} --seed {seed}"
            raise RuntimeError(f"{name}: an original is not read, or seed {seed} makes no input; see {command}")
        line = self._line(HANGS_S)
        self._tried += 1
        if line:
            tried = Tried(**json.loads(line))
        elif line is None:
            tried = Tried(seed, "hangs", f"no answer within {HANGS_S:g} s", HANGS_S)
        else:
            tried = Tried(seed, "ended", f"the process ended with code {self._process.wait()}")
        if not line or tried.verdict == "memory" or self._tried >= BATCH:
            self.end()
        return tried

    def end(self) -> None:
        """Kills it."""
        if self._process is None:
            return
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        self._process, self._tried = None, 0

    def _line(self, seconds: float) -> bytes | None:
        """A line; nothing at the process's end; None where it does not come in time. (The child writes lines whole.)"""
        assert self._process is not None
        assert self._process.stdout is not None
        ready, _, _ = select.select([self._process.stdout], [], [], seconds)
        return self._process.stdout.readline() if ready else None


def serve(readers: dict[str, Any], folder: Path) -> None:
    """A child: tries the inputs that it is sent, and answers a line for each. What libraries print goes nowhere."""
    answers = os.fdopen(os.dup(1), "w")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    ready: set[str] = set()
    for line in sys.stdin:
        name, _, seed = line.partition(" ")
        if name not in ready:
            _prepare(readers[name], folder / name)
            ready.add(name)
        with tempfile.TemporaryDirectory(prefix="effaudit-fuzz-") as place:
            path = readers[name].damaged(folder / name, random_of(name, int(seed)), Path(place))
            print("begins", file=answers, flush=True)
            print(json.dumps(asdict(_tried(readers[name], path, int(seed)))), file=answers, flush=True)


def again(reader: Any, name: str, seed: int, keep: Path | None) -> None:
    """One input, in this process: what it is, and what the reader says, traceback and all."""
    with tempfile.TemporaryDirectory(prefix="effaudit-fuzz-") as folder:
        path = damaged(reader, name, seed, Path(folder) / "originals", keep or Path(folder) / "damaged")
        print(f"{name}, seed {seed}: {path}", flush=True)
        try:
            _done(reader.read(path))
        except Exception as error:
            traceback.print_exc()
            print("refused" if _is_own(error) else "a finding, or a model that was read and does not answer")
        else:
            print("read")


def damaged(reader: Any, name: str, seed: int, originals: Path, place: Path) -> Path:
    """Makes an input, in a folder that is made if need be."""
    if not originals.exists():
        originals.mkdir(parents=True)
        reader.make(originals)
    place.mkdir(parents=True, exist_ok=True)
    return Path(reader.damaged(originals, random_of(name, seed), place))


def random_of(name: str, seed: int) -> Random:
    """The random numbers of an input."""
    return Random(f"{name}:{seed}")


def kinds(findings: Iterable[Tried]) -> Iterator[str]:
    """Findings of one kind together: how many, what, where, and the first seed."""
    by_kind: dict[tuple[str, str, str], list[Tried]] = {}
    for finding in findings:
        by_kind.setdefault((finding.verdict, finding.words.partition(":")[0], finding.where), []).append(finding)
    for (verdict, _, where), alike in sorted(by_kind.items(), key=lambda item: -len(item[1])):
        first = min(alike, key=lambda finding: finding.seed)
        yield f"{len(alike)} × {verdict}, first --seed {first.seed}: {first.words} {f'({where})' if where else ''}".rstrip()


def _all(options: argparse.Namespace, chosen: Sequence[str]) -> int:
    print("| reader | inputs | read | refused | findings | longest, s | most memory | inputs a second |")
    print("|" + " --- |" * 8, flush=True)
    found: dict[str, list[Tried]] = {}
    for name in chosen:
        total = fuzz(name, range(options.first, options.first + options.inputs), options.workers, options.module)
        tried = total.counts.total()
        figures = (tried, total.counts["read"], total.counts["refused"], len(total.findings))
        most = f"{total.most_seconds:.2f} | {total.most_bytes / 2**20:.0f} MiB | {tried / total.seconds:.0f}"
        print(f"| {name} | {' | '.join(map(str, figures))} | {most} |", flush=True)
        if total.findings:
            found[name] = total.findings
    for name, findings in found.items():
        print(f"\n{name}")
        for line in kinds(findings):
            print(f"  {line}")
        _keep(options, name, findings)
    return 1 if found else 0


def _keep(options: argparse.Namespace, name: str, findings: Iterable[Tried]) -> None:
    if options.keep is not None:
        reader = importlib.import_module(options.module).READERS[name]
        with tempfile.TemporaryDirectory(prefix="effaudit-fuzz-") as folder:
            for finding in findings:
                damaged(reader, name, finding.seed, Path(folder) / name, options.keep / f"{name}-{finding.seed}")


def _prepare(reader: Any, originals: Path) -> None:
    """Makes the originals, and reads them: whole, they must be read and have answers. Then memory is limited."""
    if not originals.exists():
        originals.mkdir(parents=True)
        reader.make(originals)
    for original in sorted(originals.iterdir()):
        with tempfile.TemporaryDirectory(prefix="effaudit-fuzz-") as place:
            copy = Path(place) / original.name
            (shutil.copytree if original.is_dir() else shutil.copyfile)(original, copy)
            _done(reader.read(copy))
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (_status("VmSize") + RESERVE_BYTES, hard))


def _tried(reader: Any, path: Path, seed: int) -> Tried:
    held, begun = _status("VmRSS"), time.process_time()
    Path("/proc/self/clear_refs").write_text("5")  # from here on VmHWM is this input's
    verdict, words, where = _verdict(reader, path)
    seconds, more = time.process_time() - begun, max(0, _status("VmHWM") - held)
    if verdict in _OK and more > MOST_BYTES:  # which takes its time, too
        verdict, words = "memory", f"{more / 2**20:.0f} MiB ({verdict})"
    elif verdict in _OK and seconds > SLOW_S:
        verdict, words = "slow", f"{seconds:.1f} s of processor time ({verdict})"
    return Tried(seed, verdict, words[:300], seconds, more, where)


def _verdict(reader: Any, path: Path) -> tuple[str, str, str]:
    try:
        ask = reader.read(path)
    except BaseException as error:
        if not _is_own(error):
            return "traceback", f"{type(error).__name__}: {error}".replace("\n", " "), _frame(error)
        words = str(error)
        odd = next((letter for letter in words if not letter.isprintable() and letter != "\n"), None)
        if odd is not None or not words.strip() or len(words) > 20_000:
            return "words", f"a refusal of {len(words)} letters, {odd!r} among them", _frame(error)
        return "refused", words, ""
    try:
        _done(ask)
    except Exception:
        return "read", "it was read, and does not answer", ""
    return "read", "", ""


def _done(ask: Any) -> None:
    if ask is not None:
        ask()


def _is_own(error: BaseException) -> bool:
    from effaudit.core.errors import InputError
    from effaudit.core.plugin import Refused

    return isinstance(error, (InputError, Refused))


def _frame(error: BaseException) -> str:
    """The last place in effaudit that an exception went through."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "effaudit" in Path(frame.filename).parts]
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno} {frames[-1].name}" if frames else ""


def _status(field: str) -> int:
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(field + ":"))
    return int(line.split()[1]) * 1024


if __name__ == "__main__":
    main()
