"""The hash that a record's JSON holds of all the rest of it: what was changed since it was written is noticed.

It shows damage and careless edits. Whoever wants to deceive can compute it anew; against them, sign what CI uploads.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

KEY = "sha256"


def sealed(facts: Mapping[str, Any]) -> dict[str, Any]:
    """JSON facts, with their hash as the last key."""
    rest = {key: value for key, value in facts.items() if key != KEY}
    return {**rest, KEY: _hash(rest)}


def is_whole(facts: Mapping[str, Any]) -> bool:
    """Are these the facts that were sealed, in whatever layout and order of keys?"""
    return bool(facts.get(KEY) == _hash({key: value for key, value in facts.items() if key != KEY}))


def _hash(facts: Mapping[str, Any]) -> str:
    text = json.dumps(facts, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
