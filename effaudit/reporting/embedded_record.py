"""The record inside the report, so that one file can be judged again years later."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from dataclasses import dataclass, replace

from effaudit.core.record import Record
from effaudit.core.seal import sealed
from effaudit.core.units import show
from effaudit.reporting.plain import in_words, said


@dataclass(frozen=True)
class Embedded:
    """record.json: `data` is gzip in base64, "" where it was left out; `digest` the JSON's SHA-256."""

    data: str
    digest: str
    size: int

    @property
    def shown(self) -> str:
        """The JSON's size, for readers."""
        return show(self.size, "B")


def embedded(record: Record, with_data: bool) -> Embedded:
    """The very bytes of record.json, so that the hash is the file's; packed alike on any day."""
    whole = sealed(said(replace(record, arrays={}, samples={}), in_words))
    plain = json.dumps(whole, ensure_ascii=False, allow_nan=False, indent=1).encode()
    packed = base64.b64encode(gzip.compress(plain, mtime=0)).decode() if with_data else ""
    return Embedded(packed, hashlib.sha256(plain).hexdigest(), len(plain))
