import time
from pathlib import Path

import pytest

from effaudit.core.candidate import Trust
from effaudit.core.errors import InputError
from effaudit.core.settings import Assumptions, Settings
from effaudit.reading.plan import read_plan

BASE = """\
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
    return BASE.replace("{name: forest, path: forest.skops}", line)


def refusal(write, known, text):
    with pytest.raises(InputError) as caught:
        read_plan(write(text), known)
    return caught.value


def test_the_plan_of_the_design_is_read_whole(write, known, folder):
    plan = read_plan(
        write("""\
apiVersion: effaudit/v1
kind: AuditPlan
name: flight-delays
title: Late?
task: classification
workload:
  train: train.csv
  certify: test.csv
  answer: late
  groups: date
  quality: [roc_auc, f1]
  batch_sizes: [256, 1, 1]
measure: {budget: 3 min, precision: 2 %, threads: 2, restarts: 5, memory_limit: 2 GB, timeout: 30 s,
          device: cpu, codecarbon: off, resamples: 500}
seed: 7
candidates:
  - {name: forest, path: forest.skops, trust: [sklearn.tree._tree.Tree], threads: 1}
  - {name: gbm, path: ./gbm.txt, preprocess: prep.skops, classes: [on_time, late], threshold: {tune: f1},
     columns: [a, b], dtypes: float32}
  - {name: mlp, path: net.pt2, title: the net, trust: true, output: logits, classes: [0, 1], threshold: 0.4,
     factory: "nets.mlp:build"}
ladder: default
baseline: gbm
compress:
  - {of: mlp, recipe: [{to_onnx: {}}, {static_int8: {per_channel: false}}]}
