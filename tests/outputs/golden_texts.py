"""Every output on the committed sample, as it should read. Run it to write the texts again: python tests/outputs/golden_texts.py"""

from __future__ import annotations

import json
import os
import pkgutil
import re
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "reports" / "sample"
GOLDEN = Path(__file__).parent / "golden"
TODAY = date(2026, 11, 23)
REPORT = SAMPLE / "report.html"
"""The golden text of the output `html`."""


def golden() -> dict[str, Path]:
    """Each of effaudit's own outputs but html, with its file."""
    from effaudit import outputs, registry

    names = sorted(found.name for found in pkgutil.iter_modules(outputs.__path__) if not found.name.startswith("_"))
    return {name: GOLDEN / f"{name}{registry.find('outputs', name).suffix or '.txt'}" for name in names if name != "html"}


@cache
def judged():
    """The sample's record, and the verdict of its policy and waivers on a fixed day."""
    from effaudit.cli import _reading
    from effaudit.core.policy import WaiverSource
    from effaudit.judge.decide import decide

    os.chdir(ROOT)
    record = _reading.record(Path("reports/sample"))
    policy = replace(_reading.policy(Path("reports/sample/policy.yaml")), waivers=WaiverSource("reports/sample/waivers.yaml"))
    return record, decide(record, policy, None, _reading.waivers(policy), TODAY)


def text_of(output: str) -> str:
    """What an output says of the sample."""
    from effaudit import registry

    return registry.find("outputs", output)().render(*judged())


def diff_text() -> str:
    """The comparison of the baseline with the recommended candidate, as markdown."""
    from effaudit.judge.diff import diff
    from effaudit.outputs.markdown import Markdown

    record, verdict = judged()
    return Markdown().render_diff(diff(record, record, (record.baseline, str(verdict.recommended))), everything=True)


def comparable(page: str) -> str:
    """A report without what zlib packs, which differs between its versions."""
    return re.sub(r"base64,[A-Za-z0-9+/=]+", "base64,", page)


def main() -> None:
    """Writes all golden texts, and the sample's report."""
    GOLDEN.mkdir(exist_ok=True)
    for output, path in golden().items():
        path.write_text(text_of(output), "utf-8")
    (GOLDEN / "diff.md").write_text(diff_text(), "utf-8")
    REPORT.write_text(text_of("html"), "utf-8")
    print(json.dumps({path.name: path.stat().st_size for path in (*GOLDEN.iterdir(), REPORT)}, indent=1))


if __name__ == "__main__":
    main()
