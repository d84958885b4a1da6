"""A record on disk: record.json, with its evidence and raw samples beside it, each written whole or not at all."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import math
import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import IO, Any

from pydantic import TypeAdapter, ValidationError

from effaudit.core.errors import InputError, Place
from effaudit.core.files import PART
from effaudit.core.record import SCHEMA, Record
from effaudit.core.seal import KEY, is_whole, sealed
from effaudit.core.store import Array
from effaudit.core.text import one_line
from effaudit.core.wire import pack
from effaudit.reading.npz import Npz, write_npz
from effaudit.reading.record_arrays import Checked, evidence_fault, samples_fault
from effaudit.reading.record_check import check_record
from effaudit.reading.record_upgrade import upgraded
from effaudit.reading.yaml_text import path_of

RECORD, EVIDENCE, SAMPLES = "record.json", "evidence.npz", "samples.npz"
JSON_LIMIT = 256 << 20
ARRAYS_LIMIT = 2 << 30


def write_record(record: Record, folder: Path) -> Record:
    """Writes a record into a folder, which is made if need be; gives it back with the hashes of its arrays.

    Each file is written beside its place, flushed to the disk and renamed, record.json last: whoever reads meanwhile finds
    the old record or the new one. Numbers that JSON cannot say are the words "NaN", "Infinity" and "-Infinity".
    """
    folder.mkdir(parents=True, exist_ok=True)
    staged: dict[str, Path] = {}
    try:
        for name, arrays in ((EVIDENCE, record.arrays), (SAMPLES, record.samples)):
            staged[name] = _staged(folder / name, partial(write_npz, arrays=arrays))
        whole = replace(record, files={name: _hash(path) for name, path in staged.items()})
        facts = sealed(_plain(pack(replace(whole, arrays={}, samples={}))))
        text = json.dumps(facts, ensure_ascii=False, allow_nan=False, indent=1)
        staged[RECORD] = _staged(folder / RECORD, lambda file: file.write(text.encode("utf-8")))
        for name, path in staged.items():
            path.replace(folder / name)
    finally:
        for path in staged.values():
            path.unlink(missing_ok=True)
    _flush(folder)
    return whole


def read_record(path: Path) -> Record:
    """Reads a record by its file or its folder; its arrays are read when they are asked for.

    Raises InputError where a file is missing, damaged, altered, or of another version. Raw samples may be missing.
    """
    record = as_written(path)
    file = path / RECORD if path.is_dir() else path
    check_record(record, Place(str(file)))
    fault = partial(evidence_fault, record.workload.splits.get("certify", 0))
    arrays = Checked(record.arrays, fault, Place(str(file.parent / EVIDENCE)))
    samples = Checked(record.samples, samples_fault, Place(str(file.parent / SAMPLES)))
    return replace(record, arrays=arrays, samples=samples)


def as_written(path: Path) -> Record:
    """What a record's files say, of the right types, whether it can be or not. Raises InputError as `read_record` does."""
    file = path / RECORD if path.is_dir() else path
    facts = _facts(_bytes(file, JSON_LIMIT), Place(str(file)))
    try:
        record = _adapter().validate_python(facts)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = path_of(tuple(first["loc"]))
        raise InputError(f"this record is damaged: {first['msg']}", Place(str(file), keys=where)) from error
    samples = file.parent / SAMPLES
    return replace(
        record,
        arrays=_arrays(file.parent / EVIDENCE, record.files.get(EVIDENCE)),
        samples=_arrays(samples, record.files.get(SAMPLES)) if samples.exists() else {},
    )


def _staged(path: Path, write: Callable[[IO[bytes]], object]) -> Path:
    """A finished file beside its place."""
    staged = path.with_name(f".{path.name}.{secrets.token_hex(4)}{PART}")
    try:
        with os.fdopen(os.open(staged, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666), "wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
    except BaseException as error:
        with contextlib.suppress(OSError):
            staged.unlink(missing_ok=True)
        if isinstance(error, OSError):
            error.filename, error.filename2 = str(path), None
        raise
    return staged


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _flush(folder: Path) -> None:
    """Makes renames last through a power failure, where the system can."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _plain(value: Any) -> Any:
    """What JSON can say: words for NaN and infinity, and no half characters (they come from worker's output)."""
    if hasattr(value, "item") and not isinstance(value, (str, bytes)):  # a numpy number
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, dict):
        return {_plain(key): _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value


def _facts(data: bytes, place: Place) -> dict[str, Any]:
    try:
        facts = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise InputError(f"this is not a record, or only a part of one ({one_line(str(error), 120)})", place) from error
    schema = facts.get("schema") if isinstance(facts, dict) else None
    if not isinstance(schema, int):
        raise InputError("this is not a record of effaudit", place, f"Give the {RECORD} of an audit, or its folder.")
    if not 1 <= schema <= SCHEMA:
        what = f"this record is of schema {schema}, and this version of effaudit reads schemas up to {SCHEMA}"
        raise InputError(
            what, place, f"Install the version that made it ({one_line(str(facts.get('version')), 40)}), or a newer one."
        )
    _check_seal(facts, place)
    facts = {**upgraded(facts), "schema": SCHEMA} if schema == 1 else facts
    return {**facts, "rows": _with_tuples(facts.get("rows"))}


def _check_seal(facts: dict[str, Any], place: Place) -> None:
    if KEY not in facts:
        what = "this record holds no hash of itself: it is of an earlier version, or was cut"
        raise InputError(what, place, "Audit again.")
    try:
        whole = is_whole(facts)
    except (ValueError, RecursionError):
        whole = False
    if not whole:
        what = "this record was changed or damaged after it was written"
        raise InputError(what, place, "Take it as the audit wrote it; to change what it says, audit again.")


def _with_tuples(rows: Any) -> Any:
    """A recipe's options are frozen: their lists are tuples."""
    for row in rows if isinstance(rows, list) else ():
        candidate = row.get("candidate") if isinstance(row, dict) else None
        recipe = candidate.get("recipe") if isinstance(candidate, dict) else None
        for step in recipe if isinstance(recipe, list) else ():
            if isinstance(step, dict) and "options" in step:
                step["options"] = _frozen(step["options"])
    return rows


def _frozen(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _frozen(item) for key, item in value.items()}
    return tuple(_frozen(item) for item in value) if isinstance(value, list) else value


def _arrays(file: Path, expected: str | None) -> Mapping[str, Array]:
    place = Place(str(file))
    data = _bytes(file, ARRAYS_LIMIT)
    if hashlib.sha256(data).hexdigest() != expected:
        raise InputError(
            "this file is not the one that the record was written with", place, "Take all files of one audit together."
        )
    return Npz(io.BytesIO(data), place, ARRAYS_LIMIT)


def _bytes(file: Path, limit: int) -> bytes:
    place = Place(str(file))
    try:
        if not file.is_file():
            raise InputError("there is no such file", place, f"A record is {RECORD} with {EVIDENCE} beside it.")
        if file.stat().st_size > limit:
            raise InputError(f"more than {limit:,} bytes, which is too much for a record", place)
        return file.read_bytes()
    except (OSError, ValueError) as error:
        raise InputError(f"cannot be read: {one_line(str(error), 160)}", place) from error


@cache
def _adapter() -> TypeAdapter[Record]:
    return TypeAdapter(Record)
