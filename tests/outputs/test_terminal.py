"""The terminal's text: whole on a small record, plain without colours, within its width."""

from __future__ import annotations

import io
import subprocess
import sys
from dataclasses import replace

import pytest

from effaudit.outputs.terminal import NARROWEST, WIDEST, Terminal

GOLDEN = """\
server-cpu   5 candidates · baseline gbm · 61,302 rows to certify on

                                               p50                   peak  energy
candidate                ROC AUC           batch 1     size        memory  /1,000  verdict
mlp-to_onnx-static_int8    0.691 −0.31 pp  23.9 µs  78.2 kB −93 %   92 MB   96 mJ  recommended
gbm                        0.694 baseline   238 µs  1.18 MB        164 MB  944 mJ  pass
gbm-distillation           0.685 −0.91 pp   142 µs  36.4 kB −97 %  152 MB  572 mJ  inconclusive
logistic                   0.638 −5.6 pp    412 µs  21.3 kB −98 %  148 MB  1.65 J  fail
scripted                       –                 –        –             –       –  not measured

RECOMMENDED  mlp-to_onnx-static_int8   78.2 kB (−93 % against gbm)   meets 6 of 6 error rules

– not measured  scripted  load: the worker ended with signal 11 (segmentation fault). Its last
                          words: </script><img src=x onerror=alert(1)> =cmd|'/c calc'!A1 | `rm -rf`
                          @octocat https://evil.example {{7*7}}
✗ fail  quality.floor   min 0.65
    logistic  0.6381 [0.6350, 0.6412]
✗ fail  quality.non_inferior   max drop 1 pp
    logistic  −5.61 pp [−5.80, −5.42]
✗ fail  energy.no_worse   max increase 10 %
    logistic  +74.6 % [+73.4, +75.8]
? inconclusive  quality.non_inferior   max drop 1 pp
    gbm-distillation  −0.91 pp [−1.10, −0.72]  the interval reaches over the limit · about 40,000
                                               more rows
✓ 24 passed   (-v lists them)

Why not smaller?
gbm-distillation  is undecided on quality.non_inferior; would pass with quality.non_inferior at 1.10
                  pp
logistic          fails quality.floor; fails quality.non_inferior; fails energy.no_worse; would pass
                  with quality.floor at 0.635

What do the larger buy?
gbm  +0.31 pp [+0.10, +0.52] in ROC AUC (better) for 15.1× the size

Note: The best candidate, gbm, is the baseline: the gap to it is 0 pp.

This machine resolves differences of 1.4 % in latency p50, batch 1, 1.7 % in energy per 1,000, 0.60
% in peak memory. A second copy of gbm read against it: latency p50, batch 1 ×1.0021 [0.9958,
1.0085], energy per 1,000 ×0.9990 [0.9921, 1.0060].
"""


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_the_whole_text_on_a_small_record(small):
    record, verdict = small
    verdict = replace(verdict, equals=(verdict.recommended,))
    assert Terminal().render(record, verdict) == GOLDEN


def test_without_colour_there_is_no_escape_and_with_it_every_status_is_still_a_word(record, verdict):
    plain, coloured = (Terminal(colour=colour).render(record, verdict) for colour in (False, True))
    assert "\x1b" not in plain
    assert "\x1b[" in coloured
    for word in ("recommended", "pass", "inconclusive", "fail", "not measured"):
        assert word in plain
        assert word in coloured


@pytest.mark.parametrize("width", [1, 80, 100, 140, 500])
def test_no_line_is_wider_than_asked_and_statuses_are_never_cut(record, verdict, width):
    from rich.cells import cell_len

    text = Terminal(width=width).render(record, verdict)
    assert max(cell_len(line) for line in text.splitlines()) <= min(max(width, NARROWEST), WIDEST)
    assert text.count("inconclusive") >= 3
    assert "inconclusi…" not in text


def test_a_wide_terminal_shows_every_change_and_a_narrow_one_shortens_names_last(record, verdict):
    wide, narrow = (Terminal(width=width).render(record, verdict) for width in (140, 80))
    assert "23.9 µs −90 %  78.2 kB −93 %     92 MB −44 %     96 mJ −90 %" in wide
    assert "mlp-to_onnx…tatic_int8    0.691  23.9 µs  78.2 kB   92 MB    96 mJ  recommended" in narrow


def test_verbose_lists_what_passed_and_everyone_smaller(record, verdict):
    short, long = (Terminal(verbose=verbose).render(record, verdict) for verbose in (False, True))
    assert "104 passed   (-v lists them)" in short
    assert "✓ pass  memory.peak" not in short
    assert "✓ pass  memory.peak" in long
    assert "-v lists them" not in long


@pytest.mark.parametrize(
    ("stream", "environ", "colour"),
    [
        (Screen(), {}, True),
        (Screen(), {"NO_COLOR": "1"}, False),
        (Screen(), {"NO_COLOR": ""}, True),
        (Screen(), {"TERM": "dumb"}, False),
        (io.StringIO(), {}, False),
    ],
)
def test_colours_are_for_terminals_that_want_them(stream, environ, colour):
    assert Terminal.fitting(stream, environ, 120) == Terminal(False, 120, colour)


def test_the_surroundings_do_not_change_the_text(record, verdict, monkeypatch):
    before = Terminal().render(record, verdict)
    for name, value in (("FORCE_COLOR", "1"), ("COLUMNS", "40"), ("TERM", "xterm-256color")):
        monkeypatch.setenv(name, value)
    assert Terminal().render(record, verdict) == before


def test_what_is_not_judged_is_said_to_be_so(record):
    text = Terminal().render(record, None)
    assert "Not judged: no policy was given." in text
    assert "recommended" not in text


@pytest.mark.parametrize(
    ("outcome", "word"), [("infeasible", "NONE PASSES"), ("inconclusive", "UNDECIDED"), ("incomplete", "INCOMPLETE")]
)
def test_another_outcome_shows_its_headline(record, verdict, outcome, word):
    other = replace(verdict, outcome=outcome, recommended=None, headline="The nearest, gbm, fails size.artifact.")
    assert f"{word}  The nearest, gbm, fails size.artifact." in Terminal().render(record, other)


def test_an_incomplete_audit_does_not_claim_its_recommendation(record, verdict):
    text = Terminal().render(record, replace(verdict, outcome="incomplete", headline="scripted could not be measured."))
    assert "INCOMPLETE  scripted could not be measured." in text
    assert "RECOMMENDED" not in text


def test_an_interrupted_audit_says_so(record, verdict):
    assert "The audit was interrupted" in Terminal().render(replace(record, ended="interrupted"), verdict)


def test_importing_it_imports_no_template_engine():
    code = "import sys, effaudit.outputs.terminal; print(*({'jinja2', 'rich', 'pandas', 'sklearn'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split() == []
