import errno
import os

import pytest

from effaudit.core.errors import InputError
from effaudit.reading.plan import read_plan

PLAN = """\
apiVersion: effaudit/v1
kind: AuditPlan
name: flights
task: classification
workload: {train: train.csv, certify: test.csv, answer: late}
candidates:
  - {name: forest, path: forest.skops}
  - {name: gbm, path: gbm.txt}
baseline: gbm
"""


def candidate(line):
    return PLAN.replace("{name: forest, path: forest.skops}", line)


def refusal(write, known, text):
    with pytest.raises(InputError) as caught:
        read_plan(write(text), known)
    return caught.value


@pytest.mark.parametrize(
    ("line", "keys", "said"),
    [
        (
            "{name: forest, path: forst.skops}",
            "path",
            "'forst.skops' is not there: there is no such file. Did you mean 'forest.skops'?",
        ),
        ("{name: forest, path: nowhere/forest.skops}", "path", "there is no such file"),
        ("{name: forest, path: ..}", "path", "is a folder"),
        (f"{{name: forest, path: {'x' * 3000}}}", "path", "cannot be read (File name too long)"),
        ("{name: forest, path: hollow.skops}", "path", "is empty; save it again"),
        ("{name: forest, path: pointer.skops}", "path", "git lfs pull"),
        ("{name: forest, path: pipe.skops}", "path", "is a pipe, a file was expected"),
        ("{name: forest, path: /dev/zero}", "path", "is a device, a file was expected"),
        ("{name: forest, path: dangling.skops}", "path", "is a link to a file that is not there"),
        ("{name: forest, path: loop.skops}", "path", "is a link that leads back to itself"),
        ("{name: forest, path: forest.skops, preprocess: none.skops}", "preprocess", "there is no such file"),
        ("{name: forest, path: forest.skops, files: [hollow.skops, pipe.skops]}", "files[1]", "is a pipe"),
        ("{name: forest, path: forest.skops, format: skops}", "format", "there is no format 'skops'"),
        ("{name: forest, path: forest.skops, format: skleran}", "format", "Did you mean 'sklearn'?"),
        ("{name: forest, path: rules:predict}", "path", "Write `format: python` beside it"),
    ],
)
def test_a_candidate_that_cannot_be_opened_is_refused_alone_with_its_place_in_the_plan(write, known, folder, line, keys, said):
    (folder / "hollow.skops").touch()
    (folder / "pointer.skops").write_text("version https://git-lfs.github.com/spec/v1\n")
    os.mkfifo(folder / "pipe.skops")
    (folder / "dangling.skops").symlink_to("gone.skops")
    (folder / "loop.skops").symlink_to("loop.skops")
    plan = read_plan(write(candidate(line)), known)
    assert [one.name for one in plan.candidates] == ["forest", "gbm"]
    assert list(plan.refused) == ["forest"]
    failure = plan.refused["forest"]
    assert (failure.code, failure.stage) == ("unreadable", "open")
    assert failure.reason.startswith(f"plan.yaml:7 (candidates[0].{keys}): ")
    assert said in failure.reason
    assert str(folder) not in failure.reason


def test_a_file_without_the_right_to_read_it_refuses_its_candidate(write, known, monkeypatch):
    def forbidden(path, flags):
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr("effaudit.core.files.os.open", forbidden)
    error = refusal(write, known, PLAN)  # of both, and then nothing is left to audit
    assert "may not be read (Permission denied)" in str(error)


def test_a_plan_none_of_whose_candidates_can_be_opened_is_an_error(write, known):
    error = refusal(write, known, PLAN.replace("forest.skops", "a.skops").replace("gbm.txt", "b.txt"))
    assert error.what.startswith("2 problems:")
    assert "'a.skops' is not there" in error.what
    assert "'b.txt' is not there" in error.what


def test_recipes_of_a_candidate_that_cannot_be_opened_are_read_as_those_of_the_others(write, known):
    recipes = 'compress: [{of: forest, recipe: [to_onnx]}, {of: "*", recipe: [to_onnx, static_int8]}]\n'
    plan = read_plan(write(candidate("{name: forest, path: forest.skops, format: skops}") + recipes), known)
    assert list(plan.refused) == ["forest"]
    assert plan.candidates[0].artifact.format == "sklearn"


def test_a_folder_is_told_with_the_files_inside(write, known, folder):
    (folder / "churn" / "deep").mkdir(parents=True)
    for name in ("MLmodel", "model.pkl", "deep/data.txt"):
        (folder / "churn" / name).write_text("x")
    reason = read_plan(write(candidate("{name: churn, path: churn}")), known).refused["churn"].reason
    assert "is a folder" in reason
    assert reason.endswith("Name the file inside of it: churn/model.pkl, churn/deep/data.txt, churn/MLmodel.")
    (folder / "empty").mkdir()
    assert "It is empty" in read_plan(write(candidate("{name: churn, path: empty/}")), known).refused["churn"].reason