assumptions: {country: FRA, grid: 56 gCO2e/kWh, pue: 1.2, watts_per_vcpu: 4.0, requests_per_day: 1000000, price_per_hour: 0.10 EUR}
policy: policy.yaml
"""),
        known,
    )
    forest, gbm, mlp = plan.candidates
    assert (plan.name, plan.title, plan.baseline, plan.seed, [job.name for job in plan.jobs]) == (
        "flight-delays",
        "Late?",
        "gbm",
        7,
        ["ladder-dummy", "ladder-linear", "ladder-tree", "mlp-to_onnx-static_int8"],
    )
    assert plan.settings == Settings(180.0, 0.02, 2, 5, 2 * 10**9, 30.0, "cpu", "off", 500)
    assert plan.assumptions == Assumptions("FRA", 56.0, 1.2, 4.0, 1e6, 0.1, "EUR")
    assert (plan.folder, plan.policy) == (folder, folder / "policy.yaml")
    assert plan.data.sources == {"train": folder / "train.csv", "certify": folder / "test.csv"}
    assert (plan.data.groups, plan.data.quality, plan.data.batch_sizes) == ("date", ("roc_auc", "f1"), (1, 256))
    assert (forest.artifact.trust, forest.artifact.format, forest.artifact.code, forest.threads) == (
        Trust(False, ("sklearn.tree._tree.Tree",)),
        "sklearn",
        None,
        1,
    )
    assert (gbm.artifact.path, gbm.threads, gbm.preprocess.path) == (str(folder / "gbm.txt"), 2, str(folder / "prep.skops"))
    assert gbm.contract.preprocess == str(folder / "prep.skops")
    assert (gbm.contract.tune, gbm.contract.threshold, gbm.contract.classes) == ("f1", None, ("on_time", "late"))
    assert (gbm.contract.columns, gbm.contract.dtypes) == (("a", "b"), ("float32",))
    assert (mlp.artifact.trust, mlp.artifact.code, mlp.artifact.factory) == (Trust(True), str(folder), "nets.mlp:build")
    assert (mlp.contract.output, mlp.contract.threshold, mlp.contract.classes, mlp.title) == ("logits", 0.4, ("0", "1"), "the net")
    assert [step.options for step in plan.jobs[-1].steps] == [{}, {"per_channel": False}]


def test_what_a_plan_leaves_out_takes_the_defaults(write, known):
    plan = read_plan(write(BASE), known)
    assert (plan.settings, plan.assumptions, plan.jobs, plan.policy) == (Settings(), Assumptions(), (), None)
    assert plan.data.quality == ()
    assert plan.data.batch_sizes == (1,)


def test_paths_are_those_of_the_plan_and_not_of_the_current_folder(write, known, folder, monkeypatch, tmp_path):
    write(BASE)
    monkeypatch.chdir(tmp_path)
    plan = read_plan(Path("plans/plan.yaml"), known)
    assert plan.candidates[0].artifact.path == str(folder / "forest.skops")


def test_an_absolute_path_stays(write, known, folder):
    plan = read_plan(write(candidate(f"{{name: forest, path: {folder / 'net.onnx'}}}")), known)
    assert plan.candidates[0].artifact.path == str(folder / "net.onnx")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{name: forest, path: "a\\0b"}', "is not a path"),
        (
            "{name: forest, path: forest.skops, output: values}",
            "a classification is answered with probabilities or logits or labels",
        ),
        ("{name: forest, path: forest.skops, dtypes: float99}", "'float99' is not a numpy dtype"),
        ("{name: forest, path: forest.skops, dtypes: object}", "'object' is not a numpy dtype"),
        ("{name: forest, path: forest.skops, dtypes: [float32, int64]}", "2 dtypes for no columns"),
        ("{name: forest, path: forest.skops, columns: [a, b], dtypes: [f4, f4, f4]}", "3 dtypes for 2 columns"),
        ("{name: forest, path: forest.skops, columns: [a, a]}", "the column 'a' is named twice"),
        ("{name: forest, path: forest.skops, classes: [a, a]}", "the class 'a' is named twice"),
        ("{name: forest, path: forest.skops, classes: [1, 1]}", "named twice"),
        ("{name: forest, path: forest.skops, threshold: {tune: f2}}", "there is no scorer 'f2'"),
        ("{name: GBM, path: forest.skops}", "differs in capitals only"),
        ("{name: gbm, path: forest.skops}", "the name 'gbm' stands twice"),
        ("{name: All, path: forest.skops}", "cannot be called 'All'"),
        ("{name: recommended, path: forest.skops}", "cannot be called 'recommended'"),
        ("{name: forest, path: rules.predict, format: python}", "expected `module:function`"),
    ],
)
def test_a_wrong_candidate_is_told_with_its_line(write, known, line, said):
    error = refusal(write, known, candidate(line))
    assert said in str(error)
    assert error.place.line in (7, 8)
    assert error.place.keys.startswith("candidates[")


def test_python_code_is_no_file(write, known):
    plan = read_plan(write(candidate("{name: forest, path: 'rules:predict', format: python, trust: true}")), known)
    assert plan.candidates[0].artifact.path == "rules:predict"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("baseline: gbm", "baseline: gmb"), "there is no candidate 'gmb'. Did you mean 'gbm'?"),
        (("baseline: gbm", "baseline: ladder-dummy"), "there is no candidate 'ladder-dummy'"),
        (("baseline: gbm\n", ""), "`baseline` is missing"),
        (("baseline: gbm", "baseline: gbm\nladder: [dummy, boost]"), "there is no ladder model 'boost'"),
        (("baseline: gbm", "baseline: gbm\nladder: [dummy, dummy]"), "named twice"),
        (("baseline: gbm", "baseline: gbm\nladder: on"), "there is no ladder model 'on'"),
        (("train: train.csv, ", ""), None),
        (("baseline: gbm", "baseline: gbm\npolicy: nope.yaml"), "there is no such file"),
        (("baseline: gbm", "baseline: gbm\npolicy: effaudit:recomended"), "Did you mean 'effaudit:recommended'?"),
        (("name: flights", "name: flight delays"), "is not a name"),
        (("seed", "seed"), None),
    ],
)
def test_what_does_not_go_together_is_told(write, known, change, said):
    text = BASE.replace(*change)
    if said is None:
        read_plan(write(text), known)
    else:
        assert said in str(refusal(write, known, text))


def test_the_ladder_needs_a_train_split(write, known):
    error = refusal(write, known, BASE.replace("train: train.csv, ", "") + "ladder: default\n")
    assert "the plan names no train split" in error.what
    assert error.place.keys == "ladder"


def test_the_ladder_may_be_the_baseline(write, known):
    assert (
        read_plan(write(BASE.replace("baseline: gbm", "baseline: ladder-linear\nladder: [linear]")), known).baseline
        == "ladder-linear"
    )


def test_the_ladder_is_off_unless_it_is_said(write, known):
    assert read_plan(write(BASE + "ladder: off\n"), known).jobs == ()


def test_a_product_may_be_the_baseline(write, known):
    text = BASE.replace("baseline: gbm", "baseline: gbm-to_onnx\ncompress: [{of: gbm, recipe: [to_onnx]}]")
    assert read_plan(write(text), known).baseline == "gbm-to_onnx"


def test_the_only_candidate_is_the_baseline(write, known):
    assert read_plan(write(BASE.replace("  - {name: gbm, path: gbm.txt}\nbaseline: gbm\n", "")), known).baseline == "forest"


def test_a_plan_without_models_is_refused(write, known):
    head, _, _ = BASE.partition("candidates:")
    assert "there is nothing to judge" in str(refusal(write, known, head))


def test_a_ready_made_policy_is_found_by_its_name(write, known):
    assert read_plan(write(BASE + "policy: effaudit:recommended\n"), known).policy.name == "recommended.yaml"


def test_regressions_have_no_classes(write, known):
    text = candidate("{name: forest, path: forest.skops, classes: [a, b], threshold: 0.5, output: labels}").replace(
        "task: classification", "task: regression"
    )
    error = refusal(write, known, text)
    assert "3 problems" in error.what
    assert "`classes` is for classifications" in error.what


def test_all_problems_of_a_plan_are_told_at_once(write, known):
    error = refusal(
        write, known, candidate("{name: forest, path: no.skops, format: x, output: values}") + "ladder: [x]\npolicy: none.yaml\n"
    )
    assert error.what.startswith("5 problems:")


LARGE = {
    "candidates without files": "candidates: [" + "{name: x, path: y}, " * 2500 + "]\n",
    "candidates of one name": "candidates: [" + "{name: x, path: forest.skops}, " * 2500 + "]\n",
    "steps": "candidates: [{name: a, path: forest.skops}]\ncompress: [{of: a, recipe: [" + "to_onnx, " * 9000 + "]}]\n",
    "recipes": "candidates: [{name: a, path: forest.skops}]\ncompress: [" + "{of: a, recipe: [to_onx]}, " * 2500 + "]\n",
    "products": "candidates: [" + "".join(f"{{name: c{n}, path: forest.skops}}, " for n in range(1000)) + "]\n"
    "compress: [" + '{of: "*", recipe: [to_onnx]}, ' * 1500 + "]\n",
    "scorers": "candidates: [{name: a, path: forest.skops}]\n",
}


@pytest.mark.parametrize("name", LARGE)
def test_a_plan_of_absurd_size_ends_soon(write, known, name):
    quality = f", quality: [{'roc, ' * 9000}]" if name == "scorers" else ""
    head = BASE.partition("candidates:")[0].replace("answer: late", f"answer: late{quality}")
    started = time.perf_counter()
    refusal(write, known, head + LARGE[name])
    assert time.perf_counter() - started < 20  # seconds on an idle machine: under 2


def test_scorers_are_asked_for_only_when_a_plan_names_one(write, known):
    import dataclasses

    def never():
        raise AssertionError("the scorers were looked up")

    read_plan(write(BASE), dataclasses.replace(known, scorers=never))


def test_a_sweep_of_batch_sizes_leaves_them_open(write, known):
    plan = read_plan(write(BASE.replace("answer: late", "answer: late, batch_sizes: sweep", 1)), known)
    assert plan.data.batch_sizes == ()


@pytest.mark.parametrize("written", ["[2, 1, 2]", "2"])
def test_numbers_of_callers_at_once_are_read_in_order(write, known, written):
    plan = read_plan(write(BASE + f"measure: {{parallel: {written}}}\n"), known)
    assert plan.settings.parallel == ((1, 2) if written.startswith("[") else (2,))


@pytest.mark.parametrize("written", ["[0]", "[1.5]", "many", "[true]", "[1000]", "[]", "{a: 1}"])
def test_what_is_no_number_of_callers_is_told(write, known, written):
    with pytest.raises(InputError, match="from 1 to 256, such as"):
        read_plan(write(BASE + f"measure: {{parallel: {written}}}\n"), known)


@pytest.mark.parametrize("written", ["sweeping", "[1, sweep]", "{sweep: true}", "0", "[1.0]"])
def test_what_is_no_batch_size_is_told(write, known, written):
    with pytest.raises(InputError, match="such as \\[1, 256\\], or `sweep`"):
        read_plan(write(BASE.replace("answer: late", f"answer: late, batch_sizes: {written}", 1)), known)


def test_a_folder_of_data_is_told_so_too(write, known, folder):
    (folder / "rows").mkdir()
    (folder / "rows" / "part-0.parquet").write_text("x")
    error = refusal(write, known, BASE.replace("test.csv", "rows"))
    assert "rows/part-0.parquet" in error.advice


def test_a_country_without_a_known_grid_is_told_before_anything_is_measured(write, known):
    from dataclasses import replace

    atlas = replace(known, countries=lambda: ("FRA", "DEU"))
    error = refusal(write, atlas, BASE + "assumptions: {country: ENG}\n")
    assert "no grid is known of a country 'ENG'" in error.what
    assert error.place.keys == "assumptions.country"
    assert read_plan(write(BASE + "assumptions: {country: FRA}\n"), atlas).assumptions.country == "FRA"
    assert read_plan(write(BASE + "assumptions: {country: ENG}\n"), known).assumptions.country == "ENG"  # no table, no fault


def test_workers_run_on_the_engine_that_the_plan_names(write, known):
    assert read_plan(write(BASE), known).engine == "local"
    assert read_plan(write(BASE + "engine: local\n"), known).engine == "local"
    assert "there is no engine 'lokal'. Did you mean 'local'?" in str(refusal(write, known, BASE + "engine: lokal\n"))
