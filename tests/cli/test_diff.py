"""`effaudit diff` and the outputs for CI, as users type them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from xml.etree import ElementTree as Xml

import pytest

from effaudit.cli import run
from effaudit.core.seal import sealed

SAMPLE = Path(__file__).parents[2] / "reports" / "sample"


@pytest.fixture
def told(capsys):
    """Runs a command; gives its exit code, what it printed and what it complained of."""

    def ran(*words):
        code = run(["diff", *map(str, words)])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return ran


def test_a_record_beside_itself_shows_no_change(told):
    code, out, _ = told(SAMPLE, SAMPLE)
    assert code == 0
    assert out.startswith("No real change among ")
    assert "Measured under other conditions" not in out


def test_two_candidates_of_a_record_are_compared_worse_first(told):
    code, out, _ = told(f"{SAMPLE}#gbm", f"{SAMPLE}#gbm-to_onnx")
    assert code == 0
    assert "gbm → gbm-to_onnx   another artifact" in out
    ways = [line.split()[1] for line in out.splitlines() if line.startswith(("  − worse", "  + better"))]
    assert ways == sorted(ways, reverse=True)
    assert "= not shown" not in out
    assert "(--all lists them)" in out


def test_all_lists_what_does_not_change_too(told):
    _, out, _ = told(f"{SAMPLE}#gbm", f"{SAMPLE}#gbm-to_onnx", "--all")
    assert "= no change shown" in out
    assert "(--all lists them)" not in out


def test_another_audit_tells_its_surroundings_first_and_compares_no_timings(told, audited, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(audited.run, other, ignore=shutil.ignore_patterns("artifacts", "data", "predictions", "logs"))
    record = json.loads((other / "record.json").read_text())
    record["sessions"][0]["started"] = "2020-01-01T00:00:00+00:00"
    record["sessions"][0]["host"]["cpu"] = "another processor"
    (other / "record.json").write_text(json.dumps(sealed(record)))
    code, out, _ = told(audited.run, other)
    assert code == 0
    assert out.index("Measured under other conditions") < out.index("Not comparable")
    assert "another processor" in out
    assert "measured in different sessions" in " ".join(out.split())
    assert out.startswith("No real change")


def test_it_is_written_as_markdown_and_json(told, tmp_path):
    told(f"{SAMPLE}#gbm", f"{SAMPLE}#gbm-to_onnx", "-f", f"markdown={tmp_path / 'd.md'}", "-f", f"json={tmp_path / 'd.json'}")
    assert (tmp_path / "d.md").read_text("utf-8").startswith("<!-- effaudit diff: flight-delays -->\n\n**")
    found = json.loads((tmp_path / "d.json").read_text("utf-8"))
    assert all(change["real"] for change in found["changes"])
    assert len(found["changes"]) < found["compared"]


def test_json_on_the_standard_output_is_all_that_is_printed(told):
    _, out, _ = told(SAMPLE, SAMPLE, "-f", "json=-")
    assert json.loads(out)["changes"] == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("no-such-record", SAMPLE), "no-such-record"),
        ((f"{SAMPLE}#gbm", SAMPLE), "one side names a candidate"),
        ((f"{SAMPLE}#gbm", f"{SAMPLE}#gmb"), "Did you mean 'gbm'"),
        ((SAMPLE, SAMPLE, "-f", "junit=x"), "junit does not show comparisons"),
        ((SAMPLE, SAMPLE, "-f", "pdf=x"), "there is no output 'pdf'"),
    ],
)
def test_wrong_input_is_one_message_and_exit_code_2(told, words, said):
    code, _, err = told(*words)
    assert code == 2
    assert said in err
    assert "Traceback" not in err


def test_diff_and_the_outputs_for_ci_need_no_framework(without_frameworks, tmp_path):
    done = without_frameworks("diff", str(SAMPLE), str(SAMPLE))
    assert done.returncode == 0, done.stderr
    formats = [f"-f{name}={tmp_path / name}" for name in ("junit", "sarif", "github")]
    gated = without_frameworks("gate", str(SAMPLE), "-p", str(SAMPLE / "policy.yaml"), "--candidate", "tree", *formats)
    assert gated.returncode == 1, gated.stderr
    assert [suite.get("name") for suite in Xml.parse(tmp_path / "junit").getroot()] == ["tree"]
    assert json.loads((tmp_path / "sarif").read_text())["runs"][0]["invocations"][0]["exitCode"] == 1
    assert (tmp_path / "github").read_text("utf-8").startswith("::error ")
