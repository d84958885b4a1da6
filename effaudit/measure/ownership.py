"""Whose a run's folder is: effaudit works only in folders of its own, and follows no links that lie in them."""

from __future__ import annotations

import contextlib
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from effaudit.core.errors import InputError, Place
from effaudit.core.files import ADVICE, PART, expect, own_file, shown
from effaudit.measure.journal import is_journal

MARKER = ".effaudit"
SCHEMA = 1
LOCK, JOURNAL, RECORD = ".lock", "journal.bin", "record.json"
DATA, PREDICTIONS, ARTIFACTS, LOGS = "data", "predictions", "artifacts", "logs"
MODELS, IN_MEMORY = "models", "in-memory"
"""What the Python interface adds: models that were in memory, and names for data that was."""
PLAN = "plan.yaml"
"""What it added in earlier versions."""

_FILES = (MARKER, LOCK, JOURNAL, RECORD, "evidence.npz", "samples.npz", "report.html", PLAN)
_FOLDERS = (DATA, PREDICTIONS, LOGS, MODELS, IN_MEMORY)
_WORK = frozenset((DATA, PREDICTIONS, ARTIFACTS, LOGS, MODELS, IN_MEMORY, PLAN))
"""What only an audit leaves, which leaves its lock beside it."""
_NOBODYS = frozenset((".gitignore", ".gitkeep", ".keep", ".DS_Store"))
_LEFT_OVER = re.compile(r"\..+\.[0-9a-f]{8}" + re.escape(PART))
_MARKED = 4096
_RECORD_LIMIT = 256 << 20


def claim(folder: Path) -> None:
    """Marks a folder as effaudit's own. Raises InputError where it holds other files, or links where the run will write.

    A folder that an earlier version left, with a record or a journal and no mark, is taken too.
    """
    if os.path.lexists(folder / MARKER):
        _check_marker(folder / MARKER)
    else:
        stranger = _stranger(folder)
        if stranger is not None:
            if stranger.is_symlink():
                expect(stranger, folder=False)
            what = f"this folder holds files that are not effaudit's, such as {shown(stranger)}"
            raise InputError(what, Place(shown(folder)), "Give a new or an empty folder with --out (from Python: out=).")
    check(folder)
    with contextlib.suppress(FileExistsError):
        descriptor = own_file(folder / MARKER, os.O_WRONLY | os.O_EXCL)
        with os.fdopen(descriptor, "w", encoding="utf-8") as marker:
            marker.write(json.dumps({"effaudit": "the folder of a run; effaudit writes here", "schema": SCHEMA}) + "\n")


def check(folder: Path) -> None:
    """Raises InputError where something in a run's folder is a link, or no file or folder as effaudit has it there."""
    for name in _FILES:
        if os.path.lexists(folder / name):
            expect(folder / name, folder=False)
    for name in _FOLDERS:
        if os.path.lexists(folder / name):
            expect(folder / name, folder=True)
            _refuse_links(folder / name)
    if os.path.lexists(folder / ARTIFACTS):
        expect(folder / ARTIFACTS, folder=True)
        for product in sorted((folder / ARTIFACTS).iterdir()):
            expect(product, folder=product.is_dir())


def sweep(folder: Path) -> None:
    """Removes what an audit that was killed had begun to write, once the folder is locked."""
    for path in (found for place in (folder, *_all_below(folder)) for found in place.iterdir()):
        if _LEFT_OVER.fullmatch(path.name) and path.is_file():
            path.unlink(missing_ok=True)


def default_folder(name: str) -> Path:
    """Where a run's files go when nobody says where. Raises InputError for a link: it may have come with somebody's repository."""
    folder = Path("reports") / name
    for path in (folder.parent, folder):
        if path.is_symlink():
            advice = f"If it is yours, say so with --out {folder} (from Python: out=)."
            raise InputError("this is a link, which is followed only where it is named", Place(str(path)), advice)
    return folder


def _check_marker(marker: Path) -> None:
    expect(marker, folder=False)
    with marker.open("rb") as file:
        written = file.read(_MARKED)
    facts = _json(written)
    if written and not (isinstance(facts, dict) and "effaudit" in facts):  # none yet: another audit is just about to write it
        raise InputError("this file is not the mark that effaudit leaves in its folders", Place(shown(marker)), ADVICE)
    if isinstance(facts, dict) and isinstance(facts.get("schema"), int) and facts["schema"] > SCHEMA:
        what = "this folder is of a newer version of effaudit"
        raise InputError(what, Place(shown(marker.parent)), "Give another folder with --out (from Python: out=).")


def _stranger(folder: Path) -> Path | None:
    """The first entry of a folder without a mark that says it is none of effaudit's; None where there is none."""
    found = sorted(path for path in folder.iterdir() if path.name not in _NOBODYS)
    locked = (folder / LOCK).is_file() and not (folder / LOCK).is_symlink()
    known = is_journal(folder / JOURNAL) or _is_record(folder / RECORD)
    if known:
        return None if locked else _first_file(next((path for path in found if path.name in _WORK), None))
    return _first_file(next((path for path in found if path.name != LOCK or not _is_lock(path)), None))


def _first_file(path: Path | None) -> Path | None:
    while path is not None and path.is_dir() and not path.is_symlink():
        inside = min(path.iterdir(), default=None)
        if inside is None:
            return path
        path = inside
    return path


def _is_lock(path: Path) -> bool:
    """Left by an audit that an error in its plan ended at once."""
    with contextlib.suppress(OSError):
        words = path.read_bytes()[:20].strip() if path.is_file() and not path.is_symlink() else b"?"
        return not words or words.isdigit()
    return False


def _is_record(path: Path) -> bool:
    if path.is_symlink() or not path.is_file() or path.stat().st_size > _RECORD_LIMIT:
        return False
    facts = _json(path.read_bytes())
    return isinstance(facts, dict) and {"schema", "plan_digest", "rows", "sessions"} <= facts.keys()


def _json(data: bytes) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None


def _refuse_links(folder: Path) -> None:
    for place in _all_below(folder, folder):
        for path in sorted(place.iterdir()):
            if path.is_symlink():
                expect(path, folder=False)


def _all_below(folder: Path, first: Path | None = None) -> Iterator[Path]:
    """Folders that effaudit writes files into, below (or from) one."""
    tops = [first] if first else [folder / name for name in _FOLDERS]
    for top in tops:
        for place, _, _ in os.walk(top):
            yield Path(place)
