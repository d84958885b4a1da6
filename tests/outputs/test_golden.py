"""The committed sample, judged and shown again by every output: the texts are compared whole.

Where a change is meant, `python tests/outputs/golden_texts.py` writes them again.
"""

from __future__ import annotations

import base64
import gzip
import json
import re

import pytest
from golden_texts import GOLDEN, REPORT, SAMPLE, comparable, diff_text, golden, judged, text_of


@pytest.fixture(autouse=True)
def _from_the_root(monkeypatch):
    monkeypatch.chdir(SAMPLE.parents[1])


@pytest.mark.parametrize("output", golden())
def test_an_output_reads_as_it_did(output):
    assert text_of(output) == golden()[output].read_text("utf-8")


def test_the_report_reads_as_it_did():
    assert comparable(text_of("html")) == comparable(REPORT.read_text("utf-8"))


def test_the_report_holds_the_record():
    (packed,) = re.findall(r"base64,([A-Za-z0-9+/=]+)", REPORT.read_text("utf-8"))
    held = json.loads(gzip.decompress(base64.b64decode(packed)))
    assert held["name"] == "flight-delays"


def test_a_comparison_reads_as_it_did():
    assert diff_text() == (GOLDEN / "diff.md").read_text("utf-8")


def test_the_sample_names_no_folder_and_fits_a_commit():
    text = (SAMPLE / "record.json").read_text("utf-8")
    assert not re.search(r'"/(home|root|tmp|work|Users)/', text)
    assert sum(path.stat().st_size for path in SAMPLE.iterdir()) < 1_500_000


def test_the_verdict_shows_waivers_failures_and_undecided_rules():
    _, verdict = judged()
    assert {check.status for check in verdict.checks} == {"pass", "fail", "inconclusive"}
    assert any(check.waived for check in verdict.checks)
