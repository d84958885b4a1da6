"""Records of the right form with something odd in them: one random change of a figure, a list or an array, and sealed again."""

from __future__ import annotations

import copy
import hashlib
import io
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from effaudit.core.seal import sealed

ODD = (
    *(
        None,
        "",
        "x",
        "lots",
        "NaN",
        "Infinity",
        "-Infinity",
        "2026-02-30",
        True,
        False,
        0,
        1,
        -1,
        0.5,
        -0.5,
        2,
        255,
        10**15,
        -(10**15),
    ),
    *(1e-300, -1e-300, 1e308, -1e308, 2**63, 2**64, [], {}, [None], ["x"], [1, 2], {"x": 1}, "\x1b[31m\n", "é" * 400, "nan", "1"),
)
DTYPES = ("M8[s]", "m8[ns]", "c16", "?", "i1", "u8", "f2", "U8", "S3", "i8", "f4")


class Mutator:
    """Changes one thing in a copy of a record at a time; the same seed makes the same change."""

    def __init__(self, folder: Path) -> None:
        self.facts = json.loads((folder / "record.json").read_text())
        self.evidence = (folder / "evidence.npz").read_bytes()
        with np.load(io.BytesIO(self.evidence)) as arrays:
            self.arrays = dict(arrays)

    def write(self, seed: int, folder: Path) -> str:
        """Writes the record that this seed makes into a folder; says what was changed."""
        chance = random.Random(seed)
        facts, arrays, words = copy.deepcopy(self.facts), None, ""
        if chance.random() < 0.3:
            arrays = dict(self.arrays)
            words = changed_array(arrays, chance)
        else:
            for _ in range(chance.choice((1, 1, 1, 3))):
                words += changed_facts(facts, chance) + "; "
        save(facts, folder, self.evidence if arrays is None else archived(arrays))
        return words


def save(facts: dict[str, Any], folder: Path, evidence: bytes) -> None:
    """Seals the facts and writes them beside their evidence."""
    folder.mkdir(parents=True, exist_ok=True)
    if isinstance(facts.get("files"), dict):
        facts["files"]["evidence.npz"] = hashlib.sha256(evidence).hexdigest()
    (folder / "evidence.npz").write_bytes(evidence)
    (folder / "record.json").write_text(json.dumps(sealed(facts)))


def archived(arrays: dict[str, np.ndarray]) -> bytes:
    """The bytes of an npz file."""
    whole = io.BytesIO()
    np.savez(whole, **arrays)
    return whole.getvalue()


def changed_facts(facts: Any, chance: random.Random) -> str:
    """One change somewhere in JSON facts, in place; containers are as likely as what stands in them."""
    parent, key, path = chance.choice(list(_places(facts)))
    kind = chance.choice(("odd", "odd", "odd", "drop", "scale", "like", "twice", "short", "reverse"))
    value = parent[key]
    if kind == "drop":
        del parent[key]
    elif kind == "scale" and isinstance(value, (int, float)) and not isinstance(value, bool):
        parent[key] = value * chance.choice((-1, 0, 1e-9, 1e9, 1e200, 1.5))
    elif kind == "twice" and isinstance(value, list) and value:
        value.append(copy.deepcopy(value[0]))
    elif kind == "short" and isinstance(value, list):
        del value[len(value) // 2 :]
    elif kind == "reverse" and isinstance(value, list):
        value.reverse()
    elif kind == "like":
        other, name, _ = chance.choice(list(_places(facts)))
        parent[key] = copy.deepcopy(other[name])
    else:
        parent[key] = copy.deepcopy(chance.choice(ODD))
    return f"{kind} {path}: {str(value)[:60]!r} -> {str(parent[key] if kind != 'drop' else '')[:60]!r}"


def changed_array(arrays: dict[str, np.ndarray], chance: random.Random) -> str:
    """One change of an array: its type, shape, values or name."""
    name = chance.choice(sorted(arrays))
    array = arrays[name]
    kind = chance.choice(("dtype", "shape", "values", "drop", "swap", "rename"))
    what = ""
    if kind == "dtype":
        what = chance.choice(DTYPES)
        with np.errstate(all="ignore"):
            arrays[name] = array.astype("i8").astype(what) if what[0] in "Mm" else array.astype(what)
    elif kind == "shape":
        what = chance.choice(("empty", "half", "flat", "deep", "wide", "turned", "single"))
        shapes = {"empty": array[:0], "half": array[: len(array) // 2], "flat": array.ravel(), "deep": array[..., None]}
        shapes |= {"wide": np.stack([array, array], axis=-1), "turned": array.T, "single": array.reshape(-1)[0]}
        arrays[name] = shapes[what]
    elif kind == "values":
        odd = chance.choice((np.nan, np.inf, -np.inf, -1.0, 0.0, 1e308, 1e-300, 1e15, 0.5))
        what, whole = str(odd), chance.random() < 0.5
        arrays[name] = new = np.array(array, dtype=np.float64)
        new[... if whole else (0,) * new.ndim] = odd
    elif kind == "drop":
        del arrays[name]
    elif kind == "swap":
        what = chance.choice(sorted(arrays))
        arrays[name], arrays[what] = arrays[what], arrays[name]
    else:
        arrays[name + "x"] = arrays.pop(name)
    return f"array {name}: {kind} {what}"


def _places(facts: Any, path: str = "") -> Iterator[tuple[Any, Any, str]]:
    entries = list(facts.items()) if isinstance(facts, dict) else list(enumerate(facts)) if isinstance(facts, list) else []
    for key, value in entries:
        if not path and key in ("sha256", "schema", "version"):
            continue
        yield facts, key, f"{path}.{key}"
        yield from _places(value, f"{path}.{key}")
